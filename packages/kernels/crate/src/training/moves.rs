//! A box of one value put into another, which holds one number elsewhere: padding, slices, and axes in another order.

use super::slots::Memory;

pub struct CopyBox {
    pub x: usize,
    pub output: usize,
    /// What is outside of the box; nothing where other boxes are there.
    pub fill: Option<f32>,
    /// Of the box.
    pub size: Vec<usize>,
    /// Distances along the box's axes, and where it begins, in `x` and in the output.
    pub strides: [Vec<usize>; 2],
    pub starts: [usize; 2],
    /// Of the output: floats of one index of the first axis, of which each is an item, and indices.
    pub item: usize,
    pub items: usize,
    /// Where the box begins along the output's first axis.
    pub first: usize,
}

impl CopyBox {
    /// # Safety
    /// As [`Memory`].
    #[inline(always)]
    pub unsafe fn run_item(&self, memory: &Memory, item: usize) {
        let length: usize = self.size.iter().product();
        // SAFETY: as [`Memory`]; the item's part is its own, and the box lies within the values.
        unsafe {
            let output = memory.numbers(self.output, item * self.item);
            if let Some(fill) = self.fill.filter(|_| length != self.item * self.items) {
                for at in 0..self.item {
                    output.set(at, fill);
                }
            }
            let Some(index) = item.checked_sub(self.first).filter(|index| *index < self.size[0]) else { return };
            let last = self.size.len() - 1;
            let rows: usize = self.size[1..last.max(1)].iter().product();
            let count = if last == 0 { 1 } else { self.size[last] };
            let stride = if last == 0 { 1 } else { self.strides[0][last] };
            for row in 0..rows {
                let mut from = self.starts[0] + index * self.strides[0][0];
                let mut to = self.starts[1] + index * self.strides[1][0] - item * self.item;
                let mut rest = row;
                for axis in (1..last).rev() {
                    from += rest % self.size[axis] * self.strides[0][axis];
                    to += rest % self.size[axis] * self.strides[1][axis];
                    rest /= self.size[axis];
                }
                let (x, output) = (memory.numbers(self.x, from), output.from(to));
                match (x.floats(), output.floats()) {
                    (Some(x), Some(output)) if stride == 1 => output.copy_from_nonoverlapping(x, count),
                    _ => (0..count).for_each(|at| output.set(at, x.get(at * stride))),
                }
            }
        }
    }
}

/// Row-major distances.
pub fn strides_of(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis] * shape[axis];
    }
    strides
}
