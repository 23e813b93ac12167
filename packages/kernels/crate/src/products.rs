//! The micro-kernel of Winograd's products in a training step: at each position some squares times one or two vectors of
//! output channels stay in registers while the input channels pass by. All positions are one call, for few channels make
//! a product shorter than the call.

use crate::simd::Vector;

/// Distances are in floats.
pub struct ProductArgs {
    /// A square's channels lie side by side.
    pub input: *const f32,
    pub input_position: usize,
    pub input_square: usize,
    pub channels: usize,
    /// `[position][channel][output lane]`.
    pub weights: *const f32,
    pub output: *mut f32,
    pub output_position: usize,
    pub output_square: usize,
    pub positions: usize,
    /// Register tiles of squares.
    pub parts: usize,
}

pub type ProductKernel = unsafe fn(&ProductArgs);

/// The squares of a register tile, of at most `most`, that leave the fewest places empty; the most of those.
pub fn fewest_idle(squares: usize, most: usize) -> usize {
    let idle = |tile: usize| squares.next_multiple_of(tile) - squares;
    (most / 2 + 1..=most).rev().min_by_key(|tile| idle(*tile)).unwrap_or(most)
}

/// # Safety
/// As [`Vector`]; the pointers of `args` must be good for all that it covers.
#[inline(always)]
pub unsafe fn products<V: Vector, const SQUARES: usize, const VECTORS: usize>(args: &ProductArgs) {
    // SAFETY: the caller's word.
    unsafe {
        for position in 0..args.positions {
            let first = args.weights.add(position * args.channels * VECTORS * V::LANES);
            let mut input = args.input.add(position * args.input_position);
            let mut output = args.output.add(position * args.output_position);
            for _ in 0..args.parts {
                let mut sums = [[V::splat(0.0); SQUARES]; VECTORS];
                let mut weights = first;
                for c in 0..args.channels {
                    let mut factors = [V::splat(0.0); VECTORS];
                    for (v, factor) in factors.iter_mut().enumerate() {
                        *factor = V::load(weights.add(v * V::LANES));
                    }
                    for i in 0..SQUARES {
                        let x = V::broadcast(input.add(i * args.input_square + c));
                        for v in 0..VECTORS {
                            sums[v][i] = x.mul_add(factors[v], sums[v][i]);
                        }
                    }
                    weights = weights.add(VECTORS * V::LANES);
                }
                for (v, row) in sums.iter().enumerate() {
                    for (i, sum) in row.iter().enumerate() {
                        sum.store(output.add(i * args.output_square + v * V::LANES));
                    }
                }
                input = input.add(SQUARES * args.input_square);
                output = output.add(SQUARES * args.output_square);
            }
        }
    }
}
