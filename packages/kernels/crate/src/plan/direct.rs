//! Direct convolutions and dense layers: their tiles, and how their filters are packed.

use super::{Choice, DIRECT, Planner, REDUCED, first_tap, output_groups, plane};
use crate::cpu;
#[cfg(target_arch = "x86_64")]
use crate::direct::GroupRests;
use crate::direct::{DirectConv, OutputGroup, Plane, Rest, Split, Tile};
use crate::format::Format;
use crate::isa::{Isa, Walk};
use crate::layout::{Layout, even_parts};
use crate::lower::{Conv, Dense, Operation};
use crate::precision::IS_REDUCIBLE;
use crate::program::Work;
use crate::sharing::Place;
#[cfg(target_arch = "aarch64")]
use crate::tile::HALF;
use crate::tile::{BFLOAT, BYTE, DynamicStrides, FLOAT};
#[cfg(target_arch = "x86_64")]
use crate::tile::{Clamp, InBytes};
#[cfg(target_arch = "x86_64")]
use crate::weights::share_out;
use crate::weights::{Filters, Numbers, Packing, TapWindow};
#[cfg(target_arch = "x86_64")]
use crate::windows::over_windows;
use std::borrow::Cow;
use std::sync::Arc;
#[cfg(target_arch = "x86_64")]
use std::sync::OnceLock;

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
        let (in_channels, all_taps) = (input.channels, conv.kernel[0] * conv.kernel[1]);
        #[cfg(target_arch = "x86_64")]
        let over = (input.block < self.lanes && input.format != Format::Float).then(|| over_windows(conv, in_channels));
        #[cfg(not(target_arch = "x86_64"))]
        let over: Option<(Conv<'a>, usize, TapWindow)> = None;
        let (conv, channels, window) = match &over {
            Some((over, channels, window)) => (over, *channels, *window),
            None => (conv, self.lanes, TapWindow::ONE),
        };
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
            taps: all_taps,
            in_channels,
            out_channels: output.channels,
            groups: conv.groups,
        };
        let bias = conv.bias.unwrap_or(&[]);
        let formats = [Some(input.format), Some(output.format), residual.map(|layout| layout.format)];
        let end = End::in_bytes(formats, self.options.isa);
        let Reduced { weights, bias, scales, rests } = match input.format {
            _ if !IS_REDUCIBLE || input.format == Format::Float => Reduced {
                weights: self.reserve_direct(filters, &groups, blocks, words),
                bias: self.reserve_channels(Cow::Borrowed(bias), output.channels),
                scales: 0,
                rests: Vec::new(),
            },
            format => self.reserve_reduced(filters, &groups, blocks, bias, (format, end), ([channels, 2], window)),
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
            false => {
                Split::Pixels { tiles: self.tiles_each(kind_of(input.format), output.images * tiles.len(), choice) }
            }
        };
        // Weights that all pixels of an item read stay in the cache; there, only places for sums are waited for, where they
        // are short.
        let are_short = taps_count * blocks * words <= SHORT_SUMS;
        let pays = (split == Split::Channels || are_short) && cpu::prefetch_pays();
        let is_all_float = formats.into_iter().flatten().all(|format| format == Format::Float);
        #[cfg(not(target_arch = "x86_64"))]
        let _ = rests;
        let layer = DirectConv {
            #[cfg(target_arch = "x86_64")]
            rests: rests.into_iter().map(|rests| rests.of_input(input.plane, &taps)).collect(),
            #[cfg(target_arch = "x86_64")]
            in_bytes: end.map(|end| end.kernel(conv.clamp)),
            #[cfg(target_arch = "x86_64")]
            stores_bytes: self.options.isa.stores_bytes,
            #[cfg(target_arch = "x86_64")]
            tiles_at_once: self.options.isa.tiles_at_once,
            #[cfg(target_arch = "x86_64")]
            in_bfloat: self.options.isa.ends_in_bfloat
                && formats.into_iter().flatten().all(|format| format == Format::Bfloat),
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

    /// Tiles of an item. Those of bytes are smaller; their items are as many for each worker.
    fn tiles_each(&self, kind: usize, all: usize, choice: Choice) -> usize {
        let wanted = if choice.has_large_items { 8 } else { 4 };
        match IS_REDUCIBLE && kind == BYTE && self.options.isa.sums_short {
            true => all.div_ceil(all.div_ceil(2 * wanted).next_multiple_of(self.options.threads)),
            false => wanted,
        }
    }

    /// Plans the packing of all groups' filters, in blocks of so many channels, for input of the format: in fewer bits, or of
    /// float32 as halves.
    pub(super) fn reserve_reduced(
        &mut self,
        filters: Filters<'a>,
        groups: &[OutputGroup],
        blocks: usize,
        bias: &'a [f32],
        (format, end): (Format, Option<End>),
        ([channels, vectors], window): ([usize; 2], TapWindow),
    ) -> Reduced {
        let (lanes, outputs) = (self.lanes, filters.out_channels);
        let mut numbers = if format == Format::Float { Numbers::Halves } else { Numbers::of_16_bits(format) };
        let (mut corrected, mut scales) = (Cow::Borrowed(bias), Cow::Borrowed(&[][..]));
        let all: usize = groups.iter().map(|group| group.vectors).sum();
        let mut rests: Vec<PlacedRests> = Vec::new();
        if let Format::Byte { scale, zero } = format {
            let steps = self.byte_steps(&filters);
            #[cfg(target_arch = "x86_64")]
            if self.options.isa.sums_short {
                rests = self.rests(&filters, groups, blocks, &steps);
            }
            let bytes = bytes_of(&filters, bias, scale, zero, steps);
            numbers = Numbers::Bytes(bytes.steps);
            (corrected, scales) = match end {
                Some(end) => end.in_steps(bytes.bias, bytes.scales),
                None => (bytes.bias, Cow::Owned(bytes.scales)),
            };
        }
        let row = window.count(filters.taps) * numbers.halves() * channels / numbers.per_word();
        let form = REDUCED + 8 * (vectors - 1) + 2 * numbers.kind() + usize::from(!rests.is_empty());
        let form = form + 16 * window.taps + 4096 * window.row;
        let how = [form, channels];
        let mut floats = all * blocks * row * lanes;
        for (rests, group) in rests.iter_mut().zip(groups) {
            rests.weights = floats;
            floats += rests.words.len() * group.vectors * lanes;
        }
        let place = self.reserve_filters(&filters, groups, floats, how, |group, at| {
            let numbers = numbers.clone();
            let column = lanes * vectors.min(group.vectors);
            let number = groups.iter().position(|other| other.first_block == group.first_block);
            let rests = number.and_then(|number| rests.get(number)).map(|rests| at + rests.weights);
            Packing::Reduced { filters, group, blocks, channels, window, column, lanes, at, numbers, rests }
        });
        Reduced {
            weights: place,
            bias: self.reserve_channels(corrected, outputs),
            scales: self.reserve_channels(scales, outputs),
            rests,
        }
    }

    /// What a step of the weights' bytes is worth, by output channel.
    fn byte_steps(&self, filters: &Filters) -> Arc<[f32]> {
        #[cfg(target_arch = "x86_64")]
        if self.options.isa.sums_short {
            return filters.short_steps();
        }
        filters.steps()
    }

    /// The words that come once more, by group.
    #[cfg(target_arch = "x86_64")]
    fn rests(&self, filters: &Filters, groups: &[OutputGroup], blocks: usize, steps: &[f32]) -> Vec<PlacedRests> {
        let found: Vec<OnceLock<Vec<Rest>>> = groups.iter().map(|_| OnceLock::new()).collect();
        share_out(groups.len(), self.options.threads, |number| {
            let _ = found[number].set(filters.rests(&groups[number], blocks, self.lanes, steps));
        });
        let words = |found: OnceLock<Vec<Rest>>| found.into_inner().unwrap_or_default();
        found.into_iter().map(|found| PlacedRests { words: words(found), weights: 0 }).collect()
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
        let words = input.pixel;
        let (groups, blocks) = output_groups([input.channels, output.channels], 1, lanes, lanes, words);
        let filters = Filters {
            filter: dense.weights,
            taps: 1,
            in_channels: input.channels,
            out_channels: output.channels,
            groups: 1,
        };
        let bias = dense.bias.unwrap_or(&[]);
        let Reduced { weights, bias, scales, .. } = match input.format {
            #[cfg(target_arch = "x86_64")]
            Format::Byte { .. } | Format::Bfloat => {
                self.reserve_reduced(filters, &groups, blocks, bias, (input.format, None), ([lanes, 2], TapWindow::ONE))
            }
            _ => Reduced {
                weights: self.reserve_direct(filters, &groups, blocks, lanes),
                bias: self.reserve_channels(Cow::Borrowed(bias), output.channels),
                scales: 0,
                rests: Vec::new(),
            },
        };
        let mut tiles = Vec::new();
        let mut image = 0;
        for pixels in even_parts(output.images, self.options.isa.max_pixels()) {
            let at = |layout: &Layout| (image * layout.image) as u32;
            tiles.push(Tile {
                input: at(&input),
                output: at(&output),
                residual: 0,
                pixels: pixels as u32,
                #[cfg(target_arch = "x86_64")]
                followers: 0,
            });
            image += pixels;
        }
        Work::Direct(DirectConv {
            images: 1,
            tiles,
            groups,
            blocks,
            blocks_at_once: blocks,
            taps: vec![0],
            words,
            lanes,
            input: Plane { image: 0, ..plane(&input) },
            output: Plane { image: 0, ..plane(&output) },
            residual: None,
            weights,
            #[cfg(target_arch = "x86_64")]
            rests: Vec::new(),
            #[cfg(target_arch = "x86_64")]
            in_bytes: None,
            #[cfg(target_arch = "x86_64")]
            stores_bytes: false,
            #[cfg(target_arch = "x86_64")]
            tiles_at_once: false,
            #[cfg(target_arch = "x86_64")]
            in_bfloat: false,
            scales,
            bias,
            clamp: dense.clamp,
            dynamic: DynamicStrides { input_pixel: input.image, output_pixel: output.image, residual_pixel: 0, words },
            kernels: self.options.isa.tiles(kind_of(input.format), Walk::Dynamic, cpu::prefetch_pays()),
            split: Split::Channels,
        })
    }
}

