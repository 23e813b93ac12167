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
        // SAFETY: as [`Memory`]; the item's part is its own.
        let output = unsafe { memory.write(self.output, item * self.item, self.item) };
        let length: usize = self.size.iter().product();
        if let Some(fill) = self.fill.filter(|_| length != self.item * self.items) {
            output.fill(fill);
        }
        let Some(index) = item.checked_sub(self.first).filter(|index| *index < self.size[0]) else { return };
        let last = self.size.len() - 1;
        let rows: usize = self.size[1..last.max(1)].iter().product();
        let count = if last == 0 { 1 } else { self.size[last] };
        for row in 0..rows {
            let mut from = self.starts[0] + index * self.strides[0][0];
            let mut to = self.starts[1] + index * self.strides[1][0] - item * self.item;
            let mut rest = row;
            for axis in (1..last).rev() {
                from += rest % self.size[axis] * self.strides[0][axis];
                to += rest % self.size[axis] * self.strides[1][axis];
                rest /= self.size[axis];
            }
            let stride = if last == 0 { 1 } else { self.strides[0][last] };
            // SAFETY: as [`Memory`]; the box lies within the value.
            let x = unsafe { memory.read(self.x, from, (count - 1) * stride + 1) };
            if stride == 1 {
                output[to..to + count].copy_from_slice(x);
            } else {
                for (y, x) in output[to..to + count].iter_mut().zip(x.iter().step_by(stride)) {
                    *y = *x;
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
