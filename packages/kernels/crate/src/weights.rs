//! Packing of filters into the order in which the micro-kernel reads them.

use crate::direct::OutputGroup;
use crate::format::to_bfloat;
use crate::isa::Isa;
use crate::memory::Floats;
use crate::precision::IS_REDUCIBLE;
use crate::winograd::{FILTER_LANES, transform_filters};
use std::sync::Arc;

/// Filters as they come: `[taps, in / groups, out]`, or `[out, in]` where `is_transposed`.
#[derive(Clone, Copy)]
pub struct Filters<'a> {
    pub data: &'a [f32],
    pub taps: usize,
    pub in_channels: usize,
    pub out_channels: usize,
    pub groups: usize,
    pub is_transposed: bool,
}

impl Filters<'_> {
    /// The weights of one tap and input channel for the output channels from `first` on; zero where there are none.
    #[inline(always)]
    fn read(&self, tap: usize, channel: usize, first: usize, into: &mut [f32]) {
        let per_group = self.in_channels / self.groups;
        let outputs = self.out_channels / self.groups;
        if self.groups == 1 && !self.is_transposed {
            let count = if channel < self.in_channels { into.len().min(self.out_channels - first) } else { 0 };
            if count > 0 {
                let from = (tap * per_group + channel) * self.out_channels + first;
                into[..count].copy_from_slice(&self.data[from..from + count]);
            }
            into[count..].fill(0.0);
            return;
        }
        for (i, value) in into.iter_mut().enumerate() {
            let output = first + i;
            let start = output / outputs * per_group;
            let is_there = output < self.out_channels
                && channel < self.in_channels
                && (start..start + per_group).contains(&channel);
            *value = match is_there {
                true if self.is_transposed => self.data[output * self.in_channels + channel],
                true => self.data[(tap * per_group + channel - start) * self.out_channels + output],
                false => 0.0,
            };
        }
    }
}

