//! Choosing algorithms by measurement: the whole network runs with other choices, so that each layer meets the caches and
//! memory as it will meet them, and the steps' times are compared.

use crate::graph::{Constants, Graph};
use crate::plan::{Choice, Choices, Layer, Options, compile_chosen, layers};
use crate::precision::Calibration;
use crate::schedule::{Executable, Job};
use crate::sharing::{FilterStore, Sharing};
use std::collections::HashMap;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

/// Fewer runs of each choice say nothing.
const LEAST_ROUNDS: usize = 3;
/// More say nothing new.
const MOST_ROUNDS: usize = 15;
/// Another choice must take at most so much of the model's time: measurements differ by some hundredths.
const MARGIN: f32 = 0.95;

/// Adds to the choices those for the shapes that they lack, within a time that compiling the candidates is not part of.
/// Where it does not suffice for some runs of each, and where the network as a whole gains nothing, the model's stay.
pub fn tune(
    graph: &Graph,
    constants: &Constants,
    options: Options,
    sharing: &Sharing,
    known: &Choices,
    budget: Duration,
) -> Result<Choices, String> {
    let mut layers = layers(graph, constants, options)?;
    layers.retain(|layer| known.get(&layer.shape).is_none());
    if layers.is_empty() {
        return Ok(known.clone());
    }
    // A store of their own: what the winner needs is packed with the program that it is for.
    let store = FilterStore::new();
    let sharing = Sharing { store: &store, identities: sharing.identities.clone(), cache: None };
    let candidate = |choices: &Choices| Candidate::new(graph, constants, options, &sharing, choices);
    let most = layers.iter().map(|layer| layer.candidates.len()).max().unwrap_or(0);
    let candidates = (0..most).map(|number| {
        let mut choices = known.clone();
        layers.iter().for_each(|layer| choices.set(&layer.shape, nth(layer, number)));
        candidate(&choices)
    });
    let candidates = candidates.collect::<Result<Vec<_>, _>>()?;
    let input: Vec<Vec<f32>> = candidates[0].inputs();

    let times = rounds(&candidates, &input, budget / 2)?;
    if times[0].len() < LEAST_ROUNDS {
        return Ok(known.clone());
    }
    let mut chosen = known.clone();
    for shape in shapes(&layers) {
        let same: Vec<&Layer> = layers.iter().filter(|layer| layer.shape == shape).collect();
        chosen.set(shape, fastest(&same, &candidates, &times));
    }
    // The parts are the fastest; whether their sum is, this says.
    let both = [candidate(&chosen)?, candidate(known)?];
    let times = rounds(&both, &input, budget / 2)?;
    let [ours, models] = [0, 1].map(|index| median(times[index].iter().map(|steps| steps.iter().sum()).collect()));
    if times[0].len() < LEAST_ROUNDS || ours > models {
        chosen = known.clone();
        layers.iter().for_each(|layer| chosen.set(&layer.shape, layer.candidates[0]));
    }
    Ok(chosen)
}

fn nth(layer: &Layer, number: usize) -> Choice {
    layer.candidates[number % layer.candidates.len()]
}

fn shapes(layers: &[Layer]) -> Vec<&str> {
    let mut shapes: Vec<&str> = layers.iter().map(|layer| layer.shape.as_str()).collect();
    shapes.sort_unstable();
    shapes.dedup();
    shapes
}

/// Milliseconds of each step, by candidate and round; the candidates in turn, each round beginning with another.
fn rounds(candidates: &[Candidate], input: &[Vec<f32>], budget: Duration) -> Result<Vec<Vec<Vec<f32>>>, String> {
    let mut times = vec![Vec::new(); candidates.len()];
    for candidate in candidates {
        candidate.run(input)?;
    }
    let start = Instant::now();
    for round in 0..MOST_ROUNDS {
        if start.elapsed() > budget {
            break;
        }
        for turn in 0..candidates.len() {
            let index = (round + turn) % candidates.len();
            times[index].push(candidates[index].run(input)?);
        }
    }
    Ok(times)
}

/// For all layers of a shape together.
fn fastest(layers: &[&Layer], candidates: &[Candidate], times: &[Vec<Vec<f32>>]) -> Choice {
    let mut of_choice: Vec<(Choice, Vec<f32>)> = Vec::new();
    for (number, (candidate, rounds)) in candidates.iter().zip(times).enumerate() {
        let choice = nth(layers[0], number);
        let sums = rounds.iter().map(|steps| {
            let own = layers.iter().flat_map(|layer| &candidate.steps[&layer.value]);
            own.map(|step| steps[*step]).sum::<f32>()
        });
        match of_choice.iter_mut().find(|(known, _)| *known == choice) {
            Some((_, all)) => all.extend(sums),
            None => of_choice.push((choice, sums.collect())),
        }
    }
    let medians: Vec<(Choice, f32)> = of_choice.into_iter().map(|(choice, times)| (choice, median(times))).collect();
    let (model, models) = medians[0];
    let best = medians.into_iter().min_by(|a, b| a.1.total_cmp(&b.1));
    best.filter(|(_, time)| *time < MARGIN * models).map_or(model, |(choice, _)| choice)
}

fn median(mut times: Vec<f32>) -> f32 {
    times.sort_unstable_by(f32::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f32::INFINITY)
}

/// The network with some choices.
struct Candidate {
    executable: Executable,
    /// By value: the steps that make it.
    steps: HashMap<usize, Vec<usize>>,
}

impl Candidate {
    fn new(
        graph: &Graph,
        constants: &Constants,
        options: Options,
        sharing: &Sharing,
        choices: &Choices,
    ) -> Result<Candidate, String> {
        let program = compile_chosen(graph, constants, options, Calibration::NONE, Some(sharing), choices)?;
        let mut steps: HashMap<usize, Vec<usize>> = HashMap::new();
        for (index, step) in program.steps.iter().enumerate() {
            steps.entry(step.value).or_default().push(index);
        }
        Ok(Candidate { executable: Executable::new(program)?, steps })
    }

    /// Numbers for a run, whatever they are.
    fn inputs(&self) -> Vec<Vec<f32>> {
        let ports = &self.executable.program().inputs;
        ports.iter().map(|port| vec![0.5; port.length()]).collect()
    }

    /// Runs once; returns each step's milliseconds.
    fn run(&self, inputs: &[Vec<f32>]) -> Result<Vec<f32>, String> {
        let (sender, receiver) = channel();
        let on_end = move |result| {
            // Nobody but this function has the receiver, and it waits.
            let _ = sender.send(result);
        };
        let inputs = inputs.iter().map(|input| input.as_ptr()).collect();
        let job = Job { id: 0, inputs, is_timed: true, on_end: Box::new(on_end) };
        // SAFETY: the lengths are those of the ports, and the arrays outlive the run, for which this function waits.
        unsafe { self.executable.submit(job) };
        let result = receiver.recv().map_err(|error| format!("tuning: {error}"))?;
        let outputs = result.map_err(|error| format!("tuning: {error:?}"))?;
        outputs.last().cloned().ok_or_else(|| "tuning: expected times of the steps, got none".into())
    }
}
