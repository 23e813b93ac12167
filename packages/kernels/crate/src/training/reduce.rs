//! Sums, means and maxima along axes.

use super::slots::{Memory, share};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reduction {
    Sum,
    Mean,
    Max,
}

impl Reduction {
    pub fn of(op: &str) -> Option<Reduction> {
        Some(match op {
            "Sum" => Reduction::Sum,
            "Mean" => Reduction::Mean,
            "Max" => Reduction::Max,
            _ => return None,
        })
    }
}

pub struct Reduce {
    pub reduction: Reduction,
    pub x: usize,
    pub output: usize,
    /// Sizes and distances of the axes that stay.
    pub kept: Vec<[usize; 2]>,
    /// … and of those that go.
    pub gone: Vec<[usize; 2]>,
    pub items: usize,
}

/// Where number `index` over the axes lies.
#[inline(always)]
fn offset(axes: &[[usize; 2]], mut index: usize) -> usize {
    let mut at = 0;
    for [size, stride] in axes.iter().rev() {
        at += index % size * stride;
        index /= size;
    }
    at
}

fn product(axes: &[[usize; 2]]) -> usize {
    axes.iter().map(|[size, _]| size).product()
}

impl Reduce {
    pub fn new(reduction: Reduction, [x, output]: [usize; 2], shape: &[usize], axes: &[usize]) -> Reduce {
        let (mut kept, mut gone) = (Vec::new(), Vec::new());
        let mut stride = 1;
        for (axis, size) in shape.iter().enumerate().rev() {
            let list = if axes.contains(&axis) { &mut gone } else { &mut kept };
            list.insert(0, [*size, stride]);
            stride *= size;
        }
        let outputs = product(&kept);
        let items = super::elementwise::items_for(outputs * product(&gone), outputs);
        Reduce { reduction, x, output, kept, gone, items }
    }

    /// Numbers that it leaves.
    pub fn outputs(&self) -> usize {
        product(&self.kept)
    }

    /// # Safety
    /// As [`Memory`].
    #[inline(always)]
    pub unsafe fn run_item(&self, memory: &Memory, item: usize) {
        let (outputs, count) = (product(&self.kept), product(&self.gone));
        let part = share(outputs, self.items, item);
        // SAFETY: as [`Memory`]; shares do not overlap.
        unsafe {
            let x = memory.numbers(self.x, 0);
            let output = memory.write(self.output, part.start, part.len());
            for (y, index) in output.iter_mut().zip(part) {
                let from = offset(&self.kept, index);
                let numbers = (0..count).map(|i| x.get(from + offset(&self.gone, i)));
                *y = match self.reduction {
                    Reduction::Max => {
                        numbers.fold(f32::NEG_INFINITY, |most, x| if x > most || x.is_nan() { x } else { most })
                    }
                    Reduction::Sum => numbers.map(f64::from).sum::<f64>() as f32,
                    Reduction::Mean => (numbers.map(f64::from).sum::<f64>() / count as f64) as f32,
                };
            }
        }
    }
}
