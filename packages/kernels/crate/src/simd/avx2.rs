use super::Vector;
use std::arch::asm;
use std::arch::x86_64::*;

#[derive(Clone, Copy)]
pub struct Avx2(__m256);

/// An instruction of whole numbers.
macro_rules! whole {
    ($name:ident $(::<$bits:ident>)? ($($operand:ident),+)) => {
        unsafe { Avx2(_mm256_castsi256_ps($name $(::<$bits>)? ($(_mm256_castps_si256($operand.0)),+))) }
    };
}

impl Vector for Avx2 {
    const LANES: usize = 8;
    const REDUCES: bool = true;
    const SUMS_SHORT: bool = true;
    const HAS_SHORTS: bool = true;
    const STORES_BYTES: bool = true;
    const TILES_AT_ONCE: bool = true;
    const PREFETCHES: bool = true;

    #[inline(always)]
    unsafe fn prefetch(p: *const f32) {
        unsafe { _mm_prefetch::<_MM_HINT_T0>(p as *const i8) }
    }
    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        unsafe { Avx2(_mm256_set1_ps(x)) }
    }
    #[inline(always)]
    unsafe fn broadcast(p: *const f32) -> Self {
        unsafe { Avx2(_mm256_set1_ps(*p)) }
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> Self {
        unsafe { Avx2(_mm256_loadu_ps(p)) }
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32) {
        unsafe { _mm256_storeu_ps(p, self.0) }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        unsafe { Avx2(_mm256_add_ps(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        unsafe { Avx2(_mm256_sub_ps(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        unsafe { Avx2(_mm256_mul_ps(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn div(self, other: Self) -> Self {
        unsafe { Avx2(_mm256_div_ps(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        unsafe { Avx2(_mm256_fmadd_ps(self.0, factor.0, term.0)) }
    }
    // The instruction answers with its second operand where either is NaN.
    #[inline(always)]
    unsafe fn at_least(self, floor: Self) -> Self {
        unsafe { Avx2(_mm256_max_ps(floor.0, self.0)) }
    }
    #[inline(always)]
    unsafe fn at_most(self, ceiling: Self) -> Self {
        unsafe { Avx2(_mm256_min_ps(ceiling.0, self.0)) }
    }
    #[inline(always)]
    unsafe fn where_above_zero(self, mask: Self) -> Self {
        unsafe { Avx2(_mm256_and_ps(self.0, _mm256_cmp_ps::<_CMP_GT_OQ>(mask.0, _mm256_setzero_ps()))) }
    }

    #[inline(always)]
    unsafe fn load_bfloat(p: *const u16) -> Self {
        unsafe {
            let words = _mm256_cvtepu16_epi32(_mm_loadu_si128(p as *const __m128i));
            Avx2(_mm256_castsi256_ps(_mm256_slli_epi32::<16>(words)))
        }
    }
    #[inline(always)]
    unsafe fn store_bfloat(self, p: *mut u16) {
        unsafe {
            let bits = _mm256_castps_si256(self.0);
            let odd = _mm256_and_si256(_mm256_srli_epi32::<16>(bits), _mm256_set1_epi32(1));
            let rounded = _mm256_add_epi32(_mm256_add_epi32(bits, _mm256_set1_epi32(0x7fff)), odd);
            let words = _mm256_srli_epi32::<16>(rounded);
            let halves = _mm_packus_epi32(_mm256_castsi256_si128(words), _mm256_extracti128_si256::<1>(words));
            _mm_storeu_si128(p as *mut __m128i, halves);
        }
    }

    #[inline(always)]
    unsafe fn load_bytes(p: *const u8) -> Self {
        unsafe { Avx2(_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64(p as *const __m128i)))) }
    }
    #[inline(always)]
    unsafe fn store_bytes(self, p: *mut u8) {
        unsafe {
            let whole = _mm256_cvtps_epi32(self.0);
            let shorts = _mm_packs_epi32(_mm256_castsi256_si128(whole), _mm256_extracti128_si256::<1>(whole));
            _mm_storel_epi64(p as *mut __m128i, _mm_packus_epi16(shorts, shorts));
        }
    }
    #[inline(always)]
    unsafe fn store_byte_pixels<const PIXELS: usize>(pixels: [Self; PIXELS], p: *mut u8) {
        unsafe {
            if PIXELS == 4 {
                let (a, b) = (_mm256_cvtps_epi32(pixels[0].0), _mm256_cvtps_epi32(pixels[1].0));
                let (c, d) = (_mm256_cvtps_epi32(pixels[2].0), _mm256_cvtps_epi32(pixels[3].0));
                let fours = _mm256_packus_epi16(_mm256_packs_epi32(a, b), _mm256_packs_epi32(c, d));
                let in_order = _mm256_permutevar8x32_epi32(fours, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
                _mm256_storeu_si256(p as *mut __m256i, in_order);
                return;
            }
            for (i, pixel) in pixels.iter().enumerate() {
                pixel.store_bytes(p.add(i * Self::LANES));
            }
        }
    }
    #[inline(always)]
    unsafe fn dot_bytes(x: Self, weights: Self, sum: Self) -> Self {
        unsafe { Avx2(add_byte_products(x.0, weights.0, sum.0)) }
    }
    #[inline(always)]
    unsafe fn dot_byte_pair(x: [Self; 2], weights: [Self; 2], sum: Self) -> Self {
        unsafe { Avx2(add_byte_pairs([x[0].0, x[1].0], [weights[0].0, weights[1].0], sum.0)) }
    }
    #[inline(always)]
    unsafe fn dot_shorts(x: Self, weights: Self, sum: Self) -> Self {
        unsafe { Avx2(add_products(x.0, weights.0, sum.0)) }
    }
    #[inline(always)]
    unsafe fn to_floats(self) -> Self {
        unsafe { Avx2(_mm256_cvtepi32_ps(_mm256_castps_si256(self.0))) }
    }

    #[inline(always)]
    unsafe fn load_shorts(first: *const f32, second: *const f32) -> Self {
        unsafe {
            let (first, second) = (_mm_loadl_epi64(first as *const __m128i), _mm_loadl_epi64(second as *const __m128i));
            Avx2(_mm256_castsi256_ps(_mm256_cvtepu8_epi16(_mm_unpacklo_epi64(first, second))))
        }
    }
    #[inline(always)]
    unsafe fn store_first_shorts(self, p: *mut f32) {
        unsafe { _mm_storeu_ps(p, _mm256_castps256_ps128(self.0)) }
    }
    #[inline(always)]
    unsafe fn add_shorts(self, other: Self) -> Self {
        whole!(_mm256_add_epi16(self, other))
    }
    #[inline(always)]
    unsafe fn sub_shorts(self, other: Self) -> Self {
        whole!(_mm256_sub_epi16(self, other))
    }
    #[inline(always)]
    unsafe fn shift_shorts<const BITS: i32>(self) -> Self {
        whole!(_mm256_slli_epi16::<BITS>(self))
    }
    #[inline(always)]
    unsafe fn add_words(self, other: Self) -> Self {
        whole!(_mm256_add_epi32(self, other))
    }
    #[inline(always)]
    unsafe fn sub_words(self, other: Self) -> Self {
        whole!(_mm256_sub_epi32(self, other))
    }
    #[inline(always)]
    unsafe fn mul_words(self, factor: i32) -> Self {
        let factor = unsafe { Avx2(_mm256_castsi256_ps(_mm256_set1_epi32(factor))) };
        whole!(_mm256_mullo_epi32(self, factor))
    }
    #[inline(always)]
    unsafe fn shift_words<const BITS: i32>(self) -> Self {
        whole!(_mm256_slli_epi32::<BITS>(self))
    }
    #[inline(always)]
    unsafe fn shift_words_back<const BITS: i32>(self) -> Self {
        whole!(_mm256_srai_epi32::<BITS>(self))
    }
}

/// In assembly, for compilers add whole numbers in an order of their own, which takes more registers than there are.
///
/// # Safety
/// The CPU must have AVX2.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn add_products(x: __m256, weights: __m256, mut sum: __m256) -> __m256 {
    // SAFETY: registers alone are touched.
    unsafe {
        asm!(
            "vpmaddwd {products}, {x}, {weights}",
            "vpaddd {sum}, {sum}, {products}",
            products = out(ymm_reg) _,
            x = in(ymm_reg) x,
            weights = in(ymm_reg) weights,
            sum = inlateout(ymm_reg) sum,
            options(pure, nomem, nostack, preserves_flags)
        );
    }
    sum
}

/// What `vpmaddwd` multiplies sums of 16 bits with, to add neighbours.
static ONES: [i16; 16] = [1; 16];

/// As [`add_products`], of four bytes a lane: `vpmaddubsw` holds sums of two products to 16 bits.
///
/// # Safety
/// The CPU must have AVX2.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn add_byte_products(x: __m256, weights: __m256, mut sum: __m256) -> __m256 {
    // SAFETY: registers alone are touched, and the constant is read.
    unsafe {
        asm!(
            "vpmaddubsw {products}, {x}, {weights}",
            "vpmaddwd {products}, {products}, [{ones}]",
            "vpaddd {sum}, {sum}, {products}",
            products = out(ymm_reg) _,
            x = in(ymm_reg) x,
            weights = in(ymm_reg) weights,
            ones = in(reg) ONES.as_ptr(),
            sum = inlateout(ymm_reg) sum,
            options(pure, readonly, nostack, preserves_flags)
        );
    }
    sum
}

/// The same of two words, added in 16 bits.
///
/// # Safety
/// The CPU must have AVX2.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn add_byte_pairs(x: [__m256; 2], weights: [__m256; 2], mut sum: __m256) -> __m256 {
    // SAFETY: registers alone are touched, and the constant is read.
    unsafe {
        asm!(
            "vpmaddubsw {first}, {x0}, {weights0}",
            "vpmaddubsw {second}, {x1}, {weights1}",
            "vpaddw {first}, {first}, {second}",
            "vpmaddwd {first}, {first}, [{ones}]",
            "vpaddd {sum}, {sum}, {first}",
            first = out(ymm_reg) _,
            second = out(ymm_reg) _,
            x0 = in(ymm_reg) x[0],
            x1 = in(ymm_reg) x[1],
            weights0 = in(ymm_reg) weights[0],
            weights1 = in(ymm_reg) weights[1],
            ones = in(reg) ONES.as_ptr(),
            sum = inlateout(ymm_reg) sum,
            options(pure, readonly, nostack, preserves_flags)
        );
    }
    sum
}
