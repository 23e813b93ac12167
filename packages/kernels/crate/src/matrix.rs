//! Convolutions on a matrix unit. An item copies its input into the worker's own memory, a *canvas* on which every tap of
//! neighbouring output pixels reads neighbouring pixels, whatever the stride: pixels apart by the stride lie on a sheet of
//! their own each. Output pixels are counted through the canvas's rows; those beyond a row's end are computed and dropped.

use crate::amx::{MOST_PIXELS, ProductArgs, ROW, Registers, SIDE, kernel};
use crate::direct::Plane;
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
    /// Where channels are too few to be blocks, a pixel has all numbers under the filter.
    pub window: Option<Window>,
}

/// What a filter covers of an input whose pixels lie side by side: rows of numbers.
pub struct Window {
    pub rows: usize,
    /// Numbers of a row.
    pub width: usize,
    /// From one row to the next.
    pub row: usize,
}

pub struct MatrixConv {
    pub parts: Vec<Part>,
    /// Vectors of output channels, and the words of weights that each has.
    pub vectors: usize,
    pub vector_weights: usize,
    /// Of an item.
    pub vectors_each: usize,
    /// Pixels that stay in the first-level cache while all of an item's vectors pass by.
    pub pixels_at_once: usize,
    /// Registers of pixels of the largest kernel: 4 where weights that fill a register pass by once for all pixels, else 2.
    pub registers: usize,
    /// Blocks of channels on the canvas.
    pub blocks: usize,
    /// Of the input: vectors of channels.
    pub input_blocks: usize,
    pub canvas: Canvas,
    /// By block and tap: where the tap of the first output pixel is, in bytes from the canvas's start.
    pub offsets: Vec<usize>,
    pub strides: [usize; 2],
    /// Rows and columns of the padded input that are read.
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
/// Windows that are gathered at once.
const STAGED: usize = 16;

impl MatrixConv {
    pub fn items(&self) -> usize {
        self.parts.len() * self.vectors.div_ceil(self.vectors_each)
    }

    /// Of numbers in halves the three products that stand for one.
    pub fn multiply_adds(&self) -> f64 {
        let count = |part: &Part| (self.canvas.rows * (part.images - 1) + part.rows) * self.canvas.columns;
        let pixels: usize = self.parts.iter().map(|part| count(part).next_multiple_of(SIDE)).sum();
        let channels = ROW * self.input.format.per_word().max(2) / 4;
        let products = if self.input.format == Format::Float { 3 } else { 1 };
        pixels as f64 * (self.offsets.len() * channels * products * self.vectors * SIDE) as f64
    }

    /// Floats of a worker's own memory.
    pub fn scratch(&self) -> usize {
        SUMS + self.stage() + self.blocks * self.block_bytes() / 4
    }

    /// Floats of the windows that are gathered before they are split in halves: all of them are written before any is read.
    fn stage(&self) -> usize {
        if self.canvas.window.is_some() { (STAGED + 1) * self.blocks * 2 * SIDE } else { 0 }
    }

    fn block_bytes(&self) -> usize {
        self.canvas.sheets.len() * self.canvas.sheet * self.canvas.pixel
    }

