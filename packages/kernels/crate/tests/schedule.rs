//! Runs on worker threads: the same numbers as alone, in any number of threads and programs, cancelled and dropped.

mod support;

use residual_kernels::graph::{Constants, Graph};
use residual_kernels::isa::Isa;
use residual_kernels::plan::{Options, compile};
use residual_kernels::precision::Precision;
use residual_kernels::schedule::{Executable, Job, Outputs, RunError};
use std::sync::mpsc::{Receiver, channel};
use support::{Builder, ConvCase, Random};

/// Some convolutions in a row, the last of them with the input as its shortcut.
fn chain(layers: usize) -> (Builder, Vec<f32>) {
    let mut random = Random(7);
    let mut graph = Builder::default();
    let shape = [2, 19, 23, 48];
    let x = random.numbers(shape.iter().product());
    let input = graph.input("x", &shape);
    let mut value = input;
    for layer in 0..layers {
        let case = ConvCase {
            input: shape,
            out_channels: 48,
            kernel: [3, 3],
            strides: [1, 1],
            dilations: [1, 1],
            pad: [[1, 1], [1, 1]],
            groups: 1,
            has_bias: false,
            has_residual: layer + 1 == layers,
            activation: "relu",
        };
        let filter = random.numbers(9 * 48 * 48).into_iter().map(|w| w / 20.0).collect();
        let filter = graph.constant(&case.filter_shape(), filter);
        let mut inputs = vec![value, filter];
        inputs.extend(case.has_residual.then_some(input));
        value = graph.node("FusedConv2D", &inputs, &shape, case.attributes());
    }
    graph.output("y", value);
    (graph, x)
}

fn executable(graph: &Builder, threads: usize) -> Executable {
    let constants: Constants = graph.constants.iter().map(|(id, data)| (*id, data.as_slice())).collect();
    let isa = Isa::choose(None).unwrap();
    let options = Options { isa, threads, algorithm: None, reject_non_finite: false, precision: Precision::Float32 };
    Executable::new(compile(&Graph::parse(&graph.json()).unwrap(), &constants, options, &[]).unwrap()).unwrap()
}

fn submit(executable: &Executable, id: u64, x: &[f32]) -> Receiver<Result<Outputs, RunError>> {
    let (sender, receiver) = channel();
    let data = x.to_vec();
    let inputs = vec![data.as_ptr()];
    let on_end = move |result| {
        drop(data);
        let _ = sender.send(result);
    };
    // SAFETY: the array is as long as its port, and `on_end` holds it.
    unsafe { executable.submit(Job { id, inputs, on_end: Box::new(on_end) }) };
    receiver
}

#[test]
fn any_number_of_threads_gives_what_one_gives() {
    let (graph, x) = chain(4);
    let expected = graph.run(Isa::choose(None).unwrap(), None, &[&x]).unwrap();
    for threads in [1, 2, 3, 7] {
        let executable = executable(&graph, threads);
        let runs: Vec<_> = (0..20).map(|id| submit(&executable, id, &x)).collect();
        for run in runs {
            assert!(run.recv().unwrap().unwrap() == expected, "{threads} threads");
        }
    }
}

#[test]
fn several_programs_run_at_once() {
    let (graph, x) = chain(3);
    let expected = graph.run(Isa::choose(None).unwrap(), None, &[&x]).unwrap();
    let executables: Vec<_> = (0..4).map(|_| executable(&graph, 2)).collect();
    let runs: Vec<_> = (0..40).map(|id| submit(&executables[id as usize % 4], id, &x)).collect();
    for run in runs {
        assert!(run.recv().unwrap().unwrap() == expected);
    }
}

#[test]
fn a_cancelled_run_ends_early_and_the_next_is_right() {
    let (graph, x) = chain(200);
    let expected = graph.run(Isa::choose(None).unwrap(), None, &[&x]).unwrap();
    let executable = executable(&graph, 2);
    let running = submit(&executable, 1, &x);
    let waiting = submit(&executable, 2, &x);
    let next = submit(&executable, 3, &x);
    executable.cancel(2);
    assert_eq!(waiting.recv().unwrap(), Err(RunError::Cancelled));
    executable.cancel(1);
    assert_eq!(running.recv().unwrap(), Err(RunError::Cancelled));
    assert!(next.recv().unwrap().unwrap() == expected);
}

#[test]
fn dropping_ends_what_runs_and_refuses_what_waits() {
    let (graph, x) = chain(200);
    let executable = executable(&graph, 2);
    let runs: Vec<_> = (0..3).map(|id| submit(&executable, id, &x)).collect();
    drop(executable);
    for run in runs {
        assert!(matches!(run.recv().unwrap(), Err(RunError::Cancelled | RunError::Disposed)));
    }
}
