//! Training steps that store pictures and their gradients as bfloat16. Inputs are bfloat16 from the beginning, so that what
//! is computed is rounded once, as it is stored: to 2⁻⁸ of itself.

mod support;

use residual_kernels::graph::{Constants, Graph};
use residual_kernels::isa::Isa;
use residual_kernels::plan::{Algorithm, Options, compile};
use residual_kernels::precision::Precision;
use serde_json::json;
use support::{Builder, ConvCase, Random, conv_gradients, conv_reference, error, isas};

/// Of the largest number, with what is lost where sums are added in another order.
const ROUNDED_ONCE: f64 = 1.0 / 256.0 + 1e-5;

fn size(shape: &[usize]) -> usize {
    shape.iter().product()
}

/// Those that can store bfloat16.
fn storing() -> Vec<&'static Isa> {
    isas().into_iter().filter(|isa| Precision::Bfloat16.check_training(isa).is_ok()).collect()
}

fn narrow_numbers(random: &mut Random, count: usize) -> Vec<f32> {
    random.numbers(count).iter().map(|x| f32::from_bits((x.to_bits() + 0x8000) & 0xffff_0000)).collect()
}

/// An input that is stored as bfloat16.
fn stored(graph: &mut Builder, name: &str, shape: &[usize]) -> usize {
    let x = graph.input(name, shape);
    let window = json!({"filterSize": [1, 1], "strides": [1, 1], "pad": [[0, 0], [0, 0]]});
    graph.node("MaxPool", &[x], shape, window)
}

fn check_convolution(case: &ConvCase, algorithm: Option<Algorithm>, random: &mut Random) {
    let Some(out) = case.output() else { return };
    let mut numbers = |shape: &[usize]| narrow_numbers(random, size(shape));
    let data = [&case.input[..], &case.filter_shape(), &out, &[case.out_channels], &out, &case.input].map(&mut numbers);
    let [x, filter, dy, bias, residual, mask] = &data;

    let mut graph = Builder::default();
    let of_x = stored(&mut graph, "x", &case.input);
    let of_filter = graph.input("filter", &case.filter_shape());
    let of_dy = stored(&mut graph, "dy", &out);
    let of_bias = graph.input("bias", &[case.out_channels]);
    let of_residual = stored(&mut graph, "residual", &out);
    let of_mask = stored(&mut graph, "mask", &case.input);
    let mut inputs = vec![of_x, of_filter];
    inputs.extend(case.has_bias.then_some(of_bias));
    inputs.extend(case.has_residual.then_some(of_residual));
    let y = graph.node("FusedConv2D", &inputs, &out, case.attributes());
    let window = json!({"strides": case.strides, "pad": case.pad});
    let dx = graph.node("Conv2DBackpropInput", &[of_dy, of_filter], &case.input, window.clone());
    let masked = graph.node("ReluGrad", &[dx, of_mask], &case.input, json!({}));
    let dw = graph.node("Conv2DBackpropFilter", &[of_x, of_dy], &case.filter_shape(), window);
    for (name, value) in [("y", y), ("dx", masked), ("dw", dw)] {
        graph.output(name, value);
    }

    let of_y = conv_reference(case, x, filter, case.has_bias.then_some(bias), case.has_residual.then_some(residual));
    let [mut of_dx, of_dw] = conv_gradients(case, x, filter, dy);
    of_dx.iter_mut().zip(mask).for_each(|(dx, mask)| *dx = if *mask > 0.0 { *dx } else { 0.0 });
    let inputs: Vec<&[f32]> = data.iter().map(Vec::as_slice).collect();
    for isa in storing() {
        let got = graph.run_in(Precision::Bfloat16, isa, algorithm, &inputs).unwrap();
        for (got, (expected, bound)) in got.iter().zip([(&of_y, ROUNDED_ONCE), (&of_dx, ROUNDED_ONCE), (&of_dw, 1e-5)])
        {
            let error = error(got, expected);
            assert!(error < bound, "{case:?} {algorithm:?}, {}: {error:e} of {bound:e}", isa.name);
        }
    }
}

