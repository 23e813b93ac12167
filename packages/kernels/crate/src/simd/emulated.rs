use super::Vector;
use crate::format::{from_bfloat, join_bfloats, to_bfloat};

/// Sixteen numbers in an array, with AVX-512's operations on bfloat16 and bytes spelled out: for tests on CPUs without them.
#[derive(Clone, Copy)]
pub struct Emulated([f32; 16]);

impl Vector for Emulated {
    const LANES: usize = 16;
    const UNROLLS: bool = false;
    const REDUCES: bool = true;
    const HAS_SHORTS: bool = true;
    const STORES_BYTES: bool = true;
    const ENDS_IN_BFLOAT: bool = true;

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        Emulated([x; 16])
    }
    #[inline(always)]
    unsafe fn broadcast(p: *const f32) -> Self {
        unsafe { Emulated([*p; 16]) }
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> Self {
        unsafe { Emulated((p as *const [f32; 16]).read_unaligned()) }
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32) {
        unsafe { (p as *mut [f32; 16]).write_unaligned(self.0) }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        Emulated(std::array::from_fn(|i| self.0[i] + other.0[i]))
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        Emulated(std::array::from_fn(|i| self.0[i] - other.0[i]))
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        Emulated(std::array::from_fn(|i| self.0[i] * other.0[i]))
    }
    #[inline(always)]
    unsafe fn div(self, other: Self) -> Self {
        Emulated(std::array::from_fn(|i| self.0[i] / other.0[i]))
    }
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        Emulated(std::array::from_fn(|i| self.0[i] * factor.0[i] + term.0[i]))
    }
    #[inline(always)]
    unsafe fn at_least(self, floor: Self) -> Self {
        Emulated(std::array::from_fn(|i| if self.0[i] < floor.0[i] { floor.0[i] } else { self.0[i] }))
    }
    #[inline(always)]
    unsafe fn at_most(self, ceiling: Self) -> Self {
        Emulated(std::array::from_fn(|i| if self.0[i] > ceiling.0[i] { ceiling.0[i] } else { self.0[i] }))
    }
    #[inline(always)]
    unsafe fn where_above_zero(self, mask: Self) -> Self {
        Emulated(std::array::from_fn(|i| if mask.0[i] > 0.0 { self.0[i] } else { 0.0 }))
    }
    unsafe fn load_bfloat(p: *const u16) -> Self {
        unsafe { Emulated(std::array::from_fn(|i| from_bfloat(p.add(i).read_unaligned()))) }
    }
    unsafe fn store_bfloat(self, p: *mut u16) {
        for i in 0..16 {
            unsafe { p.add(i).write_unaligned(to_bfloat(self.0[i])) }
        }
    }
    unsafe fn store_bfloats(pixels: [Self; 2], p: *mut u16) {
        for (i, pixel) in pixels.into_iter().enumerate() {
            unsafe { pixel.store_bfloat(p.add(16 * i)) }
        }
    }
    unsafe fn join_bfloat(self, others: Self) -> Self {
        Emulated(std::array::from_fn(|i| f32::from_bits(join_bfloats([self.0[i], others.0[i]]))))
    }
    unsafe fn load_first(p: *const f32, count: usize) -> Self {
        unsafe { Emulated(std::array::from_fn(|i| if i < count { p.add(i).read_unaligned() } else { 0.0 })) }
    }
    unsafe fn store_halves(self, others: Self, first: *mut f32, second: *mut f32) {
        for i in 0..16 {
            let (a, b) = (self.0[i], others.0[i]);
            let round = |x: f32| x.to_bits().wrapping_add(0x8000);
            let (low, high) = (round(a), round(b));
            let rest = |x: f32, whole: u32| round(x - f32::from_bits(whole & 0xffff_0000));
            let word = |low: u32, high: u32| low >> 16 | high & 0xffff_0000;
            unsafe {
                (first as *mut u32).add(i).write_unaligned(word(low, high));
                (second as *mut u32).add(i).write_unaligned(word(rest(a, low), rest(b, high)));
            }
        }
    }
    unsafe fn load_bytes(p: *const u8) -> Self {
        unsafe { Emulated(std::array::from_fn(|i| f32::from(*p.add(i)))) }
    }
    unsafe fn store_bytes(self, p: *mut u8) {
        for i in 0..16 {
            unsafe { *p.add(i) = self.0[i].round_ties_even().clamp(0.0, 255.0) as u8 }
        }
    }
    unsafe fn dot_bfloat(x: Self, weights: Self, sum: Self) -> Self {
        Emulated(std::array::from_fn(|i| {
            let (x, w) = (x.0[i].to_bits(), weights.0[i].to_bits());
            sum.0[i]
                + from_bfloat((x >> 16) as u16) * from_bfloat((w >> 16) as u16)
                + from_bfloat(x as u16) * from_bfloat(w as u16)
        }))
    }
    unsafe fn dot_bytes(x: Self, weights: Self, sum: Self) -> Self {
        Emulated(std::array::from_fn(|i| {
            let (x, w) = (x.0[i].to_bits().to_le_bytes(), weights.0[i].to_bits().to_le_bytes());
            let dot: i32 = (0..4).map(|k| i32::from(x[k]) * i32::from(w[k] as i8)).sum();
            f32::from_bits((sum.0[i].to_bits() as i32).wrapping_add(dot) as u32)
        }))
    }
    unsafe fn to_floats(self) -> Self {
        Emulated(std::array::from_fn(|i| self.0[i].to_bits() as i32 as f32))
    }

    unsafe fn dot_shorts(x: Self, weights: Self, sum: Self) -> Self {
        Emulated(std::array::from_fn(|i| {
            let (x, w) = (shorts(x.0[i]), shorts(weights.0[i]));
            let dot = i32::from(x[0]) * i32::from(w[0]) + i32::from(x[1]) * i32::from(w[1]);
            f32::from_bits((sum.0[i].to_bits() as i32).wrapping_add(dot) as u32)
        }))
    }
    unsafe fn load_shorts(first: *const f32, second: *const f32) -> Self {
        Emulated(std::array::from_fn(|i| {
            let from = if i < 8 { first } else { second } as *const u8;
            let byte = |at: usize| i16::from(unsafe { *from.add(2 * (i % 8) + at) });
            word([byte(0), byte(1)])
        }))
    }
    unsafe fn store_first_shorts(self, p: *mut f32) {
        for i in 0..8 {
            unsafe { p.add(i).write_unaligned(self.0[i]) }
        }
    }
    unsafe fn add_shorts(self, other: Self) -> Self {
        self.by_shorts(other, i16::wrapping_add)
    }
    unsafe fn sub_shorts(self, other: Self) -> Self {
        self.by_shorts(other, i16::wrapping_sub)
    }
    unsafe fn shift_shorts<const BITS: i32>(self) -> Self {
        self.by_shorts(self, |x, _| x << BITS)
    }
    unsafe fn add_words(self, other: Self) -> Self {
        self.by_words(other, i32::wrapping_add)
    }
    unsafe fn sub_words(self, other: Self) -> Self {
        self.by_words(other, i32::wrapping_sub)
    }
    unsafe fn mul_words(self, factor: i32) -> Self {
        self.by_words(self, |x, _| x.wrapping_mul(factor))
    }
    unsafe fn shift_words<const BITS: i32>(self) -> Self {
        self.by_words(self, |x, _| x << BITS)
    }
    unsafe fn shift_words_back<const BITS: i32>(self) -> Self {
        self.by_words(self, |x, _| x >> BITS)
    }
}

impl Emulated {
    fn by_shorts(self, other: Self, operation: impl Fn(i16, i16) -> i16) -> Self {
        Emulated(std::array::from_fn(|i| {
            let (x, y) = (shorts(self.0[i]), shorts(other.0[i]));
            word([operation(x[0], y[0]), operation(x[1], y[1])])
        }))
    }

    fn by_words(self, other: Self, operation: impl Fn(i32, i32) -> i32) -> Self {
        let bits = |x: f32| x.to_bits() as i32;
        Emulated(std::array::from_fn(|i| f32::from_bits(operation(bits(self.0[i]), bits(other.0[i])) as u32)))
    }
}

fn shorts(word: f32) -> [i16; 2] {
    let bits = word.to_bits();
    [bits as i16, (bits >> 16) as i16]
}

fn word([low, high]: [i16; 2]) -> f32 {
    f32::from_bits(u32::from(low as u16) | u32::from(high as u16) << 16)
}
