//! Which values are stored in fewer bits, and the ranges that 8-bit values need.

use crate::format::Format;
use crate::graph::ValueId;
use crate::isa::Isa;
#[cfg(target_arch = "x86_64")]
use crate::lower::Operation;
use crate::lower::{Kind, Lowered};
use crate::plan::Options;
use crate::pool::PoolKind;
use crate::program::{Program, Step};
#[cfg(not(target_arch = "wasm32"))]
use crate::tile::HALF;
use crate::tile::{BFLOAT, BYTE, FLOAT};
#[cfg(target_arch = "x86_64")]
use crate::windows::stem_of;
use std::collections::HashMap;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};
use std::sync::{Barrier, Mutex};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    #[default]
    Float32,
    #[cfg(not(target_arch = "wasm32"))]
    Float16,
    Bfloat16,
    Int8,
}

/// Whether this build has kernels for fewer bits.
pub const IS_REDUCIBLE: bool = cfg!(any(target_arch = "x86_64", target_arch = "aarch64"));

const IS_ARM: bool = cfg!(target_arch = "aarch64");

/// By value: its least and its largest number, over all samples.
pub type Ranges = HashMap<ValueId, [f32; 2]>;

impl Precision {
    pub fn parse(name: &str) -> Result<Precision, String> {
        match name {
            "fp32" => Ok(Precision::Float32),
            #[cfg(not(target_arch = "wasm32"))]
            "fp16" => Ok(Precision::Float16),
            "bf16" => Ok(Precision::Bfloat16),
            "int8" => Ok(Precision::Int8),
            _ => Err(format!("precision: expected fp32, fp16, bf16 or int8, got '{name}'")),
        }
    }

    /// Of the micro-kernels.
    pub fn format(self) -> usize {
        match self {
            Precision::Float32 => FLOAT,
            #[cfg(not(target_arch = "wasm32"))]
            Precision::Float16 => HALF,
            Precision::Bfloat16 => BFLOAT,
            Precision::Int8 => BYTE,
        }
    }

