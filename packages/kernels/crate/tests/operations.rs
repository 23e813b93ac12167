//! The operations beside convolutions, on shapes that do not fill a vector.

mod support;

use residual_kernels::graph::{Constants, Graph};
use residual_kernels::isa::Isa;
use residual_kernels::lower::lower;
use serde_json::json;
use support::{Builder, Random, error, isas};

fn check(graph: &Builder, inputs: &[&[f32]], expected: &[Vec<f64>]) {
    for isa in isas() {
        let got = graph.run(isa, None, inputs).unwrap();
        for (got, expected) in got.iter().zip(expected) {
            let error = error(got, expected);
            assert!(error < 1e-5, "{}: {error:e}", isa.name);
        }
    }
}

fn at(shape: [usize; 4], i: usize) -> [usize; 4] {
    let [_, h, w, c] = shape;
    [i / (h * w * c), i / (w * c) % h, i / c % w, i % c]
}

#[test]
fn slices_and_joins_of_channels() {
    let shape = [2, 3, 5, 37];
    let x = Random(1).numbers(2 * 3 * 5 * 37);
    let mut graph = Builder::default();
    let input = graph.input("x", &shape);
    let slice = json!({"begin": [1, 1, 0, 5], "size": [1, 2, 5, 21]});
    let part = graph.node("Slice", &[input], &[1, 2, 5, 21], slice);
    let twice = graph.node("Concat", &[part, part], &[1, 2, 5, 42], json!({"axis": 3}));
    graph.output("y", twice);
    let index = |[_, y, column, c]: [usize; 4]| ((3 + y + 1) * 5 + column) * 37 + 5 + c % 21;
    let expected = (0..2 * 5 * 42).map(|i| x[index(at([1, 2, 5, 42], i))] as f64).collect();
    check(&graph, &[&x], &[expected]);
}

#[test]
fn padding_with_a_number() {
    let x = Random(2).numbers(2 * 3 * 18);
    let mut graph = Builder::default();
    let input = graph.input("x", &[1, 2, 3, 18]);
    let paddings = json!({"paddings": [[0, 0], [1, 0], [0, 2], [3, 4]], "constantValue": -2.5});
    let y = graph.node("PadV2", &[input], &[1, 3, 5, 25], paddings);
    graph.output("y", y);
    let expected = (0..3 * 5 * 25).map(|i| {
        let [_, y, column, c] = at([1, 3, 5, 25], i);
        let is_inside = y >= 1 && column < 3 && (3..21).contains(&c);
        if is_inside { x[((y - 1) * 3 + column) * 18 + c - 3] as f64 } else { -2.5 }
    });
    check(&graph, &[&x], &[expected.collect()]);
}

#[test]
fn flattening_and_a_transposed_linear_layer_of_many_rows() {
    let (rows, inner, outer) = (19, 2 * 3 * 5, 21);
    let mut random = Random(3);
    let (x, weights, bias) = (random.numbers(rows * inner), random.numbers(outer * inner), random.numbers(outer));
    let mut graph = Builder::default();
    let input = graph.input("x", &[rows, 2, 3, 5]);
    let flat = graph.node("Reshape", &[input], &[rows, inner], json!({"shape": [rows, inner]}));
    let b = graph.constant(&[outer, inner], weights.clone());
    let c = graph.constant(&[outer], bias.clone());
    let attributes = json!({"transposeA": false, "transposeB": true, "hasBias": true, "activation": "relu6"});
    let y = graph.node("FusedMatMul", &[flat, b, c], &[rows, outer], attributes);
    graph.output("y", y);
    let dot = |row: usize, o: usize| -> f64 {
        (0..inner).map(|i| x[row * inner + i] as f64 * weights[o * inner + i] as f64).sum::<f64>() + bias[o] as f64
    };
    let expected = (0..rows * outer).map(|i| dot(i / outer, i % outer).clamp(0.0, 6.0)).collect();
    check(&graph, &[&x], &[expected]);
}

