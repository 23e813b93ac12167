//! Packing of filters into the order in which the micro-kernel reads them.

mod description;
mod numbers;
#[cfg(target_arch = "x86_64")]
mod short;

pub use description::Description;
use numbers::join;
#[cfg(target_arch = "x86_64")]
use numbers::pack_bytes;
pub use numbers::{Numbers, TapWindow};
#[cfg(target_arch = "x86_64")]
pub use short::{MOST_SHORT, MOST_SPREAD, hold_short};

use crate::direct::OutputGroup;
use crate::format::to_bfloat;
use crate::isa::Isa;
use crate::lower::Filter;
use crate::memory::Floats;
use crate::precision::IS_REDUCIBLE;
#[cfg(target_arch = "aarch64")]
use crate::simd::neon::narrow;
use crate::winograd::{FILTER_LANES, MOST_PLANES, SquareShape, transform_filters};
use std::sync::Arc;

/// A layer's filters: `[taps, in / groups, out]`, or in PyTorch's order `[out, in / groups, taps]`.
#[derive(Clone, Copy)]
pub struct Filters<'a> {
    pub filter: Filter<'a>,
    pub taps: usize,
    pub in_channels: usize,
    pub out_channels: usize,
    pub groups: usize,
}

impl Filters<'_> {
    /// The weights of one tap and input channel for the output channels from `first` on; zero where there are none.
    #[inline(always)]
    fn read(&self, tap: usize, channel: usize, first: usize, into: &mut [f32]) {
        let per_group = self.in_channels / self.groups;
        let outputs = self.out_channels / self.groups;
        let count =
            if channel < self.in_channels { into.len().min(self.out_channels.saturating_sub(first)) } else { 0 };
        let (into, rest) = into.split_at_mut(count);
        rest.fill(0.0);
        let Filter { data, is_torch, factors, .. } = self.filter;
        if self.groups > 1 {
            for (i, value) in into.iter_mut().enumerate() {
                let output = first + i;
                let start = output / outputs * per_group;
                *value = match channel.checked_sub(start).filter(|channel| *channel < per_group) {
                    Some(channel) if is_torch => data[(output * per_group + channel) * self.taps + tap],
                    Some(channel) => data[(tap * per_group + channel) * self.out_channels + output],
                    None => 0.0,
                };
            }
        } else if is_torch {
            let steps =
                data.iter().skip((first * per_group + channel) * self.taps + tap).step_by(per_group * self.taps);
            for (value, x) in into.iter_mut().zip(steps) {
                *value = *x;
            }
        } else if count > 0 {
            let from = (tap * per_group + channel) * self.out_channels + first;
            into.copy_from_slice(&data[from..from + count]);
        }
        if let Some(factors) = factors {
            for (value, factor) in into.iter_mut().zip(&factors[first.min(self.out_channels)..]) {
                *value *= factor;
            }
        }
    }

    /// All taps of the input channels of one block, as [`Packing::Direct`] has them, from PyTorch's order: each output
    /// channel's numbers are read in one go, for they lie far from those of the next.
    #[inline(always)]
    fn read_block(&self, first_channel: usize, channels: usize, first: usize, width: usize, into: &mut [f32]) {
        let there = channels.min(self.in_channels - first_channel);
        for lane in 0..width.min(self.out_channels - first) {
            let factor = self.filter.factors.map_or(1.0, |factors| factors[first + lane]);
            let start = ((first + lane) * self.in_channels + first_channel) * self.taps;
            let from = &self.filter.data[start..start + there * self.taps];
            if self.taps == 1 {
                for (row, x) in into.chunks_exact_mut(width).zip(from) {
                    row[lane] = x * factor;
                }
            } else {
                for (channel, from) in from.chunks_exact(self.taps).enumerate() {
                    for (tap, x) in from.iter().enumerate() {
                        into[(tap * channels + channel) * width + lane] = x * factor;
                    }
                }
            }
        }
    }
}

