//! Intel's matrix unit (AMX): 16×16 sums of products of 16 pixels and 16 output channels, in eight registers of 1 KB.
//! bfloat16 and bytes are multiplied as they are. A float32 is the sum of two bfloat16 to 16 bits, and three products of
//! such halves are a product to about the same precision, at five times the rate of float32's multiply-adds.

mod product;

pub use product::{ProductArgs, kernel};

use crate::tile::{BYTE, FLOAT};
use std::arch::asm;
use std::sync::OnceLock;

/// Pixels of the tallest kernel: four registers.
pub const MOST_PIXELS: usize = 64;
/// Output channels of a register, and pixels.
pub const SIDE: usize = 16;
/// Bytes of a pixel in a register, and of a row of weights.
pub const ROW: usize = 64;

/// Whether this CPU has the unit, for bfloat16 and for bytes, and the system lets this process use it.
pub fn is_available() -> bool {
    static AVAILABLE: OnceLock<bool> = OnceLock::new();
    *AVAILABLE.get_or_init(|| {
        const TILES_BFLOAT_BYTES: u32 = 1 << 24 | 1 << 22 | 1 << 25;
        let has_leaf = std::arch::x86_64::__cpuid(0).eax >= 7;
        has_leaf
            && std::arch::x86_64::__cpuid_count(7, 0).edx & TILES_BFLOAT_BYTES == TILES_BFLOAT_BYTES
            && request_permission()
    })
}

/// Multiply-adds of a format by the kernel that has two registers of pixels, from the nearest cache, so many times; says
/// how many they were. Of numbers in halves three products count as one.
///
/// # Safety
/// [`is_available`].
pub unsafe fn multiply_adds(format: usize, times: usize) -> f64 {
    const STEPS: usize = 8;
    const PIXELS: usize = 2 * SIDE;
    let halves = if format == FLOAT { 2 } else { 1 };
    let channels = if format == BYTE { ROW } else { ROW / 2 };
    let input = vec![0u8; PIXELS * ROW * halves];
    let weights = vec![0u8; STEPS * SIDE * ROW * halves];
    let offsets = [0; STEPS];
    let mut sums = [0.0; PIXELS * SIDE];
    // SAFETY: the unit is there, as the caller says, and the arrays are as large as two registers of pixels and the steps ask.
    unsafe {
        let _registers = Registers::configure();
        for _ in 0..times {
            let (input, offsets, weights) = (input.as_ptr(), offsets.as_ptr(), weights.as_ptr());
            let args = ProductArgs { input, offsets, steps: STEPS, weights, sums: sums.as_mut_ptr() };
            kernel(format, 2)(&args);
        }
    }
    times as f64 * (STEPS * PIXELS * SIDE * channels) as f64
}

/// Linux gives a process the registers' state when it asks. @see Documentation/arch/x86/xstate.rst
#[cfg(target_os = "linux")]
fn request_permission() -> bool {
    const ARCH_REQ_XCOMP_PERM: libc::c_long = 0x1023;
    const XTILEDATA: libc::c_long = 18;
    // SAFETY: the call asks for a right by number and touches no memory of this process.
    unsafe { libc::syscall(libc::SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XTILEDATA) == 0 }
}

#[cfg(not(target_os = "linux"))]
fn request_permission() -> bool {
    false
}

/// The registers as this thread may use them until it is dropped: all of 16 rows of 64 bytes.
pub struct Registers(());

impl Registers {
    /// # Safety
    /// [`is_available`], and no other `Registers` on this thread.
    pub unsafe fn configure() -> Registers {
        #[repr(C, align(64))]
        struct Config {
            palette: u8,
            start_row: u8,
            reserved: [u8; 14],
            row_bytes: [u16; 16],
            rows: [u8; 16],
        }
        const EIGHT_WHOLE: Config = Config {
            palette: 1,
            start_row: 0,
            reserved: [0; 14],
            row_bytes: [64, 64, 64, 64, 64, 64, 64, 64, 0, 0, 0, 0, 0, 0, 0, 0],
            rows: [16, 16, 16, 16, 16, 16, 16, 16, 0, 0, 0, 0, 0, 0, 0, 0],
        };
        // SAFETY: the caller vouches for the unit; the instruction reads the 64 aligned bytes of a constant.
        unsafe { asm!("ldtilecfg [{}]", in(reg) &EIGHT_WHOLE, options(nostack, preserves_flags)) };
        Registers(())
    }
}

impl Drop for Registers {
    fn drop(&mut self) {
        // SAFETY: a `Registers` is made only where the unit is there; the instruction forgets this thread's registers
        // alone.
        unsafe { asm!("tilerelease", options(nostack, preserves_flags)) };
    }
}
