//! What each node of a graph becomes; arithmetic and moves have files of their own.

use super::{Conv, Dense, Filter, Kind};
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
            "Softmax" => self.softmax(node),
            op => Err(format!(
                "the kernels do not compute '{op}'; they compute FusedConv2D, FusedMatMul, MaxPool, AvgPool, Mean, Max, \
                 Add, Sub, Multiply, RealDiv, Maximum, ScaleOffset, Relu, Relu6, Sigmoid, Exp, Rsqrt, PadV2, \
                 MirrorPad, Slice, Concat, Reshape, Identity and Softmax"
            )),
        }
    }

    pub(super) fn input(&self, node: &Node, index: usize) -> Result<ValueId, String> {
        node.inputs
            .get(index)
            .copied()
            .ok_or_else(|| format!("expected at least {} inputs, got {}", index + 1, node.inputs.len()))
    }

    pub(super) fn constant(&self, id: ValueId, what: &str) -> Result<&'a [f32], String> {
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

    pub(super) fn expect_shape(&self, what: &str, expected: [usize; 4], id: ValueId) -> Result<(), String> {
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

    fn softmax(&self, node: &'a Node) -> Lowered1<'a> {
        let x = self.input(node, 0)?;
        let rank = self.rank_of_channels(node)? as i32;
        if let Some(dim) = node.attributes.dim.filter(|dim| *dim != -1 && *dim != rank - 1) {
            return Err(format!("expected softmax over the last axis, got dim {dim}"));
        }
        self.expect_shape("an output", self.shapes[x], node.outputs[0])?;
        Ok(Some((Kind::Softmax, vec![x])))
    }

    /// The output's rank, where its last axis is the channels of `[N, H, W, C]`.
    pub(super) fn rank_of_channels(&self, node: &Node) -> Result<usize, String> {
        match &self.graph.values[node.outputs[0]].shape {
            shape if (1..=4).contains(&shape.len()) => Ok(shape.len()),
            shape => Err(format!("expected one to four axes, got {shape:?}")),
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

pub(super) fn activation(attributes: &Attributes) -> Result<Clamp, String> {
    match attributes.activation.as_deref() {
        None | Some("linear") => Ok(Clamp::NONE),
        Some("relu") => Ok(Clamp::RELU),
        Some("relu6") => Ok(Clamp::RELU6),
        Some(name) => Err(format!("expected the activation linear, relu or relu6, got '{name}'")),
    }
}
