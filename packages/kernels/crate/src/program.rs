//! A compiled graph: steps in order, each of work items that are independent of each other.

use crate::direct::DirectConv;
#[cfg(target_arch = "aarch64")]
use crate::format::Format;
use crate::graph::ValueId;
use crate::isa::Isa;
use crate::layout::Layout;
#[cfg(target_arch = "x86_64")]
use crate::matrix::MatrixConv;
use crate::memory::Floats;
use crate::moves::{CopyBox, Fill, Pack, Reshape, Softmax, Unpack};
use crate::pointwise::Pointwise;
use crate::pool::{Pool, Whole};
use crate::sharing::{Place, Start};
use crate::simd::Vector;
#[cfg(target_arch = "x86_64")]
use crate::windows::PackWindows;
use crate::winograd::{Stage, Winograd};
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The memory of one run, as one worker sees it.
///
/// # Safety
/// A step's `run_item` may be called with it where it comes from [`Program::context`] of the step's program, the item is
/// one of the step's, nobody else is given that item in this run, and all items of the steps before are done. The rest is the
/// plan's: the step's layouts, tiles and offsets lie within this memory, and what an item writes, no other item of the
/// step reads or writes.
pub struct Context<'run> {
    /// The program's own constants.
    pub weights: *const f32,
    /// Of the memories that filters lie in.
    starts: *const Start,
    pub activations: *mut f32,
    /// The worker's own.
    pub scratch: *mut f32,
    /// The caller's arrays, in the order of [`Program::inputs`] and [`Program::outputs`].
    pub inputs: *const *const f32,
    pub outputs: *const *mut f32,
    /// The first input number that is not finite: input index << 48 | element, `u64::MAX` for none. Where none is, a value from
    /// which on one was too large for float16: `OVERFLOW` and its number.
    pub non_finite: &'run AtomicU64,
    /// Whose input the scratch holds, as the layer wants it: for the items of a layer that share it.
    pub prepared: Cell<Option<Prepared>>,
}

/// The input of a layer, from its `first` square or part on.
#[derive(Clone, Copy, PartialEq)]
pub struct Prepared {
    pub layer: *const (),
    pub first: usize,
}

/// Behind all inputs.
#[cfg(target_arch = "aarch64")]
const OVERFLOW: u64 = 0xffff << 48;

impl Context<'_> {
    /// Remembers a value that float16 does not hold.
    #[cfg(target_arch = "aarch64")]
    pub fn report_overflow(&self, value: ValueId) {
        self.non_finite.fetch_min(OVERFLOW + value as u64, Ordering::Relaxed);
    }

    /// # Safety
    /// The place must be one of the program's.
    #[inline(always)]
    pub unsafe fn filters(&self, place: Place) -> *const f32 {
        // SAFETY: places name memories that the program holds, and lie inside them.
        unsafe { (*self.starts.add(place.memory as usize)).0.add(place.at) }
    }
}

pub enum Work {
    Pack(Pack),
    #[cfg(target_arch = "x86_64")]
    Windows(PackWindows),
    Direct(DirectConv),
    Winograd(Arc<Winograd>, Stage),
    #[cfg(target_arch = "x86_64")]
    Matrix(MatrixConv),
    Pool(Pool),
    Whole(Whole),
    Pointwise(Pointwise),
    Fill(Fill),
    Copy(CopyBox),
    Reshape(Reshape),
    Softmax(Softmax),
    Unpack(Unpack),
    #[cfg(not(target_arch = "wasm32"))]
    Training(crate::training::Task),
}

pub struct Step {
    pub label: String,
    pub work: Work,
    /// What the step writes; in training, the first value of the node that the step is part of.
    pub value: ValueId,
    pub layout: Layout,
    pub items: usize,
    pub traffic: Traffic,
}

/// Bytes that a step's algorithm takes from memory and puts there, each once. Of an operation of several steps, the first
/// has them all.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Traffic {
    /// Packed weights.
    pub weights: usize,
    pub reads: usize,
    pub writes: usize,
}