    /// # Safety
    /// As [`Context`], for an item of this layer; the CPU must have the unit.
    #[inline(always)]
    pub unsafe fn run_item<V: Vector>(&self, context: &Context, item: usize) {
        let shares = self.vectors.div_ceil(self.vectors_each);
        let (index, share) = (item / shares, item % shares);
        let vectors = share * self.vectors_each..self.vectors.min((share + 1) * self.vectors_each);
        let part = &self.parts[index];
        // SAFETY: as [`Context`]; the scratch has room for sums, stage and canvas, as `scratch()` says, and the CPU
        // has the unit.
        unsafe {
            let sums = context.scratch;
            let canvas = sums.add(SUMS + self.stage()) as *mut u8;
            let wanted = Some(Prepared { layer: self as *const MatrixConv as *const (), first: index });
            if context.prepared.replace(wanted) != wanted {
                match &self.canvas.window {
                    Some(window) => self.fill_windows::<V>(context, part, window, canvas),
                    None => self.fill::<V>(context, part, canvas),
                }
            }
            let _registers = Registers::configure();
            let filters = context.filters(self.weights);
            let count = ((part.images - 1) * self.canvas.rows + part.rows - 1) * self.canvas.columns + self.columns;
            for from in (0..count).step_by(self.pixels_at_once) {
                for vector in vectors.clone() {
                    let to = count.min(from + self.pixels_at_once);
                    for first in (from..to).step_by(self.registers * SIDE) {
                        let end = to.min(first + self.registers * SIDE);
                        let registers = (end - first).div_ceil(SIDE).next_power_of_two();
                        let args = ProductArgs {
                            input: canvas.add(first * self.canvas.pixel),
                            offsets: self.offsets.as_ptr(),
                            steps: self.offsets.len(),
                            weights: filters.add(vector * self.vector_weights) as *const u8,
                            sums,
                        };
                        kernel(self.format, registers)(&args);
                        self.finish::<V>(context, part, vector, [first, end]);
                    }
                }
            }
        }
    }

    /// Copies the part's input to the canvas.
    ///
    /// # Safety
    /// As [`MatrixConv::run_item`]; `canvas` must be the worker's.
    #[inline(always)]
    unsafe fn fill<V: Vector>(&self, context: &Context, part: &Part, canvas: *mut u8) {
        let Canvas { rows, columns, sheet, pixel, .. } = self.canvas;
        let [stride_y, stride_x] = self.strides;
        // SAFETY: the value begins there.
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
                        // SAFETY: the padded row is the input's, and `reach` keeps to rows that are there; the canvas
                        // has the line.
                        unsafe {
                            let from = source.add(at + from.x * self.input_pixel);
                            self.fill_row::<V>(from, block, canvas.add(line * pixel), used);
                        }
                    }
                }
            }
        }
    }

    /// The same for an input of few channels: the numbers under the filter of each output pixel.
    ///
    /// # Safety
    /// As [`MatrixConv::run_item`]; `canvas` must be the worker's.
    #[inline(always)]
    unsafe fn fill_windows<V: Vector>(&self, context: &Context, part: &Part, window: &Window, canvas: *mut u8) {
        let Canvas { rows, columns, sheet, pixel, .. } = self.canvas;
        let [stride_y, stride_x] = self.strides;
        let numbers = self.blocks * 2 * SIDE;
        // SAFETY: the padded rows are the input's; stage and canvas have room for what the layer says.
        unsafe {
            let stage = context.scratch.add(SUMS);
            std::ptr::write_bytes(stage, 0, self.stage());
            for image in 0..part.images {
                for row in 0..part.rows {
                    let image_start = self.input.start + (part.first_image + image) * self.input.image;
                    let from =
                        context.activations.add(image_start + (part.first_row + row) * stride_y * self.input_row);
                    for first in (0..columns).step_by(STAGED) {
                        let count = STAGED.min(columns - first);
                        for i in 0..count {
                            gather::<V>(
                                from.add((first + i) * stride_x * self.input_pixel),
                                window,
                                stage.add(i * numbers),
                            );
                        }
                        for block in 0..self.blocks {
                            let line = block * sheet + (image * rows + row) * columns + first;
                            for i in 0..count {
                                let from = stage.add(i * numbers + block * 2 * SIDE);
                                let to = canvas.add((line + i) * pixel) as *mut f32;
                                V::load(from).store_halves(V::load(from.add(SIDE)), to, to.add(ROW / 4));
                            }
                        }
                    }
                }
            }
        }
    }

    /// A row of one block of channels: those of several of the input's blocks side by side.
    ///
    /// # Safety
    /// As [`Vector`]; `from` must be the first block's, and `to` have room for `count` pixels.
    #[inline(always)]
    unsafe fn fill_row<V: Vector>(&self, from: *const f32, block: usize, to: *mut u8, count: usize) {
        let step = self.strides[1] * self.input_pixel;
        if self.input.format == Format::Float {
            let from = from.wrapping_add(2 * block * self.input.plane);
            let others = (2 * block + 1 < self.input_blocks).then_some(from.wrapping_add(self.input.plane));
            for i in 0..count {
                // SAFETY: the block and, where it is there, the next are the input's; so are `count` pixels of the row.
                unsafe {
                    let others = others.map_or(V::splat(0.0), |others| V::load(others.wrapping_add(i * step)));
                    let to = to.add(i * 2 * ROW);
                    V::load(from.add(i * step)).store_halves(others, to as *mut f32, to.add(ROW) as *mut f32);
                }
            }
            return;
        }
        let parts = self.input.format.per_word();
        let bytes = 4 * V::LANES / parts;
        let width = ROW / parts;
        // SAFETY: blocks beyond the input's are only written, as zeros; so much of a pixel is the block's.
        unsafe {
            for part in 0..parts {
                let to = to.add(part * width);
                let number = block * parts + part;
                let from = from.wrapping_add(number * self.input.plane);
                let is_there = number < self.input_blocks;
                for i in 0..count {
                    let to = to.add(i * ROW);
                    if is_there {
                        std::ptr::copy_nonoverlapping(from.add(i * step) as *const u8, to, bytes);
                    } else {
                        std::ptr::write_bytes(to, 0, bytes);
                    }
                }
            }
        }
    }

    /// Adds what is missing to the sums of some pixels and one vector, and stores those that there are.
    ///
    /// # Safety
    /// As [`MatrixConv::run_item`]; the scratch must hold the sums of these pixels.
    #[inline(always)]
    unsafe fn finish<V: Vector>(&self, context: &Context, part: &Part, block: usize, [first, end]: [usize; 2]) {
        let Canvas { rows, columns, .. } = self.canvas;
        let output_pixel = V::LANES / self.output.format.per_word();
        let residual_pixel = self.residual.map_or(0, |from| V::LANES / from.format.per_word());
        let is_of_integers = matches!(self.input.format, Format::Byte { .. });
        // SAFETY: sums of `first` to `end` are in the scratch; pixels beyond the part's rows and columns are left out.
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
                let sums = context.scratch.add((at - first) * V::LANES);
                at = next;
                if y >= part.rows {
                    continue;
                }
                let (image, y) = (part.first_image + image, part.first_row + y);
                let place = |plane: &Plane, row: usize, pixel: usize| {
                    plane.start + image * plane.image + block * plane.plane + y * row + x * pixel
                };
                let to = context.activations.add(place(&self.output, self.output_row, output_pixel));
                let line = Line { sums, count, clamp: self.clamp };
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
                            let sum = if is_of_integers { sum.to_floats().mul_add(scale, bias) } else { sum.add(bias) };
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
    count: usize,
    clamp: Clamp,
}

