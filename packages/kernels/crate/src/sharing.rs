//! Packed filters that several programs share: executables of one network at several sizes read the same ones.

use crate::graph::ValueId;
use crate::isa::Isa;
use crate::lower::Filter;
use crate::memory::Floats;
#[cfg(not(target_arch = "wasm32"))]
use crate::packed::PackedCache;
use crate::weights::{Packing, pack};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};

/// Of what and how filters were packed.
pub type Key = [u64; 9];

/// Filters that live programs have packed; they go with the last program that reads them.
pub struct FilterStore {
    entries: Mutex<Vec<(Key, Weak<Floats>, usize)>>,
}

impl FilterStore {
    pub const fn new() -> FilterStore {
        FilterStore { entries: Mutex::new(Vec::new()) }
    }

    /// The memory, and where in it the filters lie.
    fn find(&self, key: &Key) -> Option<(Arc<Floats>, usize)> {
        let entries = self.entries.lock().unwrap();
        entries.iter().find(|entry| entry.0 == *key).and_then(|(_, floats, at)| Some((floats.upgrade()?, *at)))
    }

    fn add(&self, packed: Vec<(Key, usize)>, floats: &Arc<Floats>) {
        let mut entries = self.entries.lock().unwrap();
        entries.retain(|(_, floats, _)| floats.strong_count() > 0);
        entries.extend(packed.into_iter().map(|(key, at)| (key, Arc::downgrade(floats), at)));
    }
}

impl Default for FilterStore {
    fn default() -> FilterStore {
        FilterStore::new()
    }
}

/// What a program may share: constants of the same identity hold the same numbers, for as long as anyone lives.
pub struct Sharing<'s> {
    pub store: &'s FilterStore,
    pub identities: HashMap<ValueId, u64>,
    /// Where what the program packs itself may be found.
    #[cfg(not(target_arch = "wasm32"))]
    pub cache: Option<&'s PackedCache>,
}

impl Sharing<'_> {
    /// What filters are made of, where it is known.
    pub fn source(&self, filter: &Filter) -> Option<[u64; 2]> {
        let identity = |id: ValueId| self.identities.get(&id).copied();
        let [data, factors] = filter.ids;
        Some([identity(data?)?, factors.map_or(Some(0), identity)?])
    }
}

/// Where a layer's filters lie.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Place {
    /// Which of the program's memories: the first is its own.
    pub memory: u32,
    /// In floats from its start.
    pub at: usize,
}

/// A memory's start, for workers to read from.
#[derive(Clone, Copy)]
pub struct Start(pub *const f32);

// SAFETY: the memory is only read, and the program holds it.
unsafe impl Send for Start {}
// SAFETY: as above.
unsafe impl Sync for Start {}

/// The filters of a program that is being planned: those to be packed, and those that others have packed already.
pub struct FilterPlan<'s> {
    sharing: Option<&'s Sharing<'s>>,
    packed: Vec<(Key, usize)>,
    /// Memories of other programs; the program's own comes before them.
    found: Vec<Arc<Floats>>,
    /// Floats of filters found.
    pub shared: usize,
}

impl<'s> FilterPlan<'s> {
    pub fn new(sharing: Option<&'s Sharing<'s>>) -> FilterPlan<'s> {
        FilterPlan { sharing, packed: Vec::new(), found: Vec::new(), shared: 0 }
    }

    /// Filters that are there already; `how` is all that their packing depends on besides their numbers.
    pub fn find(&mut self, filter: &Filter, how: [u64; 6], floats: usize) -> Result<Place, Option<Key>> {
        let Some(sharing) = self.sharing else { return Err(None) };
        let Some([data, factors]) = sharing.source(filter) else { return Err(None) };
        let [a, b, c, d, e, f] = how;
        let key = [data, factors, u64::from(filter.is_torch), a, b, c, d, e, f];
        let Some((floats_there, at)) = sharing.store.find(&key) else { return Err(Some(key)) };
        self.shared += floats;
        let known = self.found.iter().position(|found| Arc::ptr_eq(found, &floats_there));
        let index = known.unwrap_or_else(|| {
            self.found.push(floats_there);
            self.found.len() - 1
        });
        Ok(Place { memory: 1 + index as u32, at })
    }

    /// Filters that this program packs, for others to find.
    pub fn offer(&mut self, key: Option<Key>, at: usize) -> Place {
        self.packed.extend(key.map(|key| (key, at)));
        Place { memory: 0, at }
    }

    /// All memories that the program reads: its own, of `length` floats, which is packed now or found in a file, and those
    /// of others.
    pub fn finish(
        self,
        tasks: &[Packing],
        length: usize,
        isa: &'static Isa,
        threads: usize,
    ) -> Result<Vec<Arc<Floats>>, String> {
        let own = self.own(tasks, length, isa, threads)?;
        if let Some(sharing) = self.sharing {
            sharing.store.add(self.packed, &own);
        }
        let mut memories = vec![own];
        memories.extend(self.found);
        Ok(memories)
    }

    #[cfg(target_arch = "wasm32")]
    fn own(&self, tasks: &[Packing], length: usize, isa: &'static Isa, threads: usize) -> Result<Arc<Floats>, String> {
        Ok(Arc::new(pack(tasks, length, isa, threads)?))
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn own(&self, tasks: &[Packing], length: usize, isa: &'static Isa, threads: usize) -> Result<Arc<Floats>, String> {
        let cache = self.sharing.and_then(|sharing| sharing.cache);
        let key = match cache.map(|cache| cache.load(tasks, length, isa, threads)) {
            Some(Ok(found)) => return Ok(Arc::new(found)),
            Some(Err(key)) => key,
            None => None,
        };
        let own = Arc::new(pack(tasks, length, isa, threads)?);
        if let (Some(cache), Some(key)) = (cache, key) {
            cache.offer(key, own.clone());
        }
        Ok(own)
    }
}