impl Filters<'_> {
    /// All taps of one of the group's blocks of input channels, as [`Packing::Reduced`] has them, in float32:
    /// `[tap][channel][output lane]`.
    #[inline(always)]
    fn read_reduced(
        &self,
        group: &OutputGroup,
        block: usize,
        [channels, lanes]: [usize; 2],
        window: TapWindow,
        into: &mut [f32],
    ) {
        let (first, width) = (group.first_block * lanes, group.vectors * lanes);
        let first_channel = (group.first_input_block + block) * channels;
        if self.filter.is_torch && self.groups == 1 && window == TapWindow::ONE {
            into.fill(0.0);
            self.read_block(first_channel, channels, first, width, into);
            return;
        }
        for (row, into) in into.chunks_exact_mut(width).enumerate() {
            let (tap, channel) = (row / channels, first_channel + row % channels);
            if window == TapWindow::ONE {
                self.read(tap, channel, first, into);
                continue;
            }
            let (beside, channel) = (channel / self.in_channels, channel % self.in_channels);
            let parts = window.row.div_ceil(window.taps);
            let column = tap % parts * window.taps + beside;
            match beside < window.taps && column < window.row {
                true => self.read(tap / parts * window.row + column, channel, first, into),
                false => into.fill(0.0),
            }
        }
    }
}

/// Input channels whose transformed filters are held before they go to their places.
const ROWS_AT_ONCE: usize = 8;

impl Filters<'_> {
    /// Winograd's transform of `width` output channels from `first` on, for as many input channels from `first_channel` on
    /// as `target` has room for: `[position][channel][output lane]`.
    ///
    /// Positions lie a power of two apart, in one set of the cache: so some channels are transformed before runs of them
    /// are written to each.
    ///
    /// With `numbers` two channels are in a word, `[position][pair of channels][output lane]`: the nearest bfloat16, or of bytes
    /// whole numbers of 16 bits. float16 are `[position][channel][output lane]`.
    #[inline(always)]
    fn transform<const TAPS: usize>(
        &self,
        shape: SquareShape,
        [first_channel, first, width]: [usize; 3],
        numbers: Option<&Numbers>,
        target: &mut [u32],
    ) {
        let positions = shape.planes();
        let per_word = if numbers.is_some() { 2 } else { 1 };
        let steps = numbers.and_then(Numbers::steps);
        let position = target.len() / positions * per_word;
        let step = width.min(FILTER_LANES);
        let run = ROWS_AT_ONCE * width;
        let mut held = vec![0.0f32; positions * run];
        let mut transformed = [[0.0f32; FILTER_LANES]; MOST_PLANES];
        for start in (0..position).step_by(run) {
            let run = run.min(position - start);
            for lane in (0..width).step_by(step) {
                let count = step.min(self.out_channels.saturating_sub(first + lane));
                for (row, at) in (0..run).step_by(width).enumerate() {
                    let mut taps = [[0.0f64; FILTER_LANES]; TAPS];
                    self.read_taps(first_channel + start / width + row, first + lane, count, &mut taps);
                    if let Some(steps) = steps {
                        for tap in &mut taps {
                            for (x, step) in tap.iter_mut().zip(steps.iter().skip(first + lane)) {
                                *x = f64::from(to_steps(*x as f32, *step));
                            }
                        }
                    }
                    transform_filters(shape, steps.is_some(), &taps, &mut transformed);
                    for (values, held) in transformed.iter().zip(held.chunks_exact_mut(ROWS_AT_ONCE * width)) {
                        held[at + lane..at + lane + step].copy_from_slice(&values[..step]);
                    }
                }
            }
            for (target, held) in
                target.chunks_exact_mut(position / per_word).zip(held.chunks_exact(ROWS_AT_ONCE * width))
            {
                let target = &mut target[start / per_word..][..run / per_word];
                if numbers.is_none() {
                    target.iter_mut().zip(held).for_each(|(word, x)| *word = x.to_bits());
                    continue;
                }
                #[cfg(target_arch = "aarch64")]
                if matches!(numbers, Some(Numbers::Float16)) {
                    narrow(&held[..run], target);
                    continue;
                }
                for (words, rows) in target.chunks_exact_mut(width).zip(held.chunks_exact(2 * width)) {
                    for (word, (low, high)) in words.iter_mut().zip(rows[..width].iter().zip(&rows[width..])) {
                        *word = match steps {
                            Some(_) => join(*low as i32 as u16, *high as i32 as u16),
                            None => join(to_bfloat(*low), to_bfloat(*high)),
                        };
                    }
                }
            }
        }
    }

    /// All taps of one input channel for `count` output channels from `first` on; the others stay as they are.
    #[inline(always)]
    fn read_taps<const TAPS: usize>(
        &self,
        channel: usize,
        first: usize,
        count: usize,
        taps: &mut [[f64; FILTER_LANES]; TAPS],
    ) {
        if !self.filter.is_torch || self.groups > 1 {
            for (tap, wide) in taps.iter_mut().enumerate() {
                let mut narrow = [0.0f32; FILTER_LANES];
                self.read(tap, channel, first, &mut narrow[..count]);
                for (wide, narrow) in wide.iter_mut().zip(narrow) {
                    *wide = f64::from(narrow);
                }
            }
        } else if channel < self.in_channels {
            for lane in 0..count {
                let factor = self.filter.factors.map_or(1.0, |factors| factors[first + lane]);
                let from = &self.filter.data[((first + lane) * self.in_channels + channel) * TAPS..][..TAPS];
                for (wide, x) in taps.iter_mut().zip(from) {
                    wide[lane] = f64::from(x * factor);
                }
            }
        }
    }
}