#[test]
fn convolutions_and_their_gradients_round_what_they_store_alone() {
    let mut random = Random(21);
    for index in 0..60 {
        let kernel = random.pick(&[[3, 3], [3, 3], [1, 1], [4, 3], [7, 7]]);
        let case = ConvCase {
            // Channels that fill vectors, and some that do not and stay in float32.
            input: [1 + random.below(9), 7 + random.below(9), 7 + random.below(9), random.pick(&[3, 16, 32, 48])],
            out_channels: random.pick(&[16, 16, 32, 48, 21]),
            kernel,
            strides: random.pick(&[[1, 1], [1, 1], [2, 2], [1, 2], [3, 3]]),
            dilations: [1, 1],
            pad: kernel.map(|size| [random.below(size), random.below(size)]),
            groups: 1,
            has_bias: random.below(2) == 0,
            has_residual: random.below(2) == 0,
            activation: random.pick(&["linear", "relu"]),
        };
        let algorithm = if index % 2 == 0 { None } else { Some(Algorithm::Winograd(4)) };
        check_convolution(&case, algorithm, &mut random);
    }
}

/// Two layers with batch norm, forwards and backwards.
fn layers() -> (Builder, Vec<Vec<f32>>) {
    let (shape, filter_shape, channels) = ([6, 8, 8, 16], [3, 3, 16, 16], 16);
    let mut random = Random(5);
    let mut graph = Builder::default();
    let mut data = Vec::new();
    let mut number_of = |shape: &[usize]| data.push(narrow_numbers(&mut random, size(shape)));
    number_of(&shape);
    number_of(&filter_shape);
    number_of(&[channels]);
    number_of(&[channels]);
    number_of(&shape);
    let x = graph.input("x", &shape);
    let filter = graph.input("filter", &filter_shape);
    let [scale, offset] = ["scale", "offset"].map(|name| graph.input(name, &[channels]));
    let gradient = stored(&mut graph, "gradient", &shape);
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
    let sum = graph.node("Add", &[second[0], hidden], &shape, json!({}));
    let y = graph.node("Relu", &[sum], &shape, json!({}));
    let mean = graph.node("Mean", &[y], &[6, channels], json!({"axis": [1, 2], "keepDims": false}));

    let of_sum = graph.node("ReluGrad", &[gradient, y], &shape, json!({}));
    let inputs = [of_sum, after, scale, second[1], second[2]];
    let of_second = graph.nodes("BatchNormTrainingGrad", &inputs, &shapes, epsilon.clone());
    let of_filter = graph.node("Conv2DBackpropFilter", &[hidden, of_second[0]], &filter_shape, window.clone());
    let of_hidden = graph.node("Conv2DBackpropInput", &[of_second[0], filter], &shape, window.clone());
    let both = graph.node("Add", &[of_sum, of_hidden], &shape, json!({}));
    let masked = graph.node("ReluGrad", &[both, hidden], &shape, json!({}));
    let of_first = graph.nodes("BatchNormTrainingGrad", &[masked, before, scale, first[1], first[2]], &shapes, epsilon);
    let of_x = graph.node("Conv2DBackpropInput", &[of_first[0], filter], &shape, window);
    let results = [("mean", mean), ("y", y), ("filter", of_filter), ("x", of_x), ("scale", of_first[1])];
    for (name, id) in results {
        graph.output(name, id);
    }
    (graph, data)
}

/// By how much each output is off that in float32, on every instruction set that stores bfloat16.
fn errors(graph: &Builder, data: &[Vec<f32>]) -> Vec<(String, f64)> {
    let inputs: Vec<&[f32]> = data.iter().map(Vec::as_slice).collect();
    let of_isa = |isa: &'static Isa| {
        let run = |precision| graph.run_in(precision, isa, None, &inputs).unwrap();
        let (narrow, float) = (run(Precision::Bfloat16), run(Precision::Float32));
        let of_output = move |(index, (got, expected)): (usize, (Vec<f32>, Vec<f32>))| {
            let expected: Vec<f64> = expected.iter().map(|x| *x as f64).collect();
            (format!("output {index}, {}", isa.name), error(&got, &expected))
        };
        narrow.into_iter().zip(float).enumerate().map(of_output).collect::<Vec<_>>()
    };
    storing().into_iter().flat_map(of_isa).collect()
}

