//! Choices that measurements have made, by the convolutions' shapes.

use super::algorithm::can_be_winograd;
use super::strided::can_be_stem;
use super::{Algorithm, Choice, Options, Planner};
use crate::graph::{Constants, Graph, ValueId};
use crate::json::Json;
use crate::lower::{Conv, Kind, Operation, lower};
use crate::precision::Precision;

/// By shape. One that is no way to compute its convolution is passed over.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Choices(Vec<(String, Choice)>);

/// A convolution that can be computed in several ways.
pub struct Layer {
    /// All that its speed depends on, besides the machine and the threads.
    pub shape: String,
    /// What its steps write.
    pub value: ValueId,
    /// The model's first.
    pub candidates: Vec<Choice>,
}

/// The convolutions of a graph among whose algorithms a measurement can choose.
pub fn layers(graph: &Graph, constants: &Constants, options: Options) -> Result<Vec<Layer>, String> {
    if options.precision != Precision::Float32 || crate::training::is_training(graph, constants) {
        return Ok(Vec::new());
    }
    let lowered = lower(graph, constants)?;
    let mut planner = Planner::new(graph, &lowered, options, None);
    planner.formats = vec![Default::default(); graph.values.len()];
    let conv = |operation: &Operation| match &operation.kind {
        Kind::Conv(conv) => Some(planner.layer(conv, operation)),
        _ => None,
    };
    Ok(lowered.operations.iter().filter_map(conv).filter(|layer| layer.candidates.len() > 1).collect())
}

impl<'a> Planner<'_, 'a> {
    /// The candidates differ from the model's choice in one thing each.
    fn layer(&self, conv: &Conv<'a>, operation: &Operation<'a>) -> Layer {
        let input = operation.inputs[0];
        let [from, to] = [self.shape(input), self.shape(operation.output)];
        let Conv { kernel, strides, dilations, groups, .. } = conv;
        let shortcut = if operation.inputs.len() > 1 { " with a shortcut" } else { "" };
        let shape = format!("{kernel:?} / {strides:?} × {dilations:?}, {groups} groups, {from:?} to {to:?}{shortcut}");
        let model = Choice::of(self.model_algorithm(conv, operation));
        let mut candidates = vec![model];
        if model.algorithm != Algorithm::Matrix {
            candidates.push(Choice { divides_otherwise: true, ..model });
            candidates.push(Choice { has_large_items: true, ..model });
            if self.options.isa.prefetches {
                candidates.push(Choice { prefetches_otherwise: true, ..model });
            }
            let others = self.algorithms(conv, input).iter().filter(|algorithm| **algorithm != model.algorithm);
            candidates.extend(others.copied().map(Choice::of));
        }
        Layer { shape, value: operation.output, candidates }
    }
}

impl Planner<'_, '_> {
    fn algorithms(&self, conv: &Conv, input: ValueId) -> &'static [Algorithm] {
        const DIRECT: Algorithm = Algorithm::Direct;
        const F2: Algorithm = Algorithm::Winograd(2);
        const F4: Algorithm = Algorithm::Winograd(4);
        let can_be_winograd = can_be_winograd(conv, self.formats[input], self.options);
        match self.is_narrow(input) {
            true if can_be_stem(conv, self.shape(input)[3]) => &[DIRECT, F4],
            false if can_be_winograd && conv.strides != [1, 1] => &[DIRECT, F2],
            false if can_be_winograd => &[DIRECT, F2, F4],
            _ => &[DIRECT],
        }
    }
}

impl Choices {
    /// For float32 alone: other numbers were not measured.
    pub(super) fn find<'a>(
        &self,
        planner: &Planner<'_, 'a>,
        conv: &Conv<'a>,
        operation: &Operation<'a>,
    ) -> Option<Choice> {
        let Options { algorithm, precision, .. } = planner.options;
        if self.0.is_empty() || algorithm.is_some() || precision != Precision::Float32 {
            return None;
        }
        let layer = planner.layer(conv, operation);
        self.get(&layer.shape).filter(|choice| layer.candidates.contains(choice))
    }

    pub fn get(&self, shape: &str) -> Option<Choice> {
        self.0.iter().find(|(known, _)| known == shape).map(|(_, choice)| *choice)
    }

    pub fn set(&mut self, shape: &str, choice: Choice) {
        self.0.retain(|(known, _)| known != shape);
        self.0.push((shape.to_owned(), choice));
    }

    /// Of what [`Choices::to_json`] has written; what is not that is passed over.
    pub fn from_json(text: &str) -> Choices {
        let Ok(Json::Object(entries)) = Json::parse(text) else { return Choices::default() };
        Choices(entries.iter().filter_map(|(shape, json)| Some((shape.clone(), choice_of(json)?))).collect())
    }

    /// An object with an entry for each shape.
    pub fn to_json(&self) -> String {
        let entry = |(shape, choice): &(String, Choice)| {
            let algorithm = match choice.algorithm {
                Algorithm::Winograd(m) => format!("winograd f{m}"),
                _ => "direct".to_owned(),
            };
            let Choice { prefetches_otherwise, divides_otherwise, has_large_items, .. } = choice;
            format!(
                "\"{shape}\":{{\"algorithm\":\"{algorithm}\",\"prefetchesOtherwise\":{prefetches_otherwise},\
                 \"dividesOtherwise\":{divides_otherwise},\"hasLargeItems\":{has_large_items}}}"
            )
        };
        format!("{{{}}}", self.0.iter().map(entry).collect::<Vec<_>>().join(","))
    }
}

fn choice_of(json: &Json) -> Option<Choice> {
    let algorithm = match json.get("algorithm")?.text()?.as_str() {
        "direct" => Algorithm::Direct,
        "winograd f2" => Algorithm::Winograd(2),
        "winograd f4" => Algorithm::Winograd(4),
        _ => return None,
    };
    let flag = |name| json.get(name).and_then(Json::bool);
    Some(Choice {
        algorithm,
        prefetches_otherwise: flag("prefetchesOtherwise")?,
        divides_otherwise: flag("dividesOtherwise")?,
        has_large_items: flag("hasLargeItems")?,
    })
}
