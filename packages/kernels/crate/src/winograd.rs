//! Convolutions by Winograd's minimal filtering, F(m×m, 3×3) for m = 2 and 4 (Lavin & Gray 2015), and at stride 2 by [`strided`]:
//! tiles of (m + 2)² input pixels are transformed, multiplied position by position with transformed filters as
//! matrices (the same micro-kernel), and transformed back into m² output pixels, with bias, shortcut and activation.

mod matrices;
mod shape;
mod square;
#[cfg(not(target_arch = "wasm32"))]
mod strided;

pub use matrices::{FILTER_LANES, MOST_PLANES, transform_filters, whole_limit};
pub use shape::SquareShape;

use crate::direct::{OutputGroup, Plane};
use crate::format::Format;
use crate::layout::even_parts;
use crate::precision::IS_REDUCIBLE;
use crate::program::{Context, Prepared};
use crate::sharing::Place;
use crate::simd::Vector;
use crate::tile::{Ahead, Clamp, DynamicStrides, LINE, TileArgs, TileKernel};
#[cfg(target_arch = "x86_64")]
use crate::tile::{InBytes, Rests};
pub(crate) use square::{Finish, Pixels, transform_input, transform_output};
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use square::{filter_square, gradient_square, sums_square};
use square::{transform_whole_input, transform_whole_output};

/// An m×m square of output pixels; `rows` and `columns` of them exist. Offsets in floats.
#[derive(Clone, Copy, Debug)]
pub struct Square {
    pub input: u32,
    pub output: u32,
    pub residual: u32,
    pub rows: u16,
    pub columns: u16,
}

pub struct Winograd {
    pub shape: SquareShape,
    pub images: usize,
    pub squares: Vec<Square>,
    pub groups: Vec<OutputGroup>,
    /// Input blocks of the whole layer.
    pub input_blocks: usize,
    /// Input blocks that each group sums over.
    pub blocks: usize,
    pub lanes: usize,
    /// Words of a transformed square's block: as many as lanes, or half, where its numbers have 16 bits.
    pub words: usize,
    pub input: Plane,
    pub input_row: usize,
    pub output: Plane,
    pub output_row: usize,
    pub residual: Option<Plane>,
    pub residual_row: usize,
    pub weights: Place,
    pub bias: usize,
    /// Where the input is of bytes: what the sums are multiplied with.
    pub scales: usize,
    /// Where output and shortcut are of bytes as the input is; bias and scales are in the output's steps then.
    #[cfg(target_arch = "x86_64")]
    pub in_bytes: Option<InBytes>,
    pub clamp: Clamp,
    /// The micro-kernels for one and for two vectors.
    pub kernels: [&'static [TileKernel]; 2],
    /// Squares whose products are held at once.
    pub squares_at_once: usize,
    /// Where in the arena the transformed input lies that all items share, for [`Stage::Transform`] and
    /// [`Stage::Multiply`].
    pub shared: usize,
}

/// What an item of a Winograd step does. Layers whose filters fit the cache go square by square; in those whose
/// filters are the larger part, all squares are transformed first, and then each item reads one group's filters once.
/// Few workers do better to transform all squares each for itself than to fetch what others have transformed from
/// their caches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stage {
    /// Some squares from beginning to end, in `items` parts.
    Whole { items: usize },
    /// One output group of the squares from `first` on, `count` of them; a worker's first item transforms them.
    Own { first: usize, count: usize },
    /// Some input blocks of the squares from `first` on, `count` of them.
    Transform { first: usize, count: usize },
    /// One output group of the same squares.
    Multiply { first: usize, count: usize },
}

impl Winograd {
    #[inline(always)]
    fn input_pixels(&self) -> Pixels {
        Pixels { row: self.input_row, pixel: self.lanes / self.input.format.per_word(), format: self.input.format }
    }

    /// Bytes are transformed and multiplied as whole numbers, so that their sums are those of [`crate::direct`].
    pub fn is_whole(&self) -> bool {
        IS_REDUCIBLE && matches!(self.input.format, Format::Byte { .. })
    }

    pub fn items(&self, stage: Stage) -> usize {
        match stage {
            Stage::Whole { items } => items,
            Stage::Transform { .. } => self.input_blocks,
            Stage::Own { .. } | Stage::Multiply { .. } => self.groups.len(),
        }
    }

