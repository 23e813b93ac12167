//! From operations to a program: an algorithm for each convolution, a layout and a place for each value, the steps,
//! and the packed weights.

use crate::direct::{DirectConv, OutputGroup, Plane, Split, Tile};
use crate::format::Format;
use crate::graph::{Constants, Graph, ValueId};
use crate::isa::{Isa, Walk};
use crate::layout::{Border, Layout, even_parts};
use crate::lower::{Conv, Dense, Kind, Lowered, Operation, lower};
use crate::memory::{Floats, Lifetime, place};
use crate::moves::{CopyBox, Fill, Flatten, Pack, Softmax, Unpack};
use crate::pointwise::{Other, Pointwise};
use crate::pool::{Mean, Pool};
use crate::precision::{IS_REDUCIBLE, Precision, Ranges, calibrate, formats};
use crate::program::{Port, Program, Step, Work};
use crate::sharing::{FilterPlan, Place, Sharing, Start};
use crate::tile::{BFLOAT, BYTE, DynamicStrides, FLOAT};
use crate::weights::{Filters, Packing, pack};
use crate::winograd::{Square, Stage, Winograd, whole_items};
use std::borrow::Cow;
use std::sync::Arc;

/// Weights of at least so many bytes are read once per run, whatever happens to the activations.
const LARGE_DIRECT_WEIGHTS: usize = 1 << 20;
const LARGE_WINOGRAD_WEIGHTS: usize = 4 << 20;
/// Transformed input that is held at once where all workers share it, in floats.
const SHARED_TRANSFORMED: usize = 2 << 20;
/// Up to so many workers each transform a convolution's whole input for themselves.
const FEW_WORKERS: usize = 4;
/// Values of different layouts have memory of their own while all of it, in floats, keeps to the last-level cache.
const APART: usize = 8 << 20;
/// Tiles of a layer for each worker from which the image is divided evenly.
const ENOUGH_TILES: usize = 6;
/// Input channels whose weights stay in the first-level cache beside two vectors of output channels.
const CHANNELS_AT_ONCE: usize = 256;

/// Forms of packed filters, by which they are told apart.
const DIRECT: usize = 0;
const WINOGRAD: usize = 10;
const REDUCED: usize = 20;

/// How a convolution is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Algorithm {
    Direct,
    Winograd(usize),
}

#[derive(Clone, Copy)]
pub struct Options {
    pub isa: &'static Isa,
    pub threads: usize,
    /// For tests: this algorithm wherever it can compute a convolution.
    pub algorithm: Option<Algorithm>,
    /// Refuse runs whose inputs hold NaN or infinity.
    pub reject_non_finite: bool,
    pub precision: Precision,
}

/// Compiles a graph with its constants (parameters included) for one machine. The samples, each an array per input,
/// say what ranges 8-bit values need.
pub fn compile(
    graph: &Graph,
    constants: &Constants,
    options: Options,
    samples: &[&[&[f32]]],
) -> Result<Program, String> {
    compile_sharing(graph, constants, options, samples, None)
}

/// The same; filters that live programs have packed alike are shared with them.
pub fn compile_sharing(
    graph: &Graph,
    constants: &Constants,
    options: Options,
    samples: &[&[&[f32]]],
    sharing: Option<&Sharing>,
) -> Result<Program, String> {
    options.precision.check(options.isa)?;
    let mut ranges = Ranges::new();
    if IS_REDUCIBLE && options.precision == Precision::Int8 {
        if samples.is_empty() {
            return Err("precision int8: expected at least one calibration sample, got none".into());
        }
        let options = Options { precision: Precision::Float32, ..options };
        let float = compile_sharing(graph, constants, options, &[], sharing)?;
        ranges = calibrate(&float, samples)?;
    }
    let lowered = lower(graph, constants)?;
    let mut planner = Planner::new(graph, &lowered, options, sharing);
    planner.formats = formats(&lowered, options.precision, &ranges);
    planner.choose_algorithms();
    planner.lay_out();
    let activations = Floats::zeroed(planner.place_values())?;
    for layout in planner.layouts.iter().filter(|layout| layout.has_border() && layout.format.zero_byte() != 0) {
        unsafe { layout.zero_border(activations.start()) };
    }
    for index in 0..lowered.operations.len() {
        planner.emit(index);
    }
    let own = pack(&planner.packings, planner.weights, options.isa, options.threads)?;
    let shared_filters = planner.filters.shared;
    let weights = planner.filters.finish(own);
    let starts = weights.iter().map(|memory| Start(memory.start())).collect();
    let port = |binding: &crate::graph::Binding| Port {
        name: binding.name.clone(),
        shape: graph.values[binding.value].shape.clone(),
    };
    let scratch_each = planner.scratch.next_multiple_of(16) + 16;
    Ok(Program {
        isa: options.isa,
        steps: planner.steps,
        inputs: graph.inputs.iter().filter(|input| !constants.contains_key(&input.value)).map(port).collect(),
        outputs: graph.outputs.iter().map(port).collect(),
        threads: options.threads,
        weights,
        starts,
        shared_filters,
        activations,
        scratch: Floats::zeroed(scratch_each * options.threads)?,
        scratch_each,
    })
}

