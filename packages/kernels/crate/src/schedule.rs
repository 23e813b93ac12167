//! Runs on worker threads. A step ends when its items are done, not when every worker has come by: a worker that the
//! system has put aside holds up nothing but the item in its hands. Workers that find nothing to do spin for some
//! hundred microseconds, then sleep; between runs they sleep.

use crate::program::Program;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

/// Looks at a step's progress before a waiting worker sleeps: some 300 µs, about as long as a large item takes.
const SPINS: u32 = 16_000;

#[derive(Debug, PartialEq)]
pub enum RunError {
    Cancelled,
    Disposed,
    BadInput(String),
}

/// One array for each output, and of a timed run one more: milliseconds of each step.
pub type Outputs = Vec<Vec<f32>>;

/// One run to be done.
pub struct Job {
    /// Chosen by the caller, to cancel by.
    pub id: u64,
    pub inputs: Vec<*const f32>,
    pub is_timed: bool,
    /// Called once, on a worker's thread or, after disposal, on the disposer's. It owns what the inputs point to.
    pub on_end: Box<dyn FnOnce(Result<Outputs, RunError>) + Send>,
}

// SAFETY: the inputs are only read, and stay until `on_end` is called, which is Send.
unsafe impl Send for Job {}

/// A program and the threads that run it, one run after the other.
pub struct Executable {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
}

struct Shared {
    program: Program,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Job>,
    current: Option<Arc<Run>>,
    started: u64,
    is_closing: bool,
}

/// A counter on a cache line of its own.
#[repr(align(128))]
#[derive(Default)]
struct Counter(AtomicUsize);

/// Of one step.
struct Progress<'run> {
    /// By worker: how many items of its share are taken.
    taken: &'run [Counter],
    done: &'run Counter,
}

struct Run {
    number: u64,
    id: u64,
    /// Of all steps together, as many each as there are workers and one more.
    counters: Vec<Counter>,
    inputs: Vec<*const f32>,
    outputs: Vec<*mut f32>,
    non_finite: AtomicU64,
    clock: Option<Clock>,
    is_cancelled: AtomicBool,
    sleepers: AtomicUsize,
    sleep: Mutex<()>,
    step_done: Condvar,
    end: Mutex<Option<End>>,
}

/// When the steps of a timed run have ended, in nanoseconds from its start.
struct Clock {
    start: Instant,
    ends: Vec<AtomicU64>,
}

struct End {
    outputs: Outputs,
    on_end: Box<dyn FnOnce(Result<Outputs, RunError>) + Send>,
}

// SAFETY: the pointers are to memory that `end` holds until the last item is done.
unsafe impl Send for Run {}
// SAFETY: as above; inputs are only read, and items write disjoint parts of outputs.
unsafe impl Sync for Run {}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Executable {
    pub fn new(program: Program) -> Result<Executable, String> {
        let threads = program.threads;
        let shared = Arc::new(Shared { program, state: Mutex::default(), changed: Condvar::new() });
        let mut executable = Executable { shared, workers: Vec::with_capacity(threads) };
        for worker in 0..threads {
            let shared = executable.shared.clone();
            let thread = std::thread::Builder::new().name(format!("residual-{worker}"));
            let thread = thread.spawn(move || shared.work(worker));
            executable.workers.push(thread.map_err(|error| format!("threads: {error}"))?);
        }
        Ok(executable)
    }

    pub fn program(&self) -> &Program {
        &self.shared.program
    }

    /// Queues a run.
    ///
    /// # Safety
    /// The job's inputs must be arrays of the lengths of [`Program::inputs`], which stay until `on_end` is called.
    pub unsafe fn submit(&self, job: Job) {
        let mut state = lock(&self.shared.state);
        state.waiting.push_back(job);
        drop(state);
        self.shared.changed.notify_all();
    }

    /// Ends the run of this id early, whether it waits or runs; of runs that have ended it knows nothing.
    pub fn cancel(&self, id: u64) {
        let mut state = lock(&self.shared.state);
        if let Some(run) = state.current.as_ref().filter(|run| run.id == id) {
            run.is_cancelled.store(true, Ordering::Relaxed);
        }
        let waiting = state.waiting.iter().position(|job| job.id == id);
        let job = waiting.and_then(|index| state.waiting.remove(index));
        drop(state);
        if let Some(job) = job {
            (job.on_end)(Err(RunError::Cancelled));
        }
    }
}

impl Drop for Executable {
    /// Cancels what runs, refuses what waits, and ends the threads.
    fn drop(&mut self) {
        let mut state = lock(&self.shared.state);
        state.is_closing = true;
        if let Some(run) = &state.current {
            run.is_cancelled.store(true, Ordering::Relaxed);
        }
        let refused = std::mem::take(&mut state.waiting);
        drop(state);
        self.shared.changed.notify_all();
        for job in refused {
            (job.on_end)(Err(RunError::Disposed));
        }
        for worker in self.workers.drain(..) {
            let _ = worker.join();
        }
    }
}

impl Shared {
    fn work(&self, worker: usize) {
        let mut last = 0;
        loop {
            let mut state = lock(&self.state);
            let run = loop {
                if let Some(run) = state.current.as_ref().filter(|run| run.number > last) {
                    break run.clone();
                }
                if state.current.is_none() {
                    if let Some(job) = state.waiting.pop_front() {
                        state.started += 1;
                        state.current = Some(Arc::new(Run::new(&self.program, job, state.started)));
                        self.changed.notify_all();
                        continue;
                    }
                    if state.is_closing {
                        return;
                    }
                }
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            };
            drop(state);
            last = run.number;
            self.take_part(&run, worker);
        }
    }

