use super::Vector;
use std::arch::x86_64::*;

#[derive(Clone, Copy)]
pub struct Avx2(__m256);

impl Vector for Avx2 {
    const LANES: usize = 8;
    const REDUCES: bool = true;

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
    unsafe fn load_bytes(p: *const u8) -> Self {
        unsafe { Avx2(_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64(p as *const __m128i)))) }
    }
    #[inline(always)]
    unsafe fn store_bytes(self, p: *mut u8) {
        unsafe {
            let whole = _mm256_cvtps_epi32(self.0);
            // Both narrowings hold what is beyond to the nearest that there is.
            let words = _mm_packs_epi32(_mm256_castsi256_si128(whole), _mm256_extracti128_si256::<1>(whole));
            _mm_storel_epi64(p as *mut __m128i, _mm_packus_epi16(words, words));
        }
    }
    /// Widened to 16 bits, two and two: `vpmaddubsw` would hold sums of two products to 16 bits, which they pass.
    #[inline(always)]
    unsafe fn dot_bytes(x: Self, weights: Self, sum: Self) -> Self {
        unsafe {
            let (x, weights) = (_mm256_castps_si256(x.0), _mm256_castps_si256(weights.0));
            let even = _mm256_madd_epi16(
                _mm256_and_si256(x, _mm256_set1_epi16(0xff)),
                _mm256_srai_epi16::<8>(_mm256_slli_epi16::<8>(weights)),
            );
            let odd = _mm256_madd_epi16(_mm256_srli_epi16::<8>(x), _mm256_srai_epi16::<8>(weights));
            let sum = _mm256_add_epi32(_mm256_castps_si256(sum.0), _mm256_add_epi32(even, odd));
            Avx2(_mm256_castsi256_ps(sum))
        }
    }
    #[inline(always)]
    unsafe fn to_floats(self) -> Self {
        unsafe { Avx2(_mm256_cvtepi32_ps(_mm256_castps_si256(self.0))) }
    }
}