    /// Those of the products, without the transforms.
    pub fn multiply_adds(&self, stage: Stage) -> f64 {
        let squares = match stage {
            Stage::Whole { .. } => self.images * self.squares.len(),
            Stage::Own { count, .. } | Stage::Multiply { count, .. } => count,
            Stage::Transform { .. } => 0,
        };
        let vectors: usize = self.groups.iter().map(|group| group.vectors).sum();
        let per_word = if 2 * self.words == self.lanes { 2 } else { 1 };
        squares as f64 * (self.shape.planes() * self.blocks * self.words * per_word * vectors * self.lanes) as f64
    }

    /// Floats of a worker's own memory: transformed input (where it is not shared) and products.
    pub fn scratch(&self, stage: Stage) -> usize {
        let transformed = |squares: usize| self.shape.transformed_floats(self.input_blocks, squares, self.words);
        match stage {
            Stage::Whole { items } => self.products() + transformed((self.images * self.squares.len()).div_ceil(items)),
            Stage::Own { count, .. } => self.products() + transformed(count),
            Stage::Transform { .. } => 0,
            Stage::Multiply { .. } => self.products(),
        }
    }

    /// Floats of the products that are held at once.
    fn products(&self) -> usize {
        self.shape.positions() * self.squares_at_once * 2 * self.lanes
    }

    /// # Safety
    /// `item < items(stage)`, and the context's memory must be what the layer was planned for.
    #[inline(always)]
    pub unsafe fn run_item<V: Vector>(&self, stage: Stage, context: &Context, item: usize) {
        // SAFETY: as [`Context`]; scratch has products and transformed squares, as `scratch()` says; `shared` is in
        // the arena.
        unsafe {
            let products = context.scratch;
            match stage {
                Stage::Whole { items } => {
                    let all = self.images * self.squares.len();
                    let (first, last) = (item * all / items, (item + 1) * all / items);
                    let transformed = context.scratch.add(self.products());
                    for block in 0..self.input_blocks {
                        self.transform::<V>(context, transformed, first, last - first, block);
                    }
                    for group in &self.groups {
                        self.multiply::<V>(context, transformed, products, first, last - first, group);
                    }
                }
                Stage::Own { first, count } => {
                    let transformed = context.scratch.add(self.products());
                    let wanted = Some(Prepared { layer: self as *const Winograd as *const (), first });
                    if context.prepared.replace(wanted) != wanted {
                        for block in 0..self.input_blocks {
                            self.transform::<V>(context, transformed, first, count, block);
                        }
                    }
                    self.multiply::<V>(context, transformed, products, first, count, &self.groups[item]);
                }
                Stage::Transform { first, count } => {
                    self.transform::<V>(context, context.activations.add(self.shared), first, count, item);
                }
                Stage::Multiply { first, count } => {
                    let transformed = context.activations.add(self.shared);
                    self.multiply::<V>(context, transformed, products, first, count, &self.groups[item]);
                }
            }
        }
    }

