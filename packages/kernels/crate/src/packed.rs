//! Packed filters in files, which the next process that compiles the same network maps instead of packing.
//!
//! A file holds numbers alone, exactly those of a program's own memory, and is named by a digest of all that they depend on
//! ([`Packing::describe`]) and of who packed them. It is mapped only where its length is what the plan says, so that nothing
//! in it can lead outside. It appears by renaming, whole; what happens to it later, a checksum of each part finds.

use crate::isa::Isa;
use crate::memory::Floats;
use crate::weights::{Description, Packing, share_out};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

/// Of what is packed and by whom; no other has it, by chance or by intent.
pub type Digest = [u8; 32];

const MAGIC: &[u8; 8] = b"residual";
/// After the magic: the header's checksum, which the rest of it follows.
const CHECKED_FROM: usize = 12;
const KEY_AT: usize = CHECKED_FROM;
const LENGTH_AT: usize = KEY_AT + 32;
const SUMS_AT: usize = LENGTH_AT + 8;
/// Bytes that have a checksum of their own.
const PART: usize = 4 << 20;
/// A whole number of pages, and of cache lines.
const HEADER_UNIT: usize = 4096;
/// Below this, packing is as fast.
pub const LEAST_BYTES: usize = 4 << 20;
/// Written at once: systems with large pages for files use them for large writes.
const WRITTEN_AT_ONCE: usize = 8 << 20;
const EXTENSION: &str = "packed";
const TEMPORARY: &str = "part";
/// After so long, nobody writes a temporary file any more.
const ABANDONED: Duration = Duration::from_secs(3600);

/// Where the filters of one program may be found in a file.
pub struct PackedCache {
    pub folder: PathBuf,
    /// The digest of the code that packs.
    pub packer: Digest,
    /// Programs with fewer bytes have no file.
    pub least_bytes: usize,
    missing: Mutex<Option<PackedFile>>,
}

impl PackedCache {
    pub fn new(folder: PathBuf, packer: Digest, least_bytes: usize) -> PackedCache {
        PackedCache { folder, packer, least_bytes, missing: Mutex::new(None) }
    }

    /// The file's numbers, mapped and checked; where there is none that fits, the key under which it is to be
    /// [offered](PackedCache::offer), if at all.
    pub fn load(&self, tasks: &[Packing], length: usize, isa: &Isa, threads: usize) -> Result<Floats, Option<Digest>> {
        if length * 4 < self.least_bytes {
            return Err(None);
        }
        let key = self.key(tasks, length, isa, threads);
        map(&path_of(&self.folder, &key), &key, length, threads).ok_or(Some(key))
    }

    /// Keeps in mind what has been packed and is to be written.
    pub fn offer(&self, key: Digest, memory: Arc<Floats>) {
        *self.missing.lock().unwrap() = Some(PackedFile { folder: self.folder.clone(), key, memory });
    }

    /// What was offered last.
    pub fn missing(self) -> Option<PackedFile> {
        self.missing.into_inner().unwrap()
    }

    fn key(&self, tasks: &[Packing], length: usize, isa: &Isa, threads: usize) -> Digest {
        let mut description = Description::default();
        tasks.iter().for_each(|task| task.describe(&mut description));
        let digests: Vec<Mutex<Digest>> = description.arrays.iter().map(|_| Mutex::default()).collect();
        share_out(description.arrays.len(), threads, |index| {
            *digests[index].lock().unwrap() = *blake3::hash(bytes_of(description.arrays[index])).as_bytes();
        });
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.packer).update(&(isa.name.len() as u64).to_le_bytes()).update(isa.name.as_bytes());
        hasher.update(&(length as u64).to_le_bytes());
        for number in &description.numbers {
            hasher.update(&number.to_le_bytes());
        }
        for digest in digests {
            hasher.update(&digest.into_inner().unwrap());
        }
        *hasher.finalize().as_bytes()
    }
}

/// A file that is not there yet.
pub struct PackedFile {
    folder: PathBuf,
    key: Digest,
    memory: Arc<Floats>,
}

impl PackedFile {
    /// Writes the file, then removes those that were used longest ago while all in the folder take more than `limit` bytes.
    /// Where the file alone takes more, it is not written.
    pub fn write(&self, limit: u64) -> io::Result<()> {
        let header = header(&self.key, floats_of(&self.memory));
        let body = bytes_of(floats_of(&self.memory));
        if (header.len() + body.len()) as u64 > limit {
            return Ok(());
        }
        create_folder(&self.folder)?;
        let path = path_of(&self.folder, &self.key);
        let temporary = path.with_extension(format!("{}.{TEMPORARY}", unique()));
        let written = write_whole(&temporary, &header, body).and_then(|()| fs::rename(&temporary, &path));
        if written.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        written?;
        trim(&self.folder, &path, limit)
    }
}

