//! A file of accounts, row by row: CSV (RFC 4180) or a JSON object on each line. A row that can't be read
//! is told of, and the next one is read.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use csv_core::ReadRecordResult;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::unusable;
use crate::models::{Error, Result, params::Fault, secrets::hex, users::import::ImportParams};

/// Bytes of a line.
const MAX_LINE: u64 = 64 * 1024;
/// Lines that a field between quotes may go over. Beyond it a quote was left open.
const MAX_LINES: usize = 50;
/// There are fewer columns; beyond it a line is something else.
const MAX_FIELDS: usize = 100;

/// The columns of a CSV file, and of what `users:export` writes, in its order.
pub const COLUMNS: [&str; 17] = [
    "id",
    "username",
    "email",
    "first_name",
    "last_name",
    "phone_number",
    "role",
    "is_active",
    "password_hash",
    "locale",
    "created_at",
    "updated_at",
    "email_verified_at",
    "last_login_at",
    "deleted_at",
    "suspended_until",
    "suspension_reason",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Csv,
    JsonLines,
}

/// What stands in a row, or why it can't be read.
pub struct Row {
    /// Where it begins; the first is 1.
    pub line: u64,
    pub fields: std::result::Result<Map<String, Value>, Vec<Fault>>,
}

/// SHA-256 of a file, by which an import knows it again.
pub fn digest(path: &Path) -> Result<String> {
    let failed = |err: std::io::Error| unusable(path, &err.to_string());
    let mut file = File::open(path).map_err(failed)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1024 * 1024];
    loop {
        let read = file.read(&mut buffer).map_err(failed)?;
        if read == 0 {
            break;
        }
        hash.update(&buffer[..read]);
    }
    Ok(hex(&hash.finalize()))
}

pub struct Reader {
    path: PathBuf,
    file: BufReader<File>,
    format: Format,
    splitter: Splitter,
    columns: Vec<String>,
    line: u64,
    position: u64,
}

impl Reader {
    /// # Errors
    /// [`Error::Invalid`] for a file that can't be opened and for unknown or missing columns.
    pub fn open(path: &Path, format: &Format) -> Result<Self> {
        let failed = |err: std::io::Error| unusable(path, &err.to_string());
        let file = File::open(path).map_err(failed)?;
        if file.metadata().map_err(failed)?.len() == 0 {
            return Err(unusable(path, "the file is empty"));
        }
        let mut reader = Self {
            path: path.to_path_buf(),
            file: BufReader::with_capacity(256 * 1024, file),
            format: *format,
            splitter: Splitter::new(),
            columns: Vec::new(),
            line: 0,
            position: 0,
        };
        if reader.format == Format::Csv {
            reader.read_header()?;
        }
        Ok(reader)
    }

