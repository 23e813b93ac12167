//! 3×3 convolutions at stride 1 by Winograd's F(4×4, 3×3), forwards and for the gradient of the picture. An item is some
//! pictures: what their squares hold at each of 36 positions is multiplied with the filters' as a matrix.
//! @see Lavin & Gray 2015

use super::canvas::{Canvas, Source};
use super::convolution::{Epilogue, Group, groups};
use super::slots::{Memory, Numbers, share};
use crate::format::Format;
use crate::isa::Isa;
use crate::products::{ProductArgs, ProductKernel, fewest_idle};
use crate::simd::Vector;
use crate::tile::Clamp;
use crate::winograd::{Finish, Pixels, filter_square, position_floats, transform_input, transform_output};
use std::ptr::null;

/// Pixels of a square's side.
pub const SIDE: usize = 4;
/// Pixels of a side of the square that is transformed.
pub const REACH: usize = SIDE + 2;
pub const POSITIONS: usize = REACH * REACH;

/// Floats of transformed squares, and of their products, that stay in the second-level cache.
const CACHED: usize = 40 << 10;
/// Squares of an item, where there are so many: their number is what the filters are read for.
const ENOUGH: usize = 48;

/// Squares that cover so many rows and columns.
pub fn squares(out: [usize; 2]) -> [usize; 2] {
    out.map(|size| size.div_ceil(SIDE))
}

/// Whether it takes less than the convolution tap by tap: multiply-adds for each pair of channels, what the transforms add
/// to them, and the filters' transform, which every step makes anew. Tap by tap, `rate` of them take the time of one.
pub fn is_faster(images: usize, out: [usize; 2], [inputs, outputs]: [usize; 2], rate: f64) -> bool {
    const FILTER: f64 = 16.0;
    let count = (images * squares(out).iter().product::<usize>()) as f64;
    let each = POSITIONS as f64 + 150.0 / outputs as f64 + 130.0 / inputs as f64;
    count * each + FILTER * POSITIONS as f64 <= (9 * images * out[0] * out[1]) as f64 / rate
}

/// The canvas that whole squares read.
pub fn canvas(canvas: Canvas, out: [usize; 2]) -> Canvas {
    Canvas { size: squares(out).map(|count| count * SIDE + 2), ..canvas }
}

/// Filters of `[tap][row][lane]` to `[position][row][lane]`.
///
/// # Safety
/// As [`Vector`]; `lanes` must be whole vectors.
#[inline(always)]
pub unsafe fn transform_filters<V: Vector>(packed: &[f32], transformed: &mut [f32], rows: usize, lanes: usize) {
    let plane = rows * lanes;
    for at in (0..plane).step_by(V::LANES) {
        // SAFETY: the caller's word; there are nine planes and as many as positions.
        unsafe { filter_square::<V>(packed.as_ptr().add(at), plane, transformed.as_mut_ptr().add(at), plane) };
    }
}

pub struct Winograd {
    pub input: Source,
    pub filters: usize,
    pub output: usize,
    pub images: usize,
    pub items: usize,
    /// Of whole squares.
    pub canvas: Canvas,
    /// `[height, width, channels]`.
    pub out: [usize; 3],
    pub groups: Vec<Group>,
    pub lanes: usize,
    /// Squares that are held at once, and those of them that a register tile takes.
    pub at_once: usize,
    pub tile: usize,
    pub kernels: [ProductKernel; 2],
    pub epilogue: Epilogue,
}

impl Winograd {
    /// Both numbers of channels must be whole vectors.
    pub fn new(
        input: Source,
        [filters, output]: [usize; 2],
        images: usize,
        laid: Canvas,
        out: [usize; 3],
        isa: &'static Isa,
    ) -> Winograd {
        let channels = laid.picture[2];
        let [rows, columns] = squares([out[0], out[1]]);
        let items = images.div_ceil(ENOUGH.div_ceil(rows * columns));
        let of_item = images.div_ceil(items) * rows * columns;
        let tile = fewest_idle(of_item, isa.products[0].len());
        let fits = CACHED / (POSITIONS * (channels + 2 * isa.lanes));
        Winograd {
            input,
            filters,
            output,
            images,
            items,
            canvas: canvas(laid, [out[0], out[1]]),
            out,
            groups: groups(out[2], isa.lanes, POSITIONS * channels).0,
            lanes: isa.lanes,
            at_once: fits.max(4 * tile).min(of_item).next_multiple_of(tile),
            tile,
            kernels: isa.products.map(|kernels| kernels[tile - 1]),
            epilogue: Epilogue::default(),
        }
    }

    pub fn scratch(&self) -> usize {
        self.canvases() + POSITIONS * (self.transformed_position() + self.product_position())
    }

    /// Those of the products, without the transforms.
    pub fn multiply_adds(&self) -> f64 {
        let count = self.images * squares([self.out[0], self.out[1]]).iter().product::<usize>();
        (count * POSITIONS) as f64 * (self.canvas.picture[2] * self.out[2]) as f64
    }

    fn canvases(&self) -> usize {
        (self.canvas.length() * self.images.div_ceil(self.items)).next_multiple_of(16)
    }

    fn transformed_position(&self) -> usize {
        position_floats(1, self.at_once, self.canvas.picture[2])
    }

