//! Convolutions on a matrix unit: their parts, their canvas, and where the taps are on it.

use super::algorithm::reach;
use super::direct::Reduced;
use super::{Planner, first_tap, plane};
use crate::amx::{MOST_PIXELS, ROW, SIDE};
use crate::direct::{OutputGroup, Plane};
use crate::layout::{Layout, even_parts};
use crate::lower::{Conv, Operation};
use crate::matrix::{Canvas, MatrixConv, Part, Sheet, Window};
use crate::program::Work;
use crate::weights::{Filters, TapWindow};

/// Bytes of a canvas, which stays in the second-level cache beside the weights of a vector.
const LARGEST_CANVAS: usize = 1 << 20;
/// The same where a pixel has all numbers under the filter: they come from the second-level cache, once for all outputs.
const LARGEST_OF_WINDOWS: usize = 1 << 17;
/// Weights of at least so many bytes are read once per run, and each worker copies the whole input.
const LARGE_WEIGHTS: usize = 1 << 18;
/// Half of the first-level cache.
const NEAR: usize = 24 << 10;
/// Items for each worker, where a layer is divided by pixels.
const ITEMS_EACH: usize = 4;

impl<'a> Planner<'_, 'a> {
    pub(super) fn matrix(&mut self, conv: &Conv<'a>, operation: &Operation<'a>) -> Work {
        let [input, output] = [self.layouts[operation.inputs[0]], self.layouts[operation.output]];
        let residual = operation.inputs.get(1).map(|id| self.layouts[*id]);
        let is_narrow = input.block < self.lanes;
        let taps_beside = if is_narrow { conv.kernel[0] * conv.kernel[1] } else { 1 };
        let taps = Taps::of(conv, is_narrow);
        let halves = if input.format.per_word() == 1 { 2 } else { 1 };
        let per_word = input.format.per_word().max(2);
        let channels = ROW * per_word / 4;
        let inputs = taps_beside * input.channels;
        let blocks = inputs.div_ceil(channels);
        let row = taps.places.len() * halves * channels / per_word;

        let columns = output.width + taps.extra[1];
        let pixel = halves * ROW;
        let weight_bytes = 4 * blocks * row * output.blocks * self.lanes;
        let is_by_groups = weight_bytes >= LARGE_WEIGHTS && output.blocks >= 2 * self.options.threads;
        let largest = if is_narrow { LARGEST_OF_WINDOWS } else { LARGEST_CANVAS };
        let most = (largest / (taps.sheets.len() * blocks * columns * pixel)).max(1);
        let wanted = match is_by_groups {
            true => most,
            false => most.min((output.images * output.height).div_ceil(ITEMS_EACH * self.options.threads)),
        };
        let parts = parts(output.images, output.height, wanted);
        let rows = parts.iter().map(|part| part.rows).max().unwrap_or(1) + taps.extra[0];
        let images = parts.iter().map(|part| part.images).max().unwrap_or(1);
        let pixels = (images * rows - taps.extra[0]) * columns;
        let is_tall = is_by_groups && (MOST_PIXELS / 2 + 1..=MOST_PIXELS).contains(&pixels);
        let vector_weights = blocks * row * self.lanes;
        let vectors = single_vectors(output.blocks, vector_weights);
        let registers = if is_tall { 4 } else { 2 };

        let filters = Filters {
            filter: conv.filter,
            taps: conv.kernel[0] * conv.kernel[1],
            in_channels: input.channels,
            out_channels: output.channels,
            groups: 1,
        };
        let bias = conv.bias.unwrap_or(&[]);
        let window = TapWindow { taps: taps_beside, row: taps_beside };
        let Reduced { weights, bias, scales, .. } =
            self.reserve_reduced(filters, &vectors, blocks, bias, (input.format, None), ([channels, 1], window));
        let canvas = Canvas {
            rows,
            extra_rows: taps.extra[0],
            columns,
            sheet: images * rows * columns + MOST_PIXELS,
            pixel,
            window: is_narrow.then(|| Window {
                rows: conv.kernel[0],
                width: conv.kernel[1] * input.channels,
                row: conv.dilations[0] * input.row,
            }),
            sheets: taps.sheets.clone(),
        };
        let layer = MatrixConv {
            parts,
            vectors: output.blocks,
            vector_weights,
            vectors_each: if is_by_groups { 1 } else { output.blocks },
            pixels_at_once: pixels_at_once(blocks * pixel, registers * SIDE),
            registers,
            blocks,
            input_blocks: input.blocks,
            offsets: taps.offsets(blocks, &canvas),
            canvas,
            strides: conv.strides,
            padded: [0, 1].map(|axis| reach(conv, axis, [output.height, output.width][axis])),
            columns: output.width,
            input: Plane { start: first_tap(conv, &input), ..plane(&input) },
            input_row: input.row,
            input_pixel: input.pixel,
            output: plane(&output),
            output_row: output.row,
            residual: residual.as_ref().map(plane),
            residual_row: residual.map_or(0, |layout: Layout| layout.row),
            weights,
            format: super::direct::kind_of(input.format),
            bias,
            scales,
            clamp: conv.clamp,
        };
        self.scratch = self.scratch.max(layer.scratch());
        Work::Matrix(layer)
    }
}

