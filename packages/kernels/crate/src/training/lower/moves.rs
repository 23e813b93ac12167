//! What moves numbers about, as copies of boxes.

use super::Lowering;
use crate::graph::{Node, ValueId};
use crate::training::Operation;
use crate::training::moves::{CopyBox, strides_of};

/// A box of a value: its size, the distances along its axes, where it begins there and in the output.
struct Part {
    size: Vec<usize>,
    strides: Vec<usize>,
    begin: Vec<usize>,
    to: Vec<usize>,
}

impl<'a> Lowering<'a> {
    fn copy_box(&mut self, label: &str, [x, output]: [ValueId; 2], part: Part, fill: Option<f32>) {
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
        // A value has one place, from the first operation on that writes a part of it.
        let is_first = !self.planned.iter().any(|step| step.writes.contains(&output));
        let (reads, writes): (&[ValueId], &[ValueId]) = if is_first { (&[x], &[output]) } else { (&[x, output], &[]) };
        self.push(label, Operation::CopyBox(work), items, 0, reads, writes);
    }

    pub(super) fn pad(&mut self, node: &'a Node, x: ValueId) -> Result<(), String> {
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
        self.copy_box(&node.op, [x, output], part, Some(fill));
        Ok(())
    }

    pub(super) fn slice(&mut self, node: &'a Node, x: ValueId) -> Result<(), String> {
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
        self.copy_box(&node.op, [x, output], part, None);
        Ok(())
    }

    /// One box after another into the output.
    pub(super) fn concat(&mut self, node: &'a Node, inputs: &[ValueId]) -> Result<(), String> {
        let output = node.outputs[0];
        let shape = self.shape(output);
        let axis = axis_of(node, shape.len())?;
        let mut at = 0;
        for (x, id) in inputs.iter().zip(&node.inputs) {
            let size = self.shape(*id);
            let fits = |i: usize| if i == axis { at + size[i] <= shape[i] } else { size[i] == shape[i] };
            if size.len() != shape.len() || !(0..shape.len()).all(fits) {
                return Err(format!("expected parts of {shape:?} along axis {axis}, got {size:?}"));
            }
            let mut to = vec![0; shape.len()];
            to[axis] = at;
            at += size[axis];
            let part = Part { size: size.to_vec(), strides: strides_of(size), begin: vec![0; shape.len()], to };
            self.copy_box(&node.op, [*x, output], part, None);
        }
        match at == shape[axis] {
            true => Ok(()),
            false => Err(format!("expected {} along axis {axis}, got {at}", shape[axis])),
        }
    }

    pub(super) fn transpose(&mut self, node: &'a Node, x: ValueId) -> Result<(), String> {
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
        self.copy_box(&node.op, [x, output], part, None);
        Ok(())
    }
}

fn axis_of(node: &Node, rank: usize) -> Result<usize, String> {
    let axes = node.attributes.axis.as_ref().map(|axis| axis.resolve(rank));
    match axes.as_deref() {
        Some(&[axis]) if axis < rank => Ok(axis),
        _ => Err(format!("expected one of {rank} axes, got {axes:?}")),
    }
}
