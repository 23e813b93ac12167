use super::Vector;

/// Four numbers in an array: what any CPU can do, and what the compiler turns into the baseline's vectors.
#[derive(Clone, Copy)]
pub struct Portable([f32; 4]);

impl Vector for Portable {
    const LANES: usize = 4;
    const UNROLLS: bool = false;

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        Portable([x; 4])
    }
    #[inline(always)]
    unsafe fn broadcast(p: *const f32) -> Self {
        unsafe { Portable([*p; 4]) }
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> Self {
        unsafe { Portable((p as *const [f32; 4]).read_unaligned()) }
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32) {
        unsafe { (p as *mut [f32; 4]).write_unaligned(self.0) }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        Portable(std::array::from_fn(|i| self.0[i] + other.0[i]))
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        Portable(std::array::from_fn(|i| self.0[i] - other.0[i]))
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        Portable(std::array::from_fn(|i| self.0[i] * other.0[i]))
    }
    #[inline(always)]
    unsafe fn div(self, other: Self) -> Self {
        Portable(std::array::from_fn(|i| self.0[i] / other.0[i]))
    }
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        Portable(std::array::from_fn(|i| self.0[i] * factor.0[i] + term.0[i]))
    }
    #[inline(always)]
    unsafe fn at_least(self, floor: Self) -> Self {
        Portable(std::array::from_fn(|i| if self.0[i] < floor.0[i] { floor.0[i] } else { self.0[i] }))
    }
    #[inline(always)]
    unsafe fn at_most(self, ceiling: Self) -> Self {
        Portable(std::array::from_fn(|i| if self.0[i] > ceiling.0[i] { ceiling.0[i] } else { self.0[i] }))
    }
    #[cfg(not(target_arch = "wasm32"))]
    #[inline(always)]
    unsafe fn where_above_zero(self, mask: Self) -> Self {
        Portable(std::array::from_fn(|i| if mask.0[i] > 0.0 { self.0[i] } else { 0.0 }))
    }
}
