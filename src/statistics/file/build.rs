//! Rows, in whatever order they come, put together to what was counted of each tensor.

use std::collections::BTreeMap;

use parquet::data_type::ByteArray;

use super::Refused;
use super::cells::Cells;
use super::schema::{COLUMNS, at};
use crate::histogram::{DEFAULT_BINS, MAX_BINS, Sum, Sums, bin_exponent, kept_bins};
use crate::session::{Key, Kind};
use crate::statistics::{Bin, Counts, Identity, Part, Shape, Tensor};

/// Channels of a tensor along an axis, at most.
const MOST_CHANNELS: u32 = 1 << 20;

/// Axes of a tensor, at most.
const MOST_AXES: u32 = 64;

/// Some rows: the cells of each column, in the order of [`COLUMNS`].
pub(super) struct Rows<'a>(pub &'a [Cells]);

impl Rows<'_> {
    fn text(&self, column: usize, row: usize) -> Option<&ByteArray> {
        match &self.0[column] {
            Cells::Text(cells) => cells.get(row)?.as_ref(),
            _ => None,
        }
    }

    fn int(&self, column: usize, row: usize) -> Option<i64> {
        match &self.0[column] {
            Cells::Int(cells) => *cells.get(row)?,
            _ => None,
        }
    }

    fn float(&self, column: usize, row: usize) -> Option<f32> {
        match &self.0[column] {
            Cells::Float(cells) => *cells.get(row)?,
            _ => None,
        }
    }
}

/// Whose the rows are.
type Whose = (Identity, Key);

/// A tensor as a whole, or a channel of it.
type Place = Option<(u32, u32)>;

/// What the rows so far come to.
pub(super) struct Build<'a> {
    file: &'a str,
    tensors: Vec<(Whose, Built)>,
    places: BTreeMap<Whose, usize>,
    /// The names of the row before, which are those of most rows, and where their tensor stands.
    last: Option<([ByteArray; 4], usize)>,
}

#[derive(Default)]
struct Built {
    op: String,
    dtype: String,
    samples: u64,
    shape: Option<Shape>,
    parts: BTreeMap<Place, Counted>,
}

#[derive(Default)]
struct Counted {
    totals: bool,
    counts: Counts,
    sums: Sums,
    exponent: Option<i32>,
}

