//! The one micro-kernel: a tile of output pixels times one or two vectors of output channels, held in registers
//! while all taps and input channels pass by. Direct convolutions of any shape, the matrix products of Winograd's
//! method and fully connected layers are all this loop with other strides.

#[cfg(target_arch = "x86_64")]
mod ends;

use crate::simd::Vector;
#[cfg(target_arch = "x86_64")]
use ends::{finish_bfloat, finish_bytes};

/// One tile's work. Distances are in 32-bit words.
#[derive(Clone, Copy)]
pub struct TileArgs {
    /// The input pixel under the first tap of the first output pixel.
    pub input: *const f32,
    /// From one input block to the next.
    pub input_plane: usize,
    /// Input blocks to sum over.
    pub blocks: usize,
    /// The taps' distances from `input`.
    pub taps: *const usize,
    pub tap_count: usize,
    /// `[block][tap][word of channels][output lane]`.
    pub weights: *const f32,
    pub output: *mut f32,
    /// From one vector of output channels to the next.
    pub output_plane: usize,
    /// What the sums start from: null for zero. Unused where `accumulate`.
    pub bias: *const f32,
    /// What the whole-number sums of bytes are multiplied with, for each output channel.
    pub scales: *const f32,
    /// The sums start from what the output holds.
    pub accumulate: bool,
    /// Added at the end, null for none.
    pub residual: *const f32,
    pub residual_plane: usize,
    pub clamp: Clamp,
    pub ahead: Ahead,
    #[cfg(target_arch = "x86_64")]
    pub rests: Rests,
    /// Where output and shortcut are of bytes, and the kernel stores those.
    #[cfg(target_arch = "x86_64")]
    pub in_bytes: Option<InBytes>,
    /// Where output and shortcut are of bfloat16, and the kernel stores that.
    #[cfg(target_arch = "x86_64")]
    pub in_bfloat: bool,
    /// With `in_bytes`: so many tiles, each beside the one before.
    #[cfg(target_arch = "x86_64")]
    pub tiles: usize,
    /// Only read where the kernel's stride is not a constant.
    pub dynamic: DynamicStrides,
}

/// How bytes become bytes: scales, bias and activation are in steps of the output.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy, Debug)]
pub struct InBytes {
    /// Steps of the output in one of the shortcut.
    pub residual: f32,
    pub clamp: Clamp,
}

/// Weights that sums of 16 bits have no room for: words of input channels that come once more.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub struct Rests {
    /// The words' distances from the tile's input.
    pub words: *const usize,
    pub count: usize,
    /// `[word][output lane]`.
    pub weights: *const f32,
}

#[cfg(target_arch = "x86_64")]
impl Rests {
    pub const NONE: Rests = Rests { words: std::ptr::null(), count: 0, weights: std::ptr::null() };
}

/// Floats of a cache line.
pub const LINE: usize = 16;

/// Weights that others read after this tile: it asks for some of them with each tap of each block, so that they are in
/// the cache by then.
#[derive(Clone, Copy)]
pub struct Ahead {
    pub start: *const f32,
    /// From what one tap asks for to what the next does.
    pub step: usize,
}

impl Ahead {
    /// Asks for nothing that is not there.
    pub fn nothing(weights: *const f32) -> Ahead {
        Ahead { start: weights, step: 0 }
    }

    /// Of as many weights as the tile itself reads, `blocks` times `block_weights`, from `next` on: the part that is this
    /// tile's to ask for, one of `parts` that read the same weights.
    pub fn share(next: *const f32, [blocks, block_weights, taps]: [usize; 3], [part, parts]: [usize; 2]) -> Ahead {
        Ahead {
            start: next.wrapping_add(blocks * part / parts * block_weights),
            step: (block_weights / taps).div_ceil(LINE * parts) * LINE,
        }
    }
}

/// Distances between pixels, and the words of input channels in a block, for kernels that don't have them as constants.
#[derive(Clone, Copy, Debug, Default)]
pub struct DynamicStrides {
    pub input_pixel: usize,
    pub output_pixel: usize,
    pub residual_pixel: usize,
    pub words: usize,
}

