//! Arrays in a zip archive, as `np.savez` and `np.savez_compressed` write them.

use super::InputError;
use super::error::{damaged, excerpt, io_predicate, thousands};
use super::foreign::{FOREIGN_START, Foreign, foreign};
use super::npy::{self, Header};
use crate::error::{ErrorKind, Predicate};
use std::collections::HashSet;
use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use zip::CompressionMethod;
use zip::read::{ZipArchiveMetadata, ZipFileEntry, ZipReadOptions};
use zip::result::ZipError;

mod zip64;

/// More arrays than any model has layers.
const MOST_ENTRIES: u64 = 100_000;

/// What `xz -9` uses. Python writes an eighth of it.
const LARGEST_DICTIONARY: u32 = 64 << 20;

/// One array of an archive. The archive's index is read once and shared.
#[derive(Clone)]
pub(super) struct Entry {
    archive: Arc<ZipArchiveMetadata>,
    index: usize,
    key: String,
}

/// What an archive holds.
pub(super) struct Index {
    pub entries: Vec<Entry>,
    /// About entries that are left out.
    pub errors: Vec<InputError>,
}

/// Lists the arrays of an archive.
pub(super) fn list(path: &Path) -> Result<Index, InputError> {
    let file = path.display().to_string();
    let fail = |predicate: Predicate| InputError::new(file.clone(), predicate);
    let mut reader = File::open(path).map_err(|e| fail(io_predicate(&e)))?;
    match zip64::claimed_entries(&mut reader).map_err(|e| fail(io_predicate(&e)))? {
        Some(n) if n > MOST_ENTRIES => {
            let (n, most) = (thousands(n), thousands(MOST_ENTRIES));
            let text = format!("claims to hold {n} arrays, and {most} is the most that is read; split it.");
            return Err(fail(text.into()));
        }
        Some(_) => {}
        None => return Err(fail(damaged("its index is not at its end"))),
    }
    let archive = zip::ZipArchive::new(BufReader::new(reader)).map_err(|e| fail(not_zip(path, e)))?.metadata();
    let (mut entries, mut plain, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for index in 0..archive.len() {
        let entry = archive.entry(index).map_err(|e| fail(zip_predicate(&e)))?;
        let name = match entry.name() {
            Ok(name) => name.into_owned(),
            Err(_) => String::from_utf8_lossy(entry.name_raw()).into_owned(),
        };
        let named = |key: &str| Entry { archive: archive.clone(), index, key: key.into() };
        if entry.is_dir() {
            continue;
        }
        match name.strip_suffix(".npy") {
            // What the Finder packs beside every file is none.
            _ if name.starts_with("__MACOSX/") => others.push(name),
            Some(key) => entries.push((named(key), name.clone())),
            // NumPy, too, reads an array by whatever name.
            None if named(&name).is_array(path) => {
                entries.push((named(&name), name.clone()));
                plain.push(name);
            }
            None => others.push(name),
        }
    }
    // Beside an `x`, `x.npy` keeps its ending, as NumPy has it.
    let plain: HashSet<&str> = plain.iter().map(String::as_str).collect();
    for (entry, name) in entries.iter_mut().filter(|(entry, name)| entry.key != *name && plain.contains(&*entry.key)) {
        entry.key.clone_from(name);
    }
    let entries: Vec<Entry> = entries.into_iter().map(|(entry, _)| entry).collect();
    if entries.is_empty() && others.iter().any(|name| name.ends_with("/data.pkl")) {
        return Err(fail(Foreign::Torch.to_string().into()));
    }
    let example = others.first().map_or_else(String::new, |name| excerpt(name));
    if entries.is_empty() {
        let nothing = match others.len() {
            0 => "is an archive without arrays; write it with np.savez.".into(),
            _ => format!("holds no .npy arrays, only entries such as {example}; write the tensors with np.savez."),
        };
        return Err(fail(Predicate::new(ErrorKind::Missing, nothing)));
    }
    let left_out = match others.len() {
        0 => None,
        1 => Some(format!("holds {example}, which is no .npy array and was left out; save arrays only.")),
        n => Some(format!(
            "holds {n} entries that are no .npy arrays and were left out, such as {example}; save arrays only."
        )),
    };
    let mut errors: Vec<InputError> = left_out.into_iter().map(|text| fail(text.into())).collect();
    if archive.has_duplicate_names() {
        let predicate = "holds several arrays by the same name, and only the last of them is read; rename them.";
        errors.push(fail(predicate.into()));
    }
    Ok(Index { entries, errors })
}

impl fmt::Debug for Entry {
    /// Without the index of the whole archive.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Entry").field(&self.index).field(&self.key).finish()
    }
}

