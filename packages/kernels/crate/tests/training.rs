//! Training steps: convolutions whose filters are values, gradients, batch norm by the batch, on every instruction set of
//! this machine, against plain loops in float64.

mod support;

use residual_kernels::graph::{Constants, Graph};
use residual_kernels::isa::Isa;
use residual_kernels::plan::{Algorithm, Options, compile};
use residual_kernels::precision::Precision;
use residual_kernels::schedule::{Executable, Job};
use serde_json::json;
use std::sync::mpsc::channel;
use support::{Builder, ConvCase, Random, conv_gradients, conv_reference, error, isas};

fn size(shape: &[usize]) -> usize {
    shape.iter().product()
}

fn check(graph: &Builder, inputs: &[&[f32]], expected: &[Vec<f64>], what: &str) {
    check_by(None, graph, inputs, expected, what);
}

fn check_by(algorithm: Option<Algorithm>, graph: &Builder, inputs: &[&[f32]], expected: &[Vec<f64>], what: &str) {
    for isa in isas() {
        let got = graph.run(isa, algorithm, inputs).unwrap();
        for (index, (got, expected)) in got.iter().zip(expected).enumerate() {
            let error = error(got, expected);
            assert!(error < 1e-5, "{what}, output {index}, {}: {error:e}", isa.name);
        }
    }
}

/// Forwards and both gradients, of cases with odd sizes and channels that do not fill a vector.
#[test]
fn convolutions_of_filters_that_are_values_and_their_gradients() {
    let mut random = Random(3);
    for _ in 0..60 {
        let kernel = [1 + random.below(4), 1 + random.below(3)];
        let case = ConvCase {
            input: [1 + random.below(20), 3 + random.below(9), 3 + random.below(9), 1 + random.below(40)],
            out_channels: random.pick(&[1, 3, 8, 16, 24, 37, 48]),
            kernel,
            strides: [1 + random.below(2), 1 + random.below(3)],
            dilations: [1, 1],
            pad: kernel.map(|size| [random.below(size), random.below(size)]),
            groups: 1,
            has_bias: random.below(2) == 0,
            has_residual: random.below(2) == 0,
            activation: random.pick(&["linear", "relu"]),
        };
        check_convolution(&case, None, &mut random);
    }
}

/// Squares beyond the picture's end, several pictures to an item, more squares than are held at once, sums of a share in
/// parts; the gradient of strides over pixels spread out.
#[test]
fn convolutions_by_winograd_and_their_gradients() {
    let mut random = Random(12);
    let mut shapes: Vec<[usize; 5]> = (0..12).map(|_| [5, 9, 9, 3, 3].map(|most| 1 + random.below(most))).collect();
    shapes.extend([[3, 32, 32, 1, 1], [2, 7, 6, 8, 9], [40, 3, 3, 2, 6]]);
    for [images, height, width, inputs, outputs] in shapes {
        let case = ConvCase {
            input: [images, height + 2, width + 2, 16 * inputs],
            out_channels: 16 * outputs,
            kernel: [3, 3],
            strides: random.pick(&[[1, 1], [1, 1], [2, 2], [1, 2]]),
            dilations: [1, 1],
            pad: [0, 1].map(|_| [random.below(3), random.below(3)]),
            groups: 1,
            has_bias: random.below(2) == 0,
            has_residual: random.below(2) == 0,
            activation: random.pick(&["linear", "relu"]),
        };
        check_convolution(&case, Some(Algorithm::Winograd(4)), &mut random);
    }
}

