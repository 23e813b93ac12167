//! The instruction sets: each a table of instantiated kernels, and the choice among them at run time.

use crate::program::{Context, Step};
use crate::simd::Vector;
use crate::tile::{TileArgs, TileKernel, tile};
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

pub struct Isa {
    pub name: &'static str,
    pub lanes: usize,
    /// `[walk][vectors - 1][pixels - 1]`.
    tiles: [[&'static [TileKernel]; 2]; 5],
    /// Runs one work item of a step.
    pub run_item: unsafe fn(&Step, &Context, usize),
    /// Packs one group of filters.
    pub pack: unsafe fn(&Packing, *mut f32),
}

impl Isa {
    pub fn max_pixels(&self) -> usize {
        self.tiles[0][0].len()
    }

    /// The micro-kernels for 1, 2, … pixels.
    pub fn tiles(&self, walk: Walk, vectors: usize) -> &'static [TileKernel] {
        self.tiles[walk as usize][vectors - 1]
    }

    /// All that this machine can run, the fastest first.
    pub fn available() -> Vec<&'static Isa> {
        let mut found: Vec<&'static Isa> = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            if std::arch::is_x86_feature_detected!("avx512f") && std::arch::is_x86_feature_detected!("avx512vl") {
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

macro_rules! row {
    ($walk:expr, $vectors:literal, [$($pixels:literal)+]) => {
        &[$(instance::<$pixels, $vectors, { $walk.0 }, { $walk.1 }> as TileKernel),+]
    };
}

macro_rules! isa {
    ($table:ident, $module:ident, $vector:path, $name:literal, [$($enable:literal)?], $pixels:tt) => {
        mod $module {
            use super::*;

            $(#[target_feature(enable = $enable)])?
            unsafe fn instance<const PIXELS: usize, const VECTORS: usize, const STRIDE: usize, const NARROW: usize>(
                args: &TileArgs,
            ) {
                unsafe { tile::<$vector, PIXELS, VECTORS, STRIDE, NARROW>(args) }
            }

            $(#[target_feature(enable = $enable)])?
            unsafe fn run_item(step: &Step, context: &Context, item: usize) {
                unsafe { step.run_item::<$vector>(context, item) }
            }

            $(#[target_feature(enable = $enable)])?
            unsafe fn pack(packing: &Packing, weights: *mut f32) {
                unsafe { packing.run(weights) }
            }

            pub static TABLE: Isa = Isa {
                name: $name,
                lanes: <$vector as Vector>::LANES,
                tiles: [
                    [row!((1, 0), 1, $pixels), row!((1, 0), 2, $pixels)],
                    [row!((2, 0), 1, $pixels), row!((2, 0), 2, $pixels)],
                    [row!((1, 3), 1, $pixels), row!((1, 3), 2, $pixels)],
                    [row!((2, 3), 1, $pixels), row!((2, 3), 2, $pixels)],
                    [row!((0, 0), 1, $pixels), row!((0, 0), 2, $pixels)],
                ],
                run_item,
                pack,
            };
        }
        pub use $module::TABLE as $table;
    };
}

#[cfg(target_arch = "x86_64")]
isa!(AVX512, avx512, crate::simd::avx512::Avx512, "avx512", ["avx512f,avx512vl"], [1 2 3 4 5 6 7 8 9 10 11 12 13 14]);
#[cfg(target_arch = "x86_64")]
isa!(AVX2, avx2, crate::simd::avx2::Avx2, "avx2", ["avx2,fma"], [1 2 3 4 5 6]);
#[cfg(target_arch = "aarch64")]
isa!(NEON, neon, crate::simd::neon::Neon, "neon", ["neon"], [1 2 3 4 5 6 7 8 9 10 11 12]);
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
isa!(SIMD128, simd128, crate::simd::wasm::Simd128, "simd128", [], [1 2 3 4]);
#[cfg(not(target_feature = "simd128"))]
isa!(PORTABLE, portable, crate::simd::portable::Portable, "portable", [], [1 2 3 4]);