impl<'a> Build<'a> {
    pub fn new(file: &'a str) -> Build<'a> {
        Build { file, tensors: Vec::new(), places: BTreeMap::new(), last: None }
    }

    fn damaged(&self, (identity, key): &Whose, predicate: impl std::fmt::Display) -> Refused {
        let shard = if identity.shard.is_empty() { String::new() } else { format!(" of {}", identity.shard) };
        Refused::damaged(self.file, format!("({key}{shard}) {predicate}."))
    }

    /// Where the tensor of a row stands.
    fn whose(&mut self, rows: &Rows, row: usize) -> Result<usize, Refused> {
        let mut names: [ByteArray; 4] = Default::default();
        for (name, column) in names.iter_mut().zip([at::RUN, at::SHARD, at::TENSOR, at::KIND]) {
            let missing = || {
                let what = format!("has a row without {}; write it anew.", COLUMNS[column].name);
                Refused::damaged(self.file, what)
            };
            *name = rows.text(column, row).ok_or_else(missing)?.clone();
        }
        if let Some((last, at)) = &self.last
            && *last == names
        {
            return Ok(*at);
        }
        let text = |of: &ByteArray| -> Result<String, Refused> {
            let no_text = |_| Refused::damaged(self.file, "has a name that is no text in UTF-8; write it anew.");
            of.as_utf8().map(str::to_owned).map_err(no_text)
        };
        let [run, shard, tensor, kind] = &names;
        let kind = match text(kind)?.as_str() {
            "activation" => Kind::Activation,
            "weight" => Kind::Weight,
            other => {
                let what =
                    format!("has a tensor of the kind {other}, and there are activation and weight; write it anew.");
                return Err(Refused::damaged(self.file, what));
            }
        };
        let whose = (Identity { run: text(run)?, shard: text(shard)? }, Key::new(kind, text(tensor)?));
        let at = *self.places.entry(whose.clone()).or_insert(self.tensors.len());
        if at == self.tensors.len() {
            self.tensors.push((whose, Built::default()));
        }
        self.last = Some((names, at));
        Ok(at)
    }

    /// Takes a row.
    pub fn row(&mut self, rows: &Rows, row: usize) -> Result<(), Refused> {
        let at = self.whose(rows, row)?;
        let taken = self.tensors[at].1.row(rows, row);
        taken.map_err(|what| self.damaged(&self.tensors[at].0, format!("{what}; write it anew")))
    }

    /// The parts, checked, and for how many bins they were counted; `said` is what the file says of that.
    pub fn finish(self, said: Option<usize>) -> Result<(usize, Vec<Part>), Refused> {
        let bins = said.or_else(|| self.bins()).unwrap_or(DEFAULT_BINS);
        let mut parts: BTreeMap<Identity, Part> = BTreeMap::new();
        let Build { file, tensors, .. } = self;
        let damaged = Build::new(file);
        for (whose, built) in tensors {
            let tensor =
                built.finish(bins).map_err(|what| damaged.damaged(&whose, format!("{what}; count it anew")))?;
            let (identity, key) = whose;
            let part = parts.entry(identity.clone()).or_insert_with(|| Part::new(identity, bins));
            part.tensors.insert(key, tensor);
        }
        Ok((bins, parts.into_values().collect()))
    }

    /// For how many bins it was counted, as the width of the bins says where an engine has left the metadata out.
    fn bins(&self) -> Option<usize> {
        let counted = self.tensors.iter().flat_map(|(_, built)| built.parts.values());
        counted.filter_map(|part| part.exponent.map(|exponent| (exponent, part.counts.amax()))).find_map(
            |(exponent, amax)| {
                let fits =
                    |bins: &usize| amax > 0.0 && exponent > -149 && bin_exponent(amax, kept_bins(*bins)) == exponent;
                (0..=MAX_BINS.trailing_zeros()).map(|bits| 1usize << bits).find(fits)
            },
        )
    }
}

/// A count: not negative.
fn count(rows: &Rows, column: usize, row: usize) -> Result<u64, String> {
    let name = COLUMNS[column].name;
    match rows.int(column, row) {
        None => Err(format!("has a row without {name}")),
        Some(n) => u64::try_from(n).map_err(|_| format!("has a negative count, {n}, as {name}")),
    }
}

impl Built {
    fn row(&mut self, rows: &Rows, row: usize) -> Result<(), String> {
        let place = match (rows.int(at::AXIS, row), rows.int(at::CHANNEL, row)) {
            (None, None) => None,
            (Some(axis), Some(channel)) => {
                let axis = u32::try_from(axis).ok().filter(|axis| *axis < MOST_AXES);
                let channel = u32::try_from(channel).ok().filter(|channel| *channel < MOST_CHANNELS);
                Some(axis.zip(channel).ok_or("has an axis or a channel that cannot be")?)
            }
            _ => return Err("has an axis without a channel, or a channel without an axis".to_owned()),
        };
        match rows.text(at::ROW, row).map_or(&b""[..], ByteArray::data) {
            b"tensor" => self.totals(place, rows, row),
            b"sums" => self.sums(place, rows, row),
            b"bins" => self.bin(place, rows, row),
            other => Err(format!(
                "has a row of the kind '{}', and there are tensor, sums and bins",
                String::from_utf8_lossy(&other[..other.len().min(40)])
            )),
        }
    }

    fn totals(&mut self, place: Place, rows: &Rows, row: usize) -> Result<(), String> {
        let text = |column| -> Result<String, String> {
            let no_text = |_| "has a name that is no text in UTF-8".to_owned();
            rows.text(column, row).map_or(Ok(String::new()), |text| text.as_utf8().map(str::to_owned).map_err(no_text))
        };
        let part = self.parts.entry(place).or_default();
        if std::mem::replace(&mut part.totals, true) {
            return Err("is there twice under one shard".to_owned());
        }
        let counts = &mut part.counts;
        counts.n = count(rows, at::N, row)?;
        counts.zeros = count(rows, at::ZEROS, row)?;
        counts.nan = count(rows, at::NAN, row)?;
        counts.pos_inf = count(rows, at::POS_INF, row)?;
        counts.neg_inf = count(rows, at::NEG_INF, row)?;
        // Which of the two zeros it is means nothing.
        counts.min = rows.float(at::MIN, row).map(|x| x + 0.0);
        counts.max = rows.float(at::MAX, row).map(|x| x + 0.0);
        if place.is_none() {
            (self.op, self.dtype) = (text(at::OP)?, text(at::DTYPE)?);
            self.samples = rows.int(at::SAMPLES, row).map_or(Ok(0), |_| count(rows, at::SAMPLES, row))?;
            let shape = text(at::SHAPE)?;
            let wrong = |why| format!("has the shape '{}', which {why}", shape.chars().take(40).collect::<String>());
            self.shape = Some(shape.parse().map_err(wrong)?);
        }
        Ok(())
    }

