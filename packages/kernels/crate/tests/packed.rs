//! Packed filters in files: what is found again, what is refused, and what the folder holds.

mod support;

use residual_kernels::graph::{Constants, Graph};
use residual_kernels::isa::Isa;
use residual_kernels::packed::PackedCache;
use residual_kernels::plan::{Options, compile_sharing};
use residual_kernels::precision::{Calibration, Precision};
use residual_kernels::program::Program;
use residual_kernels::sharing::{FilterStore, Sharing};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use support::{Builder, ConvCase, Random};

const PACKER: [u8; 32] = [7; 32];
const SHAPE: [usize; 4] = [1, 12, 12, 32];
const ROOM: u64 = 1 << 30;

/// A Winograd and a direct convolution with biases; `seed` is of the weights.
fn network(seed: u64) -> Builder {
    let mut random = Random(seed);
    let mut graph = Builder::default();
    let mut value = graph.input("x", &SHAPE);
    for size in [3, 1] {
        let case = ConvCase {
            input: SHAPE,
            out_channels: 32,
            kernel: [size, size],
            strides: [1, 1],
            dilations: [1, 1],
            pad: [[size / 2, size / 2], [size / 2, size / 2]],
            groups: 1,
            has_bias: true,
            has_residual: false,
            activation: "relu",
        };
        let filter = graph.constant(&case.filter_shape(), random.numbers(size * size * 32 * 32));
        let bias = graph.constant(&[32], random.numbers(32));
        value = graph.node("FusedConv2D", &[value, filter, bias], &SHAPE, case.attributes());
    }
    graph.output("y", value);
    graph
}

/// A folder that is not there yet, and goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("residual-packed-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Folder(path)
    }

    fn files(&self) -> Vec<PathBuf> {
        let mut files: Vec<_> = fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }

    fn file(&self) -> PathBuf {
        let files = self.files();
        assert_eq!(files.len(), 1, "{files:?}");
        files[0].clone()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Whether a file was found, and what the program answers. What was lacking is written, within `limit` bytes.
fn start(folder: &Path, graph: &Builder, isa: &'static Isa, packer: [u8; 32], limit: u64) -> (bool, Vec<f32>) {
    let cache = PackedCache::new(folder.into(), packer, 0);
    let mut program = compile(graph, isa, Some(&cache));
    let answer = run(&mut program);
    if let Some(file) = cache.missing() {
        file.write(limit).unwrap();
    }
    (program.cached_weight_bytes() > 0, answer)
}

fn compile(graph: &Builder, isa: &'static Isa, cache: Option<&PackedCache>) -> Program {
    let parsed = Graph::parse(&graph.json()).unwrap();
    let constants: Constants = graph.constants.iter().map(|(id, data)| (*id, data.as_slice())).collect();
    let options = Options { isa, threads: 2, algorithm: None, reject_non_finite: false, precision: Precision::Float32 };
    let store = FilterStore::new();
    let sharing = Sharing { store: &store, identities: Default::default(), cache };
    compile_sharing(&parsed, &constants, options, Calibration::NONE, Some(&sharing)).unwrap()
}

fn run(program: &mut Program) -> Vec<f32> {
    let x = Random(3).numbers(SHAPE.iter().product());
    let mut y = vec![0.0; program.outputs[0].length()];
    program.run_alone(&[&x], &mut [&mut y]).unwrap();
    y
}

fn fastest() -> &'static Isa {
    Isa::available()[0]
}

#[test]
fn the_second_start_finds_what_the_first_packed_and_answers_the_same_to_the_bit() {
    let graph = network(1);
    for isa in Isa::available() {
        let folder = Folder::new(&format!("hit-{}", isa.name));
        let plain = run(&mut compile(&graph, isa, None));
        assert_eq!(start(&folder.0, &graph, isa, PACKER, ROOM), (false, plain.clone()), "{}", isa.name);
        let written = fs::metadata(folder.file()).unwrap().modified().unwrap();
        assert_eq!(start(&folder.0, &graph, isa, PACKER, ROOM), (true, plain), "{}", isa.name);
        assert!(fs::metadata(folder.file()).unwrap().modified().unwrap() >= written);
    }
}

#[test]
fn other_weights_instruction_sets_and_packers_have_files_of_their_own() {
    let folder = Folder::new("miss");
    let (first, other) = (network(1), network(2));
    start(&folder.0, &first, fastest(), PACKER, ROOM);
    let plain = run(&mut compile(&other, fastest(), None));
    assert_eq!(start(&folder.0, &other, fastest(), PACKER, ROOM), (false, plain));
    assert!(!start(&folder.0, &first, Isa::choose(Some("portable")).unwrap(), PACKER, ROOM).0);
    assert!(!start(&folder.0, &first, fastest(), [8; 32], ROOM).0);
    let mut biased = network(1);
    biased.constants[3].1[0] += 1.0;
    assert!(!start(&folder.0, &biased, fastest(), PACKER, ROOM).0);
    assert_eq!(folder.files().len(), 5);
    assert!(start(&folder.0, &first, fastest(), PACKER, ROOM).0);
    assert!(start(&folder.0, &other, fastest(), PACKER, ROOM).0);
}

