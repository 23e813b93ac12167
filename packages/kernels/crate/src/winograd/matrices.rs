//! The transforms of Winograd's minimal filtering for 3×3 filters.

use super::SquareShape;
#[cfg(not(target_arch = "wasm32"))]
use super::strided;
use crate::precision::IS_REDUCIBLE;
use crate::simd::Vector;

/// Output channels that [`transform_filters`] takes at once.
pub const FILTER_LANES: usize = 8;

/// The most numbers that a square of a channel becomes.
#[cfg(not(target_arch = "wasm32"))]
pub const MOST_PLANES: usize = strided::MOST_PLANES;
#[cfg(target_arch = "wasm32")]
pub const MOST_PLANES: usize = 36;

/// Bᵀ d of one row or column, N = m + 2 numbers.
///
/// # Safety
/// As [`Vector`].
#[inline(always)]
pub(super) unsafe fn input_row<V: Vector, const N: usize>(d: [V; N]) -> [V; N] {
    // SAFETY: the caller's word, for the instruction set; memory is not touched.
    unsafe {
        let mut r = d;
        if N == 6 {
            let (two, four) = (V::splat(2.0), V::splat(4.0));
            let (minus_two, minus_four, minus_five) = (V::splat(-2.0), V::splat(-4.0), V::splat(-5.0));
            let a = minus_four.mul_add(d[2], d[4]);
            let b = minus_four.mul_add(d[1], d[3]);
            let c = d[4].sub(d[2]);
            let e = d[3].sub(d[1]);
            r[0] = four.mul_add(d[0], minus_five.mul_add(d[2], d[4]));
            r[1] = a.add(b);
            r[2] = a.sub(b);
            r[3] = two.mul_add(e, c);
            r[4] = minus_two.mul_add(e, c);
            r[5] = four.mul_add(d[1], minus_five.mul_add(d[3], d[5]));
        } else {
            r[0] = d[0].sub(d[2]);
            r[1] = d[1].add(d[2]);
            r[2] = d[2].sub(d[1]);
            r[3] = d[1].sub(d[3]);
        }
        r
    }
}

/// Aᵀ m of one row or column: to M numbers of M + 2, or at stride 2 of M + 1 or M + 3.
///
/// # Safety
/// As [`Vector`].
#[inline(always)]
pub(super) unsafe fn output_row<V: Vector, const N: usize, const M: usize>(m: [V; N]) -> [V; M] {
    // SAFETY: the caller's word, for the instruction set; memory is not touched.
    unsafe {
        let mut r = [m[0]; M];
        if N == 6 {
            let (two, four, eight) = (V::splat(2.0), V::splat(4.0), V::splat(8.0));
            let a = m[1].add(m[2]);
            let b = m[1].sub(m[2]);
            let c = m[3].add(m[4]);
            let d = m[3].sub(m[4]);
            r[0] = m[0].add(a).add(c);
            r[1] = two.mul_add(d, b);
            r[2] = four.mul_add(c, a);
            r[3] = eight.mul_add(d, b).add(m[5]);
        } else if N == 7 {
            let (half, two, four, eight) = (V::splat(0.5), V::splat(2.0), V::splat(4.0), V::splat(8.0));
            let a = m[1].add(m[2]);
            let b = m[1].sub(m[2]);
            let c = m[3].add(m[4]);
            let d = m[3].sub(m[4]);
            let h = half.mul(m[5]);
            let q = half.mul(h);
            r[0] = m[0].add(a).add(c).add(m[5]);
            r[1] = two.mul_add(d, b).add(h);
            r[2] = four.mul_add(c, a).add(q);
            r[3] = eight.mul_add(d, b).add(half.mul_add(q, m[6]));
        } else if N == 3 {
            r[0] = m[0].add(m[1]);
            r[1] = m[1].add(m[2]);
        } else {
            r[0] = m[0].add(m[1]).add(m[2]);
            r[1] = m[1].sub(m[2]).sub(m[3]);
        }
        r
    }
}

/// G g of one row or column for m = 4, in float32: the filters of a training step are others in every step.
///
/// # Safety
/// As [`Vector`].
#[cfg(not(target_arch = "wasm32"))]
#[inline(always)]
pub(super) unsafe fn filter_row<V: Vector>(g: [V; 3]) -> [V; 6] {
    // SAFETY: the caller's word.
    unsafe {
        let sixth = V::splat(1.0 / 6.0);
        let ends = g[0].add(g[2]).mul(V::splat(-1.0 / 6.0));
        let middle = g[1].mul(sixth);
        let outer = g[2].mul_add(sixth, g[0].mul(V::splat(1.0 / 24.0)));
        let half = g[1].mul(V::splat(1.0 / 12.0));
        let quarter = g[0].mul(V::splat(0.25));
        [quarter, ends.sub(middle), ends.add(middle), outer.add(half), outer.sub(half), g[2]]
    }
}

