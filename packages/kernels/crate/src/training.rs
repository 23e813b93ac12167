//! Training steps: forwards, backwards and the update as one graph, whose filters are values like all others.
//!
//! Values lie as the caller's do, pictures NHWC, without borders, so every operation meets the others' results as they
//! are. A convolution copies a picture to where there are zeros around it, in its worker's scratch, and runs the same
//! micro-kernel as inference; its item is a picture, which stays in the second-level cache, so what follows on the
//! picture (shortcut, ReLU, sums for batch norm) is done there and then. Sums over pictures go by fixed shares, added in
//! order: a step gives the same bits with any number of threads.

mod batch_norm;
mod canvas;
mod convolution;
mod elementwise;
mod filter_gradient;
mod formats;
mod lower;
mod matrix;
mod moves;
mod phases;
mod pool;
mod reduce;
mod slots;
mod vectors;
mod winograd;
mod winograd_gradient;

use crate::graph::{Constants, Graph, Node};
use crate::layout::Layout;
use crate::memory::{Floats, Lifetime, place};
use crate::plan::Options;
use crate::program::{Context, Port, Program, Step, Traffic, Work};
use crate::sharing::Start;
use crate::simd::Vector;
use lower::Lowering;
use slots::{Slot, Slots};
use std::sync::Arc;

/// One operation and where all values lie.
pub struct Task {
    operation: Operation,
    items: usize,
    slots: Arc<Slots>,
}

enum Operation {
    PackFilters(convolution::PackFilters),
    Convolution(convolution::Convolution),
    Winograd(winograd::Winograd),
    FilterGradient(filter_gradient::FilterGradient),
    WinogradGradient(winograd_gradient::WinogradGradient),
    SumShares(filter_gradient::SumShares),
    Moments(batch_norm::Moments),
    MomentsOfAll(batch_norm::MomentsOfAll),
    FactorsOfAverages(batch_norm::FactorsOfAverages),
    Normalize(batch_norm::Normalize),
    GradientSums(batch_norm::GradientSums),
    GradientOfAll(batch_norm::GradientOfAll),
    NormalizeGradient(batch_norm::NormalizeGradient),
    Unary(elementwise::Unary),
    Binary(elementwise::Binary),
    ReluGradient(elementwise::ReluGradient),
    Reduce(reduce::Reduce),
    MatrixProduct(matrix::MatrixProduct),
    CopyBox(moves::CopyBox),
    Pool(pool::Pool),
    PoolGradient(pool::PoolGradient),
}

/// An operation with what it reads and writes, before values have places.
struct Planned {
    operation: Operation,
    label: String,
    /// The first output of the node that it is part of.
    value: usize,
    items: usize,
    /// Floats of scratch for a worker.
    scratch: usize,
    reads: Vec<usize>,
    writes: Vec<usize>,
}

impl Task {
    pub fn items(&self) -> usize {
        self.items
    }

    /// How it computes, in a word or two.
    pub fn algorithm(&self) -> &'static str {
        match &self.operation {
            Operation::PackFilters(_) => "pack filters",
            Operation::Convolution(_) => "direct",
            Operation::Winograd(_) | Operation::WinogradGradient(_) => "winograd f4",
            Operation::FilterGradient(_) => "outer products",
            Operation::SumShares(_) => "sum of shares",
            Operation::Moments(_) => "moments",
            Operation::MomentsOfAll(_) => "sum of moments",
            Operation::FactorsOfAverages(_) => "factors",
            Operation::Normalize(_) => "normalize",
            Operation::GradientSums(_) => "sums of gradient",
            Operation::GradientOfAll(_) => "sum of sums",
            Operation::NormalizeGradient(_) => "normalize gradient",
            Operation::Unary(_) | Operation::Binary(_) | Operation::ReluGradient(_) => "pointwise",
            Operation::Reduce(_) => "reduce",
            Operation::MatrixProduct(_) => "rows",
            Operation::CopyBox(_) => "copy",
            Operation::Pool(_) | Operation::PoolGradient(_) => "pool",
        }
    }

    /// As [`Step::multiply_adds`].
    pub fn multiply_adds(&self) -> f64 {
        match &self.operation {
            Operation::Convolution(work) => work.multiply_adds() * self.items as f64,
            Operation::FilterGradient(work) => work.multiply_adds(),
            Operation::Winograd(work) => work.multiply_adds(),
            Operation::WinogradGradient(work) => work.multiply_adds(),
            Operation::MatrixProduct(work) => work.size.iter().product::<usize>() as f64,
            _ => 0.0,
        }
    }

    /// # Safety
    /// As [`Context`], for an item of this task.
    #[inline(always)]
    pub unsafe fn run_item<V: Vector>(&self, context: &Context, item: usize) {
        let memory = slots::Memory { slots: &self.slots, context };
        // SAFETY: the caller's word, which is the same for each kind of operation.
        unsafe {
            match &self.operation {
                Operation::PackFilters(work) => work.run_item::<V>(&memory, item),
                Operation::Convolution(work) => work.run_item::<V>(&memory, item),
                Operation::Winograd(work) => work.run_item::<V>(&memory, item),
                Operation::FilterGradient(work) => work.run_item::<V>(&memory, item),
                Operation::WinogradGradient(work) => work.run_item::<V>(&memory, item),
                Operation::SumShares(work) => work.run_item(&memory, item),
                Operation::Moments(work) => work.run_item::<V>(&memory, item),
                Operation::MomentsOfAll(work) => work.run_item(&memory),
                Operation::FactorsOfAverages(work) => work.run_item(&memory),
                Operation::Normalize(work) => work.run_item::<V>(&memory, item),
                Operation::GradientSums(work) => work.run_item::<V>(&memory, item),
                Operation::GradientOfAll(work) => work.run_item(&memory),
                Operation::NormalizeGradient(work) => work.run_item::<V>(&memory, item),
                Operation::Unary(work) => work.run_item(&memory, item),
                Operation::Binary(work) => work.run_item(&memory, item),
                Operation::ReluGradient(work) => work.run_item(&memory, item),
                Operation::Reduce(work) => work.run_item(&memory, item),
                Operation::MatrixProduct(work) => work.run_item(&memory, item),
                Operation::CopyBox(work) => work.run_item(&memory, item),
                Operation::Pool(work) => work.run_item::<V>(&memory, item),
                Operation::PoolGradient(work) => work.run_item::<V>(&memory, item),
            }
        }
    }
}