/// One output group's filters, or a vector.
pub enum Packing<'a> {
    /// `[block][tap][channel][output lane]`
    Direct { filters: Filters<'a>, group: OutputGroup, blocks: usize, channels: usize, lanes: usize, at: usize },
    /// `[block][tap][word of channels][output lane]`, bfloat16 or bytes
    Reduced {
        filters: Filters<'a>,
        group: OutputGroup,
        blocks: usize,
        channels: usize,
        lanes: usize,
        at: usize,
        /// By output channel: what a step of a byte is worth. None: bfloat16.
        steps: Option<Arc<[f32]>>,
    },
    /// `[position][block][channel][output lane]`
    Winograd { m: usize, filters: Filters<'a>, group: OutputGroup, blocks: usize, lanes: usize, at: usize },
    /// Numbers per channel; zeros after them are there already.
    Channels { data: std::borrow::Cow<'a, [f32]>, at: usize },
}

impl Packing<'_> {
    /// # Safety
    /// `weights` must have room for what was planned at `at`, and nobody else may use that place meanwhile.
    #[inline(always)]
    pub unsafe fn run(&self, weights: *mut f32) {
        match self {
            Packing::Direct { filters, group, blocks, channels, lanes, at } => {
                let width = group.vectors * lanes;
                let size = blocks * filters.taps * channels * width;
                let target = unsafe { std::slice::from_raw_parts_mut(weights.add(at + group.weights), size) };
                for (row, into) in target.chunks_exact_mut(width).enumerate() {
                    let (block, tap, lane) =
                        (row / channels / filters.taps, row / channels % filters.taps, row % channels);
                    let channel = (group.first_input_block + block) * channels + lane;
                    filters.read(tap, channel, group.first_block * lanes, into);
                }
            }
            Packing::Reduced { .. } if !IS_REDUCIBLE => unreachable!(),
            Packing::Reduced { filters, group, blocks, channels, lanes, at, steps } => {
                let width = group.vectors * lanes;
                let per_word = if steps.is_some() { 4 } else { 2 };
                let words = channels / per_word;
                let size = blocks * filters.taps * words * width;
                let target =
                    unsafe { std::slice::from_raw_parts_mut(weights.add(at + group.weights) as *mut u32, size) };
                let first = group.first_block * lanes;
                let mut numbers = [[0.0f32; MOST_WIDTH]; 4];
                for (row, into) in target.chunks_exact_mut(width).enumerate() {
                    let (block, tap, word) = (row / words / filters.taps, row / words % filters.taps, row % words);
                    for (i, numbers) in numbers.iter_mut().enumerate().take(per_word) {
                        let channel = (group.first_input_block + block) * channels + word * per_word + i;
                        filters.read(tap, channel, first, &mut numbers[..width]);
                    }
                    for (lane, into) in into.iter_mut().enumerate() {
                        *into = match steps {
                            None => {
                                let [low, high] = [numbers[0][lane], numbers[1][lane]].map(to_bfloat);
                                u32::from(low) | u32::from(high) << 16
                            }
                            Some(steps) => {
                                let step = steps.get(first + lane).copied().unwrap_or(1.0);
                                let bytes = numbers.map(|numbers| to_signed_byte(numbers[lane], step) as u8);
                                u32::from_le_bytes(bytes)
                            }
                        };
                    }
                }
            }
            Packing::Winograd { m, filters, group, blocks, lanes, at } => {
                let width = group.vectors * lanes;
                let position = blocks * lanes * width;
                let positions = (m + 2) * (m + 2);
                let target =
                    unsafe { std::slice::from_raw_parts_mut(weights.add(at + group.weights), positions * position) };
                let step = width.min(FILTER_LANES);
                for row in 0..blocks * lanes {
                    for lane in (0..width).step_by(step) {
                        let mut taps = [[0.0f64; FILTER_LANES]; 9];
                        for (tap, wide) in taps.iter_mut().enumerate() {
                            let mut narrow = [0.0f32; FILTER_LANES];
                            let channel = group.first_input_block * lanes + row;
                            let first = group.first_block * lanes + lane;
                            if first < filters.out_channels {
                                filters.read(tap, channel, first, &mut narrow[..step]);
                            }
                            for (wide, narrow) in wide.iter_mut().zip(narrow) {
                                *wide = f64::from(narrow);
                            }
                        }
                        let mut transformed = [[0.0f32; FILTER_LANES]; 36];
                        transform_filters(*m, &taps, &mut transformed);
                        for (p, values) in transformed.iter().enumerate().take(positions) {
                            let start = p * position + row * width + lane;
                            target[start..start + step].copy_from_slice(&values[..step]);
                        }
                    }
                }
            }
            Packing::Channels { data, at } => unsafe {
                std::ptr::copy_nonoverlapping(data.as_ptr(), weights.add(*at), data.len());
            },
        }
    }
}

/// Output channels of two vectors, at most.
const MOST_WIDTH: usize = 32;

#[inline(always)]
fn to_signed_byte(x: f32, step: f32) -> i8 {
    (x / step).round_ties_even() as i8
}

impl Filters<'_> {
    /// By output channel: the step with which its largest weight is 127, and the sum of its weights in steps.
    pub fn steps(&self) -> (Arc<[f32]>, Vec<f32>) {
        let mut largest = vec![0.0f32; self.out_channels];
        for row in self.data.chunks_exact(self.out_channels) {
            for (largest, x) in largest.iter_mut().zip(row) {
                *largest = largest.max(x.abs());
            }
        }
        let steps: Arc<[f32]> = largest.iter().map(|largest| largest.max(f32::MIN_POSITIVE) / 127.0).collect();
        let mut sums = vec![0.0; self.out_channels];
        for row in self.data.chunks_exact(self.out_channels) {
            for ((sum, x), step) in sums.iter_mut().zip(row).zip(&*steps) {
                *sum += f32::from(to_signed_byte(*x, *step));
            }
        }
        (steps, sums)
    }
}

/// Packs everything into fresh memory of `length` floats, on `threads` threads.
pub fn pack(tasks: &[Packing], length: usize, isa: &'static Isa, threads: usize) -> Result<Floats, String> {
    let weights = Floats::zeroed(length)?;
    if threads == 1 || cfg!(target_arch = "wasm32") {
        for task in tasks {
            unsafe { (isa.pack)(task, weights.start()) };
        }
        return Ok(weights);
    }
    let next = std::sync::atomic::AtomicUsize::new(0);
    let work = || {
        while let Some(task) = tasks.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
            unsafe { (isa.pack)(task, weights.start()) };
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
    Ok(weights)
}
