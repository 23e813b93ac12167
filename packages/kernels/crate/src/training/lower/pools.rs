//! Pooling and its gradient.

use super::Lowering;
use crate::format::Format;
use crate::graph::{Node, ValueId};
use crate::pool::PoolKind;
use crate::training::Operation;
use crate::training::pool::{Pool, PoolGradient, Window};

impl<'a> Lowering<'a> {
    pub(super) fn pool(&mut self, node: &'a Node, inputs: &[ValueId]) -> Result<(), String> {
        let attributes = &node.attributes;
        let kind = if node.op.starts_with("Max") { PoolKind::Max } else { PoolKind::Average };
        let is_gradient = node.op.ends_with("Grad");
        let output = node.outputs[0];
        let (picture, out) = match is_gradient {
            true => (self.image(output)?, self.image(node.inputs[0])?),
            false => (self.image(node.inputs[0])?, self.image(output)?),
        };
        if picture[0] != out[0] || picture[3] != out[3] {
            return Err(format!("expected as many pictures and channels in {picture:?} as in {out:?}"));
        }
        let window = Window {
            size: attributes.filter_size.ok_or("expected filterSize, got none")?,
            strides: attributes.strides.ok_or("expected strides, got none")?,
            padding: attributes.pad.ok_or("expected padding, got none")?.map(|[before, _]| before),
            input: [picture[1], picture[2]],
            out: [out[1], out[2]],
            channels: picture[3],
        };
        if !is_gradient {
            let work = Pool { kind, x: inputs[0], output, window };
            self.push(&node.op, Operation::Pool(work), out[0], 0, inputs, &[output]);
            return Ok(());
        }
        let values = match kind {
            PoolKind::Max if inputs.len() < 3 => return Err("expected dy, input and output".into()),
            PoolKind::Max => Some([inputs[1], inputs[2]]),
            PoolKind::Average => None,
        };
        if let Some([x, y]) = values {
            self.expect(x, self.sizes[output])?;
            self.expect(y, self.sizes[inputs[0]])?;
        }
        let reads = if kind == PoolKind::Max { inputs } else { &inputs[..1] };
        let work = PoolGradient { dy: inputs[0], values, output, window };
        let scratch = if self.formats[output] == Format::Float { 0 } else { work.scratch() };
        self.push(&node.op, Operation::PoolGradient(work), out[0], scratch, reads, &[output]);
        Ok(())
    }
}
