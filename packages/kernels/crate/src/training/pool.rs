//! Pooling and its gradients; an item is a picture.

use super::slots::Memory;
use crate::pool::PoolKind;
use std::ops::Range;

/// A window that moves over a picture; what of it lies outside does not count.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    pub size: [usize; 2],
    pub strides: [usize; 2],
    pub padding: [usize; 2],
    /// `[height, width]`.
    pub input: [usize; 2],
    pub out: [usize; 2],
    pub channels: usize,
}

impl Window {
    #[inline(always)]
    fn range(&self, axis: usize, at: usize) -> Range<usize> {
        let start = at * self.strides[axis];
        let end = (start + self.size[axis]).saturating_sub(self.padding[axis]).min(self.input[axis]);
        start.saturating_sub(self.padding[axis]).min(end)..end
    }

    /// Calls with an output pixel, an input pixel in its window, and how many there are in it.
    #[inline(always)]
    fn each(&self, mut call: impl FnMut(usize, usize, usize)) {
        for y in 0..self.out[0] {
            let rows = self.range(0, y);
            for x in 0..self.out[1] {
                let columns = self.range(1, x);
                let count = rows.len() * columns.len();
                for row in rows.clone() {
                    for column in columns.clone() {
                        call(y * self.out[1] + x, row * self.input[1] + column, count);
                    }
                }
            }
        }
    }

    fn input_length(&self) -> usize {
        self.input[0] * self.input[1] * self.channels
    }

    fn output_length(&self) -> usize {
        self.out[0] * self.out[1] * self.channels
    }
}

/// Channels that are computed together.
const BLOCK: usize = 16;

pub struct Pool {
    pub kind: PoolKind,
    pub x: usize,
    pub output: usize,
    pub window: Window,
}

impl Pool {
    /// # Safety
    /// As [`Memory`].
    #[inline(always)]
    pub unsafe fn run_item(&self, memory: &Memory, item: usize) {
        let (channels, length) = (self.window.channels, self.window.output_length());
        // SAFETY: as [`Memory`]; an item's picture is its own.
        unsafe {
            let x = memory.read(self.x, item * self.window.input_length(), self.window.input_length());
            let output = memory.write(self.output, item * length, length);
            output.fill(if self.kind == PoolKind::Max { f32::NEG_INFINITY } else { 0.0 });
            self.window.each(|to, from, count| {
                let y = &mut output[to * channels..][..channels];
                let x = &x[from * channels..][..channels];
                match self.kind {
                    PoolKind::Max => y.iter_mut().zip(x).for_each(|(y, x)| *y = if *x > *y { *x } else { *y }),
                    PoolKind::Average => y.iter_mut().zip(x).for_each(|(y, x)| *y += x / count as f32),
                }
            });
        }
    }
}

/// A maximum's gradient goes to the first of its window that is as large.
pub struct PoolGradient {
    pub dy: usize,
    /// The pool's input and output, for maxima.
    pub values: Option<[usize; 2]>,
    pub output: usize,
    pub window: Window,
}

impl PoolGradient {
    /// # Safety
    /// As [`Memory`].
    #[inline(always)]
    pub unsafe fn run_item(&self, memory: &Memory, item: usize) {
        let channels = self.window.channels;
        let (inputs, outputs) = (self.window.input_length(), self.window.output_length());
        // SAFETY: as [`Memory`]; an item's picture is its own.
        unsafe {
            let dy = memory.read(self.dy, item * outputs, outputs);
            let dx = memory.write(self.output, item * inputs, inputs);
            dx.fill(0.0);
            let Some([x, y]) = self.values else {
                self.window.each(|from, to, count| {
                    let dy = &dy[from * channels..][..channels];
                    let dx = &mut dx[to * channels..][..channels];
                    dx.iter_mut().zip(dy).for_each(|(dx, dy)| *dx += dy / count as f32);
                });
                return;
            };
            let x = memory.read(x, item * inputs, inputs);
            let y = memory.read(y, item * outputs, outputs);
            let blocks = channels - channels % BLOCK;
            for at in 0..self.window.out[0] * self.window.out[1] {
                for c in (0..blocks).step_by(BLOCK) {
                    self.give::<BLOCK>([x, y, dy], dx, at, c);
                }
                for c in blocks..channels {
                    self.give::<1>([x, y, dy], dx, at, c);
                }
            }
        }
    }

    /// Gives the gradient of some channels of an output pixel to the first of its window that are as large; without
    /// branches, so that it is computed by vectors.
    #[inline(always)]
    fn give<const COUNT: usize>(&self, [x, y, dy]: [&[f32]; 3], dx: &mut [f32], at: usize, first: usize) {
        let Window { input, out, channels, .. } = self.window;
        let of = |from: &[f32]| -> [f32; COUNT] { from[at * channels + first..][..COUNT].try_into().expect("as many") };
        let (y, dy) = (of(y), of(dy));
        let mut left = [1.0; COUNT];
        for row in self.window.range(0, at / out[1]) {
            for column in self.window.range(1, at % out[1]) {
                let from = (row * input[1] + column) * channels + first;
                let x: &[f32; COUNT] = x[from..][..COUNT].try_into().expect("as many");
                let dx: &mut [f32; COUNT] = (&mut dx[from..][..COUNT]).try_into().expect("as many");
                for c in 0..COUNT {
                    let is_first = if x[c] == y[c] { left[c] } else { 0.0 };
                    left[c] -= is_first;
                    dx[c] += if is_first > 0.0 { dy[c] } else { 0.0 };
                }
            }
        }
    }
}
