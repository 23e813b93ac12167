//! Pooling over windows, and over all pixels.

#[cfg(target_arch = "x86_64")]
use crate::format::Format;
use crate::layout::Layout;
use crate::program::Context;
use crate::simd::Vector;
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PoolKind {
    Max,
    /// Of the pixels that are there: padding does not count.
    Average,
}

pub struct Pool {
    pub kind: PoolKind,
    pub input: Layout,
    pub output: Layout,
    pub filter: [usize; 2],
    pub strides: [usize; 2],
    /// Padding above and left of the image.
    pub padding: [usize; 2],
}

impl Pool {
    pub fn items(&self) -> usize {
        self.output.images * self.output.height
    }

    /// # Safety
    /// As [`Context`], for an item of this layer.
    #[inline(always)]
    pub unsafe fn run_item<V: Vector>(&self, context: &Context, item: usize) {
        let (image, y) = (item / self.output.height, item % self.output.height);
        let (top, bottom) = window(y, self.strides[0], self.padding[0], self.filter[0], self.input.height);
        for block in 0..self.output.blocks {
            for x in 0..self.output.width {
                let (left, right) = window(x, self.strides[1], self.padding[1], self.filter[1], self.input.width);
                // SAFETY: as [`Context`]; the window is cut to the input, and the pixel is the output's.
                unsafe {
                    let plane = self.input.origin() + image * self.input.image + block * self.input.plane;
                    let plane = context.activations.add(plane);
                    #[cfg(target_arch = "x86_64")]
                    if self.is_of_bytes() {
                        let to = self.output.origin() + image * self.output.image + block * self.output.plane;
                        let to = to + y * self.output.row + x * self.output.pixel;
                        let into = context.activations.add(to) as *mut u8;
                        self.largest_bytes::<V>(plane, [top, bottom, left, right], into);
                        continue;
                    }
                    let mut result = V::splat(if self.kind == PoolKind::Max { f32::NEG_INFINITY } else { 0.0 });
                    for yy in top..bottom {
                        for xx in left..right {
                            let at = plane.add(yy * self.input.row + xx * self.input.pixel);
                            let value: V = self.input.format.load(at);
                            result = match self.kind {
                                PoolKind::Max => value.at_least(result),
                                PoolKind::Average => result.add(value),
                            };
                        }
                    }
                    if self.kind == PoolKind::Average {
                        result = result.mul(V::splat(1.0 / ((bottom - top) * (right - left)) as f32));
                    }
                    let to = self.output.origin() + image * self.output.image + block * self.output.plane;
                    let to = context.activations.add(to + y * self.output.row + x * self.output.pixel);
                    self.output.format.store(result, to);
                }
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
impl Pool {
    /// Whether bytes of a format are compared and stored as they are.
    #[inline(always)]
    fn is_of_bytes(&self) -> bool {
        let [input, output] = [self.input.format, self.output.format];
        self.kind == PoolKind::Max && matches!(input, Format::Byte { .. }) && input == output
    }

    /// # Safety
    /// As [`Pool::run_item`]; the window must be the plane's.
    #[inline(always)]
    unsafe fn largest_bytes<V: Vector>(
        &self,
        plane: *const f32,
        [top, bottom, left, right]: [usize; 4],
        into: *mut u8,
    ) {
        // SAFETY: the window is the plane's, the place the output's, and a pixel has 8 or 16 bytes.
        unsafe {
            let mut largest = _mm_setzero_si128();
            for y in top..bottom {
                for x in left..right {
                    let pixel = plane.add(y * self.input.row + x * self.input.pixel) as *const __m128i;
                    let bytes = if V::LANES == 16 { _mm_loadu_si128(pixel) } else { _mm_loadl_epi64(pixel) };
                    largest = _mm_max_epu8(largest, bytes);
                }
            }
            match V::LANES {
                16 => _mm_storeu_si128(into as *mut __m128i, largest),
                _ => _mm_storel_epi64(into as *mut __m128i, largest),
            }
        }
    }
}

/// The part of a window that lies in the image.
#[inline(always)]
fn window(at: usize, stride: usize, padding: usize, size: usize, limit: usize) -> (usize, usize) {
    let start = at * stride;
    (start.saturating_sub(padding).min(limit), (start + size).saturating_sub(padding).min(limit))
}

/// The mean over height and width, or the maximum.
pub struct Whole {
    pub kind: PoolKind,
    pub input: Layout,
    pub output: Layout,
}

impl Whole {
    pub fn items(&self) -> usize {
        self.input.images * self.input.blocks
    }

    /// # Safety
    /// As [`Pool::run_item`].
    #[inline(always)]
    pub unsafe fn run_item<V: Vector>(&self, context: &Context, item: usize) {
        let (image, block) = (item / self.input.blocks, item % self.input.blocks);
        // SAFETY: as [`Context`]; pixels and block are those of both values.
        unsafe {
            let from = self.input.origin() + image * self.input.image + block * self.input.plane;
            let is_max = self.kind == PoolKind::Max;
            let start = V::splat(if is_max { f32::NEG_INFINITY } else { 0.0 });
            let mut result: V = start;
            for y in 0..self.input.height {
                let mut of_row: V = start;
                for x in 0..self.input.width {
                    let at = context.activations.add(from + y * self.input.row + x * self.input.pixel);
                    let value: V = self.input.format.load(at);
                    of_row = if is_max { value.at_least(of_row) } else { of_row.add(value) };
                }
                result = if is_max { of_row.at_least(result) } else { result.add(of_row) };
            }
            if !is_max {
                result = result.mul(V::splat(1.0 / (self.input.height * self.input.width) as f32));
            }
            let to = self.output.origin() + image * self.output.image + block * self.output.plane;
            self.output.format.store(result, context.activations.add(to));
        }
    }
}