/// Whether the graph has what only training has, or filters that are not known before it runs.
pub fn is_training(graph: &Graph, constants: &Constants) -> bool {
    let of_training = |node: &Node| match node.op.as_str() {
        "Conv2D" | "FusedConv2D" => node.inputs.get(1).is_some_and(|filter| !is_known(graph, constants, *filter, 2)),
        op => op.ends_with("Grad") || op.starts_with("Conv2DBackprop") || op == "BatchNormTraining",
    };
    graph.nodes.iter().any(of_training)
}

/// Whether a filter is constant, or made of constants by what `bind` leaves to the kernels: a turn, then factors.
fn is_known(graph: &Graph, constants: &Constants, id: usize, turns: usize) -> bool {
    let makes = |node: &&Node| node.outputs[0] == id && matches!(node.op.as_str(), "Transpose" | "Multiply");
    let of_constants = |node: &Node| node.inputs.iter().all(|id| is_known(graph, constants, *id, turns - 1));
    constants.contains_key(&id) || turns > 0 && graph.nodes.iter().find(makes).is_some_and(of_constants)
}

/// Compiles such a graph.
pub fn compile(graph: &Graph, constants: &Constants, options: Options) -> Result<Program, String> {
    let mut lowering = Lowering::new(graph, constants, options)?;
    lowering.run()?;
    let Lowering { sizes, formats, planned, mut slots, outputs, .. } = lowering;
    let words = |id: usize| sizes[id].div_ceil(formats[id].per_word());

    // Constants, then everything that is computed, by lifetime.
    let mut own = 0;
    let mut constant_data = Vec::new();
    for (id, data) in constants {
        slots[*id] = Some(Slot::Constant(own));
        constant_data.push((own, *data));
        own += data.len().next_multiple_of(16);
    }
    let (mut ids, mut blocks) = (Vec::new(), Vec::new());
    let mut last_read = vec![0; sizes.len()];
    for (index, step) in planned.iter().enumerate() {
        for id in step.reads.iter().chain(&step.writes) {
            last_read[*id] = index;
        }
    }
    for (index, step) in planned.iter().enumerate() {
        for &id in step.writes.iter().filter(|id| slots[**id].is_none()) {
            ids.push(id);
            blocks.push(Lifetime { kind: 0, size: words(id), first: index, last: last_read[id] });
        }
    }
    let (offsets, whole) = place(&blocks);
    for (id, offset) in ids.iter().zip(offsets) {
        slots[*id] = Some(Slot::Arena(offset));
    }
    let unwritten = planned.iter().flat_map(|step| &step.reads).find(|id| slots[**id].is_none());
    if let Some(id) = unwritten {
        return Err(format!("graph: value {id} is read before anything writes it"));
    }

    let weights = Floats::zeroed(own)?;
    for (at, data) in constant_data {
        // SAFETY: each constant has its place, of its length, and nobody else has the memory yet.
        unsafe { std::ptr::copy_nonoverlapping(data.as_ptr(), weights.start().add(at), data.len()) };
    }
    let slots = Arc::new(Slots::new(slots, formats.clone()));
    let scratch_each = planned.iter().map(|step| step.scratch).max().unwrap_or(0).next_multiple_of(16) + 16;
    let step = |planned: Planned| {
        let bytes = |ids: &[usize]| 4 * ids.iter().map(|id| words(*id)).sum::<usize>();
        let traffic = Traffic { weights: 0, reads: bytes(&planned.reads), writes: bytes(&planned.writes) };
        let Planned { operation, label, value, items, .. } = planned;
        let work = Work::Training(Task { operation, items, slots: slots.clone() });
        Step { traffic, ..Step::new(label, work, value, Layout::default()) }
    };
    let port = |name: &str, value: usize| Port { name: name.to_owned(), shape: graph.values[value].shape.clone() };
    let inputs = graph.inputs.iter().filter(|input| !constants.contains_key(&input.value));
    let weights = vec![Arc::new(weights)];
    Ok(Program {
        ranges: Vec::new(),
        isa: options.isa,
        steps: planned.into_iter().map(step).collect(),
        inputs: inputs.map(|input| port(&input.name, input.value)).collect(),
        outputs: outputs.iter().map(|(name, value)| port(name, *value)).collect(),
        threads: options.threads,
        starts: weights.iter().map(|memory| Start(memory.start())).collect(),
        weights,
        shared_filters: 0,
        activations: Floats::zeroed(whole)?,
        scratch: Floats::zeroed(scratch_each * options.threads)?,
        scratch_each,
    })
}