    fn read_header(&mut self) -> Result<()> {
        let line = self.read_line()?.unwrap_or_default();
        let line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&line);
        let Some(Ok(columns)) = self.splitter.fields(line) else {
            return Err(unusable(
                &self.path,
                "the first line has no names of columns",
            ));
        };
        let known = |name: &String| COLUMNS.contains(&name.as_str()) || name == "password_salt";
        if let Some(column) = columns.iter().find(|name| !known(name)) {
            // Another system's secret may stand where a header is missing.
            let what = if column
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "_-. ".contains(c))
            {
                format!(
                    "there is no column `{}`; there are: {}",
                    column.chars().take(40).collect::<String>(),
                    COLUMNS.join(", ")
                )
            } else {
                "the first line has no names of columns".to_string()
            };
            return Err(unusable(&self.path, &what));
        }
        for (n, name) in columns.iter().enumerate() {
            if columns[..n].contains(name) {
                return Err(unusable(
                    &self.path,
                    &format!("the column `{name}` is there twice"),
                ));
            }
        }
        for name in ["username", "email"] {
            if !columns.iter().any(|column| column == name) {
                return Err(unusable(
                    &self.path,
                    &format!("the column `{name}` is missing"),
                ));
            }
        }
        self.columns = columns;
        Ok(())
    }

    /// Do its hashes need what stands beside them in a Firebase project?
    pub fn has_salts(&self) -> bool {
        self.columns.iter().any(|column| column == "password_salt")
    }

    /// Go on at this place, which an earlier run had come to.
    pub fn go_to(&mut self, position: u64, line: u64) -> Result<()> {
        if position > 0 {
            let sought = self.file.seek(SeekFrom::Start(position));
            sought.map_err(|err| unusable(&self.path, &err.to_string()))?;
            (self.position, self.line) = (position, line);
        }
        Ok(())
    }

    /// Lines that have been read.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Bytes that have been read.
    pub fn position(&self) -> u64 {
        self.position
    }

    pub fn row(&mut self) -> Result<Option<Row>> {
        loop {
            let Some(bytes) = self.read_line()? else {
                return Ok(None);
            };
            let line = self.line;
            if bytes.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let fields = if bytes.len() as u64 > MAX_LINE {
                Err(fault("line_too_long", "A row has at most 64 KiB."))
            } else if self.format == Format::Csv {
                self.csv(bytes)?
            } else {
                json(&bytes)
            };
            return Ok(Some(Row { line, fields }));
        }
    }

    /// With its end; what is beyond the limit is passed over, and shows by the length.
    fn read_line(&mut self) -> Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        let mut part = self.file.by_ref().take(MAX_LINE + 1);
        let mut read = part.read_until(b'\n', &mut line).map_err(internal)?;
        if read == 0 {
            return Ok(None);
        }
        while line.last() != Some(&b'\n') {
            let mut rest = Vec::new();
            let mut part = self.file.by_ref().take(MAX_LINE);
            let more = part.read_until(b'\n', &mut rest).map_err(internal)?;
            if more == 0 {
                break;
            }
            read += more;
            if rest.last() == Some(&b'\n') {
                line.push(b'\n');
            }
        }
        self.line += 1;
        self.position += read as u64;
        Ok(Some(line))
    }

    /// A record that goes over several lines is taken for one when it ends and has the right number of
    /// fields; otherwise a quote was left open, and only its line is lost.
    fn csv(
        &mut self,
        mut bytes: Vec<u8>,
    ) -> Result<std::result::Result<Map<String, Value>, Vec<Fault>>> {
        let begin = (self.position, self.line);
        let mut lines = 1;
        let whole = loop {
            match self.splitter.fields(&bytes) {
                Some(fields) => break Some(fields),
                None if lines == MAX_LINES || bytes.len() as u64 > MAX_LINE => break None,
                None => {}
            }
            match self.read_line()? {
                Some(more) => bytes.extend(more),
                None => break None,
            }
            lines += 1;
        };
        let fits = |fields: &Vec<String>| fields.len() == self.columns.len();
        let whole = whole.filter(|fields| {
            lines == 1 || (fields.as_ref().is_ok_and(fits) && is_well_quoted(&bytes))
        });
        if whole.is_none() && lines > 1 {
            let sought = self.file.seek(SeekFrom::Start(begin.0));
            sought.map_err(|err| unusable(&self.path, &err.to_string()))?;
            (self.position, self.line) = begin;
        }
        Ok(match whole {
            None => Err(fault("open_quote", "A quotation mark is not closed.")),
            Some(Err(fault)) => Err(fault),
            Some(Ok(fields)) if !fits(&fields) => Err(fault(
                "wrong_number_of_fields",
                format!("{} fields instead of {}.", fields.len(), self.columns.len()),
            )),
            Some(Ok(fields)) => typed(&self.columns, fields),
        })
    }
}

/// Writes what `Reader` reads.
pub struct Writer<W: Write>(Kind<W>);

enum Kind<W: Write> {
    Csv(Box<csv::Writer<W>>),
    JsonLines(W),
}

impl<W: Write> Writer<W> {
    pub fn new(file: W, format: Format) -> Result<Self> {
        Ok(Self(match format {
            Format::JsonLines => Kind::JsonLines(file),
            Format::Csv => {
                let mut writer = csv::WriterBuilder::new()
                    .has_headers(false)
                    .from_writer(file);
                writer.write_record(COLUMNS).map_err(internal)?;
                Kind::Csv(Box::new(writer))
            }
        }))
    }

    pub fn write(&mut self, row: &ImportParams) -> Result<()> {
        match &mut self.0 {
            Kind::Csv(writer) => writer.serialize(row).map_err(internal),
            Kind::JsonLines(file) => {
                serde_json::to_writer(&mut *file, row).map_err(internal)?;
                file.write_all(b"\n").map_err(internal)
            }
        }
    }

    pub fn end(self) -> Result<W> {
        match self.0 {
            Kind::Csv(writer) => writer.into_inner().map_err(internal),
            Kind::JsonLines(file) => Ok(file),
        }
    }
}

