//! Convolutions whose filters are values, and their gradients with respect to the picture, which are the same over the
//! output's gradient with the filters turned round: by phases, where the convolution had a stride.

use super::batch_norm::{GradientSums, Moments};
use super::canvas::{Canvas, Source};
use super::phases::{Gradient, Phase};
use super::slots::{Memory, Numbers};
use super::vectors::Vectors;
use super::winograd::{POSITIONS, transform_filters};
use crate::format::Format;
use crate::isa::{Isa, Walk};
use crate::simd::Vector;
use crate::simd::one::One;
use crate::tile::{Ahead, BFLOAT, Clamp, DynamicStrides, FLOAT, TileArgs, TileKernel};
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

/// Puts HWIO filters into the order in which the micro-kernel reads them: `[tap, in, lane]` for each group, a word being one
/// input channel or two, or `[position, in, lane]` by Winograd's transform.
pub struct PackFilters {
    pub filter: usize,
    pub output: usize,
    /// `[h, w, in, out]` of the filter.
    pub shape: [usize; 4],
    /// Which tap lies at each place.
    pub taps: Vec<usize>,
    /// For the gradient: in and out change places.
    pub is_turned: bool,
    pub form: Form,
    pub groups: Vec<Group>,
    pub lanes: usize,
}

/// What filters are packed for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Form {
    /// Of numbers in this format.
    Direct(Format),
    Winograd,
}

impl Form {
    /// Planes of the packed filter, where it has so many taps.
    pub fn planes(self, taps: usize) -> usize {
        if self == Form::Winograd { POSITIONS } else { taps }
    }

    /// Numbers in a word of it.
    pub fn per_word(self) -> usize {
        match self {
            Form::Direct(format) => format.per_word(),
            Form::Winograd => 1,
        }
    }
}

