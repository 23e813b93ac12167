//! The Node addon: compiles and runs off the main thread.

use crate::graph::{Constants, Graph};
use crate::isa::Isa;
use crate::packed::{Digest, LEAST_BYTES, PackedCache, PackedFile};
use crate::peak::{bandwidth, peak};
use crate::plan::{Choices, Options, compile_chosen};
use crate::precision::{Calibration, Precision};
use crate::program::Step;
use crate::schedule::{Executable, Job, Outputs, RunError, physical_cores};
use crate::sharing::{FilterStore, Sharing};
use crate::tune::tune;
use crate::tuning_file::TuningFile;
use napi::bindgen_prelude::{AsyncTask, Float32Array, Object};
use napi::{Env, Error, Result, Status, Task};
use napi_derive::napi;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// What this machine can run, the fastest first.
#[napi]
pub fn instruction_sets() -> Vec<String> {
    Isa::available().iter().map(|isa| isa.name.to_owned()).collect()
}

/// Throws where an instruction set of this machine, by default the fastest, has not a precision.
#[napi]
pub fn check_precision(precision: String, isa: Option<String>) -> Result<()> {
    let check = || Precision::parse(&precision)?.check(Isa::choose(isa.as_deref())?);
    check().map_err(|message| Error::new(Status::InvalidArg, message))
}

#[napi(object)]
pub struct NativeOptions {
    /// Default: the physical cores.
    pub threads: Option<u32>,
    /// Default: the fastest of `instructionSets()`.
    pub isa: Option<String>,
    /// Refuse runs whose inputs hold NaN or infinity.
    pub reject_non_finite: Option<bool>,
    /// `fp32`, `bf16` or `int8`.
    pub precision: Option<String>,
    /// How many of a value's numbers, in percent, its range in `int8` holds at least. Default 100.
    pub percentile: Option<f64>,
    pub cache: Option<NativeCache>,
    /// Default: algorithms as the model chooses them.
    pub tune: Option<NativeTuning>,
}

/// Choose algorithms by measurement.
#[napi(object)]
pub struct NativeTuning {
    /// How long candidates may run.
    pub budget_ms: f64,
    /// Where measurements are kept. Default: nowhere.
    pub folder: Option<String>,
    /// This addon's own file: what another one has measured is not for this one.
    pub addon_file: String,
}

/// Where packed filters are kept between processes.
#[napi(object)]
pub struct NativeCache {
    pub folder: String,
    /// This addon's own file: what another one has packed is not for this one.
    pub addon_file: String,
}

impl NativeTuning {
    /// What is known, and what is measured now where something is not.
    fn choices(
        &self,
        graph: &Graph,
        constants: &Constants,
        options: Options,
        sharing: &Sharing,
    ) -> std::result::Result<Choices, String> {
        let NativeTuning { budget_ms, folder, addon_file } = self;
        let file = folder.as_ref().and_then(|folder| {
            Some(TuningFile::new(folder.as_ref(), options.isa.name, options.threads, packer(addon_file)?))
        });
        let known = file.as_ref().map_or_else(Choices::default, TuningFile::read);
        let budget = Duration::from_secs_f64(budget_ms.clamp(0.0, 1e6) / 1e3);
        let chosen = tune(graph, constants, options, sharing, &known, budget)?;
        if let Some(file) = file.filter(|_| chosen != known) {
            // What could not be kept is measured again.
            let _ = file.write(&chosen);
        }
        Ok(chosen)
    }
}

impl NativeOptions {
    fn resolve(&self) -> std::result::Result<(&'static Isa, usize, Precision), String> {
        let threads = self.threads.map_or_else(physical_cores, |threads| threads as usize);
        if threads == 0 || threads > 1024 {
            return Err(format!("threads: expected 1 to 1024, got {threads}"));
        }
        let precision = Precision::parse(self.precision.as_deref().unwrap_or("fp32"))?;
        Ok((Isa::choose(self.isa.as_deref())?, threads, precision))
    }
}

