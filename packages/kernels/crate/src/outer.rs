//! The micro-kernel of filters' gradients: some rows of a matrix times one or two vectors of its columns stay in
//! registers while the pixels pass by, of which each adds the product of its input and its output's gradient.

use crate::simd::Vector;
use crate::tile::FLOAT;

/// Distances are in floats.
pub struct OuterArgs {
    /// The first row's number of the first pixel; the rows' numbers lie side by side.
    pub x: *const f32,
    pub x_row: usize,
    pub x_pixel: usize,
    pub dy: *const f32,
    pub dy_row: usize,
    pub dy_pixel: usize,
    pub rows: usize,
    pub columns: usize,
    /// Added to.
    pub sums: *mut f32,
    pub sums_row: usize,
}

pub type OuterKernel = unsafe fn(&OuterArgs);

/// With [`crate::tile::BFLOAT`] a word is a pair of pixels.
///
/// # Safety
/// As [`Vector`]; the pointers of `args` must be good for all that it covers.
#[inline(always)]
pub unsafe fn outer<V: Vector, const FORMAT: usize, const COUNT: usize, const VECTORS: usize>(args: &OuterArgs) {
    // SAFETY: the caller's word, for the pointers and for the instruction set.
    unsafe {
        let mut sums = [[V::splat(0.0); COUNT]; VECTORS];
        for (v, column) in sums.iter_mut().enumerate() {
            for (i, sum) in column.iter_mut().enumerate() {
                *sum = V::load(args.sums.add(i * args.sums_row + v * V::LANES));
            }
        }
        for row in 0..args.rows {
            let mut x = args.x.add(row * args.x_row);
            let mut dy = args.dy.add(row * args.dy_row);
            for _ in 0..args.columns {
                let mut factors = [V::splat(0.0); VECTORS];
                for (v, factor) in factors.iter_mut().enumerate() {
                    *factor = V::load(dy.add(v * V::LANES));
                }
                for i in 0..COUNT {
                    let number = V::broadcast(x.add(i));
                    for v in 0..VECTORS {
                        sums[v][i] = match FORMAT {
                            FLOAT => number.mul_add(factors[v], sums[v][i]),
                            _ => V::dot_bfloat(number, factors[v], sums[v][i]),
                        };
                    }
                }
                x = x.add(args.x_pixel);
                dy = dy.add(args.dy_pixel);
            }
        }
        for (v, column) in sums.iter().enumerate() {
            for (i, sum) in column.iter().enumerate() {
                sum.store(args.sums.add(i * args.sums_row + v * V::LANES));
            }
        }
    }
}
