//! The WASM module's exports: plain numbers and pointers into its memory.
//! Everything that can fail answers 0 and leaves a message.
//!
//! It is built for one thread, which calls [`advance`] step by step, and with a shared memory, where workers
//! [`serve`]. There, all but `serve` and `cancel` must be called by one thread at a time; it never waits.

use crate::graph::{Constants, Graph};
use crate::isa::Isa;
use crate::plan::{Options, compile};
use crate::precision::Precision;
use crate::program::Program;
use std::alloc::Layout;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

#[cfg(target_feature = "atomics")]
use crate::team::Team;

static MESSAGE: Mutex<String> = Mutex::new(String::new());

/// A program, and the run under way.
pub struct Session {
    program: Program,
    inputs: Vec<*const f32>,
    outputs: Vec<*mut f32>,
    non_finite: AtomicU64,
    #[cfg(not(target_feature = "atomics"))]
    next_step: usize,
    #[cfg(target_feature = "atomics")]
    team: Team,
}

fn fail(message: String) {
    *MESSAGE.lock().unwrap_or_else(PoisonError::into_inner) = message;
}

#[unsafe(no_mangle)]
pub extern "C" fn message_start() -> *const u8 {
    MESSAGE.lock().unwrap_or_else(PoisonError::into_inner).as_ptr()
}

#[unsafe(no_mangle)]
pub extern "C" fn message_length() -> usize {
    MESSAGE.lock().unwrap_or_else(PoisonError::into_inner).len()
}

/// Whether the kernels multiply and add by one instruction of relaxed SIMD.
#[unsafe(no_mangle)]
pub extern "C" fn is_relaxed() -> bool {
    cfg!(target_feature = "relaxed-simd")
}

/// Memory of the caller's, 16-byte aligned; null where there is none left.
#[unsafe(no_mangle)]
pub extern "C" fn allocate(bytes: usize) -> *mut u8 {
    match Layout::from_size_align(bytes.max(1), 16) {
        // SAFETY: the size is not zero.
        Ok(layout) => unsafe { std::alloc::alloc(layout) },
        Err(_) => std::ptr::null_mut(),
    }
}

/// # Safety
/// `start` must come from `allocate` with the same number of bytes, and be given back once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn release(start: *mut u8, bytes: usize) {
    // SAFETY: the caller's word, of the layout that `allocate` took.
    unsafe { std::alloc::dealloc(start, Layout::from_size_align_unchecked(bytes.max(1), 16)) }
}

/// Compiles the graph in JSON; `constants` are `count` triples of value id, start and length in floats.
///
/// # Safety
/// The pointers must be good for what the lengths say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn compile_graph(
    json: *const u8,
    json_length: usize,
    constants: *const u32,
    count: usize,
    rejects_non_finite: bool,
    threads: usize,
) -> *mut Session {
    let make = || -> Result<Session, String> {
        // SAFETY: the caller's word.
        let (json, table) = unsafe {
            (std::slice::from_raw_parts(json, json_length), std::slice::from_raw_parts(constants, 3 * count))
        };
        let json = std::str::from_utf8(json).map_err(|error| format!("graph: {error}"))?;
        let constants: Constants = table
            .chunks_exact(3)
            .map(|entry| {
                // SAFETY: the caller's word, for each of the triples.
                let data = unsafe { std::slice::from_raw_parts(entry[1] as *const f32, entry[2] as usize) };
                (entry[0] as usize, data)
            })
            .collect();
        let options = Options {
            isa: Isa::choose(None)?,
            threads,
            algorithm: None,
            reject_non_finite: rejects_non_finite,
            precision: Precision::Float32,
        };
        let program = compile(&Graph::parse(json)?, &constants, options, &[])?;
        Ok(Session {
            inputs: vec![std::ptr::null(); program.inputs.len()],
            outputs: vec![std::ptr::null_mut(); program.outputs.len()],
            non_finite: AtomicU64::new(u64::MAX),
            #[cfg(not(target_feature = "atomics"))]
            next_step: program.steps.len(),
            #[cfg(target_feature = "atomics")]
            team: Team::new(&program),
            program,
        })
    };
    match make() {
        Ok(session) => Box::into_raw(Box::new(session)),
        Err(message) => {
            fail(message);
            std::ptr::null_mut()
        }
    }
}

/// Bytes of weights (0), or of weights, activations and scratch (1).
///
/// # Safety
/// `session` must come from `compile_graph` and not be disposed; so in all that follow.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bytes_of(session: *const Session, what: u32) -> usize {
    // SAFETY: the session is there, by the caller's word.
    let program = unsafe { &(*session).program };
    if what == 0 { program.weight_bytes() } else { program.bytes() }
}

/// Numbers of an input (`is_output` false) or output, 0 where there is none of that index.
///
/// # Safety
/// As [`bytes_of`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn length_of(session: *const Session, is_output: bool, index: usize) -> usize {
    // SAFETY: the session is there, by the caller's word.
    let program = unsafe { &(*session).program };
    let ports = if is_output { &program.outputs } else { &program.inputs };
    ports.get(index).map_or(0, |port| port.length())
}