fn check_convolution(case: &ConvCase, algorithm: Option<Algorithm>, random: &mut Random) {
    if let Some(out) = case.output() {
        let (x, filter) = (random.numbers(size(&case.input)), random.numbers(size(&case.filter_shape())));
        let (dy, bias) = (random.numbers(size(&out)), random.numbers(case.out_channels));
        let residual = random.numbers(size(&out));

        let mut graph = Builder::default();
        let of_x = graph.input("x", &case.input);
        let of_filter = graph.input("filter", &case.filter_shape());
        let of_dy = graph.input("dy", &out);
        let of_bias = graph.input("bias", &[case.out_channels]);
        let of_residual = graph.input("residual", &out);
        let mut inputs = vec![of_x, of_filter];
        inputs.extend(case.has_bias.then_some(of_bias));
        inputs.extend(case.has_residual.then_some(of_residual));
        let y = graph.node("FusedConv2D", &inputs, &out, case.attributes());
        let window = json!({"strides": case.strides, "pad": case.pad});
        let dx = graph.node("Conv2DBackpropInput", &[of_dy, of_filter], &case.input, window.clone());
        let dw = graph.node("Conv2DBackpropFilter", &[of_x, of_dy], &case.filter_shape(), window);
        for (name, value) in [("y", y), ("dx", dx), ("dw", dw)] {
            graph.output(name, value);
        }
        let of_y =
            conv_reference(case, &x, &filter, case.has_bias.then_some(&bias), case.has_residual.then_some(&residual));
        let [of_dx, of_dw] = conv_gradients(case, &x, &filter, &dy);
        let inputs: [&[f32]; 5] = [&x, &filter, &dy, &bias, &residual];
        check_by(algorithm, &graph, &inputs, &[of_y, of_dx, of_dw], &format!("{case:?}"));
    }
}

#[test]
fn batch_norm_by_the_batch_and_its_gradient() {
    let shape = [5, 3, 7, 13];
    let (rows, channels) = (5 * 3 * 7, 13);
    let mut random = Random(4);
    // Far from zero, where sums of squares would lose digits.
    let x: Vec<f32> = random.numbers(size(&shape)).iter().map(|x| x + 30.0).collect();
    let dy = random.numbers(size(&shape));
    let (scale, offset) = (random.numbers(channels), random.numbers(channels));
    let mut graph = Builder::default();
    let ids = [("x", shape.as_slice()), ("dy", &shape), ("scale", &[channels]), ("offset", &[channels])];
    let [of_x, of_dy, of_scale, of_offset] = ids.map(|(name, shape)| graph.input(name, shape));
    let epsilon = json!({"varianceEpsilon": 1e-5});
    let shapes: [&[usize]; 3] = [&shape, &[channels], &[channels]];
    let forwards = graph.nodes("BatchNormTraining", &[of_x, of_scale, of_offset], &shapes, epsilon.clone());
    let inputs = [of_dy, of_x, of_scale, forwards[1], forwards[2]];
    let backwards = graph.nodes("BatchNormTrainingGrad", &inputs, &shapes, epsilon.clone());
    let averages = [of_x, forwards[1], forwards[2], of_offset, of_scale];
    let attributes = json!({"varianceEpsilon": 1e-5, "hasOffset": true, "hasScale": true});
    let again = graph.node("FusedBatchNorm", &averages, &shape, attributes);
    for (index, id) in forwards.iter().chain(&backwards).chain([&again]).enumerate() {
        graph.output(&format!("{index}"), *id);
    }

    let of = |data: &[f32], c: usize| (0..rows).map(|row| data[row * channels + c] as f64).collect::<Vec<_>>();
    let mut expected = vec![vec![0.0; size(&shape)], vec![], vec![], vec![0.0; size(&shape)], vec![], vec![]];
    for c in 0..channels {
        let (x, dy) = (of(&x, c), of(&dy, c));
        let mean = x.iter().sum::<f64>() / rows as f64;
        let variance = x.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / rows as f64;
        let inverse = 1.0 / (variance + 1e-5).sqrt();
        let normal: Vec<f64> = x.iter().map(|x| (x - mean) * inverse).collect();
        let sum: f64 = dy.iter().sum();
        let product: f64 = dy.iter().zip(&normal).map(|(dy, normal)| dy * normal).sum();
        for row in 0..rows {
            let at = row * channels + c;
            expected[0][at] = normal[row] * scale[c] as f64 + offset[c] as f64;
            let rest = dy[row] - sum / rows as f64 - normal[row] * product / rows as f64;
            expected[3][at] = scale[c] as f64 * inverse * rest;
        }
        for (index, number) in [(1, mean), (2, variance), (4, product), (5, sum)] {
            expected[index].push(number);
        }
    }
    expected.push(expected[0].clone());
    for isa in isas() {
        let got = graph.run(isa, None, &[&x, &dy, &scale, &offset]).unwrap();
        for (index, (got, expected)) in got.iter().zip(&expected).enumerate() {
            let error = error(got, expected);
            // The numbers are thirty times as large as what is left of them.
            assert!(error < 5e-5, "output {index}, {}: {error:e}", isa.name);
        }
    }
}

