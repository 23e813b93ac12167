//! Where values lie, and in how many bits: in the program's memory, or in the caller's arrays themselves.

use crate::format::{Format, from_bfloat, to_bfloat};
use crate::program::Context;
use crate::simd::Vector;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Slot {
    Arena(usize),
    Constant(usize),
    Input(usize),
    Output(usize),
}

/// By value; only values that some operation reads or writes have a slot.
pub struct Slots {
    slots: Vec<Option<Slot>>,
    formats: Vec<Format>,
}

impl Slots {
    pub fn new(slots: Vec<Option<Slot>>, formats: Vec<Format>) -> Slots {
        Slots { slots, formats }
    }
}

/// The memory of a run, by values.
///
/// # Safety
/// An operation's `run_item` may be called with it where the context is good for the operation's step (see [`Context`])
/// and the slots are its program's. Values then have slots, and the sizes of the shapes by which the operation was lowered.
pub struct Memory<'run> {
    pub slots: &'run Slots,
    pub context: &'run Context<'run>,
}

impl Memory<'_> {
    /// Where a value begins.
    ///
    /// # Safety
    /// It must have a slot. Only the operation that computes a value may write there, each item its own part.
    #[inline(always)]
    pub unsafe fn at(&self, id: usize) -> *mut f32 {
        // SAFETY: offsets are the plan's, and indices those of the program's inputs and outputs.
        unsafe {
            match self.slots.slots[id] {
                Some(Slot::Arena(offset)) => self.context.activations.add(offset),
                Some(Slot::Constant(offset)) => self.context.weights.add(offset).cast_mut(),
                Some(Slot::Input(index)) => (*self.context.inputs.add(index)).cast_mut(),
                Some(Slot::Output(index)) => *self.context.outputs.add(index),
                None => unreachable!(),
            }
        }
    }

    /// How a value is stored.
    #[inline(always)]
    pub fn format(&self, id: usize) -> Format {
        self.slots.formats[id]
    }

    /// A value's numbers, as they are stored, from one of them on.
    ///
    /// # Safety
    /// As [`Memory::at`].
    #[inline(always)]
    pub unsafe fn numbers(&self, id: usize, from: usize) -> Numbers {
        // SAFETY: the caller's word.
        unsafe { Numbers::new(self.at(id), self.slots.formats[id]).from(from) }
    }

    /// Numbers of a value that is there, in float32.
    ///
    /// # Safety
    /// As [`Memory::at`], and the value must have as many.
    #[inline(always)]
    pub unsafe fn read(&self, id: usize, from: usize, count: usize) -> &[f32] {
        debug_assert_eq!(self.slots.formats[id], Format::Float);
        // SAFETY: the caller's word; what is read now, nobody writes now.
        unsafe { std::slice::from_raw_parts(self.at(id).add(from), count) }
    }

    /// The item's part of the value that it computes, in float32.
    ///
    /// # Safety
    /// As [`Memory::read`]; nobody else may hold any of it.
    #[inline(always)]
    #[allow(clippy::mut_from_ref)]
    pub unsafe fn write(&self, id: usize, from: usize, count: usize) -> &mut [f32] {
        debug_assert_eq!(self.slots.formats[id], Format::Float);
        // SAFETY: the caller's word.
        unsafe { std::slice::from_raw_parts_mut(self.at(id).add(from), count) }
    }

    /// The worker's own memory.
    ///
    /// # Safety
    /// As planned for the operation.
    #[inline(always)]
    #[allow(clippy::mut_from_ref)]
    pub unsafe fn scratch(&self, from: usize, count: usize) -> &mut [f32] {
        // SAFETY: the caller's word; a worker's scratch is its own.
        unsafe { std::slice::from_raw_parts_mut(self.context.scratch.add(from), count) }
    }
}

/// Numbers in float32 or bfloat16, which are computed with in float32: widened when they are loaded, and rounded to the nearest,
/// ties to even, when they are stored.
///
/// # Safety
/// Methods touch the numbers that they are asked for, which must be there; what is written must be the item's own.
#[derive(Clone, Copy)]
pub struct Numbers {
    start: *mut f32,
    is_half: bool,
}

/// Numbers that are widened at once where a loop wants float32 side by side.
pub const CHUNK: usize = 512;

#[allow(clippy::missing_safety_doc, reason = "it is the same for all")]
#[allow(clippy::undocumented_unsafe_blocks, reason = "each is its method's whole body, and holds by the caller's word")]
impl Numbers {
    #[inline(always)]
    pub fn new(start: *mut f32, format: Format) -> Numbers {
        Numbers { start, is_half: format == Format::Bfloat }
    }

    #[inline(always)]
    pub fn of(floats: &mut [f32]) -> Numbers {
        Numbers::new(floats.as_mut_ptr(), Format::Float)
    }

    #[inline(always)]
    fn halves(&self) -> *mut u16 {
        self.start.cast()
    }

