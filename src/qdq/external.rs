//! Values that lie in a file beside the model.

use super::graph::put_external;
use super::grid::Grid;
use super::wire::fields;
use crate::model::{Network, Weight};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// What each tensor begins at: where a processor's vectors do.
const ALIGNED: u64 = 64;

/// A file of values that is written beside the model, one piece after the other, so that no more than one is held.
#[derive(Debug)]
pub(super) struct Beside {
    /// Its name, as the model has it.
    pub location: String,
    pieces: Vec<Piece>,
    length: u64,
}

/// A piece of it.
#[derive(Debug)]
struct Piece {
    at: u64,
    length: u64,
    from: From,
}

/// Where a piece comes from.
#[derive(Debug)]
enum From {
    /// A part of another file.
    Part { path: PathBuf, offset: u64 },
    /// A weight's codes.
    Codes { weight: Box<Weight>, grid: Box<Grid> },
}

impl Beside {
    pub fn new(location: String) -> Beside {
        Beside { location, pieces: Vec::new(), length: 0 }
    }

    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    fn add(&mut self, from: From, length: u64) -> u64 {
        let at = self.length.next_multiple_of(ALIGNED);
        self.pieces.push(Piece { at, length, from });
        self.length = at + length;
        at
    }

    /// A weight's codes: where they will lie, and how long they are.
    pub fn codes(&mut self, weight: &Weight, grid: &Grid) -> (u64, u64) {
        let length = grid.bytes(weight.shape.iter().map(|n| *n as u64).product());
        let from = From::Codes { weight: Box::new(weight.clone()), grid: Box::new(grid.clone()) };
        (self.add(from, length), length)
    }

    /// A tensor's message with its values here, if they lie in a file of `folder`.
    pub fn moved(&mut self, content: &[u8], folder: &Path) -> Result<Option<Vec<u8>>, String> {
        let place = Place::of(content)?.filter(|place| place.location != self.location);
        let Some(Place { location, offset, length }) = place else { return Ok(None) };
        let path = folder.join(&location);
        let there = std::fs::metadata(&path).map_err(|error| format!("{location} cannot be read ({error})"))?.len();
        let length = length.unwrap_or(there.saturating_sub(offset));
        if offset.checked_add(length).is_none_or(|end| end > there) {
            return Err(format!("a tensor lies beyond the end of {location}; copy it again"));
        }
        let at = self.add(From::Part { path, offset }, length);
        let mut out = Vec::new();
        for field in fields(content) {
            let field = field?;
            if !matches!(field.number, 13 | 14) {
                out.extend_from_slice(field.raw);
            }
        }
        put_external(&mut out, &self.location, at, length);
        Ok(Some(out))
    }

    /// Writes the file.
    pub fn write(&self, network: &Network, out: &mut dyn Write) -> io::Result<()> {
        let mut out = io::BufWriter::new(out);
        let mut written = 0;
        for piece in &self.pieces {
            io::copy(&mut io::repeat(0).take(piece.at - written), &mut out)?;
            let copied = match &piece.from {
                From::Part { path, offset } => {
                    let mut file = File::open(path)?;
                    file.seek(SeekFrom::Start(*offset))?;
                    io::copy(&mut file.take(piece.length), &mut out)?
                }
                From::Codes { weight, grid } => {
                    let values = network.weight_values(weight).map_err(io::Error::other)?;
                    let codes = grid.codes(&values, &weight.shape);
                    out.write_all(&codes)?;
                    codes.len() as u64
                }
            };
            if copied != piece.length {
                return Err(io::Error::other("a file of values is shorter than it was"));
            }
            written = piece.at + piece.length;
        }
        out.flush()
    }
}

/// Where a tensor's values lie.
pub(super) struct Place {
    pub location: String,
    pub offset: u64,
    pub length: Option<u64>,
}

impl Place {
    /// What a tensor's message says; `None` where it holds its values itself.
    pub fn of(content: &[u8]) -> Result<Option<Place>, String> {
        let (mut entries, mut is_external, mut has_own) = (Vec::new(), false, false);
        for field in fields(content) {
            let field = field?;
            match field.number {
                9 => has_own |= !field.bytes()?.is_empty(),
                13 => entries.push(entry(field.bytes()?)?),
                14 => is_external = field.whole()? == 1,
                _ => {}
            }
        }
        let named = |key: &str| entries.iter().find(|(of, _)| *of == key).map(|(_, value)| *value);
        let number = |key: &str| match named(key) {
            None | Some("") => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|_| format!("the {key} of a tensor is {text:?}")),
        };
        match named("location").filter(|_| is_external && !has_own) {
            None => Ok(None),
            Some(location) => Ok(Some(Place {
                location: location.to_owned(),
                offset: number("offset")?.unwrap_or(0),
                length: number("length")?,
            })),
        }
    }
}

fn entry(bytes: &[u8]) -> Result<(&str, &str), String> {
    let (mut key, mut value) = ("", "");
    for field in fields(bytes) {
        let field = field?;
        match field.number {
            1 => key = field.text()?,
            2 => value = field.text()?,
            _ => {}
        }
    }
    Ok((key, value))
}

/// The name of the file beside a model, which is none of those that are there.
pub(super) fn name_beside(model: &Path, taken: &[String]) -> String {
    let mut name = model.file_name().map_or_else(|| "model.onnx".into(), |name| name.to_string_lossy().into_owned());
    name.push_str(".data");
    while taken.contains(&name) {
        name.push('_');
    }
    name
}
