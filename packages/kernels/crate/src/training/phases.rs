//! Which taps of a filter meet which pixels of a result. The gradient of a convolution with a stride is a convolution over
//! the output's gradient with zeros between its pixels; a pixel of it meets the same taps as all that are whole strides
//! away, and other taps meet zeros. So it is as many convolutions without zeros as there are pixels in a stride.

use super::canvas::Canvas;
use crate::layout::even_parts;

/// Output pixels that meet the same taps.
#[derive(Clone, Debug)]
pub struct Phase {
    /// The first row and column of them.
    pub first: [usize; 2],
    /// How many rows and columns.
    pub size: [usize; 2],
    /// The word of the canvas under the first tap of the first pixel.
    pub from: usize,
    /// Distances of its taps' rows on the canvas.
    pub taps: Vec<usize>,
    /// Words that a row of its taps meets.
    pub words: usize,
    /// Rows of the packed filters before its own.
    pub rows: usize,
    /// Output pixels at a time, that make up a row.
    pub parts: Vec<usize>,
}

impl Phase {
    /// All pixels of a convolution.
    pub fn whole(canvas: &Canvas, kernel: [usize; 2], out: [usize; 2], most: usize) -> Phase {
        Phase {
            first: [0, 0],
            size: out,
            from: 0,
            taps: (0..kernel[0]).map(|row| row * canvas.row()).collect(),
            words: kernel[1] * canvas.picture[2],
            rows: 0,
            parts: even_parts(out[1], most),
        }
    }

    /// The same with distances in words of so many numbers, which its pixels fill.
    pub fn in_words(self, per_word: usize) -> Phase {
        Phase {
            from: self.from / per_word,
            taps: self.taps.iter().map(|tap| tap / per_word).collect(),
            words: self.words / per_word,
            rows: self.rows / per_word,
            ..self
        }
    }

    /// Whether no tap meets anything.
    pub fn is_empty(&self) -> bool {
        self.taps.is_empty() || self.words == 0
    }

    /// Words that are multiplied for an output channel.
    pub fn products(&self) -> usize {
        self.size[0] * self.size[1] * self.taps.len() * self.words
    }
}

/// The gradient of a convolution's picture: what lies where on which canvas, and the order of the filter's taps.
pub struct Gradient {
    pub canvas: Canvas,
    pub phases: Vec<Phase>,
    pub taps: Vec<usize>,
}

impl Gradient {
    /// Of a convolution with such an output, over a picture of `input` rows and columns; nothing where it was padded by
    /// more than its filter reaches. Tiles have at most so many pixels.
    pub fn new(
        output: [usize; 3],
        kernel: [usize; 2],
        strides: [usize; 2],
        pad: [usize; 2],
        input: [usize; 2],
        most: usize,
    ) -> Option<Gradient> {
        let sides = [0, 1].map(|axis| Side::all(kernel[axis], strides[axis], pad[axis], input[axis]));
        let [rows, columns] = [sides[0].as_ref()?, sides[1].as_ref()?];
        let (canvas_rows, canvas_columns) = (extent(rows), extent(columns));
        let canvas = Canvas {
            picture: output,
            size: [canvas_rows.1, canvas_columns.1],
            offset: [canvas_rows.0, canvas_columns.0],
        };
        let channels = output[2];
        let (mut phases, mut taps) = (Vec::new(), Vec::new());
        for (y, row) in rows.iter().enumerate() {
            for (x, column) in columns.iter().enumerate() {
                let at = |side: &Side, offset: usize| (side.from + offset as isize).max(0) as usize;
                phases.push(Phase {
                    first: [y, x],
                    size: [row.count, column.count],
                    from: at(row, canvas.offset[0]) * canvas.row() + at(column, canvas.offset[1]) * channels,
                    taps: (0..row.taps.len()).map(|tap| tap * canvas.row()).collect(),
                    words: column.taps.len() * channels,
                    rows: taps.len() * channels,
                    parts: even_parts(column.count, most),
                });
                // The filter is turned round.
                let turned = |[y, x]: [usize; 2]| (kernel[0] - 1 - y) * kernel[1] + kernel[1] - 1 - x;
                taps.extend(row.taps.iter().flat_map(|y| column.taps.iter().map(move |x| turned([*y, *x]))));
            }
        }
        phases.retain(|phase| !phase.size.contains(&0));
        Some(Gradient { canvas, phases, taps })
    }
}

/// A phase along one axis.
struct Side {
    count: usize,
    /// Of the filter turned round.
    taps: Vec<usize>,
    /// The row of the output's gradient under the first tap of the first pixel; before it where negative.
    from: isize,
}

impl Side {
    fn all(kernel: usize, stride: usize, pad: usize, input: usize) -> Option<Vec<Side>> {
        // With zeros in between, the first row of the output's gradient would lie here.
        let offset = (kernel - 1).checked_sub(pad)?;
        let side = |phase: usize| {
            let first = (offset + stride - phase % stride) % stride;
            Side {
                count: input.saturating_sub(phase).div_ceil(stride),
                taps: (first..kernel).step_by(stride).collect(),
                from: ((phase + first) as isize - offset as isize) / stride as isize,
            }
        };
        Some((0..stride).map(side).collect())
    }
}

/// How far the first row lies from the canvas' edge, and the rows of the canvas.
fn extent(sides: &[Side]) -> (usize, usize) {
    let met = || sides.iter().filter(|side| !side.taps.is_empty() && side.count > 0);
    let offset = met().map(|side| -side.from).max().unwrap_or(0).max(0);
    let end = |side: &Side| side.from + offset + (side.count + side.taps.len() - 1) as isize;
    (offset as usize, met().map(end).max().unwrap_or(0) as usize)
}
