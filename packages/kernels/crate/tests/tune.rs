//! Choices by measurement: kept, read again, and right whatever they are.

mod support;

use residual_kernels::graph::{Constants, Graph};
use residual_kernels::isa::Isa;
use residual_kernels::plan::{Choices, Options, compile_chosen, layers};
use residual_kernels::precision::{Calibration, Precision};
use residual_kernels::sharing::{FilterStore, Sharing};
use residual_kernels::tune::tune;
use std::collections::HashMap;
use std::time::Duration;
use support::{Builder, ConvCase, Random, conv_reference, error};

fn case(kernel: usize, [height, width]: [usize; 2], channels: usize) -> ConvCase {
    ConvCase {
        input: [1, height, width, channels],
        out_channels: 40,
        kernel: [kernel; 2],
        strides: [1, 1],
        dilations: [1, 1],
        pad: [[kernel / 2; 2]; 2],
        groups: 1,
        has_bias: false,
        has_residual: false,
        activation: "relu",
    }
}

fn graph_of(case: &ConvCase, random: &mut Random) -> (Builder, Vec<f32>, Vec<f64>) {
    let size = |shape: &[usize]| shape.iter().product::<usize>();
    let x = random.numbers(size(&case.input));
    let filter = random.numbers(size(&case.filter_shape()));
    let expected = conv_reference(case, &x, &filter, None, None);
    let mut graph = Builder::default();
    let x_id = graph.input("x", &case.input);
    let filter = graph.constant(&case.filter_shape(), filter);
    let y = graph.node("FusedConv2D", &[x_id, filter], &case.output().unwrap(), case.attributes());
    graph.output("y", y);
    (graph, x, expected)
}

fn options(isa: &'static Isa, threads: usize) -> Options {
    Options { isa, threads, algorithm: None, reject_non_finite: false, precision: Precision::Float32 }
}

#[test]
fn every_candidate_of_every_instruction_set_gives_the_same_numbers() {
    let mut random = Random(5);
    let strided = |case: ConvCase| ConvCase { strides: [2, 2], ..case };
    let more = [strided(case(3, [13, 9], 40)), strided(case(7, [37, 18], 3))];
    for case in [case(3, [13, 9], 40), case(1, [13, 9], 40), case(3, [7, 7], 17)].into_iter().chain(more) {
        let (builder, x, expected) = graph_of(&case, &mut random);
        let graph = Graph::parse(&builder.json()).unwrap();
        let constants: Constants = builder.constants.iter().map(|(id, data)| (*id, data.as_slice())).collect();
        for isa in Isa::available() {
            let layers = layers(&graph, &constants, options(isa, 1)).unwrap();
            for choice in layers.iter().flat_map(|layer| &layer.candidates) {
                let mut choices = Choices::default();
                choices.set(&layers[0].shape, *choice);
                assert_eq!(Choices::from_json(&choices.to_json()), choices);
                let mut program =
                    compile_chosen(&graph, &constants, options(isa, 1), Calibration::NONE, None, &choices).unwrap();
                let mut y = vec![f32::NAN; expected.len()];
                program.run_alone(&[&x], &mut [&mut y]).unwrap();
                let error = error(&y, &expected);
                assert!(error < 2e-5, "{} {choice:?} {case:?}: {error:e}", isa.name);
            }
        }
    }
}

#[test]
fn a_measurement_chooses_among_the_candidates_once() {
    let (builder, x, expected) = graph_of(&case(3, [10, 10], 16), &mut Random(6));
    let graph = Graph::parse(&builder.json()).unwrap();
    let constants: Constants = builder.constants.iter().map(|(id, data)| (*id, data.as_slice())).collect();
    let options = options(Isa::choose(None).unwrap(), 1);
    let layers = layers(&graph, &constants, options).unwrap();
    let store = FilterStore::new();
    let sharing = Sharing { store: &store, identities: HashMap::new(), cache: None };
    let tune = |known: &Choices, budget| tune(&graph, &constants, options, &sharing, known, budget).unwrap();

    assert_eq!(tune(&Choices::default(), Duration::ZERO), Choices::default());
    // It ends by the number of rounds, long before.
    let chosen = tune(&Choices::default(), Duration::from_secs(120));
    for layer in &layers {
        assert!(layer.candidates.contains(&chosen.get(&layer.shape).unwrap()));
    }
    assert_eq!(tune(&chosen, Duration::ZERO), chosen);

    let mut program = compile_chosen(&graph, &constants, options, Calibration::NONE, None, &chosen).unwrap();
    let mut y = vec![f32::NAN; expected.len()];
    program.run_alone(&[&x], &mut [&mut y]).unwrap();
    assert!(error(&y, &expected) < 2e-5);
}

#[test]
fn what_is_no_choice_is_passed_over() {
    for text in ["", "[]", "{\"a\":", "{\"a\":{\"algorithm\":\"direct\"}}", "{\"a\":3}"] {
        assert_eq!(Choices::from_json(text), Choices::default(), "{text}");
    }
    // Winograd is no way to compute a 1×1 convolution.
    let (builder, x, expected) = graph_of(&case(1, [5, 5], 16), &mut Random(7));
    let graph = Graph::parse(&builder.json()).unwrap();
    let constants: Constants = builder.constants.iter().map(|(id, data)| (*id, data.as_slice())).collect();
    let isa = Isa::choose(Some("portable")).unwrap();
    let shape = &layers(&graph, &constants, options(isa, 1)).unwrap()[0].shape;
    let entry = "{\"algorithm\":\"winograd f4\",\"prefetchesOtherwise\":false,\"dividesOtherwise\":false,\"hasLargeItems\":false}";
    let choices = Choices::from_json(&format!("{{\"{shape}\":{entry}}}"));
    assert!(choices.get(shape).is_some());
    let mut program = compile_chosen(&graph, &constants, options(isa, 1), Calibration::NONE, None, &choices).unwrap();
    let mut y = vec![f32::NAN; expected.len()];
    program.run_alone(&[&x], &mut [&mut y]).unwrap();
    assert!(error(&y, &expected) < 2e-5);
}
