//! Arrays in a zip archive, as `np.savez` and `np.savez_compressed` write them.

use super::InputError;
use super::error::{excerpt, io_predicate};
use super::npy::{self, Header};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use zip::CompressionMethod;
use zip::read::{ZipArchiveMetadata, ZipReadOptions};
use zip::result::ZipError;

/// More arrays than any model has layers.
const MOST_ENTRIES: usize = 100_000;

/// One array of an archive. The archive's index is read once and shared.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    archive: Arc<ZipArchiveMetadata>,
    index: usize,
    key: String,
}

/// What an archive holds.
pub(super) struct Index {
    pub entries: Vec<Entry>,
    /// About entries that are no arrays.
    pub error: Option<InputError>,
}

/// Lists the arrays of an archive.
pub(super) fn list(path: &Path) -> Result<Index, InputError> {
    let file = path.display().to_string();
    let fail = |predicate: String| InputError::new(file.clone(), predicate);
    let mut reader = BufReader::new(File::open(path).map_err(|e| fail(io_predicate(&e)))?);
    let archive = zip::ZipArchive::new(&mut reader).map_err(|e| fail(not_zip(path, e)))?.metadata();
    if archive.len() > MOST_ENTRIES {
        return Err(fail(format!("holds {} entries, more than qviz lists; split it.", archive.len())));
    }
    let (mut entries, mut others) = (Vec::new(), Vec::new());
    for index in 0..archive.len() {
        let entry = archive.entry(index).map_err(|e| fail(zip_predicate(&e)))?;
        let name = match entry.name() {
            Ok(name) => name.into_owned(),
            Err(_) => String::from_utf8_lossy(entry.name_raw()).into_owned(),
        };
        match name.strip_suffix(".npy") {
            Some(key) => entries.push(Entry { archive: archive.clone(), index, key: key.into() }),
            None if entry.is_dir() => {}
            None => others.push(name),
        }
    }
    let example = others.first().map_or_else(String::new, |name| excerpt(name));
    if entries.is_empty() {
        return Err(fail(match others.len() {
            0 => "is an archive without arrays; write it with np.savez.".into(),
            _ => format!("holds no .npy arrays, only entries such as {example}; write the tensors with np.savez."),
        }));
    }
    let error = match others.len() {
        0 => None,
        1 => Some(fail(format!("holds {example}, which is no .npy array and was left out; save arrays only."))),
        n => Some(fail(format!(
            "holds {n} entries that are no .npy arrays and were left out, such as {example}; save arrays only."
        ))),
    };
    Ok(Index { entries, error })
}

impl Entry {
    /// The array's name: the entry's, without `.npy`.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Uncompressed bytes, as the archive's index has it. Not to be trusted with memory.
    pub fn size(&self) -> u64 {
        self.archive.entry(self.index).map_or(0, |entry| entry.size())
    }

    /// Opens the archive anew and reads the array's header.
    pub fn open(&self, path: &Path) -> Result<(Header, Opened), String> {
        let entry = self.archive.entry(self.index).map_err(|e| zip_predicate(&e))?;
        if entry.encrypted() {
            return Err("is encrypted; unpack the archive and give the .npy files.".into());
        }
        if !matches!(entry.compression(), CompressionMethod::Stored | CompressionMethod::Deflated) {
            return Err(format!(
                "is compressed in a way that NumPy does not use ({}); write it with np.savez_compressed.",
                entry.compression()
            ));
        }
        let file = File::open(path).map_err(|e| io_predicate(&e))?;
        let mut opened = Opened { entry: self.clone(), file: BufReader::new(file), header_len: 0 };
        let header = opened.with_reader(|reader| npy::read_header(reader))?;
        opened.header_len = header.header_len;
        Ok((header, opened))
    }
}

/// An archive that is open for one of its arrays.
pub(super) struct Opened {
    entry: Entry,
    file: BufReader<File>,
    header_len: u64,
}

impl Opened {
    /// Runs `f` on a reader that stands at the array's first element.
    pub fn with_body<T>(mut self, f: impl FnOnce(&mut dyn Read) -> Result<T, String>) -> Result<T, String> {
        let header_len = self.header_len;
        self.with_reader(|reader| {
            // A second decompression of the header: cheaper than a reader that borrows from its own archive.
            io::copy(&mut reader.take(header_len), &mut io::sink()).map_err(|e| damaged(&e))?;
            f(reader)
        })
    }

    fn with_reader<T>(&mut self, f: impl FnOnce(&mut dyn Read) -> Result<T, String>) -> Result<T, String> {
        let entry = self.entry.archive.entry(self.entry.index).map_err(|e| zip_predicate(&e))?;
        let mut reader = entry.with_reader(&mut self.file, ZipReadOptions::new()).map_err(|e| zip_predicate(&e))?;
        f(&mut reader)
    }
}

/// The sentence for an entry that cannot be decompressed, or whose checksum differs.
pub(super) fn damaged(error: &io::Error) -> String {
    format!("is damaged ({}); dump it again.", excerpt(&error.to_string()))
}

fn zip_predicate(error: &ZipError) -> String {
    match error {
        ZipError::Io(e) if e.kind() == io::ErrorKind::UnexpectedEof => "is cut short; dump it again.".into(),
        ZipError::Io(e) => io_predicate(e),
        e => format!("is damaged ({}); dump it again.", excerpt(&e.to_string())),
    }
}

/// Why a file that should be a zip archive cannot be listed.
fn not_zip(path: &Path, error: ZipError) -> String {
    let mut start = [0; 8];
    let found = match File::open(path).and_then(|mut file| npy::fill(&mut file, &mut start)) {
        Ok(found) => found,
        Err(e) => return io_predicate(&e),
    };
    match &start[..found] {
        [] => "is empty (0 bytes); dump it again.".into(),
        start if npy::is_npy(start) => "is a plain .npy array, not an archive; name it .npy.".into(),
        [b'P', b'K', ..] => {
            let why = excerpt(&error.to_string());
            format!("is a zip archive without a readable index ({why}): it may be cut short; dump it again.")
        }
        _ => "is not a zip archive, which every .npz is; write it with np.savez.".into(),
    }
}