#[test]
fn arithmetic_with_constants_and_values() {
    let shape = [1, 4, 3, 19];
    let mut random = Random(4);
    let (x, constant) = (random.numbers(4 * 3 * 19), random.numbers(19));
    let mut graph = Builder::default();
    let input = graph.input("x", &shape);
    let c = graph.constant(&[19], constant.clone());
    let three = graph.constant(&[], vec![3.0]);
    let rest = graph.node("Sub", &[c, input], &shape, json!({}));
    let scaled = graph.node("RealDiv", &[rest, three], &shape, json!({}));
    let product = graph.node("Multiply", &[scaled, input], &shape, json!({}));
    let positive = graph.node("Relu", &[product], &shape, json!({}));
    graph.output("scaled", scaled);
    graph.output("positive", positive);
    let scaled: Vec<f64> = (0..x.len()).map(|i| (constant[i % 19] as f64 - x[i] as f64) / 3.0).collect();
    let positive = scaled.iter().zip(&x).map(|(a, b)| (a * *b as f64).max(0.0)).collect();
    check(&graph, &[&x], &[scaled, positive]);
}

#[test]
fn softmax_of_large_numbers() {
    let x: Vec<f32> = Random(5).numbers(3 * 13).into_iter().map(|x| 200.0 * x).collect();
    let mut graph = Builder::default();
    let input = graph.input("x", &[3, 13]);
    let y = graph.node("Softmax", &[input], &[3, 13], json!({"dim": 1}));
    graph.output("y", y);
    let expected = x.chunks(13).flat_map(|row| {
        let largest = row.iter().copied().fold(f32::MIN, f32::max) as f64;
        let powers: Vec<f64> = row.iter().map(|x| (*x as f64 - largest).exp()).collect();
        let sum: f64 = powers.iter().sum();
        powers.into_iter().map(move |power| power / sum)
    });
    check(&graph, &[&x], &[expected.collect()]);
}

#[test]
fn a_gate_by_channel_with_the_shortcut_and_the_relu_after_it() {
    for images in [1, 3] {
        let (shape, gate_shape) = ([images, 4, 3, 19], [images, 1, 1, 19]);
        let mut random = Random(6);
        let [x, shortcut] = [0, 1].map(|_| random.numbers(images * 4 * 3 * 19));
        let gate = random.numbers(images * 19);
        let mut graph = Builder::default();
        let (a, b, c) = (graph.input("x", &shape), graph.input("gate", &gate_shape), graph.input("shortcut", &shape));
        let gated = graph.node("Multiply", &[b, a], &shape, json!({}));
        let sum = graph.node("Add", &[c, gated], &shape, json!({}));
        let y = graph.node("Relu", &[sum], &shape, json!({}));
        let rest = graph.node("Sub", &[b, a], &shape, json!({}));
        graph.output("y", y);
        graph.output("rest", rest);
        let factor = |i: usize| gate[i / (4 * 3 * 19) * 19 + i % 19] as f64;
        let gated = |i: usize| (x[i] as f64 * factor(i) + shortcut[i] as f64).max(0.0);
        let expected = [(0..x.len()).map(gated).collect(), (0..x.len()).map(|i| factor(i) - x[i] as f64).collect()];
        check(&graph, &[&x, &gate, &shortcut], &expected);
    }
}

#[test]
fn a_gate_with_the_shortcut_and_the_relu_after_it_is_one_pass() {
    let shape = [2, 4, 3, 19];
    let mut graph = Builder::default();
    let (a, b, c) = (graph.input("x", &shape), graph.input("gate", &[2, 1, 1, 19]), graph.input("shortcut", &shape));
    let gated = graph.node("Multiply", &[a, b], &shape, json!({}));
    let sum = graph.node("Add", &[gated, c], &shape, json!({}));
    let y = graph.node("Relu", &[sum], &shape, json!({}));
    graph.output("y", y);
    let graph = Graph::parse(&graph.json()).unwrap();
    let lowered = lower(&graph, &Constants::new()).unwrap();
    let computed = lowered.operations.iter().filter(|operation| operation.label == "here");
    assert_eq!(computed.map(|operation| operation.output).collect::<Vec<_>>(), [y]);
}

#[test]
fn a_gate_whose_product_is_read_twice_is_kept() {
    let shape = [1, 2, 2, 5];
    let mut random = Random(7);
    let (x, gate) = (random.numbers(20), random.numbers(5));
    let mut graph = Builder::default();
    let (a, b) = (graph.input("x", &shape), graph.input("gate", &[1, 1, 1, 5]));
    let gated = graph.node("Multiply", &[a, b], &shape, json!({}));
    let twice = graph.node("Add", &[gated, gated], &shape, json!({}));
    let y = graph.node("Relu6", &[twice], &shape, json!({}));
    graph.output("gated", gated);
    graph.output("y", y);
    let gated: Vec<f64> = (0..20).map(|i| x[i] as f64 * gate[i % 5] as f64).collect();
    let y = gated.iter().map(|g| (2.0 * g).clamp(0.0, 6.0)).collect();
    check(&graph, &[&x, &gate], &[gated, y]);
}