#[napi(object)]
pub struct NativeInfo {
    pub isa: String,
    pub threads: u32,
    /// Packed weights that it reads.
    pub weight_bytes: f64,
    /// Those of them that others had packed.
    pub shared_weight_bytes: f64,
    /// Those of them that lie in a file of the cache.
    pub cached_weight_bytes: f64,
    /// Weights of its own, activations and scratch: all that runs will ever use.
    pub peak_bytes: f64,
}

/// What a step of an executable is and takes.
#[napi(object)]
pub struct NativeStep {
    /// What it computes, by the graph's number; in training, the first value of the node that it is part of.
    pub value: u32,
    pub algorithm: String,
    /// Those that it does, padding's zeros included.
    pub multiply_adds: f64,
    pub weight_bytes: f64,
    pub read_bytes: f64,
    pub written_bytes: f64,
}

pub struct Compile {
    graph: String,
    constant_ids: Vec<u32>,
    constants: Vec<Float32Array>,
    identities: Vec<u32>,
    options: NativeOptions,
    samples: Vec<Float32Array>,
    ranges: Vec<f64>,
}

#[napi(object)]
pub struct NativeLimits {
    pub isa: String,
    pub threads: u32,
    pub multiply_adds_per_second: f64,
    /// Read and written.
    pub bytes_per_second: f64,
}

pub struct MeasureLimits {
    options: NativeOptions,
}

impl Task for MeasureLimits {
    type Output = NativeLimits;
    type JsValue = NativeLimits;

    fn compute(&mut self) -> Result<NativeLimits> {
        let measure = || -> std::result::Result<NativeLimits, String> {
            let (isa, threads, precision) = self.options.resolve()?;
            // A training step in bfloat16 multiplies float32 where the CPU has nothing narrower.
            let format = match precision.check(isa) {
                Err(_) if precision == Precision::Bfloat16 && isa.stores_bfloat => Precision::Float32.format(),
                found => found.map(|()| precision.format())?,
            };
            Ok(NativeLimits {
                isa: isa.name.to_owned(),
                threads: threads as u32,
                multiply_adds_per_second: peak(isa, format, threads),
                bytes_per_second: bandwidth(threads)?,
            })
        };
        measure().map_err(|message| Error::new(Status::InvalidArg, message))
    }

    fn resolve(&mut self, _env: Env, limits: NativeLimits) -> Result<NativeLimits> {
        Ok(limits)
    }
}

/// Measures what such an executable could do at most, in about a second, in a thread of the pool.
#[napi(ts_return_type = "Promise<NativeLimits>")]
pub fn measure_limits(options: NativeOptions) -> AsyncTask<MeasureLimits> {
    AsyncTask::new(MeasureLimits { options })
}

/// Of all executables in this process, whichever thread has made them.
static FILTERS: FilterStore = FilterStore::new();
static LAST_IDENTITY: AtomicU32 = AtomicU32::new(0);

/// A number that no other array of this process has.
#[napi]
pub fn new_identity() -> u32 {
    LAST_IDENTITY.fetch_add(1, Ordering::Relaxed) + 1
}

/// The digest of the addon's file, read once.
fn packer(addon_file: &str) -> Option<Digest> {
    static PACKER: OnceLock<Option<Digest>> = OnceLock::new();
    *PACKER.get_or_init(|| std::fs::read(addon_file).ok().map(|bytes| *blake3::hash(&bytes).as_bytes()))
}

impl Task for Compile {
    type Output = (Executable, Option<PackedFile>);
    type JsValue = NativeExecutable;

