//! Convolutions at stride 2 by minimal filtering: 3×3 for m = 2, and the stem's 7×7 of three channels for m = 4. Along one
//! axis, outputs read the even pixels by two taps (four) and the odd ones by one (three). The two are F(m, 2) and F(m, 1),
//! or F(4, 4) and F(4, 3), at the same points but one that the odd pixels do without; products at the same point become
//! outputs alike, and are summed before. So a position sums over one or two *planes* of the input along an axis, over up to
//! four along both: 25 planes for 4 pixels, where direct convolution multiplies 36 times, and 169 for 16 instead of 784.

use super::SquareShape;
use super::matrices;
use super::square::Pixels;
use crate::simd::Vector;
use crate::tile::LINE;
use std::mem::MaybeUninit;

/// Pixels of a side of the stem's squares, their numbers in a row, and room for them and a vector more.
const STEM: usize = 13;
const STEM_ROW: usize = 3 * STEM;
const STEM_ROOM: usize = STEM_ROW + LINE;
/// The most planes of a square.
pub const MOST_PLANES: usize = STEM * STEM;

/// Planes of each point along an axis: 0, 1, -1, 2, -2, ½ and infinity, or 0, 1 and infinity.
const fn axis(shape: SquareShape) -> &'static [usize] {
    if shape.kernel == 7 { &[2, 2, 2, 2, 2, 1, 2] } else { &[2, 1, 2] }
}

/// The first plane of a position and how many it has; planes of a position follow each other.
pub fn planes_of(shape: SquareShape, position: usize) -> (usize, usize) {
    let axis = axis(shape);
    let [y, x] = [position / axis.len(), position % axis.len()];
    let before = |count: usize| axis[..count].iter().sum::<usize>();
    (before(y) * before(axis.len()) + axis[y] * before(x), axis[y] * axis[x])
}

/// Calls `visit` with each number of a transformed square, row by row, its position, and its plane.
#[inline(always)]
pub fn each_plane(shape: SquareShape, mut visit: impl FnMut(usize, usize, usize)) {
    let axis = axis(shape);
    let all: usize = axis.iter().sum();
    let mut position = 0;
    let mut plane = 0;
    let mut row = 0;
    for rows in axis {
        let mut column = 0;
        for columns in axis {
            for y in 0..*rows {
                for x in 0..*columns {
                    visit((row + y) * all + column + x, position, plane);
                    plane += 1;
                }
            }
            column += columns;
            position += 1;
        }
        row += rows;
    }
}

/// Bᵀ d of one row or column, 13 numbers of the stem or 5.
///
/// # Safety
/// As [`Vector`].
#[inline(always)]
unsafe fn input_row<V: Vector, const N: usize>(d: [V; N]) -> [V; N] {
    // SAFETY: the caller's word, for the instruction set; memory is not touched.
    unsafe {
        let mut r = d;
        if N == STEM {
            let (half, four, five) = (V::splat(-0.5), V::splat(4.0), V::splat(-5.0));
            let (two, minus_two, minus_four) = (V::splat(2.0), V::splat(-2.0), V::splat(-4.0));
            let mut w = [V::splat(0.0); 6];
            for (i, w) in w.iter_mut().enumerate() {
                *w = half.mul_add(d[2 * i], d[2 * i + 2]);
            }
            let a = minus_four.mul_add(w[2], w[4]);
            let b = minus_four.mul_add(w[1], w[3]);
            let c = w[4].sub(w[2]);
            let e = w[3].sub(w[1]);
            let odd = matrices::input_row([d[1], d[3], d[5], d[7], d[9], d[11]]);
            r[0] = four.mul_add(w[0], five.mul_add(w[2], w[4]));
            r[1] = odd[0];
            r[2] = a.add(b);
            r[3] = odd[1];
            r[4] = a.sub(b);
            r[5] = odd[2];
            r[6] = two.mul_add(e, c);
            r[7] = odd[3];
            r[8] = minus_two.mul_add(e, c);
            r[9] = odd[4];
            r[10] = four.mul_add(d[2], five.mul_add(d[6], d[10]));
            r[11] = four.mul_add(w[1], five.mul_add(w[3], w[5]));
            r[12] = odd[5];
        } else {
            r[0] = d[0].sub(d[2]);
            r[1] = d[1];
            r[2] = d[2];
            r[3] = d[4].sub(d[2]);
            r[4] = d[3];
        }
        r
    }
}

