//! Batch norm by the batch's own statistics. Sums go by pictures: each has sums of its own, which one
//! item then adds up in float64. @see Ioffe & Szegedy 2015, section 3

mod gradient;

use super::slots::{Memory, Numbers};
use crate::simd::Vector;
use crate::simd::one::One;
pub use gradient::{GradientOfAll, GradientSums, NormalizeGradient, OfNorm};

/// How a value of `[…, channels]` is divided into items.
#[derive(Clone, Copy, Debug)]
pub struct Rows {
    pub items: usize,
    /// Of an item.
    pub rows: usize,
    pub channels: usize,
}

impl Rows {
    pub fn of(shape: &[usize]) -> Rows {
        let channels = shape.last().copied().unwrap_or(1);
        let items = if shape.len() > 1 { shape[0] } else { 1 };
        let all: usize = shape.iter().product();
        Rows { items, rows: all / channels / items, channels }
    }

    fn length(&self) -> usize {
        self.rows * self.channels
    }

    /// An item's part of a value.
    ///
    /// # Safety
    /// As [`Memory`]; what the item computes is its own.
    #[inline(always)]
    unsafe fn numbers(&self, memory: &Memory, id: usize, item: usize) -> Numbers {
        // SAFETY: as [`Memory`]; items divide the value without rest.
        unsafe { memory.numbers(id, item * self.length()) }
    }
}

/// What is computed of each channel by itself, over all rows.
pub trait OfChannels {
    /// Of so many vectors of channels from `first` on, whose sums stay in registers while the rows pass by: in memory, each row
    /// would wait for the one before.
    ///
    /// # Safety
    /// As [`Vector`]; these channels must be there.
    unsafe fn compute<V: Vector, const COUNT: usize>(&self, first: usize);
}

/// All channels, those at the end that fill no vector one by one.
///
/// # Safety
/// As [`OfChannels`].
#[inline(always)]
unsafe fn for_channels<V: Vector>(channels: usize, of_channels: &impl OfChannels) {
    let pairs = channels - channels % (2 * V::LANES);
    let vectors = channels - channels % V::LANES;
    // SAFETY: the caller's word.
    unsafe {
        for c in (0..pairs).step_by(2 * V::LANES) {
            of_channels.compute::<V, 2>(c);
        }
        for c in (pairs..vectors).step_by(V::LANES) {
            of_channels.compute::<V, 1>(c);
        }
        for c in vectors..channels {
            of_channels.compute::<One, 1>(c);
        }
    }
}

/// Each item's mean and its sum of squared differences from it, by channel.
#[derive(Clone, Copy)]
pub struct Moments {
    pub x: usize,
    pub parts: usize,
    pub rows: Rows,
}

impl Moments {
    /// # Safety
    /// As [`Memory`].
    #[inline(always)]
    pub unsafe fn run_item<V: Vector>(&self, memory: &Memory, item: usize) {
        let channels = self.rows.channels;
        // SAFETY: as [`Memory`]; each item has its two rows of `parts`.
        unsafe {
            let x = self.rows.numbers(memory, self.x, item);
            let parts = memory.write(self.parts, item * 2 * channels, 2 * channels).as_mut_ptr();
            match x.is_narrow() {
                true => for_channels::<V>(channels, &OwnMoments { x: x.known::<true>(), parts, rows: self.rows }),
                false => for_channels::<V>(channels, &OwnMoments { x: x.known::<false>(), parts, rows: self.rows }),
            }
        }
    }
}

struct OwnMoments {
    x: Numbers,
    parts: *mut f32,
    rows: Rows,
}

impl OfChannels for OwnMoments {
    #[inline(always)]
    unsafe fn compute<V: Vector, const COUNT: usize>(&self, first: usize) {
        let Rows { rows, channels, .. } = self.rows;
        // SAFETY: the caller's word.
        unsafe {
            let mut mean = [V::splat(0.0); COUNT];
            for row in 0..rows {
                for (v, sum) in mean.iter_mut().enumerate() {
                    *sum = sum.add(self.x.load(row * channels + first + v * V::LANES));
                }
            }
            mean = mean.map(|sum| sum.div(V::splat(rows as f32)));
            let mut squares = [V::splat(0.0); COUNT];
            for row in 0..rows {
                for (v, sum) in squares.iter_mut().enumerate() {
                    let difference = self.x.load::<V>(row * channels + first + v * V::LANES).sub(mean[v]);
                    *sum = difference.mul_add(difference, *sum);
                }
            }
            for v in 0..COUNT {
                let at = first + v * V::LANES;
                mean[v].store(self.parts.add(at));
                squares[v].store(self.parts.add(channels + at));
            }
        }
    }
}

/// From the items' moments those of all, and what normalises: `x · factor + term`.
pub struct MomentsOfAll {
    pub parts: usize,
    pub scale: usize,
    pub offset: usize,
    pub mean: usize,
    pub variance: usize,
    /// `[2, channels]`.
    pub factors: usize,
    pub rows: Rows,
    pub epsilon: f32,
}

