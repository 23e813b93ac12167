//! Graphs by hand, and what they ought to give: plain loops in float64.
#![allow(dead_code)]

use residual_kernels::graph::{Constants, Graph};
use residual_kernels::isa::Isa;
use residual_kernels::plan::{Algorithm, Options, compile};
use residual_kernels::precision::Precision;
use residual_kernels::program::Program;
use serde_json::{Value, json};

/// The instruction sets to test: all of this machine, or the one that `RESIDUAL_KERNELS_ISA` names.
pub fn isas() -> Vec<&'static Isa> {
    let named = std::env::var("RESIDUAL_KERNELS_ISA");
    named.map_or_else(|_| Isa::available(), |name| vec![Isa::choose(Some(&name)).unwrap()])
}

/// A small generator of the same numbers on every machine (SplitMix64).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// In [-1, 1).
    pub fn numbers(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| (self.next() >> 40) as f32 / (1 << 23) as f32 - 1.0).collect()
    }
}

#[derive(Default)]
pub struct Builder {
    pub values: Vec<Value>,
    pub nodes: Vec<Value>,
    pub inputs: Vec<Value>,
    pub outputs: Vec<Value>,
    pub constants: Vec<(usize, Vec<f32>)>,
}

impl Builder {
    pub fn value(&mut self, shape: &[usize]) -> usize {
        self.values.push(json!({"shape": shape, "dtype": "float32"}));
        self.values.len() - 1
    }

    pub fn input(&mut self, name: &str, shape: &[usize]) -> usize {
        let id = self.value(shape);
        self.inputs.push(json!({"name": name, "role": "data", "value": id}));
        id
    }

    pub fn constant(&mut self, shape: &[usize], data: Vec<f32>) -> usize {
        let id = self.value(shape);
        self.constants.push((id, data));
        id
    }

    pub fn node(&mut self, op: &str, inputs: &[usize], shape: &[usize], attributes: Value) -> usize {
        let id = self.value(shape);
        self.nodes
            .push(json!({"op": op, "inputs": inputs, "outputs": [id], "attributes": attributes, "label": "here"}));
        id
    }

    /// A node with several outputs.
    pub fn nodes(&mut self, op: &str, inputs: &[usize], shapes: &[&[usize]], attributes: Value) -> Vec<usize> {
        let ids: Vec<usize> = shapes.iter().map(|shape| self.value(shape)).collect();
        self.nodes.push(json!({"op": op, "inputs": inputs, "outputs": ids, "attributes": attributes, "label": "here"}));
        ids
    }

    pub fn output(&mut self, name: &str, value: usize) {
        self.outputs.push(json!({"name": name, "value": value}));
    }

    pub fn json(&self) -> String {
        let graph = json!({"values": self.values, "nodes": self.nodes, "inputs": self.inputs, "outputs": self.outputs});
        graph.to_string()
    }

    pub fn run(
        &self,
        isa: &'static Isa,
        algorithm: Option<Algorithm>,
        inputs: &[&[f32]],
    ) -> Result<Vec<Vec<f32>>, String> {
        self.run_in(Precision::Float32, isa, algorithm, inputs)
    }

    /// Calibrated with a sample, an array per input.
    pub fn program_in(
        &self,
        precision: Precision,
        isa: &'static Isa,
        algorithm: Option<Algorithm>,
        sample: &[&[f32]],
    ) -> Result<Program, String> {
        let graph = Graph::parse(&self.json())?;
        let constants: Constants = self.constants.iter().map(|(id, data)| (*id, data.as_slice())).collect();
        let options = Options { isa, threads: 1, algorithm, reject_non_finite: true, precision };
        compile(&graph, &constants, options, &[sample])
    }

    /// Calibrated with the very inputs that it runs.
    pub fn run_in(
        &self,
        precision: Precision,
        isa: &'static Isa,
        algorithm: Option<Algorithm>,
        inputs: &[&[f32]],
    ) -> Result<Vec<Vec<f32>>, String> {
        let mut program = self.program_in(precision, isa, algorithm, inputs)?;
        let mut outputs: Vec<Vec<f32>> = program.outputs.iter().map(|port| vec![f32::NAN; port.length()]).collect();
        let mut slices: Vec<&mut [f32]> = outputs.iter_mut().map(|output| output.as_mut_slice()).collect();
        program.run_alone(inputs, &mut slices)?;
        program.run_alone(inputs, &mut slices)?;
        Ok(outputs)
    }
}

#[derive(Clone, Debug)]
pub struct ConvCase {
    pub input: [usize; 4],
    pub out_channels: usize,
    pub kernel: [usize; 2],
    pub strides: [usize; 2],
    pub dilations: [usize; 2],
    pub pad: [[usize; 2]; 2],
    pub groups: usize,
    pub has_bias: bool,
    pub has_residual: bool,
    pub activation: &'static str,
}