/// Where what a convolution of fewer bits needs lies.
pub(super) struct Reduced {
    pub weights: Place,
    pub bias: usize,
    pub scales: usize,
    /// By group, where there are any.
    pub rests: Vec<PlacedRests>,
}

/// Words of a group that come once more, and where their weights lie, in floats from the layer's.
pub(super) struct PlacedRests {
    words: Vec<Rest>,
    weights: usize,
}

#[cfg(target_arch = "x86_64")]
impl PlacedRests {
    fn of_input(self, plane: usize, taps: &[usize]) -> GroupRests {
        let at = |rest: &Rest| rest.block * plane + taps[rest.tap] + rest.word;
        GroupRests { words: self.words.iter().map(at).collect(), weights: self.weights }
    }
}

/// How a convolution of bytes ends where all that it touches is of bytes: its sums become steps of the output at once.
#[derive(Clone, Copy)]
pub(super) struct End {
    step: f32,
    zero: f32,
    /// Steps of the output in one of the shortcut, and the shortcut's zero.
    residual: [f32; 2],
}

impl End {
    /// For the formats of input, output and shortcut.
    pub(super) fn in_bytes(formats: [Option<Format>; 3], isa: &Isa) -> Option<End> {
        match formats {
            _ if !IS_REDUCIBLE || isa.least_byte != 0 => None,
            [Some(Format::Byte { .. }), Some(Format::Byte { scale: step, zero }), residual] => {
                let residual = match residual {
                    None => Some([0.0; 2]),
                    Some(Format::Byte { scale, zero }) => Some([scale / step, f32::from(zero)]),
                    Some(_) => None,
                };
                residual.map(|residual| End { step, zero: f32::from(zero), residual })
            }
            _ => None,
        }
    }

