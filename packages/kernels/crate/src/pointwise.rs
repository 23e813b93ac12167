//! Arithmetic of two values, or of a value and a number per channel, with an activation.

use crate::layout::Layout;
use crate::program::Context;
use crate::simd::Vector;
use crate::tile::Clamp;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Arithmetic {
    Add,
    Sub,
    Multiply,
    /// Only the activation.
    Keep,
}

#[derive(Clone, Copy, Debug)]
pub enum Other {
    Value(Layout),
    /// A number per channel, at this offset of the weights.
    Channels(usize),
    Nothing,
}

pub struct Pointwise {
    pub arithmetic: Arithmetic,
    pub input: Layout,
    pub other: Other,
    /// `other - input` rather than `input - other`.
    pub is_reversed: bool,
    pub output: Layout,
    pub clamp: Clamp,
}

impl Pointwise {
    pub fn items(&self) -> usize {
        self.output.images * self.output.blocks
    }

    /// # Safety
    /// `item < items()`, and the context's memory must be what the layer was planned for.
    #[inline(always)]
    pub unsafe fn run_item<V: Vector>(&self, context: &Context, item: usize) {
        let (image, block) = (item / self.output.blocks, item % self.output.blocks);
        let plane = |layout: &Layout| layout.origin() + image * layout.image + block * layout.plane;
        let (from, to) = (plane(&self.input), plane(&self.output));
        unsafe {
            let constant = match self.other {
                Other::Channels(offset) => V::load(context.weights.add(offset + block * V::LANES)),
                _ => V::splat(0.0),
            };
            for y in 0..self.output.height {
                for x in 0..self.output.width {
                    let a = V::load(context.activations.add(from + y * self.input.row + x * V::LANES));
                    let b = match &self.other {
                        Other::Value(other) => {
                            V::load(context.activations.add(plane(other) + y * other.row + x * V::LANES))
                        }
                        _ => constant,
                    };
                    let result = match self.arithmetic {
                        Arithmetic::Add => a.add(b),
                        Arithmetic::Sub if self.is_reversed => b.sub(a),
                        Arithmetic::Sub => a.sub(b),
                        Arithmetic::Multiply => a.mul(b),
                        Arithmetic::Keep => a,
                    };
                    self.clamp.apply(result).store(context.activations.add(to + y * self.output.row + x * V::LANES));
                }
            }
        }
    }
}
