//! What the machine could do at most: multiply-adds of numbers that are in registers, and memory read and written in a
//! stream.

use crate::isa::Isa;
use crate::memory::Floats;
use crate::simd::Vector;
use crate::tile::{BFLOAT, FLOAT, HALF};
use std::hint::black_box;
use std::sync::Barrier;
use std::time::Instant;

/// Does so many rounds of multiply-adds, and says how many they were.
pub type PeakKernel = unsafe fn(usize) -> f64;

/// With so many sums in registers, which do not wait for each other.
///
/// # Safety
/// As [`Vector`].
#[inline(always)]
pub unsafe fn multiply_adds<V: Vector, const FORMAT: usize, const SUMS: usize>(rounds: usize) -> f64 {
    // SAFETY: the caller's word.
    let number = |number: f32| unsafe { V::splat(black_box(number)) };
    let (x, factor) = (number(0.0), number(1.0));
    // Each begins with a number of its own, or the compiler would make them one.
    let mut sums: [V; SUMS] = std::array::from_fn(|i| number(i as f32));
    // SAFETY: the caller's word.
    let step = |sum: &mut V| unsafe {
        *sum = match FORMAT {
            FLOAT => x.mul_add(factor, *sum),
            BFLOAT => V::dot_bfloat(x, factor, *sum),
            #[cfg(target_arch = "aarch64")]
            HALF.. => V::dot_half::<FORMAT>(x, factor, *sum),
            _ => V::dot_byte_pair([x; 2], [factor; 2], *sum),
        };
    };
    for _ in 0..rounds {
        sums.iter_mut().for_each(step);
    }
    black_box(sums);
    let each = match FORMAT {
        FLOAT => 1,
        BFLOAT | HALF.. => 2,
        _ => 8,
    };
    rounds as f64 * (SUMS * V::LANES * each) as f64
}

/// Measurements, of which the best counts: what others do on the machine can only make one worse.
const TURNS: usize = 8;
const TURN_SECONDS: f64 = 0.03;

/// Multiply-adds a second of all threads together, of numbers of the format.
pub fn peak(isa: &Isa, format: usize, threads: usize) -> f64 {
    // SAFETY: the CPU has the format: the caller has asked for it.
    let run = |rounds: usize| unsafe { isa.multiply_adds(format, rounds) };
    let mut rounds = 1 << 10;
    let seconds = loop {
        let start = Instant::now();
        run(rounds);
        let seconds = start.elapsed().as_secs_f64();
        if seconds > TURN_SECONDS / 10.0 {
            break seconds;
        }
        rounds *= 2;
    };
    let rounds = (rounds as f64 * TURN_SECONDS / seconds) as usize;
    best(threads, |_| run(rounds))
}

/// Bytes a second that all threads together read and write, copying more than the caches hold.
pub fn bandwidth(threads: usize) -> Result<f64, String> {
    let bytes = (4 * last_level_cache()).clamp(256 << 20, 1 << 30);
    let length = bytes / 8 / threads;
    let array = || -> Result<Floats, String> {
        let array = Floats::zeroed(length)?;
        // Memory that nobody has written yet need not be there.
        // SAFETY: the array is that long, and nobody else's.
        unsafe { std::slice::from_raw_parts_mut(array.start(), length) }.fill(1.0);
        Ok(array)
    };
    let arrays = (0..threads).map(|_| Ok((array()?, array()?))).collect::<Result<Vec<_>, String>>()?;
    Ok(best(threads, |thread| {
        let (from, to) = &arrays[thread];
        // SAFETY: both arrays are that long, and this thread's alone.
        unsafe { std::ptr::copy_nonoverlapping(from.start(), to.start(), length) };
        (8 * length) as f64
    }))
}

/// The most a second of all threads together, each doing its work at the same time; it says how much that was.
fn best(threads: usize, work: impl Fn(usize) -> f64 + Sync) -> f64 {
    let mut best: f64 = 0.0;
    for _ in 0..TURNS {
        let barrier = Barrier::new(threads);
        let (barrier, work) = (&barrier, &work);
        let results = std::thread::scope(|scope| {
            let turn = move |thread: usize| {
                barrier.wait();
                let start = Instant::now();
                let done = work(thread);
                (done, start, Instant::now())
            };
            let started: Vec<_> = (0..threads).map(|thread| scope.spawn(move || turn(thread))).collect();
            started.into_iter().filter_map(|thread| thread.join().ok()).collect::<Vec<_>>()
        });
        let start = results.iter().map(|(_, start, _)| *start).min();
        let end = results.iter().map(|(_, _, end)| *end).max();
        if let (Some(start), Some(end)) = (start, end) {
            let done: f64 = results.iter().map(|(done, ..)| done).sum();
            best = best.max(done / (end - start).as_secs_f64());
        }
    }
    best
}

/// Bytes, or a guess where the system does not say.
fn last_level_cache() -> usize {
    let size = |index: usize| {
        let path = format!("/sys/devices/system/cpu/cpu0/cache/index{index}/size");
        let text = std::fs::read_to_string(path).ok()?;
        text.trim().strip_suffix('K')?.parse::<usize>().ok()
    };
    (0..8).filter_map(size).max().map_or(32 << 20, |kilobytes| kilobytes << 10)
}

#[cfg(test)]
mod tests {
    use crate::isa::Isa;
    use crate::tile::{BFLOAT, BYTE, FLOAT, HALF};

    #[test]
    fn every_instruction_set_multiplies_what_it_has() {
        for isa in Isa::available() {
            for format in [FLOAT, BFLOAT, BYTE, HALF].into_iter().filter(|format| isa.has_format(*format)) {
                let [once, often] = [1, 10].map(|rounds| {
                    // SAFETY: the CPU has the format.
                    unsafe { isa.multiply_adds(format, rounds) }
                });
                assert!(once > 0.0 && often == 10.0 * once, "{} {format}: {once} and {often}", isa.name);
            }
        }
    }
}
