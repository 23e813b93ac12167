//! Vectors of `f32`: the kernels are written once against [`Vector`], and instantiated for each instruction set.

use crate::format::to_bfloat;

#[cfg(target_arch = "x86_64")]
pub mod avx2;
#[cfg(target_arch = "x86_64")]
pub mod avx512;
#[cfg(target_arch = "aarch64")]
pub mod neon;
pub mod portable;
#[cfg(target_arch = "wasm32")]
pub mod wasm;

/// A register of `LANES` numbers.
///
/// # Safety
/// Every method needs the instruction set of its implementation: call it only below a function that enables it.
/// Loads and stores touch `LANES` numbers from the pointer on, of any alignment.
pub trait Vector: Copy {
    const LANES: usize;
    /// Whether the micro-kernel's loop over a block's channels is to be unrolled. With few registers it is not: the
    /// compilers then hold all channels' weights at once, and spill the sums.
    const UNROLLS: bool = true;

    unsafe fn splat(x: f32) -> Self;
    /// One number from memory in every lane.
    unsafe fn broadcast(p: *const f32) -> Self;
    unsafe fn load(p: *const f32) -> Self;
    unsafe fn store(self, p: *mut f32);
    unsafe fn add(self, other: Self) -> Self;
    unsafe fn sub(self, other: Self) -> Self;
    unsafe fn mul(self, other: Self) -> Self;
    /// `self * factor + term`, rounded once where the hardware can.
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self;
    /// The larger of the two; NaN in `self` stays.
    unsafe fn at_least(self, floor: Self) -> Self;
    /// The smaller of the two; NaN in `self` stays.
    unsafe fn at_most(self, ceiling: Self) -> Self;

    /// The rest is for reduced precision: slow here, for instruction sets that have nothing better.
    #[inline(always)]
    unsafe fn load_bfloat(p: *const u16) -> Self {
        unsafe { from_lanes(|lane| f32::from_bits(u32::from(*p.add(lane)) << 16)) }
    }
    #[inline(always)]
    unsafe fn store_bfloat(self, p: *mut u16) {
        unsafe {
            for (lane, x) in to_lanes(self).into_iter().enumerate().take(Self::LANES) {
                *p.add(lane) = to_bfloat(x);
            }
        }
    }
    /// Whole numbers from 0 to 255.
    #[inline(always)]
    unsafe fn load_bytes(p: *const u8) -> Self {
        unsafe { from_lanes(|lane| f32::from(*p.add(lane))) }
    }
    /// Rounded to whole numbers, and held to 0 … 255.
    #[inline(always)]
    unsafe fn store_bytes(self, p: *mut u8) {
        unsafe {
            for (lane, x) in to_lanes(self).into_iter().enumerate().take(Self::LANES) {
                *p.add(lane) = x.round_ties_even() as u8;
            }
        }
    }
    /// `sum + x₀ · w₀ + x₁ · w₁` of the pairs of bfloat16 in each lane of `x` and `weights`.
    #[inline(always)]
    unsafe fn dot_bfloat(x: Self, weights: Self, sum: Self) -> Self {
        let halves = |word: f32| [word.to_bits() << 16, word.to_bits() & 0xffff_0000].map(f32::from_bits);
        unsafe {
            let (x, weights, sum) = (to_lanes(x), to_lanes(weights), to_lanes(sum));
            from_lanes(|lane| {
                let (x, w) = (halves(x[lane]), halves(weights[lane]));
                sum[lane] + x[0] * w[0] + x[1] * w[1]
            })
        }
    }
    /// `sum + Σ xᵢ · wᵢ` of the four unsigned bytes in each lane of `x` and the signed ones of `weights`; `sum` holds
    /// 32-bit integers.
    #[inline(always)]
    unsafe fn dot_bytes(x: Self, weights: Self, sum: Self) -> Self {
        unsafe {
            let (x, weights, sum) = (to_lanes(x), to_lanes(weights), to_lanes(sum));
            from_lanes(|lane| {
                let pairs = x[lane].to_bits().to_le_bytes().into_iter().zip(weights[lane].to_bits().to_le_bytes());
                let products = pairs.map(|(x, w)| i32::from(x) * i32::from(w as i8));
                f32::from_bits((sum[lane].to_bits() as i32 + products.sum::<i32>()) as u32)
            })
        }
    }
    /// 32-bit integers to floats.
    #[inline(always)]
    unsafe fn from_integers(self) -> Self {
        unsafe {
            let lanes = to_lanes(self);
            from_lanes(|lane| lanes[lane].to_bits() as i32 as f32)
        }
    }
}

const MOST_LANES: usize = 16;

#[inline(always)]
unsafe fn to_lanes<V: Vector>(v: V) -> [f32; MOST_LANES] {
    let mut lanes = [0.0; MOST_LANES];
    unsafe { v.store(lanes.as_mut_ptr()) };
    lanes
}

#[inline(always)]
unsafe fn from_lanes<V: Vector>(lane: impl Fn(usize) -> f32) -> V {
    let mut lanes = [0.0; MOST_LANES];
    for (i, x) in lanes.iter_mut().enumerate().take(V::LANES) {
        *x = lane(i);
    }
    unsafe { V::load(lanes.as_ptr()) }
}
