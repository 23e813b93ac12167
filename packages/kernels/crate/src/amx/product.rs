//! The kernels of the matrix unit, each one assembly block with its loop.

use super::{ROW, SIDE};
use crate::tile::{BFLOAT, BYTE, FLOAT};
use std::arch::asm;

/// Steps before which the tallest kernel asks for weights: it reads them once and waits for them, since a step takes so
/// long that loads alone do not run ahead far enough. Others find them in the cache.
const AHEAD: usize = 24;

/// One product's work: `[pixel][lane]` sums of some pixels and one vector of output channels.
pub struct ProductArgs {
    /// The first pixel under the first step. A pixel is [`ROW`] bytes, or twice as many where it is of halves: the first
    /// of all channels, then the second.
    pub input: *const u8,
    /// By step, a block of channels under a tap: the distance from `input` in bytes.
    pub offsets: *const usize,
    pub steps: usize,
    /// `[step][half][word of channels][output lane]`
    pub weights: *const u8,
    /// Overwritten; whole numbers for bytes.
    pub sums: *mut f32,
}

/// # Safety
/// The CPU must have the unit, and the thread [`super::Registers`]. `args` must be good for 16 pixels of each register of
/// pixels, at every offset, for the weights of all steps, and for sums of as many pixels.
pub type ProductKernel = unsafe fn(&ProductArgs);

/// The kernel of a format for so many registers of pixels: 1, 2 or 4.
pub fn kernel(format: usize, pixels: usize) -> ProductKernel {
    const KERNELS: [[ProductKernel; 3]; 3] =
        [[halves_1, halves_2, halves_4], [bfloat_1, bfloat_2, bfloat_4], [bytes_1, bytes_2, bytes_4]];
    const { assert!(FLOAT == 0 && BFLOAT == 1 && BYTE == 2) };
    KERNELS[format][pixels / 2]
}

/// Sets the sums to zero: of so many registers of pixels.
macro_rules! zero {
    (1) => {
        "tilezero tmm0"
    };
    (2) => {
        concat!(zero!(1), "\ntilezero tmm1")
    };
    (4) => {
        concat!(zero!(2), "\ntilezero tmm2\ntilezero tmm3")
    };
}

macro_rules! store {
    (1) => {
        "tilestored [{sums} + {row}*1], tmm0"
    };
    (2) => {
        concat!(store!(1), "\ntilestored [{sums} + {row}*1 + {register}], tmm1")
    };
    (4) => {
        concat!(
            store!(2),
            "\ntilestored [{sums} + {row}*1 + 2*{register}], tmm2",
            "\ntilestored [{sums} + {row}*1 + 3*{register}], tmm3"
        )
    };
}

/// A kernel of one assembly block, for compilers know nothing of what the registers hold: sums from `tmm0` on, pixels in
/// `tmm4`, weights in `tmm5`, their second halves in `tmm6`. No more than it needs: where another thread runs on the same
/// core, registers in use leave too few to rename, and each write waits for the last reader.
macro_rules! product {
    ($name:ident, $pixel:expr, $halves:expr, $registers:tt, $ahead:expr, [$($step:expr),+]) => {
        /// # Safety
        /// As [`ProductKernel`].
        unsafe fn $name(args: &ProductArgs) {
            if args.steps == 0 {
                return;
            }
            // SAFETY: what [`ProductKernel`] asks for; the assembly says all registers that it changes, and stores
            // sums alone.
            unsafe {
                asm!(
                    zero!($registers),
                    "2:",
                    "mov {x}, [{offsets}]",
                    "add {x}, {input}",
                    ".if {lines_ahead}",
                    ".irp line,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31",
                    "prefetcht1 [{weights} + {lines_ahead} + 64*\\line]",
                    ".endr",
                    ".endif",
                    $($step,)+
                    "/* {pixels} {half_of_pixel} {half} */",
                    "add {weights}, {advance}",
                    "add {offsets}, 8",
                    "dec {steps}",
                    "jnz 2b",
                    store!($registers),
                    "/* {register} */",
                    x = out(reg) _,
                    offsets = inout(reg) args.offsets => _,
                    input = in(reg) args.input,
                    weights = inout(reg) args.weights => _,
                    steps = inout(reg) args.steps => _,
                    sums = in(reg) args.sums,
                    pixel = in(reg) $pixel,
                    row = in(reg) ROW,
                    pixels = const SIDE * $pixel,
                    half_of_pixel = const ROW,
                    half = const SIDE * ROW,
                    register = const SIDE * ROW,
                    lines_ahead = const $ahead * SIDE * ROW * $halves,
                    advance = const SIDE * ROW * $halves,
                    out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _, out("tmm4") _, out("tmm5") _, out("tmm6") _,
                    options(nostack),
                );
            }
        }
    };
}

/// Loads a register's pixels, or of halves the second.
macro_rules! pixels {
    ($register:literal) => {
        concat!("tileloadd tmm4, [{x} + {pixel}*1 + ", $register, "*{pixels}]\n")
    };
    ($register:literal, second) => {
        concat!("tileloadd tmm4, [{x} + {pixel}*1 + ", $register, "*{pixels} + {half_of_pixel}]\n")
    };
}

macro_rules! weights {
    () => {
        "tileloadd tmm5, [{weights} + {row}*1]\n"
    };
    (second) => {
        "tileloadd tmm6, [{weights} + {row}*1 + {half}]\n"
    };
}

macro_rules! multiply {
    ($dot:literal, $register:literal) => {
        concat!($dot, " tmm", $register, ", tmm4, tmm5\n")
    };
    ($dot:literal, $register:literal, second) => {
        concat!($dot, " tmm", $register, ", tmm4, tmm6\n")
    };
}

/// In the same order for all registers, so that a pixel's sum does not depend on which one it is in.
macro_rules! halves_of {
    ($register:literal) => {
        concat!(
            pixels!($register, second),
            multiply!("tdpbf16ps", $register),
            pixels!($register),
            multiply!("tdpbf16ps", $register),
            multiply!("tdpbf16ps", $register, second)
        )
    };
}

macro_rules! halves {
    ($name:ident, $registers:tt, $ahead:expr, [$($register:literal)+]) => {
        product!($name, 2 * ROW, 2, $registers, $ahead, [weights!(), weights!(second), $(halves_of!($register)),+]);
    };
}

halves!(halves_1, 1, 0, [0]);
halves!(halves_2, 2, 0, [0 1]);
halves!(halves_4, 4, AHEAD, [0 1 2 3]);

macro_rules! whole {
    ($dot:literal, $name:ident, $registers:tt, [$($register:literal)+]) => {
        product!($name, ROW, 1, $registers, 0, [weights!(), $(concat!(pixels!($register), multiply!($dot, $register))),+]);
    };
}

whole!("tdpbf16ps", bfloat_1, 1, [0]);
whole!("tdpbf16ps", bfloat_2, 2, [0 1]);
whole!("tdpbf16ps", bfloat_4, 4, [0 1 2 3]);
whole!("tdpbusd", bytes_1, 1, [0]);
whole!("tdpbusd", bytes_2, 2, [0 1]);
whole!("tdpbusd", bytes_4, 4, [0 1 2 3]);
