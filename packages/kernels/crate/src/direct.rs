//! Convolutions that visit every tap: 1×1, strided, dilated, grouped, the stem, and fully connected layers, which are
//! 1×1 convolutions whose pixels are the images of the batch.

use crate::format::Format;
use crate::program::Context;
use crate::sharing::Place;
use crate::simd::Vector;
use crate::tile::{Ahead, Clamp, DynamicStrides, TileArgs, TileKernel};
#[cfg(target_arch = "x86_64")]
use crate::tile::{InBytes, Rests};

/// Neighbouring output pixels of one image that one micro-kernel call computes; offsets in floats.
#[derive(Clone, Copy, Debug)]
pub struct Tile {
    pub input: u32,
    pub output: u32,
    pub residual: u32,
    pub pixels: u32,
    /// As many tiles of as many pixels lie beside it, one behind the other.
    #[cfg(target_arch = "x86_64")]
    pub followers: u32,
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

/// A word of a group's input that comes once more, for sums of 16 bits have no room for all of its weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rest {
    pub block: usize,
    pub tap: usize,
    pub word: usize,
}

/// All of a group.
#[cfg(target_arch = "x86_64")]
pub struct GroupRests {
    /// Their distances from a tile's input.
    pub words: Vec<usize>,
    /// Their weights, in floats from the layer's.
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
    pub weights: Place,
    /// By group, where sums are of 16 bits first.
    #[cfg(target_arch = "x86_64")]
    pub rests: Vec<GroupRests>,
    /// Where output and shortcut are of bytes as the input is; bias and scales are in the output's steps then.
    #[cfg(target_arch = "x86_64")]
    pub in_bytes: Option<InBytes>,
    /// Whether the kernels store bytes; else [`DirectConv::store_bytes`] does.
    #[cfg(target_arch = "x86_64")]
    pub stores_bytes: bool,
    /// Whether such a kernel computes several tiles.
    #[cfg(target_arch = "x86_64")]
    pub tiles_at_once: bool,
    /// Whether they store bfloat16, for output and shortcut are of it as the input is.
    #[cfg(target_arch = "x86_64")]
    pub in_bfloat: bool,
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

    pub fn multiply_adds(&self) -> f64 {
        let pixels = self.tiles.iter().map(|tile| tile.pixels as usize).sum::<usize>() * self.images;
        let vectors: usize = self.groups.iter().map(|group| group.vectors).sum();
        let terms = self.taps.len() * self.blocks * self.words * self.input.format.per_word();
        pixels as f64 * (terms * vectors * self.lanes) as f64
    }

    /// Floats of a worker's own memory: a tile's sums, where they are not stored as they are.
    pub fn scratch(&self) -> usize {
        if self.is_stored_at_once() { 0 } else { 2 * self.kernels[1].len() * self.lanes }
    }

    /// Whether the kernel's sums need no place but the output's.
    fn is_stored_at_once(&self) -> bool {
        #[cfg(target_arch = "x86_64")]
        if self.in_bytes.is_some() || self.in_bfloat {
            return self.stores_bytes || self.in_bfloat;
        }
        self.is_stored_as_float()
    }

    fn is_stored_as_float(&self) -> bool {
        self.output.format == Format::Float && self.residual.is_none_or(|from| from.format == Format::Float)
    }

    /// # Safety
    /// As [`Context`], for an item of this layer.
    #[inline(always)]
    pub unsafe fn run_item<V: Vector>(&self, context: &Context, item: usize) {
        let all = self.images * self.tiles.len();
        let (tiles, groups) = match self.split {
            Split::Pixels { .. } => {
                let items = self.items();
                (item * all / items..(item + 1) * all / items, 0..self.groups.len())
            }
            Split::Channels => (0..all, item..item + 1),
        };
        let is_stored_at_once = !V::REDUCES || self.is_stored_at_once();
        let mut first = 0;
        while first < self.blocks {
            let blocks = self.blocks_at_once.min(self.blocks - first);
            for number in groups.clone() {
                let mut image = tiles.start / self.tiles.len();
                let mut index = tiles.start % self.tiles.len();
                let mut tile = tiles.start;
                while tile < tiles.end {
                    let part = [tile - tiles.start, tiles.len()];
                    let count = self.tiles_at_once(index, tiles.end - tile);
                    let at = Spot { image, tile: &self.tiles[index], count, number, group: &self.groups[number], part };
                    // SAFETY: group, tile and image are the layer's, and the item's own by the split; the rest as
                    // [`Context`].
                    unsafe {
                        if is_stored_at_once {
                            self.run_tile(context, &at, first, blocks);
                        } else {
                            self.run_converted::<V>(context, &at);
                        }
                    }
                    tile += count;
                    index += count;
                    if index == self.tiles.len() {
                        (image, index) = (image + 1, 0);
                    }
                }
            }
            first += blocks;
        }
    }

