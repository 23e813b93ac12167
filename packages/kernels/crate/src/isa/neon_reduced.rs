//! NEON's kernels of bfloat16, bytes and float16.

use super::*;
use crate::simd::neon::{Neon, clear_overflow, has_overflowed};
use crate::tile::SHORT_HALF;

instance!(bfloat, Neon, BFLOAT, ["neon,bf16"]);
instance!(byte, Neon, BYTE, ["neon,dotprod"]);
peak_instance!(bfloat_peak, Neon, BFLOAT, ["neon,bf16"], [1 2 3 4 5 6 7 8 9 10 11 12]);
peak_instance!(byte_peak, Neon, BYTE, ["neon,dotprod"], [1 2 3 4 5 6 7 8 9 10 11 12]);

outer_instance!(narrow_outer, Neon, BFLOAT, ["neon,bf16"]);
pub const OUTER: [&[OuterKernel]; 2] = training_row!(narrow_outer, OuterKernel, [1 2 3 4 5 6 7 8 9 10 11 12]);

pub const PEAKS: [Option<PeakKernel>; 2] = [Some(bfloat_peak), Some(byte_peak)];

pub const TILES: Reduced = reduced!(Neon, bfloat, byte, wide_walks, [1 2 3 4 5 6 7 8 9 10 11 12]);

instance!(half, Neon, HALF, ["neon,fp16,fhm"]);
instance!(short_half, Neon, SHORT_HALF, ["neon,fp16"]);
peak_instance!(half_peak, Neon, HALF, ["neon,fp16,fhm"], [1 2 3 4 5 6 7 8 9 10 11 12]);
peak_instance!(short_half_peak, Neon, SHORT_HALF, ["neon,fp16"], [1 2 3 4 5 6 7 8 9 10 11 12]);

pub const HALVES: [[Row; 5]; 2] = [
    wide_walks!(half, false, [1 2 3 4 5 6 7 8 9 10 11 12]),
    // Beside the sums there are those in float16.
    wide_walks!(short_half, false, [1 2 3 4 5 6 7 8]),
];
pub const HALF_PEAKS: [Option<PeakKernel>; 2] = [Some(half_peak), Some(short_half_peak)];

/// A step that stores float16 says where a number was too large for it.
///
/// # Safety
/// As [`Step::run_item`]; NEON is there on every such CPU.
pub unsafe fn run_item(step: &Step, context: &Context, item: usize) {
    let has_halves = step.has_halves();
    if has_halves {
        clear_overflow();
    }
    // SAFETY: the caller's word.
    unsafe { (neon::TABLE.run_item)(step, context, item) };
    if has_halves && has_overflowed() {
        context.report_overflow(step.value);
    }
}

pub fn has_format(format: usize) -> bool {
    match format {
        BFLOAT => std::arch::is_aarch64_feature_detected!("bf16"),
        _ => std::arch::is_aarch64_feature_detected!("dotprod"),
    }
}
