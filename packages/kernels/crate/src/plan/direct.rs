//! Direct convolutions and dense layers: their tiles, and how their filters are packed.

use super::{DIRECT, Planner, REDUCED, first_tap, output_groups, plane};
use crate::cpu;
use crate::direct::{DirectConv, OutputGroup, Plane, Split, Tile};
use crate::format::Format;
use crate::isa::Walk;
use crate::layout::{Layout, even_parts};
use crate::lower::{Conv, Dense, Operation};
use crate::precision::IS_REDUCIBLE;
use crate::program::Work;
use crate::sharing::Place;
use crate::tile::{BFLOAT, BYTE, DynamicStrides, FLOAT};
use crate::weights::{Filters, Numbers, Packing};
use std::borrow::Cow;
use std::sync::Arc;

/// Weights of at least so many bytes are read once per run, whatever happens to the activations.
const LARGE_WEIGHTS: usize = 1 << 20;
/// Pixels of a layer for each worker from which it is divided by pixels: six of the largest tiles.
const ENOUGH_PIXELS: usize = 84;
/// Taps × input words up to which storing a tile's sums takes as long as making them.
const SHORT_SUMS: usize = 64;
/// Input channels whose weights stay in the first-level cache beside two vectors of output channels.
const CHANNELS_AT_ONCE: usize = 256;

