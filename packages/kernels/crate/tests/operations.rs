//! The operations beside convolutions, on shapes that do not fill a vector.

mod support;

use residual_kernels::isa::Isa;
use serde_json::json;
use support::{Builder, Random, error};

fn check(graph: &Builder, inputs: &[&[f32]], expected: &[Vec<f64>]) {
    for isa in Isa::available() {
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
fn bad_graphs_are_refused_by_name() {
    let isa = Isa::choose(None).unwrap();
    let refuse = |op: &str, shape: &[usize], attributes: serde_json::Value, message: &str| {
        let mut graph = Builder::default();
        let input = graph.input("x", &[1, 4, 4, 3]);
        let y = graph.node(op, &[input], shape, attributes);
        graph.output("y", y);
        let error = graph.run(isa, None, &[&[0.0; 48]]).unwrap_err();
        assert!(error.contains(message), "{error}");
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
    refuse("Reshape", &[2, 24], json!({}), "flatten");
    refuse("Slice", &[1, 4, 4, 3], json!({"begin": [0, 0, 0, 1]}), "expected a part of");
    refuse("Relu", &[1, 0, 4, 3], json!({}), "sizes of at least 1");
    refuse("FusedConv2D", &[1, 4, 4, 3], json!({}), "expected at least 2 inputs");
}
