//! Large zeroed blocks of floats, on huge pages where the system has them: a network's weights are read once per run,
//! and with small pages the translation of their addresses would cost as much as reading them.

use std::ptr::NonNull;

pub struct Floats {
    start: NonNull<f32>,
    length: usize,
    mapped: usize,
    /// The file that they are in, where they are only to be read.
    #[cfg(not(target_arch = "wasm32"))]
    file: Option<memmap2::Mmap>,
}

// SAFETY: the memory is owned, as a `Box`'s; who writes through `start` answers for it.
unsafe impl Send for Floats {}
// SAFETY: a shared `Floats` only tells where its memory is.
unsafe impl Sync for Floats {}

const ALIGNMENT: usize = 64;
#[cfg(target_os = "linux")]
const HUGE_PAGE: usize = 2 << 20;

impl Floats {
    /// `length` zeros, or an error where there is no room for them.
    pub fn zeroed(length: usize) -> Result<Floats, String> {
        let bytes = length.checked_mul(4).filter(|bytes| *bytes <= isize::MAX as usize - (4 << 20));
        let bytes = bytes.ok_or_else(|| too_little(usize::MAX))?;
        #[cfg(target_os = "linux")]
        if bytes >= HUGE_PAGE {
            return Floats::mapped(length, bytes);
        }
        Floats::allocated(length, bytes)
    }

    #[cfg(target_os = "linux")]
    fn mapped(length: usize, bytes: usize) -> Result<Floats, String> {
        let mapped = bytes + HUGE_PAGE;
        // SAFETY: the mapping is new; what is given back lies before `start`, and the rest stays mapped until it is
        // dropped.
        unsafe {
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
            let map = libc::mmap(std::ptr::null_mut(), mapped, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0);
            if map == libc::MAP_FAILED {
                return Err(too_little(bytes));
            }
            let skip = (map as usize).next_multiple_of(HUGE_PAGE) - map as usize;
            libc::munmap(map, skip);
            let start = map.byte_add(skip);
            let mapped = mapped - skip;
            libc::madvise(start, bytes & !(HUGE_PAGE - 1), libc::MADV_HUGEPAGE);
            let start = NonNull::new_unchecked(start as *mut f32);
            Ok(Floats { start, length, mapped, file: None })
        }
    }

    fn allocated(length: usize, bytes: usize) -> Result<Floats, String> {
        let start = match bytes {
            0 => NonNull::dangling(),
            // SAFETY: `bytes` is not zero and far below `isize::MAX`; the alignment is a power of two.
            _ => unsafe {
                let layout = std::alloc::Layout::from_size_align_unchecked(bytes, ALIGNMENT);
                NonNull::new(std::alloc::alloc_zeroed(layout) as *mut f32).ok_or_else(|| too_little(bytes))?
            },
        };
        Ok(Floats {
            start,
            length,
            mapped: 0,
            #[cfg(not(target_arch = "wasm32"))]
            file: None,
        })
    }

    /// `length` numbers of a file, from byte `offset` on, to be read alone.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn of_file(file: memmap2::Mmap, offset: usize, length: usize) -> Floats {
        assert!(offset.is_multiple_of(ALIGNMENT) && offset + length * 4 <= file.len());
        let start = NonNull::from(&file[offset..]).cast();
        Floats { start, length, mapped: 0, file: Some(file) }
    }

    /// Whether they lie in a file.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn is_of_file(&self) -> bool {
        self.file.is_some()
    }

    pub fn length(&self) -> usize {
        self.length
    }

    pub fn start(&self) -> *mut f32 {
        self.start.as_ptr()
    }
}

impl Drop for Floats {
    fn drop(&mut self) {
        #[cfg(not(target_arch = "wasm32"))]
        if self.file.is_some() {
            return;
        }
        // SAFETY: the memory came from `mapped` or `allocated` with these sizes, and nobody has it any more.
        unsafe {
            #[cfg(target_os = "linux")]
            if self.mapped > 0 {
                libc::munmap(self.start.as_ptr() as *mut libc::c_void, self.mapped);
                return;
            }
            debug_assert_eq!(self.mapped, 0);
            if self.length > 0 {
                let layout = std::alloc::Layout::from_size_align_unchecked(self.length * 4, ALIGNMENT);
                std::alloc::dealloc(self.start.as_ptr() as *mut u8, layout);
            }
        }
    }
}