impl<'a> Planner<'_, 'a> {
    pub(super) fn direct(&mut self, conv: &Conv<'a>, index: usize) -> Work {
        let (operation, choice) = (&self.operations()[index], self.choices[index]);
        let [input, output] = [self.layouts[operation.inputs[0]], self.layouts[operation.output]];
        let residual = operation.inputs.get(1).map(|id| self.layouts[*id]);
        let words = input.pixel;
        let taps_count = conv.kernel[0] * conv.kernel[1];
        let (groups, blocks) = self.output_groups(conv, operation, taps_count * words);
        let mut taps = Vec::with_capacity(taps_count);
        for y in 0..conv.kernel[0] {
            for x in 0..conv.kernel[1] {
                taps.push(y * conv.dilations[0] * input.row + x * conv.dilations[1] * input.pixel);
            }
        }
        let filters = Filters {
            filter: conv.filter,
            taps: taps_count,
            in_channels: input.channels,
            out_channels: output.channels,
            groups: conv.groups,
        };
        let bias = conv.bias.unwrap_or(&[]);
        let (weights, bias, scales) = match input.format {
            _ if !IS_REDUCIBLE || input.format == Format::Float => {
                let weights = self.reserve_direct(filters, &groups, blocks, words);
                (weights, self.reserve_channels(Cow::Borrowed(bias), output.channels), 0)
            }
            format => self.reserve_reduced(filters, &groups, blocks, bias, format, [self.lanes, 1, 2]),
        };
        let bytes =
            4 * words * taps_count * blocks * groups.iter().map(|group| group.vectors).sum::<usize>() * self.lanes;
        let walk = match (conv.strides[1], input.block == self.lanes, input.block) {
            (1, true, _) => Walk::Unit,
            (2, true, _) => Walk::Two,
            (1, _, 3) => Walk::RgbUnit,
            (2, _, 3) => Walk::RgbTwo,
            _ => Walk::Dynamic,
        };
        let most = self.options.isa.tiles(kind_of(input.format), walk, false)[1].len();
        let tiles = tiles(conv, &input, &output, residual.as_ref(), most);
        let are_few = output.images * output.height * output.width < ENOUGH_PIXELS * self.options.threads;
        let is_by_channels = (bytes >= LARGE_WEIGHTS && are_few) != choice.divides_otherwise;
        let split = match is_by_channels && groups.len() >= self.options.threads {
            true => Split::Channels,
            false => Split::Pixels { tiles: if choice.has_large_items { 8 } else { 4 } },
        };
        // Weights that all pixels of an item read stay in the cache; there, only places for sums are waited for, where they
        // are short.
        let are_short = taps_count * blocks * words <= SHORT_SUMS;
        let pays = (split == Split::Channels || are_short) && cpu::prefetch_pays();
        let formats = [Some(input.format), Some(output.format), residual.map(|layout| layout.format)];
        let is_all_float = formats.into_iter().flatten().all(|format| format == Format::Float);
        let layer = DirectConv {
            images: output.images,
            tiles,
            groups,
            blocks,
            // Partial sums wait in the output, which must not round them.
            blocks_at_once: match split == Split::Channels && is_all_float {
                true => (CHANNELS_AT_ONCE / words).max(1),
                false => blocks,
            },
            taps,
            words,
            lanes: self.lanes,
            input: Plane { start: first_tap(conv, &input), ..plane(&input) },
            output: plane(&output),
            residual: residual.as_ref().map(plane),
            weights,
            bias,
            scales,
            clamp: conv.clamp,
            dynamic: DynamicStrides {
                input_pixel: conv.strides[1] * input.pixel,
                output_pixel: self.lanes,
                residual_pixel: self.lanes,
                words,
            },
            kernels: self.options.isa.tiles(kind_of(input.format), walk, pays != choice.prefetches_otherwise),
            split,
        };
        self.scratch = self.scratch.max(layer.scratch());
        Work::Direct(layer)
    }

    /// Plans the packing of all groups' filters, in blocks of so many channels, for input of the format: in fewer bits, or of
    /// float32 as halves. Returns their place, and those of the bias and scales.
    pub(super) fn reserve_reduced(
        &mut self,
        filters: Filters<'a>,
        groups: &[OutputGroup],
        blocks: usize,
        bias: &'a [f32],
        format: Format,
        [channels, window, vectors]: [usize; 3],
    ) -> (Place, usize, usize) {
        let (lanes, outputs) = (self.lanes, filters.out_channels);
        let mut numbers = if format == Format::Float { Numbers::Halves } else { Numbers::Bfloat };
        let (mut corrected, mut scales) = (Cow::Borrowed(bias), Cow::Borrowed(&[][..]));
        if let Format::Byte { scale, zero, per_word } = format {
            let bytes = bytes_of(&filters, bias, scale, zero);
            (corrected, scales) = (bytes.bias, Cow::Owned(bytes.scales));
            numbers = Numbers::Bytes { steps: bytes.steps, per_word };
        }
        let all: usize = groups.iter().map(|group| group.vectors).sum();
        let row = filters.taps / window * numbers.halves() * channels / numbers.per_word();
        let form = REDUCED + 32 * window + 16 * (vectors - 1) + 4 * numbers.kind() + numbers.per_word();
        let how = [form, channels];
        let place = self.reserve_filters(&filters, groups, all * blocks * row * lanes, how, |group, at| {
            let numbers = numbers.clone();
            let column = lanes * vectors.min(group.vectors);
            Packing::Reduced { filters, group, blocks, channels, window, column, lanes, at, numbers }
        });
        (place, self.reserve_channels(corrected, outputs), self.reserve_channels(scales, outputs))
    }

    /// Plans the packing of all groups' filters; returns their place.
    fn reserve_direct(
        &mut self,
        filters: Filters<'a>,
        groups: &[OutputGroup],
        blocks: usize,
        channels: usize,
    ) -> Place {
        let lanes = self.lanes;
        let vectors: usize = groups.iter().map(|group| group.vectors).sum();
        let floats = vectors * blocks * filters.taps * channels * lanes;
        let how = [DIRECT, channels];
        self.reserve_filters(&filters, groups, floats, how, |group, at| Packing::Direct {
            filters,
            group,
            blocks,
            channels,
            lanes,
            at,
        })
    }

    /// A 1×1 convolution whose pixels are the images.
    pub(super) fn dense(&mut self, dense: &Dense<'a>, operation: &Operation<'a>) -> Work {
        let [input, output] = [self.layouts[operation.inputs[0]], self.layouts[operation.output]];
        let lanes = self.lanes;
        let (groups, blocks) = output_groups([input.channels, output.channels], 1, lanes, lanes, lanes);
        let filters = Filters {
            filter: dense.weights,
            taps: 1,
            in_channels: input.channels,
            out_channels: output.channels,
            groups: 1,
        };
        let weights = self.reserve_direct(filters, &groups, blocks, lanes);
        let mut tiles = Vec::new();
        let mut image = 0;
        for pixels in even_parts(output.images, self.options.isa.max_pixels()) {
            let at = |layout: &Layout| (image * layout.image) as u32;
            tiles.push(Tile { input: at(&input), output: at(&output), residual: 0, pixels: pixels as u32 });
            image += pixels;
        }
        Work::Direct(DirectConv {
            images: 1,
            tiles,
            groups,
            blocks,
            blocks_at_once: blocks,
            taps: vec![0],
            words: lanes,
            lanes,
            input: Plane { image: 0, ..plane(&input) },
            output: Plane { image: 0, ..plane(&output) },
            residual: None,
            weights,
            scales: 0,
            bias: self.reserve_channels(Cow::Borrowed(dense.bias.unwrap_or(&[])), output.channels),
            clamp: dense.clamp,
            dynamic: DynamicStrides {
                input_pixel: input.image,
                output_pixel: output.image,
                residual_pixel: 0,
                words: lanes,
            },
            kernels: self.options.isa.tiles(FLOAT, Walk::Dynamic, cpu::prefetch_pays()),
            split: Split::Channels,
        })
    }
}

