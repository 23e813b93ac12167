use super::Vector;
use std::arch::x86_64::*;

#[derive(Clone, Copy)]
pub struct Avx512(__m512);

/// An instruction of whole numbers.
macro_rules! whole {
    ($name:ident ($($operand:ident),+)) => {
        unsafe { Avx512(_mm512_castsi512_ps($name($(_mm512_castps_si512($operand.0)),+))) }
    };
}

impl Vector for Avx512 {
    const LANES: usize = 16;
    const REDUCES: bool = true;
    const HAS_SHORTS: bool = true;
    const STORES_BYTES: bool = true;
    const PREFETCHES: bool = true;

    #[inline(always)]
    unsafe fn prefetch(p: *const f32) {
        unsafe { _mm_prefetch::<_MM_HINT_T0>(p as *const i8) }
    }
    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        unsafe { Avx512(_mm512_set1_ps(x)) }
    }
    #[inline(always)]
    unsafe fn broadcast(p: *const f32) -> Self {
        unsafe { Avx512(_mm512_set1_ps(*p)) }
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> Self {
        unsafe { Avx512(_mm512_loadu_ps(p)) }
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32) {
        unsafe { _mm512_storeu_ps(p, self.0) }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        unsafe { Avx512(_mm512_add_ps(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        unsafe { Avx512(_mm512_sub_ps(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        unsafe { Avx512(_mm512_mul_ps(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn div(self, other: Self) -> Self {
        unsafe { Avx512(_mm512_div_ps(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        unsafe { Avx512(_mm512_fmadd_ps(self.0, factor.0, term.0)) }
    }
    // The instruction answers with its second operand where either is NaN.
    #[inline(always)]
    unsafe fn at_least(self, floor: Self) -> Self {
        unsafe { Avx512(_mm512_max_ps(floor.0, self.0)) }
    }
    #[inline(always)]
    unsafe fn at_most(self, ceiling: Self) -> Self {
        unsafe { Avx512(_mm512_min_ps(ceiling.0, self.0)) }
    }
    #[inline(always)]
    unsafe fn where_above_zero(self, mask: Self) -> Self {
        unsafe {
            let is_above = _mm512_cmp_ps_mask::<_CMP_GT_OQ>(mask.0, _mm512_setzero_ps());
            Avx512(_mm512_maskz_mov_ps(is_above, self.0))
        }
    }

    #[inline(always)]
    unsafe fn load_bfloat(p: *const u16) -> Self {
        unsafe {
            let words = _mm512_cvtepu16_epi32(_mm256_loadu_si256(p as *const __m256i));
            Avx512(_mm512_castsi512_ps(_mm512_slli_epi32::<16>(words)))
        }
    }
    #[inline(always)]
    unsafe fn store_bfloat(self, p: *mut u16) {
        unsafe {
            let halves = _mm512_cvtepi32_epi16(_mm512_srli_epi32::<16>(rounded(self.0)));
            _mm256_storeu_si256(p as *mut __m256i, halves);
        }
    }
    #[inline(always)]
    unsafe fn join_bfloat(self, others: Self) -> Self {
        unsafe {
            let upper = _mm512_set1_epi32(0xffff_0000_u32 as i32);
            let high = _mm512_and_si512(rounded(others.0), upper);
            Avx512(_mm512_castsi512_ps(_mm512_or_si512(_mm512_srli_epi32::<16>(rounded(self.0)), high)))
        }
    }
    #[inline(always)]
    unsafe fn load_first(p: *const f32, count: usize) -> Self {
        unsafe { Avx512(_mm512_maskz_loadu_ps(((1u32 << count) - 1) as u16, p)) }
    }
    #[inline(always)]
    unsafe fn store_halves(self, others: Self, first: *mut f32, second: *mut f32) {
        unsafe {
            let upper = _mm512_set1_epi32(0xffff_0000_u32 as i32);
            let round = |x| _mm512_add_epi32(_mm512_castps_si512(x), _mm512_set1_epi32(0x8000));
            let rest = |x, whole| round(_mm512_sub_ps(x, _mm512_castsi512_ps(_mm512_and_si512(whole, upper))));
            let store = |low, high, p: *mut f32| {
                // low | high & upper
                let words = _mm512_ternarylogic_epi32::<0xf8>(_mm512_srli_epi32::<16>(low), high, upper);
                _mm512_storeu_si512(p as *mut __m512i, words);
            };
            let (low, high) = (round(self.0), round(others.0));
            store(low, high, first);
            store(rest(self.0, low), rest(others.0, high), second);
        }
    }
    #[inline(always)]
    unsafe fn load_bytes(p: *const u8) -> Self {
        unsafe { Avx512(_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128(p as *const __m128i)))) }
    }
    #[inline(always)]
    unsafe fn store_bytes(self, p: *mut u8) {
        unsafe {
            let whole = _mm512_max_epi32(_mm512_cvtps_epi32(self.0), _mm512_setzero_si512());
            _mm_storeu_si128(p as *mut __m128i, _mm512_cvtusepi32_epi8(whole));
        }
    }
    #[inline(always)]
    unsafe fn store_byte_pixels<const PIXELS: usize>(pixels: [Self; PIXELS], p: *mut u8) {
        unsafe {
            if PIXELS == 4 {
                let (a, b) = (_mm512_cvtps_epi32(pixels[0].0), _mm512_cvtps_epi32(pixels[1].0));
                let (c, d) = (_mm512_cvtps_epi32(pixels[2].0), _mm512_cvtps_epi32(pixels[3].0));
                let fours = _mm512_packus_epi16(_mm512_packs_epi32(a, b), _mm512_packs_epi32(c, d));
                let order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
                _mm512_storeu_si512(p as *mut __m512i, _mm512_permutexvar_epi32(order, fours));
                return;
            }
            for (i, pixel) in pixels.iter().enumerate() {
                pixel.store_bytes(p.add(i * Self::LANES));
            }
        }
    }
    const ENDS_IN_BFLOAT: bool = true;
    #[inline(always)]
    unsafe fn store_bfloats(pixels: [Self; 2], p: *mut u16) {
        unsafe {
            let both = _mm512_cvtne2ps_pbh(pixels[1].0, pixels[0].0);
            _mm512_storeu_si512(p as *mut __m512i, std::mem::transmute::<__m512bh, __m512i>(both));
        }
    }
    #[inline(always)]
    unsafe fn dot_bfloat(x: Self, weights: Self, sum: Self) -> Self {
        unsafe {
            let pairs = |words: __m512| std::mem::transmute::<__m512, __m512bh>(words);
            Avx512(_mm512_dpbf16_ps(sum.0, pairs(x.0), pairs(weights.0)))
        }
    }
    #[inline(always)]
    unsafe fn dot_bytes(x: Self, weights: Self, sum: Self) -> Self {
        unsafe {
            let (x, weights, sum) =
                (_mm512_castps_si512(x.0), _mm512_castps_si512(weights.0), _mm512_castps_si512(sum.0));
            Avx512(_mm512_castsi512_ps(_mm512_dpbusd_epi32(sum, x, weights)))
        }
    }
    #[inline(always)]
    unsafe fn dot_shorts(x: Self, weights: Self, sum: Self) -> Self {
        unsafe {
            let (x, weights, sum) =
                (_mm512_castps_si512(x.0), _mm512_castps_si512(weights.0), _mm512_castps_si512(sum.0));
            Avx512(_mm512_castsi512_ps(_mm512_dpwssd_epi32(sum, x, weights)))
        }
    }
    #[inline(always)]
    unsafe fn to_floats(self) -> Self {
        unsafe { Avx512(_mm512_cvtepi32_ps(_mm512_castps_si512(self.0))) }
    }

    #[inline(always)]
    unsafe fn load_shorts(first: *const f32, second: *const f32) -> Self {
        unsafe {
            let (first, second) = (_mm_loadu_si128(first as *const __m128i), _mm_loadu_si128(second as *const __m128i));
            Avx512(_mm512_castsi512_ps(_mm512_cvtepu8_epi16(_mm256_set_m128i(second, first))))
        }
    }
    #[inline(always)]
    unsafe fn store_first_shorts(self, p: *mut f32) {
        unsafe { _mm256_storeu_ps(p, _mm512_castps512_ps256(self.0)) }
    }
    #[inline(always)]
    unsafe fn add_shorts(self, other: Self) -> Self {
        whole!(_mm512_add_epi16(self, other))
    }
    #[inline(always)]
    unsafe fn sub_shorts(self, other: Self) -> Self {
        whole!(_mm512_sub_epi16(self, other))
    }
    #[inline(always)]
    unsafe fn shift_shorts<const BITS: i32>(self) -> Self {
        let bits = unsafe { Avx512(_mm512_castsi512_ps(_mm512_set1_epi16(BITS as i16))) };
        whole!(_mm512_sllv_epi16(self, bits))
    }
    #[inline(always)]
    unsafe fn add_words(self, other: Self) -> Self {
        whole!(_mm512_add_epi32(self, other))
    }
    #[inline(always)]
    unsafe fn sub_words(self, other: Self) -> Self {
        whole!(_mm512_sub_epi32(self, other))
    }
    #[inline(always)]
    unsafe fn mul_words(self, factor: i32) -> Self {
        let factor = unsafe { Avx512(_mm512_castsi512_ps(_mm512_set1_epi32(factor))) };
        whole!(_mm512_mullo_epi32(self, factor))
    }
    #[inline(always)]
    unsafe fn shift_words<const BITS: i32>(self) -> Self {
        let bits = unsafe { Avx512(_mm512_castsi512_ps(_mm512_set1_epi32(BITS))) };
        whole!(_mm512_sllv_epi32(self, bits))
    }
    #[inline(always)]
    unsafe fn shift_words_back<const BITS: i32>(self) -> Self {
        let bits = unsafe { Avx512(_mm512_castsi512_ps(_mm512_set1_epi32(BITS))) };
        whole!(_mm512_srav_epi32(self, bits))
    }
}

/// The nearest bfloat16, ties to even, in the upper halves.
///
/// # Safety
/// The CPU must have AVX-512.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn rounded(x: __m512) -> __m512i {
    let bits = _mm512_castps_si512(x);
    let odd = _mm512_and_si512(_mm512_srli_epi32::<16>(bits), _mm512_set1_epi32(1));
    _mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(0x7fff)), odd)
}