/// A block's step: what follows on a value is done with it, unless the value itself is asked for.
fn block(all_values: bool) -> (Builder, Vec<Vec<f32>>) {
    let (shape, channels) = ([6, 8, 8, 16], 16);
    let mut random = Random(5);
    let mut graph = Builder::default();
    let mut data = Vec::new();
    let mut input = |graph: &mut Builder, name: &str, shape: &[usize]| {
        data.push(random.numbers(size(shape)));
        graph.input(name, shape)
    };
    let x = input(&mut graph, "x", &shape);
    let filter = input(&mut graph, "filter", &[3, 3, channels, channels]);
    let [scale, offset] = ["scale", "offset"].map(|name| input(&mut graph, name, &[channels]));
    let gradient = input(&mut graph, "gradient", &shape);
    let conv = json!({"strides": [1, 1], "pad": [[1, 1], [1, 1]], "dilations": [1, 1], "groups": 1,
                      "hasBias": false, "hasResidual": false, "activation": "linear"});
    let window = json!({"strides": [1, 1], "pad": [[1, 1], [1, 1]]});
    let epsilon = json!({"varianceEpsilon": 1e-5});
    let shapes: [&[usize]; 3] = [&shape, &[channels], &[channels]];

    let before = graph.node("FusedConv2D", &[x, filter], &shape, conv.clone());
    let first = graph.nodes("BatchNormTraining", &[before, scale, offset], &shapes, epsilon.clone());
    let hidden = graph.node("Relu", &[first[0]], &shape, json!({}));
    let after = graph.node("FusedConv2D", &[hidden, filter], &shape, conv);
    let second = graph.nodes("BatchNormTraining", &[after, scale, offset], &shapes, epsilon.clone());
    let sum = graph.node("Add", &[second[0], x], &shape, json!({}));
    let y = graph.node("Relu", &[sum], &shape, json!({}));

    let of_sum = graph.node("ReluGrad", &[gradient, y], &shape, json!({}));
    let inputs = [of_sum, after, scale, second[1], second[2]];
    let of_second = graph.nodes("BatchNormTrainingGrad", &inputs, &shapes, epsilon.clone());
    let filter_shape = [3, 3, channels, channels];
    let of_filter = graph.node("Conv2DBackpropFilter", &[hidden, of_second[0]], &filter_shape, window.clone());
    let of_hidden = graph.node("Conv2DBackpropInput", &[of_second[0], filter], &shape, window.clone());
    let masked = graph.node("ReluGrad", &[of_hidden, hidden], &shape, json!({}));
    let of_first = graph.nodes("BatchNormTrainingGrad", &[masked, before, scale, first[1], first[2]], &shapes, epsilon);
    let of_x = graph.node("Conv2DBackpropInput", &[of_first[0], filter], &shape, window.clone());
    let both = graph.node("Add", &[of_sum, of_x], &shape, json!({}));
    for (name, id) in [("y", y), ("filter", of_filter), ("x", both), ("scale", of_first[1])] {
        graph.output(name, id);
    }
    if all_values {
        for id in [before, first[0], second[0], sum, of_hidden, masked, of_x] {
            graph.output(&format!("value {id}"), id);
        }
    }
    (graph, data)
}

