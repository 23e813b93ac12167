//! Winograd convolutions: their squares, and what of them the workers share.

use super::direct::{End, bytes_of};
use super::{Algorithm, Planner, WINOGRAD, first_tap, plane};
use crate::cpu;
use crate::direct::Plane;
use crate::format::Format;
use crate::isa::Walk;
use crate::layout::{Layout, even_parts};
use crate::lower::{Conv, Kind, Operation};
use crate::precision::IS_REDUCIBLE;
use crate::program::Work;
#[cfg(target_arch = "aarch64")]
use crate::tile::HALF;
use crate::tile::{BFLOAT, FLOAT};
use crate::weights::{Filters, Numbers, Packing};
use crate::winograd::{Square, SquareShape, Stage, Winograd, whole_items, whole_limit};
use std::borrow::Cow;
use std::sync::Arc;

/// Weights of at least so many bytes are read once per run, whatever happens to the activations.
const LARGE_WEIGHTS: usize = 4 << 20;
/// Transformed input that is held at once where all workers share it, in floats.
const SHARED_TRANSFORMED: usize = 2 << 20;
/// The form of filters of bfloat16, among [`SquareShape::reach`]'s and those of bytes.
const NARROW: usize = 3;
/// The same of float16.
#[cfg(target_arch = "aarch64")]
const NARROW_HALF: usize = 7;
/// Up to so many workers each transform a convolution's whole input for themselves.
const FEW_WORKERS: usize = 4;

