//! What a file is by its first bytes, where that is not what its name promises.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Something else than the file that was asked for. Shown, it is half a sentence behind the file's name, with what helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Foreign {
    /// The stand-in that a clone without Git LFS leaves.
    LfsPointer,
    /// An `.npy` array.
    Npy,
    /// A `.safetensors` file.
    SafeTensors,
    /// What `torch.save` writes, in a zip archive or as a pickle.
    Torch,
    /// Any other zip archive.
    Zip,
    /// Any other Python pickle.
    Pickle,
    /// Weights for llama.cpp.
    Gguf,
    /// An HDF5 file, as Keras writes it.
    Hdf5,
    /// A TensorFlow Lite model.
    TfLite,
    /// Compressed as a whole.
    Gzip,
    /// Numbers written as text.
    Numbers,
}

/// As many bytes as [`foreign`] looks at.
pub const FOREIGN_START: usize = 256;

/// What a file that starts with these bytes is; `None` where that is not known. [`FOREIGN_START`] bytes are enough, and
/// fewer are fine.
pub fn foreign(start: &[u8]) -> Option<Foreign> {
    let start = &start[..start.len().min(FOREIGN_START)];
    let has = |needle: &[u8]| start.windows(needle.len()).any(|window| window == needle);
    // The second is what Git LFS was called at first.
    let pointers: [&[u8]; 2] =
        [b"version https://git-lfs.github.com/spec/", b"version https://hawser.github.com/spec/"];
    Some(match start {
        _ if pointers.iter().any(|pointer| start.starts_with(pointer)) => Foreign::LfsPointer,
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => Foreign::Npy,
        [_, _, _, _, 0, 0, 0, 0, b'{', ..] => Foreign::SafeTensors,
        // The first entry's name stands at the start. The other needle is the pickle by which torch knew its files when
        // they were no archives yet.
        [b'P', b'K', 3, 4, ..] if has(b"/data.pkl") => Foreign::Torch,
        [0x80, 2..=5, 0x8a, 0x0a, ..] if has(b"\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19") => Foreign::Torch,
        [b'P', b'K', 3 | 5, ..] => Foreign::Zip,
        [0x80, 2..=5, ..] => Foreign::Pickle,
        [b'G', b'G', b'U', b'F', ..] => Foreign::Gguf,
        [0x89, b'H', b'D', b'F', ..] => Foreign::Hdf5,
        [_, _, _, _, b'T', b'F', b'L', b'3', ..] => Foreign::TfLite,
        [0x1f, 0x8b, ..] => Foreign::Gzip,
        _ if is_numbers(start) => Foreign::Numbers,
        _ => return None,
    })
}

impl Foreign {
    /// What a file is that is not what it seems.
    pub fn of(path: &Path) -> io::Result<Option<Foreign>> {
        let mut start = Vec::with_capacity(FOREIGN_START);
        File::open(path)?.take(FOREIGN_START as u64).read_to_end(&mut start)?;
        Ok(foreign(&start))
    }
}

/// Whether it reads like a table: figures, and what stands between them.
fn is_numbers(start: &[u8]) -> bool {
    let fits = |b: &u8| b.is_ascii_digit() || b.is_ascii_whitespace() || b"+-.,;eE[]()".contains(b);
    start.iter().any(u8::is_ascii_digit) && start.iter().all(fits)
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Foreign::LfsPointer => "is a Git LFS pointer, not the file itself; run git lfs pull.",
            Foreign::Npy => "is an .npy array; name it .npy.",
            Foreign::SafeTensors => "looks like safetensors; name it .safetensors if it is.",
            Foreign::Torch => {
                "is a PyTorch file, a pickle that can run code when it is loaded; convert it: python -c \"import torch; \
                 from safetensors.torch import save_file; save_file({k: v.clone() for k, v in torch.load('model.pt', \
                 map_location='cpu', weights_only=True).items()}, 'model.safetensors')\"."
            }
            Foreign::Zip => "is a zip archive; if np.savez wrote it, name it .npz.",
            Foreign::Pickle => {
                "is a Python pickle, which can run code when it is loaded; dump its arrays with np.save or np.savez."
            }
            Foreign::Gguf => {
                "is a GGUF file, whose weights are quantized already; to see them as floats, convert it: python -c \
                 \"import gguf, numpy; numpy.savez('model.npz', **{t.name: gguf.quants.dequantize(t.data, \
                 t.tensor_type) for t in gguf.GGUFReader('model.gguf').tensors})\"."
            }
            Foreign::Hdf5 => "is an HDF5 file; dump its arrays with np.save or np.savez.",
            Foreign::TfLite => "is a TensorFlow Lite model; convert it to ONNX, or dump its arrays with np.save.",
            Foreign::Gzip => "is compressed with gzip; unpack it first.",
            Foreign::Numbers => {
                "holds numbers as text; convert them: python -c \"import numpy; numpy.save('x.npy', \
                 numpy.loadtxt('x.csv', delimiter=','))\"."
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_first_bytes() {
        let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12345\n";
        assert_eq!(foreign(pointer), Some(Foreign::LfsPointer));
        assert_eq!(foreign(b"version https://hawser.github.com/spec/v1\n"), Some(Foreign::LfsPointer));
        assert_eq!(foreign(b"\x93NUMPY\x01\0"), Some(Foreign::Npy));
        assert_eq!(foreign(b"\x10\0\0\0\0\0\0\0{\"x\":"), Some(Foreign::SafeTensors));
        let entry = [b"PK\x03\x04".as_slice(), &[0; 22], b"\x10\0\0\0model/data.pkl"].concat();
        assert_eq!(foreign(&entry), Some(Foreign::Torch));
        assert_eq!(foreign(b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."), Some(Foreign::Torch));
        assert_eq!(foreign(b"PK\x03\x04\x14\0"), Some(Foreign::Zip));
        assert_eq!(foreign(b"PK\x05\x06"), Some(Foreign::Zip));
        assert_eq!(foreign(b"\x80\x04\x95"), Some(Foreign::Pickle));
        assert_eq!(foreign(b"GGUF\x03\0\0\0"), Some(Foreign::Gguf));
        assert_eq!(foreign(b"\x89HDF\r\n\x1a\n"), Some(Foreign::Hdf5));
        assert_eq!(foreign(b"\x1c\0\0\0TFL3"), Some(Foreign::TfLite));
        assert_eq!(foreign(b"\x1f\x8b\x08\0"), Some(Foreign::Gzip));
        assert_eq!(foreign(b"0.1,\n-2e3"), Some(Foreign::Numbers));
        for unknown in [&b""[..], b"hello 1", b"\x08\x07\x12\x07pytorch", b"\x80", b", \n"] {
            assert_eq!(foreign(unknown), None, "{unknown:?}");
        }
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.npy");
        assert!(Foreign::of(&path).is_err());
        std::fs::write(&path, pointer).unwrap();
        assert_eq!(Foreign::of(&path).unwrap(), Some(Foreign::LfsPointer));
        // What lies far behind is not looked at.
        assert_eq!(foreign(&[b"PK\x03\x04".as_slice(), &[0; 300], b"x/data.pkl"].concat()), Some(Foreign::Zip));
    }

    #[test]
    fn each_is_half_a_sentence_with_a_remedy() {
        use Foreign::*;
        for foreign in [LfsPointer, Npy, SafeTensors, Torch, Zip, Pickle, Gguf, Hdf5, TfLite, Gzip, Numbers] {
            let text = foreign.to_string();
            assert!(text.ends_with('.') && text.contains("; ") && text.len() < 400 && !text.contains("  "), "{text}");
        }
    }
}
