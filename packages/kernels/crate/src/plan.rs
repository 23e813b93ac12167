//! From operations to a program: an algorithm for each convolution, a layout and a place for each value, the steps,
//! and the packed weights.

mod algorithm;
#[cfg_attr(target_arch = "wasm32", path = "plan/no_choices.rs")]
mod choices;
mod direct;
mod filter_ranges;
#[cfg(target_arch = "x86_64")]
mod matrix;
#[cfg(not(target_arch = "wasm32"))]
mod strided;
mod winograd;

pub use algorithm::{Algorithm, Choice};
use algorithm::{border, can_be_matrix, choose_algorithm};
pub use choices::Choices;
#[cfg(not(target_arch = "wasm32"))]
pub use choices::{Layer, layers};
use filter_ranges::{known_ranges, ranges_by_filter};
#[cfg(not(target_arch = "wasm32"))]
use strided::{can_be_stem, choose_stem};

use crate::direct::{OutputGroup, Plane};
use crate::format::Format;
use crate::graph::{Constants, Graph, ValueId};
use crate::isa::Isa;
use crate::layout::{Border, Layout};
use crate::lower::{Conv, Kind, Lowered, Operand, Operation, lower};
use crate::memory::{Floats, Lifetime, place};
use crate::moves::{CopyBox, Fill, Pack, Reshape, Softmax, Unpack};
use crate::pointwise::{Other, Pointwise};
use crate::pool::{Pool, Whole};
use crate::precision::{Calibration, IS_REDUCIBLE, Precision, Ranges, calibrate, formats, wants_range};
use crate::program::{Port, Program, Step, Traffic, Work};
use crate::sharing::{FilterPlan, Place, Sharing, Start};
use crate::weights::{Filters, Packing};
#[cfg(target_arch = "x86_64")]
use crate::windows::{PackWindows, stem_of};
use std::borrow::Cow;

/// Values of different layouts have memory of their own while all of it, in floats, keeps to the last-level cache.
const APART: usize = 8 << 20;

/// Forms of packed filters, by which they are told apart.
const DIRECT: usize = 0;
const WINOGRAD: usize = 10;
const REDUCED: usize = 20;

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
    compile_sharing(graph, constants, options, Calibration { samples, ..Calibration::NONE }, None)
}

/// The same; filters that live programs have packed alike are shared with them.
pub fn compile_sharing(
    graph: &Graph,
    constants: &Constants,
    options: Options,
    calibration: Calibration,
    sharing: Option<&Sharing>,
) -> Result<Program, String> {
    compile_chosen(graph, constants, options, calibration, sharing, &Choices::default())
}

