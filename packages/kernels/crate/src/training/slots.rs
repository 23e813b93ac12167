//! Where values lie: in the program's memory, or in the caller's arrays themselves.

use crate::program::Context;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Slot {
    Arena(usize),
    Constant(usize),
    Input(usize),
    Output(usize),
}

/// By value; only values that some operation reads or writes have a slot.
pub struct Slots(Vec<Option<Slot>>);

impl Slots {
    pub fn new(slots: Vec<Option<Slot>>) -> Slots {
        Slots(slots)
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
            match self.slots.0[id] {
                Some(Slot::Arena(offset)) => self.context.activations.add(offset),
                Some(Slot::Constant(offset)) => self.context.weights.add(offset).cast_mut(),
                Some(Slot::Input(index)) => (*self.context.inputs.add(index)).cast_mut(),
                Some(Slot::Output(index)) => *self.context.outputs.add(index),
                None => unreachable!(),
            }
        }
    }

    /// Numbers of a value that is there.
    ///
    /// # Safety
    /// As [`Memory::at`], and the value must have as many.
    #[inline(always)]
    pub unsafe fn read(&self, id: usize, from: usize, count: usize) -> &[f32] {
        // SAFETY: the caller's word; what is read now, nobody writes now.
        unsafe { std::slice::from_raw_parts(self.at(id).add(from), count) }
    }

    /// The item's part of the value that it computes.
    ///
    /// # Safety
    /// As [`Memory::read`]; nobody else may hold any of it.
    #[inline(always)]
    #[allow(clippy::mut_from_ref)]
    pub unsafe fn write(&self, id: usize, from: usize, count: usize) -> &mut [f32] {
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

/// The part of `count` things that is share `index` of `shares`.
pub fn share(count: usize, shares: usize, index: usize) -> std::ops::Range<usize> {
    index * count / shares..(index + 1) * count / shares
}