/// The activation: `floor ≤ y ≤ ceiling`, infinite where there is none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clamp {
    pub floor: f32,
    pub ceiling: f32,
}

impl Clamp {
    pub const NONE: Clamp = Clamp { floor: f32::NEG_INFINITY, ceiling: f32::INFINITY };
    pub const RELU: Clamp = Clamp { floor: 0.0, ceiling: f32::INFINITY };
    pub const RELU6: Clamp = Clamp { floor: 0.0, ceiling: 6.0 };

    /// # Safety
    /// As [`Vector`].
    #[inline(always)]
    pub unsafe fn apply<V: Vector>(self, mut x: V) -> V {
        // SAFETY: the caller's word, for the instruction set; memory is not touched.
        unsafe {
            if self.floor > f32::NEG_INFINITY {
                x = x.at_least(V::splat(self.floor));
            }
            if self.ceiling < f32::INFINITY {
                x = x.at_most(V::splat(self.ceiling));
            }
            x
        }
    }
}

pub type TileKernel = unsafe fn(&TileArgs);

/// The formats of a kernel's input and weights, as constants of [`tile`].
pub const FLOAT: usize = 0;
pub const BFLOAT: usize = 1;
pub const BYTE: usize = 2;
/// Numbers of 16 bits, whose sums are stored as whole numbers, without bias and scales.
pub const WHOLE: usize = 3;
/// float16, ARM's alone.
pub const HALF: usize = 4;
/// The same, on a CPU whose products of float16 are float16, too.
#[cfg(target_arch = "aarch64")]
pub const SHORT_HALF: usize = 5;

/// [`TileArgs::tiles`] times [`one_tile`].
///
/// # Safety
/// As [`one_tile`], for all of them.
#[inline(always)]
pub unsafe fn tile<
    V: Vector,
    const FORMAT: usize,
    const PIXELS: usize,
    const VECTORS: usize,
    const STRIDE: usize,
    const NARROW: usize,
    const ASKS: bool,
>(
    args: &TileArgs,
) {
    #[cfg(target_arch = "x86_64")]
    if FORMAT == BYTE && V::TILES_AT_ONCE {
        let input_pixel = if STRIDE == 0 { args.dynamic.input_pixel } else { STRIDE * V::LANES / 4 };
        let pixels = PIXELS * V::LANES / 4;
        let mut args = *args;
        for _ in 0..args.tiles {
            // SAFETY: the caller's word.
            unsafe { one_tile::<V, FORMAT, PIXELS, VECTORS, STRIDE, NARROW, ASKS>(&args) };
            args.input = args.input.wrapping_add(PIXELS * input_pixel);
            args.output = args.output.wrapping_add(pixels);
            if !args.residual.is_null() {
                args.residual = args.residual.wrapping_add(pixels);
            }
        }
        return;
    }
    // SAFETY: the caller's word.
    unsafe { one_tile::<V, FORMAT, PIXELS, VECTORS, STRIDE, NARROW, ASKS>(args) }
}

/// Computes `PIXELS` output pixels × `VECTORS` vectors of output channels.
///
/// `STRIDE` is the distance of two output pixels in input pixels (0: all distances from [`DynamicStrides`]). A pixel
/// of the input holds a whole vector of channels, or, with `NARROW`, that few channels without padding. With `ASKS` it
/// prefetches: the places that its end will touch, and its share of [`TileArgs::ahead`].
///
/// # Safety
/// As [`Vector`]; the pointers of `args` must be good for all that the tile covers.
#[inline(always)]
unsafe fn one_tile<
    V: Vector,
    const FORMAT: usize,
    const PIXELS: usize,
    const VECTORS: usize,
    const STRIDE: usize,
    const NARROW: usize,
    const ASKS: bool,
