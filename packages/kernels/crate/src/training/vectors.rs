//! Pixels whose channels fill vectors: the kernels read and write no part of one.

use super::canvas::Canvas;

#[derive(Clone, Copy, Debug)]
pub struct Vectors {
    /// `[height, width, channels]`.
    pub picture: [usize; 3],
    pub lanes: usize,
}

impl Vectors {
    /// Whether the last vector of channels is not full: then the kernels work on a padded copy in the worker's memory.
    pub fn is_ragged(&self) -> bool {
        !self.picture[2].is_multiple_of(self.lanes)
    }

    pub fn padded_channels(&self) -> usize {
        self.picture[2].next_multiple_of(self.lanes)
    }

    /// Floats of the padded copy.
    pub fn padded_length(&self) -> usize {
        self.picture[0] * self.picture[1] * self.padded_channels()
    }

    /// Moves pixels without padding apart, and fills up their vectors with zeros.
    #[inline(always)]
    pub fn spread(&self, pixels: &mut [f32]) {
        let (channels, padded) = (self.picture[2], self.padded_channels());
        if self.is_ragged() {
            for pixel in (0..self.picture[0] * self.picture[1]).rev() {
                pixels.copy_within(pixel * channels..(pixel + 1) * channels, pixel * padded);
                pixels[pixel * padded + channels..(pixel + 1) * padded].fill(0.0);
            }
        }
    }

    /// Where the copy begins in the worker's memory, after a canvas.
    pub fn start(canvas: &Canvas) -> usize {
        canvas.length().next_multiple_of(16)
    }

    /// Floats of the worker's memory that the canvas and the copy take.
    pub fn scratch_with(&self, canvas: &Canvas) -> usize {
        Vectors::start(canvas) + if self.is_ragged() { self.padded_length() } else { 0 }
    }
}
