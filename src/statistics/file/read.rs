//! Reading: whole or not at all.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};

use super::build::{Build, Rows};
use super::cells::{Reader, unfit};
use super::schema::COLUMNS;
use super::{BINS_KEY, File, Refused, SHARDS_KEY, SOURCES_KEY, VERSION, VERSION_KEY};
use crate::ErrorKind;
use crate::guard::guarded;
use crate::histogram::{MAX_BINS, kept_bins};
use crate::session::Kind;
use crate::statistics::{Identity, MERGED};

/// Rows that are read at a time.
const ROWS: usize = 4096;

/// A row takes some bytes, however it is packed: what claims to have more rows would only take up memory.
const ROWS_IN_A_BYTE: u64 = 16;

/// A file by its path.
///
/// # Errors
/// As [`read`].
pub fn read_file(path: &Path) -> Result<File, Refused> {
    let name = path.display().to_string();
    match std::fs::read(path) {
        Ok(bytes) => read(&name, bytes.into()),
        Err(error) => {
            let what = match error.kind() {
                std::io::ErrorKind::NotFound => "does not exist; check the path.".to_owned(),
                std::io::ErrorKind::IsADirectory => "is a folder; give the files in it.".to_owned(),
                kind => format!("cannot be read: {kind}; check the disk and try again."),
            };
            Err(Refused::new(ErrorKind::of_system(&error), &name, what))
        }
    }
}

/// The statistics in these bytes, which sentences call `name`.
///
/// # Errors
/// What is wrong, in a sentence: no Parquet, another schema, cut short, counts that cannot be.
pub fn read(name: &str, bytes: Bytes) -> Result<File, Refused> {
    let damaged = |why: String| Refused::damaged(name, format!("is damaged ({why}); write it anew."));
    if bytes.len() < 12 || !bytes.starts_with(b"PAR1") {
        let what = if bytes.is_empty() { "is empty" } else { "is no Parquet file" };
        return Err(Refused::damaged(name, format!("{what}; qviz stats writes one.")));
    }
    if !bytes.ends_with(b"PAR1") {
        return Err(Refused::damaged(name, "is cut short: it does not end as Parquet files do; write it anew."));
    }
    match guarded(|| whole(name, &bytes)) {
        Ok(read) => read,
        // The crate gives up on some damage so.
        Err(_) => Err(damaged("its columns cannot be made out".to_owned())),
    }
}