    fn sums(&mut self, place: Place, rows: &Rows, row: usize) -> Result<(), String> {
        let (sign, exponent) = signed(rows, row)?;
        if !(-149..=104).contains(&exponent) {
            return Err(format!("has sums of the exponent {exponent}, which no float32 has"));
        }
        let mut sum = Sum { n: count(rows, at::N, row)?, ..Sum::default() };
        for (i, piece) in sum.s.iter_mut().enumerate() {
            *piece = count(rows, at::S0 + i, row)?;
        }
        for (i, piece) in sum.q.iter_mut().enumerate() {
            *piece = count(rows, at::Q0 + i, row)?;
        }
        let part = self.parts.entry(place).or_default();
        if part.sums.contains(sign, exponent) {
            return Err(format!("has sums of the exponent {exponent} twice under one shard"));
        }
        part.sums.add(sign, exponent, &sum).map_err(|why| why.to_string())
    }

    fn bin(&mut self, place: Place, rows: &Rows, row: usize) -> Result<(), String> {
        let (sign, exponent) = signed(rows, row)?;
        let index = rows.int(at::IDX, row).ok_or("has bins without idx")?;
        let fits = u32::try_from(index).ok().filter(|index| (*index as usize) < kept_bins(MAX_BINS));
        let index = fits.ok_or_else(|| format!("has a bin of the idx {index}, which is out of range"))?;
        let n = count(rows, at::N, row)?;
        let part = self.parts.entry(place).or_default();
        if part.exponent.is_some_and(|other| other != exponent) {
            return Err("has bins of two widths under one shard".to_owned());
        }
        part.exponent = Some(exponent);
        if n > 0 {
            part.counts.bins.push(Bin { sign, index, n });
        }
        Ok(())
    }

    fn finish(self, bins: usize) -> Result<Tensor, String> {
        let (mut whole, mut channels) = (None, BTreeMap::<u32, Vec<Counts>>::new());
        for (place, part) in self.parts {
            let counts = part.finish(bins).map_err(|what| match place {
                None => what,
                Some((axis, channel)) => format!("{what}, in channel {channel} along axis {axis}"),
            })?;
            match place {
                None => whole = Some(counts),
                Some((axis, channel)) => {
                    let along = channels.entry(axis).or_default();
                    if along.len() != channel as usize {
                        return Err(format!("has a channel {channel} along axis {axis}, and none {}", along.len()));
                    }
                    along.push(counts);
                }
            }
        }
        let whole = whole.ok_or("has channels, and not the tensor as a whole")?;
        let shape = self.shape.unwrap_or_else(Shape::unknown);
        let tensor =
            Tensor { op: self.op, dtype: self.dtype, samples: self.samples, shape, channels, ..Tensor::new(whole) };
        tensor.check()?;
        Ok(tensor)
    }
}

impl Counted {
    fn finish(self, bins: usize) -> Result<Counts, String> {
        if !self.totals {
            return Err("has bins or sums, and no row of totals".to_owned());
        }
        let mut counts = Counts { sums: self.sums, ..self.counts };
        counts.bins.sort_unstable_by_key(|bin| (bin.sign, bin.index));
        if counts.bins.windows(2).any(|two| (two[0].sign, two[0].index) == (two[1].sign, two[1].index)) {
            return Err("has a bin twice under one shard".to_owned());
        }
        counts.check(bins, self.exponent)?;
        Ok(counts)
    }
}

/// Sign and exponent of a row.
fn signed(rows: &Rows, row: usize) -> Result<(i8, i32), String> {
    let sign = match rows.int(at::SIGN, row) {
        Some(1) => 1,
        Some(-1) => -1,
        _ => return Err("has a sign that is neither 1 nor -1".to_owned()),
    };
    let exponent = rows.int(at::EXP, row).and_then(|exponent| i32::try_from(exponent).ok());
    Ok((sign, exponent.ok_or("has bins or sums without an exponent")?))
}