    fn compute(&mut self) -> Result<Self::Output> {
        let constants: Constants =
            self.constant_ids.iter().zip(&self.constants).map(|(id, data)| (*id as usize, data.as_ref())).collect();
        let make = || -> std::result::Result<Self::Output, String> {
            let (isa, threads, precision) = self.options.resolve()?;
            let reject_non_finite = self.options.reject_non_finite.unwrap_or(false);
            let options = Options { isa, threads, algorithm: None, reject_non_finite, precision };
            let graph = Graph::parse(&self.graph)?;
            let arrays: Vec<&[f32]> = self.samples.iter().map(|data| data.as_ref()).collect();
            let samples: Vec<&[&[f32]]> = arrays.chunks(graph.inputs.len().max(1)).collect();
            let ids = self.constant_ids.iter().map(|id| *id as usize);
            let identities = ids.zip(self.identities.iter().map(|identity| u64::from(*identity))).collect();
            let known = |range: &[f64]| (range[0] as u64, [range[1] as f32, range[2] as f32]);
            let known: Vec<(u64, [f32; 2])> = self.ranges.chunks_exact(3).map(known).collect();
            let percentile = self.options.percentile.unwrap_or(Calibration::NONE.percentile);
            let calibration = Calibration { samples: &samples, percentile, known: &known };
            let cache = self.options.cache.as_ref().and_then(|NativeCache { folder, addon_file }| {
                Some(PackedCache::new(folder.into(), packer(addon_file)?, LEAST_BYTES))
            });
            let sharing = Sharing { store: &FILTERS, identities, cache: cache.as_ref() };
            let choices = match &self.options.tune {
                Some(tuning) => tuning.choices(&graph, &constants, options, &sharing)?,
                None => Choices::default(),
            };
            let program = compile_chosen(&graph, &constants, options, calibration, Some(&sharing), &choices)?;
            let missing = cache.and_then(PackedCache::missing);
            Ok((Executable::new(program)?, missing))
        };
        make().map_err(|message| Error::new(Status::InvalidArg, message))
    }

    fn resolve(&mut self, _env: Env, (executable, missing): Self::Output) -> Result<NativeExecutable> {
        Ok(NativeExecutable { executable: Some(executable), missing })
    }
}

/// Compiles a graph (JSON) with its constants, by value id, in a thread of the pool. Constants of an identity that others
/// had are the same numbers, and are packed once. The samples, one array per input each, calibrate `int8`, where there are no
/// `ranges` of another executable of the same filters.
#[napi(ts_return_type = "Promise<NativeExecutable>")]
pub fn compile_graph(
    graph: String,
    constant_ids: Vec<u32>,
    constants: Vec<Float32Array>,
    identities: Vec<u32>,
    options: NativeOptions,
    samples: Vec<Float32Array>,
    ranges: Vec<f64>,
) -> AsyncTask<Compile> {
    AsyncTask::new(Compile { graph, constant_ids, constants, identities, options, samples, ranges })
}

#[napi]
pub struct NativeExecutable {
    executable: Option<Executable>,
    /// What the cache lacks of it.
    missing: Option<PackedFile>,
}

type Resolver = Box<dyn FnOnce(Env) -> Result<Vec<Float32Array>>>;
type StoreResolver = Box<dyn FnOnce(Env) -> Result<()>>;

#[napi]
impl NativeExecutable {
    fn live(&self) -> Result<&Executable> {
        self.executable.as_ref().ok_or_else(|| Error::new(Status::Closing, "the executable is disposed"))
    }

    #[napi(getter)]
    pub fn info(&self) -> Result<NativeInfo> {
        let program = self.live()?.program();
        Ok(NativeInfo {
            isa: program.isa.name.to_owned(),
            threads: program.threads as u32,
            weight_bytes: program.weight_bytes() as f64,
            shared_weight_bytes: program.shared_weight_bytes() as f64,
            cached_weight_bytes: program.cached_weight_bytes() as f64,
            peak_bytes: program.bytes() as f64,
        })
    }

