//! The rows that were not imported, one on each line: where, what and why. Never what stood there.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::Write,
    path::{Path, PathBuf},
};

use super::unusable;
use crate::models::{Error, Result, params::Fault};

const HEADER: &str = "line,field,code,reason\n";

/// Was it written here? Then a new one may take its place.
fn is_report(path: &Path) -> bool {
    use std::io::Read;
    let mut begin = vec![0; HEADER.len()];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut begin));
    read.is_ok() && begin == HEADER.as_bytes()
}

/// Has another process locked it? Where there are no locks, `imports.position` alone keeps two apart.
fn is_anothers(file: &File) -> bool {
    matches!(file.try_lock(), Err(TryLockError::WouldBlock))
}

/// Is this file the one that has this name still?
fn is_at(file: &File, path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let place = |metadata: &std::fs::Metadata| (metadata.dev(), metadata.ino());
        let (own, named) = (file.metadata(), std::fs::metadata(path));
        matches!((own, named), (Ok(own), Ok(named)) if place(&own) == place(&named))
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        path.exists()
    }
}

/// The name of a field. One that is unknown comes from the file, where a secret may stand in its place.
fn named(pointer: &str) -> &str {
    let field = pointer.trim_start_matches('/');
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if field.len() <= 40 && field.chars().all(is_name) {
        field
    } else {
        ""
    }
}

pub struct Report {
    path: PathBuf,
    file: File,
    length: u64,
}

impl Report {
    /// For this process alone, until it ends: two that write one report would mix their rows.
    pub fn open(path: &Path) -> Result<Self> {
        let failed = |err: std::io::Error| unusable(path, &err.to_string());
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        loop {
            let file = options.open(path).map_err(failed)?;
            if is_anothers(&file) {
                return Err(unusable(path, "another import is writing this report"));
            }
            // Who had it before may have removed it.
            if is_at(&file, path) {
                let path = path.to_path_buf();
                let length = 0;
                return Ok(Self { path, file, length });
            }
        }
    }

    /// Go on after so many bytes, which belong to the rows that were dealt with.
    pub fn go_to(&mut self, length: u64) -> Result<()> {
        let failed = |err: std::io::Error| unusable(&self.path, &err.to_string());
        let there = self.file.metadata().map_err(failed)?.len();
        if there < length {
            let what =
                "the report of the first part of this import is not here; name its file again";
            return Err(unusable(&self.path, what));
        }
        if length == 0 && there > 0 && !is_report(&self.path) {
            let what = "there is another file already; name another report";
            return Err(unusable(&self.path, what));
        }
        self.file.set_len(length).map_err(failed)?;
        self.length = length;
        if length == 0 {
            self.file.write_all(HEADER.as_bytes()).map_err(failed)?;
            self.length = HEADER.len() as u64;
        }
        Ok(())
    }

    /// Add these, durably; the length it has then.
    pub fn add(&mut self, rejected: &[(u64, Fault)]) -> Result<u64> {
        let internal = |err: std::io::Error| Error::Internal(err.to_string());
        let mut lines = csv::Writer::from_writer(Vec::new());
        for (line, fault) in rejected {
            let field = named(&fault.pointer);
            let written =
                lines.write_record([&line.to_string(), field, &fault.code, &fault.detail]);
            written.map_err(|err| Error::Internal(err.to_string()))?;
        }
        let lines = lines.into_inner();
        let lines = lines.map_err(|err| Error::Internal(err.to_string()))?;
        if !lines.is_empty() {
            self.file.write_all(&lines).map_err(internal)?;
            self.file.sync_data().map_err(internal)?;
        }
        self.length += lines.len() as u64;
        Ok(self.length)
    }

    /// Where it is, or nothing and no file when it has no row.
    pub fn end(self, has_rows: bool) -> Result<Option<String>> {
        if has_rows {
            return Ok(Some(self.path.display().to_string()));
        }
        std::fs::remove_file(&self.path).map_err(|err| Error::Internal(err.to_string()))?;
        Ok(None)
    }
}

impl Drop for Report {
    /// An import that did not begin leaves none.
    fn drop(&mut self) {
        if self.file.metadata().is_ok_and(|file| file.len() == 0) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}