>(
    args: &TileArgs,
) {
    // SAFETY: the caller's word: blocks, taps, pixels and vectors are those that `args` is good for.
    unsafe {
        let lanes = V::LANES;
        let width = match FORMAT {
            _ if NARROW > 0 => NARROW,
            FLOAT => lanes,
            BFLOAT => lanes / 2,
            BYTE => lanes / 4,
            _ => lanes / 2,
        };
        let is_dynamic = STRIDE == 0;
        let words = match is_dynamic {
            true => args.dynamic.words,
            false if V::UNROLLS => width,
            false => std::hint::black_box(width),
        };
        let input_pixel = if is_dynamic { args.dynamic.input_pixel } else { STRIDE * width };

        let mut sums = [[V::splat(0.0); PIXELS]; VECTORS];
        if FORMAT < BYTE || FORMAT >= HALF {
            start::<V, PIXELS, VECTORS, STRIDE>(args, &mut sums);
        }

        if ASKS && !is_dynamic {
            prefetch_ends::<V, PIXELS, VECTORS>(args);
        }
        #[cfg(target_arch = "x86_64")]
        if FORMAT == BYTE && V::SUMS_SHORT {
            add_rests::<V, PIXELS, VECTORS>(args, input_pixel, &mut sums);
        }
        #[cfg(target_arch = "aarch64")]
        if FORMAT >= HALF {
            V::add_halves::<FORMAT, PIXELS, VECTORS>(args, input_pixel, &mut sums);
            return finish::<V, PIXELS, VECTORS, STRIDE>(args, &mut sums);
        }
        if V::UNROLLS {
            add_blocks::<V, FORMAT, PIXELS, VECTORS, ASKS>(args, words, input_pixel, &mut sums);
        } else {
            add_taps::<V, FORMAT, PIXELS, VECTORS>(args, words, input_pixel, &mut sums);
        }

        #[cfg(target_arch = "x86_64")]
        if FORMAT == BYTE
            && V::STORES_BYTES
            && let Some(in_bytes) = args.in_bytes
        {
            return finish_bytes::<V, PIXELS, VECTORS>(args, in_bytes, &sums);
        }
        if FORMAT == BYTE {
            for (v, row) in sums.iter_mut().enumerate() {
                let (scale, bias) = (V::load(args.scales.add(v * lanes)), V::load(args.bias.add(v * lanes)));
                for sum in row {
                    *sum = sum.to_floats().mul_add(scale, bias);
                }
            }
        }
        #[cfg(target_arch = "x86_64")]
        if FORMAT == BFLOAT && V::ENDS_IN_BFLOAT && args.in_bfloat {
            return finish_bfloat::<V, PIXELS, VECTORS>(args, &sums);
        }
        finish::<V, PIXELS, VECTORS, STRIDE>(args, &mut sums);
    }
}

/// All taps of one block of input channels after the other, in the order of the weights.
///
/// # Safety
/// As [`tile`].
#[inline(always)]
unsafe fn add_blocks<V: Vector, const FORMAT: usize, const PIXELS: usize, const VECTORS: usize, const ASKS: bool>(
    args: &TileArgs,
    words: usize,
    input_pixel: usize,
    sums: &mut [[V; PIXELS]; VECTORS],
) {
    // SAFETY: the caller's word.
    unsafe {
        let lanes = V::LANES;
        let mut weights = args.weights;
        let mut ahead = args.ahead.start;
        let mut block = args.input;
        for _ in 0..args.blocks {
            for t in 0..args.tap_count {
                let pixel = block.add(*args.taps.add(t));
                if FORMAT == BYTE && V::SUMS_SHORT {
                    add_pair::<V, PIXELS, VECTORS>(pixel, input_pixel, weights, sums);
                } else {
                    for c in 0..words {
                        let factors = weights.add(c * VECTORS * lanes);
                        add_channel::<V, FORMAT, PIXELS, VECTORS>(pixel.add(c), input_pixel, factors, sums);
                    }
                }
                weights = weights.add(words * VECTORS * lanes);
                if ASKS {
                    for line in 0..lanes * lanes * VECTORS / LINE * 3 / 8 {
                        V::prefetch(ahead.wrapping_add(line * LINE));
                    }
                    ahead = ahead.wrapping_add(args.ahead.step);
                }
            }
            block = block.add(args.input_plane);
        }
    }
}

