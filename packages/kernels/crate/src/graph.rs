//! The graph as it comes: JSON of values, nodes in order, inputs and outputs by name. Constants come beside it.

#![forbid(unsafe_code)]

use crate::json::Json;
use crate::memory::sort_by_key;
use std::collections::HashMap;

pub type ValueId = usize;

pub struct Graph {
    pub values: Vec<Value>,
    pub nodes: Vec<Node>,
    pub inputs: Vec<Binding>,
    pub outputs: Vec<Binding>,
}

pub struct Value {
    pub shape: Vec<usize>,
}

pub struct Node {
    pub op: String,
    pub inputs: Vec<ValueId>,
    pub outputs: Vec<ValueId>,
    pub attributes: Attributes,
    pub label: Option<String>,
}

pub struct Binding {
    pub name: String,
    pub value: ValueId,
}

/// What any of the operations may carry; each takes its own.
#[derive(Debug, Default, PartialEq)]
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
    pub perm: Option<Vec<usize>>,
    pub variance_epsilon: Option<f32>,
    pub has_offset: bool,
    pub has_scale: bool,
    pub dtype: Option<String>,
    pub mode: Option<String>,
}

#[derive(Debug, PartialEq)]
pub enum Axis {
    One(i32),
    Many(Vec<i32>),
}

impl Attributes {
    fn read(json: &Json) -> Result<Attributes, String> {
        Ok(Attributes {
            strides: optional(json, "strides", pair)?,
            pad: optional(json, "pad", |json| json.each(pair)?.try_into().ok())?,
            dilations: optional(json, "dilations", pair)?,
            groups: optional(json, "groups", Json::size)?,
            has_bias: optional(json, "hasBias", Json::bool)?.unwrap_or(false),
            has_residual: optional(json, "hasResidual", Json::bool)?.unwrap_or(false),
            activation: optional(json, "activation", Json::text)?,
            filter_size: optional(json, "filterSize", pair)?,
            axis: optional(json, "axis", Axis::read)?,
            dim: optional(json, "dim", Json::integer)?,
            transpose_a: optional(json, "transposeA", Json::bool)?.unwrap_or(false),
            transpose_b: optional(json, "transposeB", Json::bool)?.unwrap_or(false),
            paddings: optional(json, "paddings", |json| json.each(pair))?,
            constant_value: optional(json, "constantValue", Json::number)?.map(|number| number as f32),
            begin: optional(json, "begin", |json| json.each(Json::size))?,
            size: optional(json, "size", |json| json.each(Json::integer))?,
            perm: optional(json, "perm", |json| json.each(Json::size))?,
            variance_epsilon: optional(json, "varianceEpsilon", Json::number)?.map(|number| number as f32),
            has_offset: optional(json, "hasOffset", Json::bool)?.unwrap_or(false),
            has_scale: optional(json, "hasScale", Json::bool)?.unwrap_or(false),
            dtype: optional(json, "dtype", Json::text)?,
            mode: optional(json, "mode", Json::text)?,
        })
    }
}

fn optional<T>(json: &Json, name: &str, read: impl Fn(&Json) -> Option<T>) -> Result<Option<T>, String> {
    let Some(value) = json.get(name) else { return Ok(None) };
    match read(value) {
        Some(value) => Ok(Some(value)),
        None => Err(format!("the attribute {name} is not of the form it ought to have")),
    }
}

fn pair(json: &Json) -> Option<[usize; 2]> {
    json.each(Json::size)?.try_into().ok()
}

impl Axis {
    fn read(json: &Json) -> Option<Axis> {
        match json.integer() {
            Some(axis) => Some(Axis::One(axis)),
            None => json.each(Json::integer).map(Axis::Many),
        }
    }

    /// Counted from the front, in order.
    pub fn resolve(&self, rank: usize) -> Vec<usize> {
        let one = |axis: i32| if axis < 0 { (axis + rank as i32) as usize } else { axis as usize };
        let mut axes = match self {
            Axis::One(axis) => vec![one(*axis)],
            Axis::Many(axes) => axes.iter().map(|axis| one(*axis)).collect(),
        };
        sort_by_key(&mut axes, |axis| *axis);
        axes
    }
}

/// Constants and bound parameters by value, row-major.
pub type Constants<'a> = HashMap<ValueId, &'a [f32]>;

