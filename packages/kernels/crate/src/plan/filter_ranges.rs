//! Ranges of `int8` by the filters that make the values: programs of the same filters share them.

use crate::graph::ValueId;
use crate::lower::{Kind, Lowered, Operation};
#[cfg(target_arch = "x86_64")]
use crate::precision::is_at_end;
use crate::precision::{IS_REDUCIBLE, Ranges};
use crate::sharing::Sharing;

/// The identity of the filter that makes each value, with that value.
fn filter_identities(lowered: &Lowered, sharing: Option<&Sharing>) -> Vec<(u64, ValueId)> {
    let Some(sharing) = sharing.filter(|_| IS_REDUCIBLE) else { return Vec::new() };
    let identity = |operation: &Operation| match &operation.kind {
        Kind::Conv(conv) => Some((*sharing.identities.get(&conv.filter.ids[0]?)?, operation.output)),
        _ => None,
    };
    let found = lowered.operations.iter().filter_map(identity);
    #[cfg(target_arch = "x86_64")]
    let found = found.chain(reader_identities(lowered, sharing));
    found.collect()
}

/// Beyond all identities, which have 32 bits: of a filter, for what it reads.
#[cfg(target_arch = "x86_64")]
const READER: u64 = 1 << 32;

/// What the first and the last filter read, by those.
#[cfg(target_arch = "x86_64")]
fn reader_identities<'l>(lowered: &'l Lowered, sharing: &'l Sharing) -> impl Iterator<Item = (u64, ValueId)> + use<'l> {
    let identity = |reader: &Operation| {
        let input = *reader.inputs.first()?;
        let filter = match &reader.kind {
            Kind::Conv(conv) => &conv.filter,
            Kind::Dense(dense) => &dense.weights,
            _ => return None,
        };
        let made_by = lowered.operations.iter().find(|operation| operation.output == input)?;
        let identity = sharing.identities.get(&filter.ids[0]?)?;
        is_at_end(lowered, made_by).then_some((READER | identity, input))
    };
    lowered.operations.iter().filter_map(identity)
}

/// What was seen on samples, by filter, for other programs of the same filters.
pub(super) fn ranges_by_filter(lowered: &Lowered, ranges: &Ranges, sharing: Option<&Sharing>) -> Vec<(u64, [f32; 2])> {
    let identities = filter_identities(lowered, sharing).into_iter();
    identities.filter_map(|(identity, value)| Some((identity, *ranges.get(&value)?))).collect()
}

/// The reverse, for the values of this program.
pub(super) fn known_ranges(lowered: &Lowered, known: &[(u64, [f32; 2])], sharing: Option<&Sharing>) -> Ranges {
    let mut ranges = Ranges::new();
    for (identity, value) in filter_identities(lowered, sharing) {
        for (_, [least, largest]) in known.iter().filter(|(of, _)| *of == identity) {
            let range = ranges.entry(value).or_insert([0.0f32, 0.0f32]);
            *range = [range[0].min(*least), range[1].max(*largest)];
        }
    }
    ranges
}