/// The same; convolutions are computed as the choices say, and those of which they say nothing as the model does.
pub fn compile_chosen(
    graph: &Graph,
    constants: &Constants,
    options: Options,
    calibration: Calibration,
    sharing: Option<&Sharing>,
    choices: &Choices,
) -> Result<Program, String> {
    #[cfg(not(target_arch = "wasm32"))]
    if crate::training::is_training(graph, constants) {
        options.precision.check_training(options.isa)?;
        return crate::training::compile(graph, constants, options);
    }
    options.precision.check(options.isa)?;
    let lowered = lower(graph, constants)?;
    let mut ranges = Ranges::new();
    if IS_REDUCIBLE && options.precision == Precision::Int8 {
        ranges = known_ranges(&lowered, calibration.known, sharing);
        let wanted = wants_range(&lowered);
        // Programs of other outputs have not looked at all that this one stores in 8 bits.
        let lacks = |(value, is_wanted): (usize, &bool)| *is_wanted && !ranges.contains_key(&value);
        if ranges.is_empty() || wanted.iter().enumerate().any(lacks) {
            calibration.check()?;
            let options = Options { precision: Precision::Float32, ..options };
            let float = compile_sharing(graph, constants, options, Calibration::NONE, sharing)?;
            for (value, range) in calibrate(&float, &calibration, &wanted)? {
                ranges.entry(value).or_insert(range);
            }
        }
    }
    let mut planner = Planner::new(graph, &lowered, options, sharing);
    planner.formats = formats(&lowered, options, &ranges);
    planner.choose(choices);
    planner.lay_out();
    let activations = Floats::zeroed(planner.place_values())?;
    for layout in planner.layouts.iter().filter(|layout| layout.has_border() && layout.format.zero_word() != 0) {
        // SAFETY: the layout was placed in this arena, which nobody else has yet.
        unsafe { layout.zero_border(activations.start()) };
    }
    for index in 0..lowered.operations.len() {
        let (first, before) = (planner.steps.len(), planner.weights_read);
        planner.emit(index);
        let weights = 4 * (planner.weights_read - before);
        planner.steps[first].traffic = planner.traffic(index, weights);
    }
    let shared_filters = planner.filters.shared;
    let weights = planner.filters.finish(&planner.packings, planner.weights, options.isa, options.threads)?;
    let starts = weights.iter().map(|memory| Start(memory.start())).collect();
    let port = |binding: &crate::graph::Binding| Port {
        name: binding.name.clone(),
        shape: graph.values[binding.value].shape.clone(),
    };
    let scratch_each = planner.scratch.next_multiple_of(16) + 16;
    Ok(Program {
        isa: options.isa,
        ranges: ranges_by_filter(&lowered, &ranges, sharing),
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
    choices: Vec<Choice>,
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
    /// Floats of weights that the steps so far read, whoever has packed them.
    weights_read: usize,
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
            choices: vec![Choice::of(Algorithm::Direct); lowered.operations.len()],
            layouts: vec![Layout::default(); graph.values.len()],
            shared: vec![0; lowered.operations.len()],
            steps: Vec::new(),
            packings: Vec::new(),
            filters: FilterPlan::new(sharing),
            weights: 0,
            scratch: 0,
            weights_read: 0,
        }
    }

    fn operations(&self) -> &'l [Operation<'a>] {
        &self.lowered.operations
    }

    fn shape(&self, id: ValueId) -> [usize; 4] {
        self.lowered.shapes[id]
    }

    fn choose(&mut self, choices: &Choices) {
        for (index, operation) in self.operations().iter().enumerate() {
            let Kind::Conv(conv) = &operation.kind else { continue };
            let chosen = choices.find(self, conv, operation);
            self.choices[index] = chosen.unwrap_or_else(|| Choice::of(self.model_algorithm(conv, operation)));
        }
    }

    fn model_algorithm(&self, conv: &Conv<'a>, operation: &Operation<'a>) -> Algorithm {
        let input = operation.inputs[0];
        let is_narrow = self.is_narrow(input);
        if self.options.isa.has_matrix && self.options.algorithm.is_none() && can_be_matrix(conv, is_narrow) {
            return Algorithm::Matrix;
        }
        #[cfg(target_arch = "x86_64")]
        if is_narrow && self.formats[input] != Format::Float {
            return Algorithm::Direct;
        }
        #[cfg(not(target_arch = "wasm32"))]
        if is_narrow && can_be_stem(conv, self.shape(input)[3]) {
            return choose_stem(self.shape(operation.output), self.options);
        }
        if is_narrow {
            return Algorithm::Direct;
        }
        let shapes = [self.shape(input), self.shape(operation.output)];
        let is_byte = IS_REDUCIBLE && matches!(self.formats[input], Format::Byte { .. });
        match choose_algorithm(conv, shapes, self.formats[input], self.options) {
            Algorithm::Winograd(m) if is_byte && !self.keeps_whole(m, conv, operation) => Algorithm::Direct,
            other => other,
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
        for (operation, choice) in self.operations().iter().zip(&self.choices) {
            if let Kind::Conv(conv) = &operation.kind {
                let id = operation.inputs[0];
                let wanted = border(conv, choice.algorithm, self.shape(id), self.shape(operation.output));
                borders[id] = borders[id].union(wanted);
            }
        }
        for operation in self.operations() {
            let id = operation.output;
            #[cfg(target_arch = "x86_64")]
            if self.is_narrow(id) && self.formats[id] != Format::Float {
                self.layouts[id] = Layout::windows(self.shape(id), borders[id], self.formats[id]);
                continue;
            }
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

    /// The output vectors in ones or twos, with the input blocks that they need; `row` is the weights' floats per
    /// input block and output lane.
    fn output_groups(&self, conv: &Conv, operation: &Operation, row: usize) -> (Vec<OutputGroup>, usize) {
        let (input, output) = (self.shape(operation.inputs[0])[3], self.shape(operation.output)[3]);
        output_groups([input, output], conv.groups, self.layouts[operation.inputs[0]].block, self.lanes, row)
    }

    fn reserve_weights(&mut self, floats: usize) -> usize {
        let at = self.weights;
        self.weights += whole_lines(floats);
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
        self.weights_read += floats;
        match self.filters.find(&filters.filter, how, whole_lines(floats)) {
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
        self.weights_read += data.len();
        self.packings.push(Packing::Channels { data, at });
        at
    }

    fn push(&mut self, label: &str, work: Work, output: ValueId) {
        self.steps.push(Step::new(label.to_owned(), work, output, self.layouts[output]));
    }

    fn traffic(&self, index: usize, weights: usize) -> Traffic {
        let operation = &self.operations()[index];
        let output = self.layouts[operation.output].bytes();
        let reads = match &operation.kind {
            Kind::Pack(..) if IS_REDUCIBLE => 4 * self.shape(operation.output).iter().product::<usize>(),
            Kind::Pack(..) | Kind::Assemble { .. } => output,
            _ => operation.inputs.iter().map(|id| self.layouts[*id].bytes()).sum(),
        };
        Traffic { weights, reads, writes: output }
    }

    fn emit(&mut self, index: usize) {
        let operation = &self.operations()[index];
        let label = operation.label.as_str();
        let output = self.layouts[operation.output];
        let input = operation.inputs.first().map(|id| self.layouts[*id]).unwrap_or_default();
        let work = match &operation.kind {
            #[cfg(target_arch = "x86_64")]
            Kind::Pack(input, adjustment) if output.format != Format::Float => {
                let left = stem_of(self.lowered, operation.output).map_or(0, |stem| stem.padding[1]);
                let sizes = [self.shape(operation.output)[2], left];
                let rejects = self.options.reject_non_finite;
                let pack = PackWindows::new(*input, output, sizes, adjustment, rejects, self.lanes);
                self.scratch = self.scratch.max(pack.scratch());
                Work::Windows(pack)
            }
            Kind::Pack(input, adjustment) => Work::Pack(Pack {
                input: *input,
                output,
                adjustment: adjustment.clone(),
                rejects_non_finite: self.options.reject_non_finite,
            }),
            Kind::Conv(conv) => match self.choices[index].algorithm {
                Algorithm::Direct => self.direct(conv, index),
                Algorithm::Winograd(m) => return self.winograd(m, conv, index),
                #[cfg(target_arch = "x86_64")]
                Algorithm::Matrix => self.matrix(conv, operation),
                #[cfg(not(target_arch = "x86_64"))]
                Algorithm::Matrix => unreachable!(),
            },
            Kind::Dense(dense) => self.dense(dense, operation),
            Kind::Pool { kind, filter, strides, padding } => {
                let (filter, strides, padding) = (*filter, *strides, *padding);
                Work::Pool(Pool { kind: *kind, input, output, filter, strides, padding })
            }
            Kind::Whole(kind) => Work::Whole(Whole { kind: *kind, input, output }),
            Kind::Pointwise { arithmetic, other, is_reversed, term, clamp } => {
                let [other, term] = [other, term].map(|operand| match operand {
                    Operand::Constant(data) => {
                        Other::Channels(self.reserve_channels(Cow::Owned(data.clone()), output.channels))
                    }
                    Operand::Input(index) => Other::Value(self.layouts[operation.inputs[*index]]),
                    Operand::Nothing => Other::Nothing,
                });
                let (arithmetic, is_reversed, clamp) = (*arithmetic, *is_reversed, *clamp);
                Work::Pointwise(Pointwise { arithmetic, input, other, is_reversed, term, output, clamp })
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
            Kind::Reshape => Work::Reshape(Reshape { input, output }),
            Kind::Softmax => Work::Softmax(Softmax { input, output }),
            Kind::Unpack(output) => Work::Unpack(Unpack { input, output: *output }),
        };
        self.push(label, work, operation.output);
    }
}

/// Packed weights begin on cache lines, whoever packs them.
fn whole_lines(floats: usize) -> usize {
    floats.next_multiple_of(16)
}

fn plane(layout: &Layout) -> Plane {
    Plane { start: layout.origin(), image: layout.image, plane: layout.plane, format: layout.format }
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
