//! The transforms of whole squares: rows and columns by [`super::matrices`], pixels and positions in memory.

#[cfg(not(target_arch = "wasm32"))]
use super::matrices::{filter_row, gradient_row, sums_row};
use super::matrices::{input_row, output_row, whole_input_row, whole_output_row, whole_sum};
use crate::format::Format;
use crate::simd::Vector;
use crate::tile::Clamp;
#[cfg(target_arch = "x86_64")]
use crate::tile::InBytes;
use std::mem::MaybeUninit;

/// The pixels of one block: distances in words.
#[derive(Clone, Copy)]
pub(crate) struct Pixels {
    pub row: usize,
    pub pixel: usize,
    pub format: Format,
}

pub(crate) struct Finish<V> {
    /// Of whole numbers.
    pub scale: V,
    pub bias: V,
    #[cfg(target_arch = "x86_64")]
    pub in_bytes: Option<InBytes>,
    pub clamp: Clamp,
    pub rows: usize,
    pub columns: usize,
    pub output: *mut f32,
    pub output_pixels: Pixels,
    pub residual: *const f32,
    pub residual_pixels: Pixels,
}

/// N×N pixels of one block to N² positions, `position` words apart; `IS_NARROW`, to the nearest bfloat16, or float16 where the
/// pixels are.
///
/// # Safety
/// As [`Vector`]; the square must lie within the padded input, and `to` have room for all positions.
#[inline(always)]
pub(crate) unsafe fn transform_input<V: Vector, const N: usize, const IS_NARROW: bool>(
    from: *const f32,
    pixels: Pixels,
    to: *mut f32,
    position: usize,
) {
    // SAFETY: the caller's word.
    unsafe {
        // Not of zeros: they would be written each time, by a call of memset. All are written before they are read.
        let mut t = [[MaybeUninit::<V>::uninit(); N]; N];
        for x in 0..N {
            let mut column = [V::splat(0.0); N];
            for (y, d) in column.iter_mut().enumerate() {
                *d = pixels.format.load(from.add(y * pixels.row + x * pixels.pixel));
            }
            let column = input_row(column);
            for y in 0..N {
                t[y][x].write(column[y]);
            }
        }
        for (y, row) in t.iter().enumerate() {
            let row = input_row(row.map(|value| value.assume_init()));
            for (x, value) in row.iter().enumerate() {
                let to = to.add((y * N + x) * position);
                match IS_NARROW {
                    #[cfg(target_arch = "aarch64")]
                    true if pixels.format == Format::Half => value.store_half(to as *mut u16),
                    true => value.store_bfloat(to as *mut u16),
                    false => value.store(to),
                }
            }
        }
    }
}

/// N² products to the square's pixels.
///
/// # Safety
/// As [`Vector`]; `from` must hold all positions, and `finish` be good for the square's rows and columns.
#[inline(always)]
pub(crate) unsafe fn transform_output<V: Vector, const N: usize, const M: usize>(
    from: *const f32,
    position: usize,
    finish: &Finish<V>,
) {
    // SAFETY: the caller's word.
    unsafe {
        let mut t = [[MaybeUninit::<V>::uninit(); N]; M];
        for x in 0..N {
            let mut column = [V::splat(0.0); N];
            for (y, m) in column.iter_mut().enumerate() {
                *m = V::load(from.add((y * N + x) * position));
            }
            let column: [V; M] = output_row(column);
            for y in 0..M {
                t[y][x].write(column[y]);
            }
        }
        if finish.rows == M && finish.columns == M {
            for (y, row) in t.iter().enumerate() {
                finish.store_row::<false>(y, &output_row::<V, N, M>(row.map(|value| value.assume_init())), M);
            }
        } else {
            for (y, row) in t.iter().enumerate().take(finish.rows) {
                finish.store_row::<false>(
                    y,
                    &output_row::<V, N, M>(row.map(|value| value.assume_init())),
                    finish.columns,
                );
            }
        }
    }
}

/// [`transform_input`] of bytes, in whole numbers: `count` squares, one or two, whose positions lie side by side.
///
/// # Safety
/// As [`transform_input`], for both squares.
#[inline(always)]
pub(crate) unsafe fn transform_whole_input<V: Vector, const N: usize>(
    [first, second]: [*const f32; 2],
    count: usize,
    pixels: Pixels,
    to: *mut f32,
    position: usize,
) {
    // SAFETY: the caller's word.
    unsafe {
        let mut t = [[V::splat(0.0); N]; N];
        for x in 0..N {
            let mut column = [V::splat(0.0); N];
            for (y, d) in column.iter_mut().enumerate() {
                let at = y * pixels.row + x * pixels.pixel;
                *d = V::load_shorts(first.add(at), second.add(at));
            }
            let column = whole_input_row(column);
            for y in 0..N {
                t[y][x] = column[y];
            }
        }
        for (y, row) in t.iter().enumerate() {
            let row = whole_input_row(*row);
            for (x, value) in row.iter().enumerate() {
                let to = to.add((y * N + x) * position);
                match count {
                    1 => value.store_first_shorts(to),
                    _ => value.store(to),
                }
            }
        }
    }
}