struct Planner<'l, 'a> {
    lowered: &'l Lowered<'a>,
    options: Options,
    lanes: usize,
    /// By value.
    formats: Vec<Format>,
    /// By operation.
    algorithms: Vec<Algorithm>,
    /// By value.
    layouts: Vec<Layout>,
    /// By operation: where its shared transformed input lies.
    shared: Vec<usize>,
    steps: Vec<Step>,
    packings: Vec<Packing<'a>>,
    filters: FilterPlan<'l>,
    /// Floats planned so far.
    weights: usize,
    scratch: usize,
}

impl<'l, 'a> Planner<'l, 'a> {
    fn new(
        graph: &Graph,
        lowered: &'l Lowered<'a>,
        options: Options,
        sharing: Option<&'l Sharing<'l>>,
    ) -> Planner<'l, 'a> {
        Planner {
            lowered,
            options,
            lanes: options.isa.lanes,
            formats: Vec::new(),
            algorithms: vec![Algorithm::Direct; lowered.operations.len()],
            layouts: vec![Layout::default(); graph.values.len()],
            shared: vec![0; lowered.operations.len()],
            steps: Vec::new(),
            packings: Vec::new(),
            filters: FilterPlan::new(sharing),
            weights: 0,
            scratch: 0,
        }
    }