/// Without padding, bias or activation.
pub fn pointwise(input: [usize; 4], out_channels: usize) -> ConvCase {
    ConvCase {
        input,
        out_channels,
        kernel: [1; 2],
        strides: [1; 2],
        dilations: [1; 2],
        pad: [[0; 2]; 2],
        groups: 1,
        has_bias: false,
        has_residual: false,
        activation: "linear",
    }
}

impl ConvCase {
    pub fn output(&self) -> Option<[usize; 4]> {
        let size = |axis: usize| {
            let padded = self.input[1 + axis] + self.pad[axis][0] + self.pad[axis][1];
            let reach = (self.kernel[axis] - 1) * self.dilations[axis] + 1;
            (padded >= reach).then(|| (padded - reach) / self.strides[axis] + 1)
        };
        Some([self.input[0], size(0)?, size(1)?, self.out_channels])
    }

    pub fn attributes(&self) -> Value {
        json!({"strides": self.strides, "pad": self.pad, "dilations": self.dilations, "groups": self.groups,
               "hasBias": self.has_bias, "hasResidual": self.has_residual, "activation": self.activation})
    }

    pub fn filter_shape(&self) -> [usize; 4] {
        [self.kernel[0], self.kernel[1], self.input[3] / self.groups, self.out_channels]
    }
}

/// The gradients of a convolution without groups with respect to its picture and its filter, tap by tap.
pub fn conv_gradients(case: &ConvCase, x: &[f32], filter: &[f32], dy: &[f32]) -> [Vec<f64>; 2] {
    let [n, height, width, channels] = case.input;
    let [_, oh, ow, out] = case.output().unwrap();
    let mut dx = vec![0.0; n * height * width * channels];
    let mut dw = vec![0.0; filter.len()];
    for (at, dy) in dy.iter().enumerate() {
        let (image, oy, ox, o) = (at / out / ow / oh, at / out / ow % oh, at / out % ow, at % out);
        for tap in 0..case.kernel[0] * case.kernel[1] {
            let iy = (oy * case.strides[0] + tap / case.kernel[1]).wrapping_sub(case.pad[0][0]);
            let ix = (ox * case.strides[1] + tap % case.kernel[1]).wrapping_sub(case.pad[1][0]);
            if iy >= height || ix >= width {
                continue;
            }
            for i in 0..channels {
                let from = ((image * height + iy) * width + ix) * channels + i;
                let weight = (tap * channels + i) * out + o;
                dx[from] += *dy as f64 * filter[weight] as f64;
                dw[weight] += *dy as f64 * x[from] as f64;
            }
        }
    }
    [dx, dw]
}

/// The convolution, tap by tap.
pub fn conv_reference(
    case: &ConvCase,
    x: &[f32],
    filter: &[f32],
    bias: Option<&[f32]>,
    residual: Option<&[f32]>,
) -> Vec<f64> {
    let [_, height, width, channels] = case.input;
    let [n, oh, ow, out] = case.output().unwrap();
    let (inputs, outputs) = (channels / case.groups, out / case.groups);
    let mut y = Vec::with_capacity(n * oh * ow * out);
    for image in 0..n {
        for oy in 0..oh {
            for ox in 0..ow {
                for o in 0..out {
                    let mut sum = bias.map_or(0.0, |bias| bias[o] as f64);
                    for ky in 0..case.kernel[0] {
                        for kx in 0..case.kernel[1] {
                            let iy = (oy * case.strides[0] + ky * case.dilations[0]).wrapping_sub(case.pad[0][0]);
                            let ix = (ox * case.strides[1] + kx * case.dilations[1]).wrapping_sub(case.pad[1][0]);
                            if iy >= height || ix >= width {
                                continue;
                            }
                            for i in 0..inputs {
                                let channel = o / outputs * inputs + i;
                                let a = x[((image * height + iy) * width + ix) * channels + channel] as f64;
                                let tap = ky * case.kernel[1] + kx;
                                sum += a * filter[(tap * inputs + i) * out + o] as f64;
                            }
                        }
                    }
                    sum += residual.map_or(0.0, |residual| residual[y.len()] as f64);
                    y.push(match case.activation {
                        "relu" => sum.max(0.0),
                        "relu6" => sum.clamp(0.0, 6.0),
                        _ => sum,
                    });
                }
            }
        }
    }
    y
}

/// The largest difference, over the largest of the expected.
pub fn error(got: &[f32], expected: &[f64]) -> f64 {
    assert_eq!(got.len(), expected.len());
    let largest = expected.iter().fold(1e-30f64, |largest, x| largest.max(x.abs()));
    let differences = got.iter().zip(expected).map(|(got, expected)| (*got as f64 - expected).abs());
    differences.fold(0.0, |worst: f64, d| if d.is_nan() { f64::INFINITY } else { worst.max(d) }) / largest
}