#[test]
fn a_scale_and_an_offset_by_channel_of_an_input_and_of_a_value() {
    let shape = [2, 3, 2, 21];
    let mut random = Random(8);
    let (x, scale, offset) = (random.numbers(2 * 3 * 2 * 21), random.numbers(21), random.numbers(21));
    let mut graph = Builder::default();
    let input = graph.input("x", &shape);
    let (a, b) = (graph.constant(&[21], scale.clone()), graph.constant(&[21], offset.clone()));
    let first = graph.node("ScaleOffset", &[input, a, b], &shape, json!({"activation": "linear"}));
    let second = graph.node("ScaleOffset", &[first, a, b], &shape, json!({"activation": "relu"}));
    let rank_two = graph.node("Mean", &[second], &[2, 21], json!({"axis": [1, 2]}));
    let third = graph.node("ScaleOffset", &[rank_two, b, a], &[2, 21], json!({"activation": "linear"}));
    graph.output("second", second);
    graph.output("third", third);
    let affine = |y: f64, c: usize| y * scale[c] as f64 + offset[c] as f64;
    let second: Vec<f64> =
        x.iter().enumerate().map(|(i, x)| affine(affine(*x as f64, i % 21), i % 21).max(0.0)).collect();
    let mean = |i: usize| (0..6).map(|p| second[(i / 21 * 6 + p) * 21 + i % 21]).sum::<f64>() / 6.0;
    let third = (0..2 * 21).map(|i| mean(i) * offset[i % 21] as f64 + scale[i % 21] as f64).collect();
    check(&graph, &[&x], &[second, third]);
}

#[test]
fn the_sigmoid_of_small_and_large_numbers() {
    let x: Vec<f32> = (0..4001).map(|i| (i as f32 - 2000.0) / 50.0).collect();
    let mut graph = Builder::default();
    let input = graph.input("x", &[1, 1, 1, 4001]);
    let y = graph.node("Sigmoid", &[input], &[1, 1, 1, 4001], json!({}));
    graph.output("y", y);
    for isa in isas() {
        let got = graph.run(isa, None, &[&x]).unwrap();
        for (x, y) in x.iter().zip(&got[0]) {
            let expected = 1.0 / (1.0 + (-*x as f64).exp());
            assert!((*y as f64 - expected).abs() < 3e-7, "{}: sigmoid({x}) = {y}", isa.name);
        }
    }
}

#[test]
fn the_maximum_of_a_picture_joined_with_its_mean() {
    let x: Vec<f32> = Random(9).numbers(2 * 3 * 5 * 18).into_iter().map(|x| x - 2.0).collect();
    let mut graph = Builder::default();
    let input = graph.input("x", &[2, 3, 5, 18]);
    let most = graph.node("Max", &[input], &[2, 18], json!({"axis": [1, 2], "keepDims": false}));
    let mean = graph.node("Mean", &[input], &[2, 18], json!({"axis": [1, 2], "keepDims": false}));
    let both = graph.node("Concat", &[most, mean], &[2, 36], json!({"axis": 1}));
    graph.output("y", both);
    let expected = (0..2 * 36).map(|i| {
        let (image, c) = (i / 36, i % 36);
        let numbers = (0..15).map(|pixel| x[(image * 15 + pixel) * 18 + c % 18] as f64);
        if c < 18 { numbers.fold(f64::MIN, f64::max) } else { numbers.sum::<f64>() / 15.0 }
    });
    check(&graph, &[&x], &[expected.collect()]);
}

