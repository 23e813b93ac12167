//! Convolutions on a matrix unit. An item copies its input into the worker's own memory, a *canvas* on which every tap of
//! neighbouring output pixels reads neighbouring pixels, whatever the stride: pixels apart by the stride lie on a sheet of
//! their own each. Output pixels are counted through the canvas's rows; those beyond a row's end are computed and dropped.

use crate::amx::{MOST_PIXELS, ProductArgs, ROW, Registers, SIDE, kernel};
use crate::direct::{OutputGroup, Plane};
use crate::format::Format;
use crate::program::{Context, Prepared};
use crate::sharing::Place;
use crate::simd::Vector;
use crate::tile::Clamp;

/// Some whole images, or some rows of one: what an item computes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    pub first_image: usize,
    pub images: usize,
    pub first_row: usize,
    pub rows: usize,
}

/// Every `stride`-th pixel of the padded input, from (`y`, `x`) on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sheet {
    pub y: usize,
    pub x: usize,
}

/// How the input lies on the canvas: `[block of channels][sheet][image][row][pixel]`.
pub struct Canvas {
    pub sheets: Vec<Sheet>,
    /// Of one image on one sheet: as many as the largest part has, and those that only its lower taps read.
    pub rows: usize,
    pub extra_rows: usize,
    pub columns: usize,
    /// Pixels of a sheet, with those that the last kernel reads beyond its end.
    pub sheet: usize,
    /// Bytes of a pixel.
    pub pixel: usize,
    /// Numbers that lie side by side in the input and make one pixel, where its channels are too few to be blocks: those
    /// of a row of taps. 0: channels lie in blocks.
    pub window: usize,
}

pub struct MatrixConv {
    pub parts: Vec<Part>,
    pub groups: Vec<OutputGroup>,
    /// Registers of pixels of the largest kernel: 4 where weights that fill a register pass by once for all pixels, else 2.
    pub registers: usize,
    /// An item is one output group, else all of them.
    pub is_by_groups: bool,
    /// Blocks of channels on the canvas.
    pub blocks: usize,
    /// Of the input: vectors of channels.
    pub input_blocks: usize,
    pub canvas: Canvas,
    /// By block and tap: where the tap of the first output pixel is, in bytes from the canvas's start.
    pub offsets: Vec<usize>,
    pub strides: [usize; 2],
    /// Rows and columns of the padded input that are read; windows: columns from which they start.
    pub padded: [usize; 2],
    /// Columns of the output.
    pub columns: usize,
    pub input: Plane,
    pub input_row: usize,
    pub input_pixel: usize,
    pub output: Plane,
    pub output_row: usize,
    pub residual: Option<Plane>,
    pub residual_row: usize,
    pub weights: Place,
    /// The kernels'.
    pub format: usize,
    pub bias: usize,
    /// Where the input is of bytes: what the sums are multiplied with.
    pub scales: usize,
    pub clamp: Clamp,
}

/// Floats of the sums of one kernel.
const SUMS: usize = MOST_PIXELS * SIDE;

impl MatrixConv {
    pub fn items(&self) -> usize {
        self.parts.len() * if self.is_by_groups { self.groups.len() } else { 1 }
    }

    /// Floats of a worker's own memory.
    pub fn scratch(&self) -> usize {
        SUMS + self.blocks * self.block_bytes() / 4
    }

    fn block_bytes(&self) -> usize {
        self.canvas.sheets.len() * self.canvas.sheet * self.canvas.pixel
    }