#[test]
fn gradients_through_layers_are_near_those_of_float32() {
    let (graph, data) = layers();
    for (output, error) in errors(&graph, &data) {
        // A number near zero that is rounded may pass it, and its gradient then goes another way.
        assert!(error < 0.1, "{output}: {error:e}");
        assert!(error > 1e-5, "{output}: nothing was rounded");
    }
}

#[test]
fn pictures_and_their_gradients_take_half_the_memory() {
    let (graph, _) = layers();
    let graph = Graph::parse(&graph.json()).unwrap();
    for isa in storing() {
        let bytes = |precision| {
            let options = Options { isa, threads: 1, algorithm: None, reject_non_finite: false, precision };
            let program = compile(&graph, &Constants::new(), options, &[]).unwrap();
            program.steps.iter().map(|step| step.traffic.reads + step.traffic.writes).sum::<usize>() as f64
        };
        let share = bytes(Precision::Bfloat16) / bytes(Precision::Float32);
        assert!((0.5..0.8).contains(&share), "{}: {share}", isa.name);
    }
}

#[test]
fn all_else_that_meets_pictures_takes_them_as_they_are_stored() {
    let (shape, half, wide) = ([3, 7, 6, 16], [3, 4, 3, 16], [3, 7, 6, 32]);
    let mut random = Random(8);
    let data = [narrow_numbers(&mut random, size(&shape)), narrow_numbers(&mut random, size(&half))];
    let mut graph = Builder::default();
    let x = stored(&mut graph, "x", &shape);
    let dy = stored(&mut graph, "dy", &half);
    let window = json!({"filterSize": [3, 3], "strides": [2, 2], "pad": [[1, 1], [1, 0]]});
    let most = graph.node("MaxPool", &[x], &half, window.clone());
    let of_most = graph.node("MaxPoolGrad", &[dy, x, most], &shape, window.clone());
    let mean = graph.node("AvgPool", &[x], &half, window.clone());
    let of_mean = graph.node("AvgPoolGrad", &[dy, x], &shape, window);
    let joined = graph.node("Concat", &[x, of_mean], &wide, json!({"axis": 3}));
    let part = graph.node("Slice", &[joined], &[3, 5, 4, 16], json!({"begin": [0, 1, 2, 8], "size": [3, 5, 4, 16]}));
    let padded = graph.node(
        "PadV2",
        &[part],
        &[3, 6, 6, 16],
        json!({"paddings": [[0, 0], [1, 0], [0, 2], [0, 0]], "constantValue": 0.5}),
    );
    let gate = graph.node("Mean", &[x], &[3, 1, 1, 16], json!({"axis": [1, 2], "keepDims": true}));
    let gated = graph.node("Multiply", &[x, gate], &shape, json!({}));
    let sigmoid = graph.node("Sigmoid", &[gated], &shape, json!({}));
    let flat = graph.node("Reshape", &[sigmoid], &[3, 42 * 16], json!({"shape": [3, 42 * 16]}));
    let product = graph.node("BatchMatMul", &[flat, flat], &[3, 3], json!({"transposeB": true}));
    let largest = graph.node("Max", &[sigmoid], &[3, 7, 6], json!({"axis": [3], "keepDims": false}));
    for (index, id) in
        [most, of_most, mean, of_mean, joined, padded, gated, sigmoid, product, largest].into_iter().enumerate()
    {
        graph.output(&format!("{index}"), id);
    }
    for (output, error) in errors(&graph, &data) {
        // The gated go through two roundings.
        assert!(error < 2.0 * ROUNDED_ONCE, "{output}: {error:e}");
    }
}

#[test]
fn who_cannot_store_it_says_so() {
    let (graph, data) = layers();
    let inputs: Vec<&[f32]> = data.iter().map(Vec::as_slice).collect();
    let portable = Isa::choose(Some("portable")).unwrap();
    let refusal = graph.run_in(Precision::Bfloat16, portable, None, &inputs).unwrap_err();
    assert_eq!(
        refusal,
        "precision bf16: expected a CPU with AVX2, AVX-512 or NEON, got kernels for portable; take fp32"
    );
    let refusal = graph.run_in(Precision::Int8, Isa::available()[0], None, &inputs).unwrap_err();
    assert_eq!(refusal, "precision: expected fp32 or bf16 for a training step, got int8");
}
