//! Batch norm and its gradient.

use super::{Lowering, planned};
use crate::graph::{Node, ValueId};
use crate::training::Operation;
use crate::training::batch_norm::{
    FactorsOfAverages, GradientOfAll, GradientSums, Moments, MomentsOfAll, Normalize, NormalizeGradient, Rows,
};
use crate::training::canvas::Source;

impl<'a> Lowering<'a> {
    /// With the sum with a shortcut and the ReLU after it, where only these read it.
    pub(super) fn batch_norm(&mut self, node: &'a Node, inputs: &[ValueId], index: usize) -> Result<(), String> {
        let [x, scale, offset] = [inputs[0], inputs[1], inputs[2]];
        let [y, mean, variance] = [node.outputs[0], node.outputs[1], node.outputs[2]];
        let epsilon = node.attributes.variance_epsilon.ok_or("expected varianceEpsilon, got none")?;
        let rows = Rows::of(self.shape(node.inputs[0]));
        self.expect_channels(&[scale, offset, mean, variance], rows.channels)?;
        self.expect(y, self.sizes[x])?;
        let parts = match self.moments[x] {
            Some(parts) => parts,
            None => {
                let parts = self.own(rows.items * 2 * rows.channels);
                let work = Operation::Moments(Moments { x, parts, rows });
                self.push("moments", work, rows.items, 0, &[x], &[parts]);
                parts
            }
        };
        let factors = self.own(2 * rows.channels);
        let work = MomentsOfAll { parts, scale, offset, mean, variance, factors, rows, epsilon };
        let reads = [parts, scale, offset];
        self.push("moments", Operation::MomentsOfAll(work), 1, 0, &reads, &[mean, variance, factors]);

        let (mut output, mut last, mut residual, mut is_relu) = (y, index, None, false);
        if let Some((at, next)) = self.reader(y) {
            let relu = |(at, node): (usize, &'a Node)| (node.op == "Relu").then_some((at, node.outputs[0]));
            if let Some((at, result)) = relu((at, next)) {
                (output, last, is_relu) = (result, at, true);
                self.is_done[at] = true;
            } else if next.op == "Add"
                && next.inputs.iter().all(|id| self.shape(*id) == self.shape(y))
                && next.inputs[0] != next.inputs[1]
                && !self.is_done[at]
            {
                let other = if next.inputs[0] == y { next.inputs[1] } else { next.inputs[0] };
                residual = Some(other);
                (output, last) = (next.outputs[0], at);
                self.is_done[at] = true;
                if let Some((at, result)) = self.reader(output).and_then(relu) {
                    (output, last, is_relu) = (result, at, true);
                    self.is_done[at] = true;
                }
            }
        }
        // The shortcut may be computed only after this, and be another's result under another shape.
        let residual = residual.map(|id| self.resolve(id));
        let work = Normalize { x, factors, residual, is_relu, output, rows };
        let reads: Vec<ValueId> = [x, factors].into_iter().chain(residual).collect();
        let work = Operation::Normalize(work);
        let planned = planned("normalize", y, work, [rows.items, 0], &reads, &[output]);
        match last == index {
            true => self.planned.push(planned),
            false => self.deferred[last] = Some(planned),
        }
        Ok(())
    }

    pub(super) fn batch_norm_gradient(&mut self, node: &'a Node, inputs: &[ValueId]) -> Result<(), String> {
        let [dy, x, scale, mean, variance] = [inputs[0], inputs[1], inputs[2], inputs[3], inputs[4]];
        let [dx, scale_gradient, offset_gradient] = [node.outputs[0], node.outputs[1], node.outputs[2]];
        let epsilon = node.attributes.variance_epsilon.ok_or("expected varianceEpsilon, got none")?;
        let rows = Rows::of(self.shape(node.inputs[1]));
        self.expect_channels(&[scale, mean, variance, scale_gradient, offset_gradient], rows.channels)?;
        self.expect(dy, self.sizes[x])?;
        self.expect(dx, self.sizes[x])?;
        let parts = match self.gradient_sums[dy] {
            Some([of, parts]) if of == x => parts,
            _ => {
                let parts = self.own(rows.items * 2 * rows.channels);
                let work = GradientSums { dy, x, mean, parts, rows };
                self.push("sums", Operation::GradientSums(work), rows.items, 0, &[dy, x, mean], &[parts]);
                parts
            }
        };
        let factors = self.own(3 * rows.channels);
        let work =
            GradientOfAll { parts, scale, mean, variance, scale_gradient, offset_gradient, factors, rows, epsilon };
        let (reads, writes) = ([parts, scale, mean, variance], [scale_gradient, offset_gradient, factors]);
        self.push("sums", Operation::GradientOfAll(work), 1, 0, &reads, &writes);
        let of_convolution = |next: &Node| match next.op.as_str() {
            "Conv2DBackpropFilter" => next.inputs[1] == dx && next.inputs[0] != dx,
            "Conv2DBackpropInput" => next.inputs[0] == dx && next.inputs[1] != dx,
            _ => false,
        };
        let readers = self.graph.nodes.iter().filter(|next| of_convolution(next)).count();
        if self.uses[dx] == readers {
            self.of_norms[dx] = Some(Source { id: dy, of_norm: Some([x, factors]) });
            return Ok(());
        }
        let work = NormalizeGradient { dy, x, factors, output: dx, rows };
        self.push(&node.op, Operation::NormalizeGradient(work), rows.items, 0, &[dy, x, factors], &[dx]);
        Ok(())
    }

    /// By running averages: arithmetic of vectors, then as in training.
    pub(super) fn batch_norm_of_averages(&mut self, node: &'a Node, inputs: &[ValueId]) -> Result<(), String> {
        let attributes = &node.attributes;
        let epsilon = attributes.variance_epsilon.ok_or("expected varianceEpsilon, got none")?;
        let rows = Rows::of(self.shape(node.inputs[0]));
        self.expect_channels(&inputs[1..], rows.channels)?;
        self.expect(node.outputs[0], self.sizes[inputs[0]])?;
        let mut rest = inputs[3..].iter().copied();
        let offset = if attributes.has_offset { rest.next() } else { None };
        let scale = if attributes.has_scale { rest.next() } else { None };
        let factors = self.own(2 * rows.channels);
        let work = FactorsOfAverages {
            mean: inputs[1],
            variance: inputs[2],
            offset,
            scale,
            factors,
            channels: rows.channels,
            epsilon,
        };
        self.push("factors", Operation::FactorsOfAverages(work), 1, 0, &inputs[1..], &[factors]);
        let (x, output) = (inputs[0], node.outputs[0]);
        let work = Normalize { x, factors, residual: None, is_relu: false, output, rows };
        self.push(&node.op, Operation::Normalize(work), rows.items, 0, &[x, factors], &[output]);
        Ok(())
    }
}