/// A d of one row or column for m = 4: what the gradient of the filter takes of the output's gradient.
///
/// # Safety
/// As [`Vector`].
#[cfg(not(target_arch = "wasm32"))]
#[inline(always)]
pub(super) unsafe fn gradient_row<V: Vector>(d: [V; 4]) -> [V; 6] {
    // SAFETY: the caller's word.
    unsafe {
        let (two, four) = (V::splat(2.0), V::splat(4.0));
        let even = d[0].add(d[2]);
        let odd = d[1].add(d[3]);
        let far_even = four.mul_add(d[2], d[0]);
        let far_odd = two.mul(four.mul_add(d[3], d[1]));
        [d[0], even.add(odd), even.sub(odd), far_even.add(far_odd), far_even.sub(far_odd), d[3]]
    }
}

/// Gᵀ s of one row or column for m = 4: the way back.
///
/// # Safety
/// As [`Vector`].
#[cfg(not(target_arch = "wasm32"))]
#[inline(always)]
pub(super) unsafe fn sums_row<V: Vector>(s: [V; 6]) -> [V; 3] {
    // SAFETY: the caller's word.
    unsafe {
        let (sixth, quarter) = (V::splat(1.0 / 6.0), V::splat(0.25));
        let near = s[1].add(s[2]);
        let far = s[3].add(s[4]);
        let first = quarter.mul_add(far, V::splat(-1.0).mul_add(near, V::splat(1.5).mul(s[0]))).mul(sixth);
        let middle = V::splat(0.5).mul_add(s[3].sub(s[4]), s[2].sub(s[1])).mul(sixth);
        [first, middle, far.sub(near).mul_add(sixth, s[5])]
    }
}

/// Bᵀ d in whole numbers of 16 bits: of 256 steps none is then beyond ±12,750 in a square.
///
/// # Safety
/// As [`Vector`].
#[inline(always)]
pub(super) unsafe fn whole_input_row<V: Vector, const N: usize>(d: [V; N]) -> [V; N] {
    // SAFETY: the caller's word, for the instruction set; memory is not touched.
    unsafe {
        let mut r = d;
        if N == 6 {
            let a = d[4].sub_shorts(d[2].shift_shorts::<2>());
            let b = d[3].sub_shorts(d[1].shift_shorts::<2>());
            let c = d[4].sub_shorts(d[2]);
            let e = d[3].sub_shorts(d[1]);
            let twice = e.add_shorts(e);
            r[0] = d[0].sub_shorts(d[2]).shift_shorts::<2>().add_shorts(c);
            r[1] = a.add_shorts(b);
            r[2] = a.sub_shorts(b);
            r[3] = c.add_shorts(twice);
            r[4] = c.sub_shorts(twice);
            r[5] = d[5].sub_shorts(d[3]).sub_shorts(e.shift_shorts::<2>());
        } else {
            r[0] = d[0].sub_shorts(d[2]);
            r[1] = d[1].add_shorts(d[2]);
            r[2] = d[2].sub_shorts(d[1]);
            r[3] = d[1].sub_shorts(d[3]);
        }
        r
    }
}

/// 24 Aᵀ m for N = 6, twice Aᵀ m for N = 4, of products with [`WHOLE_G4`] and [`WHOLE_G2`], in whole numbers of 32 bits.
///
/// # Safety
/// As [`Vector`].
#[inline(always)]
pub(super) unsafe fn whole_output_row<V: Vector, const N: usize, const M: usize>(m: [V; N]) -> [V; M] {
    // SAFETY: the caller's word, for the instruction set; memory is not touched.
    unsafe {
        let mut r = [m[0]; M];
        if N == 6 {
            let a = m[1].add_words(m[2]);
            let b = m[1].sub_words(m[2]).shift_words::<2>();
            let c = m[3].add_words(m[4]);
            let d = m[3].sub_words(m[4]);
            let first = m[0].add_words(m[0]).add_words(m[0].shift_words::<2>());
            let last = m[5].add_words(m[5]).add_words(m[5]).add_words(d).shift_words::<3>();
            r[0] = first.add_words(a.shift_words::<2>()).add_words(c);
            r[1] = b.add_words(d).add_words(d);
            r[2] = a.add_words(c).shift_words::<2>();
            r[3] = b.add_words(last);
        } else {
            r[0] = m[0].add_words(m[0]).add_words(m[1]).add_words(m[2]);
            r[1] = m[1].sub_words(m[2]).sub_words(m[3]).sub_words(m[3]);
        }
        r
    }
}