#[test]
fn a_file_that_is_cut_off_longer_or_altered_anywhere_is_packed_and_written_anew() {
    let folder = Folder::new("torn");
    let graph = network(1);
    let (_, plain) = start(&folder.0, &graph, fastest(), PACKER, ROOM);
    let good = fs::read(folder.file()).unwrap();
    let flipped = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        bytes
    };
    let flips = [0, 8, 12, 44, 50, 52, 4000, 4096, good.len() / 2, good.len() - 1];
    let mut damaged: Vec<Vec<u8>> = flips.into_iter().map(flipped).collect();
    damaged.extend([0, 7, 4096, good.len() - 1].map(|length| good[..length].to_vec()));
    damaged.push([&good[..], &[0]].concat());
    damaged.push(vec![0; good.len()]);
    for (index, bytes) in damaged.iter().enumerate() {
        fs::write(folder.file(), bytes).unwrap();
        assert_eq!(start(&folder.0, &graph, fastest(), PACKER, ROOM), (false, plain.clone()), "{index}");
        assert_eq!(fs::read(folder.file()).unwrap(), good, "{index}");
    }
    assert_eq!(start(&folder.0, &graph, fastest(), PACKER, ROOM), (true, plain));
}

#[test]
fn several_at_once_write_one_good_file_and_one_that_is_mapped_may_go() {
    let folder = Folder::new("several");
    let graph = network(1);
    let plain = run(&mut compile(&graph, fastest(), None));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..5 {
                    assert_eq!(start(&folder.0, &graph, fastest(), PACKER, ROOM).1, plain);
                }
            });
        }
    });
    folder.file();
    let cache = PackedCache::new(folder.0.clone(), PACKER, 0);
    let mut program = compile(&graph, fastest(), Some(&cache));
    assert!(program.cached_weight_bytes() > 0);
    // Windows keeps a file that is mapped.
    if fs::remove_dir_all(&folder.0).is_ok() {
        assert_eq!(run(&mut program), plain);
    }
}

#[test]
fn where_the_folder_is_full_the_one_used_longest_ago_goes() {
    let folder = Folder::new("full");
    let used = |seed: u64, days: u64| {
        let before = fs::read_dir(&folder.0).map_or(vec![], |_| folder.files());
        let limit = before.first().map_or(ROOM, |file| 2 * fs::metadata(file).unwrap().len());
        start(&folder.0, &network(seed), fastest(), PACKER, limit);
        if let Some(new) = folder.files().into_iter().find(|file| !before.contains(file)) {
            let when = SystemTime::now() - Duration::from_secs(86_400 * days);
            fs::File::options().write(true).open(&new).unwrap().set_modified(when).unwrap();
        }
    };
    used(1, 3);
    used(2, 2);
    // A use is what counts, not the writing.
    used(1, 0);
    let left_behind = folder.0.join("x.part");
    fs::write(&left_behind, "half").unwrap();
    let long_ago = SystemTime::now() - Duration::from_secs(7200);
    fs::File::options().write(true).open(&left_behind).unwrap().set_modified(long_ago).unwrap();
    used(3, 0);
    assert!(!left_behind.exists());
    assert_eq!(folder.files().len(), 2);
    assert!(start(&folder.0, &network(1), fastest(), PACKER, ROOM).0);
    assert!(!start(&folder.0, &network(2), fastest(), PACKER, ROOM).0);
    let none = Folder::new("none");
    start(&none.0, &network(1), fastest(), PACKER, 100);
    assert!(!none.0.exists());
}

#[test]
fn a_folder_that_cannot_be_written_is_an_error_of_writing_alone() {
    let folder = Folder::new("file");
    fs::write(&folder.0, "no folder").unwrap();
    let cache = PackedCache::new(folder.0.join("below"), PACKER, 0);
    let mut program = compile(&network(1), fastest(), Some(&cache));
    assert_eq!(run(&mut program), run(&mut compile(&network(1), fastest(), None)));
    assert!(cache.missing().unwrap().write(ROOM).is_err());
    fs::remove_file(&folder.0).unwrap();
    let small = PackedCache::new(folder.0.clone(), PACKER, 1 << 30);
    compile(&network(1), fastest(), Some(&small));
    assert!(small.missing().is_none());
}