impl Entry {
    /// The array's name: the entry's, without `.npy`.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Whether it begins like an array; also where it is encrypted, which is said when it is opened.
    fn is_array(&self, path: &Path) -> bool {
        let mut start = [0; 8];
        match self.scan(path, |reader| npy::fill(reader, &mut start)) {
            Ok(found) => found.is_ok() && foreign(&start) == Some(Foreign::Npy),
            Err(_) => self.archive.entry(self.index).is_ok_and(|entry| entry.encrypted()),
        }
    }

    /// Uncompressed bytes, as the archive's index has it. Not to be trusted with memory.
    pub fn size(&self) -> u64 {
        self.archive.entry(self.index).map_or(0, |entry| entry.size())
    }

    /// Opens the archive anew and reads the header of the array that starts at this byte of the entry. `last` says whether
    /// no other follows it.
    pub fn open(&self, path: &Path, start: u64, last: bool) -> Result<(Header, Opened), Predicate> {
        let mut opened = self.unopened(path, last)?;
        let header = opened.with_reader(|reader| {
            pass_over(reader, start)?;
            npy::read_header(reader)
        })?;
        opened.before_body = start + header.header_len;
        Ok((header, opened))
    }

    /// Runs `f` on a reader of the whole entry.
    pub fn scan<T>(&self, path: &Path, f: impl FnOnce(&mut dyn Read) -> T) -> Result<T, Predicate> {
        self.unopened(path, true)?.with_reader(|reader| Ok(f(reader)))
    }

    fn unopened(&self, path: &Path, last: bool) -> Result<Opened, Predicate> {
        let entry = self.archive.entry(self.index).map_err(|e| zip_predicate(&e))?;
        if entry.encrypted() {
            return Err("is encrypted; unpack the archive and give the .npy files.".into());
        }
        let known =
            [CompressionMethod::Stored, CompressionMethod::Deflated, CompressionMethod::Bzip2, CompressionMethod::Lzma];
        if !known.contains(&entry.compression()) {
            return Err(format!(
                "is compressed in a way that NumPy does not read ({}); write it with np.savez_compressed.",
                entry.compression()
            )
            .into());
        }
        let mut file = BufReader::new(File::open(path).map_err(|e| io_predicate(&e))?);
        if entry.compression() == CompressionMethod::Lzma {
            check_dictionary(entry, &mut file)?;
        }
        Ok(Opened { entry: self.clone(), file, before_body: 0, last })
    }
}

/// LZMA says in its first bytes how much memory it takes.
fn check_dictionary(entry: ZipFileEntry, file: &mut BufReader<File>) -> Result<(), Predicate> {
    let start = {
        let reader = entry.with_reader(file, ZipReadOptions::new()).map_err(|e| zip_predicate(&e))?;
        reader.data_start()
    };
    // Version, size of what follows, a byte of parameters, and the size of the dictionary.
    let mut start_of_data = [0; 9];
    file.seek(SeekFrom::Start(start.unwrap_or(0))).map_err(|e| io_predicate(&e))?;
    npy::fill(file, &mut start_of_data).map_err(|e| io_predicate(&e))?;
    let [.., a, b, c, d] = start_of_data;
    let size = u32::from_le_bytes([a, b, c, d]);
    if size > LARGEST_DICTIONARY {
        let (size, most) = (thousands(u64::from(size)), thousands(u64::from(LARGEST_DICTIONARY)));
        return Err(Predicate::damaged(format!(
            "wants {size} bytes of memory to be unpacked (LZMA), and {most} is the most; write it with \
             np.savez_compressed."
        )));
    }
    Ok(())
}

/// Reads so many bytes for nothing: what is compressed has no other way to get behind them.
fn pass_over(reader: &mut dyn Read, bytes: u64) -> Result<(), Predicate> {
    io::copy(&mut reader.take(bytes), &mut io::sink()).map(drop).map_err(|e| io_predicate(&e))
}

/// An archive that is open for one of its arrays.
pub(super) struct Opened {
    entry: Entry,
    file: BufReader<File>,
    before_body: u64,
    last: bool,
}

impl Opened {
    /// Runs `f` on a reader that stands at the array's first element, and tells it whether the array is the entry's last.
    pub fn with_body<T>(mut self, f: impl FnOnce(&mut dyn Read, bool) -> Result<T, Predicate>) -> Result<T, Predicate> {
        let (before_body, last) = (self.before_body, self.last);
        self.with_reader(|reader| {
            // A second decompression of the header: cheaper than a reader that borrows from its own archive.
            pass_over(reader, before_body)?;
            f(reader, last)
        })
    }

