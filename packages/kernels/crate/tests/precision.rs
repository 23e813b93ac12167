//! fp16, bf16 and int8 against float64: chains of convolutions, so that values in between are stored in fewer bits.

mod support;

use residual_kernels::isa::Isa;
use residual_kernels::plan::Algorithm;
use residual_kernels::precision::Precision;
use support::{Builder, ConvCase, Random, conv_reference, error, isas, pointwise};

/// conv → conv with shortcut → max pool → mean, of odd sizes; the second convolution has the given shape.
fn chain(random: &mut Random, second: &ConvCase, first_activation: &'static str) -> (Builder, Vec<f32>, Vec<f64>) {
    let size = |shape: &[usize]| shape.iter().product::<usize>();
    let [n, h, w, channels] = second.input;
    let first = ConvCase { has_bias: true, activation: first_activation, ..pointwise([n, h, w, 5], channels) };
    let output = second.output().unwrap();
    let x = random.numbers(size(&first.input));
    let filters = [random.numbers(size(&first.filter_shape())), random.numbers(size(&second.filter_shape()))];
    let biases = [random.numbers(channels), random.numbers(second.out_channels)];

    let mut graph = Builder::default();
    let input = graph.input("x", &first.input);
    let weights = [first.filter_shape(), second.filter_shape()];
    let filter = graph.constant(&weights[0], filters[0].clone());
    let bias = graph.constant(&[channels], biases[0].clone());
    let middle = graph.node("FusedConv2D", &[input, filter, bias], &second.input, first.attributes());
    let filter = graph.constant(&weights[1], filters[1].clone());
    let bias = graph.constant(&[second.out_channels], biases[1].clone());
    let mut inputs = vec![middle, filter, bias];
    inputs.extend(second.has_residual.then_some(middle));
    let end = graph.node("FusedConv2D", &inputs, &output, second.attributes());
    let pooled_shape = [output[0], (output[1] - 1) / 2 + 1, (output[2] - 1) / 2 + 1, output[3]];
    let pool = serde_json::json!({"filterSize": [1, 1], "strides": [2, 2], "pad": [[0, 0], [0, 0]]});
    let pooled = graph.node("MaxPool", &[end], &pooled_shape, pool);
    let axes = serde_json::json!({"axis": [1, 2], "keepDims": false});
    let mean = graph.node("Mean", &[pooled], &[output[0], output[3]], axes);
    graph.output("mean", mean);

    let middle = conv_reference(&first, &x, &filters[0], Some(&biases[0]), None);
    let middle: Vec<f32> = middle.into_iter().map(|x| x as f32).collect();
    let residual = second.has_residual.then_some(middle.as_slice());
    let end = conv_reference(second, &middle, &filters[1], Some(&biases[1]), residual);
    let mut expected = vec![0.0; output[0] * output[3]];
    for (i, value) in end.iter().enumerate() {
        let (pixel, channel) = (i / output[3], i % output[3]);
        let (y, column) = (pixel / output[2] % output[1], pixel % output[2]);
        if y % 2 == 0 && column % 2 == 0 {
            let count = (pooled_shape[1] * pooled_shape[2]) as f64;
            expected[pixel / (output[1] * output[2]) * output[3] + channel] += value / count;
        }
    }
    (graph, x, expected)
}