#[cfg(target_arch = "aarch64")]
impl Filter<'_> {
    /// Whether float16 holds all weights, and what Winograd's F(2×2) makes of them.
    pub fn fits_half(&self, out_channels: usize) -> bool {
        const MOST: f32 = 65504.0 / 2.25;
        let channels = self.data.len() / out_channels;
        let filters = Filters { filter: *self, taps: 1, in_channels: channels, out_channels, groups: 1 };
        filters.fold(|largest, x, _| x.abs().max(largest), f32::max).into_iter().all(|largest| largest <= MOST)
    }
}

/// One output group's filters, or a vector.
pub enum Packing<'a> {
    /// `[block][tap][channel][output lane]`
    Direct { filters: Filters<'a>, group: OutputGroup, blocks: usize, channels: usize, lanes: usize, at: usize },
    /// `[block][tap][half][column][word of channels][output lane]`
    Reduced {
        filters: Filters<'a>,
        group: OutputGroup,
        blocks: usize,
        channels: usize,
        window: TapWindow,
        /// Output lanes that lie side by side: all of the group, or a vector's.
        column: usize,
        lanes: usize,
        at: usize,
        numbers: Numbers,
        /// Where the words lie that come once more, for sums of 16 bits have no room for them.
        rests: Option<usize>,
    },
    /// `[position][block][channel][output lane]`, or with `numbers` pairs of channels; at stride 2 planes for positions.
    Winograd {
        shape: SquareShape,
        filters: Filters<'a>,
        group: OutputGroup,
        blocks: usize,
        /// Of a block: as many as lanes, or of a narrow input its three.
        channels: usize,
        lanes: usize,
        at: usize,
        /// Where they are not of float32.
        numbers: Option<Numbers>,
    },
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
                // SAFETY: the caller's word; so much was planned for the group.
                let target = unsafe { std::slice::from_raw_parts_mut(weights.add(at + group.weights), size) };
                if filters.filter.is_torch && filters.groups == 1 {
                    for (block, into) in target.chunks_exact_mut(filters.taps * channels * width).enumerate() {
                        let first_channel = (group.first_input_block + block) * channels;
                        filters.read_block(first_channel, *channels, group.first_block * lanes, width, into);
                    }
                    return;
                }
                for (row, into) in target.chunks_exact_mut(width).enumerate() {
                    let (block, tap, lane) =
                        (row / channels / filters.taps, row / channels % filters.taps, row % channels);
                    let channel = (group.first_input_block + block) * channels + lane;
                    filters.read(tap, channel, group.first_block * lanes, into);
                }
            }
            Packing::Reduced { .. } if !IS_REDUCIBLE => unreachable!(),
            Packing::Reduced { filters, group, blocks, channels, window, column, lanes, at, numbers, rests } => {
                let (width, taps) = (group.vectors * lanes, window.count(filters.taps));
                let words = channels / numbers.per_word();
                let tap = numbers.halves() * words * width;
                let size = blocks * taps * tap;
                let target =
                    // SAFETY: the caller's word; so much was planned for the group.
                    unsafe { std::slice::from_raw_parts_mut(weights.add(at + group.weights) as *mut u32, size) };
                let first = group.first_block * lanes;
                let mut from = vec![0.0f32; taps * channels * width];
                #[cfg(target_arch = "x86_64")]
                let mut rests_at = *rests;
                let _ = rests;
                for (block, into) in target.chunks_exact_mut(taps * tap).enumerate() {
                    filters.read_reduced(group, block, [*channels, *lanes], *window, &mut from);
                    for (from, into) in from.chunks_exact_mut(channels * width).zip(into.chunks_exact_mut(tap)) {
                        if let Numbers::Bytes(steps) = numbers {
                            in_steps(from, width, &steps[first.min(steps.len())..]);
                        }
                        #[cfg(target_arch = "x86_64")]
                        if let Some(at) = &mut rests_at {
                            hold_short(from, width, |_, rest| {
                                let into =
                                    // SAFETY: the caller's word; the plan has counted the words.
                                    unsafe { std::slice::from_raw_parts_mut(weights.add(*at) as *mut u32, width) };
                                pack_bytes(|i| &rest[i * width..][..width], into);
                                *at += width;
                            });
                        }
                        numbers.pack(from, [width, *column], into);
                    }
                }
            }
            Packing::Winograd { shape, filters, group, blocks, channels, lanes, at, numbers } => {
                let numbers = numbers.as_ref().filter(|_| IS_REDUCIBLE);
                let width = group.vectors * lanes;
                let position = blocks * channels * width / if numbers.is_some() { 2 } else { 1 };
                let positions = shape.planes();
                let target =
                    // SAFETY: the caller's word; so much was planned for the group.
                    unsafe {
                        std::slice::from_raw_parts_mut(weights.add(at + group.weights) as *mut u32, positions * position)
                    };
                let from = [group.first_input_block * channels, group.first_block * lanes, width];
                #[cfg(not(target_arch = "wasm32"))]
                if shape.is_stem() {
                    return filters.transform::<49>(*shape, from, numbers, target);
                }
                filters.transform::<9>(*shape, from, numbers, target);
            }
            // SAFETY: the caller's word; so much was planned for them.
            Packing::Channels { data, at } => unsafe {
                std::ptr::copy_nonoverlapping(data.as_ptr(), weights.add(*at), data.len());
            },
        }
    }
}

