//! A file as rows: CSV with a header or JSON lines, plain or gzip, with or without a byte order mark. What kind it is
//! shows in its first bytes; its name does not matter.

use std::fs::File;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::path::Path;

use flate2::read::MultiGzDecoder;
use indicatif::ProgressBar;

use crate::domain::import::Fields;
use crate::domain::import::Source;
use crate::domain::text;
use crate::error::Error;
use crate::error::Result;
use crate::secret;

/// A line of JSON or a row of CSV may have so many bytes: the longest real invoice has 37,000. A quote that nobody closes
/// makes one row of all that follows.
const LONGEST: u64 = 4 << 20;
const GZIP: [u8; 2] = [0x1f, 0x8b];
const MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// What one row says, before anyone asks whether it makes sense.
pub enum Content {
    /// Cells by the names of their columns.
    Cells(Fields),
    /// An object in JSON.
    Json(String),
    /// Neither: why, and the cells that can be made out.
    Unreadable(String, Fields),
}

/// A row with the line on which it begins.
pub struct Raw {
    pub line: u64,
    pub content: Content,
}

/// The rows of an open file.
pub enum Rows {
    /// With the names of the columns.
    Csv(Box<csv::Reader<Bounded>>, Vec<String>),
    /// With the number of the line before.
    Lines(Box<dyn BufRead>, u64),
}

/// The file's name and the hash of its bytes.
pub fn identify(path: &Path) -> Result<Source> {
    let mut file = open(path)?;
    let sha256 = secret::digest_of(&mut file).map_err(|cause| unreadable(path, &cause))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(Source {
        name: name.into_owned(),
        sha256: sha256.iter().map(|byte| format!("{byte:02x}")).collect(),
    })
}

fn open(path: &Path) -> Result<File> {
    File::open(path).map_err(|cause| unreadable(path, &cause))
}

/// How many bytes the file has.
pub fn size(path: &Path) -> Result<u64> {
    let about = std::fs::metadata(path).map_err(|cause| unreadable(path, &cause))?;
    Ok(about.len())
}

fn unreadable(path: &Path, cause: &std::io::Error) -> Error {
    Error::internal(format!("cannot read {}: {cause}", path.display()))
}

fn broken(cause: &std::io::Error) -> Error {
    Error::internal(format!("the file ends badly: {cause}"))
}

impl Rows {
    /// Opens a file; the bar follows the bytes that are read from it.
    pub fn open(path: &Path, bar: &ProgressBar) -> Result<Self> {
        let mut plain = BufReader::with_capacity(1 << 16, bar.wrap_read(open(path)?));
        let is_gzip = fill(&mut plain)?.starts_with(&GZIP);
        let mut bytes: Box<dyn BufRead> = match is_gzip {
            true => Box::new(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(plain))),
            false => Box::new(plain),
        };
        if fill(&mut bytes)?.starts_with(&MARK) {
            bytes.consume(MARK.len());
        }
        let first = fill(&mut bytes)?
            .iter()
            .find(|byte| !byte.is_ascii_whitespace())
            .copied();
        match first {
            Some(b'{') => Ok(Self::Lines(bytes, 0)),
            _ => Self::csv(bytes),
        }
    }

    fn csv(bytes: Box<dyn BufRead>) -> Result<Self> {
        // With its own idea of CRLF the reader counts lines one behind; the CR is taken off below.
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .terminator(csv::Terminator::Any(b'\n'))
            .from_reader(Bounded { bytes, read: 0 });
        let header = reader
            .byte_headers()
            .map_err(|cause| Error::internal(format!("the header cannot be read: {cause}")))?;
        let names = header
            .iter()
            .map(|name| String::from_utf8_lossy(name).trim().to_ascii_lowercase())
            .collect();
        Ok(Self::Csv(Box::new(reader), names))
    }

    /// The names of the columns, of a CSV file.
    pub fn columns(&self) -> &[String] {
        match self {
            Self::Csv(_, names) => names,
            Self::Lines(..) => &[],
        }
    }

    fn next_record(reader: &mut csv::Reader<Bounded>, names: &[String]) -> Result<Option<Raw>> {
        let mut record = csv::ByteRecord::new();
        loop {
            reader.get_mut().read = 0;
            let line = reader.position().line();
            let more = reader.read_byte_record(&mut record);
            let more = more.map_err(|cause| {
                Error::internal(format!("the file cannot be read on from line {line}: {cause}"))
            })?;
            if !more {
                return Ok(None);
            }
            let is_blank = record.len() == 1 && record[0].trim_ascii().is_empty();
            if !is_blank {
                let line = record.position().map_or(0, csv::Position::line);
                let content = cells(&record, names);
                return Ok(Some(Raw { line, content }));
            }
        }
    }

    fn next_line(bytes: &mut dyn BufRead, line: &mut u64) -> Result<Option<Raw>> {
        loop {
            let mut text = Vec::new();
            let read = bytes
                .take(LONGEST)
                .read_until(b'\n', &mut text)
                .map_err(|cause| broken(&cause))?;
            if read == 0 {
                return Ok(None);
            }
            *line += 1;
            if read as u64 == LONGEST {
                return Err(Error::internal(format!(
                    "line {line} is longer than {LONGEST} bytes"
                )));
            }
            if text.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let content = match String::from_utf8(text) {
                Ok(text) => Content::Json(text),
                Err(_) => Content::Unreadable("is not UTF-8".into(), Fields::default()),
            };
            return Ok(Some(Raw { line: *line, content }));
        }
    }
}

