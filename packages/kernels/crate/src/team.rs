//! A run divided among workers of a WASM module with shared memory: each is an instance of the module over the one
//! memory, with a stack of its own. A step ends when its items are done, as in `schedule.rs`; a worker with nothing to
//! do spins for a while, then sleeps on the counter that it waits for.

use crate::program::{Context, Program};
use crate::wasm::now;
use std::arch::wasm32::{memory_atomic_notify, memory_atomic_wait32};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

/// Looks at a step's progress before a waiting worker sleeps: some 100 µs.
const SPINS: u32 = 50_000;

pub struct Team {
    /// Runs begun so far; the workers take part in the last.
    run: AtomicU32,
    is_closing: AtomicBool,
    is_cancelled: AtomicBool,
    is_timed: AtomicBool,
    steps: Vec<Progress>,
    /// By step: when it has ended, in a timed run.
    times: Vec<AtomicU64>,
}

/// Counters of one step. The upper half is the run that they count for: a worker that the system has put aside may
/// come back to a later run, and must not count there.
struct Progress {
    /// By worker: how many items of its share are taken.
    taken: Vec<Counter>,
    done: Counter,
}

/// A counter on a cache line of its own.
#[repr(align(64))]
#[derive(Default)]
struct Counter(AtomicU64);

fn counted(run: u32, count: usize) -> u64 {
    u64::from(run) << 32 | count as u64
}

impl Team {
    pub fn new(program: &Program) -> Team {
        let progress = |_| Progress {
            taken: (0..program.threads).map(|_| Counter::default()).collect(),
            done: Counter::default(),
        };
        Team {
            run: AtomicU32::new(0),
            is_closing: AtomicBool::new(false),
            is_cancelled: AtomicBool::new(false),
            is_timed: AtomicBool::new(false),
            times: program.steps.iter().map(|_| AtomicU64::new(0)).collect(),
            steps: program.steps.iter().map(progress).collect(),
        }
    }

    /// Wakes the workers for a run. The one before it must have ended.
    pub fn begin(&self, is_timed: bool) {
        let run = self.run.load(Ordering::Relaxed).wrapping_add(1);
        for progress in &self.steps {
            for counter in progress.taken.iter().chain([&progress.done]) {
                counter.0.store(counted(run, 0), Ordering::SeqCst);
            }
        }
        self.is_cancelled.store(false, Ordering::SeqCst);
        self.is_timed.store(is_timed, Ordering::SeqCst);
        self.run.store(run, Ordering::SeqCst);
        // SAFETY: an aligned word of this module's memory.
        unsafe { memory_atomic_notify(self.run.as_ptr().cast(), u32::MAX) };
    }

    /// Ends the run without doing what is left of it.
    pub fn cancel(&self) {
        self.is_cancelled.store(true, Ordering::SeqCst);
    }

    pub fn times(&self) -> *const AtomicU64 {
        self.times.as_ptr()
    }

    /// Lets the workers go, after the run under way.
    pub fn close(&self) {
        self.is_closing.store(true, Ordering::SeqCst);
        self.run.fetch_add(1, Ordering::SeqCst);
        // SAFETY: an aligned word of this module's memory.
        unsafe { memory_atomic_notify(self.run.as_ptr().cast(), u32::MAX) };
    }

    /// Takes part in all runs until the team is closed; calls back when a run's last item is done.
    ///
    /// # Safety
    /// `context` must answer with the worker's own context.
    pub unsafe fn serve(
        &self,
        program: &Program,
        worker: usize,
        context: impl Fn() -> Context<'static>,
        on_end: impl Fn(),
    ) {
        let mut last = 0;
        loop {
            let run = self.run.load(Ordering::SeqCst);
            if run != last {
                if self.is_closing.load(Ordering::SeqCst) {
                    return;
                }
                last = run;
                // SAFETY: the caller's word.
                unsafe { self.take_part(program, worker, run, &context(), &on_end) };
            } else {
                // SAFETY: an aligned word of this module's memory; a worker's thread may sleep.
                unsafe { memory_atomic_wait32(self.run.as_ptr().cast(), run as i32, -1) };
            }
        }
    }

    /// # Safety
    /// As [`Team::serve`], for the run under way.
    unsafe fn take_part(&self, program: &Program, worker: usize, run: u32, context: &Context, on_end: &impl Fn()) {
        for (index, (step, progress)) in program.steps.iter().zip(&self.steps).enumerate() {
            let mut finished = 0;
            while let Some(item) = progress.take(run, worker, step.items) {
                if !self.is_cancelled.load(Ordering::Relaxed) {
                    // SAFETY: the item is taken by this worker alone, and the steps before are done.
                    unsafe { (program.isa.run_item)(step, context, item) };
                }
                finished += 1;
            }
            if finished > 0 && self.is_timed.load(Ordering::Relaxed) {
                // The last worker's time is the step's.
                self.times[index].fetch_max(now() as u64, Ordering::Relaxed);
            }
            // What has been taken holds up the run's end: it is still this run that the items count for.
            let all = counted(run, step.items);
            if finished > 0 && progress.done.0.fetch_add(finished, Ordering::SeqCst) + finished == all {
                // SAFETY: an aligned word of this module's memory.
                unsafe { memory_atomic_notify(progress.done.0.as_ptr().cast(), u32::MAX) };
                if index + 1 == self.steps.len() {
                    on_end();
                }
            } else if !progress.wait(run, step.items) {
                return;
            }
        }
    }
}

impl Progress {
    /// An item of the worker's own share, then of the others'.
    fn take(&self, run: u32, worker: usize, items: usize) -> Option<usize> {
        let workers = self.taken.len();
        for turn in 0..workers {
            let share = (worker + turn) % workers;
            let (first, last) = (share * items / workers, (share + 1) * items / workers);
            let end = counted(run, last - first);
            let taken = &self.taken[share].0;
            let mut now = taken.load(Ordering::SeqCst);
            while now < end && now >= counted(run, 0) {
                match taken.compare_exchange(now, now + 1, Ordering::SeqCst, Ordering::SeqCst) {
                    Ok(_) => return Some(first + (now & u64::from(u32::MAX)) as usize),
                    Err(other) => now = other,
                }
            }
        }
        None
    }

    /// Until all items are done; false where the run has ended meanwhile.
    fn wait(&self, run: u32, items: usize) -> bool {
        let mut spins = 0;
        loop {
            let done = self.done.0.load(Ordering::SeqCst);
            if (done >> 32) as u32 != run {
                return false;
            }
            if done == counted(run, items) {
                return true;
            }
            spins += 1;
            if spins > SPINS {
                // SAFETY: an aligned word: the lower half, which a little-endian counter begins with. All done wakes it.
                unsafe { memory_atomic_wait32(self.done.0.as_ptr().cast(), done as i32, -1) };
            }
        }
    }
}