fn check(precision: Precision, tolerance: f64) {
    for isa in isas().into_iter().filter(|isa| precision.check(isa).is_ok()) {
        let mut random = Random(5);
        for _ in 0..60 {
            let groups = random.pick(&[1, 1, 2, 4]);
            let kernel = random.pick(&[1, 3, 3, 5]);
            let stride = random.pick(&[1, 1, 2, 3]);
            let channels = groups * random.pick(&[3, 8, 16, 24, 40]);
            let has_residual = stride == 1 && random.below(2) == 0;
            let outputs = if has_residual { channels } else { groups * random.pick(&[4, 16, 17, 33]) };
            let case = ConvCase {
                input: [1 + random.below(2), 3 + random.below(9), 3 + random.below(20), channels],
                out_channels: outputs,
                kernel: [kernel; 2],
                strides: [stride; 2],
                dilations: [1, 1],
                pad: [[kernel / 2; 2]; 2],
                groups,
                has_bias: true,
                has_residual,
                activation: random.pick(&["linear", "relu"]),
            };
            let first_activation = random.pick(&["linear", "relu"]);
            let (graph, x, expected) = chain(&mut random, &case, first_activation);
            let [f2, f4] = [2, 4].map(|m| Some(Algorithm::Winograd(m)));
            for algorithm in [None, Some(Algorithm::Direct), f2, f4] {
                let got = graph.run_in(precision, isa, algorithm, &[&x]).unwrap();
                let error = error(&got[0], &expected);
                assert!(error < tolerance, "{} {algorithm:?} {first_activation} {case:?}: {error:e}", isa.name);
            }
        }
    }
}

#[test]
fn bfloat16_keeps_two_digits() {
    check(Precision::Bfloat16, 0.01);
}

#[test]
fn float16_keeps_three_digits() {
    check(Precision::Float16, 0.002);
}

#[test]
fn bytes_keep_two_digits() {
    check(Precision::Int8, 0.03);
}

#[test]
fn what_the_instruction_set_lacks_is_refused() {
    let portable = Isa::choose(Some("portable")).unwrap();
    for precision in [Precision::Float16, Precision::Bfloat16, Precision::Int8] {
        assert!(precision.check(portable).unwrap_err().contains("got kernels for portable"));
    }
}

/// `emulate.sh` says by `QEMU_CPU` what the CPU has.
#[test]
#[cfg(target_arch = "aarch64")]
fn what_an_arm_cpu_multiplies_is_found() {
    let neon = Isa::choose(Some("neon")).unwrap();
    let precisions = [Precision::Float16, Precision::Bfloat16, Precision::Int8];
    let answers = precisions.map(|precision| precision.check(neon));
    let refusal = |what, others| Err(format!("precision {what}, got kernels for neon; take fp32{others}"));
    let bfloat = "bf16: expected a CPU with FEAT_BF16";
    match std::env::var("QEMU_CPU").as_deref() {
        Ok("max") => assert_eq!(answers, [Ok(()), Ok(()), Ok(())]),
        Ok("neoverse-n1") => {
            assert_eq!(answers, [Ok(()), refusal(bfloat, " or fp16 or int8"), Ok(())]);
        }
        Ok("cortex-a72") => {
            let half = "fp16: expected a CPU with ARM's FEAT_FP16";
            assert_eq!(answers, [half, bfloat, "int8: expected a CPU with FEAT_DotProd"].map(|what| refusal(what, "")));
        }
        _ => {
            let has = [
                std::arch::is_aarch64_feature_detected!("fp16"),
                std::arch::is_aarch64_feature_detected!("bf16"),
                std::arch::is_aarch64_feature_detected!("dotprod"),
            ];
            assert_eq!(answers.map(|answer| answer.is_ok()), has);
        }
    }
}

/// Weights that are whole numbers of up to 127 in size, and stay such when they become bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Weights {
    /// Of any size.
    Even,
    /// All of the largest size.
    Largest,
    /// Small but for some neighbours of any size, so that their root mean square is below 20.
    Few,
    /// Zero but for neighbours of the largest size, as many as that allows.
    FewLargest,
}

impl Weights {
    /// `[tap][input channel][output channel]`
    fn fill(self, random: &mut Random, [taps, channels, outputs]: [usize; 3]) -> Vec<f32> {
        let mut filter = vec![0.0f32; taps * channels * outputs];
        let mut room = vec![399.0 * (taps * channels) as f32; outputs];
        for (i, weight) in filter.iter_mut().enumerate() {
            let (block, output) = (i / outputs / 8, i % outputs);
            let sign = if output.is_multiple_of(2) { 1.0 } else { -1.0 };
            let any = random.below(255) as f32 - 127.0;
            *weight = match self {
                Weights::Even => any,
                Weights::Largest => sign * 127.0,
                Weights::Few if block % 5 == output % 5 && any * any < room[output] => any,
                Weights::Few if room[output] > 16.0 => random.below(9) as f32 - 4.0,
                Weights::FewLargest if 127.0 * 127.0 < room[output] => sign * 127.0,
                Weights::Few | Weights::FewLargest => 0.0,
            };
            if i < outputs {
                *weight = 127.0;
            }
            room[output] -= *weight * *weight;
        }
        filter
    }
}

