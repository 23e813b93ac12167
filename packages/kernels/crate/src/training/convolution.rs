//! Convolutions whose filters are values, and their gradients with respect to the picture, which are the same over the
//! output's gradient with the filters turned round: by phases, where the convolution had a stride.

use super::batch_norm::{GradientSums, Moments, at_least};
use super::canvas::{Canvas, Source};
use super::phases::{Gradient, Phase};
use super::slots::Memory;
use super::vectors::Vectors;
use super::winograd::{POSITIONS, transform_filters};
use crate::isa::{Isa, Walk};
use crate::simd::Vector;
use crate::tile::{Ahead, Clamp, DynamicStrides, FLOAT, TileArgs, TileKernel};
use std::ptr::null;

/// Vectors of output channels that are computed together, and where their filters lie.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    pub first: usize,
    pub vectors: usize,
    pub at: usize,
}

/// Pairs of vectors that cover all channels, and the floats of the packed filters.
pub fn groups(channels: usize, lanes: usize, rows: usize) -> (Vec<Group>, usize) {
    let vectors = channels.div_ceil(lanes);
    let mut at = 0;
    let group = |index: usize| {
        let group = Group { first: 2 * index * lanes, vectors: (vectors - 2 * index).min(2), at };
        at += group.vectors * lanes * rows;
        group
    };
    let found = (0..vectors.div_ceil(2)).map(group).collect();
    (found, at)
}

/// Puts HWIO filters into the order in which the micro-kernel reads them: `[tap, in, lane]` for each group, or
/// `[position, in, lane]` by Winograd's transform.
pub struct PackFilters {
    pub filter: usize,
    pub output: usize,
    /// `[h, w, in, out]` of the filter.
    pub shape: [usize; 4],
    /// Which tap lies at each place.
    pub taps: Vec<usize>,
    /// For the gradient: in and out change places.
    pub is_turned: bool,
    pub is_winograd: bool,
    pub groups: Vec<Group>,
    pub lanes: usize,
}

impl PackFilters {
    /// The filters of a group before their transform.
    pub fn scratch(&self) -> usize {
        let [height, width, inputs, outputs] = self.shape;
        if self.is_winograd { height * width * inputs.max(outputs) * 2 * self.lanes } else { 0 }
    }

    /// # Safety
    /// As [`Memory`].
    #[inline(always)]
    pub unsafe fn run_item<V: Vector>(&self, memory: &Memory, item: usize) {
        let [height, width, inputs, outputs] = self.shape;
        let taps = height * width;
        let group = self.groups[item];
        let lanes = group.vectors * self.lanes;
        let (rows, columns) = if self.is_turned { (outputs, inputs) } else { (inputs, outputs) };
        // SAFETY: as [`Memory`]; groups lie one behind the other, and the item's is its own.
        unsafe {
            let filter = memory.read(self.filter, 0, taps * inputs * outputs);
            let packed = match self.is_winograd {
                true => memory.scratch(0, taps * rows * lanes),
                false => memory.write(self.output, group.at, taps * rows * lanes),
            };
            for (index, row) in packed.chunks_exact_mut(lanes).enumerate() {
                let (tap, channel) = (self.taps[index / rows], index % rows);
                row.fill(0.0);
                let count = lanes.min(columns - group.first);
                if self.is_turned {
                    let from = tap * inputs * outputs + group.first * outputs + channel;
                    for (lane, value) in row[..count].iter_mut().enumerate() {
                        *value = filter[from + lane * outputs];
                    }
                } else {
                    let from = (tap * inputs + channel) * outputs + group.first;
                    row[..count].copy_from_slice(&filter[from..from + count]);
                }
            }
            if self.is_winograd {
                let transformed = memory.write(self.output, group.at, POSITIONS * rows * lanes);
                transform_filters::<V>(packed, transformed, rows, lanes);
            }
        }
    }
}

/// What is done with a picture while it is in the cache.
#[derive(Default)]
pub struct Epilogue {
    /// By channel.
    pub bias: Option<usize>,
    pub residual: Option<usize>,
    pub is_relu: bool,
    /// Zero where this value is not above zero.
    pub mask: Option<usize>,
    pub moments: Option<Moments>,
    pub gradient_sums: Option<GradientSums>,
}