impl Graph {
    pub fn parse(json: &str) -> Result<Graph, String> {
        let graph = Graph::read(&Json::parse(json)?)?;
        let count = graph.values.len();
        let node_ids = graph.nodes.iter().flat_map(|node| node.inputs.iter().chain(&node.outputs));
        let bound = graph.inputs.iter().chain(&graph.outputs).map(|binding| &binding.value);
        if let Some(id) = node_ids.chain(bound).find(|id| **id >= count) {
            return Err(format!("graph: expected values below {count}, got {id}"));
        }
        if let Some(node) = graph.nodes.iter().find(|node| node.outputs.is_empty()) {
            return Err(format!("{}: expected an output, got none", node.place()));
        }
        for value in &graph.values {
            let size = value.shape.iter().try_fold(1usize, |size, n| size.checked_mul(*n));
            if size.is_none_or(|size| size > u32::MAX as usize) {
                let next = "choose a smaller batch or picture";
                return Err(format!(
                    "graph: expected values of fewer than 2^32 numbers, got {:?}; {next}",
                    value.shape
                ));
            }
        }
        Ok(graph)
    }
}

impl Graph {
    fn read(json: &Json) -> Result<Graph, String> {
        let each = |name: &str| {
            let list = json.get(name).and_then(Json::list);
            list.ok_or_else(|| format!("graph: expected a list of {name}"))
        };
        let bindings = |name: &str| {
            let read =
                |json: &Json| Some(Binding { name: json.get("name")?.text()?, value: json.get("value")?.size()? });
            let list: Option<Vec<Binding>> = each(name)?.iter().map(read).collect();
            list.ok_or_else(|| format!("graph: expected {name} with a name and a value each"))
        };
        let value = |json: &Json| Some(Value { shape: json.get("shape")?.each(Json::size)? });
        let values: Option<Vec<Value>> = each("values")?.iter().map(value).collect();
        Ok(Graph {
            values: values.ok_or("graph: expected values with a shape each")?,
            nodes: each("nodes")?.iter().map(Node::read).collect::<Result<_, _>>()?,
            inputs: bindings("inputs")?,
            outputs: bindings("outputs")?,
        })
    }
}

impl Node {
    fn read(json: &Json) -> Result<Node, String> {
        let ids = |name: &str| json.get(name).and_then(|list| list.each(Json::size));
        let (Some(op), Some(inputs), Some(outputs)) =
            (json.get("op").and_then(Json::text), ids("inputs"), ids("outputs"))
        else {
            return Err("graph: expected nodes with op, inputs and outputs".into());
        };
        let label = json.get("label").and_then(Json::text);
        let mut node = Node { op, inputs, outputs, attributes: Attributes::default(), label };
        if let Some(attributes) = json.get("attributes") {
            node.attributes = Attributes::read(attributes).map_err(|error| format!("{}: {error}", node.place()))?;
        }
        Ok(node)
    }

    /// For messages: the label and the operation.
    pub fn place(&self) -> String {
        match &self.label {
            Some(label) if !label.is_empty() => format!("{label} ({})", self.op),
            _ => self.op.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph_with(attributes: &str) -> Result<Graph, String> {
        Graph::parse(&format!(
            r#"{{"values": [{{"shape": [1, 2], "dtype": "float32"}}], "inputs": [], "outputs": [],
                "nodes": [{{"op": "Pad", "inputs": [0], "outputs": [0], "label": "p", "attributes": {attributes}}}]}}"#
        ))
    }

    #[test]
    fn attributes_are_read_by_the_names_that_they_have_in_javascript() {
        let text = r#"{"pad": [[1, 2], [3, 4]], "hasBias": true, "axis": [-1, 2], "constantValue": -0.5, "other": {}}"#;
        let expected = Attributes {
            pad: Some([[1, 2], [3, 4]]),
            has_bias: true,
            axis: Some(Axis::Many(vec![-1, 2])),
            constant_value: Some(-0.5),
            ..Attributes::default()
        };
        assert_eq!(graph_with(text).unwrap().nodes[0].attributes, expected);
    }

    #[test]
    fn what_has_another_form_is_named() {
        let error = graph_with(r#"{"strides": [1, -1]}"#).map(|_| ()).unwrap_err();
        assert_eq!(error, "p (Pad): the attribute strides is not of the form it ought to have");
        let error = Graph::parse(r#"{"values": [{}], "nodes": []}"#).map(|_| ()).unwrap_err();
        assert_eq!(error, "graph: expected values with a shape each");
    }
}