    /// One input block of `count` squares into `[position][block][square][lane]`.
    ///
    /// # Safety
    /// As [`Winograd::run_item`]; squares and block must be the layer's, and `transformed` have room for them.
    #[inline(always)]
    unsafe fn transform<V: Vector>(
        &self,
        context: &Context,
        transformed: *mut f32,
        first: usize,
        count: usize,
        block: usize,
    ) {
        // SAFETY: squares and block are the layer's; their positions lie `position` floats apart.
        unsafe {
            let position = position_floats(self.input_blocks, count, self.words);
            if V::HAS_SHORTS && self.is_whole() {
                let at = |square: usize| {
                    let (image, index) = (square / self.squares.len(), square % self.squares.len());
                    let start = self.input.start + image * self.input.image + block * self.input.plane;
                    context.activations.add(start + self.squares[index].input as usize) as *const f32
                };
                for j in (0..count).step_by(2) {
                    let now = (count - j).min(2);
                    let from = [at(first + j), at(first + j + now - 1)];
                    let to = transformed.add((block * count + j) * self.words);
                    if self.shape.m == 4 {
                        transform_whole_input::<V, 6>(from, now, self.input_pixels(), to, position);
                    } else {
                        transform_whole_input::<V, 4>(from, now, self.input_pixels(), to, position);
                    }
                }
                return;
            }
            #[cfg(not(target_arch = "wasm32"))]
            let mut places = [0; MOST_PLANES];
            #[cfg(not(target_arch = "wasm32"))]
            if self.shape.is_strided() {
                let plane = self.shape.plane(self.input_blocks, count, self.words);
                strided::each_plane(self.shape, |at, position, index| places[at] = index * plane + position * LINE);
            }
            let mut image = first / self.squares.len();
            let mut index = first % self.squares.len();
            for j in 0..count {
                let start = self.input.start + image * self.input.image + block * self.input.plane;
                let from = context.activations.add(start + self.squares[index].input as usize);
                index += 1;
                if index == self.squares.len() {
                    (image, index) = (image + 1, 0);
                }
                #[cfg(not(target_arch = "wasm32"))]
                if self.shape.is_strided() {
                    let to = transformed.add((block * count + j) * self.words);
                    match self.shape.is_stem() {
                        true => strided::transform_stem::<V>(from, self.input_row, to, &places),
                        false => strided::transform_strided::<V>(from, self.input_pixels(), to, &places),
                    }
                    continue;
                }
                let to = transformed.add((block * count + j) * self.words);
                if self.shape.m == 4 {
                    transform_input::<V, 6, false>(from, self.input_pixels(), to, position);
                } else if V::REDUCES && self.words < V::LANES {
                    transform_input::<V, 4, true>(from, self.input_pixels(), to, position);
                } else {
                    transform_input::<V, 4, false>(from, self.input_pixels(), to, position);
                }
            }
        }
    }

    /// One output group of `count` squares, some at once.
    ///
    /// # Safety
    /// As [`Winograd::run_item`]; squares and group must be the layer's, and `transformed` hold them.
    #[inline(always)]
    unsafe fn multiply<V: Vector>(
        &self,
        context: &Context,
        transformed: *const f32,
        products: *mut f32,
        first: usize,
        count: usize,
        group: &OutputGroup,
    ) {
        let mut done = 0;
        while done < count {
            let now = self.squares_at_once.min(count - done);
            // SAFETY: `done + now` is at most `count`; products of so many squares have room.
            unsafe {
                self.multiply_positions(context, transformed.add(done * self.words), count, products, now, group);
                self.finish::<V>(context, products, first + done, now, group);
            }
            done += now;
        }
    }

    /// # Safety
    /// As [`Winograd::multiply`]; `products` must have room for `count` squares.
    #[inline(always)]
    unsafe fn multiply_positions(
        &self,
        context: &Context,
        transformed: *const f32,
        all: usize,
        products: *mut f32,
        count: usize,
        group: &OutputGroup,
    ) {
        let no_offset = 0usize;
        // A stem has one block, whose planes follow each other.
        let plane = if self.shape.is_stem() { self.shape.plane(1, all, self.words) } else { all * self.words };
        let kernels = self.kernels[group.vectors - 1];
        // SAFETY: the group is the layer's.
        let filters = unsafe { context.filters(self.weights).add(group.weights) };
        let block_weights = self.words * group.vectors * self.lanes;
        let parts = count.div_ceil(kernels.len());
        for p in 0..self.shape.positions() {
            let (first_plane, planes) = self.shape.planes_of(p);
            let start = self.shape.start_of(p, first_plane, [self.input_blocks, all, self.words]);
            let blocks = planes * self.blocks;
            for part in 0..parts {
                let (from, to) = (part * count / parts, (part + 1) * count / parts);
                // SAFETY: positions, squares and blocks are those of the transformed input, and so are their products.
                unsafe {
                    let filters = filters.add(first_plane * self.blocks * block_weights);
                    let next = filters.wrapping_add(blocks * block_weights);
                    let args = TileArgs {
                        input: transformed.add(start + group.first_input_block * plane + from * self.words),
                        input_plane: plane,
                        blocks,
                        taps: &no_offset,
                        tap_count: 1,
                        weights: filters,
                        output: products.add(p * 2 * count * self.lanes + from * self.lanes),
                        output_plane: count * self.lanes,
                        bias: std::ptr::null(),
                        scales: std::ptr::null(),
                        accumulate: false,
                        residual: std::ptr::null(),
                        residual_plane: 0,
                        clamp: Clamp::NONE,
                        ahead: Ahead::share(next, [blocks, block_weights, 1], [part, parts]),
                        #[cfg(target_arch = "x86_64")]
                        rests: Rests::NONE,
                        #[cfg(target_arch = "x86_64")]
                        in_bytes: None,
                        #[cfg(target_arch = "x86_64")]
                        in_bfloat: false,
                        #[cfg(target_arch = "x86_64")]
                        tiles: 1,
                        dynamic: DynamicStrides::default(),
                    };
                    kernels[to - from - 1](&args);
                }
            }
        }
    }