pub struct Convolution {
    pub input: Source,
    pub filters: usize,
    pub output: usize,
    pub canvas: Canvas,
    /// On the canvas, from one output pixel of a phase to the next.
    pub strides: [usize; 2],
    pub out: Vectors,
    pub groups: Vec<Group>,
    pub phases: Vec<Phase>,
    /// From one output pixel of a phase to the next.
    pub spread: [usize; 2],
    pub tiles: [&'static [TileKernel]; 2],
    pub epilogue: Epilogue,
}

impl Convolution {
    pub fn new(
        input: Source,
        [filters, output]: [usize; 2],
        canvas: Canvas,
        kernel: [usize; 2],
        strides: [usize; 2],
        out: [usize; 3],
        isa: &'static Isa,
    ) -> Convolution {
        let channels = canvas.picture[2];
        let (groups, _) = groups(out[2], isa.lanes, kernel[0] * kernel[1] * channels);
        Convolution {
            input,
            filters,
            output,
            canvas,
            strides,
            out: Vectors { picture: out, lanes: isa.lanes },
            groups,
            phases: vec![Phase::whole(&canvas, kernel, [out[0], out[1]], isa.max_pixels())],
            spread: [1, 1],
            tiles: isa.tiles(FLOAT, Walk::Dynamic, false),
            epilogue: Epilogue::default(),
        }
    }

    /// The gradient of another's picture, whose steps were of `strides` pixels.
    pub fn of_gradient(
        input: Source,
        ids: [usize; 2],
        gradient: Gradient,
        kernel: [usize; 2],
        strides: [usize; 2],
        out: [usize; 3],
        isa: &'static Isa,
    ) -> Convolution {
        let Gradient { canvas, phases, .. } = gradient;
        let whole = Convolution::new(input, ids, canvas, kernel, [1, 1], out, isa);
        Convolution { phases, spread: strides, ..whole }
    }

    pub fn scratch(&self) -> usize {
        self.out.scratch_with(&self.canvas)
    }

    /// Of a picture: the zeros of the canvas are multiplied as well.
    pub fn multiply_adds(&self) -> f64 {
        (self.phases.iter().map(Phase::products).sum::<usize>() * self.out.padded_channels()) as f64
    }

    /// # Safety
    /// As [`Memory`] and [`Vector`].
    #[inline(always)]
    pub unsafe fn run_item<V: Vector>(&self, memory: &Memory, item: usize) {
        let [height, width, channels] = self.out.picture;
        let length = height * width * channels;
        // SAFETY: as [`Memory`]; an item's picture is its own, and scratch has the canvas and then the padded copy.
        unsafe {
            let canvas = self.canvas.lay::<V>(memory, &self.input, item);
            let output = memory.write(self.output, item * length, length);
            if self.out.is_ragged() {
                let padded = self.out.padded_channels();
                let scratch = memory.scratch(Vectors::start(&self.canvas), self.out.padded_length());
                self.convolve::<V>(canvas, memory.at(self.filters), scratch.as_mut_ptr(), padded);
                for (to, from) in output.chunks_exact_mut(channels).zip(scratch.chunks_exact(padded)) {
                    to.copy_from_slice(&from[..channels]);
                }
            } else {
                self.convolve::<V>(canvas, memory.at(self.filters), output.as_mut_ptr(), channels);
            }
            self.epilogue.run::<V>(memory, item, output, channels);
        }
    }

