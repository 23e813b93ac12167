//! Where values lie in memory: `[image][block of channels][row][pixel][lane]`, a block being one vector of channels.
//! Distances count 32-bit words.
//! Rows and columns beyond the image are zeros that its readers need, so that no kernel checks a bound. They are written
//! once, for the memory of a value with a border is shared only with values of the same layout.

use crate::format::Format;
use crate::precision::IS_REDUCIBLE;

/// Rows and columns of zeros that readers of a value want around it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Border {
    pub top: usize,
    pub bottom: usize,
    pub left: usize,
    pub right: usize,
}

impl Border {
    pub fn union(self, other: Border) -> Border {
        Border {
            top: self.top.max(other.top),
            bottom: self.bottom.max(other.bottom),
            left: self.left.max(other.left),
            right: self.right.max(other.right),
        }
    }
}

/// A value's place: distances are in words, from the start of the arena.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Layout {
    pub images: usize,
    pub height: usize,
    pub width: usize,
    pub channels: usize,
    pub border: Border,
    pub format: Format,
    /// Channels side by side in a pixel: the vector's lanes, or all of them in a narrow value.
    pub block: usize,
    pub blocks: usize,
    pub pixel: usize,
    pub row: usize,
    pub plane: usize,
    pub image: usize,
    pub offset: usize,
}

impl Layout {
    /// A value in blocks of `lanes` channels.
    pub fn blocked(shape: [usize; 4], border: Border, lanes: usize, format: Format) -> Layout {
        Layout::new(shape, border, lanes, format)
    }

    /// A value of few channels, which lie side by side without padding.
    pub fn narrow(shape: [usize; 4], border: Border) -> Layout {
        Layout::new(shape, border, shape[3], Format::Float)
    }

    /// A picture in bytes of a [`crate::windows`]' convolution: a pixel has the channels of four neighbouring ones, and
    /// the next pixel lies two further on, so that a convolution at stride 2 steps from one to the next. Rows have what the border
    /// has left and right of them.
    #[cfg(target_arch = "x86_64")]
    pub fn windows([images, height, width, channels]: [usize; 4], border: Border, format: Format) -> Layout {
        let columns = (border.left + width + border.right).div_ceil(2);
        let border = Border { left: 0, right: 0, ..border };
        let layout = Layout::new([images, height, columns, channels], border, channels, Format::Float);
        Layout { format, ..layout }
    }

    fn new([images, height, width, channels]: [usize; 4], border: Border, block: usize, format: Format) -> Layout {
        let (blocks, pixel) = (channels.div_ceil(block), block / format.per_word());
        let row = (border.left + width + border.right) * pixel;
        let plane = (border.top + height + border.bottom) * row;
        let image = plane * blocks;
        Layout { images, height, width, channels, border, format, block, blocks, pixel, row, plane, image, offset: 0 }
    }

    /// Words from the first to the last, both included.
    pub fn size(&self) -> usize {
        self.images * self.image
    }

    /// Pixel (0, 0) of the first block of the first image.
    pub fn origin(&self) -> usize {
        self.offset + self.border.top * self.row + self.border.left * self.pixel
    }

    /// Bytes of its numbers, without what pads them.
    pub fn bytes(&self) -> usize {
        let numbers = self.images * self.height * self.width * self.channels;
        // Of windows, a pixel has several's.
        if IS_REDUCIBLE { numbers * 4 * self.pixel / self.block } else { numbers * 4 }
    }

    pub fn has_border(&self) -> bool {
        self.border != Border::default()
    }

    /// Calls back with the rows of one block of one image, of a value in float32, padding channels included.
    ///
    /// # Safety
    /// The arena must be the one that the layout was planned for, and nobody may write the value meanwhile.
    pub unsafe fn each_row(&self, arena: *const f32, plane: usize, mut call: impl FnMut(&[f32])) {
        for y in 0..self.height {
            let row = self.origin() + plane * self.plane + y * self.row;
            // SAFETY: the value lies in its arena, this is one of its rows, and a row is so long.
            call(unsafe { std::slice::from_raw_parts(arena.add(row), self.width * self.pixel) });
        }
    }

    /// Writes the border's zeros into every block.
    ///
    /// # Safety
    /// The arena must be the one that the layout was planned for, and nobody else may use the value meanwhile.
    pub unsafe fn zero_border(&self, arena: *mut f32) {
        for block in 0..self.images * self.blocks {
            let plane = self.offset + block * self.plane;
            // SAFETY: the ranges below are parts of the value's planes, which lie in the arena.
            let zero = |from: usize, count: usize| unsafe {
                std::slice::from_raw_parts_mut(arena.add(plane + from) as *mut u32, count)
                    .fill(self.format.zero_word());
            };
            zero(0, self.border.top * self.row);
            for y in self.border.top..self.border.top + self.height {
                zero(y * self.row, self.border.left * self.pixel);
                zero(y * self.row + (self.border.left + self.width) * self.pixel, self.border.right * self.pixel);
            }
            zero((self.border.top + self.height) * self.row, self.border.bottom * self.row);
        }
    }

    pub fn shape(&self) -> [usize; 4] {
        [self.images, self.height, self.width, self.channels]
    }
}

/// Divides `count` things into the fewest parts of at most `most`, as even as can be.
pub fn even_parts(count: usize, most: usize) -> Vec<usize> {
    let parts = count.div_ceil(most);
    (0..parts).map(|i| (i + 1) * count / parts - i * count / parts).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_even_and_cover_all() {
        assert_eq!(even_parts(49, 14), [12, 12, 12, 13]);
        assert_eq!(even_parts(6, 6), [6]);
        assert_eq!(even_parts(0, 6), [0; 0]);
    }

    #[test]
    fn a_border_moves_the_origin() {
        let border = Border { top: 1, bottom: 2, left: 1, right: 3 };
        let layout = Layout::blocked([2, 5, 7, 20], border, 16, Format::Float);
        assert_eq!((layout.blocks, layout.row, layout.plane), (2, 11 * 16, 8 * 11 * 16));
        assert_eq!(layout.origin(), 11 * 16 + 16);
        assert_eq!(layout.size(), 2 * 2 * 8 * 11 * 16);
    }
}
