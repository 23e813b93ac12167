//! From the graph to operations with all their numbers: shapes checked, constants resolved, trivial nodes dropped.

#![forbid(unsafe_code)]

mod arithmetic;
mod moves;
mod nodes;

use crate::graph::{Constants, Graph, ValueId};
use crate::pointwise::Arithmetic;
use crate::pool::PoolKind;
use crate::tile::Clamp;
use nodes::Lowering;

pub struct Operation<'a> {
    pub label: String,
    pub kind: Kind<'a>,
    pub inputs: Vec<ValueId>,
    pub output: ValueId,
}

pub enum Kind<'a> {
    /// A caller's array, by its index, with `[scale, shift]` of each channel or nothing.
    Pack(usize, Vec<[f32; 2]>),
    /// Inputs: x, then the shortcut if there is one.
    Conv(Conv<'a>),
    /// Inputs: a, `[N, in]`.
    Dense(Dense<'a>),
    Pool {
        kind: PoolKind,
        filter: [usize; 2],
        strides: [usize; 2],
        padding: [usize; 2],
    },
    /// Pooling over all pixels.
    Whole(PoolKind),
    /// The first input with another operand, and a sum after it.
    Pointwise {
        arithmetic: Arithmetic,
        other: Operand,
        is_reversed: bool,
        term: Operand,
        clamp: Clamp,
    },
    /// Boxes of the inputs put into the output, which holds `fill` elsewhere.
    Assemble {
        fill: f32,
        parts: Vec<Part>,
    },
    Reshape,
    Softmax,
    Unpack(usize),
}

/// A filter `[h, w, in / groups, out]` or matrix `[in, out]` as it lies in the caller's memory.
#[derive(Clone, Copy)]
pub struct Filter<'a> {
    pub data: &'a [f32],
    /// In PyTorch's order: `[out, in / groups, h, w]`, `[out, in]`.
    pub is_torch: bool,
    /// By output channel: what the numbers are multiplied with.
    pub factors: Option<&'a [f32]>,
    /// The constants that these are.
    pub ids: [Option<ValueId>; 2],
}

#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    Nothing,
    /// One of the operation's inputs, by its index.
    Input(usize),
    /// A number for each channel.
    Constant(Vec<f32>),
}

pub struct Conv<'a> {
    pub filter: Filter<'a>,
    pub bias: Option<&'a [f32]>,
    pub kernel: [usize; 2],
    pub strides: [usize; 2],
    pub dilations: [usize; 2],
    /// Above and left.
    pub padding: [usize; 2],
    pub groups: usize,
    pub clamp: Clamp,
}

pub struct Dense<'a> {
    pub weights: Filter<'a>,
    pub bias: Option<&'a [f32]>,
    pub clamp: Clamp,
}

pub struct Part {
    /// Which of the operation's inputs.
    pub input: usize,
    pub from: [usize; 4],
    pub to: [usize; 4],
    pub size: [usize; 4],
}

pub struct Lowered<'a> {
    pub operations: Vec<Operation<'a>>,
    /// By value: its shape as `[N, H, W, C]`.
    pub shapes: Vec<[usize; 4]>,
}

pub fn lower<'a>(graph: &'a Graph, constants: &Constants<'a>) -> Result<Lowered<'a>, String> {
    for (id, data) in constants {
        let size: usize = graph.values.get(*id).map_or(0, |value| value.shape.iter().product());
        if data.len() != size {
            let shape = graph.values.get(*id).map(|value| &value.shape);
            return Err(format!("constant {id}: expected {size} numbers for {shape:?}, got {}", data.len()));
        }
    }
    if let Some(value) = graph.values.iter().find(|value| value.shape.contains(&0)) {
        return Err(format!("graph: expected sizes of at least 1, got {:?}", value.shape));
    }
    let shapes = graph.values.iter().map(|value| as_image(&value.shape)).collect();
    let filters = vec![None; graph.values.len()];
    let mut lowering = Lowering { graph, constants, shapes, filters, alias: (0..graph.values.len()).collect() };
    let mut operations = Vec::new();
    let data_inputs = graph.inputs.iter().filter(|input| !constants.contains_key(&input.value));
    for (index, input) in data_inputs.enumerate() {
        let kind = Kind::Pack(index, vec![]);
        operations.push(Operation { label: input.name.clone(), kind, inputs: vec![], output: input.value });
    }
    for node in &graph.nodes {
        if node.outputs.len() != 1 {
            return Err(format!("{}: expected one output, got {}", node.place(), node.outputs.len()));
        }
        if let Some((kind, inputs)) = lowering.node(node).map_err(|error| format!("{}: {error}", node.place()))? {
            let output = node.outputs[0];
            let label = node.label.clone().unwrap_or_else(|| node.op.clone());
            let inputs: Vec<ValueId> = inputs.iter().map(|id| lowering.alias[*id]).collect();
            if let Some(id) = inputs.iter().find(|id| constants.contains_key(id)) {
                return Err(format!("{}: expected a computed value, got constant {id}", node.place()));
            }
            operations.push(Operation { label, kind, inputs, output });
        }
    }
    for (index, output) in graph.outputs.iter().enumerate() {
        let value = lowering.alias[output.value];
        let kind = Kind::Unpack(index);
        operations.push(Operation { label: output.name.clone(), kind, inputs: vec![value], output: value });
    }
    if operations.is_empty() {
        return Err("graph: expected something to compute, got constants alone".into());
    }
    check_order(&operations, graph.values.len())?;
    absorb_adjustments(&mut operations);
    join(&mut operations);
    Ok(Lowered { operations, shapes: lowering.shapes })
}