    /// For `int8`: the identity of each convolution's filter, with the least and the largest number of what it gives.
    #[napi(getter)]
    pub fn ranges(&self) -> Result<Vec<f64>> {
        let ranges = &self.live()?.program().ranges;
        let numbers =
            |(identity, [least, largest]): &(u64, [f32; 2])| [*identity as f64, f64::from(*least), f64::from(*largest)];
        Ok(ranges.iter().flat_map(numbers).collect())
    }

    #[napi(getter)]
    pub fn steps(&self) -> Result<Vec<NativeStep>> {
        let step = |step: &Step| NativeStep {
            value: step.value as u32,
            algorithm: step.algorithm().to_owned(),
            multiply_adds: step.multiply_adds(),
            weight_bytes: step.traffic.weights as f64,
            read_bytes: step.traffic.reads as f64,
            written_bytes: step.traffic.writes as f64,
        };
        Ok(self.live()?.program().steps.iter().map(step).collect())
    }

    /// Queues a run of arrays in the order of the graph's inputs; the promise gives those of its outputs, and after them
    /// the milliseconds of each step where the run is timed.
    #[napi(ts_return_type = "Promise<Float32Array[]>")]
    pub fn run<'env>(
        &self,
        env: &'env Env,
        id: u32,
        inputs: Vec<Float32Array>,
        is_timed: bool,
    ) -> Result<Object<'env>> {
        let executable = self.live()?;
        let ports = &executable.program().inputs;
        if inputs.len() != ports.len() {
            let message = format!("expected {} inputs, got {}", ports.len(), inputs.len());
            return Err(Error::new(Status::InvalidArg, message));
        }
        for (port, data) in ports.iter().zip(&inputs) {
            if data.len() != port.length() {
                let (name, shape, got) = (&port.name, &port.shape, data.len());
                let message = format!("{name}: expected {} numbers for {shape:?}, got {got}", port.length());
                return Err(Error::new(Status::InvalidArg, message));
            }
        }
        let (deferred, promise) = env.create_deferred::<Vec<Float32Array>, Resolver>()?;
        let pointers = inputs.iter().map(|data| data.as_ref().as_ptr()).collect();
        let on_end = move |result: std::result::Result<Outputs, RunError>| {
            deferred.resolve(Box::new(move |_| {
                drop(inputs);
                match result {
                    Ok(outputs) => Ok(outputs.into_iter().map(Float32Array::new).collect()),
                    Err(RunError::Cancelled) => Err(Error::new(Status::Cancelled, "the run was cancelled")),
                    Err(RunError::Disposed) => Err(Error::new(Status::Closing, "the executable is disposed")),
                    Err(RunError::BadInput(message)) => Err(Error::new(Status::InvalidArg, message)),
                }
            }));
        };
        let job = Job { id: u64::from(id), inputs: pointers, is_timed, on_end: Box::new(on_end) };
        // SAFETY: the lengths are those of the ports, and `on_end` holds the arrays.
        unsafe { executable.submit(job) };
        Ok(promise)
    }

    /// Writes packed filters that the cache lacks into it, on a thread of its own, where they have not been written yet; its
    /// files then take `limit_bytes` at most.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn store<'env>(&mut self, env: &'env Env, limit_bytes: f64) -> Result<Object<'env>> {
        let (deferred, promise) = env.create_deferred::<(), StoreResolver>()?;
        let missing = self.missing.take();
        std::thread::spawn(move || {
            let written = missing.map_or(Ok(()), |file| file.write(limit_bytes as u64));
            deferred.resolve(Box::new(move |_| {
                written.map_err(|error| Error::new(Status::GenericFailure, error.to_string()))
            }));
        });
        Ok(promise)
    }

    /// Ends the run of this id early; its promise is then rejected with the code `Cancelled`.
    #[napi]
    pub fn cancel(&self, id: u32) {
        if let Some(executable) = &self.executable {
            executable.cancel(u64::from(id));
        }
    }

    /// Cancels what runs and frees everything. Again it does nothing.
    #[napi]
    pub fn dispose(&mut self) {
        self.executable = None;
        self.missing = None;
    }
}