/// Of a step: what it computes, by the graph's number (0), multiply-adds that it does (1), bytes of weights (2), and of
/// values that it reads (3) and writes (4); NaN where there is no such step. Leaves its algorithm's name as the message.
///
/// # Safety
/// As [`bytes_of`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn number_of(session: *const Session, step: usize, what: u32) -> f64 {
    // SAFETY: as `bytes_of`.
    let program = unsafe { &(*session).program };
    let Some(step) = program.steps.get(step) else { return f64::NAN };
    fail(step.algorithm().to_owned());
    match what {
        0 => step.value as f64,
        1 => step.multiply_adds(),
        2 => step.traffic.weights as f64,
        3 => step.traffic.reads as f64,
        _ => step.traffic.writes as f64,
    }
}

/// Where the threads of a timed run note when each step has ended: 64-bit whole numbers, as the host's clock counts.
///
/// # Safety
/// As [`bytes_of`].
#[cfg(target_feature = "atomics")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn times_of(session: *const Session) -> *const AtomicU64 {
    // SAFETY: as `bytes_of`.
    unsafe { (*session).team.times() }
}

/// Begins a run, the one before it having ended: `arrays` are the starts of all inputs, then of all outputs.
///
/// # Safety
/// As [`bytes_of`]; the arrays must have the lengths of the ports, and stay until the run ends.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn begin(session: *mut Session, arrays: *const u32, is_timed: bool) {
    // SAFETY: the session is there, by the caller's word; between runs workers hold its program and its team alone.
    let (inputs, outputs, non_finite) =
        unsafe { (&mut (*session).inputs, &mut (*session).outputs, &mut (*session).non_finite) };
    // SAFETY: the caller's word: there are as many as inputs and outputs.
    let at = |index: usize| unsafe { *arrays.add(index) };
    let first_output = inputs.len();
    inputs.iter_mut().enumerate().for_each(|(i, input)| *input = at(i) as *const f32);
    outputs.iter_mut().enumerate().for_each(|(i, output)| *output = at(first_output + i) as *mut f32);
    *non_finite.get_mut() = u64::MAX;
    // SAFETY: as above.
    #[cfg(not(target_feature = "atomics"))]
    unsafe {
        (*session).next_step = 0;
        // On one thread the caller sees each step end.
        let _ = is_timed;
    }
    // SAFETY: as above; the team's counters are atomic.
    #[cfg(target_feature = "atomics")]
    unsafe {
        (*session).team.begin(is_timed);
    }
}

/// Does the next step: 1 while there are more, 2 when the run has ended well, 0 when it has failed.
///
/// # Safety
/// As [`bytes_of`].
#[cfg(not(target_feature = "atomics"))]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn advance(session: *mut Session) -> u32 {
    // SAFETY: the session is there, by the caller's word; there is one thread.
    let session = unsafe { &mut *session };
    let Some(step) = session.program.steps.get(session.next_step) else {
        fail("no run is under way".into());
        return 0;
    };
    // SAFETY: one thread runs all items of all steps, in order, on arrays that stay until the run ends.
    unsafe {
        let context = session.program.context(0, &session.inputs, &session.outputs, &session.non_finite);
        for item in 0..step.items {
            (session.program.isa.run_item)(step, &context, item);
        }
    }
    session.next_step += 1;
    // SAFETY: the session is there.
    if session.next_step < session.program.steps.len() { 1 } else { unsafe { outcome(session) } }
}

/// Of a run whose items are all done: 2 when it has ended well, 0 when it has failed.
///
/// # Safety
/// As [`bytes_of`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn outcome(session: *mut Session) -> u32 {
    // SAFETY: the session is there, by the caller's word, and only read until the next run begins.
    let session = unsafe { &*session };
    match session.program.check_finite(session.non_finite.load(Ordering::Relaxed)) {
        Ok(()) => 2,
        Err(message) => {
            fail(message);
            0
        }
    }
}

#[cfg(target_feature = "atomics")]
#[link(wasm_import_module = "host")]
unsafe extern "C" {
    /// The run's last item is done; called on the worker that did it.
    safe fn run_ended();
    /// The time, by a clock that all workers share.
    pub safe fn now() -> f64;
}

/// Takes part in all runs as the worker of this number, until [`close`]; on a thread that may sleep.
///
/// # Safety
/// As [`bytes_of`]; the instance's stack must be its own, and there must be one worker of each number.
#[cfg(target_feature = "atomics")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn serve(session: *const Session, worker: usize) {
    // SAFETY: the session is there, by the caller's word, and the worker of this number is this one. What a run is given, it
    // looks at in the run alone.
    unsafe {
        let (program, team) = (&(*session).program, &(*session).team);
        let context = || program.context(worker, &(*session).inputs, &(*session).outputs, &(*session).non_finite);
        team.serve(program, worker, context, || run_ended());
    }
}

/// Ends the run under way without doing what is left of it.
///
/// # Safety
/// As [`bytes_of`].
#[cfg(target_feature = "atomics")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cancel(session: *const Session) {
    // SAFETY: the session is there, by the caller's word; the team's counters are atomic.
    unsafe { (*session).team.cancel() }
}

/// Lets the workers go.
///
/// # Safety
/// As [`bytes_of`]; no run may be under way.
#[cfg(target_feature = "atomics")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn close(session: *const Session) {
    // SAFETY: the session is there, by the caller's word; the team's counters are atomic.
    unsafe { (*session).team.close() }
}

/// # Safety
/// As [`bytes_of`]; nothing may use the session afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dispose(session: *mut Session) {
    // SAFETY: `compile_graph` made it of a box, and nothing uses it any more.
    drop(unsafe { Box::from_raw(session) });
}