    fn operations(&self) -> &'l [Operation<'a>] {
        &self.lowered.operations
    }

    fn shape(&self, id: ValueId) -> [usize; 4] {
        self.lowered.shapes[id]
    }

    fn choose_algorithms(&mut self) {
        for (index, operation) in self.operations().iter().enumerate() {
            let Kind::Conv(conv) = &operation.kind else { continue };
            let input = operation.inputs[0];
            if !self.is_narrow(input) {
                let shapes = [self.shape(input), self.shape(operation.output)];
                self.algorithms[index] = choose_algorithm(conv, shapes, self.formats[input], self.options);
            }
        }
    }

    /// Few channels that only ungrouped convolutions read: they lie side by side, as the caller's do.
    fn is_narrow(&self, id: ValueId) -> bool {
        let is_input = |operation: &&Operation| operation.output == id && matches!(operation.kind, Kind::Pack(..));
        self.shape(id)[3] < self.lanes
            && self.operations().iter().any(|operation| is_input(&operation))
            && self.operations().iter().all(|operation| match &operation.kind {
                Kind::Conv(conv) => conv.groups == 1 && operation.inputs.get(1) != Some(&id),
                _ => !operation.inputs.contains(&id),
            })
    }

    fn lay_out(&mut self) {
        let mut borders = vec![Border::default(); self.layouts.len()];
        for (operation, algorithm) in self.operations().iter().zip(&self.algorithms) {
            if let Kind::Conv(conv) = &operation.kind {
                let id = operation.inputs[0];
                let wanted = border(conv, *algorithm, self.shape(id), self.shape(operation.output));
                borders[id] = borders[id].union(wanted);
            }
        }
        for operation in self.operations() {
            let id = operation.output;
            self.layouts[id] = match self.is_narrow(id) {
                true => Layout::narrow(self.shape(id), borders[id]),
                false => Layout::blocked(self.shape(id), borders[id], self.lanes, self.formats[id]),
            };
        }
    }

    /// Gives every value its place, and returns the floats of all.
    fn place_values(&mut self) -> usize {
        let mut owners: Vec<Result<ValueId, usize>> = Vec::new();
        let mut blocks: Vec<Lifetime> = Vec::new();
        let mut layouts: Vec<Layout> = Vec::new();
        for (index, operation) in self.operations().iter().enumerate() {
            if !matches!(operation.kind, Kind::Unpack(_)) {
                let id = operation.output;
                let layout = self.layouts[id];
                let last = self.operations().iter().rposition(|reader| reader.inputs.contains(&id));
                let last = last.unwrap_or(index).max(index);
                let kind = layouts.iter().position(|other| *other == layout).unwrap_or(layouts.len());
                if kind == layouts.len() {
                    layouts.push(layout);
                }
                owners.push(Ok(id));
                blocks.push(Lifetime { kind, size: layout.size(), first: index, last });
            }
            let shared = self.shared_transformed(index);
            if shared > 0 {
                owners.push(Err(index));
                blocks.push(Lifetime { kind: usize::MAX, size: shared, first: index, last: index });
            }
        }
        let (mut offsets, mut whole) = place(&blocks);
        if whole > APART {
            for block in &mut blocks {
                if !layouts.get(block.kind).is_some_and(Layout::has_border) {
                    block.kind = usize::MAX;
                }
            }
            (offsets, whole) = place(&blocks);
        }
        for (owner, offset) in owners.into_iter().zip(offsets) {
            match owner {
                Ok(id) => self.layouts[id].offset = offset,
                Err(index) => self.shared[index] = offset,
            }
        }
        whole
    }

    /// Floats of transformed input that the workers share, 0 where each goes square by square.
    fn shared_transformed(&self, index: usize) -> usize {
        let operation = &self.operations()[index];
        let (Kind::Conv(conv), Algorithm::Winograd(m)) = (&operation.kind, self.algorithms[index]) else {
            return 0;
        };
        let input = &self.layouts[operation.inputs[0]];
        if self.options.threads <= FEW_WORKERS || !self.is_by_groups(conv, m, operation) {
            return 0;
        }
        let positions = (m + 2) * (m + 2);
        positions * input.blocks * self.lanes * self.squares_shared(m, operation)
    }

    fn is_by_groups(&self, conv: &Conv, m: usize, operation: &Operation) -> bool {
        let (groups, blocks) = self.output_groups(conv, operation, (m + 2) * (m + 2) * self.lanes);
        let bytes: usize = groups.iter().map(|group| group.vectors * blocks).sum::<usize>() * self.lanes * self.lanes;
        4 * (m + 2) * (m + 2) * bytes >= LARGE_WINOGRAD_WEIGHTS && groups.len() >= self.options.threads
    }

    /// Squares that are transformed together where the workers share them.
    fn squares_shared(&self, m: usize, operation: &Operation) -> usize {
        let [images, height, width, _] = self.shape(operation.output);
        let all = images * height.div_ceil(m) * width.div_ceil(m);
        let each = (m + 2) * (m + 2) * self.layouts[operation.inputs[0]].blocks * self.lanes;
        let most = (SHARED_TRANSFORMED / each).max(self.squares_at_once());
        even_parts(all, most).into_iter().max().unwrap_or(0)
    }

    /// Squares of a Winograd convolution that fill whole register tiles and keep to the second-level cache.
    fn squares_at_once(&self) -> usize {
        let pixels = self.options.isa.max_pixels();
        14 / pixels * pixels
    }

    /// The output vectors in ones or twos, with the input blocks that they need; `row` is the weights' floats per
    /// input block and output lane.
    fn output_groups(&self, conv: &Conv, operation: &Operation, row: usize) -> (Vec<OutputGroup>, usize) {
        let (input, output) = (self.shape(operation.inputs[0])[3], self.shape(operation.output)[3]);
        output_groups([input, output], conv.groups, self.layouts[operation.inputs[0]].block, self.lanes, row)
    }

    fn reserve_weights(&mut self, floats: usize) -> usize {
        let at = self.weights;
        self.weights += floats.next_multiple_of(16);
        at
    }

    /// Where a layer's filters lie or will lie; `make` says how each output group is packed, where nobody has yet.
    fn reserve_filters(
        &mut self,
        filters: &Filters<'a>,
        groups: &[OutputGroup],
        floats: usize,
        how: [usize; 2],
        make: impl Fn(OutputGroup, usize) -> Packing<'a>,
    ) -> Place {
        let channels = filters.in_channels / filters.groups;
        let [form, block] = how;
        let how = [form, block, self.lanes, filters.groups, channels, filters.taps].map(|number| number as u64);
        match self.filters.find(&filters.filter, how, floats) {
            Ok(place) => place,
            Err(key) => {
                let at = self.reserve_weights(floats);
                self.packings.extend(groups.iter().map(|group| make(*group, at)));
                self.filters.offer(key, at)
            }
        }
    }

    fn reserve_channels(&mut self, data: Cow<'a, [f32]>, channels: usize) -> usize {
        let at = self.reserve_weights(channels.next_multiple_of(self.lanes) + self.lanes);
        self.packings.push(Packing::Channels { data, at });
        at
    }

    fn push(&mut self, label: &str, work: Work, output: ValueId) {
        self.steps.push(Step::new(label.to_owned(), work, output, self.layouts[output]));
    }

    fn emit(&mut self, index: usize) {
        let operation = &self.operations()[index];
        let label = operation.label.as_str();
        let output = self.layouts[operation.output];
        let input = operation.inputs.first().map(|id| self.layouts[*id]).unwrap_or_default();
        let work = match &operation.kind {
            Kind::Pack(input, adjustment) => Work::Pack(Pack {
                input: *input,
                output,
                adjustment: adjustment.clone(),
                rejects_non_finite: self.options.reject_non_finite,
            }),
            Kind::Conv(conv) => match self.algorithms[index] {
                Algorithm::Direct => self.direct(conv, operation),
                Algorithm::Winograd(m) => return self.winograd(m, conv, index),
            },
            Kind::Dense(dense) => self.dense(dense, operation),
            Kind::Pool { kind, filter, strides, padding } => {
                let (filter, strides, padding) = (*filter, *strides, *padding);
                Work::Pool(Pool { kind: *kind, input, output, filter, strides, padding })
            }
            Kind::Mean => Work::Mean(Mean { input, output }),
            Kind::Pointwise { arithmetic, constant, is_reversed, clamp } => {
                let other = match (constant, operation.inputs.get(1)) {
                    (Some(data), _) => {
                        Other::Channels(self.reserve_channels(Cow::Owned(data.clone()), output.channels))
                    }
                    (None, Some(id)) => Other::Value(self.layouts[*id]),
                    (None, None) => Other::Nothing,
                };
                let (arithmetic, is_reversed, clamp) = (*arithmetic, *is_reversed, *clamp);
                Work::Pointwise(Pointwise { arithmetic, input, other, is_reversed, output, clamp })
            }
            Kind::Assemble { fill, parts } => {
                self.push(label, Work::Fill(Fill { output, value: *fill }), operation.output);
                for part in parts {
                    let input = self.layouts[operation.inputs[part.input]];
                    let copy = CopyBox { input, output, from: part.from, to: part.to, size: part.size };
                    self.push(label, Work::Copy(copy), operation.output);
                }
                return;
            }
            Kind::Flatten => Work::Flatten(Flatten { input, output }),
            Kind::Softmax => Work::Softmax(Softmax { input, output }),
            Kind::Unpack(output) => Work::Unpack(Unpack { input, output: *output }),
        };
        self.push(label, work, operation.output);
    }

    fn direct(&mut self, conv: &Conv<'a>, operation: &Operation<'a>) -> Work {
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
            format => self.reserve_reduced(filters, &groups, blocks, bias, format),
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
        let tiles = tiles(conv, &input, &output, residual.as_ref(), self.options.isa.max_pixels());
        let is_uneven = output.images * tiles.len() < ENOUGH_TILES * self.options.threads;
        let split = match bytes >= LARGE_DIRECT_WEIGHTS && is_uneven && groups.len() >= self.options.threads {
            true => Split::Channels,
            false => Split::Pixels { tiles: 4 },
        };
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
            kernels: self.options.isa.tiles(kind_of(input.format), walk),
            split,
        };
        self.scratch = self.scratch.max(layer.scratch());
        Work::Direct(layer)
    }

    /// Plans the packing of all groups' filters in fewer bits; returns their place, and those of the bias and scales.
    fn reserve_reduced(
        &mut self,
        filters: Filters<'a>,
        groups: &[OutputGroup],
        blocks: usize,
        bias: &'a [f32],
        format: Format,
    ) -> (Place, usize, usize) {
        let (lanes, outputs) = (self.lanes, filters.out_channels);
        let mut steps = None;
        let (mut bias, mut scales) = (Cow::Borrowed(bias), Cow::Borrowed(&[][..]));
        if let Format::Byte { scale, zero } = format {
            let (own, sums) = filters.steps();
            scales = own.iter().map(|step| scale * step).collect();
            let corrected = (0..outputs).map(|o| bias.get(o).unwrap_or(&0.0) - scales[o] * f32::from(zero) * sums[o]);
            bias = corrected.collect();
            steps = Some(own);
        }
        let vectors: usize = groups.iter().map(|group| group.vectors).sum();
        let floats = vectors * blocks * filters.taps * lanes / format.per_word() * lanes;
        let how = [REDUCED + format.per_word(), lanes];
        let place = self.reserve_filters(&filters, groups, floats, how, |group, at| {
            let steps = steps.clone();
            Packing::Reduced { filters, group, blocks, channels: lanes, lanes, at, steps }
        });
        (place, self.reserve_channels(bias, outputs), self.reserve_channels(scales, outputs))
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
    fn dense(&mut self, dense: &Dense<'a>, operation: &Operation<'a>) -> Work {
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
            kernels: self.options.isa.tiles(FLOAT, Walk::Dynamic),
            split: Split::Channels,
        })
    }

    fn winograd(&mut self, m: usize, conv: &Conv<'a>, index: usize) {
        let operation = &self.operations()[index];
        let [input, output] = [self.layouts[operation.inputs[0]], self.layouts[operation.output]];
        let residual = operation.inputs.get(1).map(|id| self.layouts[*id]);
        let positions = (m + 2) * (m + 2);
        let lanes = self.lanes;
        let (groups, blocks) = self.output_groups(conv, operation, positions * lanes);
        let filters = Filters {
            filter: conv.filter,
            taps: 9,
            in_channels: input.channels,
            out_channels: output.channels,
            groups: conv.groups,
        };
        let vectors: usize = groups.iter().map(|group| group.vectors).sum();
        let floats = vectors * positions * blocks * lanes * lanes;
        let how = [WINOGRAD + m, lanes];
        let weights = self.reserve_filters(&filters, &groups, floats, how, |group, at| Packing::Winograd {
            m,
            filters,
            group,
            blocks,
            lanes,
            at,
        });
        let is_by_groups = self.is_by_groups(conv, m, operation);
        let layer = Winograd {
            m,
            images: output.images,
            squares: squares(m, &input, &output, residual.as_ref()),
            groups,
            input_blocks: input.blocks,
            blocks,
            lanes,
            input: Plane { start: first_tap(conv, &input), ..plane(&input) },
            input_row: input.row,
            output: plane(&output),
            output_row: output.row,
            residual: residual.as_ref().map(plane),
            residual_row: residual.map_or(0, |layout| layout.row),
            weights,
            bias: self.reserve_channels(Cow::Borrowed(conv.bias.unwrap_or(&[])), output.channels),
            clamp: conv.clamp,
            kernels: self.options.isa.tiles(FLOAT, Walk::Unit),
            squares_at_once: self.squares_at_once() * if is_by_groups { 2 } else { 1 },
            shared: self.shared[index],
        };
        let layer = Arc::new(layer);
        let all = layer.images * layer.squares.len();
        let mut stages = Vec::new();
        if is_by_groups {
            let mut first = 0;
            for count in even_parts(all, self.squares_shared(m, operation)) {
                match self.options.threads <= FEW_WORKERS {
                    true => stages.push(Stage::Own { first, count }),
                    false => stages.extend([Stage::Transform { first, count }, Stage::Multiply { first, count }]),
                }
                first += count;
            }
        } else {
            stages.push(Stage::Whole { items: whole_items(all, layer.squares_at_once, self.options.threads) });
        }
        for stage in stages {
            self.scratch = self.scratch.max(layer.scratch(stage));
            self.push(&operation.label, Work::Winograd(layer.clone(), stage), operation.output);
        }
    }
}

