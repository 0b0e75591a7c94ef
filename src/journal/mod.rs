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
    /// What the file holds, or will when the writer comes to it.
    steps: Vec<Step>,
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
    /// left the newest one is taken; those that other programs hold are left alone.
    ///
    /// # Errors
    /// The folder cannot be made or written to.
    pub fn open(folder: &Path, data: Data) -> io::Result<Opened> {
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
        let writer = Writer::start(path.clone());
        let steps = left.as_ref().map_or_else(Vec::new, |left| left.steps.clone());
        Ok(Opened { journal: Journal { data, path, steps, writer, _lock: lock }, left, others })
    }

    /// Writes down that these are the changes that no export holds; without any the file goes. Returns at once: the
    /// newest state is written by a thread of its own. What stands there already keeps the time when it was made.
    pub fn write(&mut self, steps: Vec<Step>) {
        if steps == self.steps && self.trouble().is_none() {
            return;
        }
        self.writer.write((!steps.is_empty()).then(|| Page::now(&self.data, steps.clone())));
        self.steps = steps;
    }

    /// Waits until everything is written.
    ///
    /// # Errors
    /// Why the newest state could not be: see [`Journal::trouble`].
    pub fn flush(&self) -> Result<(), String> {
        self.writer.flush();
        self.trouble().map_or(Ok(()), Err)
    }

    /// Why the newest state that the writer came to could not be written: one sentence, until a later state is.
    pub fn trouble(&self) -> Option<String> {
        self.writer.trouble()
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
        Journal::open(folder, data()).unwrap()
    }

    #[test]
    fn what_is_written_is_left_for_the_next_run() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("state/qviz");
        let mut opened = open(&folder);
        assert!(opened.left.is_none() && opened.others == 0);
        for amax in [0.9, 0.8, 0.7] {
            opened.journal.write(vec![step(0.5), step(amax)]);
        }
        opened.journal.flush().unwrap();
        drop(opened);
        let mut opened = open(&folder);
        assert_eq!(opened.left.as_ref().unwrap().steps, [step(0.5), step(0.7)]);
        let other = Journal::open(&folder, Data::new(vec!["/other".into()])).unwrap();
        assert!(other.left.is_none(), "other data have a journal of their own");
        let at = opened.left.as_ref().unwrap().at;
        opened.journal.write(vec![step(0.5), step(0.7)]);
        opened.journal.flush().unwrap();
        assert_eq!(Page::read(opened.journal.path(), &data()).unwrap().at, at, "as it was, with its time");
        // Nothing is unsaved any more.
        opened.journal.write(Vec::new());
        opened.journal.flush().unwrap();
        assert!(!opened.journal.path().exists());
        drop(opened);
        assert!(open(&folder).left.is_none());
    }

    #[test]
    fn a_second_program_keeps_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = open(folder.path());
        first.journal.write(vec![step(0.5)]);
        first.journal.flush().unwrap();
        let mut second = open(folder.path());
        assert!(second.left.is_none() && second.others == 1);
        second.journal.write(vec![step(0.25)]);
        second.journal.flush().unwrap();
        drop(first);
        drop(second);
        // The newest is offered first, and the other one when that is answered.
        let mut opened = open(folder.path());
        assert_eq!((opened.left.as_ref().unwrap().steps.clone(), opened.others), (vec![step(0.25)], 0));
        opened.journal.write(Vec::new());
        opened.journal.flush().unwrap();
        drop(opened);
        assert_eq!(open(folder.path()).left.unwrap().steps, [step(0.5)]);
    }

    #[test]
    fn what_cannot_be_read_is_kept_and_not_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(format!("{}.json", data().stem()));
        std::fs::write(&path, "{\"schema\": \"qviz.journal/9\"}").unwrap();
        let mut opened = open(folder.path());
        assert!(opened.left.is_none());
        opened.journal.write(vec![step(0.5)]);
        opened.journal.flush().unwrap();
        assert!(std::fs::read_to_string(&path).unwrap().contains("journal/9"));
        assert_ne!(opened.journal.path(), path);
    }

    #[test]
    fn what_cannot_be_written_is_said_until_it_can() {
        let folder = tempfile::tempdir().unwrap();
        let mut opened = open(folder.path());
        // A folder with something in it stands where the file is to be.
        std::fs::create_dir_all(opened.journal.path().join("full")).unwrap();
        opened.journal.write(vec![step(0.5)]);
        let why = opened.journal.flush().unwrap_err();
        assert_eq!(opened.journal.trouble(), Some(why));
        std::fs::remove_dir_all(opened.journal.path()).unwrap();
        opened.journal.write(vec![step(0.5)]);
        assert_eq!((opened.journal.flush(), opened.journal.trouble()), (Ok(()), None));
        assert!(opened.journal.path().exists());
    }

    #[test]
    fn a_folder_that_cannot_be_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert!(Journal::open(&file.join("state"), data()).is_err());
    }
}
