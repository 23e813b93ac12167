//! The gradient of batch norm by the batch's own statistics.

use super::Rows;
use crate::simd::Vector;
use crate::training::slots::Memory;

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
        let pairs = channels - channels % (2 * V::LANES);
        let vectors = channels - channels % V::LANES;
        // SAFETY: as [`Memory`]; each item has its two rows of `parts`.
        unsafe {
            let dy = self.rows.read(memory, self.dy, item);
            let x = self.rows.read(memory, self.x, item);
            let mean = memory.read(self.mean, 0, channels);
            let parts = memory.write(self.parts, item * 2 * channels, 2 * channels);
            for c in (0..pairs).step_by(2 * V::LANES) {
                gradient_sums_of::<V, 2>([dy, x, mean], parts, c);
            }
            for c in (pairs..vectors).step_by(V::LANES) {
                gradient_sums_of::<V, 1>([dy, x, mean], parts, c);
            }
            for c in vectors..channels {
                let of_channel = || dy.iter().zip(x).skip(c).step_by(channels);
                parts[c] = of_channel().map(|(dy, _)| dy).sum();
                parts[channels + c] = of_channel().map(|(dy, x)| dy * (x - mean[c])).sum();
            }
        }
    }
}

/// The sums of some vectors of channels; they stay in registers, as in [`Moments`](super::Moments).
///
/// # Safety
/// As [`Vector`]; so many vectors must be in a row from `first` on.
#[inline(always)]
unsafe fn gradient_sums_of<V: Vector, const COUNT: usize>([dy, x, mean]: [&[f32]; 3], parts: &mut [f32], first: usize) {
    let channels = mean.len();
    // SAFETY: the caller's word.
    unsafe {
        let mut means = [V::splat(0.0); COUNT];
        for (v, mean_of) in means.iter_mut().enumerate() {
            *mean_of = V::load(mean.as_ptr().add(first + v * V::LANES));
        }
        let mut sums = [V::splat(0.0); COUNT];
        let mut products = [V::splat(0.0); COUNT];
        for (dy, x) in dy.chunks_exact(channels).zip(x.chunks_exact(channels)) {
            for v in 0..COUNT {
                let at = first + v * V::LANES;
                let dy = V::load(dy.as_ptr().add(at));
                sums[v] = sums[v].add(dy);
                products[v] = dy.mul_add(V::load(x.as_ptr().add(at)).sub(means[v]), products[v]);
            }
        }
        for v in 0..COUNT {
            let at = first + v * V::LANES;
            sums[v].store(parts.as_mut_ptr().add(at));
            products[v].store(parts.as_mut_ptr().add(channels + at));
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
            let dy = self.rows.read(memory, self.dy, item);
            let x = self.rows.read(memory, self.x, item);
            let factors = memory.read(self.factors, 0, 3 * channels);
            normalize_gradient::<V>(self.rows.write(memory, self.output, item), dy, x, factors);
        }
    }
}

/// `dy · a + x · b + c` of whole rows, `factors` being `[3, channels]`.
///
/// # Safety
/// As [`Vector`].
#[inline(always)]
pub unsafe fn normalize_gradient<V: Vector>(output: &mut [f32], dy: &[f32], x: &[f32], factors: &[f32]) {
    let channels = factors.len() / 3;
    let vectors = channels - channels % V::LANES;
    let (a, rest) = factors.split_at(channels);
    let (b, c) = rest.split_at(channels);
    let rows = dy.chunks_exact(channels).zip(x.chunks_exact(channels));
    for (y, (dy, x)) in output.chunks_exact_mut(channels).zip(rows) {
        for i in (0..vectors).step_by(V::LANES) {
            // SAFETY: the caller's word, for the instruction set; vectors end with the row.
            unsafe {
                let load = |from: &[f32]| V::load(from.as_ptr().add(i));
                load(dy).mul_add(load(a), load(x).mul_add(load(b), load(c))).store(y.as_mut_ptr().add(i));
            }
        }
        for i in vectors..channels {
            y[i] = dy[i] * a[i] + x[i] * b[i] + c[i];
        }
    }
}
