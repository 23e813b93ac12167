//! What was measured, kept between processes: a file for each CPU, instruction set, number of threads and version of the
//! kernels.

use crate::packed::Digest;
use crate::plan::Choices;
use std::io;
use std::path::{Path, PathBuf};

pub struct TuningFile {
    path: PathBuf,
}

impl TuningFile {
    /// `kernels` is the digest of the code that was measured.
    pub fn new(folder: &Path, isa: &str, threads: usize, kernels: Digest) -> TuningFile {
        let version: String = kernels[..6].iter().map(|byte| format!("{byte:02x}")).collect();
        let name = format!("tuning {} {isa} {threads} {version}", crate::cpu::name());
        let name = name.replace(|letter: char| !letter.is_ascii_alphanumeric() && letter != '.', "-");
        TuningFile { path: folder.join(format!("{name}.json")) }
    }

    /// Nothing, where there is no such file or it is damaged.
    pub fn read(&self) -> Choices {
        std::fs::read_to_string(&self.path).map_or_else(|_| Choices::default(), |text| Choices::from_json(&text))
    }

    /// A whole file or none: written under a name of this process's own, then renamed.
    pub fn write(&self, choices: &Choices) -> io::Result<()> {
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let temporary = self.path.with_extension(format!("{}.part", std::process::id()));
        let written = std::fs::write(&temporary, choices.to_json() + "\n");
        let renamed = written.and_then(|()| std::fs::rename(&temporary, &self.path));
        if renamed.is_err() {
            // What was written of it is of no use; whether it goes, changes nothing.
            let _ = std::fs::remove_file(&temporary);
        }
        renamed
    }
}

#[cfg(test)]
mod tests {
    use super::TuningFile;
    use crate::plan::{Algorithm, Choice, Choices};

    #[test]
    fn what_was_written_is_read_and_what_is_damaged_is_nothing() {
        let folder = std::env::temp_dir().join(format!("residual-tuning-{}", std::process::id()));
        let file = TuningFile::new(&folder, "avx2", 2, [1; 32]);
        assert_eq!(file.read(), Choices::default());
        let mut choices = Choices::default();
        choices.set("a shape", Choice { divides_otherwise: true, ..Choice::of(Algorithm::Winograd(4)) });
        file.write(&choices).unwrap();
        assert_eq!(file.read(), choices);
        for other in [TuningFile::new(&folder, "avx2", 3, [1; 32]), TuningFile::new(&folder, "avx2", 2, [2; 32])] {
            assert_eq!(other.read(), Choices::default());
        }
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
        for damaged in [&b"{\"a shape\":"[..], b"[1, 2]", &[0xff, 0xfe, 0]] {
            std::fs::write(&file.path, damaged).unwrap();
            assert_eq!(file.read(), Choices::default());
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
