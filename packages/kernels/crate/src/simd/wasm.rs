use super::Vector;
use std::arch::wasm32::*;

#[derive(Clone, Copy)]
pub struct Simd128(v128);

impl Vector for Simd128 {
    const LANES: usize = 4;
    const UNROLLS: bool = false;

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        Simd128(f32x4_splat(x))
    }
    #[inline(always)]
    unsafe fn broadcast(p: *const f32) -> Self {
        unsafe { Simd128(v128_load32_splat(p as *const u32)) }
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> Self {
        unsafe { Simd128(v128_load(p as *const v128)) }
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32) {
        unsafe { v128_store(p as *mut v128, self.0) }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        Simd128(f32x4_add(self.0, other.0))
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        Simd128(f32x4_sub(self.0, other.0))
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        Simd128(f32x4_mul(self.0, other.0))
    }
    #[inline(always)]
    unsafe fn div(self, other: Self) -> Self {
        Simd128(f32x4_div(self.0, other.0))
    }
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        #[cfg(target_feature = "relaxed-simd")]
        let sum = f32x4_relaxed_madd(self.0, factor.0, term.0);
        #[cfg(not(target_feature = "relaxed-simd"))]
        let sum = f32x4_add(term.0, f32x4_mul(self.0, factor.0));
        Simd128(sum)
    }
    // `pmax(a, b)` is `a < b ? b : a`, one instruction on x86, and NaN in `a` stays. With relaxed SIMD, LLVM makes
    // `relaxed_max` of it, in which NaN does not stay; it leaves the comparison and the selection alone.
    #[inline(always)]
    unsafe fn at_least(self, floor: Self) -> Self {
        #[cfg(target_feature = "relaxed-simd")]
        let larger = v128_bitselect(floor.0, self.0, f32x4_lt(self.0, floor.0));
        #[cfg(not(target_feature = "relaxed-simd"))]
        let larger = f32x4_pmax(self.0, floor.0);
        Simd128(larger)
    }
    #[inline(always)]
    unsafe fn at_most(self, ceiling: Self) -> Self {
        #[cfg(target_feature = "relaxed-simd")]
        let smaller = v128_bitselect(ceiling.0, self.0, f32x4_gt(self.0, ceiling.0));
        #[cfg(not(target_feature = "relaxed-simd"))]
        let smaller = f32x4_pmin(self.0, ceiling.0);
        Simd128(smaller)
    }
}
