//! Products of matrices, of the size that a network's head has.

use super::batch_norm::at_least;
use super::slots::{Memory, share};

pub struct MatrixProduct {
    pub a: usize,
    pub b: usize,
    pub bias: Option<usize>,
    pub is_relu: bool,
    pub output: usize,
    /// Rows, columns, and what is summed over.
    pub size: [usize; 3],
    pub transposes: [bool; 2],
    pub items: usize,
}

impl MatrixProduct {
    /// # Safety
    /// As [`Memory`].
    #[inline(always)]
    pub unsafe fn run_item(&self, memory: &Memory, item: usize) {
        let [rows, columns, depth] = self.size;
        // SAFETY: as [`Memory`]; shares of rows do not overlap.
        unsafe {
            let (a, b) = (memory.read(self.a, 0, rows * depth), memory.read(self.b, 0, depth * columns));
            for row in share(rows, self.items, item) {
                let output = memory.write(self.output, row * columns, columns);
                match self.bias {
                    Some(id) => output.copy_from_slice(memory.read(id, 0, columns)),
                    None => output.fill(0.0),
                }
                for k in 0..depth {
                    let factor = if self.transposes[0] { a[k * rows + row] } else { a[row * depth + k] };
                    if self.transposes[1] {
                        for (column, sum) in output.iter_mut().enumerate() {
                            *sum += factor * b[column * depth + k];
                        }
                    } else {
                        for (sum, b) in output.iter_mut().zip(&b[k * columns..]) {
                            *sum += factor * b;
                        }
                    }
                }
                if self.is_relu {
                    for value in output.iter_mut() {
                        *value = at_least(*value, 0.0);
                    }
                }
            }
        }
    }
}