#[test]
fn mirrored_borders_and_any_reshape() {
    let (x, from) = (Random(10).numbers(2 * 4 * 3 * 18), [2, 4, 3, 18]);
    for (mode, skipped) in [("reflect", 1), ("symmetric", 0)] {
        let mut graph = Builder::default();
        let input = graph.input("x", &from);
        let paddings = json!({"paddings": [[0, 0], [2, 1], [0, 2], [0, 0]], "mode": mode});
        let padded = graph.node("MirrorPad", &[input], &[2, 7, 5, 18], paddings);
        let turned = graph.node("Reshape", &[input], &[2, 18, 1, 12], json!({}));
        let deep = graph.node("Reshape", &[turned], &[2, 4, 3, 2, 9], json!({}));
        let back = graph.node("Reshape", &[deep], &[2, 3, 72], json!({}));
        graph.output("padded", padded);
        graph.output("turned", turned);
        graph.output("back", back);
        let mirrored = |at: usize, before: usize, size: usize| match (at as isize - before as isize, size as isize) {
            (i, _) if i < 0 => (-i - 1 + skipped) as usize,
            (i, size) if i >= size => (2 * size - 1 - skipped - i) as usize,
            (i, _) => i as usize,
        };
        let expected = (0..2 * 7 * 5 * 18).map(|i| {
            let [n, y, column, c] = at([2, 7, 5, 18], i);
            x[((n * 4 + mirrored(y, 2, 4)) * 3 + mirrored(column, 0, 3)) * 18 + c] as f64
        });
        let same = || x.iter().map(|x| *x as f64).collect::<Vec<f64>>();
        check(&graph, &[&x], &[expected.collect(), same(), same()]);
    }
}

#[test]
fn quotients_maxima_powers_and_roots_of_values() {
    let shape = [1, 2, 3, 5];
    let mut random = Random(11);
    let x: Vec<f32> = random.numbers(30).into_iter().map(|x| x + 2.0).collect();
    let y = random.numbers(30);
    let mut graph = Builder::default();
    let (a, b, one) = (graph.input("x", &shape), graph.input("y", &shape), graph.constant(&[], vec![1.0]));
    let of = |graph: &mut Builder, op: &str, inputs: &[usize]| graph.node(op, inputs, &shape, json!({}));
    let results = [
        of(&mut graph, "RealDiv", &[b, a]),
        of(&mut graph, "RealDiv", &[one, a]),
        of(&mut graph, "Maximum", &[a, b]),
        of(&mut graph, "Exp", &[b]),
        of(&mut graph, "Rsqrt", &[a]),
    ];
    // Zeros that pad the channels have roots and quotients too: they must not reach what reads whole vectors.
    let filter = graph.constant(&[1, 1, 5, 2], vec![1.0; 10]);
    let sum = graph.node("FusedConv2D", &[results[4], filter], &[1, 2, 3, 2], json!({}));
    for (index, value) in results.into_iter().chain([sum]).enumerate() {
        graph.output(&format!("{index}"), value);
    }
    let both = |f: &dyn Fn(f64, f64) -> f64| x.iter().zip(&y).map(|(x, y)| f(*x as f64, *y as f64)).collect::<Vec<_>>();
    let roots = both(&|x, _| 1.0 / x.sqrt());
    let sums = (0..12).map(|i| roots[i / 2 * 5..][..5].iter().sum()).collect();
    let expected =
        [both(&|x, y| y / x), both(&|x, _| 1.0 / x), both(&|x, y| x.max(y)), both(&|_, y| y.exp()), roots, sums];
    check(&graph, &[&x, &y], &expected);
}

