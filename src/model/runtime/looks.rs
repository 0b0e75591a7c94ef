//! Whether a file looks like an ONNX Runtime, found out without opening it as a library.
//!
//! Only one library can be tried in a process (see [`super::library`]), so that what is no library, no ONNX Runtime or
//! too old a one is sorted out by its bytes.

use crate::error::{ErrorKind, Predicate};
use crate::model::error::io_predicate;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The oldest minor version that is spoken to: `api-17` in Cargo.toml.
pub(super) const OLDEST: u32 = 17;

/// How libraries begin: of Linux, of macOS (for one processor and for several), of Windows.
const LIBRARIES: &[&[u8]] = &[b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"MZ"];

/// What every ONNX Runtime hands out first.
const ENTRY: &[u8] = b"OrtGetApiBase";

/// Refuses what cannot be an ONNX Runtime of use. The error is a predicate to the file's name.
pub(super) fn looks_right(file: &Path) -> Result<(), Predicate> {
    let mut opened = File::open(file).map_err(|error| io_predicate(&error))?;
    let mut begin = [0; 4];
    let read = opened.read_exact(&mut begin);
    if read.is_err() || !LIBRARIES.iter().any(|magic| begin.starts_with(magic)) {
        return Err(Predicate::new(ErrorKind::Unfit, "is no library; give the file of ONNX Runtime, or its folder."));
    }
    if !holds(&mut opened, ENTRY).map_err(|error| io_predicate(&error))? {
        let text = "is a library, and not ONNX Runtime (it has no OrtGetApiBase); give that of ONNX Runtime.";
        return Err(Predicate::new(ErrorKind::Unfit, text));
    }
    match version_of(file) {
        Some(version) if is_old(&version) => Err(too_old(&version)),
        _ => Ok(()),
    }
}

/// The version in the name of the file: `libonnxruntime.so.1.20.1`, `libonnxruntime.1.20.1.dylib`.
pub(super) fn version_of(file: &Path) -> Option<String> {
    let real = std::fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    let (_, rest) = real.file_name()?.to_str()?.split_once("onnxruntime.")?;
    let version = rest.trim_start_matches("so.").trim_end_matches(".dylib");
    is_version(version).then(|| version.to_owned())
}

/// Whether it is numbers between points.
pub(super) fn is_version(text: &str) -> bool {
    text.contains('.') && text.split('.').all(|n| n.parse::<u32>().is_ok())
}

fn is_old(version: &str) -> bool {
    let mut numbers = version.split('.').map(|n| n.parse::<u32>().unwrap_or(0));
    (numbers.next(), numbers.next()) < (Some(1), Some(OLDEST))
}

pub(super) fn too_old(version: &str) -> Predicate {
    let text = format!("is ONNX Runtime {version}, and 1.{OLDEST} or newer is needed; install a newer one.");
    Predicate::new(ErrorKind::Unfit, text)
}

/// Whether the bytes that follow hold these.
fn holds(file: &mut impl Read, wanted: &[u8]) -> io::Result<bool> {
    const CHUNK: usize = 1 << 20;
    let mut held = Vec::with_capacity(CHUNK + wanted.len());
    loop {
        let read = file.take(CHUNK as u64).read_to_end(&mut held)?;
        if held.windows(wanted.len()).any(|window| window == wanted) {
            return Ok(true);
        }
        if read == 0 {
            return Ok(false);
        }
        // It may lie across the chunks.
        held.drain(..held.len().saturating_sub(wanted.len() - 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(name: &str, content: &[u8]) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(name);
        std::fs::write(&file, content).unwrap();
        looks_right(&file).err().map(|why| why.text)
    }

    #[test]
    fn what_is_none_is_told_by_what_it_is() {
        let runtime = b"\x7fELF...OrtGetApiBase...";
        assert_eq!(refused("libonnxruntime.so.1.20.1", runtime), None);
        assert_eq!(refused("my_runtime.so", runtime), None);
        let old = refused("libonnxruntime.so.1.16.3", runtime).unwrap();
        assert_eq!(old, "is ONNX Runtime 1.16.3, and 1.17 or newer is needed; install a newer one.");
        assert!(refused("libonnxruntime.0.5.0.dylib", runtime).unwrap().contains("1.17 or newer"));
        assert!(refused("libm.so", b"\x7fELF...").unwrap().starts_with("is a library, and not ONNX Runtime"));
        for other in [b"".as_slice(), b"MZ", b"no library at all", b"version https://git-lfs"] {
            assert!(refused("libonnxruntime.so", other).unwrap().starts_with("is no library;"));
        }
        assert!(looks_right(Path::new("gone.so")).unwrap_err().text.starts_with("does not exist"));
    }

    #[test]
    fn the_entry_is_found_wherever_it_lies() {
        for before in [0, 100, (1 << 20) - 5, (2 << 20) - 13, 3 << 20] {
            let mut content = vec![b'O'; before];
            content.extend(ENTRY);
            content.extend([b'x'; 40]);
            assert!(holds(&mut content.as_slice(), ENTRY).unwrap(), "{before}");
            content[before] = b'o';
            assert!(!holds(&mut content.as_slice(), ENTRY).unwrap(), "{before}");
        }
    }

    #[test]
    fn a_version_is_what_the_name_says() {
        let version = |file: &str| version_of(Path::new(file));
        assert_eq!(version("a/libonnxruntime.so.1.17.3").as_deref(), Some("1.17.3"));
        assert_eq!(version("libonnxruntime.1.22.0.dylib").as_deref(), Some("1.22.0"));
        assert_eq!((version("libonnxruntime.so"), version("onnxruntime.dll")), (None, None));
        assert!(is_old("1.16.9") && is_old("0.20.0") && !is_old("1.17.0") && !is_old("2.0.0"));
    }
}
