//! Vectors of `f32`: the kernels are written once against [`Vector`], and instantiated for each instruction set.

#![allow(
    clippy::undocumented_unsafe_blocks,
    reason = "each is its method's whole body, and holds by what `Vector` asks of the caller"
)]

#[cfg(target_arch = "x86_64")]
pub mod avx2;
#[cfg(target_arch = "x86_64")]
pub mod avx512;
#[cfg(all(target_arch = "x86_64", feature = "emulated"))]
pub mod emulated;
#[cfg(target_arch = "aarch64")]
pub mod neon;
#[cfg(not(target_arch = "wasm32"))]
pub mod one;
pub mod portable;
#[cfg(target_arch = "wasm32")]
pub mod wasm;

/// A register of `LANES` numbers.
///
/// # Safety
/// Every method needs the instruction set of its implementation: call it only below a function that enables it.
/// Loads and stores touch `LANES` numbers from the pointer on, of any alignment.
#[allow(clippy::missing_safety_doc)] // It is the same for all.
pub trait Vector: Copy {
    const LANES: usize;
    /// Whether the micro-kernel's loop over a block's channels is to be unrolled. With few registers it is not: the
    /// compilers then hold all channels' weights at once, and spill the sums.
    const UNROLLS: bool = true;

    /// Whether [`Vector::prefetch`] does anything.
    const PREFETCHES: bool = false;

    /// Asks for the cache line at an address that will be read or written soon, where the instruction set can.
    #[inline(always)]
    unsafe fn prefetch(_: *const f32) {}

    unsafe fn splat(x: f32) -> Self;
    /// One number from memory in every lane.
    unsafe fn broadcast(p: *const f32) -> Self;
    unsafe fn load(p: *const f32) -> Self;
    unsafe fn store(self, p: *mut f32);
    unsafe fn add(self, other: Self) -> Self;
    unsafe fn sub(self, other: Self) -> Self;
    unsafe fn mul(self, other: Self) -> Self;
    unsafe fn div(self, other: Self) -> Self;
    /// `self * factor + term`, rounded once where the hardware can.
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self;
    /// The larger of the two; NaN in `self` stays.
    unsafe fn at_least(self, floor: Self) -> Self;
    /// The smaller of the two; NaN in `self` stays.
    unsafe fn at_most(self, ceiling: Self) -> Self;
    /// Zero where the mask is not above zero. In training alone.
    #[cfg(not(target_arch = "wasm32"))]
    unsafe fn where_above_zero(self, mask: Self) -> Self;

    /// Whether the methods below are there, which bfloat16 and bytes need; those that multiply, where the CPU has them.
    const REDUCES: bool = false;
    /// The least value of a byte: 0, or −128 where the instruction set multiplies signed bytes alone.
    const LEAST_BYTE: i16 = 0;
    /// Whether products of bytes are summed in 16 bits before they are in 32, which holds four of a lane's weights up to
    /// [`crate::weights::MOST_SHORT`] together.
    const SUMS_SHORT: bool = false;
    /// Whether numbers of 16 bits are multiplied.
    const HAS_SHORTS: bool = false;
    /// Whether a kernel whose sums become bytes stores bytes. Else the sums are stored as floats, and a loop makes bytes of them.
    const STORES_BYTES: bool = false;
    /// Whether such a kernel computes several tiles, one beside the other. What their loop keeps in registers is not there for
    /// sums.
    const TILES_AT_ONCE: bool = false;

