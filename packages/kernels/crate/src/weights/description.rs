//! What packed filters depend on, to know them again.

use super::{Filters, Numbers, Packing};
use crate::direct::OutputGroup;
use crate::lower::Filter;
use std::collections::HashMap;

/// What packed numbers depend on: plain numbers, and the contents of arrays.
#[derive(Default)]
pub struct Description<'d> {
    pub numbers: Vec<u64>,
    pub arrays: Vec<&'d [f32]>,
    places: HashMap<(*const f32, usize), usize>,
}

impl<'d> Description<'d> {
    fn numbers(&mut self, numbers: &[usize]) {
        self.numbers.extend(numbers.iter().map(|number| *number as u64));
    }

    /// Arrays that several packings read are one.
    fn array(&mut self, array: &'d [f32]) {
        let next = self.arrays.len();
        let place = *self.places.entry((array.as_ptr(), array.len())).or_insert(next);
        if place == next {
            self.arrays.push(array);
        }
        self.numbers(&[place, array.len()]);
    }

    fn filters(&mut self, filters: &Filters<'d>) {
        let Filters { filter, taps, in_channels, out_channels, groups } = *filters;
        let Filter { data, is_torch, factors, ids: _ } = filter;
        self.numbers(&[taps, in_channels, out_channels, groups, usize::from(is_torch), usize::from(factors.is_some())]);
        self.array(data);
        if let Some(factors) = factors {
            self.array(factors);
        }
    }

    fn group(&mut self, group: &OutputGroup) {
        let OutputGroup { first_block, vectors, first_input_block, weights } = *group;
        self.numbers(&[first_block, vectors, first_input_block, weights]);
    }
}

impl Packing<'_> {
    /// Everything that [`Packing::run`] reads: packings that say the same write the same, at the same places.
    pub fn describe<'d>(&'d self, into: &mut Description<'d>) {
        match self {
            Packing::Direct { filters, group, blocks, channels, lanes, at } => {
                into.numbers(&[0, *blocks, *channels, *lanes, *at]);
                into.filters(filters);
                into.group(group);
            }
            Packing::Reduced { filters, group, blocks, channels, window, column, lanes, at, numbers, rests } => {
                into.numbers(&[
                    1,
                    *blocks,
                    *channels,
                    window.taps,
                    window.row,
                    *column,
                    *lanes,
                    *at,
                    numbers.kind(),
                    rests.map_or(0, |at| at + 1),
                ]);
                if let Numbers::Bytes(steps) = numbers {
                    into.array(steps);
                }
                into.filters(filters);
                into.group(group);
            }
            Packing::Winograd { shape, filters, group, blocks, channels, lanes, at, numbers } => {
                into.numbers(&[
                    2,
                    shape.m,
                    shape.stride,
                    shape.kernel,
                    *blocks,
                    *channels,
                    *lanes,
                    *at,
                    numbers.as_ref().map_or(0, |numbers| 1 + numbers.kind()),
                ]);
                if let Some(Numbers::Bytes(steps)) = numbers {
                    into.array(steps);
                }
                into.filters(filters);
                into.group(group);
            }
            Packing::Channels { data, at } => {
                into.numbers(&[3, *at]);
                into.array(data);
            }
        }
    }
}