    /// Bias and scales in steps of the output.
    pub(super) fn in_steps<'b>(&self, bias: Cow<'b, [f32]>, scales: Vec<f32>) -> (Cow<'b, [f32]>, Cow<'b, [f32]>) {
        let [factor, residual_zero] = self.residual;
        let offset = self.zero - factor * residual_zero;
        let bias = (0..scales.len()).map(|o| bias.get(o).unwrap_or(&0.0) / self.step + offset).collect();
        (bias, scales.into_iter().map(|scale| scale / self.step).collect())
    }

    #[cfg(target_arch = "x86_64")]
    pub(super) fn kernel(&self, clamp: Clamp) -> InBytes {
        let [floor, ceiling] = [clamp.floor, clamp.ceiling].map(|limit| limit / self.step + self.zero);
        // Bytes end there by themselves.
        let floor = if floor <= 0.0 { f32::NEG_INFINITY } else { floor };
        let ceiling = if ceiling >= 255.0 { f32::INFINITY } else { ceiling };
        InBytes { residual: self.residual[0], clamp: Clamp { floor, ceiling } }
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

pub(super) fn bytes_of<'a>(
    filters: &Filters<'_>,
    bias: &'a [f32],
    scale: f32,
    zero: i16,
    steps: Arc<[f32]>,
) -> Bytes<'a> {
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
        #[cfg(target_arch = "aarch64")]
        Format::Half => HALF,
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
                #[cfg(target_arch = "x86_64")]
                followers: 0,
            });
            x += pixels;
        }
    }
    #[cfg(target_arch = "x86_64")]
    for row in tiles.chunks_mut(parts.len()) {
        for index in (1..row.len()).rev() {
            if row[index - 1].pixels == row[index].pixels {
                row[index - 1].followers = row[index].followers + 1;
            }
        }
    }
    tiles
}