#[test]
fn bad_graphs_are_refused_by_name() {
    let isa = Isa::choose(None).unwrap();
    let refuse_for = |input: &[usize], op: &str, shape: &[usize], attributes: serde_json::Value, message: &str| {
        let mut graph = Builder::default();
        let x = graph.input("x", input);
        let y = graph.node(op, &[x], shape, attributes);
        graph.output("y", y);
        let numbers = vec![0.0; input.iter().product()];
        let error = graph.run(isa, None, &[&numbers]).unwrap_err();
        assert!(error.contains(message), "{error}");
    };
    let refuse = |op: &str, shape: &[usize], attributes: serde_json::Value, message: &str| {
        refuse_for(&[1, 4, 4, 3], op, shape, attributes, message);
    };
    refuse("Erf", &[1, 4, 4, 3], json!({}), "here (Erf): the kernels do not compute 'Erf'");
    refuse(
        "MaxPool",
        &[1, 9, 9, 3],
        json!({"filterSize": [2, 2]}),
        "expected an output [1, 3, 3, 3], got [1, 9, 9, 3]",
    );
    refuse("MaxPool", &[1, 1, 1, 3], json!({"filterSize": [9, 9]}), "does not fit");
    refuse("Mean", &[1, 3], json!({"axis": [3]}), "axes [1, 2]");
    refuse("Max", &[1, 3], json!({"axis": [3]}), "expected Max over the axes [1, 2]");
    refuse("ScaleOffset", &[1, 4, 4, 3], json!({}), "expected at least 2 inputs");
    refuse("Reshape", &[2, 25], json!({}), "expected as many numbers as before");
    let wide = json!({"paddings": [[0, 0], [4, 0], [0, 0], [0, 0]], "mode": "reflect"});
    refuse("MirrorPad", &[1, 8, 4, 3], wide, "expected at most 3 rows and columns of padding, got [4, 0]");
    refuse("Slice", &[1, 4, 4, 3], json!({"begin": [0, 0, 0, 1]}), "expected a part of");
    refuse("Relu", &[1, 0, 4, 3], json!({}), "sizes of at least 1");
    refuse("FusedConv2D", &[1, 4, 4, 3], json!({}), "expected at least 2 inputs");
    refuse("SplitV", &[1, 4, 4, 3], json!({"axis": 3}), "do not compute 'SplitV'");
    refuse("StridedSlice", &[1, 2, 4, 3], json!({"strides": [1, 2]}), "do not compute 'StridedSlice'");
    for op in ["Relu", "Sigmoid", "Exp", "Rsqrt", "Softmax"] {
        refuse(op, &[1, 8, 8, 3], json!({}), "expected an output [1, 4, 4, 3], got [1, 8, 8, 3]");
    }
    refuse("Softmax", &[1, 4, 4, 3], json!({"dim": 1}), "expected softmax over the last axis, got dim 1");
    let deep = [1, 2, 2, 4, 3];
    refuse_for(&deep, "Softmax", &deep, json!({"dim": 4}), "expected one to four axes, got [1, 2, 2, 4, 3]");
    refuse_for(&deep, "Concat", &deep, json!({"axis": 4}), "expected one to four axes, got [1, 2, 2, 4, 3]");
    refuse("Concat", &[1, 4, 4, 3], json!({"axis": 1}), "expected to join along the channels, got axis");
    let channels = json!({"paddings": [[0, 0], [0, 0], [0, 0], [1, 0]], "mode": "reflect"});
    refuse("MirrorPad", &[1, 4, 4, 4], channels, "expected paddings of rows and columns");
    let circular = json!({"paddings": [[0, 0], [1, 0], [0, 0], [0, 0]], "mode": "circular"});
    refuse("MirrorPad", &[1, 5, 4, 3], circular, "expected the mode reflect or symmetric, got Some(\"circular\")");
    let beyond = json!({"filterSize": [2, 2], "strides": [2, 2], "pad": [[2, 0], [0, 0]]});
    refuse("AvgPool", &[1, 3, 2, 3], beyond, "expected padding smaller than the window [2, 2]");
}

#[test]
fn operands_that_broadcast_otherwise_are_refused() {
    let isa = Isa::choose(None).unwrap();
    for op in ["Add", "Sub", "Multiply", "RealDiv", "Maximum"] {
        for shape in [[2, 4, 1, 3], [2, 4, 4, 1], [1, 1, 1, 3]] {
            let mut graph = Builder::default();
            let (x, other) = (graph.input("x", &[2, 4, 4, 3]), graph.input("other", &shape));
            let y = graph.node(op, &[x, other], &[2, 4, 4, 3], json!({}));
            graph.output("y", y);
            let numbers = vec![0.0; shape.iter().product()];
            let error = graph.run(isa, None, &[&[0.0; 96], &numbers]).unwrap_err();
            assert!(error.contains("expected a second operand [2, 4, 4, 3], got"), "{error}");
        }
        let mut graph = Builder::default();
        let (x, rows) = (graph.input("x", &[2, 4, 4, 3]), graph.constant(&[4, 1], vec![1.0; 4]));
        let y = graph.node(op, &[x, rows], &[2, 4, 4, 3], json!({}));
        graph.output("y", y);
        let error = graph.run(isa, None, &[&[0.0; 96]]).unwrap_err();
        assert!(error.contains("expected a constant per channel, [3], got"), "{error}");
    }
    let mut graph = Builder::default();
    let (x, one) = (graph.input("x", &[1, 1, 1, 3]), graph.constant(&[1, 4, 4, 3], vec![1.0; 48]));
    let y = graph.node("RealDiv", &[x, one], &[1, 4, 4, 3], json!({}));
    graph.output("y", y);
    let error = graph.run(isa, None, &[&[0.0; 3]]).unwrap_err();
    assert!(error.contains("here (RealDiv): expected a computed value, got constant"), "{error}");
}