impl MomentsOfAll {
    /// # Safety
    /// As [`Memory`].
    #[inline(always)]
    pub unsafe fn run_item(&self, memory: &Memory) {
        let Rows { items, rows, channels } = self.rows;
        // SAFETY: as [`Memory`]; the one item has the outputs to itself.
        unsafe {
            let parts = memory.read(self.parts, 0, items * 2 * channels);
            let (scale, offset) = (memory.read(self.scale, 0, channels), memory.read(self.offset, 0, channels));
            let (means, variances) = (memory.write(self.mean, 0, channels), memory.write(self.variance, 0, channels));
            let factors = memory.write(self.factors, 0, 2 * channels);
            for c in 0..channels {
                let of_items = || (0..items).map(|item| parts[item * 2 * channels + c] as f64);
                let mean = of_items().sum::<f64>() / items as f64;
                let between: f64 = of_items().map(|own| (own - mean) * (own - mean)).sum();
                let within: f64 = (0..items).map(|item| parts[(item * 2 + 1) * channels + c] as f64).sum();
                let variance = (within + between * rows as f64) / (rows * items) as f64;
                let factor = scale[c] as f64 / (variance + self.epsilon as f64).sqrt();
                means[c] = mean as f32;
                variances[c] = variance as f32;
                factors[c] = factor as f32;
                factors[channels + c] = (offset[c] as f64 - mean * factor) as f32;
            }
        }
    }
}

/// What normalises by running averages.
pub struct FactorsOfAverages {
    pub mean: usize,
    pub variance: usize,
    pub offset: Option<usize>,
    pub scale: Option<usize>,
    /// `[2, channels]`.
    pub factors: usize,
    pub channels: usize,
    pub epsilon: f32,
}

impl FactorsOfAverages {
    /// # Safety
    /// As [`Memory`].
    #[inline(always)]
    pub unsafe fn run_item(&self, memory: &Memory) {
        let channels = self.channels;
        // SAFETY: as [`Memory`]; the one item has the factors to itself.
        unsafe {
            let (mean, variance) = (memory.read(self.mean, 0, channels), memory.read(self.variance, 0, channels));
            let factors = memory.write(self.factors, 0, 2 * channels);
            for c in 0..channels {
                let of = |id: Option<usize>, other: f32| id.map_or(other, |id| memory.read(id, c, 1)[0]) as f64;
                let factor = of(self.scale, 1.0) / (variance[c] as f64 + self.epsilon as f64).sqrt();
                factors[c] = factor as f32;
                factors[channels + c] = (of(self.offset, 0.0) - mean[c] as f64 * factor) as f32;
            }
        }
    }
}

/// `y = x · factor + term`, and what comes after it.
pub struct Normalize {
    pub x: usize,
    pub factors: usize,
    pub residual: Option<usize>,
    pub is_relu: bool,
    pub output: usize,
    pub rows: Rows,
}

impl Normalize {
    /// # Safety
    /// As [`Memory`].
    #[inline(always)]
    pub unsafe fn run_item<V: Vector>(&self, memory: &Memory, item: usize) {
        let channels = self.rows.channels;
        // SAFETY: as [`Memory`]; the item's rows are its own.
        unsafe {
            let normalizing = Normalizing {
                x: self.rows.numbers(memory, self.x, item),
                factors: memory.read(self.factors, 0, 2 * channels).as_ptr(),
                channels,
                residual: self.residual.map(|id| self.rows.numbers(memory, id, item)),
                floor: if self.is_relu { 0.0 } else { f32::NEG_INFINITY },
                output: self.rows.numbers(memory, self.output, item),
            };
            let residual = normalizing.residual.unwrap_or(normalizing.x);
            match [normalizing.x, residual, normalizing.output].map(|numbers| numbers.is_narrow()) {
                [false, false, false] => normalizing.known::<false>().run::<V>(self.rows.rows),
                [true, true, true] => normalizing.known::<true>().run::<V>(self.rows.rows),
                _ => normalizing.run::<V>(self.rows.rows),
            }
        }
    }
}

#[derive(Clone, Copy)]
struct Normalizing {
    x: Numbers,
    factors: *const f32,
    channels: usize,
    residual: Option<Numbers>,
    floor: f32,
    output: Numbers,
}

impl Normalizing {
    #[inline(always)]
    fn known<const IS_NARROW: bool>(self) -> Normalizing {
        Normalizing {
            x: self.x.known::<IS_NARROW>(),
            residual: self.residual.map(|residual| residual.known::<IS_NARROW>()),
            output: self.output.known::<IS_NARROW>(),
            ..self
        }
    }

    /// # Safety
    /// As [`Vector`]; the rows must be there.
    #[inline(always)]
    unsafe fn run<V: Vector>(&self, rows: usize) {
        let vectors = self.channels - self.channels % V::LANES;
        for row in 0..rows {
            // SAFETY: the caller's word; vectors end with the row.
            unsafe {
                for c in (0..vectors).step_by(V::LANES) {
                    self.compute::<V>(row, c);
                }
                for c in vectors..self.channels {
                    self.compute::<One>(row, c);
                }
            }
        }
    }

    /// # Safety
    /// As [`Vector`]; the row and the channels must be there.
    #[inline(always)]
    unsafe fn compute<V: Vector>(&self, row: usize, c: usize) {
        let at = row * self.channels + c;
        // SAFETY: the caller's word.
        unsafe {
            let factor = V::load(self.factors.add(c));
            let mut y = self.x.load::<V>(at).mul_add(factor, V::load(self.factors.add(self.channels + c)));
            if let Some(residual) = self.residual {
                y = y.add(residual.load(at));
            }
            self.output.store(at, y.at_least(V::splat(self.floor)));
        }
    }
}

/// NaN stays, as it must for a training that has diverged to be seen.
#[inline(always)]
pub fn at_least(x: f32, floor: f32) -> f32 {
    if x < floor { floor } else { x }
}