/// What the filters of a convolution of bytes need, by output channel.
pub(super) struct Bytes<'a> {
    pub steps: Arc<[f32]>,
    /// What its sums are multiplied with.
    pub scales: Vec<f32>,
    /// With what the byte that stands for zero adds taken off.
    pub bias: Cow<'a, [f32]>,
}

pub(super) fn bytes_of<'a>(filters: &Filters<'_>, bias: &'a [f32], scale: f32, zero: i16) -> Bytes<'a> {
    let steps = filters.steps();
    let scales: Vec<f32> = steps.iter().map(|step| scale * step).collect();
    let mut bias = Cow::Borrowed(bias);
    if zero != 0 {
        let sums = filters.byte_sums(&steps);
        let correct = |(o, sum): (usize, f32)| bias.get(o).unwrap_or(&0.0) - scales[o] * f32::from(zero) * sum;
        bias = sums.into_iter().enumerate().map(correct).collect();
    }
    Bytes { steps, scales, bias }
}

pub(super) fn kind_of(format: Format) -> usize {
    match format {
        Format::Float => FLOAT,
        Format::Bfloat => BFLOAT,
        Format::Byte { .. } => BYTE,
    }
}

/// Register tiles of one image: along rows, or through the whole plane where nothing lies between rows.
fn tiles(conv: &Conv, input: &Layout, output: &Layout, residual: Option<&Layout>, most: usize) -> Vec<Tile> {
    let is_flat = conv.kernel == [1, 1]
        && conv.strides == [1, 1]
        && [Some(input), Some(output), residual].into_iter().flatten().all(|layout| !layout.has_border());
    let (rows, columns) = if is_flat { (1, output.height * output.width) } else { (output.height, output.width) };
    let parts = even_parts(columns, most);
    let mut tiles = Vec::with_capacity(rows * parts.len());
    for y in 0..rows {
        let mut x = 0;
        for &pixels in &parts {
            tiles.push(Tile {
                input: (y * conv.strides[0] * input.row + x * conv.strides[1] * input.pixel) as u32,
                output: (y * output.row + x * output.pixel) as u32,
                residual: residual.map_or(0, |layout| (y * layout.row + x * layout.pixel) as u32),
                pixels: pixels as u32,
            });
            x += pixels;
        }
    }
    tiles
}
