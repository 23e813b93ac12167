//! A picture with the zeros around it, and between its pixels, that a convolution wants to meet.

use super::slots::Memory;

/// How a picture of `[height, width, channels]` is laid on a canvas.
#[derive(Clone, Copy, Debug)]
pub struct Canvas {
    pub picture: [usize; 3],
    /// Rows and pixels of the canvas.
    pub size: [usize; 2],
    /// Where the picture's first pixel lies.
    pub offset: [usize; 2],
    /// From one pixel of the picture to the next.
    pub spread: [usize; 2],
}

impl Canvas {
    /// Of the input of a convolution.
    pub fn of_input(
        picture: [usize; 3],
        kernel: [usize; 2],
        strides: [usize; 2],
        pad: [usize; 2],
        out: [usize; 2],
    ) -> Canvas {
        let size = [0, 1].map(|axis| (out[axis] - 1) * strides[axis] + kernel[axis]);
        Canvas { picture, size, offset: pad, spread: [1, 1] }
    }

    /// Of the gradient of its output, over which the filter turned round then passes in steps of one pixel; nothing where
    /// the convolution was padded by more than its filter reaches.
    pub fn of_gradient(
        picture: [usize; 3],
        kernel: [usize; 2],
        strides: [usize; 2],
        pad: [usize; 2],
        input: [usize; 2],
    ) -> Option<Canvas> {
        let size = [0, 1].map(|axis| input[axis] + kernel[axis] - 1);
        let offset = [(kernel[0] - 1).checked_sub(pad[0])?, (kernel[1] - 1).checked_sub(pad[1])?];
        Some(Canvas { picture, size, offset, spread: strides })
    }

    /// Whether the picture is the canvas.
    pub fn is_picture(&self) -> bool {
        self.size == [self.picture[0], self.picture[1]] && self.offset == [0, 0] && self.spread == [1, 1]
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
    pub unsafe fn lay(&self, memory: &Memory, id: usize, index: usize) -> *const f32 {
        let size: usize = self.picture.iter().product();
        // SAFETY: the picture is the value's; the operation has asked for the canvas's length of scratch.
        unsafe {
            let picture = memory.read(id, index * size, size);
            if self.is_picture() {
                return picture.as_ptr();
            }
            let canvas = memory.scratch(0, self.length());
            self.fill(picture, canvas);
            canvas.as_ptr()
        }
    }

    /// Lays the picture down; what of it lies beyond the canvas is left out.
    #[inline(always)]
    fn fill(&self, picture: &[f32], canvas: &mut [f32]) {
        let [height, width, channels] = self.picture;
        canvas.fill(0.0);
        let there = |axis: usize, count: usize| {
            count.min((self.size[axis] - self.offset[axis].min(self.size[axis])).div_ceil(self.spread[axis]))
        };
        let (rows, pixels) = (there(0, height), there(1, width));
        for y in 0..rows {
            let from = &picture[y * width * channels..][..pixels * channels];
            let at = (self.offset[0] + y * self.spread[0]) * self.row() + self.offset[1] * channels;
            if self.spread[1] == 1 {
                canvas[at..at + from.len()].copy_from_slice(from);
            } else {
                for (x, pixel) in from.chunks_exact(channels).enumerate() {
                    canvas[at + x * self.spread[1] * channels..][..channels].copy_from_slice(pixel);
                }
            }
        }
    }
}
