//! The instruction sets: each a table of instantiated kernels, and the choice among them at run time.

#[cfg(not(target_arch = "wasm32"))]
use crate::outer::{OuterArgs, OuterKernel, outer};
#[cfg(not(target_arch = "wasm32"))]
use crate::peak::{PeakKernel, multiply_adds};
#[cfg(not(target_arch = "wasm32"))]
use crate::products::{ProductArgs, ProductKernel, products};
use crate::program::{Context, Step};
use crate::simd::Vector;
#[cfg(target_arch = "aarch64")]
use crate::tile::HALF;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use crate::tile::{BFLOAT, BYTE};
use crate::tile::{FLOAT, TileArgs, TileKernel, tile};
use crate::weights::Packing;

/// How the micro-kernel walks its input; an index into [`Isa::tiles`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Walk {
    /// Neighbouring output pixels read neighbouring input pixels.
    Unit,
    /// … every second input pixel.
    Two,
    /// Three channels without padding, stride 1 (the stem of the CIFAR nets).
    RgbUnit,
    /// Three channels without padding, stride 2 (the stem of the ImageNet nets).
    RgbTwo,
    /// Distances known only at run time.
    Dynamic,
}

/// The kernels for one vector and for two, by pixels.
type Row = [&'static [TileKernel]; 2];
/// By format and walk.
type Tables = [[Row; 5]; 3];

pub struct Isa {
    pub name: &'static str,
    pub lanes: usize,
    /// @see [`Vector::LEAST_BYTE`]
    pub least_byte: i16,
    /// @see [`Vector::SUMS_SHORT`]
    pub sums_short: bool,
    /// @see [`Vector::STORES_BYTES`]
    pub stores_bytes: bool,
    /// @see [`Vector::TILES_AT_ONCE`]
    #[cfg(target_arch = "x86_64")]
    pub tiles_at_once: bool,
    /// @see [`Vector::ENDS_IN_BFLOAT`]
    #[cfg(target_arch = "x86_64")]
    pub ends_in_bfloat: bool,
    /// `[format][walk][vectors - 1][pixels - 1]`; empty for what the instruction set has not.
    tiles: Tables,
    /// The same with prefetches; the same kernels where the instruction set has none.
    #[cfg(not(target_arch = "wasm32"))]
    asking_tiles: Tables,
    /// Those of float16: by `FMLAL`, and by `FMLA`.
    #[cfg(target_arch = "aarch64")]
    halves: [[Row; 5]; 2],
    #[cfg(target_arch = "aarch64")]
    half_peaks: [Option<PeakKernel>; 2],
    #[cfg(not(target_arch = "wasm32"))]
    pub prefetches: bool,
    /// The kernels of Winograd's products in whole numbers, where the instruction set multiplies those of 16 bits.
    pub whole_tiles: Row,
    /// Whether convolutions go to a matrix unit.
    pub has_matrix: bool,
    /// Whether this CPU multiplies the format, of those that the instruction set may have.
    has_format: fn(usize) -> bool,
    /// Products of bytes in the time of one of float32's.
    pub byte_rate: f64,
    /// Whether a training step can store values as bfloat16, whether or not the CPU multiplies them.
    #[cfg(not(target_arch = "wasm32"))]
    pub stores_bfloat: bool,
    /// The kernels of filters' gradients, `[vectors - 1][rows - 1]`.
    #[cfg(not(target_arch = "wasm32"))]
    pub outer: [&'static [OuterKernel]; 2],
    /// Those over pairs of pixels in bfloat16; empty where the instruction set multiplies none.
    #[cfg(not(target_arch = "wasm32"))]
    pub narrow_outer: [&'static [OuterKernel]; 2],
    /// The kernels of Winograd's products in training, `[vectors - 1][squares - 1]`.
    #[cfg(not(target_arch = "wasm32"))]
    pub products: [&'static [ProductKernel]; 2],
    /// Multiply-adds from registers alone, by format where it has it.
    #[cfg(not(target_arch = "wasm32"))]
    peaks: [Option<PeakKernel>; 3],
    /// Runs one work item of a step.
    pub run_item: unsafe fn(&Step, &Context, usize),
    /// Packs one group of filters.
    pub pack: unsafe fn(&Packing, *mut f32),
}

impl Isa {
    /// Pixels of the largest tile of float32.
    pub fn max_pixels(&self) -> usize {
        self.tiles[FLOAT][0][0].len()
    }

    /// The micro-kernels for one vector and for two, for 1, 2, … pixels, which prefetch or don't.
    pub fn tiles(&self, format: usize, walk: Walk, asks: bool) -> Row {
        #[cfg(target_arch = "aarch64")]
        if format == HALF {
            return self.halves[half_kernels()][walk as usize];
        }
        #[cfg(not(target_arch = "wasm32"))]
        if asks {
            return self.asking_tiles[format][walk as usize];
        }
        let _ = asks;
        self.tiles[format][walk as usize]
    }

    /// Whether stem and last layer are computed in fewer bits as all between them is: where bytes are multiplied in a quarter
    /// of float32's time, by no matrix unit.
    #[cfg(target_arch = "x86_64")]
    pub fn reduces_ends(&self) -> bool {
        self.byte_rate >= 4.0 && self.least_byte == 0 && !self.has_matrix
    }

    /// Whether this machine multiplies numbers of the format.
    pub fn has_format(&self, format: usize) -> bool {
        #[cfg(target_arch = "aarch64")]
        if format == HALF {
            return !self.halves[0][0][0].is_empty() && std::arch::is_aarch64_feature_detected!("fp16");
        }
        let has_kernels = self.tiles.get(format).is_some_and(|walks| !walks[0][0].is_empty());
        has_kernels && (format == FLOAT || (self.has_format)(format))
    }

    /// Does multiply-adds of a format as fast as can be, so many rounds, and says how many they were.
    ///
    /// # Safety
    /// [`Isa::has_format`].
    #[cfg(not(target_arch = "wasm32"))]
    pub unsafe fn multiply_adds(&self, format: usize, rounds: usize) -> f64 {
        #[cfg(target_arch = "x86_64")]
        if self.has_matrix {
            // SAFETY: the unit is there where this table is among the available ones.
            return unsafe { crate::amx::multiply_adds(format, rounds) };
        }
        #[cfg(target_arch = "aarch64")]
        if format == HALF {
            // SAFETY: the CPU has the format, as the caller says, and these of its instructions.
            return self.half_peaks[half_kernels()].map_or(0.0, |kernel| unsafe { kernel(rounds) });
        }
        // SAFETY: the CPU has the format, as the caller says.
        self.peaks[format].map_or(0.0, |kernel| unsafe { kernel(rounds) })
    }

    /// All that this machine can run, the fastest first.
    #[allow(clippy::vec_init_then_push, reason = "which pushes there are depends on the target")]
    pub fn available() -> Vec<&'static Isa> {
        let mut found: Vec<&'static Isa> = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            let has = [
                std::arch::is_x86_feature_detected!("avx512f"),
                std::arch::is_x86_feature_detected!("avx512vl"),
                std::arch::is_x86_feature_detected!("avx512bw"),
            ];
            if has == [true; 3] {
                if crate::amx::is_available() && avx512::TABLE.has_format(BFLOAT) && avx512::TABLE.has_format(BYTE) {
                    found.push(&AMX);
                }
                found.push(&AVX512);
            }
            if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
                found.push(&AVX2);
            }
        }
        #[cfg(target_arch = "aarch64")]
        found.push(&NEON);
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        found.push(&SIMD128);
        #[cfg(not(target_feature = "simd128"))]
        found.push(&PORTABLE);
        #[cfg(all(target_arch = "x86_64", feature = "emulated"))]
        found.push(&EMULATED);
        found
    }

    /// The one named, or the fastest.
    pub fn choose(name: Option<&str>) -> Result<&'static Isa, String> {
        let available = Isa::available();
        match name {
            None | Some("") => Ok(available[0]),
            Some(name) => available.iter().find(|isa| isa.name == name).copied().ok_or_else(|| {
                let names: Vec<_> = available.iter().map(|isa| isa.name).collect();
                format!("isa: expected one that this CPU has ({}), got '{name}'", names.join(", "))
            }),
        }
    }
}