/// The weight in steps: from -127 to 127, of two the even one. Adding this number leaves no digits behind the point;
/// compilers make vectors of it where there is no instruction that rounds.
#[inline(always)]
fn to_steps(x: f32, step: f32) -> f32 {
    const WHOLE: f32 = (3 << 22) as f32;
    (x / step + WHOLE) - WHOLE
}

/// Rows of weights in steps, by output lane.
#[inline(always)]
fn in_steps(weights: &mut [f32], width: usize, steps: &[f32]) {
    for row in weights.chunks_exact_mut(width) {
        for (weight, step) in row.iter_mut().zip(steps) {
            *weight = to_steps(*weight, *step);
        }
    }
}

impl Filters<'_> {
    /// By output channel: the step with which its largest weight is 127.
    pub fn steps(&self) -> Arc<[f32]> {
        let larger = |a: f32, b: f32| if b > a { b } else { a };
        let largest = self.fold(|largest, x, _| larger(largest, x.abs()), larger);
        largest.into_iter().map(|largest| largest.max(f32::MIN_POSITIVE) / 127.0).collect()
    }

    /// The same for sums of 16 bits: no smaller than leaves the root mean square of the weights [`MOST_SPREAD`] steps.
    #[cfg(target_arch = "x86_64")]
    pub fn short_steps(&self) -> Arc<[f32]> {
        let squares = self.fold(|sum, x, _| sum + x * x, |a, b| a + b);
        let count = (self.filter.data.len() / self.out_channels) as f32;
        let spread = |(step, squares): (&f32, f32)| step.max((squares / count).sqrt() / MOST_SPREAD);
        self.steps().iter().zip(squares).map(spread).collect()
    }

    /// The largest sum, in size, of all weights of an output channel with bytes of 256 steps, in steps.
    pub fn largest_byte_sum(&self, steps: &[f32]) -> f32 {
        let one_sign = |sign: f32| {
            let sums = self.fold(|sum, x, output| sum + (sign * to_steps(x, steps[output])).max(0.0), |a, b| a + b);
            sums.into_iter().fold(0.0, f32::max)
        };
        255.0 * one_sign(1.0).max(one_sign(-1.0))
    }

    /// By output channel: the sum of its weights in steps, a whole number.
    pub fn byte_sums(&self, steps: &[f32]) -> Vec<f32> {
        self.fold(|sum, x, output| sum + to_steps(x, steps[output]), |a, b| a + b)
    }

    /// By output channel: what becomes of 0 with all its weights, in any order.
    #[inline(always)]
    fn fold(&self, take: impl Fn(f32, f32, usize) -> f32, join: impl Fn(f32, f32) -> f32) -> Vec<f32> {
        const AT_ONCE: usize = 16;
        let Filter { data, is_torch, factors, .. } = self.filter;
        let factor = |output: usize| factors.map_or(1.0, |factors| factors[output]);
        let mut results = vec![0.0f32; self.out_channels];
        if is_torch {
            for (output, row) in data.chunks_exact(data.len() / self.out_channels).enumerate() {
                let factor = factor(output);
                let (some, rest) = row.as_chunks::<AT_ONCE>();
                let mut parts = [0.0f32; AT_ONCE];
                for some in some {
                    for (part, x) in parts.iter_mut().zip(some) {
                        *part = take(*part, x * factor, output);
                    }
                }
                let rest = rest.iter().fold(0.0, |part, x| take(part, x * factor, output));
                results[output] = parts.into_iter().fold(rest, &join);
            }
        } else {
            for row in data.chunks_exact(self.out_channels) {
                for (output, (result, x)) in results.iter_mut().zip(row).enumerate() {
                    *result = take(*result, x * factor(output), output);
                }
            }
        }
        results
    }
}

/// Packs everything into fresh memory of `length` floats, on `threads` threads.
pub fn pack(tasks: &[Packing], length: usize, isa: &'static Isa, threads: usize) -> Result<Floats, String> {
    let weights = Floats::zeroed(length)?;
    share_out(tasks.len(), threads, |index| {
        // SAFETY: the instruction set is one of this CPU's; tasks have places of their own, within `length`, and each is
        // taken once.
        unsafe { (isa.pack)(&tasks[index], weights.start()) };
    });
    Ok(weights)
}

/// Calls `work` once with each number below `count`, on `threads` threads.
pub fn share_out(count: usize, threads: usize, work: impl Fn(usize) + Sync) {
    if threads == 1 || cfg!(target_arch = "wasm32") {
        (0..count).for_each(work);
        return;
    }
    let next = std::sync::atomic::AtomicUsize::new(0);
    let take = || loop {
        match next.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
            index if index < count => work(index),
            _ => return,
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(take);
        }
        take();
    });
}
