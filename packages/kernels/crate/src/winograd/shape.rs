//! How large a layer's squares are, and what they become.

use super::position_floats;
#[cfg(not(target_arch = "wasm32"))]
use super::strided;
use crate::tile::LINE;

/// Squares of m×m output pixels of a convolution at stride 1 or 2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SquareShape {
    /// 2 or 4.
    pub m: usize,
    /// 1 where the target is WASM.
    pub stride: usize,
    /// 3, or 7 for the stem at stride 2, whose pixels have three channels.
    pub kernel: usize,
}

impl SquareShape {
    pub fn is_strided(self) -> bool {
        cfg!(not(target_arch = "wasm32")) && self.stride == 2
    }

    pub fn is_stem(self) -> bool {
        self.is_strided() && self.kernel == 7
    }

    /// Input pixels of a side.
    pub fn reach(self) -> usize {
        if self.is_strided() { 2 * self.m + self.kernel - 2 } else { self.m + 2 }
    }

    /// Numbers that a channel of a square is transformed into.
    pub fn planes(self) -> usize {
        self.reach() * self.reach()
    }

    /// Sums that its outputs are made of, each over one plane; at stride 2, over one, two or four.
    pub fn positions(self) -> usize {
        let side = if self.is_strided() { self.m + self.kernel / 2 } else { self.m + 2 };
        side * side
    }

    /// A position's first plane and how many it has.
    #[inline(always)]
    pub fn planes_of(self, position: usize) -> (usize, usize) {
        #[cfg(not(target_arch = "wasm32"))]
        if self.is_strided() {
            return strided::planes_of(self, position);
        }
        (position, 1)
    }

    /// Floats of a plane of transformed squares of stride 2; a vector's store of three channels reaches beyond them.
    #[inline(always)]
    pub fn plane(self, blocks: usize, squares: usize, words: usize) -> usize {
        blocks * squares * words + if self.is_stem() { LINE } else { 0 }
    }

    /// Floats of transformed squares.
    pub fn transformed_floats(self, blocks: usize, squares: usize, words: usize) -> usize {
        match self.is_strided() {
            true => self.planes() * self.plane(blocks, squares, words) + self.positions() * LINE,
            false => self.planes() * position_floats(blocks, squares, words),
        }
    }

    /// Where a position's planes begin, in floats: those of one follow each other, those of the next begin in another set of
    /// the cache.
    #[inline(always)]
    pub fn start_of(self, position: usize, first_plane: usize, [blocks, squares, words]: [usize; 3]) -> usize {
        match self.is_strided() {
            true => first_plane * self.plane(blocks, squares, words) + position * LINE,
            false => position * position_floats(blocks, squares, words),
        }
    }
}
