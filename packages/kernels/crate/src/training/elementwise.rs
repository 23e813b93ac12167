//! Arithmetic on numbers one by one; two values broadcast as NumPy's do.

use super::slots::{CHUNK, Memory, share};
use std::ops::Range;

/// Numbers that are worth an item of their own.
pub const WORTH_AN_ITEM: usize = 1 << 14;

/// Items for so many numbers, at most `most`.
pub fn items_for(count: usize, most: usize) -> usize {
    (count / WORTH_AN_ITEM).clamp(1, most.max(1))
}

/// Parts of a range that fit a buffer.
fn chunks(range: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    range.clone().step_by(CHUNK).map(move |from| from..range.end.min(from + CHUNK))
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Function {
    Identity,
    Neg,
    Exp,
    Log,
    Relu,
    Relu6,
    Sigmoid,
    Tanh,
    Sqrt,
    Rsqrt,
    Square,
    Reciprocal,
    Abs,
    /// One above zero, else zero.
    Step,
    Zeros,
    Ones,
}

impl Function {
    pub fn of(op: &str) -> Option<Function> {
        Some(match op {
            "Identity" | "Reshape" | "ExpandDims" | "Squeeze" => Function::Identity,
            "Neg" => Function::Neg,
            "Exp" => Function::Exp,
            "Log" => Function::Log,
            "Relu" => Function::Relu,
            "Relu6" => Function::Relu6,
            "Sigmoid" => Function::Sigmoid,
            "Tanh" => Function::Tanh,
            "Sqrt" => Function::Sqrt,
            "Rsqrt" => Function::Rsqrt,
            "Square" => Function::Square,
            "Reciprocal" => Function::Reciprocal,
            "Abs" => Function::Abs,
            "Step" => Function::Step,
            "ZerosLike" => Function::Zeros,
            "OnesLike" => Function::Ones,
            _ => return None,
        })
    }

    #[inline(always)]
    fn apply(self, x: f32) -> f32 {
        match self {
            Function::Identity => x,
            Function::Neg => -x,
            Function::Exp => x.exp(),
            Function::Log => x.ln(),
            Function::Relu => super::batch_norm::at_least(x, 0.0),
            Function::Relu6 => super::batch_norm::at_least(x, 0.0).min(6.0),
            Function::Sigmoid => 1.0 / (1.0 + (-x).exp()),
            Function::Tanh => x.tanh(),
            Function::Sqrt => x.sqrt(),
            Function::Rsqrt => 1.0 / x.sqrt(),
            Function::Square => x * x,
            Function::Reciprocal => 1.0 / x,
            Function::Abs => x.abs(),
            Function::Step => {
                if x > 0.0 {
                    1.0
                } else {
                    0.0
                }
            }
            Function::Zeros => 0.0,
            Function::Ones => 1.0,
        }
    }
}

pub struct Unary {
    pub function: Function,
    pub x: usize,
    pub output: usize,
    pub count: usize,
    pub items: usize,
}

impl Unary {
    /// # Safety
    /// As [`Memory`].
    #[inline(always)]
    pub unsafe fn run_item(&self, memory: &Memory, item: usize) {
        let part = share(self.count, self.items, item);
        // SAFETY: as [`Memory`]; shares do not overlap.
        unsafe {
            let [of_x, of_output] = &mut [[0.0; CHUNK]; 2];
            for part in chunks(part) {
                let (x, output) = (memory.numbers(self.x, part.start), memory.numbers(self.output, part.start));
                let x = x.widened(part.len(), of_x);
                output.make(part.len(), of_output, |output| {
                    for (y, x) in output.iter_mut().zip(x) {
                        *y = self.function.apply(*x);
                    }
                });
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Operator {
    Add,
    Sub,
    Multiply,
    Divide,
    Maximum,
    Minimum,
    SquaredDifference,
    /// One where it is so, else zero.
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

impl Operator {
    pub fn of(op: &str) -> Option<Operator> {
        Some(match op {
            "Add" | "AddV2" => Operator::Add,
            "Sub" => Operator::Sub,
            "Multiply" => Operator::Multiply,
            "RealDiv" => Operator::Divide,
            "Maximum" => Operator::Maximum,
            "Minimum" => Operator::Minimum,
            "SquaredDifference" => Operator::SquaredDifference,
            "Equal" => Operator::Equal,
            "NotEqual" => Operator::NotEqual,
            "Less" => Operator::Less,
            "LessEqual" => Operator::LessEqual,
            "Greater" => Operator::Greater,
            "GreaterEqual" => Operator::GreaterEqual,
            _ => return None,
        })
    }

    #[inline(always)]
    fn apply(self, a: f32, b: f32) -> f32 {
        match self {
            Operator::Add => a + b,
            Operator::Sub => a - b,
            Operator::Multiply => a * b,
            Operator::Divide => a / b,
            Operator::Maximum => a.max(b),
            Operator::Minimum => a.min(b),
            Operator::SquaredDifference => (a - b) * (a - b),
            Operator::Equal => f32::from(a == b),
            Operator::NotEqual => f32::from(a != b),
            Operator::Less => f32::from(a < b),
            Operator::LessEqual => f32::from(a <= b),
            Operator::Greater => f32::from(a > b),
            Operator::GreaterEqual => f32::from(a >= b),
        }
    }
}

/// A loop over rows of the output, each along the last axis that the values do not share as a whole.
pub struct Binary {
    pub operator: Operator,
    pub a: usize,
    pub b: usize,
    pub output: usize,
    /// Of the output, the last one a row's length.
    pub shape: Vec<usize>,
    /// By axis, how far a step along it leads in each of the two; 0 where it is broadcast.
    pub strides: [Vec<usize>; 2],
    pub items: usize,
}

impl Binary {
    /// Nothing where the shapes do not broadcast to the output's.
    pub fn strides(output: &[usize], own: &[usize]) -> Option<Vec<usize>> {
        let missing = output.len().checked_sub(own.len())?;
        let mut strides = vec![0; output.len()];
        let mut stride = 1;
        for (axis, size) in own.iter().enumerate().rev() {
            if *size != 1 {
                if *size != output[missing + axis] {
                    return None;
                }
                strides[missing + axis] = stride;
            }
            stride *= size;
        }
        Some(strides)
    }

    /// Joins axes along which both values go on alike, so that rows are as long as they can be.
    pub fn joined(mut shape: Vec<usize>, [mut a, mut b]: [Vec<usize>; 2]) -> (Vec<usize>, [Vec<usize>; 2]) {
        for axis in (1..shape.len()).rev() {
            let size = shape[axis];
            let goes_on = |strides: &[usize]| strides[axis - 1] == strides[axis] * size;
            if shape[axis - 1] == 1 || goes_on(&a) && goes_on(&b) {
                shape[axis - 1] *= size;
                shape.remove(axis);
                for strides in [&mut a, &mut b] {
                    strides.remove(axis - 1);
                }
            }
        }
        if shape.is_empty() {
            return (vec![1], [vec![0], vec![0]]);
        }
        (shape, [a, b])
    }

    /// # Safety
    /// As [`Memory`].
    #[inline(always)]
    pub unsafe fn run_item(&self, memory: &Memory, item: usize) {
        match self.operator {
            // SAFETY: the caller's word.
            Operator::Add => unsafe { self.run(memory, item, |a, b| Operator::Add.apply(a, b)) },
            // SAFETY: the caller's word.
            Operator::Multiply => unsafe { self.run(memory, item, |a, b| Operator::Multiply.apply(a, b)) },
            // SAFETY: the caller's word.
            Operator::Sub => unsafe { self.run(memory, item, |a, b| Operator::Sub.apply(a, b)) },
            // SAFETY: the caller's word.
            other => unsafe { self.run(memory, item, |a, b| other.apply(a, b)) },
        }
    }

    /// # Safety
    /// As [`Memory`].
    #[inline(always)]
    unsafe fn run(&self, memory: &Memory, item: usize, f: impl Fn(f32, f32) -> f32) {
        let axes = self.shape.len() - 1;
        let length = self.shape[axes];
        let rows: usize = self.shape[..axes].iter().product();
        // One long row is divided, else the rows are.
        let (own_rows, own) = match axes {
            0 => (0..1, share(length, self.items, item)),
            _ => (share(rows, self.items, item), 0..length),
        };
        let [of_a, of_b, of_output] = &mut [[0.0; CHUNK]; 3];
        for row in own_rows {
            let (mut rest, mut from) = (row, [0, 0]);
            for axis in (0..axes).rev() {
                let index = rest % self.shape[axis];
                rest /= self.shape[axis];
                for (from, strides) in from.iter_mut().zip(&self.strides) {
                    *from += index * strides[axis];
                }
            }
            for own in chunks(own.clone()) {
                // SAFETY: as [`Memory`]; shares do not overlap, and strides are those of the values' own shapes.
                unsafe {
                    let numbers = [0, 1].map(|side| {
                        let (id, stride) = ([self.a, self.b][side], self.strides[side][axes]);
                        memory.numbers(id, from[side] + own.start * stride)
                    });
                    let count = |side: usize| if self.strides[side][axes] == 0 { 1 } else { own.len() };
                    let (a, b) = (numbers[0].widened(count(0), of_a), numbers[1].widened(count(1), of_b));
                    let output = memory.numbers(self.output, row * length + own.start);
                    output.make(own.len(), of_output, |output| match (a, b) {
                        (a, b) if a.len() == b.len() => {
                            for (y, (a, b)) in output.iter_mut().zip(a.iter().zip(b)) {
                                *y = f(*a, *b);
                            }
                        }
                        (a, [b]) => {
                            for (y, a) in output.iter_mut().zip(a) {
                                *y = f(*a, *b);
                            }
                        }
                        (a, b) => {
                            for (y, b) in output.iter_mut().zip(b) {
                                *y = f(a[0], *b);
                            }
                        }
                    });
                }
            }
        }
    }
}

/// `dy` where `y` is above zero, else zero.
pub struct ReluGradient {
    pub dy: usize,
    pub y: usize,
    pub output: usize,
    pub count: usize,
    pub items: usize,
}

impl ReluGradient {
    /// # Safety
    /// As [`Memory`].
    #[inline(always)]
    pub unsafe fn run_item(&self, memory: &Memory, item: usize) {
        let part = share(self.count, self.items, item);
        // SAFETY: as [`Memory`]; shares do not overlap.
        unsafe {
            let [of_dy, of_y, of_output] = &mut [[0.0; CHUNK]; 3];
            for part in chunks(part) {
                let numbers = |id: usize| memory.numbers(id, part.start);
                let (dy, y, output) = (numbers(self.dy), numbers(self.y), numbers(self.output));
                let (dy, y) = (dy.widened(part.len(), of_dy), y.widened(part.len(), of_y));
                output.make(part.len(), of_output, |output| {
                    for (dx, (dy, y)) in output.iter_mut().zip(dy.iter().zip(y)) {
                        *dx = if *y > 0.0 { *dy } else { 0.0 };
                    }
                });
            }
        }
    }
}