/// [`transform_output`] of whole numbers.
///
/// # Safety
/// As [`transform_output`].
#[inline(always)]
pub(crate) unsafe fn transform_whole_output<V: Vector, const N: usize, const M: usize>(
    from: *const f32,
    position: usize,
    finish: &Finish<V>,
) {
    // SAFETY: the caller's word.
    unsafe {
        let mut t = [[V::splat(0.0); N]; M];
        for x in 0..N {
            let mut column = [V::splat(0.0); N];
            for (y, m) in column.iter_mut().enumerate() {
                *m = V::load(from.add((y * N + x) * position));
            }
            let column: [V; M] = whole_output_row(column);
            for y in 0..M {
                t[y][x] = column[y];
            }
        }
        for (y, row) in t.iter().enumerate().take(finish.rows) {
            let mut row: [V; M] = whole_output_row(*row);
            for sum in &mut row {
                *sum = whole_sum::<V, N>(*sum);
            }
            #[cfg(target_arch = "x86_64")]
            if let Some(in_bytes) = finish.in_bytes {
                finish.store_bytes(y, row, in_bytes);
                continue;
            }
            finish.store_row::<true>(y, &row, finish.columns);
        }
    }
}

impl<V: Vector> Finish<V> {
    /// A row of whole sums, to bytes.
    ///
    /// # Safety
    /// As [`Vector`]; the row must be one of those that there are.
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    unsafe fn store_bytes<const M: usize>(&self, y: usize, mut row: [V; M], in_bytes: InBytes) {
        // SAFETY: the caller's word.
        unsafe {
            for value in &mut row {
                *value = value.to_floats().mul_add(self.scale, self.bias);
            }
            if !self.residual.is_null() {
                let factor = V::splat(in_bytes.residual);
                let from = self.residual.add(y * self.residual_pixels.row) as *const u8;
                for (x, value) in row.iter_mut().enumerate().take(self.columns) {
                    *value = V::load_bytes(from.add(x * V::LANES)).mul_add(factor, *value);
                }
            }
            for value in &mut row {
                *value = in_bytes.clamp.apply(*value);
            }
            let to = self.output.add(y * self.output_pixels.row) as *mut u8;
            if self.columns == M {
                V::store_byte_pixels(row, to);
                return;
            }
            for (x, value) in row.iter().enumerate().take(self.columns) {
                value.store_bytes(to.add(x * V::LANES));
            }
        }
    }

    /// # Safety
    /// As [`Vector`]; the pixel must be one of those that there are.
    #[inline(always)]
    unsafe fn store_row<const IS_WHOLE: bool>(&self, y: usize, row: &[V], columns: usize) {
        // SAFETY: the caller's word.
        unsafe {
            for (x, value) in row.iter().enumerate().take(columns) {
                let mut value = match IS_WHOLE {
                    true => value.to_floats().mul_add(self.scale, self.bias),
                    false => value.add(self.bias),
                };
                if !self.residual.is_null() {
                    let pixels = self.residual_pixels;
                    value = value.add(pixels.format.load(self.residual.add(y * pixels.row + x * pixels.pixel)));
                }
                let pixels = self.output_pixels;
                let to = self.output.add(y * pixels.row + x * pixels.pixel);
                pixels.format.store(self.clamp.apply(value), to);
            }
        }
    }
}

/// A square of float32, `$from` numbers a side, to one of `$to`, by `$transform` of its columns and then its rows. Not a
/// function of closures: those are compiled without the instruction set, and calls of them take twice the time of a step.
#[cfg(not(target_arch = "wasm32"))]
macro_rules! transform_square {
    ($from:literal => $to:literal, $transform:ident, $load:ident[$y:ident, $x:ident] $place:expr, $store:expr) => {
        // SAFETY: the caller's word.
        unsafe {
            let mut t = [[MaybeUninit::<V>::uninit(); $from]; $to];
            for $x in 0..$from {
                let mut column = [V::splat(0.0); $from];
                for ($y, value) in column.iter_mut().enumerate() {
                    *value = V::load($load.add($place));
                }
                for (row, value) in t.iter_mut().zip($transform(column)) {
                    row[$x].write(value);
                }
            }
            for (y, row) in t.iter().enumerate() {
                for (x, value) in $transform(row.map(|value| value.assume_init())).iter().enumerate() {
                    value.store($store.0.add((y * $to + x) * $store.1));
                }
            }
        }
    };
}

/// A 3×3 filter, its taps `tap` floats apart, to the 36 positions of F(4×4, 3×3).
///
/// # Safety
/// As [`Vector`]; both must have room for their taps and positions.
#[cfg(not(target_arch = "wasm32"))]
#[inline(always)]
pub(crate) unsafe fn filter_square<V: Vector>(from: *const f32, tap: usize, to: *mut f32, position: usize) {
    transform_square!(3 => 6, filter_row, from[y, x](y * 3 + x) * tap, (to, position));
}

/// 4×4 pixels of an output's gradient to the 36 positions.
///
/// # Safety
/// As [`Vector`]; the pixels must lie within the padded picture, and `to` have room for all positions.
#[cfg(not(target_arch = "wasm32"))]
#[inline(always)]
pub(crate) unsafe fn gradient_square<V: Vector>(from: *const f32, pixels: Pixels, to: *mut f32, position: usize) {
    transform_square!(4 => 6, gradient_row, from[y, x] y * pixels.row + x * pixels.pixel, (to, position));
}

/// Sums at 36 positions to the gradient of a filter's nine taps.
///
/// # Safety
/// As [`Vector`]; both must have room for their positions and taps.
#[cfg(not(target_arch = "wasm32"))]
#[inline(always)]
pub(crate) unsafe fn sums_square<V: Vector>(from: *const f32, position: usize, to: *mut f32, tap: usize) {
    transform_square!(6 => 3, sums_row, from[y, x](y * 6 + x) * position, (to, tap));
}