/// 5×5 pixels of one block to 25 planes, at their places.
///
/// # Safety
/// As [`Vector`]; the square must lie within the padded input, and `to` have room for all places.
#[inline(always)]
pub unsafe fn transform_strided<V: Vector>(
    from: *const f32,
    pixels: Pixels,
    to: *mut f32,
    places: &[usize; MOST_PLANES],
) {
    const N: usize = 5;
    // SAFETY: the caller's word.
    unsafe {
        let mut t = [[MaybeUninit::<V>::uninit(); N]; N];
        for x in 0..N {
            let mut column = [V::splat(0.0); N];
            for (y, d) in column.iter_mut().enumerate() {
                *d = pixels.format.load(from.add(y * pixels.row + x * pixels.pixel));
            }
            for (row, value) in t.iter_mut().zip(input_row(column)) {
                row[x].write(value);
            }
        }
        for (y, row) in t.iter().enumerate() {
            let row = input_row(row.map(|value| value.assume_init()));
            for (x, value) in row.iter().enumerate() {
                value.store(to.add(places[y * N + x]));
            }
        }
    }
}

/// 13×13 pixels of three channels to 169 planes of three numbers each; whatever follows them there is written, too, as far
/// as a vector reaches.
///
/// # Safety
/// As [`Vector`]; the square must lie within the padded input, and `to` have room for all places.
#[inline(always)]
pub unsafe fn transform_stem<V: Vector>(from: *const f32, row: usize, to: *mut f32, places: &[usize; MOST_PLANES]) {
    // SAFETY: the caller's word; rows are read as far as they go, and written where there is room.
    unsafe {
        let mut t = [MaybeUninit::<f32>::uninit(); STEM * STEM_ROOM];
        let t = t.as_mut_ptr() as *mut f32;
        for y in 0..STEM {
            V::splat(0.0).store(t.add(y * STEM_ROOM + STEM_ROW));
        }
        let mut x = 0;
        while x < STEM_ROW {
            let at = x.min(STEM_ROW - V::LANES);
            let mut column = [V::splat(0.0); STEM];
            for (y, d) in column.iter_mut().enumerate() {
                *d = V::load(from.add(y * row + at));
            }
            for (y, value) in input_row(column).iter().enumerate() {
                value.store(t.add(y * STEM_ROOM + at));
            }
            x += V::LANES;
        }
        for y in 0..STEM {
            let mut row = [V::splat(0.0); STEM];
            for (x, d) in row.iter_mut().enumerate() {
                *d = V::load(t.add(y * STEM_ROOM + 3 * x));
            }
            for (x, value) in input_row(row).iter().enumerate() {
                value.store(to.add(places[y * STEM + x]));
            }
        }
    }
}

/// G by planes of an axis.
pub const G_STRIDED: [[f64; 3]; 5] =
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, 0.0, 1.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]];
/// Of the point ½.
const N: f64 = 45.0 / 32.0;
pub const G_STEM: [[f64; 7]; 13] = [
    [-0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [0.0, 0.25, 0.0, 0.0, 0.0, 0.0, 0.0],
    [-1.0 / 3.0, 0.0, -1.0 / 3.0, 0.0, -1.0 / 3.0, 0.0, -1.0 / 3.0],
    [0.0, -1.0 / 6.0, 0.0, -1.0 / 6.0, 0.0, -1.0 / 6.0, 0.0],
    [1.0 / 9.0, 0.0, -1.0 / 9.0, 0.0, 1.0 / 9.0, 0.0, -1.0 / 9.0],
    [0.0, -1.0 / 6.0, 0.0, 1.0 / 6.0, 0.0, -1.0 / 6.0, 0.0],
    [1.0 / 36.0, 0.0, 2.0 / 36.0, 0.0, 4.0 / 36.0, 0.0, 8.0 / 36.0],
    [0.0, 1.0 / 24.0, 0.0, 1.0 / 12.0, 0.0, 1.0 / 6.0, 0.0],
    [-1.0 / 60.0, 0.0, 2.0 / 60.0, 0.0, -4.0 / 60.0, 0.0, 8.0 / 60.0],
    [0.0, 1.0 / 24.0, 0.0, -1.0 / 12.0, 0.0, 1.0 / 6.0, 0.0],
    [1.0 / N, 0.0, 0.5 / N, 0.0, 0.25 / N, 0.0, 0.125 / N],
    [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0],
    [0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0],
];
