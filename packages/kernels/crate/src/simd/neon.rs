mod halves;

pub use halves::{clear_overflow, has_overflowed, narrow};

use super::Vector;
use crate::tile::{HALF, TileArgs};
use std::arch::aarch64::*;
use std::arch::asm;

#[derive(Clone, Copy)]
pub struct Neon(float32x4_t);

/// A sum of products of neighbours, by an instruction that is no stable intrinsic yet; it touches no memory.
macro_rules! dot {
    ($instruction:literal, $numbers:literal, $x:ident, $weights:ident, $sum:ident) => {{
        let mut sum = $sum.0;
        unsafe {
            asm!(
                concat!($instruction, " {sum:v}.4s, {x:v}.", $numbers, ", {weights:v}.", $numbers),
                sum = inout(vreg) sum,
                x = in(vreg) $x.0,
                weights = in(vreg) $weights.0,
                options(pure, nomem, nostack, preserves_flags)
            );
        }
        Neon(sum)
    }};
}

impl Vector for Neon {
    const LANES: usize = 4;
    const REDUCES: bool = true;
    const LEAST_BYTE: i16 = -128;

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        unsafe { Neon(vdupq_n_f32(x)) }
    }
    #[inline(always)]
    unsafe fn broadcast(p: *const f32) -> Self {
        unsafe { Neon(vld1q_dup_f32(p)) }
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> Self {
        unsafe { Neon(vld1q_f32(p)) }
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32) {
        unsafe { vst1q_f32(p, self.0) }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        unsafe { Neon(vaddq_f32(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        unsafe { Neon(vsubq_f32(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        unsafe { Neon(vmulq_f32(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn div(self, other: Self) -> Self {
        unsafe { Neon(vdivq_f32(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        unsafe { Neon(vfmaq_f32(term.0, self.0, factor.0)) }
    }
    #[inline(always)]
    unsafe fn at_least(self, floor: Self) -> Self {
        unsafe { Neon(vmaxq_f32(self.0, floor.0)) }
    }
    #[inline(always)]
    unsafe fn at_most(self, ceiling: Self) -> Self {
        unsafe { Neon(vminq_f32(self.0, ceiling.0)) }
    }
    #[inline(always)]
    unsafe fn where_above_zero(self, mask: Self) -> Self {
        unsafe {
            let is_above = vcgtq_f32(mask.0, vdupq_n_f32(0.0));
            Neon(vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(self.0), is_above)))
        }
    }

    #[inline(always)]
    unsafe fn load_bfloat(p: *const u16) -> Self {
        unsafe { Neon(vreinterpretq_f32_u32(vshll_n_u16::<16>(vld1_u16(p)))) }
    }
    #[inline(always)]
    unsafe fn store_bfloat(self, p: *mut u16) {
        unsafe {
            let bits = vreinterpretq_u32_f32(self.0);
            let odd = vandq_u32(vshrq_n_u32::<16>(bits), vdupq_n_u32(1));
            let rounded = vaddq_u32(vaddq_u32(bits, vdupq_n_u32(0x7fff)), odd);
            vst1_u16(p, vshrn_n_u32::<16>(rounded));
        }
    }
    #[inline(always)]
    unsafe fn join_bfloat(self, others: Self) -> Self {
        unsafe {
            let round = |x: float32x4_t| {
                let bits = vreinterpretq_u32_f32(x);
                let odd = vandq_u32(vshrq_n_u32::<16>(bits), vdupq_n_u32(1));
                vaddq_u32(vaddq_u32(bits, vdupq_n_u32(0x7fff)), odd)
            };
            let high = vandq_u32(round(others.0), vdupq_n_u32(0xffff_0000));
            Neon(vreinterpretq_f32_u32(vorrq_u32(vshrq_n_u32::<16>(round(self.0)), high)))
        }
    }
    #[inline(always)]
    unsafe fn load_half(p: *const u16) -> Self {
        unsafe { halves::widen(vld1_u16(p)) }
    }
    #[inline(always)]
    unsafe fn store_half(self, p: *mut u16) {
        unsafe { vst1_u16(p, halves::round(self)) }
    }
    #[inline(always)]
    unsafe fn add_halves<const FORMAT: usize, const PIXELS: usize, const VECTORS: usize>(
        args: &TileArgs,
        input_pixel: usize,
        sums: &mut [[Self; PIXELS]; VECTORS],
    ) {
        unsafe {
            match FORMAT {
                HALF => halves::add_long(args, input_pixel, sums),
                _ => halves::add_short(args, input_pixel, sums),
            }
        }
    }
    #[inline(always)]
    unsafe fn dot_half<const FORMAT: usize>(x: Self, weights: Self, sum: Self) -> Self {
        unsafe { halves::dot::<FORMAT>(x, weights, sum) }
    }
    #[inline(always)]
    unsafe fn load_bytes(p: *const u8) -> Self {
        unsafe {
            let bytes = vreinterpret_s8_u32(vdup_n_u32((p as *const u32).read_unaligned()));
            Neon(vcvtq_f32_s32(vmovl_s16(vget_low_s16(vmovl_s8(bytes)))))
        }
    }
    #[inline(always)]
    unsafe fn store_bytes(self, p: *mut u8) {
        unsafe {
            let halves = vqmovn_s32(vcvtnq_s32_f32(self.0));
            let bytes = vqmovn_s16(vcombine_s16(halves, halves));
            (p as *mut u32).write_unaligned(vget_lane_u32::<0>(vreinterpret_u32_s8(bytes)));
        }
    }
    #[inline(always)]
    unsafe fn dot_bfloat(x: Self, weights: Self, sum: Self) -> Self {
        dot!("bfdot", "8h", x, weights, sum)
    }
    #[inline(always)]
    unsafe fn dot_bytes(x: Self, weights: Self, sum: Self) -> Self {
        dot!("sdot", "16b", x, weights, sum)
    }
    #[inline(always)]
    unsafe fn to_floats(self) -> Self {
        unsafe { Neon(vcvtq_f32_s32(vreinterpretq_s32_f32(self.0))) }
    }
}
