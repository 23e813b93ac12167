//! Convolutions on a matrix unit: their parts, their canvas, and where the taps are on it.

use super::{Planner, first_tap, plane};
use crate::amx::{MOST_PIXELS, ROW};
use crate::direct::{OutputGroup, Plane};
use crate::layout::{Layout, even_parts};
use crate::lower::{Conv, Operation};
use crate::matrix::{Canvas, MatrixConv, Part, Sheet};
use crate::program::Work;
use crate::weights::Filters;

/// Bytes of a canvas, which stays in the second-level cache beside the weights of two vectors.
const LARGEST_CANVAS: usize = 1 << 20;
/// Weights of at least so many bytes are read once per run, and each worker copies the whole input.
const LARGE_WEIGHTS: usize = 1 << 18;
/// Items for each worker, where a layer is divided by pixels.
const ITEMS_EACH: usize = 4;

impl<'a> Planner<'_, 'a> {
    pub(super) fn matrix(&mut self, conv: &Conv<'a>, operation: &Operation<'a>) -> Work {
        let [input, output] = [self.layouts[operation.inputs[0]], self.layouts[operation.output]];
        let residual = operation.inputs.get(1).map(|id| self.layouts[*id]);
        let [kernel_y, kernel_x] = conv.kernel;
        let is_narrow = input.block < self.lanes;
        let taps_beside = if is_narrow { kernel_x } else { 1 };
        let channels = 2 * self.lanes * if input.format.per_word() == 4 { 2 } else { 1 };
        let halves = if input.format.per_word() == 1 { 2 } else { 1 };
        let taps = kernel_y * kernel_x / taps_beside;
        let row = taps * halves * channels / input.format.per_word().max(2);
        let inputs = taps_beside * input.channels;
        let blocks = inputs.div_ceil(channels);

        let columns_apart = if is_narrow { 1 } else { conv.strides[1] };
        let tap_columns: Vec<usize> = (0..kernel_x / taps_beside).map(|x| x * conv.dilations[1]).collect();
        let tap_rows: Vec<usize> = (0..kernel_y).map(|y| y * conv.dilations[0]).collect();
        let extra_rows = (kernel_y - 1) * conv.dilations[0] / conv.strides[0];
        let extra_columns = tap_columns[tap_columns.len() - 1] / columns_apart;
        let mut sheets = Vec::new();
        let mut places = Vec::new();
        for y in &tap_rows {
            for x in &tap_columns {
                let sheet = Sheet { y: y % conv.strides[0], x: x % columns_apart };
                let number = sheets.iter().position(|other| *other == sheet).unwrap_or(sheets.len());
                if number == sheets.len() {
                    sheets.push(sheet);
                }
                places.push([number, y / conv.strides[0], x / columns_apart]);
            }
        }

        let columns = output.width + extra_columns;
        let pixel = halves * ROW;
        let bytes_per_row = sheets.len() * blocks * columns * pixel;
        let weight_bytes = 4 * blocks * row * output.blocks * self.lanes;
        let is_by_groups = weight_bytes >= LARGE_WEIGHTS && output.blocks >= 2 * self.options.threads;
        let most = (LARGEST_CANVAS / bytes_per_row).max(1);
        let wanted = match is_by_groups {
            true => most,
            false => most.min((output.images * output.height).div_ceil(ITEMS_EACH * self.options.threads)),
        };
        let parts = parts(output.images, output.height, wanted);
        let rows = parts.iter().map(|part| part.rows).max().unwrap_or(1) + extra_rows;
        let images = parts.iter().map(|part| part.images).max().unwrap_or(1);
        let sheet = images * rows * columns + MOST_PIXELS;
        let is_tall =
            is_by_groups && (MOST_PIXELS / 2 + 1..=MOST_PIXELS).contains(&((images * rows - extra_rows) * columns));
        let vectors = if is_tall { 1 } else { 2 };
        let groups: Vec<OutputGroup> = (0..output.blocks)
            .step_by(vectors)
            .map(|first_block| OutputGroup {
                first_block,
                vectors: vectors.min(output.blocks - first_block),
                first_input_block: 0,
                weights: first_block * blocks * row * self.lanes,
            })
            .collect();
        let mut offsets = Vec::with_capacity(blocks * taps);
        for block in 0..blocks {
            for [number, y, x] in &places {
                offsets.push(((block * sheets.len() + number) * sheet + y * columns + x) * pixel);
            }
        }

        let filters = Filters {
            filter: conv.filter,
            taps: kernel_y * kernel_x,
            in_channels: input.channels,
            out_channels: output.channels,
            groups: 1,
        };
        let bias = conv.bias.unwrap_or(&[]);
        let how = [channels, taps_beside, 1];
        let (weights, bias, scales) = self.reserve_reduced(filters, &groups, blocks, bias, input.format, how);
        let read = |axis: usize, count: usize| {
            (count - 1) * conv.strides[axis] + (conv.kernel[axis] - 1) * conv.dilations[axis] + 1
        };
        let layer = MatrixConv {
            parts,
            groups,
            registers: if is_tall { 4 } else { 2 },
            is_by_groups,
            blocks,
            input_blocks: input.blocks,
            canvas: Canvas {
                sheets,
                rows,
                extra_rows,
                columns,
                sheet,
                pixel,
                window: if is_narrow { inputs } else { 0 },
            },
            offsets,
            strides: conv.strides,
            padded: [
                read(0, output.height),
                if is_narrow { output.width * conv.strides[1] } else { read(1, output.width) },
            ],
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