impl Step {
    pub fn new(label: String, work: Work, value: ValueId, layout: Layout) -> Step {
        let items = match &work {
            Work::Pack(work) => work.items(),
            #[cfg(target_arch = "x86_64")]
            Work::Windows(work) => work.items(),
            Work::Direct(work) => work.items(),
            Work::Winograd(work, stage) => work.items(*stage),
            #[cfg(target_arch = "x86_64")]
            Work::Matrix(work) => work.items(),
            Work::Pool(work) => work.items(),
            Work::Whole(work) => work.items(),
            Work::Pointwise(work) => work.items(),
            Work::Fill(work) => work.items(),
            Work::Copy(work) => work.items(),
            Work::Reshape(work) => work.items(),
            Work::Softmax(work) => work.items(),
            Work::Unpack(work) => work.items(),
            #[cfg(not(target_arch = "wasm32"))]
            Work::Training(work) => work.items(),
        };
        Step { label, work, value, layout, items, traffic: Traffic::default() }
    }

    /// How it computes, in a word or two.
    pub fn algorithm(&self) -> &'static str {
        match &self.work {
            Work::Pack(_) => "pack",
            #[cfg(target_arch = "x86_64")]
            Work::Windows(_) => "pack",
            Work::Direct(_) => "direct",
            Work::Winograd(work, _) if work.shape.m == 2 => "winograd f2",
            Work::Winograd(..) => "winograd f4",
            #[cfg(target_arch = "x86_64")]
            Work::Matrix(_) => "matrix",
            Work::Pool(_) | Work::Whole(_) => "pool",
            Work::Pointwise(_) => "pointwise",
            Work::Fill(_) | Work::Copy(_) | Work::Reshape(_) => "copy",
            Work::Softmax(_) => "softmax",
            Work::Unpack(_) => "unpack",
            #[cfg(not(target_arch = "wasm32"))]
            Work::Training(work) => work.algorithm(),
        }
    }

    /// Whether its numbers go through float16.
    #[cfg(target_arch = "aarch64")]
    pub fn has_halves(&self) -> bool {
        match &self.work {
            Work::Direct(work) => [work.input.format, work.output.format].contains(&Format::Half),
            Work::Winograd(work, _) => [work.input.format, work.output.format].contains(&Format::Half),
            _ => false,
        }
    }

    /// Multiply-adds that the kernels do, those with padding's zeros among them.
    pub fn multiply_adds(&self) -> f64 {
        match &self.work {
            Work::Direct(work) => work.multiply_adds(),
            Work::Winograd(work, stage) => work.multiply_adds(*stage),
            #[cfg(target_arch = "x86_64")]
            Work::Matrix(work) => work.multiply_adds(),
            #[cfg(not(target_arch = "wasm32"))]
            Work::Training(work) => work.multiply_adds(),
            _ => 0.0,
        }
    }

    /// # Safety
    /// As [`Context`], for an item of this step.
    #[inline(always)]
    pub unsafe fn run_item<V: Vector>(&self, context: &Context, item: usize) {
        // SAFETY: the caller's word, which is the same for each kind of work.
        unsafe {
            match &self.work {
                Work::Pack(work) => work.run_item(context, item),
                #[cfg(target_arch = "x86_64")]
                Work::Windows(work) => work.run_item::<V>(context, item),
                Work::Direct(work) => work.run_item::<V>(context, item),
                Work::Winograd(work, stage) => work.run_item::<V>(*stage, context, item),
                #[cfg(target_arch = "x86_64")]
                Work::Matrix(work) => work.run_item::<V>(context, item),
                Work::Pool(work) => work.run_item::<V>(context, item),
                Work::Whole(work) => work.run_item::<V>(context, item),
                Work::Pointwise(work) => work.run_item::<V>(context, item),
                Work::Fill(work) => work.run_item(context, item),
                Work::Copy(work) => work.run_item(context, item),
                Work::Reshape(work) => work.run_item(context, item),
                Work::Softmax(work) => work.run_item(context, item),
                Work::Unpack(work) => work.run_item(context, item),
                #[cfg(not(target_arch = "wasm32"))]
                Work::Training(work) => work.run_item::<V>(context, item),
            }
        }
    }
}

/// An input or output by name.
#[derive(Clone, Debug)]
pub struct Port {
    pub name: String,
    pub shape: Vec<usize>,
}

impl Port {
    pub fn length(&self) -> usize {
        self.shape.iter().product()
    }
}

