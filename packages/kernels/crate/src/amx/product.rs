//! The kernels of the matrix unit, each one assembly block with its loop.

use super::{ROW, SIDE};
use crate::tile::{BFLOAT, BYTE, FLOAT};
use std::arch::asm;

/// Steps before which the tallest kernel asks for weights: it reads them once and waits for them, since a step takes so
/// long that loads alone do not run ahead far enough. Others find them in the cache.
const AHEAD: usize = 24;

/// One product's work: `[pixel][lane]` sums of some pixels and one or two vectors of output channels.
pub struct ProductArgs {
    /// The first pixel under the first step. A pixel is [`ROW`] bytes, or twice as many where it is of halves: the first
    /// of all channels, then the second.
    pub input: *const u8,
    /// By step, a block of channels under a tap: the distance from `input` in bytes.
    pub offsets: *const usize,
    pub steps: usize,
    /// `[step][half][vector][word of channels][output lane]`
    pub weights: *const u8,
    /// Overwritten; whole numbers for bytes.
    pub sums: *mut f32,
}

pub type ProductKernel = unsafe fn(&ProductArgs);

/// The kernel of a format for so many registers of pixels (1, 2 or 4) and vectors (1 or 2, but 1 for 4).
pub fn kernel(format: usize, pixels: usize, vectors: usize) -> ProductKernel {
    const KERNELS: [[ProductKernel; 5]; 3] = [
        [halves_1_1, halves_2_1, halves_4_1, halves_1_2, halves_2_2],
        [bfloat_1_1, bfloat_2_1, bfloat_4_1, bfloat_1_2, bfloat_2_2],
        [bytes_1_1, bytes_2_1, bytes_4_1, bytes_1_2, bytes_2_2],
    ];
    const { assert!(FLOAT == 0 && BFLOAT == 1 && BYTE == 2) };
    KERNELS[format][pixels / 2 + 3 * (vectors - 1)]
}

/// Sets the sums to zero: of so many registers of pixels and vectors.
macro_rules! zero {
    (1, 1) => {
        "tilezero tmm0"
    };
    (2, 1) => {
        concat!(zero!(1, 1), "\ntilezero tmm1")
    };
    (1, 2) => {
        concat!(zero!(1, 1), "\ntilezero tmm2")
    };
    ($registers:tt, $vectors:tt) => {
        concat!(zero!(2, 1), "\ntilezero tmm2\ntilezero tmm3")
    };
}

macro_rules! store {
    (1, 1) => {
        "tilestored [{sums} + {sum}*1], tmm0"
    };
    (2, 1) => {
        concat!(store!(1, 1), "\ntilestored [{sums} + {sum}*1 + {second_sums}], tmm1")
    };
    (4, 1) => {
        concat!(
            store!(2, 1),
            "\ntilestored [{sums} + {sum}*1 + 2*{second_sums}], tmm2",
            "\ntilestored [{sums} + {sum}*1 + 3*{second_sums}], tmm3"
        )
    };
    (1, 2) => {
        concat!(store!(1, 1), "\ntilestored [{sums} + {sum}*1 + {row_bytes}], tmm2")
    };
    (2, 2) => {
        concat!(
            store!(2, 1),
            "\ntilestored [{sums} + {sum}*1 + {row_bytes}], tmm2",
            "\ntilestored [{sums} + {sum}*1 + {second_sums} + {row_bytes}], tmm3"
        )
    };
}

/// A kernel of one assembly block, for compilers know nothing of what the registers hold. `tmm0` to `tmm3` are the sums of
/// (first pixels, first vector), (second, first), (first, second), (second, second).
macro_rules! product {
    ($name:ident, $pixel:expr, $halves:expr, $registers:tt, $vectors:tt, $ahead:expr, [$($step:expr),+]) => {
        unsafe fn $name(args: &ProductArgs) {
            if args.steps == 0 {
                return;
            }
            unsafe {
                asm!(
                    zero!($registers, $vectors),
                    "2:",
                    "mov {x}, [{offsets}]",
                    "add {x}, {input}",
                    ".if {lines_ahead}",
                    ".irp line,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31",
                    "prefetcht1 [{weights} + {lines_ahead} + 64*\\line]",
                    ".endr",
                    ".endif",
                    $($step,)+
                    "/* {second_pixels} {second_half_of_pixel} {second_half} {second_vector} {row_bytes} */",
                    "add {weights}, {advance}",
                    "add {offsets}, 8",
                    "dec {steps}",
                    "jnz 2b",
                    store!($registers, $vectors),
                    "/* {second_sums} */",
                    x = out(reg) _,
                    offsets = inout(reg) args.offsets => _,
                    input = in(reg) args.input,
                    weights = inout(reg) args.weights => _,
                    steps = inout(reg) args.steps => _,
                    sums = in(reg) args.sums,
                    pixel = in(reg) $pixel,
                    row = in(reg) ROW,
                    sum = in(reg) ROW * $vectors,
                    second_pixels = const SIDE * $pixel,
                    second_half_of_pixel = const ROW,
                    second_vector = const SIDE * ROW,
                    second_half = const SIDE * ROW * $vectors,
                    row_bytes = const ROW,
                    second_sums = const SIDE * ROW * $vectors,
                    lines_ahead = const $ahead * SIDE * ROW * $vectors * $halves,
                    advance = const SIDE * ROW * $vectors * $halves,
                    out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                    out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                    options(nostack),
                );
            }
        }
    };
}