    /// Tiles from one on that a kernel computes in one call, of so many that there are.
    #[inline(always)]
    fn tiles_at_once(&self, index: usize, most: usize) -> usize {
        #[cfg(target_arch = "x86_64")]
        if self.tiles_at_once && self.in_bytes.is_some() {
            return most.min(1 + self.tiles[index].followers as usize);
        }
        let _ = (index, most);
        1
    }

    /// # Safety
    /// As [`DirectConv::run_item`]; `at` and the blocks must be the layer's, and `at` the item's own.
    #[inline(always)]
    unsafe fn run_tile(&self, context: &Context, at: &Spot, first: usize, blocks: usize) {
        let is_last = first + blocks == self.blocks;
        // SAFETY: the place is the layer's; `first + blocks` is at most `self.blocks`, and there is a kernel for every
        // tile.
        unsafe {
            let residual = match &self.residual {
                Some(from) if is_last => context.activations.add(from.at(at, at.tile.residual)),
                _ => std::ptr::null_mut(),
            };
            let args = TileArgs {
                output: context.activations.add(self.output.at(at, at.tile.output)),
                output_plane: self.output.plane,
                accumulate: first > 0,
                residual,
                residual_plane: self.residual.map_or(0, |from| from.plane),
                clamp: if is_last { self.clamp } else { Clamp::NONE },
                #[cfg(target_arch = "x86_64")]
                in_bytes: self.in_bytes,
                #[cfg(target_arch = "x86_64")]
                in_bfloat: self.in_bfloat,
                dynamic: self.dynamic,
                ..self.tile_args(context, at, first, blocks)
            };
            self.kernels[at.group.vectors - 1][at.tile.pixels as usize - 1](&args);
        }
    }

    /// The sums first go to the worker's own memory, and from there into the output's format.
    ///
    /// # Safety
    /// As [`DirectConv::run_tile`].
    #[inline(always)]
    unsafe fn run_converted<V: Vector>(&self, context: &Context, at: &Spot) {
        let pixels = at.tile.pixels as usize;
        let sums_plane = pixels * V::LANES;
        // SAFETY: as in `run_tile`; the scratch has the sums of the largest tile, as `scratch()` says.
        unsafe {
            let args = TileArgs {
                output: context.scratch,
                output_plane: sums_plane,
                dynamic: DynamicStrides { output_pixel: V::LANES, ..self.dynamic },
                ..self.tile_args(context, at, 0, self.blocks)
            };
            self.kernels[at.group.vectors - 1][pixels - 1](&args);

            #[cfg(target_arch = "x86_64")]
            if let Some(in_bytes) = self.in_bytes {
                return self.store_bytes::<V>(context, at, in_bytes);
            }
            let to = context.activations.add(self.output.at(at, at.tile.output));
            let output_pixel = V::LANES / self.output.format.per_word();
            for v in 0..at.group.vectors {
                for i in 0..pixels {
                    let mut sum = V::load(context.scratch.add(v * sums_plane + i * V::LANES));
                    if let Some(from) = &self.residual {
                        let pixel = V::LANES / from.format.per_word();
                        let shortcut = from.at(at, at.tile.residual) + v * from.plane + i * pixel;
                        sum = sum.add(from.format.load(context.activations.add(shortcut)));
                    }
                    let sum = self.clamp.apply(sum);
                    self.output.format.store(sum, to.add(v * self.output.plane + i * output_pixel));
                }
            }
        }
    }

