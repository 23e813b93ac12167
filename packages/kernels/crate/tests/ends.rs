//! bf16 and int8 at the ends of a network against float64: the stem of the ImageNet nets, and the last layer.

mod support;

#[cfg(target_arch = "x86_64")]
use residual_kernels::format::Format;
use residual_kernels::precision::Precision;
use support::{Builder, ConvCase, Random, conv_reference, error, isas, pointwise};

/// The stem of the ImageNet nets, its max pooling, and the last layer, over pictures of any size with zero anywhere in their
/// range.
fn check_ends(precision: Precision, tolerance: f64) {
    for isa in isas().into_iter().filter(|isa| precision.check(isa).is_ok()) {
        let mut random = Random(7);
        for _ in 0..12 {
            let input = [1 + random.below(2), 8 + random.below(12), 8 + random.below(40), 3];
            let case = ConvCase {
                kernel: [7, 7],
                strides: [2, 2],
                pad: random.pick(&[[[3, 3]; 2], [[2, 3]; 2], [[0, 0]; 2]]),
                has_bias: true,
                activation: random.pick(&["linear", "relu", "relu6"]),
                ..pointwise(input, random.pick(&[5, 16, 32, 40]))
            };
            let [images, height, width, channels] = case.output().unwrap();
            let shift = random.pick(&[-1.0, 0.0, 0.3, 1.0]);
            let x: Vec<f32> =
                random.numbers(case.input.iter().product()).into_iter().map(|number| number + shift).collect();
            let filter = random.numbers(case.filter_shape().iter().product());
            let bias = random.numbers(channels);
            let (classes, inner) = (random.pick(&[3, 16, 45]), channels);
            let (weights, last_bias) = (random.numbers(classes * inner), random.numbers(classes));

            let mut graph = Builder::default();
            let input = graph.input("x", &case.input);
            let ids = [graph.constant(&case.filter_shape(), filter.clone()), graph.constant(&[channels], bias.clone())];
            let stem = graph.node(
                "FusedConv2D",
                &[input, ids[0], ids[1]],
                &[images, height, width, channels],
                case.attributes(),
            );
            let pooled_shape = [images, height.div_ceil(2), width.div_ceil(2), channels];
            let pool = serde_json::json!({"filterSize": [3, 3], "strides": [2, 2], "pad": [[1, 1], [1, 1]]});
            let pooled = graph.node("MaxPool", &[stem], &pooled_shape, pool);
            let axes = serde_json::json!({"axis": [1, 2], "keepDims": false});
            let mean = graph.node("Mean", &[pooled], &[images, channels], axes);
            let last =
                [graph.constant(&[classes, inner], weights.clone()), graph.constant(&[classes], last_bias.clone())];
            let attributes =
                serde_json::json!({"transposeA": false, "transposeB": true, "hasBias": true, "activation": "linear"});
            let y = graph.node("FusedMatMul", &[mean, last[0], last[1]], &[images, classes], attributes);
            graph.output("y", y);

            let stem = conv_reference(&case, &x, &filter, Some(&bias), None);
            let at =
                |image: usize, y: usize, x: usize, c: usize| stem[((image * height + y) * width + x) * channels + c];
            let [_, rows, columns, _] = pooled_shape;
            let mut means = vec![0.0f64; images * channels];
            for (image, c) in (0..images).flat_map(|image| (0..channels).map(move |c| (image, c))) {
                for (row, column) in (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))) {
                    let near = |at: usize, size: usize| (2 * at).saturating_sub(1)..(2 * at + 2).min(size);
                    let window = near(row, height).flat_map(|y| near(column, width).map(move |x| (y, x)));
                    means[image * channels + c] +=
                        window.map(|(y, x)| at(image, y, x, c)).fold(f64::MIN, f64::max) / (rows * columns) as f64;
                }
            }
            let dot = |image: usize, o: usize| -> f64 {
                let products = (0..inner).map(|i| means[image * inner + i] * f64::from(weights[o * inner + i]));
                products.sum::<f64>() + f64::from(last_bias[o])
            };
            let expected: Vec<f64> = (0..images * classes).map(|i| dot(i / classes, i % classes)).collect();
            #[cfg(target_arch = "x86_64")]
            if isa.reduces_ends() {
                let program = graph.program_in(precision, isa, None, &[&x]).unwrap();
                let is_float = |value: usize| {
                    let step = program.steps.iter().find(|step| step.value == value).unwrap();
                    step.layout.format == Format::Float
                };
                assert_eq!([is_float(input), is_float(mean)], [precision == Precision::Bfloat16, false]);
            }
            let got = graph.run_in(precision, isa, None, &[&x]).unwrap();
            let error = error(&got[0], &expected);
            assert!(error < tolerance, "{} {case:?}: {error:e}", isa.name);
        }
    }
}

#[test]
fn ends_in_bfloat16_keep_two_digits() {
    check_ends(Precision::Bfloat16, 0.01);
}

#[test]
fn ends_in_bytes_keep_two_digits() {
    check_ends(Precision::Int8, 0.03);
}

/// A stem that takes a picture in bytes finds what is not finite wherever it is in a row.
#[test]
fn a_picture_in_bytes_is_finite() {
    for isa in isas().into_iter().filter(|isa| Precision::Int8.check(isa).is_ok()) {
        let case = ConvCase { kernel: [7, 7], strides: [2, 2], pad: [[3, 3]; 2], ..pointwise([1, 9, 21, 3], 16) };
        let mut graph = Builder::default();
        let input = graph.input("x", &case.input);
        let filter = graph.constant(&case.filter_shape(), vec![0.01; 7 * 7 * 3 * 16]);
        let y = graph.node("FusedConv2D", &[input, filter], &case.output().unwrap(), case.attributes());
        graph.output("y", y);
        let good = vec![0.5f32; 9 * 21 * 3];
        let mut program = graph.program_in(Precision::Int8, isa, None, &[&good]).unwrap();
        let mut y = vec![0.0; program.outputs[0].length()];
        for at in [0, 61, 62, 5 * 63 + 17, 9 * 63 - 1] {
            let mut x = good.clone();
            x[at] = if at % 2 == 0 { f32::NAN } else { f32::INFINITY };
            let message = program.run_alone(&[&x], &mut [&mut y]).unwrap_err();
            let place = format!("at [0, {}, {}, {}]", at / 63, at % 63 / 3, at % 3);
            assert!(message.contains(&place), "{}: {message}, not {place}", isa.name);
        }
        program.run_alone(&[&good], &mut [&mut y]).unwrap();
    }
}