/// Which of [`Isa::halves`] this CPU takes.
#[cfg(target_arch = "aarch64")]
fn half_kernels() -> usize {
    usize::from(!std::arch::is_aarch64_feature_detected!("fhm"))
}

macro_rules! row {
    ($instance:ident, $stride:literal, $narrow:literal, $asks:expr, [$($pixels:literal)+]) => {
        [
            &[$($instance::<$pixels, 1, $stride, $narrow, { $asks }> as TileKernel),+],
            &[$($instance::<$pixels, 2, $stride, $narrow, { $asks }> as TileKernel),+],
        ]
    };
}

#[cfg(not(target_arch = "wasm32"))]
macro_rules! walks {
    ($instance:ident, $asks:expr, $pixels:tt) => {
        [
            row!($instance, 1, 0, $asks, $pixels),
            row!($instance, 2, 0, $asks, $pixels),
            row!($instance, 1, 3, $asks, $pixels),
            row!($instance, 2, 3, $asks, $pixels),
            row!($instance, 0, 0, $asks, $pixels),
        ]
    };
}

/// Two loops for all walks: constant distances gain little where all registers are taken, and make the module larger.
#[cfg(target_arch = "wasm32")]
macro_rules! walks {
    ($instance:ident, $asks:expr, $pixels:tt) => {
        [
            row!($instance, 1, 0, $asks, $pixels),
            row!($instance, 0, 0, $asks, $pixels),
            row!($instance, 0, 0, $asks, $pixels),
            row!($instance, 0, 0, $asks, $pixels),
            row!($instance, 0, 0, $asks, $pixels),
        ]
    };
}

