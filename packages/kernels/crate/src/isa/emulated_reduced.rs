//! The kernels of AVX-512's emulation, of bfloat16, bytes, and whole numbers of 16 bits.

use super::*;
use crate::simd::emulated::Emulated;
use crate::tile::WHOLE;

instance!(bfloat, Emulated, BFLOAT, []);
instance!(byte, Emulated, BYTE, []);
instance!(whole, Emulated, WHOLE, []);
peak_instance!(bfloat_peak, Emulated, BFLOAT, [], [1 2 3 4 5 6 7]);
peak_instance!(byte_peak, Emulated, BYTE, [], [1 2 3 4 5 6 7]);

outer_instance!(narrow_outer, Emulated, BFLOAT, []);
pub const OUTER: [&[OuterKernel]; 2] = training_row!(narrow_outer, OuterKernel, [1 2 3 4 5 6 7]);

pub const PEAKS: [Option<PeakKernel>; 2] = [Some(bfloat_peak), Some(byte_peak)];

pub const TILES: Reduced = reduced!(Emulated, bfloat, byte, byte_walks, [1 2 3 4 5 6 7]);
pub const WHOLE_TILES: Row = row!(whole, 1, 0, false, [1 2 3 4 5 6 7]);
