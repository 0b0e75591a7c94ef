//! What a file claims costs no memory: dumps of any size, and files made to hurt, are read in a few megabytes.
#![allow(unsafe_code, reason = "an allocator that counts can only be written so")]

use qviz::input::discover;
use std::alloc::{GlobalAlloc, Layout, System};
use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use zip::CompressionMethod as Method;

/// Counts what is allocated now, and the most that ever was.
struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: hands everything on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        PEAK.fetch_max(NOW.fetch_add(layout.size(), Relaxed) + layout.size(), Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Lists and reads a file; answers the elements that were read, the first error, and the peak of memory.
fn read(path: &Path) -> (u64, Option<String>, usize) {
    let before = NOW.load(Relaxed);
    PEAK.store(before, Relaxed);
    let found = discover(&[PathBuf::from(path)], None);
    let mut error = found.errors.first().map(|e| e.message.clone());
    let mut elements = 0;
    let arrays = found.sources.iter().flat_map(|source| match source.arrays() {
        Ok(arrays) => arrays,
        Err(e) => {
            error.get_or_insert(e.message);
            Vec::new()
        }
    });
    let arrays: Vec<_> = arrays.collect();
    for part in &arrays {
        let read = part.open().and_then(|array| {
            array.read(&mut |chunk| {
                elements += chunk.len() as u64;
                ControlFlow::Continue(())
            })
        });
        error = error.or(read.err().map(|e| e.message));
    }
    (elements, error, PEAK.load(Relaxed) - before)
}

fn npy(version: u8, header: &str) -> Vec<u8> {
    let mut out = [b"\x93NUMPY".as_slice(), &[version, 0]].concat();
    match version {
        1 => out.extend((header.len() as u16).to_le_bytes()),
        _ => out.extend((header.len() as u32).to_le_bytes()),
    }
    out.extend(header.bytes());
    out
}

fn header(dtype: &str, shape: &str) -> String {
    format!("{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}\n")
}

/// One test, since all share the allocator.
#[test]
fn memory_is_bounded_whatever_a_file_says() {
    const LITTLE: usize = 4 << 20;
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = directory.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };

    // A quarter of a gigabyte that takes no space on the disk.
    let path = file("large.npy", &npy(1, &header("<f4", "(64, 1048576)")));
    let body = fs::metadata(&path).unwrap().len() + (256 << 20);
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(body).unwrap();
    let (elements, error, peak) = read(&path);
    assert_eq!((elements, error), (64 << 20, None));
    assert!(peak < LITTLE, "{peak}");

    // A hundred arrays one behind the other, and ten in an archive.
    let one = [npy(1, &header("<f4", "(65536,)")), vec![0; 256 << 10]].concat();
    let path = file("appended.npy", &one.repeat(100));
    let (elements, error, peak) = read(&path);
    assert_eq!((elements, error), (100 << 16, None));
    assert!(peak < LITTLE, "{peak}");
    for method in [Method::Stored, Method::Deflated, Method::Bzip2] {
        let options = zip::write::SimpleFileOptions::default().compression_method(method);
        let mut writer = zip::ZipWriter::new(fs::File::create(directory.path().join("appended.npz")).unwrap());
        writer.start_file("x", options).unwrap();
        writer.write_all(&one.repeat(10)).unwrap();
        writer.finish().unwrap();
        let (elements, error, peak) = read(&directory.path().join("appended.npz"));
        assert_eq!((elements, error), (10 << 16, None), "{method}");
        // bzip2 sorts 900 kB at a time.
        assert!(peak < 4 * LITTLE, "{method} {peak}");
    }

    let lying = [
        file("elements.npy", &npy(1, &header("<f8", "(1000000, 1000000)"))),
        file("overflow.npy", &npy(1, &header("<f4", "(18446744073709551615, 18446744073709551615)"))),
        file("header.npy", b"\x93NUMPY\x02\0\xff\xff\xff\x7f{"),
        file("rank.npy", &npy(2, &header("<f4", &format!("({})", "9,".repeat(4_900))))),
        file("digits.npy", &npy(2, &header("<f4", &format!("({},)", "9".repeat(9_900))))),
        file("header.safetensors", &[&(100_000_000_u64).to_le_bytes()[..], b"{}"].concat()),
        file("nested.safetensors", &[&(100_000_u64).to_le_bytes()[..], "[".repeat(100_000).as_bytes()].concat()),
        sparse_zip64(&file("entries.npz", b"PK\x03\x04"), 4_000_000, 0),
        sparse_zip64(&file("far.npz", b"PK\x03\x04"), 4_000_000, 200),
    ];
    for path in lying {
        let (elements, error, peak) = read(&path);
        assert_eq!(elements, 0);
        let error = error.unwrap_or_else(|| panic!("{} read", path.display()));
        assert!(error.starts_with(path.to_str().unwrap()) && error.ends_with('.'), "{error}");
        assert!(peak < 8 * LITTLE, "{} {peak}", path.display());
    }
}

/// Turns a file into an archive of 200 MB that takes no space on the disk, with an end that
/// claims so many entries. `gap` bytes lie between the record that claims them and the locator that points to it.
fn sparse_zip64(path: &Path, entries: u64, gap: u64) -> PathBuf {
    let record = entries * 47 + 100;
    let mut out = b"PK\x06\x06".to_vec();
    out.extend((44 + (gap << 10)).to_le_bytes());
    out.extend([45, 0, 45, 0]);
    out.extend([0; 8]);
    for word in [entries, entries, entries * 46, entries] {
        out.extend(word.to_le_bytes());
    }
    out.resize(out.len() + (gap << 10) as usize, 0);
    out.extend(b"PK\x06\x07");
    out.extend([0; 4]);
    out.extend(record.to_le_bytes());
    out.extend(1_u32.to_le_bytes());
    out.extend(b"PK\x05\x06");
    out.extend([0; 4]);
    out.extend([0xff; 12]);
    out.extend([0; 2]);
    let mut file = fs::OpenOptions::new().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(entries)).unwrap();
    file.write_all(b"PK\x01\x02").unwrap();
    file.seek(SeekFrom::Start(record)).unwrap();
    file.write_all(&out).unwrap();
    path.into()
}
