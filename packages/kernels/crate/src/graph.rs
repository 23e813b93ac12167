//! The graph as it comes: JSON of values, nodes in order, inputs and outputs by name. Constants come beside it.

use serde::Deserialize;
use std::collections::HashMap;

pub type ValueId = usize;

#[derive(Deserialize)]
pub struct Graph {
    pub values: Vec<Value>,
    pub nodes: Vec<Node>,
    pub inputs: Vec<Binding>,
    pub outputs: Vec<Binding>,
}

#[derive(Deserialize)]
pub struct Value {
    pub shape: Vec<usize>,
}

#[derive(Deserialize)]
pub struct Node {
    pub op: String,
    pub inputs: Vec<ValueId>,
    pub outputs: Vec<ValueId>,
    #[serde(default)]
    pub attributes: Attributes,
    #[serde(default)]
    pub label: Option<String>,
}

#[derive(Deserialize)]
pub struct Binding {
    pub name: String,
    pub value: ValueId,
}

/// What any of the operations may carry; each takes its own.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct Attributes {
    pub strides: Option<[usize; 2]>,
    pub pad: Option<[[usize; 2]; 2]>,
    pub dilations: Option<[usize; 2]>,
    pub groups: Option<usize>,
    pub has_bias: bool,
    pub has_residual: bool,
    pub activation: Option<String>,
    pub filter_size: Option<[usize; 2]>,
    pub axis: Option<Axis>,
    pub dim: Option<i32>,
    pub transpose_a: bool,
    pub transpose_b: bool,
    pub paddings: Option<Vec<[usize; 2]>>,
    pub constant_value: Option<f32>,
    pub begin: Option<Vec<usize>>,
    pub size: Option<Vec<i32>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub enum Axis {
    One(i32),
    Many(Vec<i32>),
}

impl Axis {
    /// Counted from the front, in order.
    pub fn resolve(&self, rank: usize) -> Vec<usize> {
        let one = |axis: i32| if axis < 0 { (axis + rank as i32) as usize } else { axis as usize };
        let mut axes = match self {
            Axis::One(axis) => vec![one(*axis)],
            Axis::Many(axes) => axes.iter().map(|axis| one(*axis)).collect(),
        };
        axes.sort_unstable();
        axes
    }
}

/// Constants and bound parameters by value, row-major.
pub type Constants<'a> = HashMap<ValueId, &'a [f32]>;

impl Graph {
    pub fn parse(json: &str) -> Result<Graph, String> {
        let graph: Graph = serde_json::from_str(json).map_err(|error| format!("graph: {error}"))?;
        let count = graph.values.len();
        let node_ids = graph.nodes.iter().flat_map(|node| node.inputs.iter().chain(&node.outputs));
        let bound = graph.inputs.iter().chain(&graph.outputs).map(|binding| &binding.value);
        if let Some(id) = node_ids.chain(bound).find(|id| **id >= count) {
            return Err(format!("graph: expected values below {count}, got {id}"));
        }
        if let Some(node) = graph.nodes.iter().find(|node| node.outputs.len() != 1) {
            return Err(format!("{}: expected one output, got {}", node.place(), node.outputs.len()));
        }
        for value in &graph.values {
            let size = value.shape.iter().try_fold(1usize, |size, n| size.checked_mul(*n));
            if size.is_none_or(|size| size > u32::MAX as usize) {
                return Err(format!("graph: expected values of fewer than 2^32 numbers, got {:?}", value.shape));
            }
        }
        Ok(graph)
    }
}

impl Node {
    /// For messages: the label and the operation.
    pub fn place(&self) -> String {
        match &self.label {
            Some(label) if !label.is_empty() => format!("{label} ({})", self.op),
            _ => self.op.clone(),
        }
    }
}
