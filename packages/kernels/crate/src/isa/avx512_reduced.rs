//! AVX-512's kernels of bfloat16, bytes, and whole numbers of 16 bits.

use super::*;
use crate::simd::avx512::Avx512;
use crate::tile::WHOLE;

instance!(bfloat, Avx512, BFLOAT, ["avx512f,avx512vl,avx512bw,avx512bf16"]);
instance!(byte, Avx512, BYTE, ["avx512f,avx512vl,avx512bw,avx512vnni"]);
instance!(whole, Avx512, WHOLE, ["avx512f,avx512vl,avx512bw,avx512vnni"]);
peak_instance!(
    bfloat_peak, Avx512, BFLOAT, ["avx512f,avx512vl,avx512bw,avx512bf16"], [1 2 3 4 5 6 7 8 9 10 11 12 13 14]
);
peak_instance!(
    byte_peak, Avx512, BYTE, ["avx512f,avx512vl,avx512bw,avx512vnni"], [1 2 3 4 5 6 7 8 9 10 11 12 13 14]
);

outer_instance!(narrow_outer, Avx512, BFLOAT, ["avx512f,avx512vl,avx512bw,avx512bf16"]);
pub const OUTER: [&[OuterKernel]; 2] = training_row!(narrow_outer, OuterKernel, [1 2 3 4 5 6 7 8 9 10 11 12 13 14]);

pub const PEAKS: [Option<PeakKernel>; 2] = [Some(bfloat_peak), Some(byte_peak)];

pub const TILES: Reduced = reduced!(Avx512, bfloat, byte, byte_walks, [1 2 3 4 5 6 7 8 9 10 11 12 13 14]);
pub const WHOLE_TILES: Row = row!(whole, 1, 0, false, [1 2 3 4 5 6 7 8 9 10 11 12 13 14]);

pub fn has_format(format: usize) -> bool {
    match format {
        BFLOAT => std::arch::is_x86_feature_detected!("avx512bf16"),
        _ => std::arch::is_x86_feature_detected!("avx512vnni"),
    }
}
