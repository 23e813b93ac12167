//! Batch norm by the batch's own statistics. Sums go by pictures: each has sums of its own, which one
//! item then adds up in float64. @see Ioffe & Szegedy 2015, section 3

mod gradient;

use super::slots::Memory;
use crate::simd::Vector;
pub use gradient::{GradientOfAll, GradientSums, NormalizeGradient, normalize_gradient};

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
    /// As [`Memory`].
    #[inline(always)]
    unsafe fn read<'run>(&self, memory: &'run Memory, id: usize, item: usize) -> &'run [f32] {
        // SAFETY: as [`Memory`]; items divide the value without rest.
        unsafe { memory.read(id, item * self.length(), self.length()) }
    }

    /// … that the item computes.
    ///
    /// # Safety
    /// As [`Memory`].
    #[inline(always)]
    #[allow(clippy::mut_from_ref)]
    unsafe fn write<'run>(&self, memory: &'run Memory, id: usize, item: usize) -> &'run mut [f32] {
        // SAFETY: as [`Memory`]; items divide the value without rest, and this one's part is its own.
        unsafe { memory.write(id, item * self.length(), self.length()) }
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
        let pairs = channels - channels % (2 * V::LANES);
        let vectors = channels - channels % V::LANES;
        // SAFETY: as [`Memory`]; each item has its two rows of `parts`.
        unsafe {
            let x = self.rows.read(memory, self.x, item);
            let parts = memory.write(self.parts, item * 2 * channels, 2 * channels);
            for c in (0..pairs).step_by(2 * V::LANES) {
                moments_of::<V, 2>(x, parts, c);
            }
            for c in (pairs..vectors).step_by(V::LANES) {
                moments_of::<V, 1>(x, parts, c);
            }
            for c in vectors..channels {
                let of_channel = || x.iter().skip(c).step_by(channels);
                let mean = of_channel().sum::<f32>() / self.rows.rows as f32;
                parts[c] = mean;
                parts[channels + c] = of_channel().map(|x| (x - mean) * (x - mean)).sum();
            }
        }
    }
}

/// The moments of some vectors of channels, whose sums stay in registers while the rows pass by: in memory, each row would
/// wait for the one before.
///
/// # Safety
/// As [`Vector`]; so many vectors must be in a row from `first` on.
#[inline(always)]
unsafe fn moments_of<V: Vector, const COUNT: usize>(x: &[f32], parts: &mut [f32], first: usize) {
    let channels = parts.len() / 2;
    // SAFETY: the caller's word.
    unsafe {
        let mut mean = [V::splat(0.0); COUNT];
        for row in x.chunks_exact(channels) {
            for (v, sum) in mean.iter_mut().enumerate() {
                *sum = sum.add(V::load(row.as_ptr().add(first + v * V::LANES)));
            }
        }
        let count = V::splat((x.len() / channels) as f32);
        mean = mean.map(|sum| sum.div(count));
        let mut squares = [V::splat(0.0); COUNT];
        for row in x.chunks_exact(channels) {
            for (v, sum) in squares.iter_mut().enumerate() {
                let difference = V::load(row.as_ptr().add(first + v * V::LANES)).sub(mean[v]);
                *sum = difference.mul_add(difference, *sum);
            }
        }
        for v in 0..COUNT {
            let at = first + v * V::LANES;
            mean[v].store(parts.as_mut_ptr().add(at));
            squares[v].store(parts.as_mut_ptr().add(channels + at));
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
        let vectors = channels - channels % V::LANES;
        let floor = if self.is_relu { 0.0 } else { f32::NEG_INFINITY };
        // SAFETY: as [`Memory`]; the item's rows are its own, and vectors end with the row.
        unsafe {
            let x = self.rows.read(memory, self.x, item);
            let (factors, terms) = memory.read(self.factors, 0, 2 * channels).split_at(channels);
            let output = self.rows.write(memory, self.output, item);
            let residual = self.residual.map(|id| self.rows.read(memory, id, item));
            for from in (0..x.len()).step_by(channels) {
                for c in (0..vectors).step_by(V::LANES) {
                    let load = |from: &[f32], at: usize| V::load(from.as_ptr().add(at));
                    let mut y = load(x, from + c).mul_add(load(factors, c), load(terms, c));
                    if let Some(residual) = residual {
                        y = y.add(load(residual, from + c));
                    }
                    y.at_least(V::splat(floor)).store(output.as_mut_ptr().add(from + c));
                }
                for c in vectors..channels {
                    let y = x[from + c] * factors[c] + terms[c] + residual.map_or(0.0, |residual| residual[from + c]);
                    output[from + c] = at_least(y, floor);
                }
            }
        }
    }
}

/// NaN stays, as it must for a training that has diverged to be seen.
#[inline(always)]
pub fn at_least(x: f32, floor: f32) -> f32 {
    if x < floor { floor } else { x }
}
