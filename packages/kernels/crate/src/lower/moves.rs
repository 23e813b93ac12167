//! What pads, cuts, joins and reshapes.

use super::nodes::{Lowered1, Lowering};
use super::{Kind, Part};
use crate::graph::Node;

impl<'a> Lowering<'a, '_> {
    pub(super) fn pad(&self, node: &'a Node) -> Lowered1<'a> {
        let x = self.input(node, 0)?;
        let size = self.shapes[x];
        let paddings = node.attributes.paddings.as_deref();
        let Some(&[n, h, w, c]) = paddings else {
            return Err(format!("expected paddings of four axes, got {paddings:?}"));
        };
        let paddings = [n, h, w, c];
        let padded = std::array::from_fn(|i| paddings[i][0] + size[i] + paddings[i][1]);
        self.expect_shape("an output", padded, node.outputs[0])?;
        let part = Part { input: 0, from: [0; 4], to: std::array::from_fn(|i| paddings[i][0]), size };
        let fill = node.attributes.constant_value.unwrap_or(0.0);
        Ok(Some((Kind::Assemble { fill, parts: vec![part] }, vec![x])))
    }

    /// Padding by the rows and columns within: of `reflect` without the outermost, of `symmetric` with it.
    pub(super) fn mirror(&self, node: &'a Node) -> Lowered1<'a> {
        let x = self.input(node, 0)?;
        let shape = self.shapes[x];
        let paddings = node.attributes.paddings.as_deref();
        let Some(&[[0, 0], rows, columns, [0, 0]]) = paddings else {
            return Err(format!("expected paddings of rows and columns, got {paddings:?}"));
        };
        let skipped = match node.attributes.mode.as_deref() {
            Some("reflect") => 1,
            Some("symmetric") => 0,
            mode => return Err(format!("expected the mode reflect or symmetric, got {mode:?}")),
        };
        for (size, padding) in [(shape[1], rows), (shape[2], columns)] {
            if padding.iter().any(|count| count + skipped > size) {
                return Err(format!(
                    "expected at most {} rows and columns of padding, got {padding:?}",
                    size - skipped
                ));
            }
        }
        let padded = [shape[0], rows[0] + shape[1] + rows[1], columns[0] + shape[2] + columns[1], shape[3]];
        self.expect_shape("an output", padded, node.outputs[0])?;
        // What is as it was, and single rows or columns from inside: [from, to, size].
        let runs = |size: usize, [before, after]: [usize; 2]| {
            let whole = [[0, before, size]].into_iter();
            let first = (0..before).map(move |i| [before - 1 - i + skipped, i, 1]);
            let last = (0..after).map(move |i| [size - 1 - skipped - i, before + size + i, 1]);
            whole.chain(first).chain(last)
        };
        let mut parts = Vec::new();
        for [from_y, to_y, height] in runs(shape[1], rows) {
            for [from_x, to_x, width] in runs(shape[2], columns) {
                let (from, to) = ([0, from_y, from_x, 0], [0, to_y, to_x, 0]);
                parts.push(Part { input: 0, from, to, size: [shape[0], height, width, shape[3]] });
            }
        }
        Ok(Some((Kind::Assemble { fill: 0.0, parts }, vec![x])))
    }

    pub(super) fn slice(&self, node: &'a Node) -> Lowered1<'a> {
        let (x, output) = (self.input(node, 0)?, node.outputs[0]);
        let begin = node.attributes.begin.as_deref().ok_or("expected the attribute begin")?;
        let from = match (begin, self.graph.values[x].shape.len()) {
            (&[n, h, w, c], 4) => [n, h, w, c],
            (&[n, c], 2) => [n, 0, 0, c],
            _ => return Err(format!("expected a begin of each axis of {:?}, got {begin:?}", self.shapes[x])),
        };
        let size = self.shapes[output];
        if (0..4).any(|i| from[i] + size[i] > self.shapes[x][i]) {
            return Err(format!("expected a part of {:?}, got {size:?} from {from:?} on", self.shapes[x]));
        }
        let part = Part { input: 0, from, to: [0; 4], size };
        Ok(Some((Kind::Assemble { fill: 0.0, parts: vec![part] }, vec![x])))
    }

    pub(super) fn concat(&self, node: &'a Node) -> Lowered1<'a> {
        let output = node.outputs[0];
        let rank = self.rank_of_channels(node)?;
        let axes = node.attributes.axis.as_ref().map(|axis| axis.resolve(rank));
        if axes != Some(vec![rank - 1]) {
            return Err(format!("expected to join along the channels, got axis {axes:?}"));
        }
        let mut parts = Vec::new();
        let mut channel = 0;
        for (input, id) in node.inputs.iter().enumerate() {
            let size = self.shapes[*id];
            parts.push(Part { input, from: [0; 4], to: [0, 0, 0, channel], size });
            channel += size[3];
            self.expect_shape("an input", [&self.shapes[output][..3], &size[3..]].concat().try_into().unwrap(), *id)?;
        }
        if channel != self.shapes[output][3] {
            return Err(format!("expected {} channels in all, got {channel}", self.shapes[output][3]));
        }
        Ok(Some((Kind::Assemble { fill: 0.0, parts }, node.inputs.clone())))
    }

    pub(super) fn reshape(&mut self, node: &'a Node) -> Lowered1<'a> {
        let (x, output) = (self.input(node, 0)?, node.outputs[0]);
        let (from, to) = (self.shapes[x], self.shapes[output]);
        if from == to {
            self.alias[output] = self.alias[x];
            return Ok(None);
        }
        match to.iter().product::<usize>() == from.iter().product() {
            true => Ok(Some((Kind::Reshape, vec![x]))),
            false => Err(format!("expected as many numbers as before, got {from:?} to {to:?}")),
        }
    }
}
