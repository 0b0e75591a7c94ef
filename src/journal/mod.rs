//! Changes that no export holds, written down as they are made.
//!
//! A journal is a small file in the user's state directory, one for each set of data that is open. It is written whole
//! or not at all after each change, so that a program that is killed loses at most the drag in hand; whoever opens the
//! same data again is offered what is left. A second program on the same data writes a journal of its own.

mod folder;
mod page;
mod writer;

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::session::Step;

pub use folder::state_folder;
pub use page::Left;
use page::Page;
use writer::Writer;

/// More programs than this on the same data do without a journal.
const SLOTS: usize = 64;

/// What was opened, in words that are the same whenever the same data are: absolute paths, and what decides how they
/// are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Data(Vec<String>);

impl Data {
    /// Data of these words.
    pub fn new(words: Vec<String>) -> Data {
        Data(words)
    }

    /// A file name for it: the words' FNV-1a hash, which is the same on every machine and in every version.
    fn stem(&self) -> String {
        let bytes = self.0.iter().flat_map(|word| word.bytes().chain([0]));
        let hash =
            bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        format!("{hash:016x}")
    }
}

/// The journal of the data that are open; held until it is dropped.
pub struct Journal {
    data: Data,
    path: PathBuf,
    writer: Writer,
    /// Keeps others from the same file for as long as it lives.
    _lock: File,
}

/// A journal that was opened.
pub struct Opened {
    /// The journal, empty or as an earlier run left it.
    pub journal: Journal,
    /// What an earlier run left in it.
    pub left: Option<Left>,
    /// How many other programs have the same data open.
    pub others: usize,
}

impl Journal {
    /// Opens the journal of `data` in a folder, which is made where there is none. Of several journals that runs have
    /// left the newest one is taken; those that other programs hold are left alone. `failed` is told, from another
    /// thread, when something could not be written.
    ///
    /// # Errors
    /// The folder cannot be made or written to.
    pub fn open(folder: &Path, data: Data, failed: impl Fn(String) + Send + 'static) -> io::Result<Opened> {
        make_private(folder)?;
        let (mut others, mut free, mut newest) = (0, None, None::<(File, PathBuf, Left)>);
        for slot in 0..SLOTS {
            let name = if slot == 0 { data.stem() } else { format!("{}-{slot}", data.stem()) };
            let (lock, path) = (folder.join(format!("{name}.lock")), folder.join(format!("{name}.json")));
            let unused = !path.exists() && !lock.exists();
            if unused && (free.is_some() || newest.is_some()) {
                break;
            }
            let lock = File::options().create(true).truncate(false).write(true).open(lock)?;
            match lock.try_lock() {
                Ok(()) => match Page::read(&path, &data) {
                    Some(left) if newest.as_ref().is_none_or(|(.., known)| known.at < left.at) => {
                        newest = Some((lock, path, left));
                    }
                    Some(_) => {}
                    None if free.is_none() && !path.exists() => free = Some((lock, path)),
                    None => {}
                },
                Err(TryLockError::WouldBlock) => others += 1,
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
        let (lock, path, left) = match (newest, free) {
            (Some((lock, path, left)), _) => (lock, path, Some(left)),
            (None, Some((lock, path))) => (lock, path, None),
            (None, None) => return Err(io::Error::other("too many programs have the same data open")),
        };
        let writer = Writer::start(path.clone(), failed);
        Ok(Opened { journal: Journal { data, path, writer, _lock: lock }, left, others })
    }

    /// Writes down that these are the changes that no export holds; without any the file goes. Returns at once: the
    /// newest state is written by a thread of its own.
    pub fn write(&self, steps: Vec<Step>) {
        let page = (!steps.is_empty()).then(|| Page::now(&self.data, steps));
        self.writer.write(page);
    }

    /// Waits until everything is written.
    pub fn flush(&self) {
        self.writer.flush();
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// A folder that only the user can look into: names of tensors and files are theirs.
fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quant::{Clip, Format};
    use crate::session::{Decision, Edit, Key, Target};

    fn data() -> Data {
        Data::new(vec!["/acts".into()])
    }

    fn step(amax: f32) -> Step {
        let before = Decision::of_method("entropy", Clip::symmetric(1.0), Format::INT8);
        let after = before.with_clip(Clip::symmetric(amax));
        Step { label: "clip".into(), edits: vec![Edit { target: Target::Tensor(Key::activation("a")), before, after }] }
    }

    fn open(folder: &Path) -> Opened {
        Journal::open(folder, data(), |why| panic!("{why}")).unwrap()
    }

    #[test]
    fn what_is_written_is_left_for_the_next_run() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("state/qviz");
        let opened = open(&folder);
        assert!(opened.left.is_none() && opened.others == 0);
        for amax in [0.9, 0.8, 0.7] {
            opened.journal.write(vec![step(0.5), step(amax)]);
        }
        opened.journal.flush();
        drop(opened);
        let opened = open(&folder);
        assert_eq!(opened.left.as_ref().unwrap().steps, [step(0.5), step(0.7)]);
        let other = Journal::open(&folder, Data::new(vec!["/other".into()]), |_| {}).unwrap();
        assert!(other.left.is_none(), "other data have a journal of their own");
        // Nothing is unsaved any more.
        opened.journal.write(Vec::new());
        opened.journal.flush();
        assert!(!opened.journal.path().exists());
        drop(opened);
        assert!(open(&folder).left.is_none());
    }

    #[test]
    fn a_second_program_keeps_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let first = open(folder.path());
        first.journal.write(vec![step(0.5)]);
        first.journal.flush();
        let second = open(folder.path());
        assert!(second.left.is_none() && second.others == 1);
        second.journal.write(vec![step(0.25)]);
        second.journal.flush();
        drop(first);
        drop(second);
        // The newest is offered first, and the other one when that is answered.
        let opened = open(folder.path());
        assert_eq!((opened.left.as_ref().unwrap().steps.clone(), opened.others), (vec![step(0.25)], 0));
        opened.journal.write(Vec::new());
        opened.journal.flush();
        drop(opened);
        assert_eq!(open(folder.path()).left.unwrap().steps, [step(0.5)]);
    }

    #[test]
    fn what_cannot_be_read_is_kept_and_not_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(format!("{}.json", data().stem()));
        std::fs::write(&path, "{\"schema\": \"qviz.journal/9\"}").unwrap();
        let opened = open(folder.path());
        assert!(opened.left.is_none());
        opened.journal.write(vec![step(0.5)]);
        opened.journal.flush();
        assert!(std::fs::read_to_string(&path).unwrap().contains("journal/9"));
        assert_ne!(opened.journal.path(), path);
    }

    #[test]
    fn a_folder_that_cannot_be_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert!(Journal::open(&file.join("state"), data(), |_| {}).is_err());
    }
}
