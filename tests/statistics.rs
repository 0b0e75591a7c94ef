//! Statistics as other programs write them, and as nobody should.
#![cfg(feature = "statistics")]

#[path = "support/rows.rs"]
mod rows;

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

/// What fuzzing has found to end the crate that reads columns: a dictionary that is not there, levels and numbers that end
/// too early.
#[test]
fn what_ends_the_crate_is_a_sentence() {
    for (name, sentence) in [
        ("dictionary", "has a page of a dictionary that is not there."),
        ("levels", "is damaged (its columns cannot be made out); write it anew."),
        ("width", "is damaged (its columns cannot be made out); write it anew."),
    ] {
        let why = read(name, bytes(&format!("damaged/{name}"))).unwrap_err().message;
        assert_eq!(why, format!("{name} {sentence}"));
    }
}

/// Each in a sentence of its own that names the file, the tensor and what helps.
#[test]
fn what_cannot_be_is_told() {
    let good = read("good", rows::good().bytes().into()).unwrap();
    let tensor = good.parts[0].tensors.values().next().unwrap();
    assert_eq!(
        (good.bins, tensor.whole.n, tensor.whole.bins.len()),
        (2, 5, 4),
        "and without what is wrong it can be read"
    );
    for (bytes, sentence) in rows::wrong() {
        let told = read("x.parquet", bytes.into()).map(|_| ()).expect_err(sentence);
        assert_eq!(told.message, format!("x.parquet {sentence}"));
    }
}

/// The counts of each part fit into 63 bits, and together they do not: that is seen before anything comes of it.
#[test]
fn counts_that_overflow_together_are_told() {
    let most = 1 << 62;
    let file = |shard| read(shard, rows::zeros(shard, most).bytes().into()).unwrap();
    let mut merger = Merger::new();
    merger.add("a", file("a")).unwrap();
    let why = merger.add("b", file("b")).unwrap_err();
    assert_eq!(why.message, "b (x) has more values than a table counts, 2^63.");
    assert!(merger.finish().is_err());
    // The largest count there is, is one.
    let one = merged(vec![("a", read("a", rows::zeros("a", i64::MAX).bytes().into()).unwrap())]);
    let whole = read("all", write_table(&one).unwrap().into()).unwrap();
    assert_eq!(whole.parts[0].tensors.values().next().unwrap().whole.n, i64::MAX as u64);
    assert_eq!(one.histogram(&qviz::session::Key::activation("x")).unwrap().stats.zeros, i64::MAX as u64);
}

/// Rows of two runs in one file are two runs, as in two files.
#[test]
fn two_runs_in_one_file_are_told() {
    let mut table = rows::good();
    let mut other = table.rows.clone();
    other.iter_mut().for_each(|row| drop(row.insert("run", "monday".into())));
    table.rows.extend(other);
    let file = read("x.parquet", table.bytes().into()).unwrap();
    let why = Merger::new().add("x.parquet", file.clone()).unwrap_err().message;
    let sentence = "x.parquet is of the run run, and x.parquet of monday; leave one of them out, or merge several runs with \
                    --runs.";
    assert_eq!(why, sentence);
    let mut merger = Merger::new().of_any_runs();
    merger.add("x.parquet", file).unwrap();
    let table = merger.finish().unwrap();
    assert_eq!((table.run.as_str(), table.holds.len()), ("monday+run", 2));
}