impl Line {
    /// # Safety
    /// As [`Vector`]; `sums` must have `count` vectors, and the two closures hold for each of them.
    #[inline(always)]
    unsafe fn store<V: Vector>(&self, complete: impl Fn(V, usize) -> V, store: impl Fn(V, usize)) {
        for i in 0..self.count {
            // SAFETY: the caller's word: the sums are there, and so is what the two touch for each pixel.
            unsafe {
                let sum = complete(V::load(self.sums.add(i * V::LANES)), i);
                store(self.clamp.apply(sum), i);
            }
        }
    }
}

/// The rows of a window, one behind the other. A row's last vector may reach beyond it: the next row is written over that,
/// and the last ends in zeros.
///
/// # Safety
/// As [`Vector`]; the input must have the window's rows, and `to` room for them and a vector more.
#[inline(always)]
unsafe fn gather<V: Vector>(from: *const f32, window: &Window, to: *mut f32) {
    // SAFETY: the caller's word; `load_first` reads no number beyond the last row.
    unsafe {
        for row in 0..window.rows {
            let (from, to) = (from.add(row * window.row), to.add(row * window.width));
            for first in (0..window.width).step_by(V::LANES) {
                V::load(from.add(first)).store(to.add(first));
            }
        }
        let (row, first) = (window.rows - 1, (window.width - 1) / V::LANES * V::LANES);
        let last = V::load_first(from.add(row * window.row + first), window.width - first);
        last.store(to.add(row * window.width + first));
    }
}