    /// Refuses what the instruction set or this CPU has not.
    pub fn check(self, isa: &Isa) -> Result<(), String> {
        let needs = match self {
            Precision::Float32 => "",
            #[cfg(not(target_arch = "wasm32"))]
            Precision::Float16 => "fp16: expected a CPU with ARM's FEAT_FP16",
            Precision::Bfloat16 if IS_ARM => "bf16: expected a CPU with FEAT_BF16",
            Precision::Bfloat16 => "bf16: expected a CPU with AVX512_BF16",
            Precision::Int8 if IS_ARM => "int8: expected a CPU with FEAT_DotProd",
            Precision::Int8 => "int8: expected a CPU with AVX2 or AVX512_VNNI",
        };
        if isa.has_format(self.format()) {
            return Ok(());
        }
        let others = [
            #[cfg(not(target_arch = "wasm32"))]
            (HALF, " or fp16"),
            (BFLOAT, " or bf16"),
            (BYTE, " or int8"),
        ];
        let others: Vec<&str> =
            others.iter().filter(|(format, _)| isa.has_format(*format)).map(|(_, name)| *name).collect();
        Err(format!("precision {needs}, got kernels for {}; take fp32{}", isa.name, others.concat()))
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl Precision {
    /// The same for a training step, which computes with the values in float32 where the CPU does not multiply bfloat16.
    pub fn check_training(self, isa: &Isa) -> Result<(), String> {
        match self {
            Precision::Float32 => Ok(()),
            Precision::Bfloat16 if isa.stores_bfloat => Ok(()),
            Precision::Bfloat16 => Err(format!(
                "precision bf16: expected a CPU with AVX2, AVX-512 or NEON, got kernels for {}; take fp32",
                isa.name
            )),
            Precision::Float16 => Err("precision: expected fp32 or bf16 for a training step, got fp16".into()),
            Precision::Int8 => Err("precision: expected fp32 or bf16 for a training step, got int8".into()),
        }
    }
}

/// Values that convolutions and pools write, and only convolutions, pools and means read, take fewer bits.
pub fn formats(lowered: &Lowered, options: Options, ranges: &Ranges) -> Vec<Format> {
    let Options { precision, isa, .. } = options;
    let mut formats = vec![Format::Float; lowered.shapes.len()];
    if !IS_REDUCIBLE || precision == Precision::Float32 {
        return formats;
    }
    for operation in &lowered.operations {
        let id = operation.output;
        #[cfg(target_arch = "x86_64")]
        if isa.reduces_ends() && is_at_end(lowered, operation) {
            formats[id] = match precision {
                Precision::Bfloat16 if matches!(operation.kind, Kind::Pack(..)) => Format::Float,
                Precision::Bfloat16 => Format::Bfloat,
                _ => ranges.get(&id).map_or(Format::Float, |range| match operation.kind {
                    Kind::Pack(..) => Format::byte_between(*range),
                    _ => Format::byte_for(*range, isa),
                }),
            };
            continue;
        }
        if !is_read_reduced(lowered, id) {
            continue;
        }
        #[cfg(target_arch = "aarch64")]
        if precision == Precision::Float16 && !are_filters_half(lowered, id) {
            continue;
        }
        formats[id] = match (&operation.kind, precision) {
            (Kind::Conv(_), Precision::Bfloat16) => Format::Bfloat,
            #[cfg(target_arch = "aarch64")]
            (Kind::Conv(_), Precision::Float16) => Format::Half,
            (Kind::Conv(_), _) => ranges.get(&id).map_or(Format::Float, |range| Format::byte_for(*range, isa)),
            (Kind::Pool { kind: PoolKind::Max, .. }, _) => formats[operation.inputs[0]],
            _ => Format::Float,
        };
    }
    formats
}

fn is_read_reduced(lowered: &Lowered, id: ValueId) -> bool {
    lowered
        .operations
        .iter()
        .filter(|reader| reader.inputs.contains(&id))
        .all(|reader| matches!(reader.kind, Kind::Conv(_) | Kind::Whole(_) | Kind::Pool { kind: PoolKind::Max, .. }))
}

/// Whether the filters of all convolutions that read a value can be float16.
#[cfg(target_arch = "aarch64")]
fn are_filters_half(lowered: &Lowered, id: ValueId) -> bool {
    lowered.operations.iter().filter(|reader| reader.inputs.first() == Some(&id)).all(|reader| match &reader.kind {
        Kind::Conv(conv) => conv.filter.fits_half(lowered.shapes[reader.output][3]),
        _ => true,
    })
}

/// Whether an operation gives the picture to a stem that is computed in bytes, or all that the last layer reads.
#[cfg(target_arch = "x86_64")]
pub fn is_at_end(lowered: &Lowered, operation: &Operation) -> bool {
    let readers = || lowered.operations.iter().filter(|reader| reader.inputs.contains(&operation.output));
    match &operation.kind {
        Kind::Pack(..) => stem_of(lowered, operation.output).is_some(),
        Kind::Whole(_) => readers().count() > 0 && readers().all(|reader| matches!(reader.kind, Kind::Dense(_))),
        _ => false,
    }
}

/// By value: whether int8 needs its range.
pub fn wants_range(lowered: &Lowered) -> Vec<bool> {
    let mut wanted = vec![false; lowered.shapes.len()];
    for operation in &lowered.operations {
        let id = operation.output;
        wanted[id] |= matches!(operation.kind, Kind::Conv(_)) && is_read_reduced(lowered, id);
        #[cfg(target_arch = "x86_64")]
        {
            wanted[id] |= is_at_end(lowered, operation);
        }
    }
    wanted
}

/// Where the ranges of 8-bit values come from.
#[derive(Clone, Copy)]
pub struct Calibration<'s> {
    /// Runs to look at, each an array per input.
    pub samples: &'s [&'s [&'s [f32]]],
    /// How many of a value's numbers, in percent, its range holds at least; larger ones are cut off. 100 holds all.
    pub percentile: f64,
    /// Ranges that were found before, by the identity of the filter that makes the value; where all that this graph needs are
    /// there, no sample is looked at.
    pub known: &'s [(u64, [f32; 2])],
}

impl Calibration<'_> {
    pub const NONE: Calibration<'static> = Calibration { samples: &[], percentile: 100.0, known: &[] };

    pub fn check(&self) -> Result<(), String> {
        match self {
            Calibration { percentile, .. } if !(*percentile > 0.0 && *percentile <= 100.0) => {
                Err(format!("percentile: expected a number above 0 and up to 100, got {percentile}"))
            }
            Calibration { samples: [], .. } => {
                Err("precision int8: expected at least one calibration sample, got none".into())
            }
            _ => Ok(()),
        }
    }
}

/// A value's numbers: the least and the largest, and how many there are of each size, where that is asked for.
struct Seen {
    range: [f32; 2],
    counts: Vec<u32>,
}

/// Sizes are told apart by a float's exponent and the first seven bits behind it.
const SIZE_SHIFT: u32 = 16;

impl Seen {
    fn new(counts_sizes: bool) -> Seen {
        let sizes = if counts_sizes { 1 << (31 - SIZE_SHIFT) } else { 0 };
        Seen { range: [0.0, 0.0], counts: vec![0; sizes] }
    }

    /// Takes in some numbers. Several at a time, each with a least and a largest of its own: the compiler makes vectors of it.
    fn add(&mut self, numbers: &[f32]) {
        const TIMES: usize = 16;
        let (mut least, mut largest) = ([self.range[0]; TIMES], [self.range[1]; TIMES]);
        for some in numbers.chunks(TIMES) {
            for (i, &x) in some.iter().enumerate() {
                least[i] = if x < least[i] { x } else { least[i] };
                largest[i] = if x > largest[i] { x } else { largest[i] };
            }
        }
        self.range = [least.into_iter().fold(0.0, f32::min), largest.into_iter().fold(0.0, f32::max)];
        if !self.counts.is_empty() {
            for x in numbers {
                self.counts[(x.abs().to_bits() >> SIZE_SHIFT) as usize] += 1;
            }
        }
    }