macro_rules! halves {
    ($name:ident, $registers:tt, $vectors:tt, $ahead:expr, $step:tt) => {
        product!($name, 2 * ROW, 2, $registers, $vectors, $ahead, $step);
    };
}

macro_rules! whole {
    ($name:ident, $registers:tt, $vectors:tt, $step:tt) => {
        product!($name, ROW, 1, $registers, $vectors, 0, $step);
    };
}

halves!(
    halves_1_1,
    1,
    1,
    0,
    [
        "tileloadd tmm4, [{x} + {pixel}*1 + {second_half_of_pixel}]",
        "tileloadd tmm6, [{weights} + {row}*1]",
        "tdpbf16ps tmm0, tmm4, tmm6",
        "tileloadd tmm5, [{x} + {pixel}*1]",
        "tdpbf16ps tmm0, tmm5, tmm6",
        "tileloadd tmm7, [{weights} + {row}*1 + {second_half}]",
        "tdpbf16ps tmm0, tmm5, tmm7"
    ]
);
halves!(
    halves_2_1,
    2,
    1,
    0,
    [
        "tileloadd tmm4, [{x} + {pixel}*1 + {second_half_of_pixel}]",
        "tileloadd tmm6, [{weights} + {row}*1]",
        "tdpbf16ps tmm0, tmm4, tmm6",
        "tileloadd tmm5, [{x} + {pixel}*1 + {second_pixels} + {second_half_of_pixel}]",
        "tdpbf16ps tmm1, tmm5, tmm6",
        "tileloadd tmm4, [{x} + {pixel}*1]",
        "tdpbf16ps tmm0, tmm4, tmm6",
        "tileloadd tmm5, [{x} + {pixel}*1 + {second_pixels}]",
        "tdpbf16ps tmm1, tmm5, tmm6",
        "tileloadd tmm7, [{weights} + {row}*1 + {second_half}]",
        "tdpbf16ps tmm0, tmm4, tmm7",
        "tdpbf16ps tmm1, tmm5, tmm7"
    ]
);
halves!(
    halves_4_1,
    4,
    1,
    AHEAD,
    [
        "tileloadd tmm6, [{weights} + {row}*1]",
        "tileloadd tmm4, [{x} + {pixel}*1]",
        "tdpbf16ps tmm0, tmm4, tmm6",
        "tileloadd tmm7, [{weights} + {row}*1 + {second_half}]",
        "tdpbf16ps tmm0, tmm4, tmm7",
        "tileloadd tmm5, [{x} + {pixel}*1 + {second_half_of_pixel}]",
        "tdpbf16ps tmm0, tmm5, tmm6",
        "tileloadd tmm4, [{x} + {pixel}*1 + {second_pixels}]",
        "tdpbf16ps tmm1, tmm4, tmm6",
        "tdpbf16ps tmm1, tmm4, tmm7",
        "tileloadd tmm5, [{x} + {pixel}*1 + {second_pixels} + {second_half_of_pixel}]",
        "tdpbf16ps tmm1, tmm5, tmm6",
        "tileloadd tmm4, [{x} + {pixel}*1 + 2*{second_pixels}]",
        "tdpbf16ps tmm2, tmm4, tmm6",
        "tdpbf16ps tmm2, tmm4, tmm7",
        "tileloadd tmm5, [{x} + {pixel}*1 + 2*{second_pixels} + {second_half_of_pixel}]",
        "tdpbf16ps tmm2, tmm5, tmm6",
        "tileloadd tmm4, [{x} + {pixel}*1 + 3*{second_pixels}]",
        "tdpbf16ps tmm3, tmm4, tmm6",
        "tdpbf16ps tmm3, tmm4, tmm7",
        "tileloadd tmm5, [{x} + {pixel}*1 + 3*{second_pixels} + {second_half_of_pixel}]",
        "tdpbf16ps tmm3, tmm5, tmm6"
    ]
);
halves!(
    halves_1_2,
    1,
    2,
    0,
    [
        "tileloadd tmm4, [{x} + {pixel}*1 + {second_half_of_pixel}]",
        "tileloadd tmm6, [{weights} + {row}*1]",
        "tdpbf16ps tmm0, tmm4, tmm6",
        "tileloadd tmm7, [{weights} + {row}*1 + {second_vector}]",
        "tdpbf16ps tmm2, tmm4, tmm7",
        "tileloadd tmm5, [{x} + {pixel}*1]",
        "tdpbf16ps tmm0, tmm5, tmm6",
        "tdpbf16ps tmm2, tmm5, tmm7",
        "tileloadd tmm6, [{weights} + {row}*1 + {second_half}]",
        "tdpbf16ps tmm0, tmm5, tmm6",
        "tileloadd tmm7, [{weights} + {row}*1 + {second_half} + {second_vector}]",
        "tdpbf16ps tmm2, tmm5, tmm7"
    ]
);
halves!(
    halves_2_2,
    2,
    2,
    0,
    [
        "tileloadd tmm4, [{x} + {pixel}*1 + {second_half_of_pixel}]",
        "tileloadd tmm6, [{weights} + {row}*1]",
        "tdpbf16ps tmm0, tmm4, tmm6",
        "tileloadd tmm5, [{x} + {pixel}*1 + {second_pixels} + {second_half_of_pixel}]",
        "tdpbf16ps tmm1, tmm5, tmm6",
        "tileloadd tmm7, [{weights} + {row}*1 + {second_vector}]",
        "tdpbf16ps tmm2, tmm4, tmm7",
        "tdpbf16ps tmm3, tmm5, tmm7",
        "tileloadd tmm4, [{x} + {pixel}*1]",
        "tdpbf16ps tmm0, tmm4, tmm6",
        "tdpbf16ps tmm2, tmm4, tmm7",
        "tileloadd tmm5, [{x} + {pixel}*1 + {second_pixels}]",
        "tdpbf16ps tmm1, tmm5, tmm6",
        "tdpbf16ps tmm3, tmm5, tmm7",
        "tileloadd tmm6, [{weights} + {row}*1 + {second_half}]",
        "tdpbf16ps tmm0, tmm4, tmm6",
        "tdpbf16ps tmm1, tmm5, tmm6",
        "tileloadd tmm7, [{weights} + {row}*1 + {second_half} + {second_vector}]",
        "tdpbf16ps tmm2, tmm4, tmm7",
        "tdpbf16ps tmm3, tmm5, tmm7"
    ]
);