fn plane(layout: &Layout) -> Plane {
    Plane { start: layout.origin(), image: layout.image, plane: layout.plane, format: layout.format }
}

fn kind_of(format: Format) -> usize {
    match format {
        Format::Float => FLOAT,
        Format::Bfloat => BFLOAT,
        Format::Byte { .. } => BYTE,
    }
}

/// Under the first tap of output pixel (0, 0).
fn first_tap(conv: &Conv, input: &Layout) -> usize {
    input.origin() - conv.padding[0] * input.row - conv.padding[1] * input.pixel
}

/// Pairs of output vectors where each pair reads all input or whole blocks of it, else single vectors, so that
/// grouped convolutions multiply as few zeros as the vector's width allows.
fn output_groups(
    [in_channels, out_channels]: [usize; 2],
    groups: usize,
    in_block: usize,
    lanes: usize,
    row: usize,
) -> (Vec<OutputGroup>, usize) {
    let (inputs, outputs) = (in_channels / groups, out_channels / groups);
    let in_blocks = in_channels.div_ceil(in_block);
    let out_blocks = out_channels.div_ceil(lanes);
    let most = if groups == 1 || outputs.is_multiple_of(2 * lanes) { 2 } else { 1 };
    let mut found = Vec::new();
    let mut blocks = 0;
    for first_block in (0..out_blocks).step_by(most) {
        let vectors = most.min(out_blocks - first_block);
        let first_group = first_block * lanes / outputs;
        let last_group = ((first_block + vectors) * lanes).min(out_channels).div_ceil(outputs);
        let first = first_group * inputs / in_block;
        let last = (last_group * inputs).div_ceil(in_block);
        blocks = blocks.max(last - first);
        found.push(OutputGroup { first_block, vectors, first_input_block: first, weights: 0 });
    }
    let mut weights = 0;
    for group in &mut found {
        group.first_input_block = group.first_input_block.min(in_blocks - blocks);
        group.weights = weights;
        weights += group.vectors * blocks * row * lanes;
    }
    (found, blocks)
}

