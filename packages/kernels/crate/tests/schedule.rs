//! Runs on worker threads: the same numbers as alone, in any number of threads and programs, cancelled and dropped.

mod support;

use residual_kernels::graph::{Constants, Graph};
use residual_kernels::isa::Isa;
use residual_kernels::plan::{Options, compile};
use residual_kernels::precision::Precision;
use residual_kernels::schedule::{Executable, Job, Outputs, RunError};
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;
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
    submit_timed(executable, id, x, false)
}

fn submit_timed(executable: &Executable, id: u64, x: &[f32], is_timed: bool) -> Receiver<Result<Outputs, RunError>> {
    let (sender, receiver) = channel();
    let data = x.to_vec();
    let inputs = vec![data.as_ptr()];
    let on_end = move |result| {
        drop(data);
        let _ = sender.send(result);
    };
    // SAFETY: the array is as long as its port, and `on_end` holds it.
    unsafe { executable.submit(Job { id, inputs, is_timed, on_end: Box::new(on_end) }) };
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
fn a_timed_run_gives_the_same_and_a_time_for_each_step() {
    let (graph, x) = chain(4);
    let expected = graph.run(Isa::choose(None).unwrap(), None, &[&x]).unwrap();
    for threads in [1, 3] {
        let executable = executable(&graph, threads);
        let start = Instant::now();
        let mut outputs = submit_timed(&executable, 1, &x, true).recv().unwrap().unwrap();
        let whole_ms = start.elapsed().as_secs_f32() * 1e3;
        let step_ms = outputs.pop().unwrap();
        assert!(outputs == expected, "{threads} threads");
        assert_eq!(step_ms.len(), executable.program().steps.len());
        let sum: f32 = step_ms.iter().sum();
        assert!(step_ms.iter().all(|ms| *ms > 0.0) && sum <= whole_ms, "{step_ms:?} in {whole_ms}");
    }
}

#[test]
fn steps_say_what_they_take() {
    let (graph, _) = chain(2);
    let constants: Constants = graph.constants.iter().map(|(id, data)| (*id, data.as_slice())).collect();
    let isa = Isa::choose(Some("portable")).unwrap();
    let options = Options { isa, threads: 1, algorithm: None, reject_non_finite: false, precision: Precision::Float32 };
    let program = compile(&Graph::parse(&graph.json()).unwrap(), &constants, options, &[]).unwrap();
    let steps = &program.steps;
    let algorithms: Vec<_> = steps.iter().map(|step| step.algorithm()).collect();
    assert_eq!(algorithms.first().copied(), Some("pack"));
    assert_eq!(algorithms.last().copied(), Some("unpack"));
    let value = 4 * 2 * 19 * 23 * 48;
    for (step, reads) in steps[1..3].iter().zip([value, 2 * value]) {
        assert_eq!((step.traffic.reads, step.traffic.writes), (reads, value));
        // F(4×4) has 36 positions of filters for 9, and 5 · 6 squares for 19 · 23 pixels.
        assert_eq!((step.algorithm(), step.traffic.weights), ("winograd f4", 4 * 36 * 48 * 48));
        assert_eq!(step.multiply_adds(), (2 * 5 * 6 * 36 * 48 * 48) as f64);
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
