//! Which convolutions at stride 2 go by minimal filtering. Measured with AVX2 and AVX-512; others have them only where a
//! measurement on the machine chooses them.

use super::{Algorithm, Options};
use crate::format::Format;
use crate::lower::Conv;

/// What a float read from memory costs in multiply-adds.
const READ: f64 = 8.0;

/// The stem of the ImageNet nets, of three channels side by side.
pub(super) fn can_be_stem(conv: &Conv, channels: usize) -> bool {
    channels == 3 && conv.kernel == [7, 7] && can_be_strided(conv, Format::Float)
}

pub(super) fn can_be_strided(conv: &Conv, format: Format) -> bool {
    conv.strides == [2, 2] && conv.dilations == [1, 1] && conv.groups == 1 && format == Format::Float
}

/// Of a 3×3 convolution that [`can_be_strided`]: F(2×2), by multiply-adds and floats read, as at stride 1.
pub(super) fn choose_strided([input, output]: [[usize; 4]; 2], options: Options) -> Algorithm {
    let [images, height, width, out] = output;
    let pixels = (images * height * width) as f64;
    let squares = (images * height.div_ceil(2) * width.div_ceil(2)) as f64;
    let transforms = 70.0 / out as f64 + 28.0 / input[3] as f64;
    let pays = squares * (25.0 + transforms) + 25.0 * READ < 9.0 * (pixels + READ);
    either(Algorithm::Winograd(2), pays, options)
}

/// Of a [`can_be_stem`]: F(4×4). It multiplies 169 times instead of 784, at a speed and with transforms that make
/// it 0.64 of the time.
pub(super) fn choose_stem([images, height, width, _]: [usize; 4], options: Options) -> Algorithm {
    const OF_DIRECT: f64 = 0.64;
    let squares = images * height.div_ceil(4) * width.div_ceil(4);
    let pays = 16.0 * OF_DIRECT * (squares as f64) < (images * height * width) as f64;
    either(Algorithm::Winograd(4), pays, options)
}

fn either(way: Algorithm, pays: bool, options: Options) -> Algorithm {
    match options.algorithm {
        Some(Algorithm::Winograd(_)) => way,
        None if pays && matches!(options.isa.name, "avx2" | "avx512") => way,
        _ => Algorithm::Direct,
    }
}
