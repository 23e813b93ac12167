//! From nodes to operations: what follows on a value that nobody else reads is done where the value is computed.

use super::batch_norm::{GradientOfAll, GradientSums, Moments, MomentsOfAll, Normalize, NormalizeGradient, Rows};
use super::canvas::Canvas;
use super::convolution::{Convolution, PackFilters, groups};
use super::elementwise::{Binary, Function, Operator, ReluGradient, Unary, items_for};
use super::filter_gradient::{FilterGradient, SumShares};
use super::matrix::MatrixProduct;
use super::moves::{CopyBox, strides_of};
use super::pool::{Pool, PoolGradient, Window};
use super::reduce::{Reduce, Reduction};
use super::slots::Slot;
use super::{Operation, Planned};
use crate::graph::{Constants, Graph, Node, ValueId};
use crate::isa::Isa;
use crate::layout::even_parts;
use crate::plan::Options;
use crate::pool::PoolKind;

/// A box of a value: its size, the distances along its axes, where it begins there and in the output.
struct Part {
    size: Vec<usize>,
    strides: Vec<usize>,
    begin: Vec<usize>,
    to: Vec<usize>,
}

/// Shares into which the pictures of a filter's gradient are divided.
const SHARES: usize = 16;

pub struct Lowering<'a> {
    graph: &'a Graph,
    isa: &'static Isa,
    /// Floats of each value, the graph's and then those of the operations' own.
    pub sizes: Vec<usize>,
    pub planned: Vec<Planned>,
    pub slots: Vec<Option<Slot>>,
    /// Names and the graph's values.
    pub outputs: Vec<(String, ValueId)>,
    /// By value: the one that it is, under another shape.
    alias: Vec<ValueId>,
    /// By value: how many read it.
    uses: Vec<usize>,
    /// By value: sums over it that are computed with it.
    moments: Vec<Option<ValueId>>,
    /// … and those of its products with another value, which comes first.
    gradient_sums: Vec<Option<[ValueId; 2]>>,
    /// By value: what it is with zeros around, above and left.
    padded: Vec<Option<(ValueId, [usize; 2])>>,
    /// By node: done with another.
    is_done: Vec<bool>,
    /// By node: what is done in its place.
    deferred: Vec<Option<Planned>>,
}