fn too_little(bytes: usize) -> String {
    let next = "choose a smaller batch or picture, or dispose of others";
    format!("memory: expected {} MB for weights and values, got none from the system; {next}", bytes.div_ceil(1 << 20))
}

/// A block of memory that is wanted from one operation to another.
#[derive(Clone, Copy, Debug)]
pub struct Lifetime {
    /// Only blocks of the same kind may share memory.
    pub kind: usize,
    pub size: usize,
    pub first: usize,
    pub last: usize,
}

impl Lifetime {
    fn excludes(&self, other: &Lifetime) -> bool {
        self.kind != other.kind || self.first <= other.last && other.first <= self.last
    }
}

/// Offsets at which blocks that live at the same time or are of different kinds don't overlap, and the size of the
/// whole: the largest first, each at the lowest place that is free for its lifetime.
pub fn place(blocks: &[Lifetime]) -> (Vec<usize>, usize) {
    let mut order: Vec<usize> = (0..blocks.len()).collect();
    sort_by_key(&mut order, |&i| std::cmp::Reverse(blocks[i].size));
    let mut offsets = vec![0; blocks.len()];
    let mut placed: Vec<usize> = Vec::new();
    let mut whole = 0;
    for i in order {
        let block = &blocks[i];
        let mut taken: Vec<(usize, usize)> = placed
            .iter()
            .filter(|&&j| blocks[j].excludes(block))
            .map(|&j| (offsets[j], offsets[j] + padded(blocks[j].size)))
            .collect();
        sort_by_key(&mut taken, |range| *range);
        let mut at = 0;
        for (start, end) in taken {
            if at + padded(block.size) <= start {
                break;
            }
            at = at.max(end);
        }
        offsets[i] = at;
        whole = whole.max(at + padded(block.size));
        placed.push(i);
    }
    (offsets, whole)
}

/// Sorts some hundreds of things, equal ones in their order. The standard library's sorts are a tenth of the WASM module.
pub fn sort_by_key<T, K: Ord>(items: &mut [T], key: impl Fn(&T) -> K) {
    for end in 1..items.len() {
        let mut at = end;
        while at > 0 && key(&items[at]) < key(&items[at - 1]) {
            items.swap(at, at - 1);
            at -= 1;
        }
    }
}

/// Whole cache lines, and some more, so that blocks of a power of two don't fall into the same sets of the cache.
fn padded(size: usize) -> usize {
    size.next_multiple_of(16) + 17 * 16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_share_memory_only_when_they_are_of_a_kind_and_never_live_together() {
        let life = |kind, size, first, last| Lifetime { kind, size, first, last };
        let blocks = [
            life(0, 1000, 0, 1),
            life(0, 1000, 1, 2),
            life(0, 1000, 2, 3),
            life(0, 500, 3, 3),
            life(1, 500, 4, 4),
            life(1, 500, 6, 6),
        ];
        let (offsets, whole) = place(&blocks);
        assert_eq!(offsets[0], offsets[2]);
        assert_ne!(offsets[0], offsets[1]);
        assert_eq!(offsets[4], offsets[5]);
        assert!(whole < 3400, "{whole}");
        for (i, a) in blocks.iter().enumerate() {
            for (j, b) in blocks.iter().enumerate().skip(i + 1) {
                let apart = offsets[i] + a.size <= offsets[j] || offsets[j] + b.size <= offsets[i];
                assert!(apart || !a.excludes(b));
            }
        }
    }

    #[test]
    fn memory_is_zeroed_and_aligned() {
        for length in [0, 1, 1 << 20] {
            let floats = Floats::zeroed(length).unwrap();
            assert_eq!(floats.start() as usize % if length > 0 { ALIGNMENT } else { 1 }, 0);
            for i in (0..length).step_by(1 << 10) {
                // SAFETY: `i` is below the length.
                assert_eq!(unsafe { *floats.start().add(i) }, 0.0);
            }
        }
        assert!(Floats::zeroed(usize::MAX / 8).is_err());
    }
}