/// Bytes of which one row may take so many and no more.
pub struct Bounded {
    bytes: Box<dyn BufRead>,
    read: u64,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.read > LONGEST {
            let words = format!("a row is longer than {LONGEST} bytes");
            return Err(std::io::Error::other(words));
        }
        let count = self.bytes.read(buffer)?;
        self.read += count as u64;
        Ok(count)
    }
}

impl Iterator for Rows {
    type Item = Result<Raw>;

    fn next(&mut self) -> Option<Result<Raw>> {
        match self {
            Self::Csv(reader, names) => Self::next_record(reader, names),
            Self::Lines(bytes, line) => Self::next_line(bytes.as_mut(), line),
        }
        .transpose()
    }
}

fn fill(bytes: &mut impl BufRead) -> Result<&[u8]> {
    bytes.fill_buf().map_err(|cause| broken(&cause))
}

/// The cells of a record; the `'` that an export puts before formulas is taken off.
fn cells(record: &csv::ByteRecord, names: &[String]) -> Content {
    let (has, wants) = (record.len(), names.len());
    // Where cells are missing, the last that is there may be half of one.
    let whole = if has < wants { has.saturating_sub(1) } else { wants };
    let mut fields = Fields::default();
    let mut is_text = true;
    for (name, cell) in names.iter().zip(record).take(whole) {
        match std::str::from_utf8(cell.strip_suffix(b"\r").unwrap_or(cell)) {
            Ok(cell) => fields.set(name, text::plain_cell(cell)),
            Err(_) => is_text = false,
        }
    }
    match (has == wants, is_text) {
        (true, true) => Content::Cells(fields),
        (true, false) => Content::Unreadable("is not UTF-8".into(), fields),
        (false, _) => Content::Unreadable(format!("has {has} cells where the header has {wants}"), fields),
    }
}

impl Content {
    /// The cells, also of a flat JSON object.
    pub fn fields(self) -> std::result::Result<Fields, String> {
        let text = match self {
            Self::Cells(fields) => return Ok(fields),
            Self::Unreadable(reason, _) => return Err(reason),
            Self::Json(text) => text,
        };
        crate::domain::json::check(text.as_bytes()).map_err(|bad| format!("the line {}", bad.message))?;
        let object: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(&text).map_err(|cause| format!("is not a JSON object: {cause}"))?;
        let mut fields = Fields::default();
        for (name, value) in object {
            match value {
                serde_json::Value::Null => {}
                serde_json::Value::String(text) => fields.set(name, text),
                serde_json::Value::Number(number) => fields.set(name, number.to_string()),
                _ => return Err(format!("{name} must be a text or a number")),
            }
        }
        Ok(fields)
    }
}