impl<'a> Lowering<'a> {
    pub fn new(graph: &'a Graph, constants: &Constants, options: Options) -> Result<Lowering<'a>, String> {
        let count = graph.values.len();
        let sizes: Vec<usize> = graph.values.iter().map(|value| value.shape.iter().product()).collect();
        if let Some((id, data)) = constants.iter().find(|(id, data)| data.len() != sizes[**id]) {
            return Err(format!("constant {id}: expected {} numbers, got {}", sizes[*id], data.len()));
        }
        if let Some(value) = graph.values.iter().find(|value| value.shape.contains(&0)) {
            return Err(format!("graph: expected sizes of at least 1, got {:?}", value.shape));
        }
        let mut slots = vec![None; count];
        let inputs = graph.inputs.iter().filter(|input| !constants.contains_key(&input.value));
        for (index, input) in inputs.enumerate() {
            slots[input.value] = Some(Slot::Input(index));
        }
        for id in constants.keys() {
            // Its place is chosen later.
            slots[*id] = Some(Slot::Constant(0));
        }
        let mut uses = vec![0; count];
        let read = graph.nodes.iter().flat_map(|node| &node.inputs);
        for id in read.chain(graph.outputs.iter().map(|output| &output.value)) {
            uses[*id] += 1;
        }
        Ok(Lowering {
            graph,
            isa: options.isa,
            sizes,
            planned: Vec::new(),
            slots,
            outputs: graph.outputs.iter().map(|output| (output.name.clone(), output.value)).collect(),
            alias: (0..count).collect(),
            uses,
            moments: vec![None; count],
            gradient_sums: vec![None; count],
            padded: vec![None; count],
            is_done: vec![false; graph.nodes.len()],
            deferred: graph.nodes.iter().map(|_| None).collect(),
        })
    }

    pub fn run(&mut self) -> Result<(), String> {
        for (index, node) in self.graph.nodes.iter().enumerate() {
            if let Some(planned) = self.deferred[index].take() {
                self.planned.push(planned);
            } else if !self.is_done[index] {
                self.node(node, index).map_err(|error| format!("{}: {error}", node.place()))?;
            }
        }
        for index in 0..self.outputs.len() {
            let id = self.resolve(self.outputs[index].1);
            if self.slots[id].is_none() {
                self.slots[id] = Some(Slot::Output(index));
            } else {
                let copy = self.own(self.sizes[id]);
                self.slots[copy] = Some(Slot::Output(index));
                self.unary(Function::Identity, id, copy, "output");
            }
        }
        Ok(())
    }

    fn node(&mut self, node: &'a Node, index: usize) -> Result<(), String> {
        let op = node.op.as_str();
        let [least, results] = arity(op);
        if node.inputs.len() < least || node.outputs.len() != results {
            let (inputs, outputs) = (node.inputs.len(), node.outputs.len());
            return Err(format!("expected {least} inputs and {results} outputs, got {inputs} and {outputs}"));
        }
        let inputs: Vec<ValueId> = node.inputs.iter().map(|id| self.resolve(*id)).collect();
        let output = node.outputs[0];
        if let Some(function) = Function::of(op) {
            let x = inputs[0];
            self.expect(output, self.sizes[x])?;
            match function {
                Function::Identity => self.alias[output] = x,
                function => self.unary(function, x, output, op),
            }
            return Ok(());
        }
        if let Some(operator) = Operator::of(op) {
            return self.binary(operator, node, [inputs[0], inputs[1]]);
        }
        if let Some(reduction) = Reduction::of(op) {
            let shape = self.shape(node.inputs[0]);
            let axes = node.attributes.axis.as_ref().ok_or("expected axes, got none")?.resolve(shape.len());
            let work = Reduce::new(reduction, [inputs[0], output], shape, &axes);
            self.expect(output, work.outputs())?;
            let items = work.items;
            self.push(op, Operation::Reduce(work), items, 0, &inputs, &[output]);
            return Ok(());
        }
        match op {
            "Conv2D" | "FusedConv2D" => self.convolution(node, &inputs),
            "Conv2DBackpropInput" => self.input_gradient(node, index),
            "Conv2DBackpropFilter" => self.filter_gradient(node, &inputs),
            "BatchNormTraining" => self.batch_norm(node, &inputs, index),
            "BatchNormTrainingGrad" => self.batch_norm_gradient(node, &inputs),
            "FusedBatchNorm" => self.batch_norm_of_averages(node, &inputs),
            "ReluGrad" => {
                let count = self.sizes[output];
                self.expect(inputs[0], count)?;
                self.expect(inputs[1], count)?;
                let items = items_for(count, count);
                let work = ReluGradient { dy: inputs[0], y: inputs[1], output, count, items };
                self.push(op, Operation::ReluGradient(work), items, 0, &inputs, &[output]);
                Ok(())
            }
            "BatchMatMul" | "FusedMatMul" => self.matrix_product(node, &inputs),
            "PadV2" => self.pad(node, inputs[0]),
            "Slice" => self.slice(node, inputs[0]),
            "Transpose" => self.transpose(node, inputs[0]),
            "MaxPool" | "AvgPool" | "MaxPoolGrad" | "AvgPoolGrad" => self.pool(node, &inputs),
            _ => Err(format!("the kernels do not compute '{op}' in a training step")),
        }
    }

    /// That a value has so many numbers.
    fn expect(&self, id: ValueId, count: usize) -> Result<(), String> {
        match self.sizes[id] {
            size if size == count => Ok(()),
            size => Err(format!("expected a value of {count} numbers, got {size}")),
        }
    }

    /// That vectors have a number for each channel.
    fn expect_channels(&self, ids: &[ValueId], channels: usize) -> Result<(), String> {
        ids.iter().try_for_each(|id| self.expect(*id, channels))
    }

    fn resolve(&self, id: ValueId) -> ValueId {
        match self.alias[id] {
            same if same == id => id,
            other => self.resolve(other),
        }
    }

    fn shape(&self, id: ValueId) -> &'a [usize] {
        &self.graph.values[id].shape
    }

    fn image(&self, id: ValueId) -> Result<[usize; 4], String> {
        self.shape(id).try_into().map_err(|_| format!("expected [N, H, W, C], got {:?}", self.shape(id)))
    }