/// A 1×1 convolution whose output is its input, in bytes where it is read so.
fn same(graph: &mut Builder, input: usize, shape: &[usize; 4]) -> usize {
    let channels = shape[3];
    let mut weights = vec![0.0; channels * channels];
    (0..channels).for_each(|channel| weights[channel * channels + channel] = 1.0);
    let case = pointwise(*shape, channels);
    let weights = graph.constant(&case.filter_shape(), weights);
    graph.node("FusedConv2D", &[input, weights], shape, case.attributes())
}

fn whole(random: &mut Random, count: usize, least: usize, most: usize) -> Vec<f32> {
    (0..count).map(|_| random.below(least + most + 1) as f32 - least as f32).collect()
}

/// Whole numbers that bytes hold as they are, at their least and largest among them: no rounding, nothing lost on the way.
#[test]
fn bytes_are_multiplied_exactly() {
    for isa in isas().into_iter().filter(|isa| Precision::Int8.check(isa).is_ok()) {
        let mut random = Random(7);
        let kinds = [Weights::Even, Weights::Few, Weights::Largest, Weights::FewLargest];
        for (channels, weights) in [8, 24, 40, 56, 160].into_iter().flat_map(|n| kinds.map(|weights| (n, weights))) {
            let outputs = random.pick(&[4, 16, 17, 33]);
            // So many weights that one of the largest size leaves room for others.
            let kernel = if channels < 56 { 3 } else { random.pick(&[1, 3]) };
            let case = ConvCase {
                kernel: [kernel; 2],
                strides: [random.pick(&[1, 1, 2]); 2],
                pad: [[kernel / 2; 2]; 2],
                has_bias: true,
                ..pointwise([1 + random.below(2), 3 + random.below(9), 3 + random.below(20), channels], outputs)
            };
            let size = |shape: &[usize]| shape.iter().product::<usize>();
            let mut x = whole(&mut random, size(&case.input), 0, 255);
            x[0] = 255.0;
            if matches!(weights, Weights::Largest | Weights::FewLargest) {
                x.fill(255.0);
            }
            let filter = weights.fill(&mut random, [kernel * kernel, channels, outputs]);
            let bias = whole(&mut random, outputs, 127, 127);

            let mut graph = Builder::default();
            let input = graph.input("x", &case.input);
            let first = same(&mut graph, input, &case.input);
            let inputs =
                [first, graph.constant(&case.filter_shape(), filter.clone()), graph.constant(&[outputs], bias.clone())];
            let end = graph.node("FusedConv2D", &inputs, &case.output().unwrap(), case.attributes());
            graph.output("end", end);

            let expected = conv_reference(&case, &x, &filter, Some(&bias), None);
            for algorithm in [None, Some(Algorithm::Direct), Some(Algorithm::Winograd(2)), Some(Algorithm::Winograd(4))]
            {
                // Weights of a larger root mean square have fewer steps there, but where they are transformed, which they are
                // while no sum can pass 2²⁵.
                let is_small = weights != Weights::Largest || kernel * kernel * channels * 127 * 255 < 1 << 25;
                let is_transformed = matches!(algorithm, Some(Algorithm::Winograd(_))) && kernel == 3 && is_small;
                let is_spread = matches!(weights, Weights::Even | Weights::Largest);
                if isa.sums_short && is_spread && !(is_transformed && case.strides == [1; 2]) {
                    continue;
                }
                let got = graph.run_in(Precision::Int8, isa, algorithm, &[&x]).unwrap();
                let expected: Vec<f32> = expected.iter().map(|x| *x as f32).collect();
                // Beyond 24 bits floats round.
                let is_off = |(got, expected): (&f32, &f32)| (got - expected).abs() > expected.abs() * f32::EPSILON;
                let first = got[0].iter().zip(&expected).position(is_off);
                let differ = first.map(|i| (i, got[0][i], expected[i]));
                assert_eq!(differ, None, "{} {algorithm:?} {weights:?} {case:?}", isa.name);
            }
        }
    }
}