    /// Sums in steps of the output, from the worker's own memory to bytes.
    ///
    /// # Safety
    /// As [`DirectConv::run_tile`]; the scratch must have the tile's sums.
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    unsafe fn store_bytes<V: Vector>(
        &self,
        context: &Context,
        at: &Spot,
        InBytes { residual: factor, clamp }: InBytes,
    ) {
        let pixels = at.tile.pixels as usize;
        // SAFETY: the caller's word; bytes of neighbouring pixels lie side by side.
        unsafe {
            let factor = V::splat(factor);
            for v in 0..at.group.vectors {
                let sums = context.scratch.add(v * pixels * V::LANES);
                let to = context.activations.add(self.output.at(at, at.tile.output) + v * self.output.plane) as *mut u8;
                let shortcut = match &self.residual {
                    Some(from) => context.activations.add(from.at(at, at.tile.residual) + v * from.plane) as *const u8,
                    None => std::ptr::null(),
                };
                let mut done = 0;
                while done < pixels {
                    let from = done * V::LANES;
                    let mut now = [V::splat(0.0); 4];
                    let count = now.len().min(pixels - done);
                    for (i, sum) in now.iter_mut().enumerate().take(count) {
                        *sum = V::load(sums.add(from + i * V::LANES));
                        if !shortcut.is_null() {
                            *sum = V::load_bytes(shortcut.add(from + i * V::LANES)).mul_add(factor, *sum);
                        }
                        *sum = clamp.apply(*sum);
                    }
                    if count == now.len() {
                        V::store_byte_pixels(now, to.add(from));
                    } else {
                        for (i, sum) in now.iter().enumerate().take(count) {
                            sum.store_bytes(to.add(from + i * V::LANES));
                        }
                    }
                    done += count;
                }
            }
        }
    }

    /// What is the same wherever the sums go: no shortcut and no activation.
    ///
    /// # Safety
    /// As [`DirectConv::run_tile`].
    #[inline(always)]
    unsafe fn tile_args(&self, context: &Context, at: &Spot, first: usize, blocks: usize) -> TileArgs {
        let group = at.group;
        let block_weights = self.taps.len() * self.words * group.vectors * self.lanes;
        let input = self.input.start
            + at.image * self.input.image
            + (group.first_input_block + first) * self.input.plane
            + at.tile.input as usize;
        // SAFETY: group, tile and blocks are the layer's, so all offsets are the plan's.
        unsafe {
            let weights = context.filters(self.weights).add(group.weights + first * block_weights);
            TileArgs {
                input: context.activations.add(input),
                input_plane: self.input.plane,
                blocks,
                taps: self.taps.as_ptr(),
                tap_count: self.taps.len(),
                weights,
                output: std::ptr::null_mut(),
                output_plane: 0,
                bias: context.weights.add(self.bias + group.first_block * self.lanes),
                scales: context.weights.add(self.scales + group.first_block * self.lanes),
                accumulate: false,
                residual: std::ptr::null(),
                residual_plane: 0,
                clamp: Clamp::NONE,
                // The weights of the blocks, then of the group, that come next lie behind these.
                ahead: match self.split {
                    Split::Channels => {
                        let next = weights.wrapping_add(blocks * block_weights);
                        Ahead::share(next, [blocks, block_weights, self.taps.len()], at.part)
                    }
                    Split::Pixels { .. } => Ahead::nothing(weights),
                },
                #[cfg(target_arch = "x86_64")]
                rests: self.rests.get(at.number).map_or(Rests::NONE, |rests| Rests {
                    words: rests.words.as_ptr(),
                    count: rests.words.len(),
                    weights: context.filters(self.weights).add(rests.weights),
                }),
                #[cfg(target_arch = "x86_64")]
                in_bytes: None,
                #[cfg(target_arch = "x86_64")]
                in_bfloat: false,
                #[cfg(target_arch = "x86_64")]
                tiles: at.count,
                dynamic: self.dynamic,
            }
        }
    }
}

/// One tile of one output group in one image.
struct Spot<'a> {
    image: usize,
    tile: &'a Tile,
    /// It and those behind it that are computed together.
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "it is one there"))]
    count: usize,
    /// The group's.
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "what it is asked for is not there"))]
    number: usize,
    group: &'a OutputGroup,
    /// Which of the tiles that the item computes of the group, and how many they are.
    part: [usize; 2],
}

impl Plane {
    /// Where the tile's first pixel of the group's first vector lies.
    #[inline(always)]
    fn at(&self, spot: &Spot, tile: u32) -> usize {
        self.start + spot.image * self.image + spot.group.first_block * self.plane + tile as usize
    }
}
