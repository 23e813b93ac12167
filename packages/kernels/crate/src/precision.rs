//! Which values are stored in fewer bits, and the ranges that 8-bit values need.

use crate::format::Format;
use crate::graph::ValueId;
use crate::isa::Isa;
use crate::lower::{Kind, Lowered};
use crate::plan::Options;
use crate::pool::PoolKind;
use crate::program::Program;
use crate::tile::{BFLOAT, BYTE, FLOAT};
use std::collections::HashMap;
use std::sync::atomic::AtomicU64;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    #[default]
    Float32,
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
            "bf16" => Ok(Precision::Bfloat16),
            "int8" => Ok(Precision::Int8),
            _ => Err(format!("precision: expected fp32, bf16 or int8, got '{name}'")),
        }
    }

    /// Of the micro-kernels.
    pub fn format(self) -> usize {
        match self {
            Precision::Float32 => FLOAT,
            Precision::Bfloat16 => BFLOAT,
            Precision::Int8 => BYTE,
        }
    }

    /// Refuses what the instruction set or this CPU has not.
    pub fn check(self, isa: &Isa) -> Result<(), String> {
        let name = match self {
            Precision::Float32 => "",
            Precision::Bfloat16 if IS_ARM => "bf16: expected a CPU with FEAT_BF16",
            Precision::Bfloat16 => "bf16: expected a CPU with AVX512_BF16",
            Precision::Int8 if IS_ARM => "int8: expected a CPU with FEAT_DotProd",
            Precision::Int8 => "int8: expected a CPU with AVX512_VNNI",
        };
        match isa.has_format(self.format()) {
            true => Ok(()),
            false => Err(format!("precision {name}, got kernels for {}; take fp32", isa.name)),
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
        let is_read_reduced = lowered.operations.iter().filter(|reader| reader.inputs.contains(&id)).all(|reader| {
            matches!(reader.kind, Kind::Conv(_) | Kind::Whole(_) | Kind::Pool { kind: PoolKind::Max, .. })
        });
        if !is_read_reduced {
            continue;
        }
        formats[id] = match (&operation.kind, precision) {
            (Kind::Conv(_), Precision::Bfloat16) => Format::Bfloat,
            (Kind::Conv(_), _) => {
                ranges.get(&id).map_or(Format::Float, |range| Format::byte_for(*range, isa.least_byte))
            }
            (Kind::Pool { kind: PoolKind::Max, .. }, _) => formats[operation.inputs[0]],
            _ => Format::Float,
        };
    }
    formats
}

/// Runs a float32 program on samples and records the range of each value.
pub fn calibrate(program: &Program, samples: &[&[&[f32]]]) -> Result<Ranges, String> {
    let mut ranges = Ranges::new();
    let mut outputs: Vec<Vec<f32>> = program.outputs.iter().map(|port| vec![0.0; port.length()]).collect();
    for (number, sample) in samples.iter().enumerate() {
        for (port, data) in program.inputs.iter().zip(*sample) {
            if data.len() != port.length() {
                let (name, expected, got) = (&port.name, port.length(), data.len());
                return Err(format!("calibration sample {number}, {name}: expected {expected} numbers, got {got}"));
            }
        }
        let inputs: Vec<*const f32> = sample.iter().map(|data| data.as_ptr()).collect();
        let outputs: Vec<*mut f32> = outputs.iter_mut().map(|output| output.as_mut_ptr()).collect();
        let non_finite = AtomicU64::new(u64::MAX);
        for step in &program.steps {
            // SAFETY: the arrays have the ports' lengths and outlive the run; one thread runs all items of all steps,
            // in order.
            unsafe {
                let context = program.context(0, &inputs, &outputs, &non_finite);
                for item in 0..step.items {
                    (program.isa.run_item)(step, &context, item);
                }
                let range = ranges.entry(step.value).or_insert([0.0, 0.0]);
                step.layout.each_number(context.activations, |x| *range = [range[0].min(x), range[1].max(x)]);
            }
        }
    }
    match ranges.iter().find(|(_, [least, largest])| !least.is_finite() || !largest.is_finite()) {
        Some((id, _)) => Err(format!("calibration: value {id} becomes infinite; check the samples")),
        None => Ok(ranges),
    }
}