    /// A value that operations have between them.
    fn own(&mut self, size: usize) -> ValueId {
        self.sizes.push(size);
        self.slots.push(None);
        self.sizes.len() - 1
    }

    /// The only reader of a value, with its index.
    fn reader(&self, id: ValueId) -> Option<(usize, &'a Node)> {
        if self.uses[id] != 1 {
            return None;
        }
        self.graph.nodes.iter().enumerate().find(|(_, node)| node.inputs.contains(&id))
    }

    fn push(
        &mut self,
        label: &str,
        operation: Operation,
        items: usize,
        scratch: usize,
        reads: &[ValueId],
        writes: &[ValueId],
    ) {
        self.planned.push(planned(label, operation, items, scratch, reads, writes));
    }

    fn unary(&mut self, function: Function, x: ValueId, output: ValueId, label: &str) {
        let count = self.sizes[output];
        let items = items_for(count, count);
        let work = Unary { function, x, output, count, items };
        self.push(label, Operation::Unary(work), items, 0, &[x], &[output]);
    }

    fn binary(&mut self, operator: Operator, node: &'a Node, [a, b]: [ValueId; 2]) -> Result<(), String> {
        let output = node.outputs[0];
        let shape = self.shape(output);
        let own = [self.shape(node.inputs[0]), self.shape(node.inputs[1])];
        let [Some(of_a), Some(of_b)] = own.map(|own| Binary::strides(shape, own)) else {
            return Err(format!("expected shapes that broadcast to {shape:?}, got {:?}, {:?}", own[0], own[1]));
        };
        let (shape, strides) = Binary::joined(shape.to_vec(), [of_a, of_b]);
        let rows: usize = if shape.len() == 1 { shape[0] } else { shape[..shape.len() - 1].iter().product() };
        let items = items_for(self.sizes[output], rows);
        let work = Binary { operator, a, b, output, shape, strides, items };
        self.push(&node.op, Operation::Binary(work), items, 0, &[a, b], &[output]);
        Ok(())
    }

    fn convolution(&mut self, node: &'a Node, inputs: &[ValueId]) -> Result<(), String> {
        let attributes = &node.attributes;
        if attributes.groups.unwrap_or(1) != 1 || attributes.dilations.unwrap_or([1, 1]) != [1, 1] {
            return Err("the kernels train no grouped or dilated convolutions".into());
        }
        let is_relu = match attributes.activation.as_deref() {
            None | Some("linear") => false,
            Some("relu") => true,
            Some(other) => return Err(format!("expected linear or relu, got the activation {other}")),
        };
        let (x, filter, output) = (inputs[0], inputs[1], node.outputs[0]);
        let (picture, out, kernel) = (self.image(node.inputs[0])?, self.image(output)?, self.image(node.inputs[1])?);
        let (strides, pads) = window(node)?;
        let pad = pads.map(|[before, _]| before);
        let size = [kernel[0], kernel[1]];
        check_window(picture, out, kernel, strides, pads)?;
        let canvas = Canvas::of_input([picture[1], picture[2], picture[3]], size, strides, pad, [out[1], out[2]]);
        let filters = self.pack(filter, kernel, false);
        let mut work =
            Convolution::new([x, filters, output], canvas, size, strides, [out[1], out[2], out[3]], self.isa);
        let mut rest = inputs[2..].iter().copied();
        work.epilogue.bias = if attributes.has_bias { rest.next() } else { None };
        work.epilogue.residual = if attributes.has_residual { rest.next() } else { None };
        work.epilogue.is_relu = is_relu;
        work.epilogue.bias.map_or(Ok(()), |bias| self.expect(bias, out[3]))?;
        work.epilogue.residual.map_or(Ok(()), |residual| self.expect(residual, self.sizes[output]))?;
        let mut writes = vec![output];
        let is_normalized = |other: &Node| other.op == "BatchNormTraining" && other.inputs[0] == output;
        if self.graph.nodes.iter().any(is_normalized) {
            let rows = Rows::of(self.shape(output));
            let parts = self.own(rows.items * 2 * rows.channels);
            self.moments[output] = Some(parts);
            work.epilogue.moments = Some(Moments { x: output, parts, rows });
            writes.push(parts);
        }
        let mut reads = vec![x, filters];
        reads.extend(&inputs[2..]);
        let scratch = work.scratch();
        self.push("Conv2D", Operation::Convolution(work), out[0], scratch, &reads, &writes);
        Ok(())
    }