    /// # Safety
    /// As [`Winograd::multiply`]; `products` must hold those of the squares.
    #[inline(always)]
    unsafe fn finish<V: Vector>(
        &self,
        context: &Context,
        products: *const f32,
        first: usize,
        count: usize,
        group: &OutputGroup,
    ) {
        let residual_format = self.residual.map_or(Format::Float, |from| from.format);
        // SAFETY: squares and group are the layer's; there is a product for each position, square and vector.
        unsafe {
            for vector in 0..group.vectors {
                let block = group.first_block + vector;
                let bias = V::load(context.weights.add(self.bias + block * V::LANES));
                let scale = match self.is_whole() {
                    true => V::load(context.weights.add(self.scales + block * V::LANES)),
                    false => V::splat(1.0),
                };
                let mut image = first / self.squares.len();
                let mut index = first % self.squares.len();
                for j in 0..count {
                    let square = &self.squares[index];
                    let out = self.output.start + image * self.output.image + block * self.output.plane;
                    let finish = Finish {
                        scale,
                        bias,
                        #[cfg(target_arch = "x86_64")]
                        in_bytes: self.in_bytes,
                        clamp: self.clamp,
                        rows: square.rows as usize,
                        columns: square.columns as usize,
                        output: context.activations.add(out + square.output as usize),
                        output_pixels: Pixels {
                            row: self.output_row,
                            pixel: V::LANES / self.output.format.per_word(),
                            format: self.output.format,
                        },
                        residual: match &self.residual {
                            Some(from) => context
                                .activations
                                .add(from.start + image * from.image + block * from.plane + square.residual as usize),
                            None => std::ptr::null(),
                        },
                        residual_pixels: Pixels {
                            row: self.residual_row,
                            pixel: V::LANES / residual_format.per_word(),
                            format: residual_format,
                        },
                    };
                    let from = products.add((vector * count + j) * V::LANES);
                    let position = 2 * count * V::LANES;
                    match (self.shape.m, V::HAS_SHORTS && self.is_whole()) {
                        #[cfg(not(target_arch = "wasm32"))]
                        _ if self.shape.is_stem() => transform_output::<V, 7, 4>(from, position, &finish),
                        #[cfg(not(target_arch = "wasm32"))]
                        _ if self.shape.is_strided() => transform_output::<V, 3, 2>(from, position, &finish),
                        (4, false) => transform_output::<V, 6, 4>(from, position, &finish),
                        (4, true) => transform_whole_output::<V, 6, 4>(from, position, &finish),
                        (_, false) => transform_output::<V, 4, 2>(from, position, &finish),
                        (_, true) => transform_whole_output::<V, 4, 2>(from, position, &finish),
                    }
                    index += 1;
                    if index == self.squares.len() {
                        (image, index) = (image + 1, 0);
                    }
                }
            }
        }
    }
}

/// From one position's transformed input to the next, in floats: an odd number of cache lines, for a square's positions
/// would otherwise fall into few of the cache's sets.
pub fn position_floats(blocks: usize, squares: usize, words: usize) -> usize {
    ((blocks * squares * words).div_ceil(LINE) | 1) * LINE
}

/// How many items `all` squares make: about `wanted` squares each, and no worker without work at the end.
pub fn whole_items(all: usize, wanted: usize, threads: usize) -> usize {
    let items = even_parts(all, wanted).len();
    if items < 4 * threads { items.next_multiple_of(threads).min(all) } else { items }
}
