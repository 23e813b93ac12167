//! How the numbers of a value are stored. A pixel of a block is always one vector of channels; it takes a register's
//! width of memory in float32, half of it in bfloat16 and a quarter in 8 bits. Distances count 32-bit words.

use crate::isa::Isa;
use crate::precision::IS_REDUCIBLE;
use crate::simd::Vector;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Format {
    #[default]
    Float,
    /// The upper half of a float32, two to a word.
    Bfloat,
    /// float16, two to a word.
    #[cfg(target_arch = "aarch64")]
    Half,
    /// `(q - zero) · scale`, four to a word.
    Byte { scale: f32, zero: i16 },
}

/// Of a value that was zero on all samples: its steps, and how many of them a number has, are numbers too.
const LEAST_RANGE: f32 = 1e-30;

impl Format {
    /// Numbers in a word.
    pub fn per_word(self) -> usize {
        match self {
            _ if !IS_REDUCIBLE => 1,
            Format::Float => 1,
            Format::Bfloat => 2,
            #[cfg(target_arch = "aarch64")]
            Format::Half => 2,
            Format::Byte { .. } => 4,
        }
    }

    /// A word of numbers that stand for zero.
    pub fn zero_word(self) -> u32 {
        match self {
            _ if !IS_REDUCIBLE => 0,
            Format::Byte { zero, .. } => u32::from_ne_bytes([zero as u8; 4]),
            _ => 0,
        }
    }

    /// 8 bits for numbers of this range, as the instruction set has bytes: all 256 steps above zero where no number is
    /// negative.
    pub fn byte_for([least, largest]: [f32; 2], isa: &Isa) -> Format {
        let (scale, zero) = match least >= 0.0 {
            true => (largest.max(LEAST_RANGE) / 255.0, isa.least_byte),
            false => (largest.max(-least).max(LEAST_RANGE) / 127.0, isa.least_byte + 128),
        };
        Format::Byte { scale, zero }
    }

    /// 8 bits for numbers of this range, wherever zero is in it: for a picture, whose steps are hardly wider than those that it
    /// came in.
    #[cfg(target_arch = "x86_64")]
    pub fn byte_between([least, largest]: [f32; 2]) -> Format {
        let scale = (largest - least).max(LEAST_RANGE) / 255.0;
        Format::Byte { scale, zero: (-least / scale).round() as i16 }
    }

    /// A vector of numbers from memory.
    ///
    /// # Safety
    /// As [`Vector`].
    #[inline(always)]
    pub unsafe fn load<V: Vector>(self, p: *const f32) -> V {
        // SAFETY: as [`Vector`], whose narrow loads touch no more than a vector's words in this format.
        unsafe {
            match self {
                _ if !V::REDUCES => V::load(p),
                Format::Float => V::load(p),
                Format::Bfloat => V::load_bfloat(p as *const u16),
                #[cfg(target_arch = "aarch64")]
                Format::Half => V::load_half(p as *const u16),
                Format::Byte { scale, zero, .. } => {
                    V::load_bytes(p as *const u8).sub(V::splat(f32::from(zero))).mul(V::splat(scale))
                }
            }
        }
    }

    /// A vector of numbers into memory, rounded to the nearest.
    ///
    /// # Safety
    /// As [`Vector`].
    #[inline(always)]
    pub unsafe fn store<V: Vector>(self, value: V, p: *mut f32) {
        // SAFETY: as [`Vector`], whose narrow stores touch no more than a vector's words in this format.
        unsafe {
            match self {
                _ if !V::REDUCES => value.store(p),
                Format::Float => value.store(p),
                Format::Bfloat => value.store_bfloat(p as *mut u16),
                #[cfg(target_arch = "aarch64")]
                Format::Half => value.store_half(p as *mut u16),
                Format::Byte { scale, zero, .. } => {
                    value.mul_add(V::splat(1.0 / scale), V::splat(f32::from(zero))).store_bytes(p as *mut u8)
                }
            }
        }
    }
}

/// The nearest bfloat16, ties to even.
#[inline(always)]
pub fn to_bfloat(x: f32) -> u16 {
    let bits = x.to_bits();
    (bits.wrapping_add(0x7fff + ((bits >> 16) & 1)) >> 16) as u16
}

/// @see [`to_bfloat`]
#[cfg(not(target_arch = "wasm32"))]
#[inline(always)]
pub fn from_bfloat(half: u16) -> f32 {
    f32::from_bits(u32::from(half) << 16)
}

/// The nearest bfloat16 of two numbers in a word, the first in its lower half.
#[cfg(not(target_arch = "wasm32"))]
#[inline(always)]
pub fn join_bfloats([low, high]: [f32; 2]) -> u32 {
    u32::from(to_bfloat(low)) | u32::from(to_bfloat(high)) << 16
}

/// Two bfloat16 whose sum is the number to 16 bits.
#[inline(always)]
pub fn to_halves(x: f32) -> [u16; 2] {
    let first = to_bfloat(x);
    [first, to_bfloat(x - f32::from_bits(u32::from(first) << 16))]
}