/// A graph for one machine and one number of threads, with its packed weights and the memory of its runs:
/// one run at a time.
pub struct Program {
    pub isa: &'static Isa,
    /// Where values are of bytes: the ranges of what convolutions give, by the identity of their filters.
    pub ranges: Vec<(u64, [f32; 2])>,
    pub steps: Vec<Step>,
    pub inputs: Vec<Port>,
    pub outputs: Vec<Port>,
    pub threads: usize,
    /// The program's own constants and filters, then those of others that it reads filters in.
    pub(crate) weights: Vec<Arc<Floats>>,
    pub(crate) starts: Vec<Start>,
    /// Floats of filters in others.
    pub(crate) shared_filters: usize,
    pub(crate) activations: Floats,
    pub(crate) scratch: Floats,
    pub(crate) scratch_each: usize,
}

impl Program {
    /// Packed weights that the program reads.
    pub fn weight_bytes(&self) -> usize {
        4 * self.weights[0].length() + self.shared_weight_bytes()
    }

    /// Those of them that other programs have packed.
    pub fn shared_weight_bytes(&self) -> usize {
        4 * self.shared_filters
    }

    /// Those of its own that lie in a file.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn cached_weight_bytes(&self) -> usize {
        if self.weights[0].is_of_file() { 4 * self.weights[0].length() } else { 0 }
    }

    /// Weights of its own, activations and scratch.
    pub fn bytes(&self) -> usize {
        4 * (self.weights[0].length() + self.activations.length() + self.scratch.length())
    }

    /// # Safety
    /// The pointers must be good for the lengths of the ports until the run ends; `worker < threads`.
    pub unsafe fn context<'run>(
        &self,
        worker: usize,
        inputs: &'run [*const f32],
        outputs: &'run [*mut f32],
        non_finite: &'run AtomicU64,
    ) -> Context<'run> {
        Context {
            weights: self.weights[0].start(),
            starts: self.starts.as_ptr(),
            activations: self.activations.start(),
            // SAFETY: scratch has `scratch_each` floats for each of the threads.
            scratch: unsafe { self.scratch.start().add(worker * self.scratch_each) },
            inputs: inputs.as_ptr(),
            outputs: outputs.as_ptr(),
            non_finite,
            prepared: Cell::new(None),
        }
    }

    /// Runs on the calling thread alone. Panics where an array is not as long as its port.
    pub fn run_alone(&mut self, inputs: &[&[f32]], outputs: &mut [&mut [f32]]) -> Result<(), String> {
        assert!(inputs.iter().map(|x| x.len()).eq(self.inputs.iter().map(Port::length)), "inputs");
        assert!(outputs.iter().map(|y| y.len()).eq(self.outputs.iter().map(Port::length)), "outputs");
        let inputs: Vec<*const f32> = inputs.iter().map(|x| x.as_ptr()).collect();
        let outputs: Vec<*mut f32> = outputs.iter_mut().map(|y| y.as_mut_ptr()).collect();
        let non_finite = AtomicU64::new(u64::MAX);
        // SAFETY: the slices have the ports' lengths and outlive the run; there is one worker.
        let context = unsafe { self.context(0, &inputs, &outputs, &non_finite) };
        for step in &self.steps {
            // SAFETY: one thread runs all items of all steps, in order.
            unsafe {
                for item in 0..step.items {
                    (self.isa.run_item)(step, &context, item);
                }
            }
        }
        self.check_finite(non_finite.load(Ordering::Relaxed))
    }

    /// Turns what [`Context::non_finite`] holds into an error.
    pub fn check_finite(&self, found: u64) -> Result<(), String> {
        if found == u64::MAX {
            return Ok(());
        }
        #[cfg(target_arch = "aarch64")]
        if found >= OVERFLOW {
            let value = (found - OVERFLOW) as usize;
            let label = self.steps.iter().find(|step| step.value == value).map_or("", |step| step.label.as_str());
            return Err(format!(
                "precision fp16: expected numbers that float16 holds, up to 65504, got larger ones in {label}; take fp32"
            ));
        }
        let port = &self.inputs[(found >> 48) as usize];
        let mut rest = (found & ((1 << 48) - 1)) as usize;
        let mut index = vec![0; port.shape.len()];
        for (i, size) in index.iter_mut().zip(&port.shape).rev() {
            *i = rest % size;
            rest /= size;
        }
        Err(format!(
            "{}: expected finite numbers, got NaN or infinity at {index:?}; check the input's decoding",
            port.name
        ))
    }
}