#[test]
fn what_is_done_together_gives_what_is_done_apart() {
    let ((together, data), (apart, _)) = (block(false), block(true));
    let inputs: Vec<&[f32]> = data.iter().map(Vec::as_slice).collect();
    for isa in isas() {
        let (together, apart) = (together.run(isa, None, &inputs).unwrap(), apart.run(isa, None, &inputs).unwrap());
        for (index, (got, expected)) in together.iter().zip(&apart).enumerate() {
            let expected: Vec<f64> = expected.iter().map(|x| *x as f64).collect();
            let error = error(got, &expected);
            assert!(error < 1e-6, "output {index}, {}: {error:e}", isa.name);
        }
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let (graph, data) = block(false);
    let inputs: Vec<&[f32]> = data.iter().map(Vec::as_slice).collect();
    let isa = Isa::choose(None).unwrap();
    let storing =
        [Precision::Float32, Precision::Bfloat16].map(|precision| precision.check_training(isa).map(|()| precision));
    for (precision, threads) in
        storing.into_iter().flatten().flat_map(|found| [1, 2, 3, 7].map(|threads| (found, threads)))
    {
        let expected = graph.run_in(precision, isa, None, &inputs).unwrap();
        let options = Options { isa, threads, algorithm: None, reject_non_finite: false, precision };
        let program = compile(&Graph::parse(&graph.json()).unwrap(), &Constants::new(), options, &[]).unwrap();
        let executable = Executable::new(program).unwrap();
        for id in 0..10 {
            let (sender, receiver) = channel();
            let on_end = Box::new(move |result| sender.send(result).unwrap());
            let inputs = inputs.iter().map(|data| data.as_ptr()).collect();
            let job = Job { id, inputs, is_timed: false, on_end };
            // SAFETY: the arrays are as long as their ports, and stay until the answer is received.
            unsafe { executable.submit(job) };
            assert!(receiver.recv().unwrap().unwrap() == expected, "{precision:?}, {threads} threads");
        }
    }
}

#[test]
fn arithmetic_broadcasts_and_reductions() {
    let mut random = Random(6);
    let (x, row, column) = (random.numbers(3 * 4 * 5), random.numbers(5), random.numbers(3));
    let mut graph = Builder::default();
    let of_x = graph.input("x", &[3, 4, 5]);
    let of_row = graph.input("row", &[5]);
    let of_column = graph.input("column", &[3, 1, 1]);
    let two = graph.constant(&[], vec![2.0]);
    // Something that only training has, or the graph would be compiled for inference.
    let masked = graph.node("ReluGrad", &[of_x, of_x], &[3, 4, 5], json!({}));
    let sum = graph.node("Add", &[masked, of_row], &[3, 4, 5], json!({}));
    let product = graph.node("Multiply", &[of_column, sum], &[3, 4, 5], json!({}));
    let half = graph.node("RealDiv", &[product, two], &[3, 4, 5], json!({}));
    let mean = graph.node("Mean", &[half], &[4], json!({"axis": [0, 2], "keepDims": false}));
    let most = graph.node("Max", &[half], &[3, 4, 1], json!({"axis": [-1], "keepDims": true}));
    let all = graph.node("Sum", &[half], &[], json!({"axis": [0, 1, 2], "keepDims": false}));
    let flat = graph.node("Reshape", &[half], &[12, 5], json!({"shape": [12, 5]}));
    let turned = graph.node("Transpose", &[half], &[5, 3, 4], json!({"perm": [2, 0, 1]}));
    let padded = graph.node("PadV2", &[of_row], &[9], json!({"paddings": [[1, 3]], "constantValue": -1}));
    for (index, id) in [half, mean, most, all, flat, turned, padded].into_iter().enumerate() {
        graph.output(&format!("{index}"), id);
    }

    let value = |i: usize| (x[i].max(0.0) as f64 + row[i % 5] as f64) * column[i / 20] as f64 / 2.0;
    let half: Vec<f64> = (0..60).map(value).collect();
    let mean = (0..4).map(|y| (0..15).map(|i| half[i / 5 * 20 + y * 5 + i % 5]).sum::<f64>() / 15.0).collect();
    let most = half.chunks(5).map(|row| row.iter().copied().fold(f64::NEG_INFINITY, f64::max)).collect();
    let turned = (0..60).map(|i| half[i % 12 * 5 + i / 12]).collect();
    let padded = (0..9).map(|i| if (1..6).contains(&i) { row[i - 1] as f64 } else { -1.0 }).collect();
    let expected = [half.clone(), mean, most, vec![half.iter().sum()], half, turned, padded];
    check(&graph, &[&x, &row, &column], &expected, "arithmetic");
}

#[test]
fn pools_and_their_gradients() {
    let (shape, out) = ([2, 5, 6, 3], [2, 3, 3, 3]);
    let mut random = Random(7);
    let (x, dy) = (random.numbers(size(&shape)), random.numbers(size(&out)));
    let mut graph = Builder::default();
    let (of_x, of_dy) = (graph.input("x", &shape), graph.input("dy", &out));
    let window = json!({"filterSize": [3, 3], "strides": [2, 2], "pad": [[1, 1], [1, 0]]});
    let most = graph.node("MaxPool", &[of_x], &out, window.clone());
    let of_most = graph.node("MaxPoolGrad", &[of_dy, of_x, most], &shape, window.clone());
    let mean = graph.node("AvgPool", &[of_x], &out, window.clone());
    let of_mean = graph.node("AvgPoolGrad", &[of_dy, of_x], &shape, window);
    for (index, id) in [most, of_most, mean, of_mean].into_iter().enumerate() {
        graph.output(&format!("{index}"), id);
    }
    let mut expected = [vec![], vec![0.0; x.len()], vec![], vec![0.0; x.len()]];
    for (at, dy) in dy.iter().enumerate() {
        let (image, oy, ox, c) = (at / 27, at / 9 % 3, at / 3 % 3, at % 3);
        let inside = |(y, x): &(usize, usize)| *y < 5 && *x < 6;
        let taps = (0..9).map(|tap| ((oy * 2 + tap / 3).wrapping_sub(1), (ox * 2 + tap % 3).wrapping_sub(1)));
        let from: Vec<usize> = taps.filter(inside).map(|(y, x)| ((image * 5 + y) * 6 + x) * 3 + c).collect();
        let largest = from.iter().copied().reduce(|a, b| if x[b] > x[a] { b } else { a }).unwrap();
        expected[0].push(x[largest] as f64);
        expected[1][largest] += *dy as f64;
        expected[2].push(from.iter().map(|i| x[*i] as f64).sum::<f64>() / from.len() as f64);
        for i in &from {
            expected[3][*i] += *dy as f64 / from.len() as f64;
        }
    }
    check(&graph, &[&x, &dy], &expected, "pools");
}

/// Shapes that do not fit would be read or written beyond their memory.
#[test]
fn shapes_that_do_not_fit_are_refused() {
    let refuse = |op: &str, inputs: &[&[usize]], output: &[usize], attributes: serde_json::Value, message: &str| {
        let mut graph = Builder::default();
        let ids: Vec<usize> = inputs.iter().enumerate().map(|(i, shape)| graph.input(&format!("{i}"), shape)).collect();
        let y = graph.node(op, &ids, output, attributes);
        graph.output("y", y);
        // Only training has this.
        let masked = graph.node("ReluGrad", &[ids[0], ids[0]], inputs[0], json!({}));
        graph.output("masked", masked);
        let error = graph.run(Isa::available()[0], None, &[]).unwrap_err();
        assert!(error.contains(message), "{op}: {error}");
    };
    let window = json!({"strides": [1, 1], "pad": [[1, 1], [1, 1]]});
    let [picture, filter] = [&[2, 4, 4, 3], &[3, 3, 3, 5]];
    refuse("Conv2D", &[picture, filter], &[2, 5, 4, 5], window.clone(), "over [2, 4, 4, 3]");
    refuse("Conv2D", &[picture, &[3, 3, 4, 5]], &[2, 4, 4, 5], window.clone(), "over [2, 4, 4, 3]");
    refuse("Conv2D", &[picture, filter], &[2, 4, 4, 5], json!({"pad": [[1, 1], [1, 1]]}), "strides of at least 1");
    refuse("Conv2DBackpropInput", &[&[2, 4, 4, 6], filter], picture, window.clone(), "over [2, 4, 4, 3]");
    refuse("Conv2DBackpropFilter", &[picture, &[1, 4, 4, 5]], filter, window.clone(), "over [2, 4, 4, 3]");
    let biased = json!({"strides": [1, 1], "pad": [[1, 1], [1, 1]], "hasBias": true});
    refuse("FusedConv2D", &[picture, filter, &[4]], &[2, 4, 4, 5], biased, "a value of 5 numbers, got 4");
    refuse("Add", &[&[2, 3], &[2]], &[2, 3], json!({}), "shapes that broadcast to [2, 3]");
    refuse("ReluGrad", &[&[2, 3], &[2, 2]], &[2, 3], json!({}), "a value of 6 numbers, got 4");
    refuse("Exp", &[&[6]], &[7], json!({}), "a value of 6 numbers, got 7");
    refuse("Sum", &[&[2, 3]], &[3], json!({"axis": [1]}), "a value of 2 numbers, got 3");
    refuse("FusedMatMul", &[&[2, 3], &[4, 5]], &[2, 5], json!({}), "a value of 15 numbers, got 20");
    refuse("Slice", &[&[2, 3]], &[2, 2], json!({"begin": [0, 2]}), "a part of [2, 3]");
    refuse("PadV2", &[&[3]], &[5], json!({"paddings": [[1, 2]]}), "an output [6]");
    refuse("Transpose", &[&[2, 3]], &[2, 3], json!({"perm": [1, 0]}), "the order [1, 0]");
    refuse("BatchNormTraining", &[picture, &[3], &[3]], picture, json!({}), "3 inputs and 3 outputs");
    let pool = json!({"filterSize": [2, 2], "strides": [2, 2], "pad": [[0, 0], [0, 0]]});
    refuse("AvgPoolGrad", &[&[2, 2, 2, 4], picture], picture, pool, "as many pictures and channels");
}

#[test]
fn what_is_not_trained_is_named() {
    let mut graph = Builder::default();
    let x = graph.input("x", &[1, 4, 4, 4]);
    let filter = graph.input("filter", &[3, 3, 2, 4]);
    let attributes = json!({"strides": [1, 1], "pad": [[1, 1], [1, 1]], "dilations": [1, 1], "groups": 2});
    let y = graph.node("Conv2D", &[x, filter], &[1, 4, 4, 4], attributes);
    graph.output("y", y);
    let run = |graph: &Builder| graph.run(Isa::available()[0], None, &[&[0.0; 64], &[0.0; 72]]).unwrap_err();
    assert_eq!(run(&graph), "here (Conv2D): the kernels train no grouped or dilated convolutions");

    let mut graph = Builder::default();
    let x = graph.input("x", &[4]);
    let y = graph.node("EluGrad", &[x, x], &[4], json!({}));
    graph.output("y", y);
    assert_eq!(run(&graph), "here (EluGrad): the kernels do not compute 'EluGrad' in a training step");
}

#[test]
fn joins_slices_comparisons_and_what_activations_need() {
    let mut random = Random(11);
    let (x, y) = (random.numbers(2 * 3 * 5), random.numbers(2 * 3 * 4));
    let mut graph = Builder::default();
    let (a, b) = (graph.input("x", &[2, 3, 5]), graph.input("y", &[2, 3, 4]));
    let joined = graph.node("Concat", &[a, b, a], &[2, 3, 14], json!({"axis": 2}));
    let stacked = graph.node("Concat", &[a, a], &[4, 3, 5], json!({"axis": 0}));
    let slice = |begin: usize, size: usize| json!({"begin": [0, 0, begin], "size": [2, 3, size]});
    let parts = [(0, 3), (7, 7)].map(|(begin, size)| graph.node("Slice", &[joined], &[2, 3, size], slice(begin, size)));
    let half = graph.constant(&[], vec![0.25]);
    let is_less = graph.node("LessEqual", &[a, half], &[2, 3, 5], json!({}));
    let mask = graph.node("Cast", &[is_less], &[2, 3, 5], json!({"dtype": "float32"}));
    let same = graph.node("Equal", &[a, a], &[2, 3, 5], json!({}));
    let sigmoid = graph.node("Sigmoid", &[a], &[2, 3, 5], json!({}));
    // What makes this a training step.
    let grad = graph.node("ReluGrad", &[a, a], &[2, 3, 5], json!({}));
    let results = [joined, stacked, parts[0], parts[1], mask, same, sigmoid, grad];
    for (index, value) in results.into_iter().enumerate() {
        graph.output(&format!("{index}"), value);
    }
    let joined = |i: usize| {
        let (row, c) = (i / 14, i % 14);
        if (5..9).contains(&c) { y[row * 4 + c - 5] as f64 } else { x[row * 5 + c % 9] as f64 }
    };
    let of_x = |f: &dyn Fn(f64) -> f64| -> Vec<f64> { x.iter().map(|x| f(*x as f64)).collect() };
    let expected = [
        (0..2 * 3 * 14).map(joined).collect(),
        [of_x(&|x| x), of_x(&|x| x)].concat(),
        (0..18).map(|i| joined(i / 3 * 14 + i % 3)).collect(),
        (0..42).map(|i| joined(i / 7 * 14 + 7 + i % 7)).collect(),
        of_x(&|x| if x <= 0.25 { 1.0 } else { 0.0 }),
        of_x(&|_| 1.0),
        of_x(&|x| 1.0 / (1.0 + (-x).exp())),
        of_x(&|x| x.max(0.0)),
    ];
    check(&graph, &[&x, &y], &expected, "joins");
}
