//! The rows that were not imported, one on each line: where, what and why. Never what stood there.

use std::{
    fs::{File, OpenOptions},
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

pub struct Report {
    path: PathBuf,
    file: File,
    length: u64,
}

impl Report {
    /// Go on after so many bytes, which belong to the rows that were dealt with.
    pub fn open(path: &Path, length: u64) -> Result<Self> {
        let failed = |err: std::io::Error| unusable(path, &err.to_string());
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(failed)?;
        let there = file.metadata().map_err(failed)?.len();
        if there < length {
            let what =
                "the report of the first part of this import is not here; name its file again";
            return Err(unusable(path, what));
        }
        if length == 0 && there > 0 && !is_report(path) {
            let what = "there is another file already; name another report";
            return Err(unusable(path, what));
        }
        file.set_len(length).map_err(failed)?;
        let mut length = length;
        if length == 0 {
            file.write_all(HEADER.as_bytes()).map_err(failed)?;
            length = HEADER.len() as u64;
        }
        Ok(Self {
            path: path.to_path_buf(),
            file,
            length,
        })
    }

    /// Add these, durably; the length it has then.
    pub fn add(&mut self, rejected: &[(u64, Fault)]) -> Result<u64> {
        let internal = |err: std::io::Error| Error::Internal(err.to_string());
        let mut lines = csv::Writer::from_writer(Vec::new());
        for (line, fault) in rejected {
            let field = fault.pointer.trim_start_matches('/');
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
