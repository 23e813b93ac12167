use super::Vector;
use crate::format::{from_bfloat, join_bfloats, to_bfloat};

/// One number: for the channels that fill no vector, by the same code as those that do.
#[derive(Clone, Copy)]
pub struct One(f32);

impl Vector for One {
    const LANES: usize = 1;
    const REDUCES: bool = true;

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        One(x)
    }
    #[inline(always)]
    unsafe fn broadcast(p: *const f32) -> Self {
        unsafe { One(*p) }
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> Self {
        unsafe { One(*p) }
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32) {
        unsafe { *p = self.0 }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        One(self.0 + other.0)
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        One(self.0 - other.0)
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        One(self.0 * other.0)
    }
    #[inline(always)]
    unsafe fn div(self, other: Self) -> Self {
        One(self.0 / other.0)
    }
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        One(self.0 * factor.0 + term.0)
    }
    #[inline(always)]
    unsafe fn at_least(self, floor: Self) -> Self {
        One(if self.0 < floor.0 { floor.0 } else { self.0 })
    }
    #[inline(always)]
    unsafe fn at_most(self, ceiling: Self) -> Self {
        One(if self.0 > ceiling.0 { ceiling.0 } else { self.0 })
    }
    #[inline(always)]
    unsafe fn where_above_zero(self, mask: Self) -> Self {
        One(if mask.0 > 0.0 { self.0 } else { 0.0 })
    }
    #[inline(always)]
    unsafe fn load_bfloat(p: *const u16) -> Self {
        unsafe { One(from_bfloat(*p)) }
    }
    #[inline(always)]
    unsafe fn store_bfloat(self, p: *mut u16) {
        unsafe { *p = to_bfloat(self.0) }
    }
    #[inline(always)]
    unsafe fn join_bfloat(self, others: Self) -> Self {
        One(f32::from_bits(join_bfloats([self.0, others.0])))
    }
}