impl<'a> Planner<'_, 'a> {
    /// Floats of transformed input that the workers share, 0 where each goes square by square.
    pub(super) fn shared_transformed(&self, index: usize) -> usize {
        let operation = &self.operations()[index];
        let (Kind::Conv(conv), Algorithm::Winograd(m)) = (&operation.kind, self.choices[index].algorithm) else {
            return 0;
        };
        let input = &self.layouts[operation.inputs[0]];
        let shape = square_shape(m, conv);
        if self.options.threads <= FEW_WORKERS || !self.is_by_groups(conv, shape, index) {
            return 0;
        }
        let squares = self.squares_shared(shape, operation);
        shape.transformed_floats(input.blocks, squares, self.winograd_words(shape, input))
    }

    /// Words of a transformed block: bytes become whole numbers of 16 bits, and bfloat16 and float16 stay such where the
    /// transforms add four numbers at most.
    fn winograd_words(&self, shape: SquareShape, input: &Layout) -> usize {
        match input.format {
            Format::Byte { .. } if IS_REDUCIBLE => self.lanes / 2,
            Format::Bfloat if IS_REDUCIBLE && shape.m == 2 => self.lanes / 2,
            #[cfg(target_arch = "aarch64")]
            Format::Half if shape.m == 2 => self.lanes / 2,
            _ => input.block,
        }
    }

    /// Whether no sum of the layer can be so large that Winograd's in whole numbers would lose it.
    pub(super) fn keeps_whole(&self, m: usize, conv: &Conv<'a>, operation: &Operation<'a>) -> bool {
        let filters = Filters {
            filter: conv.filter,
            taps: 9,
            in_channels: self.shape(operation.inputs[0])[3],
            out_channels: self.shape(operation.output)[3],
            groups: conv.groups,
        };
        filters.largest_byte_sum(&filters.steps()) < whole_limit(m)
    }

    fn is_by_groups(&self, conv: &Conv, shape: SquareShape, index: usize) -> bool {
        let operation = &self.operations()[index];
        let words = self.winograd_words(shape, &self.layouts[operation.inputs[0]]);
        let (groups, blocks) = self.output_groups(conv, operation, shape.planes() * words);
        let bytes: usize = groups.iter().map(|group| group.vectors * blocks).sum::<usize>() * words * self.lanes;
        let are_large = 4 * shape.planes() * bytes >= LARGE_WEIGHTS;
        are_large != self.choices[index].divides_otherwise && groups.len() >= self.options.threads
    }

    /// Squares that are transformed together where the workers share them.
    fn squares_shared(&self, shape: SquareShape, operation: &Operation) -> usize {
        let [images, height, width, _] = self.shape(operation.output);
        let all = images * height.div_ceil(shape.m) * width.div_ceil(shape.m);
        let input = &self.layouts[operation.inputs[0]];
        let each = shape.planes() * input.blocks * self.winograd_words(shape, input);
        let most = (SHARED_TRANSFORMED / each).max(self.squares_at_once());
        even_parts(all, most).into_iter().max().unwrap_or(0)
    }

    /// Squares of a Winograd convolution that fill whole register tiles and keep to the second-level cache.
    fn squares_at_once(&self) -> usize {
        let pixels = self.options.isa.max_pixels();
        14 / pixels * pixels
    }

    pub(super) fn winograd(&mut self, m: usize, conv: &Conv<'a>, index: usize) {
        let operation = &self.operations()[index];
        let [input, output] = [self.layouts[operation.inputs[0]], self.layouts[operation.output]];
        let residual = operation.inputs.get(1).map(|id| self.layouts[*id]);
        let shape = square_shape(m, conv);
        let planes = shape.planes();
        let lanes = self.lanes;
        let words = self.winograd_words(shape, &input);
        let (groups, blocks) = self.output_groups(conv, operation, planes * words);
        let filters = Filters {
            filter: conv.filter,
            taps: conv.kernel[0] * conv.kernel[1],
            in_channels: input.channels,
            out_channels: output.channels,
            groups: conv.groups,
        };
        let vectors: usize = groups.iter().map(|group| group.vectors).sum();
        let floats = vectors * planes * blocks * words * lanes;
        let bias = conv.bias.unwrap_or(&[]);
        let whole = match input.format {
            Format::Byte { scale, zero } if IS_REDUCIBLE => {
                Some(bytes_of(&filters, bias, scale, zero, filters.steps()))
            }
            _ => None,
        };
        let numbers = match &whole {
            Some(bytes) => Some(Numbers::Bytes(bytes.steps.clone())),
            None => (words < input.block).then_some(Numbers::of_16_bits(input.format)),
        };
        let form = match numbers {
            Some(Numbers::Bytes(_)) => m / 2,
            #[cfg(target_arch = "aarch64")]
            Some(Numbers::Float16) => NARROW_HALF,
            Some(_) => NARROW,
            None => shape.reach(),
        };
        let how = [WINOGRAD + form, lanes];
        let weights = self.reserve_filters(&filters, &groups, floats, how, |group, at| Packing::Winograd {
            shape,
            filters,
            group,
            blocks,
            channels: input.block,
            lanes,
            at,
            numbers: numbers.clone(),
        });
        let formats = [Some(input.format), Some(output.format), residual.map(|layout| layout.format)];
        let end = End::in_bytes(formats, self.options.isa);
        let (bias, scales) = match (whole, end) {
            (Some(bytes), Some(end)) => end.in_steps(bytes.bias, bytes.scales),
            (Some(bytes), None) => (bytes.bias, Cow::Owned(bytes.scales)),
            (None, _) => (Cow::Borrowed(bias), Cow::Borrowed(&[][..])),
        };
        let is_by_groups = self.is_by_groups(conv, shape, index);
        let choice = self.choices[index];
        let asks = cpu::prefetch_pays() != choice.prefetches_otherwise;
        let walk = if shape.is_stem() { Walk::RgbUnit } else { Walk::Unit };
        let layer = Winograd {
            shape,
            images: output.images,
            squares: squares(shape, &input, &output, residual.as_ref()),
            groups,
            input_blocks: input.blocks,
            blocks,
            lanes,
            words,
            input: Plane { start: first_tap(conv, &input), ..plane(&input) },
            input_row: input.row,
            output: plane(&output),
            output_row: output.row,
            residual: residual.as_ref().map(plane),
            residual_row: residual.map_or(0, |layout| layout.row),
            weights,
            bias: self.reserve_channels(bias, output.channels),
            scales: if matches!(numbers, Some(Numbers::Bytes(_))) {
                self.reserve_channels(scales, output.channels)
            } else {
                0
            },
            #[cfg(target_arch = "x86_64")]
            in_bytes: end.map(|end| end.kernel(conv.clamp)),
            clamp: conv.clamp,
            kernels: match numbers {
                Some(Numbers::Bytes(_)) => self.options.isa.whole_tiles,
                #[cfg(target_arch = "aarch64")]
                Some(Numbers::Float16) => self.options.isa.tiles(HALF, walk, asks),
                Some(_) => self.options.isa.tiles(BFLOAT, walk, asks),
                None => self.options.isa.tiles(FLOAT, walk, asks),
            },
            squares_at_once: self.squares_at_once() * if is_by_groups { 2 } else { 1 },
            shared: self.shared[index],
        };
        let layer = Arc::new(layer);
        let all = layer.images * layer.squares.len();
        let mut stages = Vec::new();
        if is_by_groups {
            let mut first = 0;
            for count in even_parts(all, self.squares_shared(shape, operation)) {
                match self.options.threads <= FEW_WORKERS {
                    true => stages.push(Stage::Own { first, count }),
                    false => stages.extend([Stage::Transform { first, count }, Stage::Multiply { first, count }]),
                }
                first += count;
            }
        } else {
            // Their filters are large beside their products: more squares for each time that they are read.
            let more = if shape.is_strided() && !shape.is_stem() { 3 } else { 1 };
            let wanted = more * layer.squares_at_once * if choice.has_large_items { 2 } else { 1 };
            stages.push(Stage::Whole { items: whole_items(all, wanted, self.options.threads) });
        }
        for stage in stages {
            self.scratch = self.scratch.max(layer.scratch(stage));
            self.push(&operation.label, Work::Winograd(layer.clone(), stage), operation.output);
        }
    }
}

fn square_shape(m: usize, conv: &Conv) -> SquareShape {
    SquareShape { m, stride: conv.strides[0], kernel: conv.kernel[0] }
}

fn squares(
    SquareShape { m, stride, .. }: SquareShape,
    input: &Layout,
    output: &Layout,
    residual: Option<&Layout>,
) -> Vec<Square> {
    let mut squares = Vec::new();
    for y in (0..output.height).step_by(m) {
        for x in (0..output.width).step_by(m) {
            let at = |layout: &Layout| (y * layout.row + x * layout.pixel) as u32;
            squares.push(Square {
                input: (stride * (y * input.row + x * input.pixel)) as u32,
                output: at(output),
                residual: residual.map_or(0, at),
                rows: m.min(output.height - y) as u16,
                columns: m.min(output.width - x) as u16,
            });
        }
    }
    squares
}
