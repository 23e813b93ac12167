//! From nodes to operations: what follows on a value that nobody else reads is done where the value is computed.

mod batch_norms;
mod convolutions;
mod moves;
mod pools;

use super::canvas::Source;
use super::elementwise::{Binary, Function, Operator, ReluGradient, Unary, items_for};
use super::formats::formats;
use super::matrix::MatrixProduct;
use super::reduce::{Reduce, Reduction};
use super::slots::Slot;
use super::{Operation, Planned};
use crate::format::Format;
use crate::graph::{Attributes, Constants, Graph, Node, ValueId};
use crate::isa::Isa;
use crate::plan::{Algorithm, Options};
use crate::precision::Precision;
use crate::tile::BFLOAT;

pub struct Lowering<'a> {
    graph: &'a Graph,
    isa: &'static Isa,
    /// Whether what goes tap by tap is multiplied in bfloat16.
    multiplies_narrow: bool,
    /// Of convolutions that can be computed so.
    algorithm: Option<Algorithm>,
    /// Floats of each value, the graph's and then those of the operations' own.
    pub sizes: Vec<usize>,
    /// How each of them is stored.
    pub formats: Vec<Format>,
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
    /// By value: what a batch norm's gradient is made of, where only convolutions' gradients read it.
    of_norms: Vec<Option<Source>>,
    /// By value: what it is with zeros around, above and left.
    padded: Vec<Option<(ValueId, [usize; 2])>>,
    /// By node: done with another.
    is_done: Vec<bool>,
    /// By node: what is done in its place.
    deferred: Vec<Option<Planned>>,
    /// The first output of the node whose turn it is.
    current: ValueId,
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
            multiplies_narrow: options.precision == Precision::Bfloat16 && options.isa.has_format(BFLOAT),
            algorithm: options.algorithm,
            sizes,
            formats: formats(graph, options),
            planned: Vec::new(),
            slots,
            outputs: graph.outputs.iter().map(|output| (output.name.clone(), output.value)).collect(),
            alias: (0..count).collect(),
            uses,
            moments: vec![None; count],
            gradient_sums: vec![None; count],
            of_norms: vec![None; count],
            padded: vec![None; count],
            is_done: vec![false; graph.nodes.len()],
            deferred: graph.nodes.iter().map(|_| None).collect(),
            current: 0,
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
            self.current = self.outputs[index].1;
            if self.slots[id].is_none() && self.formats[id] == Format::Float {
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
        self.current = output;
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
            "Concat" => self.concat(node, &inputs),
            // Truths are ones and zeros here.
            "Cast" if node.attributes.dtype.as_deref() == Some("float32") => {
                self.expect(output, self.sizes[inputs[0]])?;
                self.alias[output] = inputs[0];
                Ok(())
            }
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

    /// The value, or what it is made of.
    fn source(&self, id: ValueId) -> Source {
        self.of_norms[id].unwrap_or(Source::of(id))
    }

    /// A value that operations have between them.
    fn own(&mut self, size: usize) -> ValueId {
        self.sizes.push(size);
        self.formats.push(Format::Float);
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
        self.planned.push(planned(label, self.current, operation, [items, scratch], reads, writes));
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
        let items = items_for(output[0] * output[1] * depth, output[0]);
        let work = MatrixProduct {
            a: inputs[0],
            b: inputs[1],
            bias: inputs.get(2).copied(),
            is_relu: is_relu(attributes)?,
            output: node.outputs[0],
            size: [output[0], output[1], depth],
            transposes: [attributes.transpose_a, attributes.transpose_b],
            items,
        };
        self.push(&node.op, Operation::MatrixProduct(work), items, 0, inputs, &[node.outputs[0]]);
        Ok(())
    }
}

/// For the node whose first output is `value`, in so many items with so much scratch for a worker.
fn planned(
    label: &str,
    value: ValueId,
    operation: Operation,
    [items, scratch]: [usize; 2],
    reads: &[ValueId],
    writes: &[ValueId],
) -> Planned {
    let label = label.to_owned();
    Planned { operation, label, value, items, scratch, reads: reads.to_vec(), writes: writes.to_vec() }
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

/// Whether a ReLU follows in the same node.
fn is_relu(attributes: &Attributes) -> Result<bool, String> {
    match attributes.activation.as_deref() {
        None | Some("linear") => Ok(false),
        Some("relu") => Ok(true),
        Some(other) => Err(format!("expected linear or relu, got the activation {other}")),
    }
}
