//! How sums of bytes and of bfloat16 are stored from registers, where x86-64's kernels do.

use super::{InBytes, TileArgs};
use crate::simd::Vector;

/// [`super::finish`] of neighbouring pixels in bytes, from whole sums.
///
/// # Safety
/// As [`super::tile`].
#[inline(always)]
pub(super) unsafe fn finish_bytes<V: Vector, const PIXELS: usize, const VECTORS: usize>(
    args: &TileArgs,
    in_bytes: InBytes,
    sums: &[[V; PIXELS]; VECTORS],
) {
    // SAFETY: the caller's word: scales, outputs and shortcut are there for each pixel and vector.
    unsafe {
        finish_byte_row(args, 0, in_bytes, &sums[0]);
        if VECTORS > 1 {
            finish_byte_row(args, 1, in_bytes, &sums[VECTORS - 1]);
        }
    }
}

/// Those of one vector of channels: four pixels are done before the next begin, for what they take beside the sums is in
/// registers too. There are no loops, which compilers may unroll too late, and no `map` of arrays, which they may not inline: both
/// would leave the sums in memory.
///
/// # Safety
/// As [`super::tile`].
#[inline(always)]
unsafe fn finish_byte_row<V: Vector, const PIXELS: usize>(
    args: &TileArgs,
    v: usize,
    in_bytes: InBytes,
    row: &[V; PIXELS],
) {
    const { assert!(PIXELS < 16) };
    // SAFETY: the caller's word, as above.
    unsafe {
        let residual = match args.residual.is_null() {
            true => std::ptr::null(),
            false => args.residual.add(v * args.residual_plane) as *const u8,
        };
        let scales = [V::load(args.scales.add(v * V::LANES)), V::load(args.bias.add(v * V::LANES))];
        let output = args.output.add(v * args.output_plane) as *mut u8;
        macro_rules! steps_of {
            ($pixel:expr) => {{
                let residual = if residual.is_null() { residual } else { residual.add($pixel * V::LANES) };
                in_steps(row[$pixel], scales, residual, in_bytes)
            }};
        }
        macro_rules! fours {
            ($($i:literal)+) => {
                $(if PIXELS >= $i + 4 {
                    let four = [steps_of!($i), steps_of!($i + 1), steps_of!($i + 2), steps_of!($i + 3)];
                    V::store_byte_pixels(four, output.add($i * V::LANES));
                })+
            };
        }
        macro_rules! rest {
            ($($i:literal)+) => {
                $(if PIXELS % 4 > $i {
                    let pixel = PIXELS / 4 * 4 + $i;
                    steps_of!(pixel).store_bytes(output.add(pixel * V::LANES));
                })+
            };
        }
        fours!(0 4 8);
        rest!(0 1 2);
    }
}

/// [`super::finish`] of neighbouring pixels in bfloat16.
///
/// # Safety
/// As [`super::tile`].
#[inline(always)]
pub(super) unsafe fn finish_bfloat<V: Vector, const PIXELS: usize, const VECTORS: usize>(
    args: &TileArgs,
    sums: &[[V; PIXELS]; VECTORS],
) {
    // SAFETY: the caller's word: outputs and shortcut are there for each pixel and vector.
    unsafe {
        finish_bfloat_row(args, 0, &sums[0]);
        if VECTORS > 1 {
            finish_bfloat_row(args, 1, &sums[VECTORS - 1]);
        }
    }
}

/// Those of one vector of channels, as [`finish_byte_row`], two pixels at a time.
///
/// # Safety
/// As [`super::tile`].
#[inline(always)]
unsafe fn finish_bfloat_row<V: Vector, const PIXELS: usize>(args: &TileArgs, v: usize, row: &[V; PIXELS]) {
    const { assert!(PIXELS < 16) };
    // SAFETY: the caller's word, as above.
    unsafe {
        let output = args.output.add(v * args.output_plane) as *mut u16;
        let residual = match args.residual.is_null() {
            true => std::ptr::null(),
            false => args.residual.add(v * args.residual_plane) as *const u16,
        };
        macro_rules! pairs {
            ($($i:literal)+) => {
                $(if PIXELS >= $i + 2 {
                    let mut pair = [row[$i], row[$i + 1]];
                    if !residual.is_null() {
                        pair[0] = pair[0].add(V::load_bfloat(residual.add($i * V::LANES)));
                        pair[1] = pair[1].add(V::load_bfloat(residual.add(($i + 1) * V::LANES)));
                    }
                    pair[0] = args.clamp.apply(pair[0]);
                    pair[1] = args.clamp.apply(pair[1]);
                    V::store_bfloats(pair, output.add($i * V::LANES));
                })+
            };
        }
        pairs!(0 2 4 6 8 10 12);
        if !PIXELS.is_multiple_of(2) {
            let (sum, at) = (row[PIXELS - 1], (PIXELS - 1) * V::LANES);
            let sum = if residual.is_null() { sum } else { sum.add(V::load_bfloat(residual.add(at))) };
            args.clamp.apply(sum).store_bfloat(output.add(at));
        }
    }
}

/// A pixel's whole sums in steps of the output.
///
/// # Safety
/// As [`super::tile`].
#[inline(always)]
unsafe fn in_steps<V: Vector>(sum: V, [scale, bias]: [V; 2], residual: *const u8, in_bytes: InBytes) -> V {
    // SAFETY: the caller's word: the shortcut is there, or null.
    unsafe {
        let mut value = sum.to_floats().mul_add(scale, bias);
        if !residual.is_null() {
            value = V::load_bytes(residual).mul_add(V::splat(in_bytes.residual), value);
        }
        in_bytes.clamp.apply(value)
    }
}
