//! How many entries a zip archive claims to hold, before anything is allocated for them.
//!
//! The zip crate makes room for every entry that a zip64 archive claims, as long as the file is long enough for them:
//! that is some seven times the length of the file, which need not even take space on the disk. The claims of plain
//! archives are 16 bits wide and do no harm.

use super::super::npy::fill;
use std::fs::File;
use std::io::{self, Seek, SeekFrom};

/// All records that end an archive, its comment among them, fit in here.
const TAIL: u64 = 128 << 10;

const RECORD: &[u8] = b"PK\x06\x06";
const LOCATOR: &[u8] = b"PK\x06\x07";

/// The largest number of entries that any zip64 record at the end of the file claims; 0 without such a record, and
/// `None` where a locator points to a record that is not at the end, which no writer does.
pub(super) fn claimed_entries(file: &mut File) -> io::Result<Option<u64>> {
    let len = file.seek(SeekFrom::End(0))?;
    let start = len.saturating_sub(TAIL);
    file.seek(SeekFrom::Start(start))?;
    let mut tail = vec![0; (len - start) as usize];
    let found = fill(file, &mut tail)?;
    file.rewind()?;
    let tail = &tail[..found];
    let word = |at: usize| tail.get(at..at + 8).and_then(|b| b.first_chunk()).map(|&b| u64::from_le_bytes(b));
    let mut most = 0;
    for at in 0..tail.len().saturating_sub(3) {
        let magic = &tail[at..at + 4];
        if magic == LOCATOR && word(at + 8).is_some_and(|record| record < start) {
            return Ok(None);
        }
        if magic == RECORD {
            // The entries on this disk, and all of them.
            most = most.max(word(at + 24).unwrap_or(0)).max(word(at + 32).unwrap_or(0));
        }
    }
    Ok(Some(most))
}
