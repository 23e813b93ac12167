//! The stem of the ImageNet nets in bytes: 7×7 at stride 2 over three channels. A word of four bytes that are multiplied
//! together has to be channels of one pixel elsewhere; here twelve bytes, the channels of four neighbouring pixels, are three
//! words, and a row of seven taps is two such windows. So 168 products are done for 147 of each output, where four bytes to a
//! pixel would make 196.

use crate::format::Format;
use crate::graph::ValueId;
use crate::layout::Layout;
use crate::lower::{Conv, Kind, Lowered};
use crate::moves::has_non_finite;
use crate::program::Context;
use crate::simd::Vector;
use crate::weights::TapWindow;

const CHANNELS: usize = 3;
/// Pixels of a window.
const PIXELS: usize = 4;

/// The only reader of a picture, where it is such a stem.
pub fn stem_of<'l, 'a>(lowered: &'l Lowered<'a>, id: ValueId) -> Option<&'l Conv<'a>> {
    let mut readers = lowered.operations.iter().filter(|operation| operation.inputs.contains(&id));
    match (readers.next(), readers.next()) {
        (Some(reader), None) if lowered.shapes[id][3] == CHANNELS && reader.inputs.get(1) != Some(&id) => {
            let Kind::Conv(conv) = &reader.kind else { return None };
            let Conv { kernel, strides, dilations, groups, .. } = conv;
            (*kernel == [7, 7] && *strides == [2, 2] && *dilations == [1, 1] && *groups == 1).then_some(conv)
        }
        _ => None,
    }
}

/// The same convolution over windows: neighbouring outputs read neighbouring windows, and the two of a row lie two apart.
/// With the channels of a window, and what taps it has.
pub fn over_windows<'a>(conv: &Conv<'a>, channels: usize) -> (Conv<'a>, usize, TapWindow) {
    let window = TapWindow { taps: PIXELS, row: conv.kernel[1] };
    let over = Conv {
        kernel: [conv.kernel[0], window.count(conv.kernel[1])],
        strides: [conv.strides[0], 1],
        dilations: [1, PIXELS / conv.strides[1]],
        padding: [conv.padding[0], 0],
        ..*conv
    };
    (over, PIXELS * channels, window)
}

/// A caller's array into windows of bytes.
pub struct PackWindows {
    input: usize,
    output: Layout,
    /// Pixels of a row, and of the border before it.
    width: usize,
    left: usize,
    rejects_non_finite: bool,
    /// What a number becomes a step by, `[factor, offset]` of each channel, and the same for as many numbers as three vectors
    /// have.
    channels: [[f32; 2]; CHANNELS],
    factors: Vec<f32>,
    offsets: Vec<f32>,
}

impl PackWindows {
    /// With `[scale, shift]` of each channel, or nothing.
    pub fn new(
        input: usize,
        output: Layout,
        [width, left]: [usize; 2],
        adjustment: &[[f32; 2]],
        rejects_non_finite: bool,
        lanes: usize,
    ) -> PackWindows {
        let Format::Byte { scale: step, zero } = output.format else { unreachable!() };
        let channels = std::array::from_fn(|channel| {
            let [scale, shift] = adjustment.get(channel).copied().unwrap_or([1.0, 0.0]);
            [scale / step, shift / step + f32::from(zero)]
        });
        let of_vectors = |which: usize| (0..CHANNELS * lanes).map(|i| channels[i % CHANNELS][which]).collect();
        let (factors, offsets) = (of_vectors(0), of_vectors(1));
        PackWindows { input, output, width, left, rejects_non_finite, channels, factors, offsets }
    }

    pub fn items(&self) -> usize {
        self.output.images * self.output.height
    }

    /// Floats of a worker's own memory: a row with its border.
    pub fn scratch(&self) -> usize {
        (2 * self.output.width + PIXELS).max(self.left + self.width) * CHANNELS / 4 + 8
    }

    /// # Safety
    /// As [`Context`], for an item of this layer.
    #[inline(always)]
    pub unsafe fn run_item<V: Vector>(&self, context: &Context, item: usize) {
        let to = &self.output;
        let (image, y) = (item / to.height, item % to.height);
        let length = self.width * CHANNELS;
        let (before, all) = (self.left * CHANNELS, 4 * self.scratch());
        // SAFETY: as [`Context`]; a caller's array has `length` numbers for each item, the scratch has `all` bytes, which are
        // the border, the row, and 16 more than the windows reach, and a row of the output has a window for each of its pixels.
        unsafe {
            let from = std::slice::from_raw_parts((*context.inputs.add(self.input)).add(item * length), length);
            if self.rejects_non_finite && has_non_finite(from) {
                let index = from.iter().position(|x| !x.is_finite()).unwrap_or(0);
                context.report_non_finite(self.input, item * length + index);
            }
            let row = std::slice::from_raw_parts_mut(context.scratch as *mut u8, all);
            let zero = to.format.zero_word() as u8;
            row[..before].fill(zero);
            row[before + length..].fill(zero);
            let row = row.as_mut_ptr();
            let whole = length - length % V::LANES;
            for at in (0..whole).step_by(V::LANES) {
                let phase = at % (CHANNELS * V::LANES);
                let (factor, offset) =
                    (V::load(self.factors.as_ptr().add(phase)), V::load(self.offsets.as_ptr().add(phase)));
                let steps = V::load(from.as_ptr().add(at)).mul_add(factor, offset);
                // What is infinite would be the least byte.
                steps.at_most(V::splat(255.0)).store_bytes(row.add(before + at));
            }
            for at in whole..length {
                let [factor, offset] = self.channels[at % CHANNELS];
                let step = from[at].mul_add(factor, offset).round_ties_even();
                *row.add(before + at) = step.clamp(0.0, 255.0) as u8;
            }
            let into = context.activations.add(to.origin() + image * to.image + y * to.row) as *mut u8;
            const WINDOW: usize = PIXELS * CHANNELS;
            // What is written beyond a window is the next one's place.
            for column in 0..to.width - 1 {
                std::ptr::copy_nonoverlapping(row.add(column * WINDOW / 2), into.add(column * WINDOW), 16);
            }
            let last = to.width - 1;
            std::ptr::copy_nonoverlapping(row.add(last * WINDOW / 2), into.add(last * WINDOW), WINDOW);
        }
    }
}
