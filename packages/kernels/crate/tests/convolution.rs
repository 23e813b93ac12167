//! Convolutions of odd shapes on every instruction set of this machine, against plain loops in float64.

mod support;

use residual_kernels::isa::Isa;
use residual_kernels::plan::Algorithm;
use serde_json::json;
use support::{Builder, ConvCase, Random, conv_reference, error, isas};

fn check(case: &ConvCase, isa: &'static Isa, algorithm: Option<Algorithm>, random: &mut Random) {
    let Some(output) = case.output() else { return };
    let size = |shape: &[usize]| shape.iter().product::<usize>();
    let x = random.numbers(size(&case.input));
    let filter = random.numbers(size(&case.filter_shape()));
    let bias = case.has_bias.then(|| random.numbers(case.out_channels));
    let residual = case.has_residual.then(|| random.numbers(size(&output)));

    let mut graph = Builder::default();
    let x_id = graph.input("x", &case.input);
    let (filter_id, filter) = any_filter(&mut graph, case, filter, random);
    let mut inputs = vec![x_id, filter_id];
    if let Some(bias) = &bias {
        inputs.push(graph.constant(&[case.out_channels], bias.clone()));
    }
    if residual.is_some() {
        inputs.push(graph.input("residual", &output));
    }
    let y = graph.node("FusedConv2D", &inputs, &output, case.attributes());
    graph.output("y", y);

    let mut data = vec![x.as_slice()];
    data.extend(residual.as_deref());
    let got = graph.run(isa, algorithm, &data).unwrap();
    let expected = conv_reference(case, &x, &filter, bias.as_deref(), residual.as_deref());
    let error = error(&got[0], &expected);
    assert!(error < 2e-5, "{} {algorithm:?} {case:?}: {error:e}", isa.name);
}

/// A filter as it is, or in PyTorch's order, or with factors to be multiplied with, or both.
fn any_filter(graph: &mut Builder, case: &ConvCase, numbers: Vec<f32>, random: &mut Random) -> (usize, Vec<f32>) {
    let shape = case.filter_shape();
    let [height, width, per_group, outputs] = shape;
    let mut filter = numbers;
    let mut id = if random.below(2) == 0 {
        graph.constant(&shape, filter.clone())
    } else {
        let lying = graph.constant(&[outputs, per_group, height, width], filter.clone());
        let at = |tap: usize, channel: usize, output: usize| (output * per_group + channel) * height * width + tap;
        let turned = (0..filter.len()).map(|i| {
            let (tap, channel, output) = (i / outputs / per_group, i / outputs % per_group, i % outputs);
            filter[at(tap, channel, output)]
        });
        filter = turned.collect();
        graph.node("Transpose", &[lying], &shape, json!({"perm": [2, 3, 1, 0]}))
    };
    if random.below(2) == 0 {
        let factors = random.numbers(outputs);
        filter.iter_mut().enumerate().for_each(|(i, x)| *x *= factors[i % outputs]);
        let operands = [id, graph.constant(&[outputs], factors)];
        id = graph.node("Multiply", &operands, &shape, json!({}));
    }
    (id, filter)
}

fn any_case(random: &mut Random) -> ConvCase {
    let groups = random.pick(&[1, 1, 1, 2, 3, 4, 8]);
    let per_group = random.pick(&[1, 2, 3, 4, 5, 8, 16, 17, 32]);
    let outputs = random.pick(&[1, 2, 4, 7, 8, 16, 20, 32, 40]);
    let kernel = random.pick(&[[1, 1], [3, 3], [3, 3], [5, 5], [7, 7], [1, 3], [2, 2]]);
    let pad = |size: usize, random: &mut Random| [random.below(size), random.below(size)];
    ConvCase {
        input: [1 + random.below(3), 1 + random.below(17), 1 + random.below(33), groups * per_group],
        out_channels: groups * outputs,
        kernel,
        strides: [random.pick(&[1, 1, 2, 3]), random.pick(&[1, 1, 2, 3])],
        dilations: [random.pick(&[1, 1, 2]), random.pick(&[1, 1, 2])],
        pad: [pad(kernel[0], random), pad(kernel[1], random)],
        groups,
        has_bias: random.below(2) == 0,
        has_residual: random.below(2) == 0,
        activation: random.pick(&["linear", "relu", "relu6"]),
    }
}

#[test]
fn convolutions_of_any_shape_match_float64() {
    for isa in isas() {
        let mut random = Random(1);
        for _ in 0..120 {
            let case = any_case(&mut random);
            check(&case, isa, None, &mut random);
        }
    }
}

#[test]
fn winograd_matches_float64_where_it_applies() {
    for isa in isas() {
        for algorithm in [Algorithm::Winograd(2), Algorithm::Winograd(4), Algorithm::Direct] {
            let mut random = Random(2);
            for _ in 0..40 {
                let strides = random.pick(&[[1, 1], [2, 2]]);
                let case = ConvCase { kernel: [3, 3], strides, dilations: [1, 1], ..any_case(&mut random) };
                check(&case, isa, Some(algorithm), &mut random);
            }
        }
    }
}

#[test]
fn layers_with_large_weights_match_float64() {
    for isa in isas() {
        let mut random = Random(3);
        for (kernel, channels, algorithm) in [
            (1, 600, None),
            (3, 192, None),
            (3, 192, Some(Algorithm::Winograd(4))),
            (3, 192, Some(Algorithm::Winograd(2))),
        ] {
            // The second has few enough pixels for a matrix unit's tallest kernel.
            for [images, size] in [[2, 9], [1, 7]] {
                let case = ConvCase {
                    input: [images, size, size, channels],
                    out_channels: channels + 8,
                    kernel: [kernel; 2],
                    strides: [1, 1],
                    dilations: [1, 1],
                    pad: [[kernel / 2; 2]; 2],
                    groups: 1,
                    has_bias: true,
                    has_residual: true,
                    activation: "relu",
                };
                check(&case, isa, algorithm, &mut random);
            }
        }
    }
}

#[test]
fn the_stem_reads_three_channels_as_they_lie() {
    for isa in isas() {
        let mut random = Random(4);
        for (kernel, stride) in [(7, 2), (3, 1), (5, 3)] {
            let case = ConvCase {
                input: [2, 37, 41, 3],
                out_channels: 24,
                kernel: [kernel; 2],
                strides: [stride; 2],
                dilations: [1, 1],
                pad: [[kernel / 2; 2]; 2],
                groups: 1,
                has_bias: true,
                has_residual: false,
                activation: "relu",
            };
            for algorithm in [None, Some(Algorithm::Winograd(4))] {
                check(&case, isa, algorithm, &mut random);
            }
        }
    }
}
