//! Pooling and its gradients; an item is a picture.

use super::slots::{Memory, Numbers};
use crate::pool::PoolKind;
use crate::simd::Vector;
use crate::simd::one::One;
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
    /// As [`Memory`] and [`Vector`].
    #[inline(always)]
    pub unsafe fn run_item<V: Vector>(&self, memory: &Memory, item: usize) {
        let channels = self.window.channels;
        let vectors = channels - channels % V::LANES;
        // SAFETY: as [`Memory`]; an item's picture is its own, and vectors end with the pixel.
        unsafe {
            let x = memory.numbers(self.x, item * self.window.input_length());
            let output = memory.numbers(self.output, item * self.window.output_length());
            for at in 0..self.window.out[0] * self.window.out[1] {
                for c in (0..vectors).step_by(V::LANES) {
                    output.store(at * channels + c, self.of_window::<V>(x, at, c));
                }
                for c in vectors..channels {
                    output.store(at * channels + c, self.of_window::<One>(x, at, c));
                }
            }
        }
    }

    /// Of the window of an output pixel, the channels from `c` on.
    ///
    /// # Safety
    /// As [`Pool::run_item`].
    #[inline(always)]
    unsafe fn of_window<V: Vector>(&self, x: Numbers, at: usize, c: usize) -> V {
        let Window { input, out, channels, .. } = self.window;
        let (rows, columns) = (self.window.range(0, at / out[1]), self.window.range(1, at % out[1]));
        let is_max = self.kind == PoolKind::Max;
        // SAFETY: the caller's word.
        unsafe {
            let count = V::splat((rows.len() * columns.len()) as f32);
            let mut result = V::splat(if is_max { f32::NEG_INFINITY } else { 0.0 });
            for row in rows {
                for column in columns.clone() {
                    let x: V = x.load((row * input[1] + column) * channels + c);
                    result = if is_max { result.at_least(x) } else { result.add(x.div(count)) };
                }
            }
            result
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
    /// Of a picture in float32.
    pub fn scratch(&self) -> usize {
        self.window.input_length()
    }

    /// # Safety
    /// As [`Memory`] and [`Vector`].
    #[inline(always)]
    pub unsafe fn run_item<V: Vector>(&self, memory: &Memory, item: usize) {
        let channels = self.window.channels;
        let (inputs, outputs) = (self.window.input_length(), self.window.output_length());
        // SAFETY: as [`Memory`]; an item's picture is its own.
        unsafe {
            let dy = memory.numbers(self.dy, item * outputs);
            let output = memory.numbers(self.output, item * inputs);
            // Where windows overlap, what they give is added in float32.
            let dx = match output.floats() {
                Some(floats) => std::slice::from_raw_parts_mut(floats, inputs),
                None => memory.scratch(0, inputs),
            };
            dx.fill(0.0);
            match self.values {
                None => self.window.each(|from, to, count| {
                    for (c, dx) in dx[to * channels..][..channels].iter_mut().enumerate() {
                        *dx += dy.get(from * channels + c) / count as f32;
                    }
                }),
                Some([x, y]) => {
                    let values = [memory.numbers(x, item * inputs), memory.numbers(y, item * outputs), dy];
                    let blocks = channels - channels % BLOCK;
                    for at in 0..self.window.out[0] * self.window.out[1] {
                        for c in (0..blocks).step_by(BLOCK) {
                            self.give::<BLOCK>(values, dx, at, c);
                        }
                        for c in blocks..channels {
                            self.give::<1>(values, dx, at, c);
                        }
                    }
                }
            }
            if output.floats().is_none() {
                Numbers::of(dx).copy::<V>(output, inputs);
            }
        }
    }

    /// Gives the gradient of some channels of an output pixel to the first of its window that are as large; without
    /// branches, so that it is computed by vectors.
    ///
    /// # Safety
    /// As [`Numbers`], of a picture of `x`, `y` and `dy`.
    #[inline(always)]
    unsafe fn give<const COUNT: usize>(&self, [x, y, dy]: [Numbers; 3], dx: &mut [f32], at: usize, first: usize) {
        let Window { input, out, channels, .. } = self.window;
        // SAFETY: the caller's word.
        let (y, dy): ([f32; COUNT], [f32; COUNT]) =
            unsafe { (y.some(at * channels + first), dy.some(at * channels + first)) };
        let mut left = [1.0; COUNT];
        for row in self.window.range(0, at / out[1]) {
            for column in self.window.range(1, at % out[1]) {
                let from = (row * input[1] + column) * channels + first;
                // SAFETY: the caller's word.
                let x: [f32; COUNT] = unsafe { x.some(from) };
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
