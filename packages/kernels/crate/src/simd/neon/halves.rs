//! float16: stored so, and multiplied into sums of float32. The instructions are no stable intrinsics yet; none touches memory
//! but through these pointers. A register of them is taken for one of float32, as words of bfloat16 are.

#![allow(
    clippy::missing_safety_doc,
    reason = "as `Vector`, whose methods these are; the two loops over a tile as `Vector::add_halves`"
)]

use super::Neon;
use crate::tile::{HALF, TileArgs};
use std::arch::aarch64::*;
use std::arch::asm;

/// Blocks of four channels whose products are summed in float16 before they are in float32, where the CPU has no products of
/// float16 into float32.
const MOST_STEPS: usize = 8;

/// `$sum` and the products of `$weights` with one number of `$x`.
macro_rules! multiply {
    ($instruction:literal, $sums:literal, $halves:literal, $weights:expr, $x:ident[$lane:literal], $sum:expr) => {{
        let (mut sum, weights) = ($sum, $weights);
        asm!(
            concat!($instruction, " {sum:v}.", $sums, ", {weights:v}.", $halves, ", {x:v}.h[", $lane, "]"),
            sum = inout(vreg) sum,
            weights = in(vreg) weights,
            x = in(vreg_low16) $x,
            options(pure, nomem, nostack)
        );
        sum
    }};
}

/// A tile's pixels one by one. Compilers leave a loop of so much text as it is, and all sums in memory.
macro_rules! each_pixel {
    ($i:ident => $body:block) => {
        each_pixel!($i => $body; 0 1 2 3 4 5 6 7 8 9 10 11)
    };
    ($i:ident => $body:block; $($number:literal)+) => {
        $(if $number < PIXELS {
            let $i = $number;
            $body
        })+
    };
}

/// What every CPU with NEON has.
macro_rules! convert {
    ($instruction:literal, $to:literal, $from:literal, $numbers:expr) => {{
        let numbers = $numbers;
        let converted;
        asm!(
            concat!($instruction, " {to:v}.", $to, ", {from:v}.", $from),
            to = out(vreg) converted,
            from = in(vreg) numbers,
            options(pure, nomem, nostack)
        );
        converted
    }};
}

#[inline(always)]
pub(super) unsafe fn widen(halves: uint16x4_t) -> Neon {
    // SAFETY: it touches registers alone.
    Neon(unsafe { convert!("fcvtl", "4s", "4h", halves) })
}

#[inline(always)]
pub(super) unsafe fn round(numbers: Neon) -> uint16x4_t {
    // SAFETY: as `widen`.
    unsafe { convert!("fcvtn", "4h", "4s", numbers.0) }
}

/// Numbers to the nearest float16, two to a word. There must be a multiple of four.
#[inline(always)]
pub fn narrow(from: &[f32], into: &mut [u32]) {
    for (from, into) in from.chunks_exact(4).zip(into.chunks_exact_mut(2)) {
        // SAFETY: four numbers are read, and as many float16 written.
        unsafe { vst1_u16(into.as_mut_ptr() as *mut u16, round(Neon(vld1q_f32(from.as_ptr())))) };
    }
}

/// Forgets that a number was too large.
pub fn clear_overflow() {
    // SAFETY: the flag is nobody's but this module's. What is computed before and after goes through memory.
    unsafe {
        asm!(
            "mrs {status}, fpsr",
            "and {status}, {status}, #0xfffffffffffffffb",
            "msr fpsr, {status}",
            status = out(reg) _,
            options(nostack)
        );
    }
}

/// Whether a number was too large for its format since.
pub fn has_overflowed() -> bool {
    let status: u64;
    // SAFETY: it reads a register alone, after what was computed went to memory.
    unsafe { asm!("mrs {status}, fpsr", status = out(reg) status, options(nostack)) };
    status & 4 != 0
}

