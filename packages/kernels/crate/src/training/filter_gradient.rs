//! The gradient of a convolution with respect to its filters: for each tap and pair of channels a sum over all pixels of
//! all pictures. Pictures are divided into shares with sums of their own, which are added in order.

use super::canvas::{Canvas, Source};
use super::convolution::Group;
use super::slots::{Memory, share};
use super::vectors::Vectors;
use crate::outer::{OuterArgs, OuterKernel};
use crate::simd::Vector;

pub struct FilterGradient {
    pub x: usize,
    pub dy: Source,
    /// `[share][kernel row][pixel of the row and channel][padded output channel]`.
    pub sums: usize,
    pub images: usize,
    pub shares: usize,
    pub canvas: Canvas,
    pub kernel: [usize; 2],
    pub strides: [usize; 2],
    /// Of `dy`.
    pub out: Vectors,
    pub groups: Vec<Group>,
    /// Rows of the filter's matrix at a time.
    pub parts: Vec<usize>,
    pub kernels: [&'static [OuterKernel]; 2],
}

/// Floats of a picture's rows, with their gradient, that stay in the first-level cache.
const CACHED: usize = 5 << 10;

impl FilterGradient {
    /// Sums of a share.
    pub fn length(&self) -> usize {
        self.kernel[0] * self.kernel[1] * self.canvas.picture[2] * self.out.padded_channels()
    }

    pub fn scratch(&self) -> usize {
        Vectors::start(&self.canvas) + if self.is_copied() { self.out.padded_length() } else { 0 }
    }

    /// Whether the output's gradient is laid down in the worker's memory.
    fn is_copied(&self) -> bool {
        self.out.is_ragged() || self.dy.of_norm.is_some()
    }

    pub fn multiply_adds(&self) -> f64 {
        (self.images * self.out.picture[0] * self.out.picture[1]) as f64 * self.length() as f64
    }

    /// # Safety
    /// As [`Memory`].
    #[inline(always)]
    pub unsafe fn run_item<V: Vector>(&self, memory: &Memory, item: usize) {
        let [height, width, channels] = self.out.picture;
        // SAFETY: as [`Memory`]; each share has sums of its own, and scratch the canvas and then the padded copy.
        unsafe {
            let sums = memory.write(self.sums, item * self.length(), self.length());
            sums.fill(0.0);
            for image in share(self.images, self.shares, item) {
                let canvas = self.canvas.lay::<V>(memory, &Source::of(self.x), image);
                let length = height * width * channels;
                let dy = match self.is_copied() {
                    false => memory.read(self.dy.id, image * length, length).as_ptr(),
                    true => {
                        let filled = memory.scratch(Vectors::start(&self.canvas), self.out.padded_length());
                        Canvas::of_picture(self.out.picture).fill_with::<V>(
                            memory,
                            &self.dy,
                            image,
                            &mut filled[..length],
                        );
                        self.out.spread(filled);
                        filled.as_ptr()
                    }
                };
                self.add_picture(canvas, dy, sums.as_mut_ptr());
            }
        }
    }

    /// # Safety
    /// The canvas, the padded gradient and the share's sums must be what the layer says.
    #[inline(always)]
    unsafe fn add_picture(&self, canvas: *const f32, dy: *const f32, sums: *mut f32) {
        let [height, width, _] = self.out.picture;
        let padded = self.out.padded_channels();
        let channels = self.canvas.picture[2];
        let words = self.kernel[1] * channels;
        let x_row = self.strides[0] * self.canvas.row();
        let dy_row = width * padded;
        let rows_at_once = (CACHED / (x_row + dy_row)).max(1);
        let mut first = 0;
        while first < height {
            let rows = rows_at_once.min(height - first);
            for ky in 0..self.kernel[0] {
                let mut row = 0;
                for &count in &self.parts {
                    for group in &self.groups {
                        // SAFETY: rows, parts and groups are those of the canvas, the gradient and the sums.
                        unsafe {
                            let args = OuterArgs {
                                x: canvas.add(first * x_row + ky * self.canvas.row() + row),
                                x_row,
                                x_pixel: self.strides[1] * channels,
                                dy: dy.add(first * dy_row + group.first),
                                dy_row,
                                dy_pixel: padded,
                                rows,
                                columns: width,
                                sums: sums.add((ky * words + row) * padded + group.first),
                                sums_row: padded,
                            };
                            self.kernels[group.vectors - 1][count - 1](&args);
                        }
                    }
                    row += count;
                }
            }
            first += rows;
        }
    }
}

/// Adds the shares' sums and leaves out what pads them.
pub struct SumShares {
    pub sums: usize,
    pub output: usize,
    pub shares: usize,
    /// Of the filter's matrix: rows, columns, padded columns.
    pub size: [usize; 3],
    pub items: usize,
}

impl SumShares {
    /// # Safety
    /// As [`Memory`].
    #[inline(always)]
    pub unsafe fn run_item(&self, memory: &Memory, item: usize) {
        let [rows, columns, padded] = self.size;
        // SAFETY: as [`Memory`]; shares do not overlap.
        unsafe {
            for row in share(rows, self.items, item) {
                let output = memory.write(self.output, row * columns, columns);
                output.copy_from_slice(memory.read(self.sums, row * padded, columns));
                for other in 1..self.shares {
                    let more = memory.read(self.sums, (other * rows + row) * padded, columns);
                    for (sum, more) in output.iter_mut().zip(more) {
                        *sum += more;
                    }
                }
            }
        }
    }
}
