//! Convolutions that visit every tap: 1×1, strided, dilated, grouped, the stem, and fully connected layers, which are
//! 1×1 convolutions whose pixels are the images of the batch.

use crate::format::Format;
use crate::program::Context;
use crate::tile::{Clamp, DynamicStrides, TileArgs, TileKernel};

/// Neighbouring output pixels of one image that one micro-kernel call computes; offsets in floats.
#[derive(Clone, Copy, Debug)]
pub struct Tile {
    pub input: u32,
    pub output: u32,
    pub residual: u32,
    pub pixels: u32,
}

/// One or two neighbouring vectors of output channels, and the input blocks that they depend on.
#[derive(Clone, Copy, Debug)]
pub struct OutputGroup {
    pub first_block: usize,
    pub vectors: usize,
    pub first_input_block: usize,
    /// Of this group's weights, in floats from the layer's.
    pub weights: usize,
}

/// Where a convolution reads or writes: offsets in floats from the arena's start.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plane {
    pub start: usize,
    pub image: usize,
    pub plane: usize,
    pub format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Split {
    /// An item is some neighbouring tiles, with all their output channels: where the weights stay in the cache.
    Pixels { tiles: usize },
    /// An item is one output group with all pixels: where the weights are the larger part, and are read once.
    Channels,
}

pub struct DirectConv {
    pub images: usize,
    pub tiles: Vec<Tile>,
    pub groups: Vec<OutputGroup>,
    /// Input blocks that each group sums over.
    pub blocks: usize,
    /// Input blocks in one go; their weights stay in the first-level cache.
    pub blocks_at_once: usize,
    pub taps: Vec<usize>,
    /// Words of input channels in a block.
    pub words: usize,
    pub lanes: usize,
    pub input: Plane,
    pub output: Plane,
    pub residual: Option<Plane>,
    pub weights: usize,
    pub bias: usize,
    /// Where the input is of bytes: what the sums are multiplied with.
    pub scales: usize,
    pub clamp: Clamp,
    pub dynamic: DynamicStrides,
    /// The micro-kernels for one and for two vectors.
    pub kernels: [&'static [TileKernel]; 2],
    pub split: Split,
}

impl DirectConv {
    pub fn items(&self) -> usize {
        match self.split {
            Split::Pixels { tiles } => (self.images * self.tiles.len()).div_ceil(tiles),
            Split::Channels => self.groups.len(),
        }
    }

    /// # Safety
    /// `item < items()`, and the context's memory must be what the layer was planned for.
    #[inline(always)]
    pub unsafe fn run_item(&self, context: &Context, item: usize) {
        let all = self.images * self.tiles.len();
        let (tiles, groups) = match self.split {
            Split::Pixels { .. } => {
                let items = self.items();
                (item * all / items..(item + 1) * all / items, &self.groups[..])
            }
            Split::Channels => (0..all, &self.groups[item..item + 1]),
        };
        let mut first = 0;
        while first < self.blocks {
            let blocks = self.blocks_at_once.min(self.blocks - first);
            for group in groups {
                let mut image = tiles.start / self.tiles.len();
                let mut index = tiles.start % self.tiles.len();
                for _ in tiles.clone() {
                    unsafe { self.run_tile(context, group, image, &self.tiles[index], first, blocks) };
                    index += 1;
                    if index == self.tiles.len() {
                        (image, index) = (image + 1, 0);
                    }
                }
            }
            first += blocks;
        }
    }

    #[inline(always)]
    unsafe fn run_tile(
        &self,
        context: &Context,
        group: &OutputGroup,
        image: usize,
        tile: &Tile,
        first: usize,
        blocks: usize,
    ) {
        let block_weights = self.taps.len() * self.words * group.vectors * self.lanes;
        let is_last = first + blocks == self.blocks;
        let input = self.input.start
            + image * self.input.image
            + (group.first_input_block + first) * self.input.plane
            + tile.input as usize;
        let output = self.output.start
            + image * self.output.image
            + group.first_block * self.output.plane
            + tile.output as usize;
        unsafe {
            let residual = match &self.residual {
                Some(from) if is_last => context.activations.add(
                    from.start + image * from.image + group.first_block * from.plane + tile.residual as usize,
                ),
                _ => std::ptr::null_mut(),
            };
            let args = TileArgs {
                input: context.activations.add(input),
                input_plane: self.input.plane,
                blocks,
                taps: self.taps.as_ptr(),
                tap_count: self.taps.len(),
                weights: context.weights.add(self.weights + group.weights + first * block_weights),
                output: context.activations.add(output),
                output_plane: self.output.plane,
                output_format: self.output.format,
                bias: context.weights.add(self.bias + group.first_block * self.lanes),
                scales: context.weights.add(self.scales + group.first_block * self.lanes),
                accumulate: first > 0,
                residual,
                residual_plane: self.residual.map_or(0, |from| from.plane),
                residual_format: self.residual.map_or(Format::Float, |from| from.format),
                clamp: if is_last { self.clamp } else { Clamp::NONE },
                dynamic: self.dynamic,
            };
            self.kernels[group.vectors - 1][tile.pixels as usize - 1](&args);
        }
    }
}
