//! The table as Parquet, written and read.
//!
//! The crate `parquet` knows metadata, levels and encodings. The pages of a column are handed to it by `pages.rs`, which
//! holds what a page claims against what the file has before anything is unpacked: nothing in a file, however it was made,
//! takes more memory than its size justifies.

mod build;
mod cells;
mod header;
mod pages;
mod read;
mod schema;
mod write;

use std::collections::BTreeSet;
use std::path::Path;

use super::{Identity, Part, StatisticsError};

pub use read::{read, read_file};
pub use write::{write_part, write_table};

/// What a file holds.
#[derive(Clone, Debug, PartialEq)]
pub struct File {
    /// How many bins were asked for: a power of two.
    pub bins: usize,
    /// Of what was merged, the pieces that are in it.
    pub holds: Option<BTreeSet<Identity>>,
    /// What its writer noted about the data, to go on another time.
    pub sources: Option<String>,
    /// Each piece; of what was merged one, and its weights.
    pub parts: Vec<Part>,
}

impl File {
    /// The runs that are in it.
    pub fn runs(&self) -> BTreeSet<String> {
        match &self.holds {
            Some(holds) if !holds.is_empty() => holds.iter().map(|of| of.run.clone()).collect(),
            _ => self.parts.iter().map(|part| part.identity.run.clone()).collect(),
        }
    }
}

/// Whether a file of this name holds statistics: it ends in `.parquet`.
pub fn is_statistics(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("parquet"))
}

/// Keys of the file's metadata.
const VERSION_KEY: &str = "qviz.statistics";
const BINS_KEY: &str = "qviz.bins";
const WRITER_KEY: &str = "qviz.writer";
const SHARDS_KEY: &str = "qviz.shards";
const SOURCES_KEY: &str = "qviz.sources";

/// The version that is written, and the only one that is read.
const VERSION: &str = "1";

type Refused = StatisticsError;
