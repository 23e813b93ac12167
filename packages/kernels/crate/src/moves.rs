//! What only moves numbers, all of float32: the caller's arrays to and from the blocked layout, padding, slices, joins.

use crate::layout::Layout;
use crate::program::Context;
use std::sync::atomic::Ordering;

/// A caller's `[N, H, W, C]` array into its place.
pub struct Pack {
    pub input: usize,
    pub output: Layout,
    /// `[scale, shift]` of each channel, or nothing.
    pub adjustment: Vec<[f32; 2]>,
    /// Report a number that is not finite in the context.
    pub rejects_non_finite: bool,
}

impl Pack {
    pub fn items(&self) -> usize {
        self.output.images * self.output.height
    }

    /// # Safety
    /// As [`Context`], for an item of this layer.
    #[inline(always)]
    pub unsafe fn run_item(&self, context: &Context, item: usize) {
        let to = &self.output;
        let (image, y) = (item / to.height, item % to.height);
        let length = to.width * to.channels;
        // SAFETY: as [`Context`]; a caller's array has `length` numbers for each item.
        unsafe {
            let from = std::slice::from_raw_parts((*context.inputs.add(self.input)).add(item * length), length);
            if self.rejects_non_finite && has_non_finite(from) {
                let index = from.iter().position(|x| !x.is_finite()).unwrap_or(0);
                context.report_non_finite(self.input, item * length + index);
            }
            let row = context.activations.add(to.origin() + image * to.image + y * to.row);
            if to.block == to.channels {
                let into = std::slice::from_raw_parts_mut(row, length);
                self.copy(from, into, to.channels);
                return;
            }
            for block in 0..to.blocks {
                for x in 0..to.width {
                    for lane in 0..to.block {
                        let channel = block * to.block + lane;
                        let mut value = 0.0;
                        if channel < to.channels {
                            value = from[x * to.channels + channel];
                            if let Some([scale, shift]) = self.adjustment.get(channel) {
                                value = value * scale + shift;
                            }
                        }
                        *row.add(block * to.plane + x * to.pixel + lane) = value;
                    }
                }
            }
        }
    }
}

impl Pack {
    #[inline(always)]
    fn copy(&self, from: &[f32], into: &mut [f32], channels: usize) {
        if self.adjustment.is_empty() {
            into.copy_from_slice(from);
            return;
        }
        for (from, into) in from.chunks_exact(channels).zip(into.chunks_exact_mut(channels)) {
            for ((from, into), [scale, shift]) in from.iter().zip(into).zip(&self.adjustment) {
                *into = from * scale + shift;
            }
        }
    }
}

#[inline(always)]
pub(crate) fn has_non_finite(values: &[f32]) -> bool {
    const EXPONENT: u32 = 0x7f80_0000;
    values.iter().fold(false, |found, x| found | (x.to_bits() & EXPONENT == EXPONENT))
}

/// A value into the caller's `[N, H, W, C]` array.
pub struct Unpack {
    pub input: Layout,
    pub output: usize,
}

impl Unpack {
    pub fn items(&self) -> usize {
        self.input.images * self.input.height
    }

    /// # Safety
    /// As [`Context`], for an item of this layer.
    #[inline(always)]
    pub unsafe fn run_item(&self, context: &Context, item: usize) {
        let from = &self.input;
        let (image, y) = (item / from.height, item % from.height);
        // SAFETY: as [`Context`]; a caller's array has a row for each item.
        unsafe {
            let to = (*context.outputs.add(self.output)).add(item * from.width * from.channels);
            let row = context.activations.add(from.origin() + image * from.image + y * from.row);
            for block in 0..from.blocks {
                let first = block * from.block;
                let count = from.block.min(from.channels - first);
                for x in 0..from.width {
                    let pixel = row.add(block * from.plane + x * from.pixel);
                    std::ptr::copy_nonoverlapping(pixel, to.add(x * from.channels + first), count);
                }
            }
        }
    }
}

/// One number everywhere in a value's pixels.
pub struct Fill {
    pub output: Layout,
    pub value: f32,
}

impl Fill {
    pub fn items(&self) -> usize {
        self.output.images * self.output.blocks
    }

    /// # Safety
    /// As [`Context`], for an item of this layer.
    #[inline(always)]
    pub unsafe fn run_item(&self, context: &Context, item: usize) {
        let to = &self.output;
        let (image, block) = (item / to.blocks, item % to.blocks);
        let first = block * to.block;
        for y in 0..to.height {
            for x in 0..to.width {
                for lane in 0..to.block {
                    let value = if first + lane < to.channels { self.value } else { 0.0 };
                    let at = to.origin() + image * to.image + block * to.plane + y * to.row + x * to.pixel + lane;
                    // SAFETY: as [`Context`]; the place is the output's.
                    unsafe { *context.activations.add(at) = value };
                }
            }
        }
    }
}