/// The kernels of a format whose values are never narrow.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
macro_rules! wide_walks {
    ($instance:ident, $asks:expr, $pixels:tt) => {
        [
            row!($instance, 1, 0, $asks, $pixels),
            row!($instance, 2, 0, $asks, $pixels),
            NONE,
            NONE,
            row!($instance, 0, 0, $asks, $pixels),
        ]
    };
}

/// Those of bytes, and those of a stem's windows.
#[cfg(target_arch = "x86_64")]
macro_rules! byte_walks {
    ($instance:ident, $asks:expr, $pixels:tt) => {
        [
            row!($instance, 1, 0, $asks, $pixels),
            row!($instance, 2, 0, $asks, $pixels),
            row!($instance, 1, 3, false, $pixels),
            NONE,
            row!($instance, 0, 0, $asks, $pixels),
        ]
    };
}

const NONE: Row = [&[], &[]];
/// Of bfloat16 and of bytes: without prefetches, and with them.
type Reduced = [[[Row; 5]; 2]; 2];
const NOT_REDUCED: Reduced = [[[NONE; 5]; 2]; 2];

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
macro_rules! reduced {
    ($vector:path, $bfloat:ident, $byte:ident, $byte_walks:ident, $pixels:tt) => {
        [
            [wide_walks!($bfloat, false, $pixels), $byte_walks!($byte, false, $pixels)],
            [
                wide_walks!($bfloat, <$vector as Vector>::PREFETCHES, $pixels),
                $byte_walks!($byte, <$vector as Vector>::PREFETCHES, $pixels),
            ],
        ]
    };
}

