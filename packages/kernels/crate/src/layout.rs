//! Where values lie in memory: `[image][block of channels][row][pixel][lane]`, a block being one vector of channels.
//! Rows and columns beyond the image are zeros that its readers need, so that no kernel checks a bound.

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

/// A value's place: distances are in floats, from the start of the arena.
#[derive(Clone, Copy, Debug, Default)]
pub struct Layout {
    pub images: usize,
    pub height: usize,
    pub width: usize,
    pub channels: usize,
    pub border: Border,
    /// Channels side by side in a pixel: the vector's lanes, or all of them in a narrow value.
    pub pixel: usize,
    pub blocks: usize,
    pub row: usize,
    pub plane: usize,
    pub image: usize,
    pub offset: usize,
}

impl Layout {
    /// A value in blocks of `lanes` channels.
    pub fn blocked(shape: [usize; 4], border: Border, lanes: usize) -> Layout {
        Layout::new(shape, border, lanes, shape[3].div_ceil(lanes))
    }

    /// A value of few channels, which lie side by side without padding.
    pub fn narrow(shape: [usize; 4], border: Border) -> Layout {
        Layout::new(shape, border, shape[3], 1)
    }

    fn new([images, height, width, channels]: [usize; 4], border: Border, pixel: usize, blocks: usize) -> Layout {
        let row = (border.left + width + border.right) * pixel;
        let plane = (border.top + height + border.bottom) * row;
        Layout { images, height, width, channels, border, pixel, blocks, row, plane, image: plane * blocks, offset: 0 }
    }

    /// Floats from the first to the last, both included.
    pub fn size(&self) -> usize {
        self.images * self.image
    }

    /// Pixel (0, 0) of the first block of the first image.
    pub fn origin(&self) -> usize {
        self.offset + self.border.top * self.row + self.border.left * self.pixel
    }

    pub fn has_border(&self) -> bool {
        self.border != Border::default()
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
        let layout = Layout::blocked([2, 5, 7, 20], border, 16);
        assert_eq!((layout.blocks, layout.row, layout.plane), (2, 11 * 16, 8 * 11 * 16));
        assert_eq!(layout.origin(), 11 * 16 + 16);
        assert_eq!(layout.size(), 2 * 2 * 8 * 11 * 16);
    }
}