    /// # Safety
    /// `item < items()`, the context's memory must be what the layer was planned for, and the CPU must have the unit.
    #[inline(always)]
    pub unsafe fn run_item<V: Vector>(&self, context: &Context, item: usize) {
        let (index, groups) = match self.is_by_groups {
            true => (item / self.groups.len(), std::slice::from_ref(&self.groups[item % self.groups.len()])),
            false => (item, &self.groups[..]),
        };
        let part = &self.parts[index];
        unsafe {
            let sums = context.scratch;
            let canvas = sums.add(SUMS) as *mut u8;
            let wanted = Some(Prepared { layer: self as *const MatrixConv as *const (), first: index });
            if context.prepared.replace(wanted) != wanted {
                self.fill::<V>(context, part, canvas);
            }
            let _registers = Registers::configure();
            let count = ((part.images - 1) * self.canvas.rows + part.rows - 1) * self.canvas.columns + self.columns;
            for group in groups {
                for first in (0..count).step_by(self.registers * SIDE) {
                    let end = count.min(first + self.registers * SIDE);
                    let registers = (end - first).div_ceil(SIDE).next_power_of_two();
                    let args = ProductArgs {
                        input: canvas.add(first * self.canvas.pixel),
                        offsets: self.offsets.as_ptr(),
                        steps: self.offsets.len(),
                        weights: context.filters(self.weights).add(group.weights) as *const u8,
                        sums,
                    };
                    kernel(self.format, registers, group.vectors)(&args);
                    for vector in 0..group.vectors {
                        self.finish::<V>(context, part, group, vector, [first, end]);
                    }
                }
            }
        }
    }

    /// Copies the part's input to the canvas.
    #[inline(always)]
    unsafe fn fill<V: Vector>(&self, context: &Context, part: &Part, canvas: *mut u8) {
        let Canvas { rows, columns, sheet, pixel, window, .. } = self.canvas;
        let [stride_y, stride_x] = self.strides;
        let source = unsafe { context.activations.add(self.input.start) };
        for block in 0..self.blocks {
            for (number, from) in self.canvas.sheets.iter().enumerate() {
                let used = columns.min((self.padded[1] - from.x).div_ceil(stride_x));
                for image in 0..part.images {
                    let reach = self.padded[0].saturating_sub(part.first_row * stride_y + from.y).div_ceil(stride_y);
                    for row in 0..reach.min(part.rows + self.canvas.extra_rows) {
                        let line =
                            ((block * self.canvas.sheets.len() + number) * sheet) + (image * rows + row) * columns;
                        let y = (part.first_row + row) * stride_y + from.y;
                        let at = (part.first_image + image) * self.input.image + y * self.input_row;
                        unsafe {
                            let to = canvas.add(line * pixel);
                            if window > 0 {
                                fill_windows::<V>(source.add(at), stride_x * self.input_pixel, window, block, to, used);
                            } else {
                                let from = source.add(at + from.x * self.input_pixel);
                                self.fill_row::<V>(from, block, to, used);
                            }
                        }
                    }
                }
            }
        }
    }

    /// A row of one block of channels: those of several of the input's blocks side by side.
    #[inline(always)]
    unsafe fn fill_row<V: Vector>(&self, from: *const f32, block: usize, to: *mut u8, count: usize) {
        let step = self.strides[1] * self.input_pixel;
        let per_word = self.input.format.per_word();
        let bytes = 4 * V::LANES / per_word;
        let parts = per_word.max(2);
        let width = ROW / parts;
        unsafe {
            for part in 0..parts {
                let to = to.add(part * width);
                let number = block * parts + part;
                let from = from.wrapping_add(number * self.input.plane);
                let is_there = number < self.input_blocks;
                match self.input.format {
                    Format::Float => {
                        for i in 0..count {
                            let x = if is_there { V::load(from.add(i * step)) } else { V::splat(0.0) };
                            let to = to.add(i * 2 * ROW);
                            x.store_halves(to as *mut u16, to.add(ROW) as *mut u16);
                        }
                    }
                    _ if is_there => {
                        for i in 0..count {
                            std::ptr::copy_nonoverlapping(from.add(i * step) as *const u8, to.add(i * ROW), bytes);
                        }
                    }
                    _ => (0..count).for_each(|i| std::ptr::write_bytes(to.add(i * ROW), 0, bytes)),
                }
            }
        }
    }

