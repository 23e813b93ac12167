//! A picture with the zeros around it that a convolution wants to meet.

use super::batch_norm::normalize_gradient;
use super::slots::Memory;
use crate::simd::Vector;

/// What is laid down: a value, or the gradient of a batch norm's input, which no value need hold:
/// `dy · a + x · b + c`.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    pub id: usize,
    /// `x` and the factors, `[3, channels]`.
    pub of_norm: Option<[usize; 2]>,
}

impl Source {
    pub fn of(id: usize) -> Source {
        Source { id, of_norm: None }
    }

    /// The values that it is made of.
    pub fn reads(&self) -> impl Iterator<Item = usize> {
        [self.id].into_iter().chain(self.of_norm.into_iter().flatten())
    }
}

/// How a picture of `[height, width, channels]` is laid on a canvas.
#[derive(Clone, Copy, Debug)]
pub struct Canvas {
    pub picture: [usize; 3],
    /// Rows and pixels of the canvas.
    pub size: [usize; 2],
    /// Where the picture's first pixel lies.
    pub offset: [usize; 2],
}

impl Canvas {
    /// The picture itself.
    pub fn of_picture(picture: [usize; 3]) -> Canvas {
        Canvas { picture, size: [picture[0], picture[1]], offset: [0, 0] }
    }

    /// Of the input of a convolution.
    pub fn of_input(
        picture: [usize; 3],
        kernel: [usize; 2],
        strides: [usize; 2],
        pad: [usize; 2],
        out: [usize; 2],
    ) -> Canvas {
        let size = [0, 1].map(|axis| (out[axis] - 1) * strides[axis] + kernel[axis]);
        Canvas { picture, size, offset: pad }
    }

    /// Whether the picture is the canvas.
    pub fn is_picture(&self) -> bool {
        self.size == [self.picture[0], self.picture[1]] && self.offset == [0, 0]
    }

    pub fn length(&self) -> usize {
        self.size[0] * self.row()
    }

    /// Floats from one row of the canvas to the next.
    pub fn row(&self) -> usize {
        self.size[1] * self.picture[2]
    }

    /// The canvas of a picture of a value: the value's own numbers where they are laid out so, or the worker's memory.
    ///
    /// # Safety
    /// As [`Memory::read`] and [`Memory::scratch`].
    #[inline(always)]
    pub unsafe fn lay<V: Vector>(&self, memory: &Memory, source: &Source, index: usize) -> *const f32 {
        let size: usize = self.picture.iter().product();
        // SAFETY: the picture is the value's; the operation has asked for the canvas's length of scratch.
        unsafe {
            if self.is_picture() && source.of_norm.is_none() {
                return memory.read(source.id, index * size, size).as_ptr();
            }
            let canvas = memory.scratch(0, self.length());
            self.fill_with::<V>(memory, source, index, canvas);
            canvas.as_ptr()
        }
    }

    /// A picture of a value on a canvas that is the caller's.
    ///
    /// # Safety
    /// As [`Memory::read`].
    #[inline(always)]
    pub unsafe fn fill_with<V: Vector>(&self, memory: &Memory, source: &Source, index: usize, canvas: &mut [f32]) {
        let size: usize = self.picture.iter().product();
        let channels = self.picture[2];
        // SAFETY: the caller's word.
        unsafe {
            let picture = memory.read(source.id, index * size, size);
            let Some([x, factors]) = source.of_norm else {
                return self.fill(canvas, |to, from| to.copy_from_slice(&picture[from..from + to.len()]));
            };
            let x = memory.read(x, index * size, size);
            let factors = memory.read(factors, 0, 3 * channels);
            self.fill(canvas, |to, from| {
                let range = from..from + to.len();
                normalize_gradient::<V>(to, &picture[range.clone()], &x[range], factors);
            });
        }
    }

    /// Lays the picture down: `lay` gets a part of the canvas, of whole pixels, and where in the picture it comes from. What
    /// of the picture lies beyond the canvas is left out.
    #[inline(always)]
    fn fill(&self, canvas: &mut [f32], lay: impl Fn(&mut [f32], usize)) {
        let [height, width, channels] = self.picture;
        let there = |axis: usize, count: usize| count.min(self.size[axis] - self.offset[axis].min(self.size[axis]));
        let (rows, pixels) = (there(0, height), there(1, width));
        let (above, rest) = canvas.split_at_mut(self.offset[0].min(self.size[0]) * self.row());
        let (inside, below) = rest.split_at_mut(rows * self.row());
        above.fill(0.0);
        below.fill(0.0);
        let left = self.offset[1].min(self.size[1]) * channels;
        for (y, row) in inside.chunks_exact_mut(self.row()).enumerate() {
            let (before, rest) = row.split_at_mut(left);
            let (pixels, after) = rest.split_at_mut(pixels * channels);
            before.fill(0.0);
            lay(pixels, y * width * channels);
            after.fill(0.0);
        }
    }
}