    fn product_position(&self) -> usize {
        position_floats(1, self.at_once, 2 * self.lanes)
    }

    /// # Safety
    /// As [`Memory`].
    #[inline(always)]
    pub unsafe fn run_item<V: Vector>(&self, memory: &Memory, item: usize) {
        let channels = self.canvas.picture[2];
        let [rows, columns] = squares([self.out[0], self.out[1]]);
        let pictures = share(self.images, self.items, item);
        let length = self.canvas.length();
        let position = self.transformed_position();
        // SAFETY: as [`Memory`]; an item's pictures are its own, scratch has canvases, transformed squares and products one
        // behind the other, and channels are whole vectors.
        unsafe {
            let canvases = memory.scratch(0, self.canvases());
            for (picture, canvas) in pictures.clone().zip(canvases.chunks_exact_mut(length)) {
                self.canvas.fill_with::<V>(memory, &self.input, picture, Numbers::of(canvas));
            }
            let transformed = memory.scratch(self.canvases(), POSITIONS * position);
            let products = memory.scratch(self.canvases() + POSITIONS * position, POSITIONS * self.product_position());
            let pixels = Pixels { row: self.canvas.row(), pixel: channels, format: Format::Float };
            let count = pictures.len() * rows * columns;
            let mut done = 0;
            while done < count {
                let now = self.at_once.min(count - done);
                for square in 0..now {
                    let (picture, rest) = ((done + square) / (rows * columns), (done + square) % (rows * columns));
                    let (y, x) = (rest / columns * SIDE, rest % columns * SIDE);
                    let from = picture * length + y * pixels.row + x * channels;
                    for c in (0..channels).step_by(V::LANES) {
                        let to = transformed.as_mut_ptr().add(square * channels + c);
                        transform_input::<V, REACH, false>(canvases.as_ptr().add(from + c), pixels, to, position);
                    }
                }
                let whole = now.next_multiple_of(self.tile);
                for places in transformed.chunks_exact_mut(position) {
                    places[now * channels..whole * channels].fill(0.0);
                }
                for group in &self.groups {
                    let each = group.vectors * V::LANES;
                    let args = ProductArgs {
                        input: transformed.as_ptr(),
                        input_position: position,
                        input_square: channels,
                        channels,
                        weights: memory.at(self.filters).add(group.at),
                        output: products.as_mut_ptr(),
                        output_position: self.product_position(),
                        output_square: each,
                        positions: POSITIONS,
                        parts: whole / self.tile,
                    };
                    self.kernels[group.vectors - 1](&args);
                    let residual = self.epilogue.residual.unwrap_or(self.output);
                    let formats = [self.output, residual].map(|id| memory.format(id));
                    for square in 0..now {
                        let at = [pictures.start, done + square];
                        let products = products.as_ptr().add(square * each);
                        // The usual formats as constants: the loops over a square then do not ask.
                        match formats {
                            [Format::Float, Format::Float] => {
                                self.finish::<V>(memory, at, products, group, [Format::Float; 2]);
                            }
                            [Format::Bfloat, Format::Bfloat] => {
                                self.finish::<V>(memory, at, products, group, [Format::Bfloat; 2]);
                            }
                            formats => self.finish::<V>(memory, at, products, group, formats),
                        }
                    }
                }
                done += now;
            }
            for picture in pictures {
                self.epilogue.run_after_sums::<V>(memory, picture, self.output, self.out);
            }
        }
    }

    /// # Safety
    /// As [`Memory`]; `products` must hold the square's at all positions.
    #[inline(always)]
    unsafe fn finish<V: Vector>(
        &self,
        memory: &Memory,
        [first_picture, square]: [usize; 2],
        products: *const f32,
        group: &Group,
        [format, residual_format]: [Format; 2],
    ) {
        let [height, width, channels] = self.out;
        let [rows, columns] = squares([height, width]);
        let (picture, rest) = (first_picture + square / (rows * columns), square % (rows * columns));
        let (y, x) = (rest / columns * SIDE, rest % columns * SIDE);
        let at = ((picture * height + y) * width + x) * channels + group.first;
        let pixels = |format: Format| {
            let per_word = format.per_word();
            Pixels { row: width * channels / per_word, pixel: channels / per_word, format }
        };
        let residual = self.epilogue.residual;
        for vector in 0..group.vectors {
            let lane = vector * V::LANES;
            // SAFETY: the caller's word; rows and columns of the square end with the picture.
            unsafe {
                let finish = Finish {
                    scale: V::splat(1.0),
                    #[cfg(target_arch = "x86_64")]
                    in_bytes: None,
                    bias: match self.epilogue.bias {
                        Some(id) => V::load(memory.at(id).add(group.first + lane)),
                        None => V::splat(0.0),
                    },
                    clamp: if self.epilogue.is_relu { Clamp::RELU } else { Clamp::NONE },
                    rows: SIDE.min(height - y),
                    columns: SIDE.min(width - x),
                    output: memory.numbers(self.output, at + lane).words(),
                    output_pixels: pixels(format),
                    residual: residual.map_or(null(), |id| memory.numbers(id, at + lane).words().cast_const()),
                    residual_pixels: pixels(residual_format),
                };
                transform_output::<V, REACH, SIDE>(products.add(lane), self.product_position(), &finish);
            }
        }
    }
}