    /// Takes items of the run until none is left, and ends the run if the last item was this worker's.
    fn take_part(&self, run: &Run, worker: usize) {
        // SAFETY: [`Executable::submit`] answers for the inputs, and the run holds its outputs; a thread is one worker.
        let context = unsafe { self.program.context(worker, &run.inputs, &run.outputs, &run.non_finite) };
        for (index, step) in self.program.steps.iter().enumerate() {
            let progress = run.progress(index, self.program.threads);
            let mut finished = 0;
            while let Some(item) = progress.take(worker, step.items) {
                if !run.is_cancelled.load(Ordering::Relaxed) {
                    // SAFETY: the item is taken by this worker alone, and the steps before are done, or `wait` would
                    // not have returned.
                    unsafe { (self.program.isa.run_item)(step, &context, item) };
                }
                finished += 1;
            }
            if let Some(clock) = run.clock.as_ref().filter(|_| finished > 0) {
                clock.note(index);
            }
            if finished > 0 && progress.done.0.fetch_add(finished, Ordering::SeqCst) + finished == step.items {
                run.wake_sleepers();
                if index + 1 == self.program.steps.len() {
                    self.end(run);
                }
            } else {
                run.wait(&progress, step.items);
            }
        }
    }

    fn end(&self, run: &Run) {
        let end = lock(&run.end).take();
        lock(&self.state).current = None;
        self.changed.notify_all();
        if let Some(mut end) = end {
            end.outputs.extend(run.clock.as_ref().map(Clock::step_ms));
            let found = run.non_finite.load(Ordering::Relaxed);
            let result = match run.is_cancelled.load(Ordering::Relaxed) {
                true => Err(RunError::Cancelled),
                false => self.program.check_finite(found).map_err(RunError::BadInput).map(|()| end.outputs),
            };
            (end.on_end)(result);
        }
    }
}

impl Clock {
    /// Some worker's last item of the step is done; the last such time is the step's end.
    fn note(&self, step: usize) {
        self.ends[step].fetch_max(self.start.elapsed().as_nanos() as u64, Ordering::Relaxed);
    }

    /// From the end of the step before.
    fn step_ms(&self) -> Vec<f32> {
        let mut before = 0;
        let step = |end: &AtomicU64| {
            let end = end.load(Ordering::Relaxed);
            (end - std::mem::replace(&mut before, end)) as f32 / 1e6
        };
        self.ends.iter().map(step).collect()
    }
}

impl Progress<'_> {
    /// An item of the worker's own share, then of the others'.
    fn take(&self, worker: usize, items: usize) -> Option<usize> {
        let workers = self.taken.len();
        for turn in 0..workers {
            let share = (worker + turn) % workers;
            let (first, last) = (share * items / workers, (share + 1) * items / workers);
            let taken = &self.taken[share].0;
            if first + taken.load(Ordering::Relaxed) < last {
                let item = first + taken.fetch_add(1, Ordering::Relaxed);
                if item < last {
                    return Some(item);
                }
            }
        }
        None
    }
}

impl Run {
    fn new(program: &Program, job: Job, number: u64) -> Run {
        let mut outputs: Outputs = program.outputs.iter().map(|port| vec![0.0; port.length()]).collect();
        Run {
            number,
            id: job.id,
            counters: (0..program.steps.len() * (program.threads + 1)).map(|_| Counter::default()).collect(),
            inputs: job.inputs,
            outputs: outputs.iter_mut().map(|output| output.as_mut_ptr()).collect(),
            non_finite: AtomicU64::new(u64::MAX),
            clock: job.is_timed.then(|| Clock {
                start: Instant::now(),
                ends: program.steps.iter().map(|_| AtomicU64::new(0)).collect(),
            }),
            is_cancelled: AtomicBool::new(false),
            sleepers: AtomicUsize::new(0),
            sleep: Mutex::default(),
            step_done: Condvar::new(),
            end: Mutex::new(Some(End { outputs, on_end: job.on_end })),
        }
    }

    fn progress(&self, step: usize, threads: usize) -> Progress<'_> {
        let counters = &self.counters[step * (threads + 1)..][..threads + 1];
        Progress { taken: &counters[..threads], done: &counters[threads] }
    }

    fn wait(&self, progress: &Progress, items: usize) {
        for _ in 0..SPINS {
            if progress.done.0.load(Ordering::Acquire) == items {
                return;
            }
            std::hint::spin_loop();
        }
        // Either this worker's count of sleepers is seen by whoever ends the step, or the step's end is seen here.
        let mut guard = lock(&self.sleep);
        self.sleepers.fetch_add(1, Ordering::SeqCst);
        while progress.done.0.load(Ordering::SeqCst) != items {
            guard = self.step_done.wait(guard).unwrap_or_else(PoisonError::into_inner);
        }
        self.sleepers.fetch_sub(1, Ordering::SeqCst);
    }

    fn wake_sleepers(&self) {
        if self.sleepers.load(Ordering::SeqCst) > 0 {
            drop(lock(&self.sleep));
            self.step_done.notify_all();
        }
    }
}

/// The physical cores: what a run can use without one thread waiting for another's execution units.
pub fn physical_cores() -> usize {
    let logical = std::thread::available_parallelism().map_or(1, |count| count.get());
    physical_of_linux().map_or(logical, |physical| physical.clamp(1, logical))
}

/// Counts the cores that the system lists, each with its first sibling.
fn physical_of_linux() -> Option<usize> {
    let mut first_siblings = std::collections::HashSet::new();
    for entry in std::fs::read_dir("/sys/devices/system/cpu").ok()?.flatten() {
        if let Ok(list) = std::fs::read_to_string(entry.path().join("topology/thread_siblings_list")) {
            first_siblings.insert(list);
        }
    }
    (!first_siblings.is_empty()).then_some(first_siblings.len())
}