    /// # Safety
    /// As [`Vector`]; canvas, filters and output must be what the layer says.
    #[inline(always)]
    unsafe fn convolve<V: Vector>(&self, canvas: *const f32, filters: *const f32, output: *mut f32, pixel: usize) {
        let [_, width, _] = self.out.picture;
        if self.phases.iter().any(Phase::is_empty) {
            // SAFETY: the output has so many numbers.
            unsafe { output.write_bytes(0, self.out.picture[0] * width * pixel) };
        }
        for group in &self.groups {
            for phase in self.phases.iter().filter(|phase| !phase.is_empty()) {
                // SAFETY: the caller's word; groups cover the output's channels.
                unsafe {
                    let weights = filters.add(group.at + phase.rows * group.vectors * V::LANES);
                    let first = output.add((phase.first[0] * width + phase.first[1]) * pixel + group.first);
                    self.convolve_phase::<V>(phase, group.vectors, canvas.add(phase.from), weights, first, pixel);
                }
            }
        }
    }

    /// # Safety
    /// As [`Convolution::convolve`], for a group's weights of the phase, and the phase's first pixels.
    #[inline(always)]
    unsafe fn convolve_phase<V: Vector>(
        &self,
        phase: &Phase,
        vectors: usize,
        canvas: *const f32,
        weights: *const f32,
        output: *mut f32,
        pixel: usize,
    ) {
        let kernels = self.tiles[vectors - 1];
        let dynamic = DynamicStrides {
            input_pixel: self.strides[1] * self.canvas.picture[2],
            output_pixel: self.spread[1] * pixel,
            residual_pixel: 0,
            words: phase.words,
        };
        let output_row = self.spread[0] * self.out.picture[1] * pixel;
        for y in 0..phase.size[0] {
            let mut x = 0;
            for &pixels in &phase.parts {
                // SAFETY: parts cover the phase's row; the canvas has what their taps reach.
                unsafe {
                    let args = TileArgs {
                        input: canvas.add(y * self.strides[0] * self.canvas.row() + x * dynamic.input_pixel),
                        input_plane: 0,
                        blocks: 1,
                        taps: phase.taps.as_ptr(),
                        tap_count: phase.taps.len(),
                        weights,
                        output: output.add(y * output_row + x * dynamic.output_pixel),
                        output_plane: V::LANES,
                        bias: null(),
                        scales: null(),
                        accumulate: false,
                        residual: null(),
                        residual_plane: 0,
                        clamp: Clamp::NONE,
                        ahead: Ahead::nothing(weights),
                        dynamic,
                    };
                    kernels[pixels - 1](&args);
                }
                x += pixels;
            }
        }
    }
}

impl Epilogue {
    /// # Safety
    /// As [`Memory`]; `output` must be the item's part of what the convolution computes.
    #[inline(always)]
    unsafe fn run<V: Vector>(&self, memory: &Memory, item: usize, output: &mut [f32], channels: usize) {
        let from = item * output.len();
        // SAFETY: as [`Memory`]; these values have the output's shape, or a number for each channel.
        unsafe {
            if let Some(id) = self.bias {
                let bias = memory.read(id, 0, channels);
                for pixel in output.chunks_exact_mut(channels) {
                    for (value, bias) in pixel.iter_mut().zip(bias) {
                        *value += bias;
                    }
                }
            }
            if let Some(id) = self.residual {
                let residual = memory.read(id, from, output.len());
                for (value, residual) in output.iter_mut().zip(residual) {
                    *value += residual;
                }
            }
            if self.is_relu {
                for value in output.iter_mut() {
                    *value = at_least(*value, 0.0);
                }
            }
            self.run_after_sums::<V>(memory, item, output);
        }
    }

    /// What is left where bias, residual and ReLU are done.
    ///
    /// # Safety
    /// As [`Memory`].
    #[inline(always)]
    pub unsafe fn run_after_sums<V: Vector>(&self, memory: &Memory, item: usize, output: &mut [f32]) {
        let from = item * output.len();
        // SAFETY: as [`Memory`]; the mask is of the output's shape.
        unsafe {
            if let Some(id) = self.mask {
                let mask = memory.read(id, from, output.len());
                for (value, mask) in output.iter_mut().zip(mask) {
                    *value = if *mask > 0.0 { *value } else { 0.0 };
                }
            }
            if let Some(moments) = &self.moments {
                moments.run_item::<V>(memory, item);
            }
            if let Some(sums) = &self.gradient_sums {
                sums.run_item::<V>(memory, item);
            }
        }
    }
}
