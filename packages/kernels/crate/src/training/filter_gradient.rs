//! The gradient of a convolution with respect to its filters: for each tap and pair of channels a sum over all pixels of
//! all pictures. Pictures are divided into shares with sums of their own, which are added in order.

use super::canvas::{Canvas, Source};
use super::convolution::Group;
use super::slots::{Memory, Numbers, share};
use super::vectors::Vectors;
use crate::format::Format;
use crate::outer::{OuterArgs, OuterKernel};
use crate::simd::Vector;
use crate::simd::one::One;

pub struct FilterGradient {
    pub x: usize,
    /// What is multiplied: numbers, or pairs of neighbouring pixels' numbers as bfloat16.
    pub format: Format,
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

    /// Room for the output's gradient too, where it is laid down in the worker's memory.
    pub fn scratch(&self) -> usize {
        Vectors::start(&self.canvas) + self.out.padded_length()
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
                let length = height * width * channels;
                let is_float = self.format == Format::Float;
                let is_own = is_float && !self.out.is_ragged() && self.dy.of_norm.is_none();
                let dy = match memory.numbers(self.dy.id, image * length).floats().filter(|_| is_own) {
                    Some(own) => own.cast_const(),
                    None => {
                        let filled = memory.scratch(Vectors::start(&self.canvas), self.out.padded_length());
                        let picture = Canvas::of_picture(self.out.picture);
                        picture.fill_with::<V>(memory, &self.dy, image, Numbers::of(filled));
                        self.out.spread(filled);
                        if !is_float {
                            self.join_gradient::<V>(filled);
                        }
                        filled.as_ptr()
                    }
                };
                let canvas = match is_float {
                    true => self.canvas.lay::<V>(memory, &Source::of(self.x), image, Format::Float),
                    false => {
                        let canvas = memory.scratch(0, self.canvas.length());
                        self.canvas.fill_with::<V>(memory, &Source::of(self.x), image, Numbers::of(canvas));
                        self.join_canvas::<V>(canvas);
                        canvas.as_ptr()
                    }
                };
                self.add_picture(canvas, dy, sums.as_mut_ptr());
            }
        }
    }

    /// Columns of the gradient that are multiplied at once.
    fn columns_at_once(&self) -> usize {
        if self.format == Format::Float { 1 } else { 2 }
    }

    /// Each number with that of the pixel which is met with the next of the gradient.
    ///
    /// # Safety
    /// As [`Vector`].
    #[inline(always)]
    unsafe fn join_canvas<V: Vector>(&self, canvas: &mut [f32]) {
        let ahead = self.strides[1] * self.canvas.picture[2];
        let joined = canvas.len().saturating_sub(ahead);
        let vectors = joined - joined % V::LANES;
        let start = canvas.as_mut_ptr();
        // SAFETY: the caller's word; what lies ahead is not joined yet, and begins behind what is stored.
        unsafe {
            for at in (0..vectors).step_by(V::LANES) {
                V::load(start.add(at)).join_bfloat(V::load(start.add(at + ahead))).store(start.add(at));
            }
            for at in vectors..canvas.len() {
                let next = if at < joined { *start.add(at + ahead) } else { 0.0 };
                One::load(start.add(at)).join_bfloat(One::splat(next)).store(start.add(at));
            }
        }
    }

    /// Each row's pixels by two; zeros beside the last of an odd number.
    ///
    /// # Safety
    /// As [`Vector`].
    #[inline(always)]
    unsafe fn join_gradient<V: Vector>(&self, dy: &mut [f32]) {
        let [height, width, _] = self.out.picture;
        let padded = self.out.padded_channels();
        let pairs = width.div_ceil(2);
        for (row, pair) in (0..height).flat_map(|row| (0..pairs).map(move |pair| (row, pair))) {
            for c in (0..padded).step_by(V::LANES) {
                // SAFETY: the caller's word; a pair lies before its pixels, or where the first of them was.
                unsafe {
                    let from = dy.as_mut_ptr().add((row * width + 2 * pair) * padded + c);
                    let second = if 2 * pair + 1 < width { V::load(from.add(padded)) } else { V::splat(0.0) };
                    let to = dy.as_mut_ptr().add((row * pairs + pair) * padded + c);
                    V::load(from).join_bfloat(second).store(to);
                }
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
        let at_once = self.columns_at_once();
        let columns = width.div_ceil(at_once);
        let dy_row = columns * padded;
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
                                x_pixel: at_once * self.strides[1] * channels,
                                dy: dy.add(first * dy_row + group.first),
                                dy_row,
                                dy_pixel: padded,
                                rows,
                                columns,
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