    unsafe fn load_bfloat(_: *const u16) -> Self {
        unreachable!()
    }
    /// This and the other three of float16 are NEON's.
    #[cfg(target_arch = "aarch64")]
    unsafe fn load_half(_: *const u16) -> Self {
        unreachable!()
    }
    /// Rounded to the nearest. What float16 does not hold becomes infinite, and the CPU notes it.
    #[cfg(target_arch = "aarch64")]
    unsafe fn store_half(self, _: *mut u16) {
        unreachable!()
    }
    /// All products of a tile of float16, in blocks of four channels: `[block][tap][channel][output lane]` of float16 are the
    /// weights. [`crate::tile::HALF`] or [`crate::tile::SHORT_HALF`].
    ///
    /// # Safety
    /// As [`crate::tile::tile`].
    #[cfg(target_arch = "aarch64")]
    unsafe fn add_halves<const FORMAT: usize, const PIXELS: usize, const VECTORS: usize>(
        _args: &crate::tile::TileArgs,
        _input_pixel: usize,
        _sums: &mut [[Self; PIXELS]; VECTORS],
    ) {
        unreachable!()
    }
    /// Twice as many products as there are lanes, by the instructions of [`Vector::add_halves`].
    #[cfg(target_arch = "aarch64")]
    unsafe fn dot_half<const FORMAT: usize>(_x: Self, _weights: Self, _sum: Self) -> Self {
        unreachable!()
    }
    unsafe fn store_bfloat(self, _: *mut u16) {
        unreachable!()
    }
    /// Words that have the nearest bfloat16 of these numbers and, above it, that of others. In training alone.
    #[cfg(not(target_arch = "wasm32"))]
    unsafe fn join_bfloat(self, _others: Self) -> Self {
        unreachable!()
    }
    /// So many numbers from memory, and zeros in the lanes after them. This and the next are there where matrix units are.
    unsafe fn load_first(_: *const f32, _count: usize) -> Self {
        unreachable!()
    }
    /// The nearest bfloat16 of these numbers and of others, and the nearest to what they leave; the sum of the two is a
    /// number to 16 bits. A word has one of these numbers and, above it, one of the others.
    unsafe fn store_halves(self, _others: Self, _first: *mut f32, _second: *mut f32) {
        unreachable!()
    }
    /// Whole numbers: 256 of them, from `LEAST_BYTE` on.
    unsafe fn load_bytes(_: *const u8) -> Self {
        unreachable!()
    }
    /// Rounded to whole numbers, and held to those.
    unsafe fn store_bytes(self, _: *mut u8) {
        unreachable!()
    }
    /// [`Vector::store_bytes`] of neighbouring pixels.
    #[inline(always)]
    unsafe fn store_byte_pixels<const PIXELS: usize>(pixels: [Self; PIXELS], p: *mut u8) {
        for (i, pixel) in pixels.iter().enumerate() {
            unsafe { pixel.store_bytes(p.add(i * Self::LANES)) };
        }
    }
    /// Whether a kernel of bfloat16 stores bfloat16.
    #[cfg(target_arch = "x86_64")]
    const ENDS_IN_BFLOAT: bool = false;
    /// Two neighbouring pixels to bfloat16, rounded by the CPU itself; with [`Vector::ENDS_IN_BFLOAT`].
    #[cfg(target_arch = "x86_64")]
    unsafe fn store_bfloats(_pixels: [Self; 2], _: *mut u16) {
        unreachable!()
    }
    /// `sum + x₀ · w₀ + x₁ · w₁` of the pairs of bfloat16 in each lane of `x` and `weights`.
    unsafe fn dot_bfloat(_x: Self, _weights: Self, _sum: Self) -> Self {
        unreachable!()
    }
    /// `sum + Σ xᵢ · wᵢ` of the bytes in each lane of `x` and the signed ones of `weights`; `sum` holds 32-bit integers.
    unsafe fn dot_bytes(_x: Self, _weights: Self, _sum: Self) -> Self {
        unreachable!()
    }
    /// The same of two words. Where there are sums of 16 bits, the weights must be such as those hold.
    #[inline(always)]
    unsafe fn dot_byte_pair(x: [Self; 2], weights: [Self; 2], sum: Self) -> Self {
        unsafe { Self::dot_bytes(x[1], weights[1], Self::dot_bytes(x[0], weights[0], sum)) }
    }
    /// 32-bit integers to floats.
    unsafe fn to_floats(self) -> Self {
        unreachable!()
    }

    /// `sum + x₀ · w₀ + x₁ · w₁` of the pairs of 16-bit integers in each lane. This and the rest are there with
    /// [`Vector::HAS_SHORTS`]; what passes the bits of a number is lost.
    unsafe fn dot_shorts(_x: Self, _weights: Self, _sum: Self) -> Self {
        unreachable!()
    }
    /// As many bytes, as numbers of 16 bits, from each of two places.
    unsafe fn load_shorts(_first: *const f32, _second: *const f32) -> Self {
        unreachable!()
    }
    /// Those of the first place.
    unsafe fn store_first_shorts(self, _: *mut f32) {
        unreachable!()
    }
    unsafe fn add_shorts(self, _other: Self) -> Self {
        unreachable!()
    }
    unsafe fn sub_shorts(self, _other: Self) -> Self {
        unreachable!()
    }
    /// Times a power of two.
    unsafe fn shift_shorts<const BITS: i32>(self) -> Self {
        unreachable!()
    }
    unsafe fn add_words(self, _other: Self) -> Self {
        unreachable!()
    }
    unsafe fn sub_words(self, _other: Self) -> Self {
        unreachable!()
    }
    unsafe fn mul_words(self, _factor: i32) -> Self {
        unreachable!()
    }
    /// Times a power of two.
    unsafe fn shift_words<const BITS: i32>(self) -> Self {
        unreachable!()
    }
    /// Divided by a power of two; the sign stays.
    unsafe fn shift_words_back<const BITS: i32>(self) -> Self {
        unreachable!()
    }
}
