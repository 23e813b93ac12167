//! Weights of bytes whose products are summed in 16 bits before they are in 32 ([`crate::simd::Vector::SUMS_SHORT`]): what
//! such a sum has no room for comes once more, as a word of its own, so that nothing is lost.

use super::{Filters, TapWindow, in_steps};
use crate::direct::{OutputGroup, Rest};

/// Weights of one sign, in a sum of 16 bits, may be so large together: 255 times that is less than 2¹⁵.
pub const MOST_SHORT: f32 = 128.0;

/// Steps in the root mean square of an output channel's weights, at most: with more, many would have no room.
pub const MOST_SPREAD: f32 = 20.0;

/// Input channels of a block.
const BLOCK: usize = 8;

/// Takes from a block's weights, `[channel][output lane]` in steps, what their sums have no room for, and hands it out by
/// word, `[channel of the word][output lane]`: as often as a word's own sums need.
#[inline(always)]
pub fn hold_short(weights: &mut [f32], width: usize, mut rest: impl FnMut(usize, &[f32])) {
    let mut left = [0.0f32; BLOCK * MOST_WIDTH];
    let left = &mut left[..BLOCK * width];
    let is_all = hold([0, 1, 4, 5], weights, left, width) & hold([2, 3, 6, 7], weights, left, width);
    if is_all {
        return;
    }
    for (word, held) in left.chunks_exact_mut(BLOCK / 2 * width).enumerate() {
        while held.iter().any(|x| *x != 0.0) {
            let mut more = [0.0f32; BLOCK / 2 * MOST_WIDTH];
            let more = &mut more[..BLOCK / 2 * width];
            hold([0, 1], held, more, width);
            hold([2, 3], held, more, width);
            rest(word, held);
            held.copy_from_slice(more);
        }
    }
}

/// Output lanes of a group.
const MOST_WIDTH: usize = 16;

/// Leaves of the channels that one sum takes what it has room for, and puts what is left into `left`; whether nothing is.
#[inline(always)]
fn hold<const CHANNELS: usize>(
    channels: [usize; CHANNELS],
    weights: &mut [f32],
    left: &mut [f32],
    width: usize,
) -> bool {
    let (mut above, mut below) = ([MOST_SHORT; MOST_WIDTH], [-MOST_SHORT; MOST_WIDTH]);
    let mut all = 0.0f32;
    for channel in channels {
        let place = channel * width..(channel + 1) * width;
        let rooms = above[..width].iter_mut().zip(&mut below[..width]);
        for ((weight, left), (above, below)) in weights[place.clone()].iter_mut().zip(&mut left[place]).zip(rooms) {
            let held = weight.max(*below).min(*above);
            *above -= held.max(0.0);
            *below -= held.min(0.0);
            *left = *weight - held;
            all += left.abs();
            *weight = held;
        }
    }
    all == 0.0
}

impl Filters<'_> {
    /// The words of one output group that have weights without room, in the order in which they are packed.
    pub fn rests(&self, group: &OutputGroup, blocks: usize, lanes: usize, steps: &[f32]) -> Vec<Rest> {
        let width = group.vectors * lanes;
        let mut found = Vec::new();
        let mut from = vec![0.0f32; self.taps * BLOCK * width];
        for block in 0..blocks {
            self.read_reduced(group, block, [BLOCK, lanes], TapWindow::ONE, &mut from);
            for (tap, weights) in from.chunks_exact_mut(BLOCK * width).enumerate() {
                in_steps(weights, width, &steps[group.first_block * lanes..]);
                hold_short(weights, width, |word, _| found.push(Rest { block, tap, word }));
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All that is handed out, and what is left, are the weights; and no sum passes 16 bits with bytes of 255.
    #[test]
    fn nothing_is_lost_and_no_sum_passes_16_bits() {
        let width = 16;
        let mut state = 1u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) as f32
        };
        for round in 0..200 {
            let mut weights = vec![0.0f32; BLOCK * width];
            for weight in &mut weights {
                *weight = match round % 4 {
                    0 => 127.0,
                    1 => -127.0,
                    2 => next() % 255.0 - 127.0,
                    _ => next() % 61.0 - 30.0,
                };
            }
            let all = weights.clone();
            let mut sums = vec![0.0f32; BLOCK * width];
            let fits = |weights: &[f32], channels: &[usize]| {
                for lane in 0..width {
                    let of = |sign: f32| -> f32 {
                        channels.iter().map(|c| (sign * weights[c * width + lane]).max(0.0)).sum()
                    };
                    assert!(255.0 * of(1.0) <= 32767.0 && 255.0 * of(-1.0) <= 32768.0, "{round} {lane}");
                }
            };
            let mut times = 0;
            hold_short(&mut weights, width, |word, rest| {
                fits(rest, &[0, 1]);
                fits(rest, &[2, 3]);
                times += 1;
                sums[word * 4 * width..][..4 * width].iter_mut().zip(rest).for_each(|(sum, x)| *sum += x);
            });
            fits(&weights, &[0, 1, 4, 5]);
            fits(&weights, &[2, 3, 6, 7]);
            sums.iter_mut().zip(&weights).for_each(|(sum, x)| *sum += x);
            assert_eq!(sums, all);
            assert!((1..=3).contains(&times) || round % 4 == 3, "{times}");
        }
    }
}
