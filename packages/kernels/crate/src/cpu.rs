//! Which CPU this is, and what was measured on it.

/// Whether the micro-kernel's prefetches pay where its weights don't stay in the cache. Not a matter of the instruction set,
/// but of what the CPU's own prefetching sees, so only a measurement tells; where there is none, nothing is asked for.
///
/// | CPU | ResNet-18 without any prefetch | |
/// |---|---|---|
/// | AMD family 19h, Zen 3 | 1.04 times the time, Winograd's products 1.1 to 1.3 | asks |
/// | AMD family 19h, Zen 4 | 0.92 times the time | doesn't |
/// | Intel family 6 model CFh, Emerald Rapids | not measured: all its figures are with them | asks |
#[cfg(target_arch = "x86_64")]
pub fn prefetch_pays() -> bool {
    static PAYS: std::sync::OnceLock<bool> = std::sync::OnceLock::new();
    *PAYS.get_or_init(|| pays_on(&x86::Cpu::this()))
}

/// Others have no instruction for it here.
#[cfg(not(target_arch = "x86_64"))]
pub fn prefetch_pays() -> bool {
    false
}

/// By which measurements of one CPU are told from those of another.
#[cfg(not(target_arch = "wasm32"))]
pub fn name() -> String {
    #[cfg(target_arch = "x86_64")]
    {
        let cpu = x86::Cpu::this();
        let vendor = String::from_utf8_lossy(&cpu.vendor);
        format!("{vendor} {:x}h {:x}h {:x} {}", cpu.family, cpu.model, cpu.stepping, x86::brand())
    }
    #[cfg(not(target_arch = "x86_64"))]
    std::env::consts::ARCH.to_owned()
}

#[cfg(target_arch = "x86_64")]
fn pays_on(cpu: &x86::Cpu) -> bool {
    match (&cpu.vendor, cpu.family, cpu.model) {
        // Of this family these models are Zen 3, the others Zen 4. @see Linux, arch/x86/kernel/cpu/amd.c
        (b"AuthenticAMD", 0x19, 0x00..=0x0f | 0x20..=0x5f) => true,
        (b"GenuineIntel", 6, 0xcf) => true,
        _ => false,
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::__cpuid;

    /// The name that the CPU gives itself.
    pub fn brand() -> String {
        const FIRST: u32 = 0x8000_0002;
        if __cpuid(0x8000_0000).eax < FIRST + 2 {
            return String::new();
        }
        let registers = (FIRST..FIRST + 3).map(__cpuid).flat_map(|r| [r.eax, r.ebx, r.ecx, r.edx]);
        let bytes: Vec<u8> = registers.flat_map(u32::to_le_bytes).take_while(|byte| *byte != 0).collect();
        String::from_utf8_lossy(&bytes).trim().to_owned()
    }

    pub struct Cpu {
        pub vendor: [u8; 12],
        pub family: u32,
        pub model: u32,
        pub stepping: u32,
    }

    impl Cpu {
        /// @see AMD64 Architecture Programmer's Manual, volume 3, appendix E.3
        pub fn this() -> Cpu {
            let first = __cpuid(0);
            let mut vendor = [0; 12];
            for (to, from) in vendor.chunks_exact_mut(4).zip([first.ebx, first.edx, first.ecx]) {
                to.copy_from_slice(&from.to_le_bytes());
            }
            Cpu::of(vendor, __cpuid(1).eax)
        }

        /// From the signature that `cpuid` gives.
        pub fn of(vendor: [u8; 12], signature: u32) -> Cpu {
            let base = signature >> 8 & 0xf;
            let family = if base == 0xf { base + (signature >> 20 & 0xff) } else { base };
            let has_more = base == 0xf || base == 6;
            let model = signature >> 4 & 0xf | if has_more { signature >> 12 & 0xf0 } else { 0 };
            Cpu { vendor, family, model, stepping: signature & 0xf }
        }
    }
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::pays_on;
    use super::x86::Cpu;

    #[test]
    fn cpus_are_told_apart_by_their_signature() {
        // Milan, Genoa, Turin; Emerald Rapids, Skylake.
        let of = |vendor: &[u8; 12], signatures: &[u32]| -> Vec<bool> {
            signatures.iter().map(|signature| pays_on(&Cpu::of(*vendor, *signature))).collect()
        };
        assert_eq!(of(b"AuthenticAMD", &[0x00a0_0f11, 0x00a1_0f11, 0x00b0_0f21]), [true, false, false]);
        assert_eq!(of(b"GenuineIntel", &[0x000c_06f2, 0x0005_0654]), [true, false]);
    }
}
