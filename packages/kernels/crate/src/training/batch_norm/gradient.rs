//! The gradient of batch norm by the batch's own statistics.

use super::{OfChannels, Rows, for_channels};
use crate::simd::Vector;
use crate::simd::one::One;
use crate::training::slots::{Memory, Numbers};

/// Each item's sums of `dy` and of `dy · (x − mean)`, by channel.
#[derive(Clone, Copy)]
pub struct GradientSums {
    pub dy: usize,
    pub x: usize,
    pub mean: usize,
    pub parts: usize,
    pub rows: Rows,
}

impl GradientSums {
    /// # Safety
    /// As [`Memory`].
    #[inline(always)]
    pub unsafe fn run_item<V: Vector>(&self, memory: &Memory, item: usize) {
        let channels = self.rows.channels;
        // SAFETY: as [`Memory`]; each item has its two rows of `parts`.
        unsafe {
            let own = OwnGradientSums {
                dy: self.rows.numbers(memory, self.dy, item),
                x: self.rows.numbers(memory, self.x, item),
                mean: memory.read(self.mean, 0, channels).as_ptr(),
                parts: memory.write(self.parts, item * 2 * channels, 2 * channels).as_mut_ptr(),
                rows: self.rows,
            };
            match (own.dy.is_narrow(), own.x.is_narrow()) {
                (false, false) => for_channels::<V>(channels, &own.known::<false>()),
                (true, true) => for_channels::<V>(channels, &own.known::<true>()),
                _ => for_channels::<V>(channels, &own),
            }
        }
    }
}

#[derive(Clone, Copy)]
struct OwnGradientSums {
    dy: Numbers,
    x: Numbers,
    mean: *const f32,
    parts: *mut f32,
    rows: Rows,
}

impl OwnGradientSums {
    #[inline(always)]
    fn known<const IS_NARROW: bool>(self) -> OwnGradientSums {
        OwnGradientSums { dy: self.dy.known::<IS_NARROW>(), x: self.x.known::<IS_NARROW>(), ..self }
    }
}

impl OfChannels for OwnGradientSums {
    #[inline(always)]
    unsafe fn compute<V: Vector, const COUNT: usize>(&self, first: usize) {
        let Rows { rows, channels, .. } = self.rows;
        // SAFETY: the caller's word.
        unsafe {
            let mut means = [V::splat(0.0); COUNT];
            for (v, mean) in means.iter_mut().enumerate() {
                *mean = V::load(self.mean.add(first + v * V::LANES));
            }
            let mut sums = [V::splat(0.0); COUNT];
            let mut products = [V::splat(0.0); COUNT];
            for row in 0..rows {
                for v in 0..COUNT {
                    let at = row * channels + first + v * V::LANES;
                    let dy: V = self.dy.load(at);
                    sums[v] = sums[v].add(dy);
                    products[v] = dy.mul_add(self.x.load::<V>(at).sub(means[v]), products[v]);
                }
            }
            for v in 0..COUNT {
                let at = first + v * V::LANES;
                sums[v].store(self.parts.add(at));
                products[v].store(self.parts.add(channels + at));
            }
        }
    }
}

/// From the items' sums the gradients of scale and offset, and what gives that of `x`: `dy · a + x · b + c`.
pub struct GradientOfAll {
    pub parts: usize,
    pub scale: usize,
    pub mean: usize,
    pub variance: usize,
    pub scale_gradient: usize,
    pub offset_gradient: usize,
    /// `[3, channels]`.
    pub factors: usize,
    pub rows: Rows,
    pub epsilon: f32,
}