    /// The filter in the micro-kernel's order.
    fn pack(&mut self, filter: ValueId, shape: [usize; 4], is_turned: bool) -> ValueId {
        let [height, width, inputs, outputs] = shape;
        let (rows, channels) = if is_turned { (outputs, inputs) } else { (inputs, outputs) };
        let (groups, size) = groups(channels, self.isa.lanes, height * width * rows);
        let output = self.own(size);
        let items = groups.len();
        let work = PackFilters { filter, output, shape, is_turned, groups, lanes: self.isa.lanes };
        self.push("pack", Operation::PackFilters(work), items, 0, &[filter], &[output]);
        output
    }

    /// With a slice that takes padding away, the sum with another gradient, and the ReLU's, where only these read it.
    fn input_gradient(&mut self, node: &'a Node, index: usize) -> Result<(), String> {
        let (dy, filter) = (self.resolve(node.inputs[0]), self.resolve(node.inputs[1]));
        let (picture, kernel) = (self.image(node.inputs[0])?, self.image(node.inputs[1])?);
        let (strides, pads) = window(node)?;
        let mut pad = pads.map(|[before, _]| before);
        let mut output = node.outputs[0];
        check_window(self.image(output)?, picture, kernel, strides, pads)?;
        let mut last = index;
        if let Some((at, slice)) = self.reader(output).filter(|(_, node)| is_spatial_slice(node, self.shape(output))) {
            let begin = slice.attributes.begin.as_ref().expect("checked");
            pad = [pad[0] + begin[1], pad[1] + begin[2]];
            (output, last) = (slice.outputs[0], at);
            self.is_done[at] = true;
        }
        let mut residual = None;
        let mut mask = None;
        if let Some((at, add)) = self.reader(output).filter(|(_, node)| node.op == "Add") {
            let other = if add.inputs[0] == output { add.inputs[1] } else { add.inputs[0] };
            if other != output && self.shape(other) == self.shape(output) && !self.is_done[at] {
                residual = Some(self.resolve(other));
                (output, last) = (add.outputs[0], at);
                self.is_done[at] = true;
            }
        }
        let of_relu = |(_, node): &(usize, &Node)| node.op == "ReluGrad" && node.inputs[0] == output;
        let fits = |(_, relu): &(usize, &Node)| self.shape(relu.inputs[1]) == self.shape(output);
        if let Some((at, relu)) = self.reader(output).filter(of_relu).filter(fits) {
            mask = Some(self.resolve(relu.inputs[1]));
            (output, last) = (relu.outputs[0], at);
            self.is_done[at] = true;
        }
        let out = self.image(output)?;
        let size = [kernel[0], kernel[1]];
        let picture_size = [picture[1], picture[2], picture[3]];
        let canvas = Canvas::of_gradient(picture_size, size, strides, pad, [out[1], out[2]]);
        let canvas = canvas.ok_or_else(|| format!("expected padding less than the filter's {size:?}, got {pad:?}"))?;
        let filters = self.pack(filter, kernel, true);
        let mut work =
            Convolution::new([dy, filters, output], canvas, size, [1, 1], [out[1], out[2], out[3]], self.isa);
        work.epilogue.residual = residual;
        work.epilogue.mask = mask;
        let mut reads: Vec<ValueId> = [dy, filters].into_iter().chain(residual).chain(mask).collect();
        let mut writes = vec![output];
        let is_normalized = |other: &&Node| other.op == "BatchNormTrainingGrad" && other.inputs[0] == output;
        if let Some(next) = self.graph.nodes.iter().find(is_normalized) {
            let rows = Rows::of(self.shape(output));
            let parts = self.own(rows.items * 2 * rows.channels);
            let (x, mean) = (self.resolve(next.inputs[1]), self.resolve(next.inputs[3]));
            self.gradient_sums[output] = Some([x, parts]);
            work.epilogue.gradient_sums = Some(GradientSums { dy: output, x, mean, parts, rows });
            reads.extend([x, mean]);
            writes.push(parts);
        }
        let scratch = work.scratch();
        let planned = planned(&node.op, Operation::Convolution(work), out[0], scratch, &reads, &writes);
        match last == index {
            true => self.planned.push(planned),
            false => self.deferred[last] = Some(planned),
        }
        Ok(())
    }