/// By `FMLAL`, whose products and sums are float32: exact, but for the sums' rounding.
#[inline(always)]
pub(super) unsafe fn add_long<const PIXELS: usize, const VECTORS: usize>(
    args: &TileArgs,
    input_pixel: usize,
    sums: &mut [[Neon; PIXELS]; VECTORS],
) {
    const { assert!(PIXELS <= 12) };
    // SAFETY: the caller's word: blocks, taps, pixels and vectors are those that `args` is good for.
    unsafe {
        let mut weights = args.weights;
        let mut block = args.input;
        for _ in 0..args.blocks {
            for t in 0..args.tap_count {
                let pixel = block.add(*args.taps.add(t));
                let mut factors = [[vdupq_n_f32(0.0); 2]; VECTORS];
                for (i, factor) in factors.as_flattened_mut().iter_mut().enumerate() {
                    *factor = vld1q_f32(weights.add(4 * i));
                }
                each_pixel!(i => {
                    let x = vld1_f32(pixel.add(i * input_pixel));
                    let factors = factors.as_flattened();
                    if VECTORS == 2 {
                        let (mut first, mut second) = (sums[0][i].0, sums[VECTORS - 1][i].0);
                        first = multiply!("fmlal", "4s", "4h", factors[0], x[0], first);
                        second = multiply!("fmlal2", "4s", "4h", factors[0], x[0], second);
                        first = multiply!("fmlal", "4s", "4h", factors[1], x[1], first);
                        second = multiply!("fmlal2", "4s", "4h", factors[1], x[1], second);
                        first = multiply!("fmlal", "4s", "4h", factors[2], x[2], first);
                        second = multiply!("fmlal2", "4s", "4h", factors[2], x[2], second);
                        first = multiply!("fmlal", "4s", "4h", factors[3], x[3], first);
                        second = multiply!("fmlal2", "4s", "4h", factors[3], x[3], second);
                        (sums[0][i], sums[VECTORS - 1][i]) = (Neon(first), Neon(second));
                    } else {
                        let mut sum = sums[0][i].0;
                        sum = multiply!("fmlal", "4s", "4h", factors[0], x[0], sum);
                        sum = multiply!("fmlal2", "4s", "4h", factors[0], x[1], sum);
                        sum = multiply!("fmlal", "4s", "4h", factors[1], x[2], sum);
                        sum = multiply!("fmlal2", "4s", "4h", factors[1], x[3], sum);
                        sums[0][i] = Neon(sum);
                    }
                });
                weights = weights.add(8 * VECTORS);
            }
            block = block.add(args.input_plane);
        }
    }
}

/// By `FMLA` of float16, eight products at once: up to [`MOST_STEPS`] × 4 of each sum in float16, and those sums in float32.
#[inline(always)]
pub(super) unsafe fn add_short<const PIXELS: usize, const VECTORS: usize>(
    args: &TileArgs,
    input_pixel: usize,
    sums: &mut [[Neon; PIXELS]; VECTORS],
) {
    // SAFETY: the caller's word: blocks, taps, pixels and vectors are those that `args` is good for.
    unsafe {
        let mut weights = args.weights;
        let mut block = args.input;
        let mut short = [vdupq_n_f32(0.0); PIXELS];
        let mut steps = 0;
        for _ in 0..args.blocks {
            for t in 0..args.tap_count {
                let pixel = block.add(*args.taps.add(t));
                let mut factors = [vdupq_n_f32(0.0); 4];
                for (i, factor) in factors.iter_mut().enumerate() {
                    let at = weights.add(2 * VECTORS * i);
                    *factor = match VECTORS {
                        2 => vld1q_f32(at),
                        _ => vcombine_f32(vld1_f32(at), vdup_n_f32(0.0)),
                    };
                }
                for (i, sum) in short.iter_mut().enumerate() {
                    let x = vld1_f32(pixel.add(i * input_pixel));
                    *sum = multiply!("fmla", "8h", "8h", factors[0], x[0], *sum);
                    *sum = multiply!("fmla", "8h", "8h", factors[1], x[1], *sum);
                    *sum = multiply!("fmla", "8h", "8h", factors[2], x[2], *sum);
                    *sum = multiply!("fmla", "8h", "8h", factors[3], x[3], *sum);
                }
                weights = weights.add(8 * VECTORS);
                steps += 1;
                if steps == MOST_STEPS {
                    add_widened(&short, sums);
                    short = [vdupq_n_f32(0.0); PIXELS];
                    steps = 0;
                }
            }
            block = block.add(args.input_plane);
        }
        add_widened(&short, sums);
    }
}

#[inline(always)]
unsafe fn add_widened<const PIXELS: usize, const VECTORS: usize>(
    short: &[float32x4_t; PIXELS],
    sums: &mut [[Neon; PIXELS]; VECTORS],
) {
    // SAFETY: as `Vector`.
    unsafe {
        for (i, short) in short.iter().enumerate() {
            let first: float32x4_t = convert!("fcvtl", "4s", "4h", *short);
            sums[0][i] = Neon(vaddq_f32(sums[0][i].0, first));
            if VECTORS == 2 {
                let second: float32x4_t = convert!("fcvtl2", "4s", "8h", *short);
                sums[VECTORS - 1][i] = Neon(vaddq_f32(sums[VECTORS - 1][i].0, second));
            }
        }
    }
}

/// As many products as the loops above do by one register of weights, by their instructions.
#[inline(always)]
pub(super) unsafe fn dot<const FORMAT: usize>(x: Neon, weights: Neon, sum: Neon) -> Neon {
    // SAFETY: as `Vector`.
    unsafe {
        let (x, sum) = (x.0, sum.0);
        Neon(match FORMAT {
            HALF => {
                let sum = multiply!("fmlal", "4s", "4h", weights.0, x[0], sum);
                multiply!("fmlal2", "4s", "4h", weights.0, x[1], sum)
            }
            _ => multiply!("fmla", "8h", "8h", weights.0, x[0], sum),
        })
    }
}