    /// Adds what is missing to the sums of some pixels and one vector, and stores those that there are.
    #[inline(always)]
    unsafe fn finish<V: Vector>(
        &self,
        context: &Context,
        part: &Part,
        group: &OutputGroup,
        vector: usize,
        [first, end]: [usize; 2],
    ) {
        let Canvas { rows, columns, .. } = self.canvas;
        let block = group.first_block + vector;
        let output_pixel = V::LANES / self.output.format.per_word();
        let residual_pixel = self.residual.map_or(0, |from| V::LANES / from.format.per_word());
        let is_of_integers = matches!(self.input.format, Format::Byte { .. });
        unsafe {
            let bias = V::load(context.weights.add(self.bias + block * V::LANES));
            let scale =
                V::load(context.weights.add(if is_of_integers { self.scales } else { self.bias } + block * V::LANES));
            let mut at = first;
            while at < end {
                let (line, x) = (at / columns, at % columns);
                let (image, y) = (line / rows, line % rows);
                let next = ((line + 1) * columns).min(end);
                let count = (next - at).min(self.columns.saturating_sub(x));
                let sums = context.scratch.add((at - first) * group.vectors * V::LANES + vector * V::LANES);
                at = next;
                if y >= part.rows {
                    continue;
                }
                let (image, y) = (part.first_image + image, part.first_row + y);
                let place = |plane: &Plane, row: usize, pixel: usize| {
                    plane.start + image * plane.image + block * plane.plane + y * row + x * pixel
                };
                let to = context.activations.add(place(&self.output, self.output_row, output_pixel));
                let line = Line { sums, sums_pixel: group.vectors * V::LANES, count, clamp: self.clamp };
                let residual = match &self.residual {
                    Some(residual) => context.activations.add(place(residual, self.residual_row, residual_pixel)),
                    None => std::ptr::null(),
                };
                let formats = [self.output.format, self.residual.map_or(Format::Float, |from| from.format)];
                match (formats, is_of_integers) {
                    ([Format::Float, Format::Float], false) if residual.is_null() => {
                        line.store::<V>(|sum, _| sum.add(bias), |sum, i| sum.store(to.add(i * V::LANES)));
                    }
                    ([Format::Float, Format::Float], false) => line.store::<V>(
                        |sum, i| sum.add(bias).add(V::load(residual.add(i * V::LANES))),
                        |sum, i| sum.store(to.add(i * V::LANES)),
                    ),
                    ([output, shortcut], _) => line.store::<V>(
                        |sum, i| {
                            let sum =
                                if is_of_integers { sum.from_integers().mul_add(scale, bias) } else { sum.add(bias) };
                            match residual.is_null() {
                                true => sum,
                                false => sum.add(shortcut.load(residual.add(i * residual_pixel))),
                            }
                        },
                        |sum, i| output.store(sum, to.add(i * output_pixel)),
                    ),
                }
            }
        }
    }
}

/// Sums of neighbouring pixels of one vector.
struct Line {
    sums: *const f32,
    sums_pixel: usize,
    count: usize,
    clamp: Clamp,
}

impl Line {
    #[inline(always)]
    unsafe fn store<V: Vector>(&self, complete: impl Fn(V, usize) -> V, store: impl Fn(V, usize)) {
        for i in 0..self.count {
            unsafe {
                let sum = complete(V::load(self.sums.add(i * self.sums_pixel)), i);
                store(self.clamp.apply(sum), i);
            }
        }
    }
}

/// Windows of numbers that lie side by side, each a pixel of the canvas; the block's part of them.
#[inline(always)]
unsafe fn fill_windows<V: Vector>(
    from: *const f32,
    step: usize,
    window: usize,
    block: usize,
    to: *mut u8,
    count: usize,
) {
    const WIDTH: usize = 2 * SIDE;
    let first = block * WIDTH;
    let length = WIDTH.min(window - first);
    unsafe {
        for i in 0..count {
            let from = from.add(i * step + first);
            let to = to.add(i * 2 * ROW);
            for half in 0..2 {
                let to = to.add(half * ROW / 2);
                let x = V::load_first(from.wrapping_add(half * SIDE), length.saturating_sub(half * SIDE).min(SIDE));
                x.store_halves(to as *mut u16, to.add(ROW) as *mut u16);
            }
        }
    }
}