/// What [`whole_output_row`] of columns and rows gives, divided by what is too much: 576, the inverse of whose ninth is a
/// number of 32 bits, or 4.
///
/// # Safety
/// As [`Vector`].
#[inline(always)]
pub(super) unsafe fn whole_sum<V: Vector, const N: usize>(sum: V) -> V {
    const NINTH: i32 = 0x38e3_8e39;
    // SAFETY: the caller's word, for the instruction set; memory is not touched.
    unsafe {
        match N {
            6 => sum.mul_words(NINTH).shift_words_back::<6>(),
            _ => sum.shift_words_back::<2>(),
        }
    }
}

/// Numbers below this in size come back exactly from [`whole_sum`], whatever passes 32 bits on the way.
pub fn whole_limit(m: usize) -> f32 {
    if m == 4 { (1u32 << 25) as f32 } else { (1u32 << 29) as f32 }
}

const G2: [[f64; 3]; 4] = [[1.0, 0.0, 0.0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0.0, 0.0, 1.0]];
const G4: [[f64; 3]; 6] = [
    [1.0 / 4.0, 0.0, 0.0],
    [-1.0 / 6.0, -1.0 / 6.0, -1.0 / 6.0],
    [-1.0 / 6.0, 1.0 / 6.0, -1.0 / 6.0],
    [1.0 / 24.0, 1.0 / 12.0, 1.0 / 6.0],
    [1.0 / 24.0, -1.0 / 12.0, 1.0 / 6.0],
    [0.0, 0.0, 1.0],
];

/// The rows times 1, 2, 2, 1, and times 4, 6, 6, 24, 24, 1: whole numbers, whose sums in a filter of steps of bytes are
/// below ±6,224.
const WHOLE_G2: [[f64; 3]; 4] = [[1.0, 0.0, 0.0], [1.0, 1.0, 1.0], [1.0, -1.0, 1.0], [0.0, 0.0, 1.0]];
const WHOLE_G4: [[f64; 3]; 6] =
    [[1.0, 0.0, 0.0], [-1.0, -1.0, -1.0], [-1.0, 1.0, -1.0], [1.0, 2.0, 4.0], [1.0, -2.0, 4.0], [0.0, 0.0, 1.0]];

/// G g Gᵀ of the filters of one input channel and up to [`FILTER_LANES`] output channels: `filters` is
/// `[tap][lane]`, `transformed[position][lane]`. In float64, so that the filters carry no error of their
/// own; or, where they are of whole numbers, such.
#[inline(always)]
pub fn transform_filters<const TAPS: usize>(
    shape: SquareShape,
    is_whole: bool,
    filters: &[[f64; FILTER_LANES]; TAPS],
    transformed: &mut [[f32; FILTER_LANES]; MOST_PLANES],
) {
    #[cfg(not(target_arch = "wasm32"))]
    if shape.is_strided() {
        let mut rows = [[0.0; FILTER_LANES]; MOST_PLANES];
        match shape.is_stem() {
            true => transform_with(&strided::G_STEM, filters, &mut rows),
            false => transform_with(&strided::G_STRIDED, filters, &mut rows),
        }
        strided::each_plane(shape, |at, _, plane| transformed[plane] = rows[at]);
        return;
    }
    match (shape.m, is_whole && IS_REDUCIBLE) {
        (4, false) => transform_with(&G4, filters, transformed),
        (4, true) => transform_with(&WHOLE_G4, filters, transformed),
        (_, false) => transform_with(&G2, filters, transformed),
        (_, true) => transform_with(&WHOLE_G2, filters, transformed),
    }
}

#[inline(always)]
fn transform_with<const N: usize, const K: usize, const TAPS: usize>(
    g: &[[f64; K]; N],
    filters: &[[f64; FILTER_LANES]; TAPS],
    transformed: &mut [[f32; FILTER_LANES]; MOST_PLANES],
) {
    let mut rows = [[[0.0; FILTER_LANES]; K]; N];
    for (row, g) in rows.iter_mut().zip(g) {
        for x in 0..K {
            for lane in 0..FILTER_LANES {
                row[x][lane] = dot(g, |y| filters[y * K + x][lane]);
            }
        }
    }
    for (y, row) in rows.iter().enumerate() {
        for (x, g) in g.iter().enumerate() {
            for lane in 0..FILTER_LANES {
                transformed[y * N + x][lane] = dot(g, |x| row[x][lane]) as f32;
            }
        }
    }
}

#[inline(always)]
fn dot<const K: usize>(g: &[f64; K], values: impl Fn(usize) -> f64) -> f64 {
    (1..K).fold(g[0] * values(0), |sum, k| sum + g[k] * values(k))
}