fn whole(name: &str, bytes: &Bytes) -> Result<File, Refused> {
    let fault = |why: ParquetError| match why {
        ParquetError::General(what) if ["has ", "holds ", "is "].iter().any(|ours| what.starts_with(ours)) => {
            Refused::damaged(name, format!("{what}."))
        }
        why => Refused::damaged(name, format!("is damaged ({}); write it anew.", first_line(&why.to_string()))),
    };
    let metadata = ParquetMetaDataReader::new().parse_and_finish(bytes).map_err(fault)?;
    let said = metadata.file_metadata().key_value_metadata();
    let said = |key: &str| said?.iter().find(|pair| pair.key == key)?.value.as_deref();
    if let Some(version) = said(VERSION_KEY).filter(|version| *version != VERSION) {
        let version: String = version.chars().take(20).collect();
        let what =
            format!("is a table of statistics of version {version}, and this qviz reads {VERSION}; take a newer one.");
        return Err(Refused::unfit(name, what));
    }
    let bins = said(BINS_KEY).map(|text| {
        let bins = text.trim().parse().ok().filter(|bins| (1..=MAX_BINS).contains(bins));
        let wrong =
            || Refused::damaged(name, format!("says {BINS_KEY} = {}; that is 1 to {MAX_BINS}.", first_line(text)));
        bins.map(|bins| kept_bins(bins) / 2).ok_or_else(wrong)
    });
    let holds = said(SHARDS_KEY).map(|text| {
        let wrong =
            |_| Refused::damaged(name, format!("says {SHARDS_KEY}, and not as a list of [run, shard]; merge it anew."));
        serde_json::from_str::<BTreeSet<Identity>>(text).map_err(wrong)
    });
    let holds = holds.transpose()?;
    let columns = columns(name, &metadata)?;

    let rows = metadata
        .row_groups()
        .iter()
        .try_fold(0u64, |all, group| all.checked_add(u64::try_from(group.num_rows()).ok()?));
    if rows.is_none_or(|rows| rows > ROWS_IN_A_BYTE * bytes.len() as u64) {
        return Err(Refused::damaged(name, "claims to have more rows than its size can hold; write it anew."));
    }
    let mut build = Build::new(name);
    for group in metadata.row_groups() {
        let mut left = group.num_rows() as usize;
        if left == 0 {
            continue;
        }
        let reader = |place: &usize| {
            let column = group.columns().get(*place).ok_or_else(|| fault(ParquetError::EOF("columns".into())))?;
            Reader::new(bytes, column).map_err(fault)
        };
        let mut readers = columns.iter().map(reader).collect::<Result<Vec<_>, _>>()?;
        while left > 0 {
            let n = left.min(ROWS);
            let cells = readers.iter_mut().map(|reader| reader.next(n).map_err(fault));
            let cells = cells.collect::<Result<Vec<_>, _>>()?;
            (0..n).try_for_each(|row| build.row(&Rows(&cells), row))?;
            left -= n;
        }
    }
    let (bins, parts) = build.finish(bins.transpose()?)?;
    let stray = parts
        .iter()
        .find(|part| part.identity.shard != MERGED && part.tensors.keys().any(|key| key.kind() == Kind::Activation));
    if let Some(stray) = stray.filter(|_| holds.is_some()) {
        let what = format!("was merged, and holds rows of the shard {} beside; merge it anew.", stray.identity.shard);
        return Err(Refused::damaged(name, what));
    }
    let merged = parts.iter().filter(|part| part.identity.shard == MERGED).count();
    if holds.is_some() && merged > 1 {
        return Err(Refused::damaged(name, "was merged, and holds rows of two runs; merge it anew."));
    }
    Ok(File { bins, holds, sources: said(SOURCES_KEY).map(str::to_owned), parts })
}

/// Where each of our columns stands in the file. More columns may be there.
fn columns(name: &str, metadata: &ParquetMetaData) -> Result<Vec<usize>, Refused> {
    let schema = metadata.file_metadata().schema_descr();
    let mut places = HashMap::new();
    for (place, found) in schema.columns().iter().enumerate() {
        if let [top] = found.path().parts() {
            places.insert(top.as_str(), place);
        } else if let [top, ..] = found.path().parts()
            && COLUMNS.iter().any(|column| column.name == top)
        {
            return Err(Refused::unfit(name, format!("has a column {top} with columns in it; write it flat.")));
        }
    }
    let missing: Vec<&str> = COLUMNS.iter().map(|c| c.name).filter(|name| !places.contains_key(name)).collect();
    if let Some((first, more)) = missing.split_first() {
        let more = if more.is_empty() { String::new() } else { format!(", {}", more.join(", ")) };
        let what = match places.contains_key("tensor") || places.contains_key("run") {
            true => format!("lacks the column{} {first}{more}", if more.is_empty() { "" } else { "s" }),
            false => {
                "is Parquet, and no table of statistics: it lacks the columns run, shard, tensor and others".to_owned()
            }
        };
        return Err(Refused::unfit(name, format!("{what}; docs/statistics.md says how it is written.")));
    }
    let place = |column: &super::schema::Column| -> Result<usize, Refused> {
        let place = places[column.name];
        match unfit(column, &schema.column(place)) {
            Some(what) => Err(Refused::unfit(name, format!("{what}; docs/statistics.md says how it is written."))),
            None => Ok(place),
        }
    };
    COLUMNS.iter().map(place).collect()
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(120).collect()
}