impl GradientOfAll {
    /// # Safety
    /// As [`Memory`].
    #[inline(always)]
    pub unsafe fn run_item(&self, memory: &Memory) {
        let Rows { items, rows, channels } = self.rows;
        let count = (rows * items) as f64;
        // SAFETY: as [`Memory`]; the one item has the outputs to itself.
        unsafe {
            let parts = memory.read(self.parts, 0, items * 2 * channels);
            let read = |id| memory.read(id, 0, channels);
            let (scale, mean, variance) = (read(self.scale), read(self.mean), read(self.variance));
            let of_scale = memory.write(self.scale_gradient, 0, channels);
            let of_offset = memory.write(self.offset_gradient, 0, channels);
            let factors = memory.write(self.factors, 0, 3 * channels);
            for c in 0..channels {
                let sum: f64 = (0..items).map(|item| parts[item * 2 * channels + c] as f64).sum();
                let product: f64 = (0..items).map(|item| parts[(item * 2 + 1) * channels + c] as f64).sum();
                let inverse = 1.0 / (variance[c] as f64 + self.epsilon as f64).sqrt();
                let a = scale[c] as f64 * inverse;
                let b = -a * inverse * inverse * product / count;
                of_scale[c] = (product * inverse) as f32;
                of_offset[c] = sum as f32;
                factors[c] = a as f32;
                factors[channels + c] = b as f32;
                factors[2 * channels + c] = (-a * sum / count - b * mean[c] as f64) as f32;
            }
        }
    }
}

/// `dy · a + x · b + c`.
pub struct NormalizeGradient {
    pub dy: usize,
    pub x: usize,
    pub factors: usize,
    pub output: usize,
    pub rows: Rows,
}

impl NormalizeGradient {
    /// # Safety
    /// As [`Memory`].
    #[inline(always)]
    pub unsafe fn run_item<V: Vector>(&self, memory: &Memory, item: usize) {
        let channels = self.rows.channels;
        // SAFETY: as [`Memory`]; the item's rows are its own.
        unsafe {
            let gradient = OfNorm {
                dy: self.rows.numbers(memory, self.dy, item),
                x: self.rows.numbers(memory, self.x, item),
                factors: memory.read(self.factors, 0, 3 * channels),
            };
            gradient.compute::<V>(self.rows.numbers(memory, self.output, item), self.rows.rows);
        }
    }
}

/// `dy · a + x · b + c`, the factors being `[3, channels]`.
pub struct OfNorm<'a> {
    pub dy: Numbers,
    pub x: Numbers,
    pub factors: &'a [f32],
}

impl OfNorm<'_> {
    /// The first pixels.
    ///
    /// # Safety
    /// As [`Vector`] and [`Numbers`].
    #[inline(always)]
    pub unsafe fn compute<V: Vector>(&self, output: Numbers, pixels: usize) {
        // SAFETY: the caller's word.
        unsafe {
            match (self.dy.is_narrow(), self.x.is_narrow(), output.is_narrow()) {
                (false, false, false) => self.known::<false>().run::<V>(output.known::<false>(), pixels),
                (true, true, false) => self.known::<true>().run::<V>(output.known::<false>(), pixels),
                _ => self.run::<V>(output, pixels),
            }
        }
    }

    #[inline(always)]
    fn known<const IS_NARROW: bool>(&self) -> OfNorm<'_> {
        OfNorm { dy: self.dy.known::<IS_NARROW>(), x: self.x.known::<IS_NARROW>(), factors: self.factors }
    }

    /// # Safety
    /// As [`OfNorm::compute`].
    #[inline(always)]
    unsafe fn run<V: Vector>(&self, output: Numbers, pixels: usize) {
        let channels = self.factors.len() / 3;
        let vectors = channels - channels % V::LANES;
        for first in (0..pixels * channels).step_by(channels) {
            // SAFETY: the caller's word; vectors end with the row.
            unsafe {
                for c in (0..vectors).step_by(V::LANES) {
                    self.compute_at::<V>(output, first, c);
                }
                for c in vectors..channels {
                    self.compute_at::<One>(output, first, c);
                }
            }
        }
    }

    /// # Safety
    /// As [`OfNorm::compute`].
    #[inline(always)]
    unsafe fn compute_at<V: Vector>(&self, output: Numbers, first: usize, c: usize) {
        let (channels, at) = (self.factors.len() / 3, first + c);
        // SAFETY: the caller's word.
        unsafe {
            let [a, b, term] = [0, 1, 2].map(|row| self.factors.as_ptr().add(row * channels + c));
            let of_x = self.x.load::<V>(at).mul_add(V::load(b), V::load(term));
            output.store(at, self.dy.load::<V>(at).mul_add(V::load(a), of_x));
        }
    }
}