    fn merge(&mut self, other: &Seen) {
        self.range = [self.range[0].min(other.range[0]), self.range[1].max(other.range[1])];
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count = count.saturating_add(*more);
        }
    }

    /// The range that holds so many percent of the numbers.
    fn range(&self, percentile: f64) -> [f32; 2] {
        let all: f64 = self.counts.iter().map(|count| f64::from(*count)).sum();
        let mut left = all * percentile / 100.0;
        for (size, count) in self.counts.iter().enumerate() {
            left -= f64::from(*count);
            if left <= 0.0 {
                let limit = f32::from_bits((size as u32 + 1) << SIZE_SHIFT);
                return [self.range[0].max(-limit), self.range[1].min(limit)];
            }
        }
        self.range
    }
}

/// Runs a float32 program on samples, in all its threads, and records the range of each value that is `wanted`.
pub fn calibrate(program: &Program, calibration: &Calibration, wanted: &[bool]) -> Result<Ranges, String> {
    for (number, sample) in calibration.samples.iter().enumerate() {
        for (port, data) in program.inputs.iter().zip(*sample) {
            if data.len() != port.length() {
                let (name, expected, got) = (&port.name, port.length(), data.len());
                return Err(format!("calibration sample {number}, {name}: expected {expected} numbers, got {got}"));
            }
        }
    }
    let counts_sizes = calibration.percentile < 100.0;
    let mut outputs: Vec<Vec<f32>> = program.outputs.iter().map(|port| vec![0.0; port.length()]).collect();
    let outputs: Vec<AtomicPtr<f32>> = outputs.iter_mut().map(|output| AtomicPtr::new(output.as_mut_ptr())).collect();
    let is_whole = |index: usize, step: &Step| {
        wanted[step.value] && !program.steps[index + 1..].iter().any(|later| later.value == step.value)
    };
    let watched: Vec<bool> = program.steps.iter().enumerate().map(|(i, step)| is_whole(i, step)).collect();
    let found: Mutex<HashMap<ValueId, Seen>> = Mutex::default();
    let together = Barrier::new(program.threads);
    let work = |worker: usize| {
        let share = |count: usize| worker * count / program.threads..(worker + 1) * count / program.threads;
        let outputs: Vec<*mut f32> = outputs.iter().map(|output| output.load(Ordering::Relaxed)).collect();
        let non_finite = AtomicU64::new(u64::MAX);
        for sample in calibration.samples {
            let inputs: Vec<*const f32> = sample.iter().map(|data| data.as_ptr()).collect();
            // SAFETY: the arrays have the ports' lengths and outlive the runs; each worker is one of the program's.
            let context = unsafe { program.context(worker, &inputs, &outputs, &non_finite) };
            for (step, is_watched) in program.steps.iter().zip(&watched) {
                for item in share(step.items) {
                    // SAFETY: the context is the program's, and each item is one worker's; all wait for each other between a step,
                    // the look at what it wrote, and the next step.
                    unsafe { (program.isa.run_item)(step, &context, item) };
                }
                together.wait();
                if !is_watched {
                    continue;
                }
                let mut seen = Seen::new(counts_sizes);
                for plane in share(step.layout.images * step.layout.blocks) {
                    // SAFETY: the arena is the program's, and nobody writes before all have looked.
                    unsafe { step.layout.each_row(context.activations, plane, |row| seen.add(row)) };
                }
                let mut found = found.lock().unwrap();
                found.entry(step.value).or_insert_with(|| Seen::new(counts_sizes)).merge(&seen);
                drop(found);
                // The next step may write where this value was, if nobody reads it.
                together.wait();
            }
        }
    };
    std::thread::scope(|scope| {
        for worker in 1..program.threads {
            let work = &work;
            scope.spawn(move || work(worker));
        }
        work(0);
    });
    let found = found.into_inner().unwrap();
    match found.iter().find(|(_, Seen { range, .. })| !range.iter().all(|x| x.is_finite())) {
        Some((id, _)) => Err(format!("calibration: value {id} becomes infinite; check the samples")),
        None => Ok(found.into_iter().map(|(id, seen)| (id, seen.range(calibration.percentile))).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_cuts_off_what_is_rare() {
        let mut numbers: Vec<f32> = (0..10_000).map(|i| (i % 100) as f32 / 100.0).collect();
        numbers[5000] = 50.0;
        numbers[6000] = -40.0;
        let mut seen = Seen::new(true);
        seen.add(&numbers[..3000]);
        let mut rest = Seen::new(true);
        rest.add(&numbers[3000..]);
        seen.merge(&rest);
        assert_eq!(seen.range(100.0), [-40.0, 50.0]);
        let [least, largest] = seen.range(99.9);
        assert!((0.99..1.0).contains(&largest) && (-1.0..=-0.99).contains(&least), "{least} {largest}");
    }

    #[test]
    fn all_numbers_are_in_the_whole_range() {
        let mut seen = Seen::new(false);
        seen.add(&(0..37).map(|i| i as f32 - 30.0).collect::<Vec<f32>>());
        assert_eq!(seen.range(100.0), [-30.0, 6.0]);
    }
}