macro_rules! format {
    ($dot:literal, $one_one:ident, $two_one:ident, $four_one:ident, $one_two:ident, $two_two:ident) => {
        whole!(
            $one_one,
            1,
            1,
            [
                "tileloadd tmm4, [{x} + {pixel}*1]",
                "tileloadd tmm6, [{weights} + {row}*1]",
                concat!($dot, " tmm0, tmm4, tmm6")
            ]
        );
        whole!(
            $two_one,
            2,
            1,
            [
                "tileloadd tmm4, [{x} + {pixel}*1]",
                "tileloadd tmm6, [{weights} + {row}*1]",
                concat!($dot, " tmm0, tmm4, tmm6"),
                "tileloadd tmm5, [{x} + {pixel}*1 + {second_pixels}]",
                concat!($dot, " tmm1, tmm5, tmm6")
            ]
        );
        whole!(
            $four_one,
            4,
            1,
            [
                "tileloadd tmm6, [{weights} + {row}*1]",
                "tileloadd tmm4, [{x} + {pixel}*1]",
                concat!($dot, " tmm0, tmm4, tmm6"),
                "tileloadd tmm5, [{x} + {pixel}*1 + {second_pixels}]",
                concat!($dot, " tmm1, tmm5, tmm6"),
                "tileloadd tmm4, [{x} + {pixel}*1 + 2*{second_pixels}]",
                concat!($dot, " tmm2, tmm4, tmm6"),
                "tileloadd tmm5, [{x} + {pixel}*1 + 3*{second_pixels}]",
                concat!($dot, " tmm3, tmm5, tmm6")
            ]
        );
        whole!(
            $one_two,
            1,
            2,
            [
                "tileloadd tmm4, [{x} + {pixel}*1]",
                "tileloadd tmm6, [{weights} + {row}*1]",
                concat!($dot, " tmm0, tmm4, tmm6"),
                "tileloadd tmm7, [{weights} + {row}*1 + {second_vector}]",
                concat!($dot, " tmm2, tmm4, tmm7")
            ]
        );
        whole!(
            $two_two,
            2,
            2,
            [
                "tileloadd tmm4, [{x} + {pixel}*1]",
                "tileloadd tmm6, [{weights} + {row}*1]",
                concat!($dot, " tmm0, tmm4, tmm6"),
                "tileloadd tmm5, [{x} + {pixel}*1 + {second_pixels}]",
                concat!($dot, " tmm1, tmm5, tmm6"),
                "tileloadd tmm7, [{weights} + {row}*1 + {second_vector}]",
                concat!($dot, " tmm2, tmm4, tmm7"),
                concat!($dot, " tmm3, tmm5, tmm7")
            ]
        );
    };
}

format!("tdpbf16ps", bfloat_1_1, bfloat_2_1, bfloat_4_1, bfloat_1_2, bfloat_2_2);
format!("tdpbusd", bytes_1_1, bytes_2_1, bytes_4_1, bytes_1_2, bytes_2_2);