/// All blocks of input channels of one tap after the other: around a loop that is not unrolled, another one over taps
/// costs a quarter of the speed, even where there is but one tap. The pointers walk, so that all addresses are constant
/// distances from them.
///
/// # Safety
/// As [`tile`].
#[inline(always)]
unsafe fn add_taps<V: Vector, const FORMAT: usize, const PIXELS: usize, const VECTORS: usize>(
    args: &TileArgs,
    words: usize,
    input_pixel: usize,
    sums: &mut [[V; PIXELS]; VECTORS],
) {
    // SAFETY: the caller's word: the pointers stay within blocks and weights, or stop one block behind the last.
    unsafe {
        let block_weights = words * VECTORS * V::LANES;
        for t in 0..args.tap_count {
            let mut pixel = args.input.add(*args.taps.add(t));
            let mut weights = args.weights.add(t * block_weights);
            for _ in 0..args.blocks {
                let end = weights.add(block_weights);
                let mut channel = pixel;
                while weights != end {
                    add_channel::<V, FORMAT, PIXELS, VECTORS>(channel, input_pixel, weights, sums);
                    channel = channel.add(1);
                    weights = weights.add(VECTORS * V::LANES);
                }
                weights = weights.wrapping_add((args.tap_count - 1) * block_weights);
                pixel = pixel.wrapping_add(args.input_plane);
            }
        }
    }
}

/// One word of input channels of all pixels, times the weights of its output channels.
///
/// # Safety
/// As [`Vector`]; pixels and weights must be there.
#[inline(always)]
unsafe fn add_channel<V: Vector, const FORMAT: usize, const PIXELS: usize, const VECTORS: usize>(
    channel: *const f32,
    input_pixel: usize,
    weights: *const f32,
    sums: &mut [[V; PIXELS]; VECTORS],
) {
    // SAFETY: the caller's word.
    unsafe {
        let mut factors = [V::splat(0.0); VECTORS];
        for (v, factor) in factors.iter_mut().enumerate() {
            *factor = V::load(weights.add(v * V::LANES));
        }
        for i in 0..PIXELS {
            let x = V::broadcast(channel.add(i * input_pixel));
            for v in 0..VECTORS {
                sums[v][i] = match FORMAT {
                    FLOAT => x.mul_add(factors[v], sums[v][i]),
                    BFLOAT => V::dot_bfloat(x, factors[v], sums[v][i]),
                    BYTE => V::dot_bytes(x, factors[v], sums[v][i]),
                    _ => V::dot_shorts(x, factors[v], sums[v][i]),
                };
            }
        }
    }
}

/// The two words of a block of bytes, times their weights.
///
/// # Safety
/// As [`add_channel`].
#[inline(always)]
unsafe fn add_pair<V: Vector, const PIXELS: usize, const VECTORS: usize>(
    pixel: *const f32,
    input_pixel: usize,
    weights: *const f32,
    sums: &mut [[V; PIXELS]; VECTORS],
) {
    // SAFETY: the caller's word.
    unsafe {
        let mut factors = [[V::splat(0.0); 2]; VECTORS];
        for (v, pair) in factors.iter_mut().enumerate() {
            for (word, factor) in pair.iter_mut().enumerate() {
                *factor = V::load(weights.add((word * VECTORS + v) * V::LANES));
            }
        }
        for i in 0..PIXELS {
            let x = pixel.add(i * input_pixel);
            let x = [V::broadcast(x), V::broadcast(x.add(1))];
            for v in 0..VECTORS {
                sums[v][i] = V::dot_byte_pair(x, factors[v], sums[v][i]);
            }
        }
    }
}