macro_rules! instance {
    ($name:ident, $vector:path, $format:expr, [$($enable:literal)?]) => {
        /// # Safety
        /// The CPU must have what the function enables; else as [`tile`].
        $(#[target_feature(enable = $enable)])?
        unsafe fn $name<
            const PIXELS: usize,
            const VECTORS: usize,
            const STRIDE: usize,
            const NARROW: usize,
            const ASKS: bool,
        >(
            args: &TileArgs,
        ) {
            // SAFETY: the vector's instructions are enabled here; all else is the caller's word.
            unsafe { tile::<$vector, { $format }, PIXELS, VECTORS, STRIDE, NARROW, ASKS>(args) }
        }
    };
}

#[cfg(not(target_arch = "wasm32"))]
macro_rules! outer_instance {
    ($name:ident, $vector:path, $format:expr, [$($enable:literal)?]) => {
        /// # Safety
        /// The CPU must have what the function enables; else as [`outer`].
        $(#[target_feature(enable = $enable)])?
        unsafe fn $name<const COUNT: usize, const VECTORS: usize>(args: &OuterArgs) {
            // SAFETY: the vector's instructions are enabled here; all else is the caller's word.
            unsafe { outer::<$vector, { $format }, COUNT, VECTORS>(args) }
        }
    };
}

#[cfg(not(target_arch = "wasm32"))]
macro_rules! training_instances {
    ($vector:path, [$($enable:literal)?]) => {
        outer_instance!(outer_kernel, $vector, FLOAT, [$($enable)?]);

        /// # Safety
        /// The CPU must have what the function enables; else as [`products`].
        $(#[target_feature(enable = $enable)])?
        unsafe fn product_kernel<const SQUARES: usize, const VECTORS: usize>(args: &ProductArgs) {
            // SAFETY: the vector's instructions are enabled here; all else is the caller's word.
            unsafe { products::<$vector, SQUARES, VECTORS>(args) }
        }
    };
}

#[cfg(not(target_arch = "wasm32"))]
macro_rules! training_row {
    ($instance:ident, $kernel:ty, [$($count:literal)+]) => {
        [&[$($instance::<$count, 1> as $kernel),+], &[$($instance::<$count, 2> as $kernel),+]]
    };
}

#[cfg(not(target_arch = "wasm32"))]
macro_rules! peak_instance {
    ($name:ident, $vector:path, $format:expr, [$($enable:literal)?], [$($pixels:literal)+]) => {
        /// # Safety
        /// The CPU must have what the function enables.
        $(#[target_feature(enable = $enable)])?
        unsafe fn $name(rounds: usize) -> f64 {
            // As many sums as the largest tile has.
            // SAFETY: the instruction set is enabled here.
            unsafe { multiply_adds::<$vector, { $format }, { 2 * [$($pixels),+].len() }>(rounds) }
        }
    };
}

macro_rules! isa {
    (
        $table:ident, $module:ident, $vector:path, $name:literal, $enable:tt, $pixels:tt,
        $reduced:expr, $byte_rate:expr, $has_format:expr, $reduced_peaks:expr
        $(, $field:ident: $value:expr)*
    ) => {
        mod $module {
            use super::*;

            instance!(float, $vector, FLOAT, $enable);
            #[cfg(not(target_arch = "wasm32"))]
            training_instances!($vector, $enable);
            #[cfg(not(target_arch = "wasm32"))]
            peak_instance!(peak, $vector, FLOAT, $enable, $pixels);
            entries!($vector, $enable);

            pub const TABLE: Isa = Isa {
                name: $name,
                lanes: <$vector as Vector>::LANES,
                least_byte: <$vector as Vector>::LEAST_BYTE,
                sums_short: <$vector as Vector>::SUMS_SHORT,
                stores_bytes: <$vector as Vector>::STORES_BYTES,
                #[cfg(target_arch = "x86_64")]
                tiles_at_once: <$vector as Vector>::TILES_AT_ONCE,
                #[cfg(target_arch = "x86_64")]
                ends_in_bfloat: <$vector as Vector>::ENDS_IN_BFLOAT,
                tiles: {
                    let [bfloat, byte] = $reduced[0];
                    [walks!(float, false, $pixels), bfloat, byte]
                },
                #[cfg(not(target_arch = "wasm32"))]
                asking_tiles: {
                    let [bfloat, byte] = $reduced[1];
                    [walks!(float, <$vector as Vector>::PREFETCHES, $pixels), bfloat, byte]
                },
                #[cfg(target_arch = "aarch64")]
                halves: [[NONE; 5]; 2],
                #[cfg(target_arch = "aarch64")]
                half_peaks: [None; 2],
                #[cfg(not(target_arch = "wasm32"))]
                prefetches: <$vector as Vector>::PREFETCHES,
                whole_tiles: NONE,
                has_matrix: false,
                has_format: $has_format,
                byte_rate: $byte_rate,
                #[cfg(not(target_arch = "wasm32"))]
                stores_bfloat: <$vector as Vector>::REDUCES,
                #[cfg(not(target_arch = "wasm32"))]
                outer: training_row!(outer_kernel, OuterKernel, $pixels),
                #[cfg(not(target_arch = "wasm32"))]
                narrow_outer: [&[], &[]],
                #[cfg(not(target_arch = "wasm32"))]
                products: training_row!(product_kernel, ProductKernel, $pixels),
                #[cfg(not(target_arch = "wasm32"))]
                peaks: {
                    let [bfloat, byte]: [Option<PeakKernel>; 2] = $reduced_peaks;
                    [Some(peak), bfloat, byte]
                },
                run_item,
                pack,
            };
        }
        pub static $table: Isa = Isa { $($field: $value,)* ..$module::TABLE };
    };
}

macro_rules! entries {
    ($vector:path, [$($enable:literal)?]) => {
        /// # Safety
        /// The CPU must have what the function enables; else as [`Step::run_item`].
        $(#[target_feature(enable = $enable)])?
        unsafe fn run_item(step: &Step, context: &Context, item: usize) {
            // SAFETY: the vector's instructions are enabled here; all else is the caller's word.
            unsafe { step.run_item::<$vector>(context, item) }
        }

        /// # Safety
        /// The CPU must have what the function enables; else as [`Packing::run`].
        $(#[target_feature(enable = $enable)])?
        unsafe fn pack(packing: &Packing, weights: *mut f32) {
            // SAFETY: the caller's word.
            unsafe { packing.run(weights) }
        }
    };
}

#[cfg(target_arch = "x86_64")]
mod avx512_reduced;

// Registers beside the sums: one input, two weights, and what the compiler needs for itself.
#[cfg(target_arch = "x86_64")]
isa!(
    AVX512, avx512, crate::simd::avx512::Avx512, "avx512", ["avx512f,avx512vl,avx512bw"],
    [1 2 3 4 5 6 7 8 9 10 11 12 13 14], avx512_reduced::TILES, 4.0, avx512_reduced::has_format,
    avx512_reduced::PEAKS, narrow_outer: avx512_reduced::OUTER, whole_tiles: avx512_reduced::WHOLE_TILES
);
/// Convolutions by the matrix unit, all else as with AVX-512.
#[cfg(target_arch = "x86_64")]
pub static AMX: Isa = Isa { name: "amx", has_matrix: true, narrow_outer: avx512_reduced::OUTER, ..avx512::TABLE };
#[cfg(target_arch = "x86_64")]
mod avx2_reduced {
    use super::*;
    use crate::simd::avx2::Avx2;
    use crate::tile::WHOLE;

    instance!(byte, Avx2, BYTE, ["avx2,fma"]);
    instance!(whole, Avx2, WHOLE, ["avx2,fma"]);
    // Four pixels: weights of two words stay in registers.
    peak_instance!(byte_peak, Avx2, BYTE, ["avx2,fma"], [1 2 3 4]);

    pub const PEAKS: [Option<PeakKernel>; 2] = [None, Some(byte_peak)];
    pub const WHOLE_TILES: Row = row!(whole, 1, 0, true, [1 2 3 4 5 6]);

    pub const TILES: Reduced =
        [[[NONE; 5], wide_walks!(byte, false, [1 2 3 4])], [[NONE; 5], wide_walks!(byte, true, [1 2 3 4])]];
}
#[cfg(target_arch = "x86_64")]
isa!(
    AVX2, avx2, crate::simd::avx2::Avx2, "avx2", ["avx2,fma"], [1 2 3 4 5 6],
    avx2_reduced::TILES, 2.0, |_| true, avx2_reduced::PEAKS, whole_tiles: avx2_reduced::WHOLE_TILES
);
#[cfg(target_arch = "aarch64")]
mod neon_reduced;

#[cfg(target_arch = "aarch64")]
isa!(
    NEON, neon, crate::simd::neon::Neon, "neon", ["neon"], [1 2 3 4 5 6 7 8 9 10 11 12],
    neon_reduced::TILES, 4.0, neon_reduced::has_format, neon_reduced::PEAKS, narrow_outer: neon_reduced::OUTER,
    halves: neon_reduced::HALVES, half_peaks: neon_reduced::HALF_PEAKS, run_item: neon_reduced::run_item
);
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
isa!(
    SIMD128, simd128, crate::simd::wasm::Simd128, "simd128", [], [1 2 3 4],
    NOT_REDUCED, 1.0, |_| false, [None; 2]
);
#[cfg(not(target_feature = "simd128"))]
isa!(
    PORTABLE, portable, crate::simd::portable::Portable, "portable", [], [1 2 3 4],
    NOT_REDUCED, 1.0, |_| false, [None; 2]
);

#[cfg(all(target_arch = "x86_64", feature = "emulated"))]
mod emulated_reduced;
#[cfg(all(target_arch = "x86_64", feature = "emulated"))]
isa!(
    EMULATED, emulated, crate::simd::emulated::Emulated, "emulated", [], [1 2 3 4 5 6 7],
    emulated_reduced::TILES, 4.0, |_| true, emulated_reduced::PEAKS, narrow_outer: emulated_reduced::OUTER,
    whole_tiles: emulated_reduced::WHOLE_TILES
);