    fn filter_gradient(&mut self, node: &'a Node, inputs: &[ValueId]) -> Result<(), String> {
        let (dy, output) = (inputs[1], node.outputs[0]);
        let (out, kernel) = (self.image(node.inputs[1])?, self.image(output)?);
        let (strides, pads) = window(node)?;
        let own_pad = pads.map(|[before, _]| before);
        check_window(self.image(node.inputs[0])?, out, kernel, strides, pads)?;
        let (x, shape, pad) = match self.padded[node.inputs[0]] {
            Some((x, [above, left])) => (self.resolve(x), self.image(x)?, [own_pad[0] + above, own_pad[1] + left]),
            None => (inputs[0], self.image(node.inputs[0])?, own_pad),
        };
        let size = [kernel[0], kernel[1]];
        let canvas = Canvas::of_input([shape[1], shape[2], shape[3]], size, strides, pad, [out[1], out[2]]);
        let words = kernel[1] * kernel[2];
        let (groups, _) = groups(kernel[3], self.isa.lanes, 0);
        let mut work = FilterGradient {
            x,
            dy,
            sums: 0,
            images: out[0],
            shares: SHARES.min(out[0]),
            canvas,
            kernel: size,
            strides,
            out: [out[1], out[2], out[3]],
            groups,
            parts: even_parts(words, self.isa.max_pixels()),
            kernels: self.isa.outer,
            lanes: self.isa.lanes,
        };
        let (shares, padded, scratch) = (work.shares, work.padded_channels(), work.scratch());
        let sums = self.own(shares * work.length());
        work.sums = sums;
        self.push(&node.op, Operation::FilterGradient(work), shares, scratch, &[x, dy], &[sums]);
        let rows = kernel[0] * words;
        let items = items_for(rows * kernel[3] * shares, rows);
        let work = SumShares { sums, output, shares, size: [rows, kernel[3], padded], items };
        self.push("sum", Operation::SumShares(work), items, 0, &[sums], &[output]);
        Ok(())
    }

    /// With the sum with a shortcut and the ReLU after it, where only these read it.
    fn batch_norm(&mut self, node: &'a Node, inputs: &[ValueId], index: usize) -> Result<(), String> {
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
        let planned = planned("normalize", Operation::Normalize(work), rows.items, 0, &reads, &[output]);
        match last == index {
            true => self.planned.push(planned),
            false => self.deferred[last] = Some(planned),
        }
        Ok(())
    }

    fn batch_norm_gradient(&mut self, node: &'a Node, inputs: &[ValueId]) -> Result<(), String> {
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
        let work = NormalizeGradient { dy, x, factors, output: dx, rows };
        self.push(&node.op, Operation::NormalizeGradient(work), rows.items, 0, &[dy, x, factors], &[dx]);
        Ok(())
    }

