//! A whole ResNet-20 in fewer bits: its logits as in float32, and the same classes.

mod support;

use residual_kernels::precision::Precision;
use serde_json::json;
use support::{Builder, ConvCase, Random, error, isas};

const PICTURES: usize = 2;
const CLASSES: usize = 10;

/// He's initialisation; the second convolution of a block is smaller, so that sums do not grow from block to block.
struct Net {
    graph: Builder,
    random: Random,
}

impl Net {
    fn conv(
        &mut self,
        input: (usize, [usize; 4]),
        [outputs, kernel, stride]: [usize; 3],
        shortcut: Option<usize>,
    ) -> (usize, [usize; 4]) {
        let (value, shape) = input;
        let case = ConvCase {
            input: shape,
            out_channels: outputs,
            kernel: [kernel; 2],
            strides: [stride; 2],
            dilations: [1; 2],
            pad: [[kernel / 2; 2]; 2],
            groups: 1,
            has_bias: true,
            has_residual: shortcut.is_some(),
            activation: if kernel == 1 { "linear" } else { "relu" },
        };
        let scale = if shortcut.is_some() { 0.5 } else { 1.0 } * (6.0 / (kernel * kernel * shape[3]) as f32).sqrt();
        let mut weights = self.random.numbers(case.filter_shape().iter().product());
        weights.iter_mut().for_each(|weight| *weight *= scale);
        let bias: Vec<f32> = self.random.numbers(outputs).iter().map(|x| 0.1 * x).collect();
        let filter = self.graph.constant(&case.filter_shape(), weights);
        let bias = self.graph.constant(&[outputs], bias);
        let mut inputs = vec![value, filter, bias];
        inputs.extend(shortcut);
        let output = case.output().unwrap();
        (self.graph.node("FusedConv2D", &inputs, &output, case.attributes()), output)
    }
}

fn resnet20() -> Builder {
    let mut net = Net { graph: Builder::default(), random: Random(20) };
    let shape = [PICTURES, 32, 32, 3];
    let mut x = (net.graph.input("x", &shape), shape);
    x = net.conv(x, [16, 3, 1], None);
    for (channels, first_stride) in [(16, 1), (32, 2), (64, 2)] {
        for block in 0..3 {
            let stride = if block == 0 { first_stride } else { 1 };
            let shortcut = if stride == 1 { x.0 } else { net.conv(x, [channels, 1, stride], None).0 };
            let middle = net.conv(x, [channels, 3, stride], None);
            x = net.conv(middle, [channels, 3, 1], Some(shortcut));
        }
    }
    let Net { mut graph, mut random } = net;
    let mean = graph.node("Mean", &[x.0], &[PICTURES, 64], json!({"axis": [1, 2], "keepDims": false}));
    let weights = graph.constant(&[CLASSES, 64], random.numbers(CLASSES * 64));
    let bias = graph.constant(&[CLASSES], random.numbers(CLASSES));
    let attributes = json!({"transposeA": false, "transposeB": true, "hasBias": true, "activation": "linear"});
    let logits = graph.node("FusedMatMul", &[mean, weights, bias], &[PICTURES, CLASSES], attributes);
    graph.output("logits", logits);
    graph
}

fn classes(logits: &[f32]) -> Vec<Option<usize>> {
    let largest = |row: &[f32]| (0..CLASSES).max_by(|a, b| row[*a].total_cmp(&row[*b]));
    logits.chunks_exact(CLASSES).map(largest).collect()
}

#[test]
fn resnet20_names_the_same_classes_in_fewer_bits() {
    let graph = resnet20();
    let pictures = Random(21).numbers(PICTURES * 32 * 32 * 3);
    let tolerances = [(Precision::Float16, 0.003), (Precision::Bfloat16, 0.02), (Precision::Int8, 0.05)];
    // Plain loops take too long for a whole network.
    for isa in isas().into_iter().filter(|isa| isa.name != "portable" && isa.name != "emulated") {
        let expected = graph.run(isa, None, &[&pictures]).unwrap().remove(0);
        let exact: Vec<f64> = expected.iter().map(|x| f64::from(*x)).collect();
        for (precision, tolerance) in tolerances.into_iter().filter(|(precision, _)| precision.check(isa).is_ok()) {
            let logits = graph.run_in(precision, isa, None, &[&pictures]).unwrap().remove(0);
            let error = error(&logits, &exact);
            println!("{} {precision:?}: {error:.1e} of the largest logit", isa.name);
            assert!(error < tolerance, "{} {precision:?}: {error:e}", isa.name);
            assert_eq!(classes(&logits), classes(&expected), "{} {precision:?}", isa.name);
        }
    }
}
