//! The WASM module's exports: plain numbers and pointers into its memory, for one thread.
//! Everything that can fail answers 0 and leaves a message.

use crate::graph::{Constants, Graph};
use crate::isa::Isa;
use crate::plan::{Options, compile};
use crate::precision::Precision;
use crate::program::Program;
use std::alloc::Layout;
use std::cell::RefCell;
use std::sync::atomic::AtomicU64;

thread_local! {
    static MESSAGE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// A program, and the run under way.
pub struct Session {
    program: Program,
    inputs: Vec<*const f32>,
    outputs: Vec<*mut f32>,
    non_finite: AtomicU64,
    next_step: usize,
}

fn fail(message: String) {
    MESSAGE.with(|slot| *slot.borrow_mut() = message);
}

#[unsafe(no_mangle)]
pub extern "C" fn message_start() -> *const u8 {
    MESSAGE.with(|slot| slot.borrow().as_ptr())
}

#[unsafe(no_mangle)]
pub extern "C" fn message_length() -> usize {
    MESSAGE.with(|slot| slot.borrow().len())
}

/// Memory of the caller's, 16-byte aligned; null where there is none left.
#[unsafe(no_mangle)]
pub extern "C" fn allocate(bytes: usize) -> *mut u8 {
    match Layout::from_size_align(bytes.max(1), 16) {
        Ok(layout) => unsafe { std::alloc::alloc(layout) },
        Err(_) => std::ptr::null_mut(),
    }
}

/// # Safety
/// `start` must come from `allocate` with the same number of bytes, and be given back once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn release(start: *mut u8, bytes: usize) {
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
) -> *mut Session {
    let make = || -> Result<Session, String> {
        let (json, table) = unsafe {
            (std::slice::from_raw_parts(json, json_length), std::slice::from_raw_parts(constants, 3 * count))
        };
        let json = std::str::from_utf8(json).map_err(|error| format!("graph: {error}"))?;
        let constants: Constants = table
            .chunks_exact(3)
            .map(|entry| {
                let data = unsafe { std::slice::from_raw_parts(entry[1] as *const f32, entry[2] as usize) };
                (entry[0] as usize, data)
            })
            .collect();
        let options = Options {
            isa: Isa::choose(None)?,
            threads: 1,
            algorithm: None,
            reject_non_finite: rejects_non_finite,
            precision: Precision::Float32,
        };
        let program = compile(&Graph::parse(json)?, &constants, options, &[])?;
        let next_step = program.steps.len();
        let non_finite = AtomicU64::new(u64::MAX);
        Ok(Session { program, inputs: Vec::new(), outputs: Vec::new(), non_finite, next_step })
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
    let program = unsafe { &(*session).program };
    if what == 0 { program.weight_bytes() } else { program.bytes() }
}

/// Numbers of an input (`is_output` false) or output, 0 where there is none of that index.
///
/// # Safety
/// As [`bytes_of`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn length_of(session: *const Session, is_output: bool, index: usize) -> usize {
    let program = unsafe { &(*session).program };
    let ports = if is_output { &program.outputs } else { &program.inputs };
    ports.get(index).map_or(0, |port| port.length())
}

/// Begins a run: `arrays` are the starts of all inputs, then of all outputs.
///
/// # Safety
/// As [`bytes_of`]; the arrays must have the lengths of the ports, and stay until the run ends.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn begin(session: *mut Session, arrays: *const u32) {
    let session = unsafe { &mut *session };
    let at = |index: usize| unsafe { *arrays.add(index) };
    let inputs = session.program.inputs.len();
    session.inputs = (0..inputs).map(|i| at(i) as *const f32).collect();
    session.outputs = (0..session.program.outputs.len()).map(|i| at(inputs + i) as *mut f32).collect();
    *session.non_finite.get_mut() = u64::MAX;
    session.next_step = 0;
}

/// Does the next step: 1 while there are more, 2 when the run has ended well, 0 when it has failed.
///
/// # Safety
/// As [`bytes_of`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn advance(session: *mut Session) -> u32 {
    let session = unsafe { &mut *session };
    let Some(step) = session.program.steps.get(session.next_step) else {
        fail("no run is under way".into());
        return 0;
    };
    unsafe {
        let context = session.program.context(0, &session.inputs, &session.outputs, &session.non_finite);
        for item in 0..step.items {
            (session.program.isa.run_item)(step, &context, item);
        }
    }
    session.next_step += 1;
    if session.next_step < session.program.steps.len() {
        return 1;
    }
    match session.program.check_finite(*session.non_finite.get_mut()) {
        Ok(()) => 2,
        Err(message) => {
            fail(message);
            0
        }
    }
}

/// # Safety
/// As [`bytes_of`]; nothing may use the session afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dispose(session: *mut Session) {
    drop(unsafe { Box::from_raw(session) });
}