/// Where bytes become bytes, with a shortcut and without, each number is the nearest step to the exact one.
#[test]
fn bytes_become_the_nearest_bytes() {
    for isa in isas().into_iter().filter(|isa| Precision::Int8.check(isa).is_ok()) {
        let mut random = Random(11);
        for (kernel, stride, has_residual) in [(1, 1, true), (1, 2, false), (3, 2, false), (3, 1, true), (1, 1, false)]
        {
            for activation in ["linear", "relu"] {
                // So many that the step of ones is 1 / 127.
                let channels = random.pick(&[48, 56]);
                let case = ConvCase {
                    kernel: [kernel; 2],
                    strides: [stride; 2],
                    pad: [[kernel / 2; 2]; 2],
                    has_bias: true,
                    has_residual,
                    activation,
                    ..pointwise([2, 5 + random.below(4), 3 + random.below(9), channels], channels)
                };
                let output = case.output().unwrap();
                let mut x = whole(&mut random, case.input.iter().product(), 0, 255);
                x[0] = 255.0;
                let filter = Weights::Few.fill(&mut random, [kernel * kernel, channels, channels]);
                let bias = whole(&mut random, channels, 127, 127);

                let mut graph = Builder::default();
                let input = graph.input("x", &case.input);
                let first = same(&mut graph, input, &case.input);
                let mut inputs = vec![
                    first,
                    graph.constant(&case.filter_shape(), filter.clone()),
                    graph.constant(&[channels], bias.clone()),
                ];
                inputs.extend(has_residual.then_some(first));
                let middle = graph.node("FusedConv2D", &inputs, &output, case.attributes());
                let end = same(&mut graph, middle, &output);
                graph.output("end", end);

                let expected = conv_reference(&case, &x, &filter, Some(&bias), has_residual.then_some(x.as_slice()));
                let [least, most] = expected.iter().fold([0.0f64; 2], |[a, b], x| [a.min(*x), b.max(*x)]);
                let step = if least >= 0.0 { most / 255.0 } else { most.max(-least) / 127.0 };
                for algorithm in [Algorithm::Direct, Algorithm::Winograd(4)] {
                    let got = graph.run_in(Precision::Int8, isa, Some(algorithm), &[&x]).unwrap();
                    for (got, expected) in got[0].iter().zip(&expected) {
                        let off = (f64::from(*got) - expected).abs();
                        assert!(
                            off < 0.501 * step,
                            "{} {algorithm:?} {case:?}: {got}, {expected}, step {step}",
                            isa.name
                        );
                    }
                }
            }
        }
    }
}

/// `x · first · second`, a number for each of the channels; what is between is float16 where all filters can be.
fn two_factors(x: &[f32], [first, second]: [f32; 2], isa: &'static Isa) -> Result<Vec<f32>, String> {
    let channels = x.len();
    let shape = [1, 1, 1, channels];
    let mut graph = Builder::default();
    let mut value = graph.input("x", &shape);
    for factor in [first, second] {
        let mut weights = vec![0.0; channels * channels];
        (0..channels).for_each(|channel| weights[channel * channels + channel] = factor);
        let case = pointwise(shape, channels);
        let filter = graph.constant(&case.filter_shape(), weights);
        value = graph.node("FusedConv2D", &[value, filter], &shape, case.attributes());
    }
    graph.output("y", value);
    graph.run_in(Precision::Float16, isa, None, &[x]).map(|outputs| outputs.into_iter().next().unwrap())
}

