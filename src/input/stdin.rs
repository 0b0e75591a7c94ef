//! Standard input, which is a file where the shell was told `< x.npy`: then it can be read as often as one.

use std::fs::File;
use std::io::{self, Read};

/// Where standard input stands, if it is a file.
pub(super) fn position() -> Option<u64> {
    use std::io::Seek;
    let mut file = file().ok()?;
    file.metadata().ok().filter(|metadata| metadata.is_file())?;
    file.stream_position().ok()
}

/// Standard input from a place on, by a position of its own: the system's is one for all who read.
pub(super) struct Stdin {
    file: File,
    pub at: u64,
}

impl Stdin {
    /// Where it is a file.
    pub fn open(at: u64) -> io::Result<Stdin> {
        Ok(Stdin { file: file()?, at })
    }

    /// Bytes of the whole file.
    pub fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }
}

#[cfg(unix)]
impl Read for Stdin {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let found = std::os::unix::fs::FileExt::read_at(&self.file, buffer, self.at)?;
        self.at += found as u64;
        Ok(found)
    }
}

#[cfg(unix)]
fn file() -> io::Result<File> {
    use std::os::fd::AsFd;
    Ok(File::from(io::stdin().as_fd().try_clone_to_owned()?))
}

/// Elsewhere it is read as a pipe.
#[cfg(not(unix))]
impl Read for Stdin {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[cfg(not(unix))]
fn file() -> io::Result<File> {
    Err(io::ErrorKind::Unsupported.into())
}
