//! Paths to files: directories are walked, globs expanded, and what occurs twice is counted once.

use super::super::foreign::Foreign;
use super::super::group::Captures;
use super::super::shards;
use super::{InputError, Path, PathBuf, io_predicate, natural};
use crate::error::{ErrorKind, Predicate};
use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::IsTerminal;
use walkdir::{DirEntry, WalkDir};

/// A file, or standard input, that may hold tensors.
pub(super) struct File {
    pub path: PathBuf,
    /// How many of the path's components lie beneath the PATH that was given; a PATH that is a file counts as one.
    pub beneath: usize,
    /// Which of the PATHs it was found in.
    pub root: usize,
    /// A plain file: it has a length and can be read twice.
    pub regular: bool,
    pub stdin: bool,
    pub captures: Option<Captures>,
}

/// All files under `paths`, in natural order.
pub(super) fn list(paths: &[PathBuf], errors: &mut Vec<InputError>) -> Vec<File> {
    let mut lister = Lister { files: Vec::new(), errors, seen: HashSet::new(), parents: HashMap::new(), root: 0 };
    for (root, path) in paths.iter().enumerate() {
        lister.root = root;
        lister.path(path);
    }
    let mut keyed: Vec<(String, File)> =
        lister.files.into_iter().map(|file| (file.path.to_string_lossy().into_owned(), file)).collect();
    keyed.sort_by(|(a, _), (b, _)| natural(a, b));
    keyed.into_iter().map(|(_, file)| file).collect()
}

struct Lister<'a> {
    files: Vec<File>,
    errors: &'a mut Vec<InputError>,
    seen: HashSet<PathBuf>,
    /// Directories and what they really are: most files share theirs.
    parents: HashMap<PathBuf, PathBuf>,
    /// The PATH that is listed now.
    root: usize,
}

impl Lister<'_> {
    fn path(&mut self, path: &Path) {
        if path.as_os_str() == "-" {
            return self.stdin();
        }
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => self.directory(path),
            Ok(metadata) => self.file(path.into(), 1, metadata.is_file(), path.is_symlink()),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound && fs::symlink_metadata(path).is_err() => {
                self.glob(path, &e)
            }
            Err(e) => self.error(path, io_predicate(&e)),
        }
    }

    fn stdin(&mut self) {
        if std::io::stdin().is_terminal() {
            let message = "standard input is the terminal, not an .npy; pipe one in, or name a file.".into();
            self.errors.push(InputError { kind: ErrorKind::Unfit, file: "-".into(), message });
        } else if self.seen.insert("-".into()) {
            let path = "stdin".into();
            self.files.push(File { path, beneath: 1, root: self.root, regular: false, stdin: true, captures: None });
        }
    }

    fn file(&mut self, path: PathBuf, beneath: usize, regular: bool, link: bool) {
        let identity = self.identity(&path, link);
        if !self.seen.insert(identity) {
            return;
        }
        if shards::is_index(&path) {
            self.shards(&path, beneath);
        } else {
            self.files.push(File { path, beneath, root: self.root, regular, stdin: false, captures: None });
        }
    }

    /// The files of a checkpoint in place of its index.
    fn shards(&mut self, index: &Path, beneath: usize) {
        match shards::list(index) {
            Ok(shards) => {
                shards.missing.into_iter().for_each(|predicate| self.error(index, predicate));
                shards.files.into_iter().for_each(|path| {
                    let link = path.is_symlink();
                    self.file(path, beneath, true, link);
                });
            }
            Err(predicate) => self.error(index, predicate),
        }
    }

    fn directory(&mut self, root: &Path) {
        let visible = |entry: &DirEntry| entry.depth() == 0 || !entry.file_name().as_encoded_bytes().starts_with(b".");
        let (mut any, mut foreign) = (false, None);
        for entry in WalkDir::new(root).follow_links(true).into_iter().filter_entry(visible) {
            match entry {
                Ok(entry) if entry.file_type().is_file() && is_dump(entry.path()) => {
                    any = true;
                    let (depth, link, path) = (entry.depth(), entry.path_is_symlink(), entry.into_path());
                    // `qviz .` should say `conv1.npy`, not `./conv1.npy`.
                    let path = path.strip_prefix(".").map(Path::to_path_buf).unwrap_or(path);
                    self.file(path, depth, true, link);
                }
                Ok(entry) if foreign.is_none() && is_foreign(&entry) => foreign = Some(entry.into_path()),
                Ok(_) => {}
                // A link back up: what it leads to is listed already.
                Err(e) if e.loop_ancestor().is_some() => {}
                Err(e) => {
                    any = true;
                    let path = e.path().unwrap_or(root).to_path_buf();
                    self.error(&path, io_predicate(&e.into()));
                }
            }
        }
        if any {
            return;
        }
        // Files of another tool, and nothing else: one of them says what is to be done.
        if let Some(path) = foreign {
            self.file(path, 1, true, false);
        } else {
            let nothing = "is a directory without .npy, .npz or .safetensors files; dump the tensors there first.";
            self.error(root, Predicate::new(ErrorKind::Missing, nothing));
        }
    }

    /// A path that does not exist may be a pattern that the shell left alone.
    fn glob(&mut self, path: &Path, not_found: &std::io::Error) {
        let options = glob::MatchOptions { require_literal_leading_dot: true, ..Default::default() };
        let pattern = path.to_str().filter(|text| text.contains(['*', '?', '[']));
        let Some(matches) = pattern.and_then(|pattern| glob::glob_with(pattern, options).ok()) else {
            return self.error(path, io_predicate(not_found));
        };
        let mut any = false;
        for entry in matches {
            any = true;
            match entry {
                Ok(path) => self.path(&path),
                Err(e) => {
                    let path = e.path().to_path_buf();
                    self.error(&path, io_predicate(&e.into()));
                }
            }
        }
        if !any {
            self.error(path, Predicate::new(ErrorKind::Missing, "matches no file; check the pattern."));
        }
    }

    /// What a path really is, so that `a/x.npy`, `./a/x.npy` and a link to it are one file.
    fn identity(&mut self, path: &Path, link: bool) -> PathBuf {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return path.into();
        };
        if link {
            return fs::canonicalize(path).unwrap_or_else(|_| path.into());
        }
        if !self.parents.contains_key(parent) {
            let directory = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
            let real = fs::canonicalize(directory).unwrap_or_else(|_| parent.into());
            self.parents.insert(parent.into(), real);
        }
        self.parents[parent].join(name)
    }

    fn error(&mut self, path: &Path, predicate: impl Into<Predicate>) {
        self.errors.push(InputError::new(path.display().to_string(), predicate));
    }
}

/// Whether a file in a directory is one of ours.
fn is_dump(path: &Path) -> bool {
    ends_in(path, &["npy", "npz", "safetensors"]) || shards::is_index(path)
}

/// Whether another tool keeps tensors in it.
fn is_foreign(entry: &DirEntry) -> bool {
    entry.file_type().is_file()
        && ends_in(entry.path(), &["pt", "pth", "bin", "ckpt", "pkl", "gguf", "h5", "hdf5", "tflite"])
        && Foreign::of(entry.path()).is_ok_and(|known| known.is_some())
}

fn ends_in(path: &Path, endings: &[&str]) -> bool {
    path.extension().is_some_and(|ending| endings.iter().any(|known| ending.eq_ignore_ascii_case(known)))
}