/// Arithmetic with a number per channel that is all that reads an input is done as the input is packed.
fn absorb_adjustments(operations: &mut Vec<Operation>) {
    let mut index = 0;
    while index < operations.len() {
        let Some((reader, adjustment)) = adjustment_of(operations, index) else {
            index += 1;
            continue;
        };
        let output = operations[reader].output;
        operations[index].output = output;
        if let Kind::Pack(_, own) = &mut operations[index].kind {
            *own = adjustment;
        }
        operations.remove(reader);
    }
}

/// The only reader of a packed input, and the `[scale, shift]`s with it, where it is such arithmetic.
fn adjustment_of(operations: &[Operation], index: usize) -> Option<(usize, Vec<[f32; 2]>)> {
    let Kind::Pack(_, own) = &operations[index].kind else { return None };
    let id = operations[index].output;
    let mut readers = (0..operations.len()).filter(|&reader| operations[reader].inputs.contains(&id));
    let (Some(reader), None) = (readers.next(), readers.next()) else { return None };
    let Kind::Pointwise { arithmetic, other: Operand::Constant(constant), is_reversed, term, clamp } =
        &operations[reader].kind
    else {
        return None;
    };
    let term: &[f32] = match term {
        Operand::Nothing => &[],
        Operand::Constant(term) => term,
        Operand::Input(_) => return None,
    };
    if *clamp != Clamp::NONE {
        return None;
    }
    let adjustments = constant.iter().enumerate().map(|(channel, &number)| {
        let [scale, shift] = own.get(channel).copied().unwrap_or([1.0, 0.0]);
        let [scale, shift] = match arithmetic {
            Arithmetic::Add => [scale, shift + number],
            Arithmetic::Sub if *is_reversed => [-scale, number - shift],
            Arithmetic::Sub => [scale, shift - number],
            Arithmetic::Multiply => [scale * number, shift * number],
            _ => return None,
        };
        Some([scale, shift + term.get(channel).copied().unwrap_or(0.0)])
    });
    Some((reader, adjustments.collect::<Option<_>>()?))
}

/// A sum and a ReLU become part of the arithmetic before them whose value nobody else reads: a gate, the shortcut and the
/// ReLU after it are one pass.
fn join(operations: &mut Vec<Operation>) {
    let mut index = 0;
    while index < operations.len() {
        match joined(operations, index) {
            Some((reader, operation)) => {
                operations[reader] = operation;
                operations.remove(index);
            }
            None => index += 1,
        }
    }
}

/// The only reader of an operation's value, and what the two are together.
fn joined<'a>(operations: &[Operation<'a>], index: usize) -> Option<(usize, Operation<'a>)> {
    let Operation { kind, inputs, output: id, .. } = &operations[index];
    let Kind::Pointwise { arithmetic, other, is_reversed, term, clamp: Clamp::NONE } = kind else { return None };
    let mut readers = (0..operations.len()).filter(|&reader| operations[reader].inputs.contains(id));
    let (Some(reader), None) = (readers.next(), readers.next()) else { return None };
    let Operation { label, kind, inputs: read, output } = &operations[reader];
    let Kind::Pointwise { arithmetic: after, other: addend, term: Operand::Nothing, clamp, .. } = kind else {
        return None;
    };
    let mut inputs = inputs.clone();
    let term = match (term, after, addend) {
        (term, Arithmetic::Keep, _) => term.clone(),
        (Operand::Nothing, Arithmetic::Add, Operand::Constant(data)) => Operand::Constant(data.clone()),
        (Operand::Nothing, Arithmetic::Add, Operand::Input(_)) if read[0] != read[1] => {
            inputs.push(read[usize::from(read[0] == *id)]);
            Operand::Input(inputs.len() - 1)
        }
        _ => return None,
    };
    let (arithmetic, other, is_reversed) = (*arithmetic, other.clone(), *is_reversed);
    let kind = Kind::Pointwise { arithmetic, other, is_reversed, term, clamp: *clamp };
    Some((reader, Operation { label: label.clone(), kind, inputs, output: *output }))
}

/// Every input is written before it is read.
fn check_order(operations: &[Operation], values: usize) -> Result<(), String> {
    let mut written = vec![false; values];
    for operation in operations {
        if let Some(id) = operation.inputs.iter().find(|id| !written[**id]) {
            return Err(format!("{}: value {id} is read before anything writes it", operation.label));
        }
        written[operation.output] = true;
    }
    Ok(())
}

fn as_image(shape: &[usize]) -> [usize; 4] {
    match *shape {
        [n, h, w, c] => [n, h, w, c],
        [h, w, c] => [1, h, w, c],
        [n, c] => [n, 1, 1, c],
        [c] => [1, 1, 1, c],
        _ => [1, 1, 1, shape.iter().product()],
    }
}
