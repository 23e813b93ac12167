//! A picture with the zeros around it that a convolution wants to meet.

use super::batch_norm::OfNorm;
use super::slots::{Memory, Numbers};
use crate::format::Format;
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

    /// The canvas of a picture of a value in a format: the value's own numbers where they are laid out so, or the worker's
    /// memory.
    ///
    /// # Safety
    /// As [`Memory::read`] and [`Memory::scratch`].
    #[inline(always)]
    pub unsafe fn lay<V: Vector>(&self, memory: &Memory, source: &Source, index: usize, format: Format) -> *const f32 {
        // SAFETY: the picture is the value's; the operation has asked for the canvas's length of scratch.
        unsafe {
            if self.is_picture() && source.of_norm.is_none() && memory.format(source.id) == format {
                return memory.numbers(source.id, index * self.picture_length()).words();
            }
            let canvas = memory.scratch(0, self.length()).as_mut_ptr();
            self.fill_with::<V>(memory, source, index, Numbers::new(canvas, format));
            canvas
        }
    }

    fn picture_length(&self) -> usize {
        self.picture.iter().product()
    }

    /// A picture of a value on a canvas that is the caller's.
    ///
    /// # Safety
    /// As [`Memory::read`]; the canvas must have room for [`Canvas::length`].
    #[inline(always)]
    pub unsafe fn fill_with<V: Vector>(&self, memory: &Memory, source: &Source, index: usize, canvas: Numbers) {
        let first = index * self.picture_length();
        // SAFETY: the caller's word.
        unsafe {
            let picture = memory.numbers(source.id, first);
            let content = match source.of_norm {
                None => Content::Picture(picture),
                Some([x, factors]) => Content::OfNorm(OfNorm {
                    dy: picture,
                    x: memory.numbers(x, first),
                    factors: memory.read(factors, 0, 3 * self.picture[2]),
                }),
            };
            self.fill::<V>(canvas, &content);
        }
    }

    /// What of the picture lies beyond the canvas is left out.
    ///
    /// # Safety
    /// As [`Numbers`] and [`Vector`].
    #[inline(always)]
    unsafe fn fill<V: Vector>(&self, canvas: Numbers, content: &Content) {
        let [height, width, channels] = self.picture;
        let row = self.row();
        let before = |axis: usize| self.offset[axis].min(self.size[axis]);
        let there = |axis: usize, count: usize| count.min(self.size[axis] - before(axis));
        let (above, rows) = (before(0), there(0, height));
        let (left, pixels) = (before(1) * channels, there(1, width));
        let inside = pixels * channels;
        // SAFETY: rows and pixels are the canvas's own.
        unsafe {
            canvas.clear(above * row);
            for y in 0..rows {
                let to = canvas.from((above + y) * row);
                to.clear(left);
                content.lay::<V>(to.from(left), y * width * channels, pixels, channels);
                to.from(left + inside).clear(row - left - inside);
            }
            canvas.from((above + rows) * row).clear((self.size[0] - above - rows) * row);
        }
    }
}

/// What is laid, not a closure: those are compiled without the instruction set.
enum Content<'a> {
    Picture(Numbers),
    OfNorm(OfNorm<'a>),
}

impl Content<'_> {
    /// So many pixels from the number `from` on.
    ///
    /// # Safety
    /// As [`Numbers`] and [`Vector`].
    #[inline(always)]
    unsafe fn lay<V: Vector>(&self, to: Numbers, from: usize, pixels: usize, channels: usize) {
        // SAFETY: the caller's word.
        unsafe {
            match self {
                Content::Picture(picture) => picture.from(from).copy::<V>(to, pixels * channels),
                Content::OfNorm(OfNorm { dy, x, factors }) => {
                    let gradient = OfNorm { dy: dy.from(from), x: x.from(from), factors };
                    gradient.compute::<V>(to, pixels);
                }
            }
        }
    }
}