fn internal(err: impl std::fmt::Display) -> Error {
    Error::Internal(err.to_string())
}

fn fault(code: &'static str, detail: impl Into<std::borrow::Cow<'static, str>>) -> Vec<Fault> {
    vec![Fault::new("", code, detail)]
}

/// Splits records, with what it takes to do so made once.
struct Splitter {
    core: csv_core::Reader,
    text: Vec<u8>,
    ends: [usize; MAX_FIELDS],
}

impl Splitter {
    fn new() -> Self {
        Self {
            core: csv_core::Reader::new(),
            text: Vec::new(),
            ends: [0; MAX_FIELDS],
        }
    }

    /// The fields of one record, which ends with its line; `None` while a quotation mark is open.
    fn fields(&mut self, record: &[u8]) -> Option<std::result::Result<Vec<String>, Vec<Fault>>> {
        if record.last() != Some(&b'\n') {
            // The last line of a file.
            return self.fields(&[record, b"\n"].concat());
        }
        self.core.reset();
        self.text.resize(record.len(), 0);
        let (result, _, _, count) = self
            .core
            .read_record(record, &mut self.text, &mut self.ends);
        match result {
            ReadRecordResult::Record => {}
            ReadRecordResult::OutputEndsFull => {
                let detail = format!("More than {MAX_FIELDS} fields.");
                return Some(Err(fault("wrong_number_of_fields", detail)));
            }
            _ => return None,
        }
        let mut begin = 0;
        let fields = self.ends[..count].iter().map(|end| {
            let field = String::from_utf8(self.text[begin..*end].to_vec());
            begin = *end;
            field
        });
        let fields: std::result::Result<Vec<_>, _> = fields.collect();
        Some(fields.map_err(|_| fault("not_utf8", "The text is not UTF-8.")))
    }
}

/// Does each quotation mark that closes stand at the end of its field? Where one was left open, the next
/// that opens a field seems to close it, in the middle of another row.
fn is_well_quoted(bytes: &[u8]) -> bool {
    let mut rest = bytes.iter().copied().peekable();
    let (mut begins, mut quoted) = (true, false);
    while let Some(byte) = rest.next() {
        if quoted && byte == b'"' {
            match rest.peek() {
                Some(b'"') => _ = rest.next(),
                None | Some(b',' | b'\r' | b'\n') => quoted = false,
                Some(_) => return false,
            }
        } else if !quoted {
            quoted = begins && byte == b'"';
            begins = byte == b',';
        }
    }
    !quoted
}

/// What is empty is left out.
fn typed(
    columns: &[String],
    fields: Vec<String>,
) -> std::result::Result<Map<String, Value>, Vec<Fault>> {
    let mut row = Map::new();
    for (column, field) in columns.iter().zip(fields) {
        if field.is_empty() {
            continue;
        }
        let value = match column.as_str() {
            "is_active" => match field.to_ascii_lowercase().as_str() {
                "true" | "t" | "1" => Value::Bool(true),
                "false" | "f" | "0" => Value::Bool(false),
                _ => {
                    let detail = "Expected true or false.";
                    return Err(vec![Fault::new(column, "invalid_type", detail)]);
                }
            },
            // As PostgreSQL writes it.
            name if name.ends_with("_at") || name == "suspended_until" => {
                Value::String(rfc3339(field))
            }
            _ => Value::String(field),
        };
        row.insert(column.clone(), value);
    }
    Ok(row)
}

/// `2026-11-23 08:00:00.5+00` as RFC 3339 has it; what is not like it is left for others to refuse.
fn rfc3339(text: String) -> String {
    let mut at = text;
    if at.as_bytes().get(10) == Some(&b' ') {
        at.replace_range(10..11, "T");
    }
    let hours_of_offset = at.len().checked_sub(3).filter(|n| *n > 10);
    if hours_of_offset.is_some_and(|n| matches!(at.as_bytes()[n], b'+' | b'-')) {
        at.push_str(":00");
    }
    at
}

fn json(bytes: &[u8]) -> std::result::Result<Map<String, Value>, Vec<Fault>> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if std::str::from_utf8(bytes).is_err() {
        return Err(fault("not_utf8", "The text is not UTF-8."));
    }
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(fault("invalid_type", "A row is a JSON object.")),
        Err(err) => {
            let detail = format!("No JSON, at column {}.", err.column());
            Err(fault("invalid_json", detail))
        }
    }
}
