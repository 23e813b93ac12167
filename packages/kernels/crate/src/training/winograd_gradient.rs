//! The gradient of a 3×3 convolution at stride 1 with respect to its filters by Winograd's F(4×4, 3×3): what a square of
//! the picture and one of the output's gradient hold at each of 36 positions is multiplied and summed over all squares,
//! and only the sums are transformed back. Pictures are divided into shares, as for [`super::filter_gradient`].

use super::canvas::{Canvas, Source};
use super::convolution::Group;
use super::slots::{Memory, Numbers, share};
use super::winograd::{POSITIONS, REACH, SIDE, canvas, squares};
use crate::format::Format;
use crate::isa::Isa;
use crate::outer::{OuterArgs, OuterKernel};
use crate::simd::Vector;
use crate::tile::LINE;
use crate::winograd::{Pixels, gradient_square, position_floats, sums_square, transform_input};

/// Floats of transformed squares that stay in the second-level cache.
const CACHED: usize = 40 << 10;
/// Floats of sums that are held over many squares; where there are more, all squares of a share meet some sums at once.
const FEW_SUMS: usize = 256 << 10;
/// Squares of a share, where there are so many: their number is what its sums are written for.
const ENOUGH: usize = 32;

/// Shares of at most `most` that have enough squares each; nothing where one has not.
pub fn shares(images: usize, out: [usize; 2], most: usize) -> Option<usize> {
    let each: usize = squares(out).iter().product();
    let least = ENOUGH.div_ceil(each);
    (least <= images).then(|| most.min(images / least))
}

pub struct WinogradGradient {
    pub x: usize,
    pub dy: Source,
    /// `[share][tap][in][out]`.
    pub sums: usize,
    pub images: usize,
    pub shares: usize,
    /// Of whole squares.
    pub canvases: [Canvas; 2],
    pub out: [usize; 2],
    pub groups: Vec<Group>,
    /// Pictures that are laid at once, and squares that are transformed at once.
    pub pictures: usize,
    pub at_once: usize,
    /// Rows of the filters' matrix whose sums are held at once.
    pub rows: usize,
    pub kernels: [&'static [OuterKernel]; 2],
}

impl WinogradGradient {
    /// Both numbers of channels must be whole vectors.
    pub fn new(
        [x, sums]: [usize; 2],
        dy: Source,
        [images, shares]: [usize; 2],
        laid: Canvas,
        out: [usize; 3],
        groups: Vec<Group>,
        isa: &'static Isa,
    ) -> WinogradGradient {
        let [inputs, outputs] = [laid.picture[2], out[2]];
        let size = [out[0], out[1]];
        let each: usize = squares(size).iter().product();
        let most = images.div_ceil(shares);
        let of_sums = POSITIONS * outputs;
        let (pictures, at_once, rows) = if of_sums * inputs > FEW_SUMS {
            let rows = (FEW_SUMS / 4 / of_sums).max(1).next_multiple_of(isa.max_pixels());
            (most, most * each, rows.min(inputs))
        } else {
            let pictures = ENOUGH.div_ceil(each).min(most);
            let fits = CACHED / (POSITIONS * (inputs + outputs));
            (pictures, fits.clamp(16, 2 * ENOUGH).min(pictures * each), inputs)
        };
        let gradient = Canvas { size: squares(size).map(|count| count * SIDE), ..Canvas::of_picture(out) };
        WinogradGradient {
            x,
            dy,
            sums,
            images,
            shares,
            canvases: [canvas(laid, size), gradient],
            out: size,
            groups,
            pictures,
            at_once,
            rows,
            kernels: isa.outer,
        }
    }

    /// Those of the products, without the transforms.
    pub fn multiply_adds(&self) -> f64 {
        let count = self.images * squares(self.out).iter().product::<usize>();
        (count * POSITIONS) as f64 * self.channels().iter().product::<usize>() as f64
    }

    fn channels(&self) -> [usize; 2] {
        self.canvases.map(|canvas| canvas.picture[2])
    }

    /// Sums of a share.
    pub fn length(&self) -> usize {
        let [inputs, outputs] = self.channels();
        9 * inputs * outputs
    }

    /// From one square to the next; channels in powers of two would fall into few of the cache's sets.
    fn square(channels: usize) -> usize {
        if channels.is_multiple_of(256) { channels + LINE } else { channels }
    }

    fn positions(&self) -> [usize; 2] {
        self.channels().map(|channels| position_floats(1, self.at_once, WinogradGradient::square(channels)))
    }

    fn laid(&self) -> [usize; 2] {
        self.canvases.map(|canvas| (canvas.length() * self.pictures).next_multiple_of(LINE))
    }

    /// Where canvases, transformed squares, and sums begin in the worker's memory, and its end.
    fn places(&self) -> [usize; 6] {
        let ([x, dy], [of_x, of_dy]) = (self.laid(), self.positions());
        let of_sums = POSITIONS * self.rows * self.channels()[1];
        let mut end = 0;
        [0, x, dy, POSITIONS * of_x, POSITIONS * of_dy, of_sums].map(|length| {
            end += length;
            end
        })
    }

    pub fn scratch(&self) -> usize {
        self.places()[5]
    }

