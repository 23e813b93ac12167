//! What packed filters of fewer bits consist of, and which taps lie side by side in them.

use crate::format::{Format, to_bfloat, to_halves};
#[cfg(target_arch = "aarch64")]
use crate::simd::neon::narrow;
use std::sync::Arc;

/// Taps that lie side by side as the channels of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TapWindow {
    pub taps: usize,
    /// Taps of a row of the filter; a window does not pass its end.
    pub row: usize,
}

impl TapWindow {
    pub const ONE: TapWindow = TapWindow { taps: 1, row: 1 };

    /// Of a filter of so many taps.
    pub fn count(self, taps: usize) -> usize {
        taps / self.row * self.row.div_ceil(self.taps)
    }
}

/// What packed filters of fewer bits consist of.
#[derive(Clone)]
pub enum Numbers {
    Bfloat,
    /// Two bfloat16, whose sum is the weight to 16 bits: the first of a tap's weights all, then the second.
    Halves,
    /// float16, `[channel][output lane]`.
    #[cfg(target_arch = "aarch64")]
    Float16,
    /// Four to a word; by output channel: what a step of a byte is worth.
    Bytes(Arc<[f32]>),
}

impl Numbers {
    /// Of filters for values of the format, which is one of 16 bits.
    #[inline(always)]
    pub fn of_16_bits(format: Format) -> Numbers {
        match format {
            #[cfg(target_arch = "aarch64")]
            Format::Half => Numbers::Float16,
            _ => Numbers::Bfloat,
        }
    }

    pub fn per_word(&self) -> usize {
        if matches!(self, Numbers::Bytes(_)) { 4 } else { 2 }
    }

    /// By which they are told apart.
    pub fn kind(&self) -> usize {
        match self {
            Numbers::Bfloat => 0,
            Numbers::Halves => 1,
            Numbers::Bytes(_) => 2,
            #[cfg(target_arch = "aarch64")]
            Numbers::Float16 => 3,
        }
    }

    pub(super) fn steps(&self) -> Option<&[f32]> {
        if let Numbers::Bytes(steps) = self { Some(steps) } else { None }
    }

    pub fn halves(&self) -> usize {
        if matches!(self, Numbers::Halves) { 2 } else { 1 }
    }

    /// `[channel][output lane]`, bytes in steps, to `[half][column][word of channels][output lane]`. A word is of neighbouring
    /// channels, or of halves: of one from the first half of the channels, and one from the second.
    #[inline(always)]
    pub(super) fn pack(&self, from: &[f32], [width, column]: [usize; 2], into: &mut [u32]) {
        #[cfg(target_arch = "aarch64")]
        if matches!(self, Numbers::Float16) {
            return narrow(from, into);
        }
        let (whole, rest) = into.split_at_mut(into.len() / self.halves());
        let size = whole.len() * column / width;
        let words = size / column;
        for (number, whole) in whole.chunks_exact_mut(size).enumerate() {
            let start = number * column;
            let channel = |i: usize| &from[i * width + start..][..column];
            for (word, into) in whole.chunks_exact_mut(column).enumerate() {
                match self {
                    Numbers::Bfloat => {
                        let pairs = channel(2 * word).iter().zip(channel(2 * word + 1));
                        for (into, (low, high)) in into.iter_mut().zip(pairs) {
                            *into = join(to_bfloat(*low), to_bfloat(*high));
                        }
                    }
                    Numbers::Halves => {
                        let rest = &mut rest[number * size + word * column..][..column];
                        let pairs = channel(word).iter().zip(channel(words + word));
                        for ((into, rest), (low, high)) in into.iter_mut().zip(rest).zip(pairs) {
                            let ([a, c], [b, d]) = (to_halves(*low), to_halves(*high));
                            (*into, *rest) = (join(a, b), join(c, d));
                        }
                    }
                    Numbers::Bytes(_) => pack_bytes(|i| channel(4 * word + i), into),
                    #[cfg(target_arch = "aarch64")]
                    Numbers::Float16 => unreachable!(),
                }
            }
        }
    }
}

/// Four channels' weights in steps to words, by output lane.
#[inline(always)]
pub(super) fn pack_bytes<'f>(channel: impl Fn(usize) -> &'f [f32], into: &mut [u32]) {
    into.fill(0);
    for i in 0..4 {
        for (into, x) in into.iter_mut().zip(channel(i)) {
            *into |= (*x as i32 as u32 & 0xff) << (8 * i);
        }
    }
}

pub(super) fn join(low: u16, high: u16) -> u32 {
    u32::from(low) | u32::from(high) << 16
}