/// A box of one value to a place in another: slices, joins and padding.
pub struct CopyBox {
    pub input: Layout,
    pub output: Layout,
    /// Image, row, column and channel of the box in the input …
    pub from: [usize; 4],
    /// … and in the output.
    pub to: [usize; 4],
    pub size: [usize; 4],
}

impl CopyBox {
    pub fn items(&self) -> usize {
        self.size[0] * self.size[1]
    }

    /// # Safety
    /// As [`Context`], for an item of this layer.
    #[inline(always)]
    pub unsafe fn run_item(&self, context: &Context, item: usize) {
        let (n, y) = (item / self.size[1], item % self.size[1]);
        let row = |layout: &Layout, start: [usize; 4]| {
            let row = (start[1] + y) * layout.row;
            layout.origin() + (start[0] + n) * layout.image + row + start[2] * layout.pixel
        };
        let (from, to) = (row(&self.input, self.from), row(&self.output, self.to));
        let (from_lanes, to_lanes) = (self.input.block, self.output.block);
        let mut channel = 0;
        while channel < self.size[3] {
            let (a, b) = (self.from[3] + channel, self.to[3] + channel);
            let count = (from_lanes - a % from_lanes).min(to_lanes - b % to_lanes).min(self.size[3] - channel);
            let source = from + a / from_lanes * self.input.plane + a % from_lanes;
            let target = to + b / to_lanes * self.output.plane + b % to_lanes;
            for x in 0..self.size[2] {
                // SAFETY: as [`Context`]; the box lies within both values, which never share memory.
                unsafe {
                    let source = context.activations.add(source + x * from_lanes);
                    std::ptr::copy_nonoverlapping(source, context.activations.add(target + x * to_lanes), count);
                }
            }
            channel += count;
        }
    }
}

/// The same numbers in the same order, under another shape.
pub struct Reshape {
    pub input: Layout,
    pub output: Layout,
}

impl Reshape {
    pub fn items(&self) -> usize {
        self.output.images
    }

    /// # Safety
    /// As [`Context`], for an item of this layer.
    #[inline(always)]
    pub unsafe fn run_item(&self, context: &Context, image: usize) {
        let (from, to) = (&self.input, &self.output);
        let mut index = image * to.height * to.width * to.channels;
        for pixel in 0..to.height * to.width {
            let (y, x) = (pixel / to.width, pixel % to.width);
            for channel in 0..to.blocks * to.block {
                let at = place(to, image, [y, x, channel]);
                let mut value = 0.0;
                if channel < to.channels {
                    let (pixel, channel) = (index / from.channels, index % from.channels);
                    let (row, x) = (pixel / from.width, pixel % from.width);
                    let source = place(from, row / from.height, [row % from.height, x, channel]);
                    // SAFETY: as [`Context`]; `index` is below the input's numbers, which are as many as the output's.
                    value = unsafe { *context.activations.add(source) };
                    index += 1;
                }
                // SAFETY: as [`Context`]; the place is the output's.
                unsafe { *context.activations.add(at) = value };
            }
        }
    }
}

/// Where a number of an image lies, by its row, column and channel.
fn place(layout: &Layout, image: usize, [y, x, channel]: [usize; 3]) -> usize {
    let plane = image * layout.image + channel / layout.block * layout.plane;
    layout.origin() + plane + y * layout.row + x * layout.pixel + channel % layout.block
}

/// Softmax over the channels of each pixel.
pub struct Softmax {
    pub input: Layout,
    pub output: Layout,
}

impl Softmax {
    pub fn items(&self) -> usize {
        self.input.images * self.input.height
    }

    /// # Safety
    /// As [`Context`], for an item of this layer.
    #[inline(always)]
    pub unsafe fn run_item(&self, context: &Context, item: usize) {
        let (image, y) = (item / self.input.height, item % self.input.height);
        let at = |layout: &Layout, x: usize, channel: usize| place(layout, image, [y, x, channel]);
        for x in 0..self.input.width {
            let mut largest = f32::NEG_INFINITY;
            let mut sum = 0.0;
            // SAFETY: as [`Context`]; pixel and channel are those of both values.
            unsafe {
                for channel in 0..self.input.channels {
                    largest = largest.max(*context.activations.add(at(&self.input, x, channel)));
                }
                for channel in 0..self.input.channels {
                    let power = (*context.activations.add(at(&self.input, x, channel)) - largest).exp();
                    *context.activations.add(at(&self.output, x, channel)) = power;
                    sum += power;
                }
                for channel in 0..self.output.blocks * self.output.block {
                    let value = context.activations.add(at(&self.output, x, channel));
                    *value = if channel < self.output.channels { *value / sum } else { 0.0 };
                }
            }
        }
    }
}

impl Context<'_> {
    /// Remembers the first number found that is not finite.
    pub(crate) fn report_non_finite(&self, input: usize, index: usize) {
        let code = ((input as u64) << 48) | index as u64;
        self.non_finite.fetch_min(code, Ordering::Relaxed);
    }
}