    /// By running averages: arithmetic of vectors, then as in training.
    fn batch_norm_of_averages(&mut self, node: &'a Node, inputs: &[ValueId]) -> Result<(), String> {
        let attributes = &node.attributes;
        let epsilon = attributes.variance_epsilon.ok_or("expected varianceEpsilon, got none")?;
        let rows = Rows::of(self.shape(node.inputs[0]));
        self.expect_channels(&inputs[1..], rows.channels)?;
        self.expect(node.outputs[0], self.sizes[inputs[0]])?;
        let mut rest = inputs[3..].iter().copied();
        let offset = if attributes.has_offset { rest.next() } else { None };
        let scale = if attributes.has_scale { rest.next() } else { None };
        let factors = self.own(2 * rows.channels);
        let work = super::batch_norm::FactorsOfAverages {
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

    fn matrix_product(&mut self, node: &'a Node, inputs: &[ValueId]) -> Result<(), String> {
        let attributes = &node.attributes;
        let matrix = |id: ValueId| match *self.shape(id) {
            [rows, columns] | [1, rows, columns] => Ok([rows, columns]),
            ref shape => Err(format!("expected a matrix, got {shape:?}")),
        };
        let (a, output) = (matrix(node.inputs[0])?, matrix(node.outputs[0])?);
        let depth = if attributes.transpose_a { a[0] } else { a[1] };
        self.expect(inputs[0], output[0] * depth)?;
        self.expect(inputs[1], depth * output[1])?;
        inputs.get(2).map_or(Ok(()), |bias| self.expect(*bias, output[1]))?;
        let is_relu = match attributes.activation.as_deref() {
            None | Some("linear") => false,
            Some("relu") => true,
            Some(other) => return Err(format!("expected linear or relu, got the activation {other}")),
        };
        let items = items_for(output[0] * output[1] * depth, output[0]);
        let work = MatrixProduct {
            a: inputs[0],
            b: inputs[1],
            bias: inputs.get(2).copied(),
            is_relu,
            output: node.outputs[0],
            size: [output[0], output[1], depth],
            transposes: [attributes.transpose_a, attributes.transpose_b],
            items,
        };
        self.push(&node.op, Operation::MatrixProduct(work), items, 0, inputs, &[node.outputs[0]]);
        Ok(())
    }

    fn copy_box(&mut self, label: &str, [x, output]: [ValueId; 2], part: Part, fill: f32) {
        let Part { size, strides, begin, to } = part;
        let shape = self.shape(output);
        let own = strides_of(shape);
        let start =
            |strides: &[usize], begin: &[usize]| begin.iter().zip(strides).map(|(at, stride)| at * stride).sum();
        let work = CopyBox {
            x,
            output,
            fill,
            starts: [start(&strides, &begin), start(&own, &to)],
            size,
            strides: [strides, own],
            item: shape[1..].iter().product(),
            items: shape[0],
            first: to[0],
        };
        let items = work.items;
        self.push(label, Operation::CopyBox(work), items, 0, &[x], &[output]);
    }

    fn pad(&mut self, node: &'a Node, x: ValueId) -> Result<(), String> {
        let (shape, output) = (self.shape(node.inputs[0]), node.outputs[0]);
        let paddings = node.attributes.paddings.as_ref().ok_or("expected paddings, got none")?;
        let fill = node.attributes.constant_value.unwrap_or(0.0);
        if shape.is_empty() || paddings.len() != shape.len() {
            return Err(format!("expected paddings of {} axes, got {}", shape.len(), paddings.len()));
        }
        let grown: Vec<usize> = shape.iter().zip(paddings).map(|(size, [a, b])| size + a + b).collect();
        if self.shape(output) != grown {
            return Err(format!("expected an output {grown:?}, got {:?}", self.shape(output)));
        }
        let of_filter = |other: &&Node| other.op == "Conv2DBackpropFilter" && other.inputs[0] == output;
        let is_spatial = shape.len() == 4 && paddings[0] == [0, 0] && paddings[3] == [0, 0];
        if is_spatial && fill == 0.0 && self.graph.nodes.iter().filter(of_filter).count() == self.uses[output] {
            self.padded[output] = Some((node.inputs[0], [paddings[1][0], paddings[2][0]]));
            return Ok(());
        }
        let to: Vec<usize> = paddings.iter().map(|[before, _]| *before).collect();
        let part = Part { size: shape.to_vec(), strides: strides_of(shape), begin: vec![0; shape.len()], to };
        self.copy_box(&node.op, [x, output], part, fill);
        Ok(())
    }

    fn slice(&mut self, node: &'a Node, x: ValueId) -> Result<(), String> {
        let (shape, output) = (self.shape(node.inputs[0]), node.outputs[0]);
        let begin = node.attributes.begin.as_ref().ok_or("expected begin, got none")?;
        if shape.is_empty() || begin.len() != shape.len() {
            return Err(format!("expected the beginning of {} axes, got {}", shape.len(), begin.len()));
        }
        let size = self.shape(output);
        let fits = |axis: usize| begin[axis] + size[axis] <= shape[axis];
        if size.len() != shape.len() || !(0..shape.len()).all(fits) {
            return Err(format!("expected a part of {shape:?}, got {size:?} from {begin:?}"));
        }
        let (begin, to) = (begin.clone(), vec![0; shape.len()]);
        let part = Part { size: size.to_vec(), strides: strides_of(shape), begin, to };
        self.copy_box(&node.op, [x, output], part, 0.0);
        Ok(())
    }

    fn transpose(&mut self, node: &'a Node, x: ValueId) -> Result<(), String> {
        let (shape, output) = (self.shape(node.inputs[0]), node.outputs[0]);
        let perm = node.attributes.perm.as_ref().filter(|perm| perm.len() == shape.len() && !perm.is_empty());
        let perm = perm.ok_or_else(|| format!("expected an order of {} axes", shape.len()))?;
        let own = strides_of(shape);
        let mut turned = perm.iter().map(|axis| shape.get(*axis).copied());
        let is_order = (0..shape.len()).all(|axis| perm.contains(&axis));
        if !is_order || !turned.by_ref().eq(self.shape(output).iter().map(|size| Some(*size))) {
            return Err(format!("expected an output of {shape:?} in the order {perm:?}, got {:?}", self.shape(output)));
        }
        let strides: Vec<usize> = perm.iter().map(|axis| own[*axis]).collect();
        let none = vec![0; shape.len()];
        let part = Part { size: self.shape(output).to_vec(), strides, begin: none.clone(), to: none };
        self.copy_box(&node.op, [x, output], part, 0.0);
        Ok(())
    }

    fn pool(&mut self, node: &'a Node, inputs: &[ValueId]) -> Result<(), String> {
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
        self.push(&node.op, Operation::PoolGradient(work), out[0], window.channels, reads, &[output]);
        Ok(())
    }
}

fn planned(
    label: &str,
    operation: Operation,
    items: usize,
    scratch: usize,
    reads: &[ValueId],
    writes: &[ValueId],
) -> Planned {
    let label = label.to_owned();
    Planned { operation, label, items, scratch, reads: reads.to_vec(), writes: writes.to_vec() }
}

/// How many inputs an operation has at least, and how many outputs.
fn arity(op: &str) -> [usize; 2] {
    match op {
        "BatchNormTraining" => [3, 3],
        "BatchNormTrainingGrad" => [5, 3],
        "FusedBatchNorm" => [3, 1],
        "Conv2D" | "FusedConv2D" | "Conv2DBackpropInput" | "Conv2DBackpropFilter" => [2, 1],
        "ReluGrad" | "BatchMatMul" | "FusedMatMul" | "MaxPoolGrad" | "AvgPoolGrad" => [2, 1],
        op if Operator::of(op).is_some() => [2, 1],
        _ => [1, 1],
    }
}

/// A convolution's steps and padding.
fn window(node: &Node) -> Result<([usize; 2], [[usize; 2]; 2]), String> {
    let strides = node.attributes.strides.filter(|strides| !strides.contains(&0));
    let strides = strides.ok_or("expected strides of at least 1, got none")?;
    Ok((strides, node.attributes.pad.ok_or("expected padding, got none")?))
}

/// That a picture, a convolution's result and its filter fit each other.
fn check_window(
    picture: [usize; 4],
    out: [usize; 4],
    kernel: [usize; 4],
    strides: [usize; 2],
    pads: [[usize; 2]; 2],
) -> Result<(), String> {
    let size = |axis: usize| {
        let room = picture[1 + axis] + pads[axis][0] + pads[axis][1];
        room.checked_sub(kernel[axis]).map(|rest| rest / strides[axis] + 1)
    };
    let expected = [Some(picture[0]), size(0), size(1), Some(kernel[3])];
    if kernel[2] != picture[3] || expected != out.map(Some) {
        return Err(format!("expected what the filter {kernel:?} gives over {picture:?}, got {out:?}"));
    }
    Ok(())
}

/// Whether a slice takes away rows and columns only.
fn is_spatial_slice(node: &Node, shape: &[usize]) -> bool {
    let (Some(begin), Some(size)) = (&node.attributes.begin, &node.attributes.size) else { return false };
    let is_whole = |axis: usize| begin[axis] == 0 && (size[axis] < 0 || size[axis] as usize == shape[axis]);
    let fits = shape.len() == 4 && begin.len() == 4 && size.len() == 4;
    node.op == "Slice" && fits && is_whole(0) && is_whole(3)
}