impl PackFilters {
    /// The filters of a group before they are transformed or rounded.
    pub fn scratch(&self) -> usize {
        let [height, width, inputs, outputs] = self.shape;
        match self.form {
            Form::Direct(Format::Float) => 0,
            _ => height * width * inputs.max(outputs) * 2 * self.lanes,
        }
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
            let packed = match self.form {
                Form::Direct(Format::Float) => memory.write(self.output, group.at, taps * rows * lanes),
                _ => memory.scratch(0, taps * rows * lanes),
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
            match self.form {
                Form::Direct(Format::Float) => {}
                Form::Direct(_) => {
                    let pairs = memory.write(self.output, group.at, taps * rows * lanes / 2);
                    for (to, from) in pairs.chunks_exact_mut(lanes).zip(packed.chunks_exact(2 * lanes)) {
                        for lane in (0..lanes).step_by(V::LANES) {
                            let (low, high) = (from.as_ptr().add(lane), from.as_ptr().add(lanes + lane));
                            V::load(low).join_bfloat(V::load(high)).store(to.as_mut_ptr().add(lane));
                        }
                    }
                }
                Form::Winograd => {
                    let transformed = memory.write(self.output, group.at, POSITIONS * rows * lanes);
                    transform_filters::<V>(packed, transformed, rows, lanes);
                }
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
    /// Of the canvas and of the filters.
    pub format: Format,
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
        format: Format,
        [filters, output]: [usize; 2],
        canvas: Canvas,
        [kernel, strides]: [[usize; 2]; 2],
        out: [usize; 3],
        isa: &'static Isa,
    ) -> Convolution {
        let per_word = format.per_word();
        let (groups, _) = groups(out[2], isa.lanes, kernel[0] * kernel[1] * canvas.picture[2] / per_word);
        let whole = Phase::whole(&canvas, kernel, [out[0], out[1]], isa.max_pixels());
        Convolution {
            input,
            format,
            filters,
            output,
            canvas,
            strides,
            out: Vectors { picture: out, lanes: isa.lanes },
            groups,
            phases: vec![whole.in_words(per_word)],
            spread: [1, 1],
            tiles: isa.tiles(if format == Format::Float { FLOAT } else { BFLOAT }, Walk::Dynamic, false),
            epilogue: Epilogue::default(),
        }
    }

    /// The gradient of another's picture, whose steps were of `strides` pixels.
    pub fn of_gradient(
        input: Source,
        format: Format,
        ids: [usize; 2],
        gradient: Gradient,
        [kernel, strides]: [[usize; 2]; 2],
        out: [usize; 3],
        isa: &'static Isa,
    ) -> Convolution {
        let Gradient { canvas, phases, .. } = gradient;
        let whole = Convolution::new(input, format, ids, canvas, [kernel, [1, 1]], out, isa);
        let phases = phases.into_iter().map(|phase| phase.in_words(format.per_word())).collect();
        Convolution { phases, spread: strides, ..whole }
    }

    /// The canvas, and behind it the padded copy or a tile's sums.
    pub fn scratch(&self) -> usize {
        self.out.scratch_with(&self.canvas).max(Vectors::start(&self.canvas) + self.tile_length())
    }

    fn tile_length(&self) -> usize {
        2 * self.tiles[1].len() * self.out.lanes
    }

    /// Of a picture: the zeros of the canvas are multiplied as well.
    pub fn multiply_adds(&self) -> f64 {
        let words: usize = self.phases.iter().map(Phase::products).sum();
        (words * self.format.per_word() * self.out.padded_channels()) as f64
    }

    /// # Safety
    /// As [`Memory`] and [`Vector`].
    #[inline(always)]
    pub unsafe fn run_item<V: Vector>(&self, memory: &Memory, item: usize) {
        let [height, width, channels] = self.out.picture;
        let from = item * height * width * channels;
        // SAFETY: as [`Memory`]; an item's picture is its own, and scratch has the canvas and then the padded copy or a tile.
        unsafe {
            let canvas = self.canvas.lay::<V>(memory, &self.input, item, self.format);
            let filters = memory.at(self.filters);
            let output = memory.numbers(self.output, from);
            let behind = memory.context.scratch.add(Vectors::start(&self.canvas));
            let ending = self.epilogue.ending(memory, from, output);
            match output.floats() {
                Some(floats) if self.out.is_ragged() => {
                    let padded = self.out.padded_channels();
                    self.convolve::<V>(canvas, filters, Target::Floats { to: behind, pixel: padded });
                    for pixel in 0..height * width {
                        floats.add(pixel * channels).copy_from_nonoverlapping(behind.add(pixel * padded), channels);
                    }
                    ending.run::<V>(height * width, channels);
                }
                Some(to) => {
                    self.convolve::<V>(canvas, filters, Target::Floats { to, pixel: channels });
                    ending.run::<V>(height * width, channels);
                }
                None => self.convolve::<V>(canvas, filters, Target::Tiles { tile: behind, ending: &ending }),
            }
            self.epilogue.run_sums::<V>(memory, item);
        }
    }

    /// # Safety
    /// As [`Vector`]; canvas, filters and output must be what the layer says.
    #[inline(always)]
    unsafe fn convolve<V: Vector>(&self, canvas: *const f32, filters: *const f32, target: Target) {
        let [height, width, channels] = self.out.picture;
        if self.phases.iter().any(Phase::is_empty) {
            // SAFETY: the output has so many numbers.
            unsafe {
                match target {
                    Target::Floats { to, pixel } => to.write_bytes(0, height * width * pixel),
                    Target::Tiles { ending, .. } => {
                        for c in (0..channels).step_by(V::LANES) {
                            for pixel in 0..height * width {
                                ending.store(pixel * channels + c, c, V::splat(0.0));
                            }
                        }
                    }
                }
            }
        }
        for group in &self.groups {
            for phase in self.phases.iter().filter(|phase| !phase.is_empty()) {
                // SAFETY: the caller's word; groups cover the output's channels.
                unsafe {
                    let weights = filters.add(group.at + phase.rows * group.vectors * V::LANES);
                    self.convolve_phase::<V>(phase, group, canvas.add(phase.from), weights, target);
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
        group: &Group,
        canvas: *const f32,
        weights: *const f32,
        target: Target,
    ) {
        let [_, width, channels] = self.out.picture;
        let kernels = self.tiles[group.vectors - 1];
        let pixel = match target {
            Target::Floats { pixel, .. } => pixel,
            Target::Tiles { .. } => channels,
        };
        let mut dynamic = DynamicStrides {
            input_pixel: self.strides[1] * self.canvas.picture[2] / self.format.per_word(),
            output_pixel: self.spread[1] * pixel,
            residual_pixel: 0,
            words: phase.words,
        };
        if let Target::Tiles { .. } = target {
            dynamic.output_pixel = 2 * V::LANES;
        }
        let input_row = self.strides[0] * self.canvas.row() / self.format.per_word();
        let first = (phase.first[0] * width + phase.first[1]) * pixel + group.first;
        for y in 0..phase.size[0] {
            let mut x = 0;
            for &pixels in &phase.parts {
                let at = first + (y * self.spread[0] * width + x * self.spread[1]) * pixel;
                // SAFETY: parts cover the phase's row; the canvas has what their taps reach.
                unsafe {
                    let args = TileArgs {
                        input: canvas.add(y * input_row + x * dynamic.input_pixel),
                        input_plane: 0,
                        blocks: 1,
                        taps: phase.taps.as_ptr(),
                        tap_count: phase.taps.len(),
                        weights,
                        output: match target {
                            Target::Floats { to, .. } => to.add(at),
                            Target::Tiles { tile, .. } => tile,
                        },
                        output_plane: V::LANES,
                        bias: null(),
                        scales: null(),
                        accumulate: false,
                        residual: null(),
                        residual_plane: 0,
                        clamp: Clamp::NONE,
                        ahead: Ahead::nothing(weights),
                        #[cfg(target_arch = "x86_64")]
                        rests: crate::tile::Rests::NONE,
                        #[cfg(target_arch = "x86_64")]
                        in_bytes: None,
                        #[cfg(target_arch = "x86_64")]
                        in_bfloat: false,
                        #[cfg(target_arch = "x86_64")]
                        tiles: 1,
                        dynamic,
                    };
                    kernels[pixels - 1](&args);
                    if let Target::Tiles { tile, ending } = target {
                        for i in 0..pixels {
                            for v in (0..group.vectors).map(|v| v * V::LANES) {
                                let sum = V::load(tile.add(i * dynamic.output_pixel + v));
                                ending.store(at + i * self.spread[1] * pixel + v, group.first + v, sum);
                            }
                        }
                    }
                }
                x += pixels;
            }
        }
    }
}

/// Where a convolution's sums go.
#[derive(Clone, Copy)]
enum Target<'a> {
    /// Pixels that are so many floats apart, as they are.
    Floats { to: *mut f32, pixel: usize },
    /// Tile by tile to where they are ended and rounded from.
    Tiles { tile: *mut f32, ending: &'a Ending },
}

impl Epilogue {
    /// What ends the numbers of the value from `from` on, which are `output`.
    ///
    /// # Safety
    /// As [`Memory`]; these values have the output's shape, or a number for each channel.
    #[inline(always)]
    unsafe fn ending(&self, memory: &Memory, from: usize, output: Numbers) -> Ending {
        // SAFETY: the caller's word.
        unsafe {
            Ending {
                bias: self.bias.map(|id| memory.at(id).cast_const()),
                residual: self.residual.map(|id| memory.numbers(id, from)),
                floor: if self.is_relu { 0.0 } else { f32::NEG_INFINITY },
                mask: self.mask.map(|id| memory.numbers(id, from)),
                output,
            }
        }
    }

    /// The mask and the sums of a picture of `rows`, where bias, residual and ReLU are done.
    ///
    /// # Safety
    /// As [`Memory`].
    #[inline(always)]
    pub unsafe fn run_after_sums<V: Vector>(&self, memory: &Memory, item: usize, output: usize, out: [usize; 3]) {
        let from = item * out.iter().product::<usize>();
        // SAFETY: as [`Memory`]; the mask is of the output's shape.
        unsafe {
            let rest = Epilogue { mask: self.mask, ..Epilogue::default() };
            rest.ending(memory, from, memory.numbers(output, from)).run::<V>(out[0] * out[1], out[2]);
            self.run_sums::<V>(memory, item);
        }
    }

    /// # Safety
    /// As [`Memory`].
    #[inline(always)]
    unsafe fn run_sums<V: Vector>(&self, memory: &Memory, item: usize) {
        // SAFETY: as [`Memory`].
        unsafe {
            if let Some(moments) = &self.moments {
                moments.run_item::<V>(memory, item);
            }
            if let Some(sums) = &self.gradient_sums {
                sums.run_item::<V>(memory, item);
            }
        }
    }
}

/// What is done with each sum before it is stored.
#[derive(Clone, Copy)]
struct Ending {
    bias: Option<*const f32>,
    residual: Option<Numbers>,
    floor: f32,
    mask: Option<Numbers>,
    output: Numbers,
}

impl Ending {
    /// # Safety
    /// As [`Vector`]; the numbers at `at`, of the channels from `c` on, must be there.
    #[inline(always)]
    unsafe fn store<V: Vector>(&self, at: usize, c: usize, mut sum: V) {
        // SAFETY: the caller's word.
        unsafe {
            if let Some(bias) = self.bias {
                sum = sum.add(V::load(bias.add(c)));
            }
            if let Some(residual) = self.residual {
                sum = sum.add(residual.load(at));
            }
            sum = sum.at_least(V::splat(self.floor));
            if let Some(mask) = self.mask {
                sum = sum.where_above_zero(mask.load(at));
            }
            self.output.store(at, sum);
        }
    }

    /// Does it with sums that are stored already.
    ///
    /// # Safety
    /// As [`Ending::store`], for all pixels and channels.
    #[inline(always)]
    unsafe fn run<V: Vector>(&self, pixels: usize, channels: usize) {
        let is_nothing = self.bias.is_none() && self.residual.is_none() && self.mask.is_none() && self.floor != 0.0;
        if is_nothing {
            return;
        }
        let residual = self.residual.unwrap_or(self.output);
        let mask = self.mask.unwrap_or(self.output);
        // SAFETY: the caller's word.
        unsafe {
            match [residual, mask, self.output].map(|numbers| numbers.is_narrow()) {
                [false, false, false] => self.known::<false>().run_known::<V>(pixels, channels),
                [true, true, true] => self.known::<true>().run_known::<V>(pixels, channels),
                _ => self.run_known::<V>(pixels, channels),
            }
        }
    }

    #[inline(always)]
    fn known<const IS_NARROW: bool>(self) -> Ending {
        Ending {
            residual: self.residual.map(|numbers| numbers.known::<IS_NARROW>()),
            mask: self.mask.map(|numbers| numbers.known::<IS_NARROW>()),
            output: self.output.known::<IS_NARROW>(),
            ..self
        }
    }

    /// # Safety
    /// As [`Ending::run`].
    #[inline(always)]
    unsafe fn run_known<V: Vector>(&self, pixels: usize, channels: usize) {
        let vectors = channels - channels % V::LANES;
        for first in (0..pixels * channels).step_by(channels) {
            // SAFETY: the caller's word; vectors end with the pixel.
            unsafe {
                for c in (0..vectors).step_by(V::LANES) {
                    self.store(first + c, c, self.output.load::<V>(first + c));
                }
                for c in vectors..channels {
                    self.store(first + c, c, self.output.load::<One>(first + c));
                }
            }
        }
    }
}