/// Where a convolution's taps are on a canvas.
struct Taps {
    sheets: Vec<Sheet>,
    /// By tap: the sheet, and the row and column of the first output pixel on it.
    places: Vec<[usize; 3]>,
    /// Rows and columns that taps reach beyond the output's.
    extra: [usize; 2],
}

impl Taps {
    /// All are one where the input is narrow.
    fn of(conv: &Conv, is_narrow: bool) -> Taps {
        let [stride_y, stride_x] = conv.strides;
        let [rows, columns] = if is_narrow { [1, 1] } else { conv.kernel };
        let mut taps = Taps { sheets: Vec::new(), places: Vec::new(), extra: [0, 0] };
        for y in (0..rows).map(|y| y * conv.dilations[0]) {
            for x in (0..columns).map(|x| x * conv.dilations[1]) {
                let sheet = Sheet { y: y % stride_y, x: x % stride_x };
                let number = taps.sheets.iter().position(|other| *other == sheet).unwrap_or(taps.sheets.len());
                if number == taps.sheets.len() {
                    taps.sheets.push(sheet);
                }
                taps.places.push([number, y / stride_y, x / stride_x]);
                taps.extra = [taps.extra[0].max(y / stride_y), taps.extra[1].max(x / stride_x)];
            }
        }
        taps
    }

    /// In bytes from the canvas's start, by block of channels and tap.
    fn offsets(&self, blocks: usize, canvas: &Canvas) -> Vec<usize> {
        let mut offsets = Vec::with_capacity(blocks * self.places.len());
        for block in 0..blocks {
            for [number, y, x] in &self.places {
                let sheet = block * self.sheets.len() + number;
                offsets.push((sheet * canvas.sheet + y * canvas.columns + x) * canvas.pixel);
            }
        }
        offsets
    }
}

/// Output vectors one by one; each has `weights` words of weights.
fn single_vectors(blocks: usize, weights: usize) -> Vec<OutputGroup> {
    let group =
        |first_block| OutputGroup { first_block, vectors: 1, first_input_block: 0, weights: first_block * weights };
    (0..blocks).map(group).collect()
}

/// As many pixels of the canvas as fit half of the first-level cache, in whole kernels.
fn pixels_at_once(bytes: usize, of_kernel: usize) -> usize {
    (NEAR / bytes / of_kernel).max(1) * of_kernel
}

/// About `wanted` rows each: some whole images, or some rows of one.
fn parts(images: usize, height: usize, wanted: usize) -> Vec<Part> {
    let mut parts = Vec::new();
    if wanted >= height {
        let mut first_image = 0;
        for images in even_parts(images, wanted / height) {
            parts.push(Part { first_image, images, first_row: 0, rows: height });
            first_image += images;
        }
        return parts;
    }
    for first_image in 0..images {
        let mut first_row = 0;
        for rows in even_parts(height, wanted) {
            parts.push(Part { first_image, images: 1, first_row, rows });
            first_row += rows;
        }
    }
    parts
}
