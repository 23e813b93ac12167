//! Arithmetic of two values, or of a value and a number per channel, with a sum and an activation after it.

use crate::layout::Layout;
use crate::program::Context;
use crate::simd::Vector;
use crate::tile::Clamp;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Arithmetic {
    Add,
    Sub,
    Multiply,
    Divide,
    Maximum,
    Sigmoid,
    Exp,
    /// One over the square root.
    Rsqrt,
    /// Only what comes after.
    Keep,
}

#[derive(Clone, Copy, Debug)]
pub enum Other {
    /// Of the output's size, or of one pixel that stands for all of its image.
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
    /// Added to that.
    pub term: Other,
    pub output: Layout,
    pub clamp: Clamp,
}

/// One block of an operand: where its first vector is, and how far apart rows and pixels are.
struct Walk {
    start: *const f32,
    row: usize,
    pixel: usize,
}

impl Walk {
    /// # Safety
    /// As [`Vector`]; the pixel must be the operand's.
    #[inline(always)]
    unsafe fn at<V: Vector>(&self, y: usize, x: usize) -> V {
        // SAFETY: the pixel is the operand's, or the distances are zero.
        unsafe { V::load(self.start.add(y * self.row + x * self.pixel)) }
    }
}

impl Pointwise {
    pub fn items(&self) -> usize {
        self.output.images * self.output.blocks
    }

    /// # Safety
    /// As [`Context`], for an item of this layer.
    #[inline(always)]
    pub unsafe fn run_item<V: Vector>(&self, context: &Context, item: usize) {
        let (image, block) = (item / self.output.blocks, item % self.output.blocks);
        // SAFETY: as [`Context`]; operands have the output's blocks and pixels, or one pixel for all.
        unsafe {
            let input = self.walk(context, &self.input, image, block);
            let other = self.operand(context, &self.other, image, block);
            let term = self.operand(context, &self.term, image, block);
            let output = context.activations.add(first_pixel(&self.output, image, block));
            let pad = ((block + 1) * V::LANES).saturating_sub(self.output.channels);
            for y in 0..self.output.height {
                for x in 0..self.output.width {
                    let a: V = input.at(y, x);
                    let mut result = match (self.arithmetic, &other) {
                        (Arithmetic::Sigmoid, _) => sigmoid(a),
                        (Arithmetic::Exp, _) => each(a, f32::exp),
                        (Arithmetic::Rsqrt, _) => each(a, |x| 1.0 / x.sqrt()),
                        (Arithmetic::Keep, _) | (_, None) => a,
                        (Arithmetic::Add, Some(other)) => a.add(other.at(y, x)),
                        (Arithmetic::Sub, Some(other)) if self.is_reversed => other.at::<V>(y, x).sub(a),
                        (Arithmetic::Sub, Some(other)) => a.sub(other.at(y, x)),
                        (Arithmetic::Multiply, Some(other)) => a.mul(other.at(y, x)),
                        (Arithmetic::Divide, Some(other)) if self.is_reversed => other.at::<V>(y, x).div(a),
                        (Arithmetic::Divide, Some(other)) => a.div(other.at(y, x)),
                        (Arithmetic::Maximum, Some(other)) => a.at_least(other.at(y, x)),
                    };
                    if let Some(term) = &term {
                        result = result.add(term.at(y, x));
                    }
                    result = self.clamp.apply(result);
                    let at = output.add(y * self.output.row + x * V::LANES);
                    result.store(at);
                    // What is not zero of zero, or not finite, would be in the lanes that pad the last block.
                    for lane in V::LANES - pad..V::LANES {
                        *at.add(lane) = 0.0;
                    }
                }
            }
        }
    }

    /// # Safety
    /// As [`Pointwise::run_item`].
    #[inline(always)]
    unsafe fn operand(&self, context: &Context, other: &Other, image: usize, block: usize) -> Option<Walk> {
        match other {
            // SAFETY: the layout is one of the plan's.
            Other::Value(layout) => Some(unsafe { self.walk(context, layout, image, block) }),
            Other::Channels(offset) => {
                // SAFETY: the plan has so many numbers there, padded to whole blocks.
                let start = unsafe { context.weights.add(offset + block * self.output.block) };
                Some(Walk { start, row: 0, pixel: 0 })
            }
            Other::Nothing => None,
        }
    }

    /// # Safety
    /// As [`Pointwise::run_item`].
    #[inline(always)]
    unsafe fn walk(&self, context: &Context, layout: &Layout, image: usize, block: usize) -> Walk {
        // SAFETY: the block is the value's, which lies in the arena.
        let start = unsafe { context.activations.add(first_pixel(layout, image, block)) };
        match [layout.height, layout.width] == [self.output.height, self.output.width] {
            true => Walk { start, row: layout.row, pixel: layout.pixel },
            false => Walk { start, row: 0, pixel: 0 },
        }
    }
}

fn first_pixel(layout: &Layout, image: usize, block: usize) -> usize {
    layout.origin() + image * layout.image + block * layout.plane
}

/// A function that there are no vectors for, on each lane.
///
/// # Safety
/// As [`Vector`].
#[inline(always)]
unsafe fn each<V: Vector>(x: V, f: impl Fn(f32) -> f32) -> V {
    let mut lanes = [0.0; 16];
    // SAFETY: no vector has more than 16 lanes.
    unsafe {
        x.store(lanes.as_mut_ptr());
        lanes[..V::LANES].iter_mut().for_each(|lane| *lane = f(*lane));
        V::load(lanes.as_ptr())
    }
}

/// `½ + ½ tanh(x / 2)`, the tangent by a quotient of polynomials, which is off by 2e-7 at most.
/// @see Eigen, `ptanh_float`
///
/// # Safety
/// As [`Vector`].
#[inline(always)]
unsafe fn sigmoid<V: Vector>(x: V) -> V {
    const ABOVE: [f32; 7] =
        [-2.760_768_5e-16, 2.000_188e-13, -8.604_672e-11, 5.122_297e-8, 1.485_722_4e-5, 6.372_619_3e-4, 4.893_524_6e-3];
    const BELOW: [f32; 4] = [1.198_258_4e-6, 1.185_347_1e-4, 2.268_434_6e-3, 4.893_525e-3];
    // SAFETY: the caller's word, for the instruction set; memory is not touched.
    unsafe {
        let half = V::splat(0.5);
        let x = x.mul(half).at_least(V::splat(-7.905_311)).at_most(V::splat(7.905_311));
        let square = x.mul(x);
        let mut above = V::splat(ABOVE[0]);
        for coefficient in &ABOVE[1..] {
            above = above.mul_add(square, V::splat(*coefficient));
        }
        let mut below = V::splat(BELOW[0]);
        for coefficient in &BELOW[1..] {
            below = below.mul_add(square, V::splat(*coefficient));
        }
        let result = above.mul(x).div(below).mul_add(half, half);
        result.at_least(V::splat(0.0)).at_most(V::splat(1.0))
    }
}