/// The file's numbers, where it is the one of this key and length, and as it was written.
fn map(path: &Path, key: &Digest, length: usize, threads: usize) -> Option<Floats> {
    let file = File::open(path).ok()?;
    let start = header_length(length);
    let bytes = length.checked_mul(4)?.checked_add(start)?;
    if file.metadata().ok()?.len() != bytes as u64 {
        return None;
    }
    // SAFETY: what others do to the file meanwhile can change numbers, which may be any; it is replaced by renaming and
    // never shortened, for pages beyond a file's end could not be read.
    let map = unsafe { memmap2::MmapOptions::new().len(bytes).map_copy_read_only(&file) }.ok()?;
    let (header, body) = map.split_at(start);
    let is_ours = header.starts_with(MAGIC)
        && header[8..CHECKED_FROM] == crc32fast::hash(&header[CHECKED_FROM..]).to_le_bytes()
        && header[KEY_AT..LENGTH_AT] == key[..]
        && header[LENGTH_AT..SUMS_AT] == (length as u64).to_le_bytes();
    if !is_ours {
        return None;
    }
    let is_whole = AtomicBool::new(true);
    share_out(body.len().div_ceil(PART), threads, |index| {
        let part = &body[index * PART..body.len().min((index + 1) * PART)];
        if header[SUMS_AT + 4 * index..][..4] != crc32fast::hash(part).to_le_bytes() {
            is_whole.store(false, Ordering::Relaxed);
        }
    });
    if !is_whole.into_inner() {
        return None;
    }
    // By the time of the last use the oldest are removed.
    let _ = file.set_modified(SystemTime::now());
    Some(Floats::of_file(map, start, length))
}

fn header_length(length: usize) -> usize {
    (SUMS_AT + 4 * (4 * length).div_ceil(PART)).next_multiple_of(HEADER_UNIT)
}

fn header(key: &Digest, floats: &[f32]) -> Vec<u8> {
    let mut header = vec![0; header_length(floats.len())];
    header[..8].copy_from_slice(MAGIC);
    header[KEY_AT..LENGTH_AT].copy_from_slice(key);
    header[LENGTH_AT..SUMS_AT].copy_from_slice(&(floats.len() as u64).to_le_bytes());
    for (sum, part) in header[SUMS_AT..].chunks_exact_mut(4).zip(bytes_of(floats).chunks(PART)) {
        sum.copy_from_slice(&crc32fast::hash(part).to_le_bytes());
    }
    let sum = crc32fast::hash(&header[CHECKED_FROM..]);
    header[8..CHECKED_FROM].copy_from_slice(&sum.to_le_bytes());
    header
}

fn write_whole(path: &Path, header: &[u8], body: &[u8]) -> io::Result<()> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(header)?;
    let (first, rest) = body.split_at(body.len().min(WRITTEN_AT_ONCE - header.len() % WRITTEN_AT_ONCE));
    file.write_all(first)?;
    for piece in rest.chunks(WRITTEN_AT_ONCE) {
        file.write_all(piece)?;
    }
    file.sync_all()
}

fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Removes what was used longest ago, but for `kept`, and what writers have left behind.
fn trim(folder: &Path, kept: &Path, limit: u64) -> io::Result<()> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        // Another process may have removed it.
        let Ok(status) = fs::symlink_metadata(&path) else { continue };
        let used = status.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        match path.extension().and_then(|extension| extension.to_str()) {
            Some(EXTENSION) if status.is_file() => files.push((used, status.len(), path)),
            Some(TEMPORARY) if used.elapsed().is_ok_and(|age| age > ABANDONED) => drop(fs::remove_file(path)),
            _ => {}
        }
    }
    files.sort();
    let mut total: u64 = files.iter().map(|(_, size, _)| size).sum();
    for (_, size, path) in files {
        if total > limit && path != kept && fs::remove_file(path).is_ok() {
            total -= size;
        }
    }
    Ok(())
}

fn path_of(folder: &Path, key: &Digest) -> PathBuf {
    let name: String = key[..20].iter().map(|byte| format!("{byte:02x}")).collect();
    folder.join(name).with_extension(EXTENSION)
}

/// What no other writer's temporary file is called by.
fn unique() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
    format!("{}-{}-{time}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

fn floats_of(memory: &Floats) -> &[f32] {
    // SAFETY: it holds so many numbers for as long as it lives, and nobody writes to them once they are packed.
    unsafe { std::slice::from_raw_parts(memory.start(), memory.length()) }
}

fn bytes_of(floats: &[f32]) -> &[u8] {
    // SAFETY: bytes have no alignment, and any are valid.
    unsafe { std::slice::from_raw_parts(floats.as_ptr() as *const u8, size_of_val(floats)) }
}