    /// As float32, where they are.
    #[inline(always)]
    pub fn floats(&self) -> Option<*mut f32> {
        (!self.is_half).then_some(self.start)
    }

    /// Whether they are bfloat16.
    #[inline(always)]
    pub fn is_narrow(&self) -> bool {
        self.is_half
    }

    /// The same where it is known how they are stored: a loop over them then does not ask.
    #[inline(always)]
    pub fn known<const IS_NARROW: bool>(self) -> Numbers {
        debug_assert_eq!(self.is_half, IS_NARROW);
        Numbers { is_half: IS_NARROW, ..self }
    }

    /// Where the first number lies.
    #[inline(always)]
    pub fn words(&self) -> *mut f32 {
        self.start
    }

    #[inline(always)]
    pub unsafe fn from(self, at: usize) -> Numbers {
        let start = unsafe { if self.is_half { self.halves().add(at).cast() } else { self.start.add(at) } };
        Numbers { start, ..self }
    }

    /// As [`Vector`].
    #[inline(always)]
    pub unsafe fn load<V: Vector>(&self, at: usize) -> V {
        unsafe { if self.is_half { V::load_bfloat(self.halves().add(at)) } else { V::load(self.start.add(at)) } }
    }

    /// As [`Vector`].
    #[inline(always)]
    pub unsafe fn store<V: Vector>(&self, at: usize, value: V) {
        unsafe {
            if self.is_half { value.store_bfloat(self.halves().add(at)) } else { value.store(self.start.add(at)) }
        }
    }

    #[inline(always)]
    pub unsafe fn get(&self, at: usize) -> f32 {
        unsafe { if self.is_half { from_bfloat(*self.halves().add(at)) } else { *self.start.add(at) } }
    }

    #[inline(always)]
    pub unsafe fn set(&self, at: usize, value: f32) {
        unsafe { if self.is_half { *self.halves().add(at) = to_bfloat(value) } else { *self.start.add(at) = value } }
    }

    /// The first numbers to where others are stored. As [`Vector`].
    #[inline(always)]
    pub unsafe fn copy<V: Vector>(&self, to: Numbers, count: usize) {
        unsafe {
            match (self.is_half, to.is_half) {
                (false, false) => to.start.copy_from_nonoverlapping(self.start, count),
                (true, true) => to.halves().copy_from_nonoverlapping(self.halves(), count),
                (true, false) => self.known::<true>().convert::<V>(to.known::<false>(), count),
                (false, true) => self.known::<false>().convert::<V>(to.known::<true>(), count),
            }
        }
    }

    #[inline(always)]
    unsafe fn convert<V: Vector>(&self, to: Numbers, count: usize) {
        let vectors = count - count % V::LANES;
        unsafe {
            for at in (0..vectors).step_by(V::LANES) {
                to.store(at, self.load::<V>(at));
            }
            for at in vectors..count {
                to.set(at, self.get(at));
            }
        }
    }

    /// Zeros.
    #[inline(always)]
    pub unsafe fn clear(&self, count: usize) {
        unsafe {
            match self.is_half {
                true => self.halves().write_bytes(0, count),
                false => self.start.write_bytes(0, count),
            }
        }
    }

    /// So many from one on.
    #[inline(always)]
    pub unsafe fn some<const COUNT: usize>(&self, at: usize) -> [f32; COUNT] {
        unsafe {
            match self.is_half {
                true => std::array::from_fn(|i| from_bfloat(*self.halves().add(at + i))),
                false => (self.start.add(at) as *const [f32; COUNT]).read_unaligned(),
            }
        }
    }

    /// The first numbers, in the buffer where they are not float32 themselves.
    #[inline(always)]
    pub unsafe fn widened<'a>(&'a self, count: usize, buffer: &'a mut [f32]) -> &'a [f32] {
        unsafe {
            if !self.is_half {
                return std::slice::from_raw_parts(self.start, count);
            }
            let halves = std::slice::from_raw_parts(self.halves(), count);
            for (to, half) in buffer.iter_mut().zip(halves) {
                *to = from_bfloat(*half);
            }
            &buffer[..count]
        }
    }

    /// Makes the first numbers: `make` gets a place for them.
    #[inline(always)]
    pub unsafe fn make(&self, count: usize, buffer: &mut [f32], make: impl FnOnce(&mut [f32])) {
        unsafe {
            if !self.is_half {
                return make(std::slice::from_raw_parts_mut(self.start, count));
            }
            let made = &mut buffer[..count];
            make(made);
            for (half, made) in std::slice::from_raw_parts_mut(self.halves(), count).iter_mut().zip(made) {
                *half = to_bfloat(*made);
            }
        }
    }
}

/// The part of `count` things that is share `index` of `shares`.
pub fn share(count: usize, shares: usize, index: usize) -> std::ops::Range<usize> {
    index * count / shares..(index + 1) * count / shares
}