/// # Safety
/// As [`tile`].
#[cfg(target_arch = "x86_64")]
#[inline(always)]
unsafe fn add_rests<V: Vector, const PIXELS: usize, const VECTORS: usize>(
    args: &TileArgs,
    input_pixel: usize,
    sums: &mut [[V; PIXELS]; VECTORS],
) {
    // SAFETY: the caller's word: the words are of the tile's input, and there are weights for each.
    unsafe {
        let mut weights = args.rests.weights;
        for i in 0..args.rests.count {
            let channel = args.input.add(*args.rests.words.add(i));
            add_channel::<V, BYTE, PIXELS, VECTORS>(channel, input_pixel, weights, sums);
            weights = weights.add(VECTORS * V::LANES);
        }
    }
}

/// Asks for what [`finish`] will touch.
///
/// # Safety
/// As [`Vector`].
#[inline(always)]
unsafe fn prefetch_ends<V: Vector, const PIXELS: usize, const VECTORS: usize>(args: &TileArgs) {
    // SAFETY: prefetching reads nothing: any address will do.
    unsafe {
        prefetch_planes::<V, PIXELS, VECTORS>(args.output, args.output_plane);
        if !args.residual.is_null() {
            prefetch_planes::<V, PIXELS, VECTORS>(args.residual, args.residual_plane);
        }
    }
}

/// # Safety
/// As [`Vector`].
#[inline(always)]
unsafe fn prefetch_planes<V: Vector, const PIXELS: usize, const VECTORS: usize>(first: *const f32, plane: usize) {
    for v in 0..VECTORS {
        for from in (0..PIXELS * V::LANES).step_by(LINE) {
            // SAFETY: prefetching reads nothing: any address will do.
            unsafe { V::prefetch(first.wrapping_add(v * plane + from)) };
        }
    }
}

/// # Safety
/// As [`tile`].
#[inline(always)]
unsafe fn start<V: Vector, const PIXELS: usize, const VECTORS: usize, const STRIDE: usize>(
    args: &TileArgs,
    sums: &mut [[V; PIXELS]; VECTORS],
) {
    // SAFETY: the caller's word: outputs are there where they are added to, and a bias for each vector, where there is
    // one.
    unsafe {
        if args.accumulate {
            let pixel = if STRIDE == 0 { args.dynamic.output_pixel } else { V::LANES };
            for (v, row) in sums.iter_mut().enumerate() {
                for (i, sum) in row.iter_mut().enumerate() {
                    *sum = V::load(args.output.add(v * args.output_plane + i * pixel));
                }
            }
        } else if !args.bias.is_null() {
            for (v, row) in sums.iter_mut().enumerate() {
                *row = [V::load(args.bias.add(v * V::LANES)); PIXELS];
            }
        }
    }
}

/// Adds the shortcut, applies the activation, and stores.
///
/// # Safety
/// As [`tile`].
#[inline(always)]
unsafe fn finish<V: Vector, const PIXELS: usize, const VECTORS: usize, const STRIDE: usize>(
    args: &TileArgs,
    sums: &mut [[V; PIXELS]; VECTORS],
) {
    // SAFETY: the caller's word: outputs and shortcut are there for each pixel and vector.
    unsafe {
        let is_dynamic = STRIDE == 0;
        let output_pixel = if is_dynamic { args.dynamic.output_pixel } else { V::LANES };
        let residual_pixel = if is_dynamic { args.dynamic.residual_pixel } else { V::LANES };
        if !args.residual.is_null() {
            for (v, row) in sums.iter_mut().enumerate() {
                for (i, sum) in row.iter_mut().enumerate() {
                    *sum = sum.add(V::load(args.residual.add(v * args.residual_plane + i * residual_pixel)));
                }
            }
        }
        for (v, row) in sums.iter().enumerate() {
            for (i, sum) in row.iter().enumerate() {
                args.clamp.apply(*sum).store(args.output.add(v * args.output_plane + i * output_pixel));
            }
        }
    }
}
