//! How each convolution is computed.

use super::Options;
#[cfg(not(target_arch = "wasm32"))]
use super::strided::{can_be_strided, choose_strided};
use crate::format::Format;
use crate::layout::Border;
use crate::lower::Conv;
use crate::precision::IS_REDUCIBLE;

/// How a convolution is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Algorithm {
    Direct,
    Winograd(usize),
    /// On a matrix unit, where the instruction set has one.
    Matrix,
}

/// How a convolution is computed, in all that may be chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    pub algorithm: Algorithm,
    /// Prefetches where the model would not, or not where it would.
    pub prefetches_otherwise: bool,
    /// Divided by output channels where the model would divide by pixels, or the reverse.
    pub divides_otherwise: bool,
    /// Divided by pixels, items are twice as large.
    pub has_large_items: bool,
}

impl Choice {
    /// All else as the model has it.
    pub fn of(algorithm: Algorithm) -> Choice {
        Choice { algorithm, prefetches_otherwise: false, divides_otherwise: false, has_large_items: false }
    }
}

/// Narrow input goes to a matrix unit by windows, whose rows of taps must lie side by side.
pub(super) fn can_be_matrix(conv: &Conv, is_narrow: bool) -> bool {
    conv.groups == 1 && (!is_narrow || conv.dilations[1] == 1)
}

pub(super) fn can_be_winograd(conv: &Conv, format: Format, options: Options) -> bool {
    // Bytes are transformed as whole numbers, where the instruction set multiplies such; in float32 that costs what they save.
    let is_byte = IS_REDUCIBLE && matches!(format, Format::Byte { .. });
    let is_transformed = !is_byte || !options.isa.whole_tiles[0].is_empty();
    #[cfg(not(target_arch = "wasm32"))]
    if conv.kernel == [3, 3] && can_be_strided(conv, format) {
        return true;
    }
    is_transformed && conv.kernel == [3, 3] && conv.strides == [1, 1] && conv.dilations == [1, 1]
}

/// By multiply-adds and floats read from memory, the latter weighted by what a float costs on the CPUs measured.
pub(super) fn choose_algorithm(
    conv: &Conv,
    [input, output]: [[usize; 4]; 2],
    format: Format,
    options: Options,
) -> Algorithm {
    let is_byte = IS_REDUCIBLE && matches!(format, Format::Byte { .. });
    let rate = if is_byte { options.isa.byte_rate } else { format.per_word() as f64 };
    // By `FMLAL`; those that are summed in float16 take 0.5 of it.
    #[cfg(target_arch = "aarch64")]
    let rate = if format == Format::Half { 1.0 } else { rate };
    if !can_be_winograd(conv, format, options) {
        return Algorithm::Direct;
    }
    #[cfg(not(target_arch = "wasm32"))]
    if conv.strides != [1, 1] {
        return choose_strided([input, output], options);
    }
    if let Some(algorithm) = options.algorithm {
        return algorithm;
    }
    const READ: f64 = 8.0;
    /// Of bytes, where direct products take a quarter of float32's time: reading the filters weighs more beside them.
    const READ_BESIDE_QUICK: f64 = 12.0;
    let [images, height, width, out] = output;
    let inputs = (input[3] / conv.groups).max(options.isa.lanes) as f64;
    let squares = |m: usize| (images * height.div_ceil(m) * width.div_ceil(m)) as f64;
    let transforms = |per_input: f64, per_output: f64| per_input / out as f64 + per_output / inputs;
    // Two numbers of 16 bits take the place of one.
    let whole = if is_byte { 2.0 } else { 1.0 };
    let read = if is_byte && rate >= 4.0 { READ_BESIDE_QUICK } else { READ };
    let narrow = if format == Format::Bfloat { 2.0 } else { whole };
    #[cfg(target_arch = "aarch64")]
    let stored = if format == Format::Half { 2.0 } else { narrow };
    #[cfg(not(target_arch = "aarch64"))]
    let stored = narrow;
    let candidates = [
        (Algorithm::Direct, 9.0 * (images * height * width) as f64 / rate + 9.0 * READ / format.per_word() as f64),
        (Algorithm::Winograd(2), squares(2) * (16.0 / narrow + transforms(64.0, 40.0)) + 16.0 * read / stored),
        (Algorithm::Winograd(4), squares(4) * (36.0 / whole + transforms(150.0, 130.0)) + 36.0 * read / whole),
    ];
    candidates.into_iter().min_by(|a, b| a.1.total_cmp(&b.1)).map_or(Algorithm::Direct, |best| best.0)
}

/// Rows or columns of the padded input that so many of the output's read.
pub(super) fn reach(conv: &Conv, axis: usize, count: usize) -> usize {
    (count - 1) * conv.strides[axis] + (conv.kernel[axis] - 1) * conv.dilations[axis] + 1
}

/// The zeros that a convolution reads around its input.
pub(super) fn border(conv: &Conv, algorithm: Algorithm, input: [usize; 4], output: [usize; 4]) -> Border {
    let beyond = |axis: usize| {
        let (size, count) = (input[1 + axis], output[1 + axis]);
        let read = match algorithm {
            Algorithm::Direct | Algorithm::Matrix => reach(conv, axis, count),
            Algorithm::Winograd(m) => (count.next_multiple_of(m) - 1) * conv.strides[axis] + conv.kernel[axis],
        };
        read.saturating_sub(conv.padding[axis] + size)
    };
    Border { top: conv.padding[0], bottom: beyond(0), left: conv.padding[1], right: beyond(1) }
}
