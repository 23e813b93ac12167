//! Which values a step in bfloat16 stores so: pictures and their gradients. Filters, statistics, the update and what a network
//! ends with stay in float32, and so do pictures whose channels fill no vectors.

use super::elementwise::{Function, Operator};
use crate::format::Format;
use crate::graph::{Graph, Node};
use crate::plan::Options;
use crate::precision::Precision;

/// By value.
pub fn formats(graph: &Graph, options: Options) -> Vec<Format> {
    let mut formats = vec![Format::Float; graph.values.len()];
    if options.precision != Precision::Bfloat16 {
        return formats;
    }
    let is_whole = |id: usize| match graph.values[id].shape[..] {
        [.., channels] if graph.values[id].shape.len() == 4 => channels.is_multiple_of(options.isa.lanes),
        _ => false,
    };
    for node in &graph.nodes {
        let output = node.outputs[0];
        let is_narrow = |id: &usize| formats[*id] == Format::Bfloat;
        let is_same = is_another_name(&node.op) && node.inputs.iter().take(1).any(is_narrow);
        let passes_on = keeps(&node.op) && node.inputs.iter().any(is_narrow);
        if is_same || is_whole(output) && (makes_picture(&node.op) || passes_on) {
            formats[output] = Format::Bfloat;
        }
    }
    // What an operation reads in float32 alone is stored so, and whatever is another name of it.
    for node in graph.nodes.iter().rev() {
        for (index, id) in node.inputs.iter().enumerate() {
            let is_float = if is_another_name(&node.op) {
                formats[node.outputs[0]] == Format::Float
            } else {
                !reads_narrow(graph, node, index)
            };
            if is_float && formats[*id] == Format::Bfloat {
                formats[*id] = Format::Float;
            }
        }
    }
    formats
}

/// Whether the result is its input under another shape.
fn is_another_name(op: &str) -> bool {
    op == "Cast" || Function::of(op) == Some(Function::Identity)
}

/// Whether the result is a picture, or the gradient of one.
fn makes_picture(op: &str) -> bool {
    match op {
        "Conv2D" | "FusedConv2D" | "Conv2DBackpropInput" => true,
        "BatchNormTraining" | "BatchNormTrainingGrad" | "FusedBatchNorm" => true,
        op => op.ends_with("Pool") || op.ends_with("PoolGrad"),
    }
}

/// Whether the result of pictures is one.
fn keeps(op: &str) -> bool {
    let moves = ["ReluGrad", "PadV2", "Slice", "Concat"];
    moves.contains(&op) || Function::of(op).is_some() || Operator::of(op).is_some()
}

fn reads_narrow(graph: &Graph, node: &Node, index: usize) -> bool {
    let is_residual = || node.attributes.has_residual && index == node.inputs.len() - 1;
    match node.op.as_str() {
        "Conv2D" | "FusedConv2D" => index == 0 || index >= 2 && is_residual(),
        "Conv2DBackpropInput" | "BatchNormTraining" | "FusedBatchNorm" => index == 0,
        "Conv2DBackpropFilter" | "BatchNormTrainingGrad" => index < 2,
        "BatchMatMul" | "FusedMatMul" => false,
        _ => graph.values[node.inputs[index]].shape.len() == 4,
    }
}