    fn with_reader<T>(&mut self, f: impl FnOnce(&mut dyn Read) -> Result<T, Predicate>) -> Result<T, Predicate> {
        let entry = self.entry.archive.entry(self.entry.index).map_err(|e| zip_predicate(&e))?;
        let mut reader = entry.with_reader(&mut self.file, ZipReadOptions::new()).map_err(|e| zip_predicate(&e))?;
        f(&mut reader)
    }
}

fn zip_predicate(error: &ZipError) -> Predicate {
    match error {
        ZipError::Io(e) if e.kind() == io::ErrorKind::UnexpectedEof => {
            Predicate::damaged("is cut short; dump it again.")
        }
        ZipError::Io(e) => io_predicate(e),
        e => damaged(e),
    }
}

/// Why a file that should be a zip archive cannot be listed.
fn not_zip(path: &Path, error: ZipError) -> Predicate {
    let mut start = [0; FOREIGN_START];
    let found = match File::open(path).and_then(|mut file| npy::fill(&mut file, &mut start)) {
        Ok(0) => return Predicate::damaged("is empty (0 bytes); dump it again."),
        Ok(found) => found,
        Err(e) => return io_predicate(&e),
    };
    match foreign(&start[..found]) {
        Some(Foreign::Zip | Foreign::Torch) => {
            let why = excerpt(&error.to_string());
            Predicate::damaged(format!(
                "is a zip archive without a readable index ({why}): it may be cut short; dump it again."
            ))
        }
        Some(foreign) => foreign.to_string().into(),
        None => "is not a zip archive, which every .npz is; write it with np.savez.".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{self, f32s, read, sentence};
    use super::super::{CHUNK, Source, discover};
    use crate::ErrorKind;
    use proptest::prelude::*;
    use std::path::Path;

    fn sources(directory: &Path, bytes: &[u8]) -> super::super::Discovered {
        let path = directory.join("a.npz");
        std::fs::write(&path, bytes).unwrap();
        discover(&[path], None)
    }

    #[test]
    fn stored_and_deflated_arrays_read_back_any_number_of_times() {
        let directory = tempfile::tempdir().unwrap();
        let values: Vec<f32> = (0..CHUNK + 7).map(|i| i as f32).collect();
        for deflate in [false, true] {
            let entries = [("conv10.npy", &f32s(&values)[..]), ("conv2.npy", &f32s(&[2.0])), ("dir/s.npy", &f32s(&[]))];
            let found = sources(directory.path(), &testing::zip(&entries, deflate));
            assert!(found.errors.is_empty(), "{:?}", found.errors);
            let names: Vec<&str> = found.sources.iter().map(|s| s.name.as_str()).collect();
            assert_eq!(names, ["conv2", "conv10", "dir/s"]);
            for _ in 0..2 {
                assert_eq!(read(&found.sources[1].parts[0]).unwrap(), values);
                assert_eq!(read(&found.sources[0].parts[0]).unwrap(), [2.0]);
            }
            assert!(found.sources[0].parts[0].file().ends_with("a.npz"));
        }
    }

    #[test]
    fn archives_that_cannot_be_listed() {
        let directory = tempfile::tempdir().unwrap();
        let error = |bytes: &[u8]| sentence(directory.path(), "a.npz", bytes);
        assert_eq!(error(b""), "a.npz is empty (0 bytes); dump it again.");
        assert_eq!(error(&f32s(&[1.0])), "a.npz is an .npy array; name it .npy.");
        assert_eq!(
            error(b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n"),
            "a.npz is a Git LFS pointer, not the file itself; run git lfs pull."
        );
        assert_eq!(error(b"hello"), "a.npz is not a zip archive, which every .npz is; write it with np.savez.");
        assert_eq!(error(&testing::zip(&[], false)), "a.npz is an archive without arrays; write it with np.savez.");
        assert_eq!(
            error(&testing::zip(&[("readme.txt", b"")], false)),
            "a.npz holds no .npy arrays, only entries such as readme.txt; write the tensors with np.savez."
        );
        let torch = error(&testing::zip(&[("m/data.pkl", b""), ("m/data/0", b"")], false));
        assert!(torch.starts_with("a.npz is a PyTorch file"), "{torch}");
        let whole = testing::zip(&[("x.npy", &f32s(&[1.0; 100]))], false);
        let cut = error(&whole[..whole.len() - 40]);
        assert!(cut.starts_with("a.npz is a zip archive without a readable index ("), "{cut}");
        assert!(cut.ends_with("): it may be cut short; dump it again."), "{cut}");
    }

    #[test]
    fn entries_that_are_no_arrays_are_left_out_with_a_word() {
        let directory = tempfile::tempdir().unwrap();
        let bytes = testing::zip(&[("x.npy", &f32s(&[1.0])), ("readme.txt", b"hi"), ("b", b"")], true);
        let found = sources(directory.path(), &bytes);
        assert_eq!(found.sources.len(), 1);
        let message = &found.errors[0].message;
        let expected =
            "a.npz holds 2 entries that are no .npy arrays and were left out, such as readme.txt; save arrays only.";
        assert!(message.ends_with(expected), "{message}");
    }

    #[test]
    fn whatever_python_packs_is_read() {
        use std::io::Write;
        use zip::CompressionMethod as Method;
        let directory = tempfile::tempdir().unwrap();
        let values: Vec<f32> = (0..CHUNK + 7).map(|i| (i % 1000) as f32).collect();
        for method in [Method::Stored, Method::Deflated, Method::Bzip2] {
            let options = zip::write::SimpleFileOptions::default().compression_method(method);
            let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
            // Any name, any folder, and what is no array.
            for name in ["x.npy", "x", "dir/y", "z.NPY", "__MACOSX/._x.npy", "notes"] {
                let bytes = if name.starts_with(['_', 'n']) { b"not one".to_vec() } else { f32s(&values) };
                writer.start_file(name, options).unwrap();
                writer.write_all(&bytes).unwrap();
            }
            writer.add_directory("empty/", options).unwrap();
            let found = sources(directory.path(), &writer.finish().unwrap().into_inner());
            let names: Vec<&str> = found.sources.iter().map(|s| s.name.as_str()).collect();
            assert_eq!(names, ["dir/y", "x", "x.npy", "z.NPY"], "{method}");
            for source in &found.sources {
                assert_eq!(read(&source.parts[0]).unwrap(), values, "{method}");
            }
            let [error] = &found.errors[..] else { panic!("{:?}", found.errors) };
            assert!(error.message.contains(" holds 2 entries that are no .npy arrays and were left out"), "{error}");
        }
    }

    /// Written by Python: `x.npy` is numpy.arange(-5, 20), and `y` is that and [7, 8] behind it.
    const LZMA: &[u8] = include_bytes!("../../tests/reference/lzma.npz");

    #[test]
    fn lzma_is_read_as_python_packs_it() {
        let directory = tempfile::tempdir().unwrap();
        let found = sources(directory.path(), LZMA);
        let range: Vec<f32> = (-5_i8..20).map(f32::from).collect();
        assert_eq!(read(&found.sources[0].parts[0]).unwrap(), range);
        let arrays = found.sources[1].arrays().unwrap();
        let values: Vec<Vec<f32>> = arrays.iter().map(|part| read(part).unwrap()).collect();
        assert_eq!(values, [range, vec![7.0, 8.0]]);
    }

    #[test]
    fn memory_for_lzma_is_not_what_the_archive_asks_for() {
        let directory = tempfile::tempdir().unwrap();
        let mut bytes = LZMA.to_vec();
        // Behind the local header and the name come four bytes, one of parameters, and the size.
        let at = 30 + usize::from(bytes[26]) + usize::from(bytes[28]) + 5;
        bytes[at..at + 4].fill(0xff);
        let found = sources(directory.path(), &bytes);
        let message = read(&found.sources[0].parts[0]).unwrap_err().message;
        assert!(message.contains("(x) wants 4,294,967,295 bytes of memory to be unpacked (LZMA)"), "{message}");
    }

    #[test]
    fn an_archive_with_one_name_twice_says_so() {
        let directory = tempfile::tempdir().unwrap();
        let mut bytes = testing::zip(&[("x.npy", &f32s(&[1.0])), ("y.npy", &f32s(&[2.0]))], false);
        for at in 0..bytes.len() - 5 {
            if &bytes[at..at + 5] == b"y.npy" {
                bytes[at] = b'x';
            }
        }
        let found = sources(directory.path(), &bytes);
        assert_eq!(found.sources.len(), 1);
        let expected = "a.npz holds several arrays by the same name, and only the last of them is read; rename them.";
        assert!(found.errors[0].message.ends_with(expected), "{:?}", found.errors);
        assert_eq!(read(&found.sources[0].parts[0]).unwrap(), [2.0]);
    }

    #[test]
    fn entries_that_cannot_be_read() {
        let directory = tempfile::tempdir().unwrap();
        let error = |bytes: &[u8]| sentence(directory.path(), "a.npz", bytes);
        let array = f32s(&[0.25; 64]);
        assert_eq!(
            error(&testing::zip(&[("x.npy", &array[..200])], true)),
            "a.npz (x) is cut short: its header promises 256 bytes of float32, the file holds 72; dump it again."
        );
        assert_eq!(error(&testing::zip(&[("x.npy", b"")], true)), "a.npz (x) is empty (0 bytes); dump it again.");
        assert_eq!(
            error(&testing::zip(&[("x.npy", &testing::npy("|O", false, &[1], b"x"))], false)),
            "a.npz (x) holds pickled Python objects (dtype '|O'), not numbers; dump it as x.astype(np.float32)."
        );
        // A bit in the stored body flips: only the checksum tells.
        let mut flipped = testing::zip(&[("x.npy", &array)], false);
        let body = flipped.windows(4).rposition(|w| w == 0.25_f32.to_le_bytes()).unwrap();
        flipped[body] ^= 1;
        let crc = error(&flipped);
        assert_eq!(crc, "a.npz (x) is damaged (invalid checksum); dump it again.");
        let found = sources(directory.path(), &flipped);
        assert_eq!(read(&found.sources[0].parts[0]).unwrap_err().kind, ErrorKind::Damaged);
        // The same in a compressed one, and the end of one.
        let noise: Vec<f32> = (0..4096_u32).map(|i| f32::from_bits(i.wrapping_mul(2_654_435_761))).collect();
        let packed = testing::zip(&[("x.npy", &f32s(&noise))], true);
        let central = |bytes: &[u8]| bytes.windows(4).rposition(|w| w == b"PK\x01\x02").unwrap();
        let mut flipped = packed.clone();
        flipped[central(&packed) - 12..central(&packed) - 4].fill(0xff);
        assert_eq!(error(&flipped), "a.npz (x) is damaged (invalid checksum); dump it again.");
        let mut shorter = packed.clone();
        shorter[central(&packed) + 21] -= 8;
        assert_eq!(error(&shorter), "a.npz (x) is damaged (incomplete deflate stream); dump it again.");
        // Flags and methods lie at fixed places of the local and the central header.
        let mut encrypted = testing::zip(&[("x.npy", &array)], false);
        let at = central(&encrypted);
        encrypted[6] |= 1;
        encrypted[at + 8] |= 1;
        assert_eq!(error(&encrypted), "a.npz (x) is encrypted; unpack the archive and give the .npy files.");
        let mut method = testing::zip(&[("x.npy", &array)], false);
        let at = central(&method);
        method[8] = 97;
        method[at + 10] = 97;
        let compressed = error(&method);
        assert!(compressed.starts_with("a.npz (x) is compressed in a way that NumPy does not read ("), "{compressed}");
        assert!(compressed.ends_with("); write it with np.savez_compressed."), "{compressed}");
    }

    #[test]
    fn a_bomb_only_streams() {
        // 64 MiB of zeros in some 64 KiB. The header promises them, so they are read: through one chunk.
        let directory = tempfile::tempdir().unwrap();
        let zeros = vec![0; 64 << 20];
        let bytes = testing::zip(&[("x.npy", &testing::npy("|u1", false, &[64 << 20], &zeros))], true);
        assert!(bytes.len() < 100_000);
        let found = sources(directory.path(), &bytes);
        let mut seen = 0;
        let read = found.sources[0].parts[0].open().unwrap().read(&mut |chunk| {
            seen += chunk.len();
            std::ops::ControlFlow::Continue(())
        });
        assert_eq!((seen, read.is_ok()), (64 << 20, true));
    }

    proptest! {
        #[test]
        fn no_change_to_an_archive_makes_it_panic(
            deflate: bool,
            changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
            keep in any::<prop::sample::Index>(),
            cut: bool,
        ) {
            let directory = tempfile::tempdir().unwrap();
            let mut bytes = testing::zip(&[("x.npy", &f32s(&[1.0; 8])), ("y.npy", &f32s(&[2.0]))], deflate);
            let len = bytes.len();
            for (at, byte) in changes {
                bytes[at.index(len)] = byte;
            }
            if cut {
                bytes.truncate(keep.index(len));
            }
            for Source { parts, .. } in sources(directory.path(), &bytes).sources {
                let _ = read(&parts[0]);
            }
        }
    }
}
