//! What each node of a graph becomes.

use super::{Conv, Dense, Filter, Kind, Operand, Part};
use crate::graph::{Attributes, Constants, Graph, Node, ValueId};
use crate::pointwise::Arithmetic;
use crate::pool::PoolKind;
use crate::tile::Clamp;

pub(super) struct Lowering<'a, 'c> {
    pub(super) graph: &'a Graph,
    pub(super) constants: &'c Constants<'a>,
    pub(super) shapes: Vec<[usize; 4]>,
    /// By value: filters that are made of constants as they are packed.
    pub(super) filters: Vec<Option<Filter<'a>>>,
    /// The value that holds a value's numbers.
    pub(super) alias: Vec<ValueId>,
}

pub(super) type Lowered1<'a> = Result<Option<(Kind<'a>, Vec<ValueId>)>, String>;

impl<'a> Lowering<'a, '_> {
    /// `None` where nothing is to be computed.
    pub(super) fn node(&mut self, node: &'a Node) -> Lowered1<'a> {
        let attributes = &node.attributes;
        let output = node.outputs[0];
        match node.op.as_str() {
            "FusedConv2D" => self.conv(node),
            "FusedMatMul" => self.dense(node),
            "MaxPool" => self.pool(node, PoolKind::Max),
            "AvgPool" => self.pool(node, PoolKind::Average),
            "Mean" => self.whole(node, PoolKind::Average),
            "Max" => self.whole(node, PoolKind::Max),
            "Add" => self.arithmetic(node, Arithmetic::Add),
            "Sub" => self.arithmetic(node, Arithmetic::Sub),
            "Multiply" if self.makes_filter(node) => self.scaled_filter(node),
            "Multiply" => self.arithmetic(node, Arithmetic::Multiply),
            "Transpose" => self.turned_filter(node),
            "RealDiv" => self.division(node),
            "Maximum" => self.arithmetic(node, Arithmetic::Maximum),
            "Relu" => self.unary(node, Arithmetic::Keep, Clamp::RELU),
            "Relu6" => self.unary(node, Arithmetic::Keep, Clamp::RELU6),
            "Sigmoid" => self.unary(node, Arithmetic::Sigmoid, Clamp::NONE),
            "Exp" => self.unary(node, Arithmetic::Exp, Clamp::NONE),
            "Rsqrt" => self.unary(node, Arithmetic::Rsqrt, Clamp::NONE),
            "ScaleOffset" => self.scale_offset(node),
            "PadV2" => self.pad(node),
            "MirrorPad" => self.mirror(node),
            "Slice" => self.slice(node),
            "Concat" => self.concat(node),
            "Identity" | "Reshape" => self.reshape(node),
            "Softmax" => {
                let rank = self.graph.values[output].shape.len() as i32;
                if attributes.dim.is_some_and(|dim| dim != -1 && dim != rank - 1) {
                    return Err(format!("expected softmax over the last axis, got dim {:?}", attributes.dim));
                }
                Ok(Some((Kind::Softmax, vec![self.input(node, 0)?])))
            }
            op => Err(format!(
                "the kernels do not compute '{op}'; they compute FusedConv2D, FusedMatMul, MaxPool, AvgPool, Mean, Max, \
                 Add, Sub, Multiply, RealDiv, Maximum, ScaleOffset, Relu, Relu6, Sigmoid, Exp, Rsqrt, PadV2, MirrorPad, Slice, Concat, Reshape, Identity and Softmax"
            )),
        }
    }

    fn input(&self, node: &Node, index: usize) -> Result<ValueId, String> {
        node.inputs
            .get(index)
            .copied()
            .ok_or_else(|| format!("expected at least {} inputs, got {}", index + 1, node.inputs.len()))
    }

    fn constant(&self, id: ValueId, what: &str) -> Result<&'a [f32], String> {
        self.constants.get(&id).copied().ok_or_else(|| {
            format!("expected {what} to be a constant or a bound parameter, got value {id} computed at run time")
        })
    }

    fn filter(&self, id: ValueId, what: &str) -> Result<Filter<'a>, String> {
        match self.filters[id] {
            Some(filter) => Ok(filter),
            None => {
                Ok(Filter { data: self.constant(id, what)?, is_torch: false, factors: None, ids: [Some(id), None] })
            }
        }
    }

    /// Whether a multiplication is of constants.
    fn makes_filter(&self, node: &Node) -> bool {
        let is_known = |id: &ValueId| self.constants.contains_key(id);
        matches!(&node.inputs[..], [a, b] if (is_known(a) || self.filters[*a].is_some()) && is_known(b))
    }

    fn turned_filter(&mut self, node: &'a Node) -> Lowered1<'a> {
        let perm = node.attributes.perm.as_deref();
        let id = self.input(node, 0)?;
        let data = self.constant(id, "a transposed filter")?;
        if !matches!(perm, Some([1, 0] | [2, 3, 1, 0])) {
            return Err(format!("expected the order [2, 3, 1, 0] of a filter or [1, 0] of a matrix, got {perm:?}"));
        }
        self.filters[node.outputs[0]] = Some(Filter { data, is_torch: true, factors: None, ids: [Some(id), None] });
        Ok(None)
    }

    fn scaled_filter(&mut self, node: &'a Node) -> Lowered1<'a> {
        let (id, output) = (node.inputs[0], node.outputs[0]);
        let filter = self.filter(id, "the filter")?;
        let factors = self.constant(node.inputs[1], "the factors of a filter")?;
        let out_channels = self.shapes[output][3];
        if factors.len() != out_channels || self.shapes[id] != self.shapes[output] || filter.factors.is_some() {
            return Err(format!("expected a factor for each of {out_channels} output channels, got {}", factors.len()));
        }
        self.filters[output] =
            Some(Filter { factors: Some(factors), ids: [filter.ids[0], Some(node.inputs[1])], ..filter });
        Ok(None)
    }

    fn expect_shape(&self, what: &str, expected: [usize; 4], id: ValueId) -> Result<(), String> {
        match self.shapes[id] == expected {
            true => Ok(()),
            false => Err(format!("expected {what} {expected:?}, got {:?}", self.shapes[id])),
        }
    }

    fn bias(&self, node: &Node, channels: usize) -> Result<Option<&'a [f32]>, String> {
        if !node.attributes.has_bias {
            return Ok(None);
        }
        let bias = self.constant(self.input(node, 2)?, "the bias")?;
        match bias.len() == channels {
            true => Ok(Some(bias)),
            false => Err(format!("expected a bias of {channels}, got {}", bias.len())),
        }
    }

    fn conv(&self, node: &'a Node) -> Lowered1<'a> {
        let attributes = &node.attributes;
        let (x, filter, output) = (self.input(node, 0)?, self.input(node, 1)?, node.outputs[0]);
        let [n, h, w, channels] = self.shapes[x];
        let [kh, kw, per_group, out_channels] = self.shapes[filter];
        let strides = attributes.strides.unwrap_or([1, 1]);
        let dilations = attributes.dilations.unwrap_or([1, 1]);
        let groups = attributes.groups.unwrap_or(1);
        let pad = attributes.pad.unwrap_or_default();
        if groups == 0 || per_group * groups != channels || out_channels % groups != 0 {
            return Err(format!(
                "expected a filter [h, w, {channels} / groups, out], got {:?} with {groups} groups",
                self.shapes[filter]
            ));
        }
        let oh = window_count(h, pad[0], kh, strides[0], dilations[0])?;
        let ow = window_count(w, pad[1], kw, strides[1], dilations[1])?;
        self.expect_shape("an output", [n, oh, ow, out_channels], output)?;
        let mut inputs = vec![x];
        if attributes.has_residual {
            let residual = self.input(node, if attributes.has_bias { 3 } else { 2 })?;
            self.expect_shape("a residual", self.shapes[output], residual)?;
            inputs.push(residual);
        }
        let conv = Conv {
            filter: self.filter(filter, "the filter")?,
            bias: self.bias(node, out_channels)?,
            kernel: [kh, kw],
            strides,
            dilations,
            padding: [pad[0][0], pad[1][0]],
            groups,
            clamp: activation(attributes)?,
        };
        Ok(Some((Kind::Conv(conv), inputs)))
    }

    fn dense(&self, node: &'a Node) -> Lowered1<'a> {
        let attributes = &node.attributes;
        let (a, b, output) = (self.input(node, 0)?, self.input(node, 1)?, node.outputs[0]);
        let (a_shape, b_shape) = (&self.graph.values[a].shape, &self.graph.values[b].shape);
        let (&[n, inner], &[rows, columns]) = (&a_shape[..], &b_shape[..]) else {
            return Err(format!("expected two matrices, got {a_shape:?} and {b_shape:?}"));
        };
        if attributes.transpose_a {
            return Err("transposeA is not computed; transpose the input before".into());
        }
        let (b_inner, outer) = if attributes.transpose_b { (columns, rows) } else { (rows, columns) };
        if inner != b_inner {
            return Err(format!("expected equal inner sizes, got {inner} and {b_inner}"));
        }
        self.expect_shape("an output", [n, 1, 1, outer], output)?;
        let weights = self.filter(b, "the second matrix")?;
        let dense = Dense {
            weights: Filter { is_torch: weights.is_torch != attributes.transpose_b, ..weights },
            bias: self.bias(node, outer)?,
            clamp: activation(attributes)?,
        };
        Ok(Some((Kind::Dense(dense), vec![a])))
    }

    fn pool(&self, node: &'a Node, kind: PoolKind) -> Lowered1<'a> {
        let attributes = &node.attributes;
        let x = self.input(node, 0)?;
        let [n, h, w, c] = self.shapes[x];
        let filter = attributes.filter_size.ok_or("expected the attribute filterSize")?;
        let strides = attributes.strides.unwrap_or([1, 1]);
        let pad = attributes.pad.unwrap_or_default();
        if pad[0].iter().any(|p| *p >= filter[0]) || pad[1].iter().any(|p| *p >= filter[1]) {
            return Err(format!("expected padding smaller than the window {filter:?}, got {pad:?}"));
        }
        let oh = window_count(h, pad[0], filter[0], strides[0], 1)?;
        let ow = window_count(w, pad[1], filter[1], strides[1], 1)?;
        self.expect_shape("an output", [n, oh, ow, c], node.outputs[0])?;
        Ok(Some((Kind::Pool { kind, filter, strides, padding: [pad[0][0], pad[1][0]] }, vec![x])))
    }

    fn whole(&self, node: &'a Node, kind: PoolKind) -> Lowered1<'a> {
        let x = self.input(node, 0)?;
        let axes = node.attributes.axis.as_ref().map(|axis| axis.resolve(4));
        if self.graph.values[x].shape.len() != 4 || axes.as_deref() != Some(&[1, 2]) {
            return Err(format!("expected {} over the axes [1, 2] of an image, got {axes:?}", node.op));
        }
        let [n, _, _, c] = self.shapes[x];
        self.expect_shape("an output", [n, 1, 1, c], node.outputs[0])?;
        Ok(Some((Kind::Whole(kind), vec![x])))
    }

    fn arithmetic(&self, node: &'a Node, arithmetic: Arithmetic) -> Lowered1<'a> {
        let (a, b, output) = (self.input(node, 0)?, self.input(node, 1)?, node.outputs[0]);
        let clamp = activation(&node.attributes)?;
        let is_whole = |id: ValueId| !self.constants.contains_key(&id) && self.shapes[id] == self.shapes[output];
        let (value, other, is_reversed) = if is_whole(a) { (a, b, false) } else { (b, a, true) };
        self.expect_shape("an output", self.shapes[value], output)?;
        let channels = self.shapes[output][3];
        let pointwise = |other| Kind::Pointwise { arithmetic, other, is_reversed, term: Operand::Nothing, clamp };
        if let Some(constant) = self.constants.get(&other) {
            if self.shapes[other][..3] != [1, 1, 1] || ![1, channels].contains(&constant.len()) {
                return Err(format!("expected a constant per channel, [{channels}], got {:?}", self.shapes[other]));
            }
            let constant = if constant.len() == 1 { vec![constant[0]; channels] } else { constant.to_vec() };
            return Ok(Some((pointwise(Operand::Constant(constant)), vec![value])));
        }
        let is_pixel =
            self.graph.values[other].shape.len() == 4 && self.shapes[other] == [self.shapes[output][0], 1, 1, channels];
        if !is_pixel {
            self.expect_shape("a second operand", self.shapes[value], other)?;
        }
        Ok(Some((pointwise(Operand::Input(1)), vec![value, other])))
    }

    fn scale_offset(&self, node: &'a Node) -> Lowered1<'a> {
        let (x, output) = (self.input(node, 0)?, node.outputs[0]);
        self.expect_shape("an output", self.shapes[x], output)?;
        let vector = |index: usize, what: &str| {
            let data = self.constant(self.input(node, index)?, what)?;
            match data.len() == self.shapes[x][3] {
                true => Ok(Operand::Constant(data.to_vec())),
                false => Err(format!("expected {what} of {}, got {}", self.shapes[x][3], data.len())),
            }
        };
        let (other, term) = (vector(1, "a scale")?, vector(2, "an offset")?);
        let clamp = activation(&node.attributes)?;
        let kind = Kind::Pointwise { arithmetic: Arithmetic::Multiply, other, is_reversed: false, term, clamp };
        Ok(Some((kind, vec![x])))
    }

    fn unary(&self, node: &'a Node, arithmetic: Arithmetic, clamp: Clamp) -> Lowered1<'a> {
        let (other, term) = (Operand::Nothing, Operand::Nothing);
        let kind = Kind::Pointwise { arithmetic, other, is_reversed: false, term, clamp };
        Ok(Some((kind, vec![self.input(node, 0)?])))
    }

    /// By a constant it is a multiplication by its reciprocal.
    fn division(&self, node: &'a Node) -> Lowered1<'a> {
        let divisor = self.input(node, 1)?;
        if !self.constants.contains_key(&divisor) {
            return self.arithmetic(node, Arithmetic::Divide);
        }
        let mut lowered = self.arithmetic(node, Arithmetic::Multiply)?;
        if let Some((Kind::Pointwise { other: Operand::Constant(constant), .. }, _)) = &mut lowered {
            constant.iter_mut().for_each(|number| *number = 1.0 / *number);
        }
        Ok(lowered)
    }

    fn pad(&self, node: &'a Node) -> Lowered1<'a> {
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
    fn mirror(&self, node: &'a Node) -> Lowered1<'a> {
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

    fn slice(&self, node: &'a Node) -> Lowered1<'a> {
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

    fn concat(&self, node: &'a Node) -> Lowered1<'a> {
        let output = node.outputs[0];
        let rank = self.graph.values[output].shape.len();
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

    fn reshape(&mut self, node: &'a Node) -> Lowered1<'a> {
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

fn window_count(size: usize, pad: [usize; 2], window: usize, stride: usize, dilation: usize) -> Result<usize, String> {
    let padded = size + pad[0] + pad[1];
    let reach = (window.max(1) - 1) * dilation + 1;
    if stride == 0 || dilation == 0 || window == 0 || padded < reach {
        return Err(format!(
            "a window of {window} (stride {stride}, dilation {dilation}) does not fit {padded} pixels"
        ));
    }
    Ok((padded - reach) / stride + 1)
}

fn activation(attributes: &Attributes) -> Result<Clamp, String> {
    match attributes.activation.as_deref() {
        None | Some("linear") => Ok(Clamp::NONE),
        Some("relu") => Ok(Clamp::RELU),
        Some("relu6") => Ok(Clamp::RELU6),
        Some(name) => Err(format!("expected the activation linear, relu or relu6, got '{name}'")),
    }
}