#[test]
fn numbers_that_float16_holds_stay_as_they_are() {
    for isa in isas().into_iter().filter(|isa| Precision::Float16.check(isa).is_ok()) {
        // The largest, the least that has all digits, and the least.
        let x = [65504.0, -65504.0, 2049.0, 1.0 / 16384.0, 3.0 / 16777216.0, -1.0 / 16777216.0, 0.0];
        let expected = [65504.0, -65504.0, 2048.0, 1.0 / 16384.0, 3.0 / 16777216.0, -1.0 / 16777216.0, 0.0];
        assert_eq!(two_factors(&x, [1.0, 1.0], isa).unwrap(), expected);
    }
}

#[test]
fn numbers_that_float16_does_not_hold_end_the_run() {
    for isa in isas().into_iter().filter(|isa| Precision::Float16.check(isa).is_ok()) {
        let message = two_factors(&[1.0, 70000.0, 2.0], [1.0, 1.0], isa).unwrap_err();
        let expected =
            "precision fp16: expected numbers that float16 holds, up to 65504, got larger ones in here; take fp32";
        assert_eq!(message, expected);
        // What is infinite to begin with is the input's fault, and is said so.
        let message = two_factors(&[1.0, f32::INFINITY, 2.0], [1.0, 1.0], isa).unwrap_err();
        assert!(message.contains("expected finite numbers"), "{message}");
        // The next run knows nothing of it.
        assert_eq!(two_factors(&[1.0, 7.0], [1.0, 2.0], isa).unwrap(), [2.0, 14.0]);
    }
}

#[test]
fn filters_that_float16_does_not_hold_are_multiplied_in_float32() {
    for isa in isas().into_iter().filter(|isa| Precision::Float16.check(isa).is_ok()) {
        let x = [1.0 + 1.0 / 4096.0, 3.0];
        assert_eq!(two_factors(&x, [1.0, 1e6], isa).unwrap(), x.map(|x| x * 1e6));
        assert_eq!(two_factors(&x, [1e6, 1e-6], isa).unwrap_err().split(':').next(), Some("precision fp16"));
    }
}

#[test]
fn sums_of_float16_are_float32() {
    for isa in isas().into_iter().filter(|isa| Precision::Float16.check(isa).is_ok()) {
        for (kernel, channels) in [(1, 3001), (3, 457)] {
            let case = ConvCase { kernel: [kernel; 2], ..pointwise([1, kernel, kernel, channels], 9) };
            let mut graph = Builder::default();
            let input = graph.input("x", &case.input);
            let value = same(&mut graph, input, &case.input);
            let filter = graph.constant(&case.filter_shape(), vec![1.0; kernel * kernel * channels * 9]);
            let y = graph.node("FusedConv2D", &[value, filter], &case.output().unwrap(), case.attributes());
            graph.output("y", y);
            // 32 of them are a number of float16, 33 are none.
            let x = vec![63.0; kernel * kernel * channels];
            let got = graph.run_in(Precision::Float16, isa, Some(Algorithm::Direct), &[&x]).unwrap();
            assert_eq!(got[0], [(63 * kernel * kernel * channels) as f32; 9]);
        }
    }
}

/// On x86-64 a test in `peak.rs` looks at all formats; those of ARM run here alone.
#[test]
#[cfg(target_arch = "aarch64")]
fn what_an_arm_cpu_multiplies_at_most_is_counted() {
    let neon = Isa::choose(Some("neon")).unwrap();
    let precisions = [Precision::Float32, Precision::Float16, Precision::Bfloat16, Precision::Int8];
    for precision in precisions.into_iter().filter(|precision| precision.check(neon).is_ok()) {
        let [once, often] = [1, 10].map(|rounds| {
            // SAFETY: the CPU has the precision.
            unsafe { neon.multiply_adds(precision.format(), rounds) }
        });
        assert!(once > 0.0 && often == 10.0 * once, "{precision:?}: {once} and {often}");
    }
}
