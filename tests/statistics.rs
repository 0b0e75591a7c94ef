//! Statistics as other programs write them, and as nobody should.
#![cfg(feature = "statistics")]

use qviz::statistics::{Bytes, File, Merger, Table, read, write_table};

fn bytes(name: &str) -> Bytes {
    let path = format!("{}/tests/data/statistics/{name}.parquet", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(path).unwrap().into()
}

fn merged(files: Vec<(&str, File)>) -> Table {
    let mut merger = Merger::new();
    files.into_iter().for_each(|(name, file)| merger.add(name, file).unwrap());
    merger.finish().unwrap()
}

/// Whatever the order of rows and columns, however packed, and whatever an engine makes of the types.
#[test]
fn files_of_engines_say_what_was_written() {
    let part = read("part", bytes("part")).unwrap();
    let whole = write_table(&merged(vec![("part", part.clone())])).unwrap();
    for name in ["zstd-v2", "gzip", "plain", "delta", "duckdb", "polars"] {
        let file = read(name, bytes(name)).unwrap_or_else(|why| panic!("{why}"));
        assert_eq!((file.bins, &file.parts), (64, &part.parts), "{name}");
        // The same piece, wherever it comes from.
        assert_eq!(write_table(&merged(vec![("part", part.clone()), (name, file)])).unwrap(), whole);
    }
}

/// A file that ends anywhere, and one of which any byte is another, is a sentence or what it was.
#[test]
fn no_damage_is_more_than_a_sentence() {
    for name in ["part", "zstd-v2", "gzip", "plain", "delta"] {
        let whole = bytes(name);
        for end in (0..whole.len()).step_by(7) {
            let why = read(name, whole.slice(..end)).unwrap_err();
            assert!(why.message.starts_with(name) && why.message.ends_with('.'), "{why}");
        }
        for at in (0..whole.len()).step_by(5) {
            let mut bytes = whole.to_vec();
            bytes[at] ^= 0x55;
            if let Err(why) = read(name, bytes.into()) {
                assert!(why.message.starts_with(name) && why.message.ends_with('.'), "{why}");
            }
        }
    }
}
