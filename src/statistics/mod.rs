//! Statistics in place of activations: a table of counts that anybody can write, that merges exactly, and that every
//! command takes where it takes activations.
//!
//! ```text
//! values --Counter, ChannelCounters--> Counts --> Tensor --> Part --write--> Parquet --read--> Part --Merger--> Table
//! ```
//!
//! What is counted does not depend on how the values are cut up: bins are of powers of two ([`crate::histogram`]), and
//! moments come from sums of integers ([`Sums`](crate::histogram::Sums)). The format is told in `docs/statistics.md`, so
//! that others can write it. A file is read whole or not at all, and nothing is merged in part.
//!
//! ```
//! use qviz::session::Key;
//! use qviz::statistics::{Counter, Identity, Merger, Part, Tensor, read, write_part};
//!
//! let part = |shard: &str, values: &[f32]| -> Part {
//!     let mut counter = Counter::new(2048);
//!     counter.push(values);
//!     let tensor = Tensor { shape: "4".parse().unwrap(), ..Tensor::new(counter.finish()) };
//!     let mut part = Part::new(Identity::new("run", shard), 2048);
//!     part.tensors.insert(Key::activation("relu1"), tensor);
//!     part
//! };
//! let (a, b) = (part("a", &[0.0, 0.5, 2.0, f32::NAN]), part("b", &[-7.0, 0.0, 0.0, 1.0]));
//! let bytes: Vec<u8> = write_part(&a, None)?;
//!
//! let mut merger = Merger::new();
//! merger.add("a.parquet", read("a.parquet", bytes.into())?)?;
//! merger.add("b.parquet", b.into())?;
//! let table = merger.finish()?;
//! let histogram = table.histogram(&Key::activation("relu1")).unwrap();
//! assert_eq!((histogram.stats.count, histogram.stats.nan, histogram.stats.min), (8, 1, Some(-7.0)));
//! # Ok::<(), qviz::statistics::StatisticsError>(())
//! ```

mod counter;
mod counts;
mod error;
mod file;
mod merge;
mod print;
mod shape;
mod table;
mod weights;

pub use bytes::Bytes;
pub use counter::{ChannelCounters, Counter};
pub use counts::{Bin, Counts, together};
pub use error::StatisticsError;
pub use file::{File, is_statistics, read, read_file, write_part, write_table};
pub use merge::Merger;
pub use shape::Shape;
pub use table::{Identity, MERGED, Part, Table, Tensor, WEIGHTS};
