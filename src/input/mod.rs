//! Dumps at rest: finds them, names their layers, groups their batches, and streams their values as f32.
//!
//! ```text
//! paths --discover--> Source (a layer) --arrays--> Part (an array on disk) --open--> Array --read--> chunks of f32
//! ```
//!
//! Discovery looks at names only, and into archives; an `.npy` is first opened by [`Part::open`], which parses the
//! header and compares its promise with the file. [`Array::read`] streams the body through one small buffer: a dump of
//! any size takes no more memory than that. Files are never mapped into memory, because one that is cut short by
//! another program while it is mapped kills the process.
//!
//! ```
//! use qviz::input::discover;
//! use std::ops::ControlFlow;
//!
//! let found = discover(&["acts".into()], None);
//! for source in &found.sources {
//!     let mut amax = 0.0_f32;
//!     for part in source.arrays()? {
//!         part.open()?.read(&mut |chunk| {
//!             amax = chunk.iter().fold(amax, |amax, x| amax.max(x.abs()));
//!             ControlFlow::Continue(())
//!         })?;
//!     }
//!     println!("{}: {amax}", source.name);
//! }
//! # Ok::<(), qviz::input::InputError>(())
//! ```
//!
//! What goes wrong with one input is an [`InputError`]: a kind for the program, and a sentence for the user. Nothing in a file, however it was
//! made, causes a panic or an allocation that the file's own size does not justify.

mod array;
mod convert;
mod counted;
mod descr;
mod discover;
mod dtype;
mod error;
mod exact;
mod foreign;
mod group;
mod layout;
mod literal;
mod naming;
mod npy;
mod npz;
mod part;
mod safetensors;
mod sentinel;
mod shards;
mod stdin;
#[cfg(test)]
mod testing;

pub use array::{Array, BodyReport, CHUNK, Follower, Lead};
pub use counted::Counted;
pub use discover::{Discovered, discover};
pub use dtype::DType;
pub use error::InputError;
pub use exact::Exact;
pub use foreign::{FOREIGN_START, Foreign, foreign};
pub use group::{GroupError, GroupPattern};
pub use part::Part;
pub use sentinel::{Sentinel, SentinelSearch};

use crate::ErrorKind;
use sentinel::Sought;
use std::ops::ControlFlow;
use std::sync::Arc;

/// One tensor as it lies on disk: its name, and its batches in order.
#[derive(Clone, Debug)]
pub struct Source {
    /// The layer's name, raw as in the file: it may hold control characters.
    pub name: String,
    /// The files and entries of archives that together are the tensor; at least one.
    pub parts: Vec<Part>,
}

impl Source {
    /// All arrays in order: one file may hold several, one behind the other. See [`Part::arrays`].
    pub fn arrays(&self) -> Result<Vec<Part>, InputError> {
        let mut all = Vec::with_capacity(self.parts.len());
        for part in &self.parts {
            all.append(&mut part.arrays()?);
        }
        Ok(all)
    }

    /// The same tensor without its sentinel, if it has one: see [`SentinelSearch`]. It takes one more reading, when the
    /// values are first read.
    pub fn leaving_out_sentinels(self) -> Source {
        let as_it_is = self.clone();
        let sought = Arc::new(Sought::new(move || as_it_is.search()));
        let parts = self.parts.into_iter().map(|part| part.leaving_out(&sought)).collect();
        Source { parts, ..self }
    }

    /// The sentinel that is left out.
    ///
    /// # Errors
    /// An array that cannot be read, or only once.
    pub fn sentinel(&self) -> Result<Option<Sentinel>, InputError> {
        self.parts.first().map_or(Ok(None), Part::sentinel)
    }

    fn search(&self) -> Result<SentinelSearch, InputError> {
        if let Some(part) = self.parts.iter().find(|part| !part.seekable_twice()) {
            let file = part.file();
            let message = format!("{file} can be read only once, too seldom to look for sentinels first; give a file.");
            return Err(InputError { kind: ErrorKind::Unfit, file, message });
        }
        let mut search = SentinelSearch::default();
        for array in self.arrays()? {
            array.open()?.read(&mut |chunk| {
                search.push(chunk);
                ControlFlow::Continue(())
            })?;
        }
        Ok(search)
    }
}