    /// # Safety
    /// As [`Memory`].
    #[inline(always)]
    pub unsafe fn run_item<V: Vector>(&self, memory: &Memory, item: usize) {
        let [inputs, _] = self.channels();
        let mut pictures = share(self.images, self.shares, item);
        let each: usize = squares(self.out).iter().product();
        // SAFETY: as [`Memory`]; scratch has what `places` says.
        unsafe {
            let places = self.places();
            let sums = memory.scratch(places[4], places[5] - places[4]);
            if self.rows == inputs {
                sums.fill(0.0);
            }
            while !pictures.is_empty() {
                let some = pictures.start..pictures.end.min(pictures.start + self.pictures);
                pictures.start = some.end;
                let count = some.len() * each;
                self.lay::<V>(memory, some);
                let mut done = 0;
                while done < count {
                    let now = self.at_once.min(count - done);
                    self.transform::<V>(memory, done, now);
                    done += now;
                    if self.rows == inputs {
                        self.add(memory, now, 0, inputs);
                    } else {
                        for first in (0..inputs).step_by(self.rows) {
                            let rows = self.rows.min(inputs - first);
                            sums.fill(0.0);
                            self.add(memory, now, first, rows);
                            self.finish::<V>(memory, item, first, rows);
                        }
                    }
                }
            }
            if self.rows == inputs {
                self.finish::<V>(memory, item, 0, inputs);
            }
        }
    }

    /// # Safety
    /// As [`WinogradGradient::run_item`].
    #[inline(always)]
    unsafe fn lay<V: Vector>(&self, memory: &Memory, pictures: std::ops::Range<usize>) {
        let places = self.places();
        for (index, source) in [Source::of(self.x), self.dy].iter().enumerate() {
            let canvas = &self.canvases[index];
            for (slot, picture) in pictures.clone().enumerate() {
                // SAFETY: as [`Memory`]; there is a canvas for each picture.
                unsafe {
                    let to = memory.scratch(places[index] + slot * canvas.length(), canvas.length());
                    canvas.fill_with::<V>(memory, source, picture, Numbers::of(to));
                }
            }
        }
    }

    /// # Safety
    /// As [`WinogradGradient::run_item`].
    #[inline(always)]
    unsafe fn transform<V: Vector>(&self, memory: &Memory, first: usize, count: usize) {
        let places = self.places();
        let [rows, columns] = squares(self.out);
        for index in [0, 1] {
            let (canvas, position) = (&self.canvases[index], self.positions()[index]);
            let channels = canvas.picture[2];
            let pixels = Pixels { row: canvas.row(), pixel: channels, format: Format::Float };
            // SAFETY: as [`Memory`]; squares lie within their canvases, and their places behind them.
            unsafe {
                let laid = memory.scratch(places[index], self.laid()[index]).as_ptr();
                let transformed = memory.scratch(places[2 + index], POSITIONS * position).as_mut_ptr();
                for square in 0..count {
                    let (picture, rest) = ((first + square) / (rows * columns), (first + square) % (rows * columns));
                    let (y, x) = (rest / columns * SIDE, rest % columns * SIDE);
                    let from = laid.add(picture * canvas.length() + y * pixels.row + x * channels);
                    let to = transformed.add(square * WinogradGradient::square(channels));
                    for c in (0..channels).step_by(V::LANES) {
                        if index == 0 {
                            transform_input::<V, REACH, false>(from.add(c), pixels, to.add(c), position);
                        } else {
                            gradient_square::<V>(from.add(c), pixels, to.add(c), position);
                        }
                    }
                }
            }
        }
    }

    /// The products of some rows of the filters' matrix, added to their sums.
    ///
    /// # Safety
    /// As [`WinogradGradient::run_item`].
    #[inline(always)]
    unsafe fn add(&self, memory: &Memory, count: usize, first: usize, rows: usize) {
        let (places, [of_x, of_dy]) = (self.places(), self.positions());
        let [inputs, outputs] = self.channels();
        let parts = rows.div_ceil(self.kernels[0].len());
        for position in 0..POSITIONS {
            for part in 0..parts {
                let (from, to) = (part * rows / parts, (part + 1) * rows / parts);
                for group in &self.groups {
                    // SAFETY: as [`Memory`]; rows, columns and squares are those of the places.
                    unsafe {
                        let x = memory.scratch(places[2], POSITIONS * of_x).as_ptr();
                        let dy = memory.scratch(places[3], POSITIONS * of_dy).as_ptr();
                        let sums = memory.scratch(places[4], POSITIONS * self.rows * outputs).as_mut_ptr();
                        let args = OuterArgs {
                            x: x.add(position * of_x + first + from),
                            x_row: 0,
                            x_pixel: WinogradGradient::square(inputs),
                            dy: dy.add(position * of_dy + group.first),
                            dy_row: 0,
                            dy_pixel: WinogradGradient::square(outputs),
                            rows: 1,
                            columns: count,
                            sums: sums.add((position * self.rows + from) * outputs + group.first),
                            sums_row: outputs,
                        };
                        self.kernels[group.vectors - 1][to - from - 1](&args);
                    }
                }
            }
        }
    }

    /// From the sums of some rows at all positions to those of the taps.
    ///
    /// # Safety
    /// As [`WinogradGradient::run_item`].
    #[inline(always)]
    unsafe fn finish<V: Vector>(&self, memory: &Memory, item: usize, first: usize, rows: usize) {
        let [inputs, outputs] = self.channels();
        let of_sums = self.rows * outputs;
        // SAFETY: as [`Memory`]; a share has sums of its own.
        unsafe {
            let sums = memory.scratch(self.places()[4], POSITIONS * of_sums).as_ptr();
            let result = memory.at(self.sums).add(item * self.length() + first * outputs);
            for at in (0..rows * outputs).step_by(V::LANES) {
                sums_square::<V>(sums.add(at), of_sums, result.add(at), inputs * outputs);
            }
        }
    }
}