/// By multiply-adds and floats read from memory, the latter weighted by what a float costs on the CPUs measured.
fn choose_algorithm(conv: &Conv, [input, output]: [[usize; 4]; 2], format: Format, options: Options) -> Algorithm {
    let is_byte = matches!(format, Format::Byte { .. });
    let can_winograd = !is_byte && conv.kernel == [3, 3] && conv.strides == [1, 1] && conv.dilations == [1, 1];
    if !can_winograd {
        return Algorithm::Direct;
    }
    if let Some(algorithm) = options.algorithm {
        return algorithm;
    }
    const READ: f64 = 8.0;
    let [images, height, width, out] = output;
    let inputs = (input[3] / conv.groups).max(options.isa.lanes) as f64;
    let squares = |m: usize| (images * height.div_ceil(m) * width.div_ceil(m)) as f64;
    let transforms = |per_input: f64, per_output: f64| per_input / out as f64 + per_output / inputs;
    let candidates = [
        (Algorithm::Direct, (9.0 * (images * height * width) as f64 + 9.0 * READ) / format.per_word() as f64),
        (Algorithm::Winograd(2), squares(2) * (16.0 + transforms(64.0, 40.0)) + 16.0 * READ),
        (Algorithm::Winograd(4), squares(4) * (36.0 + transforms(150.0, 130.0)) + 36.0 * READ),
    ];
    candidates.into_iter().min_by(|a, b| a.1.total_cmp(&b.1)).map_or(Algorithm::Direct, |best| best.0)
}

/// The zeros that a convolution reads around its input.
fn border(conv: &Conv, algorithm: Algorithm, input: [usize; 4], output: [usize; 4]) -> Border {
    let reach = |axis: usize| {
        let (size, count) = (input[1 + axis], output[1 + axis]);
        let read = match algorithm {
            Algorithm::Direct => (count - 1) * conv.strides[axis] + (conv.kernel[axis] - 1) * conv.dilations[axis] + 1,
            Algorithm::Winograd(m) => count.next_multiple_of(m) + 2,
        };
        read.saturating_sub(conv.padding[axis] + size)
    };
    Border { top: conv.padding[0], bottom: reach(0), left: conv.padding[1], right: reach(1) }
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

fn squares(m: usize, input: &Layout, output: &Layout, residual: Option<&Layout>) -> Vec<Square> {
    let mut squares = Vec::new();
    for y in (0..output.height).step_by(m) {
        for x in (0..output.width).step_by(m) {
            let at = |layout: &Layout| (y * layout.row + x * layout.pixel) as u32;
            squares.push(Square {
                input: at(input),
                output: at(output),
                residual: residual.map_or(0, at),
                rows: m.min(output.height - y) as u16,
                columns: m.min(output.width - x) as u16,
            });
        }
    }
    squares
}
