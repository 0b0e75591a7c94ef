//! Writing: the same table gives the same bytes.

use std::collections::BTreeMap;
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, FloatType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;

use super::schema::{COLUMNS, Holds, schema};
use super::{BINS_KEY, Refused, SHARDS_KEY, SOURCES_KEY, VERSION, VERSION_KEY, WRITER_KEY};
use crate::ErrorKind;
use crate::histogram::{Sum, kept_bins};
use crate::session::{Key, Kind};
use crate::statistics::{Counts, Identity, MERGED, Part, Table, Tensor, WEIGHTS};

/// Rows that are held at a time.
const GROUP: usize = 1 << 17;

/// One piece of data as a file. `sources` is noted beside it: [`File::sources`](super::File::sources) has it again.
///
/// # Errors
/// What cannot be written, such as a name of more than 2 GB.
pub fn write_part(part: &Part, sources: Option<&str>) -> Result<Vec<u8>, Refused> {
    let more = sources.map(|sources| (SOURCES_KEY, sources.to_owned()));
    write(&part.identity, &part.tensors, part.bins, more)
}

/// What was merged as a file.
///
/// # Errors
/// As [`write_part`].
pub fn write_table(table: &Table) -> Result<Vec<u8>, Refused> {
    let holds = serde_json::to_string(&table.holds).expect("texts are JSON");
    write(&Identity::new(table.run.as_str(), MERGED), &table.tensors, table.bins, Some((SHARDS_KEY, holds)))
}

fn write(
    identity: &Identity,
    tensors: &BTreeMap<Key, Tensor>,
    bins: usize,
    more: Option<(&str, String)>,
) -> Result<Vec<u8>, Refused> {
    let said = [
        (VERSION_KEY, VERSION.to_owned()),
        (BINS_KEY, (kept_bins(bins) / 2).to_string()),
        (WRITER_KEY, concat!("qviz ", env!("CARGO_PKG_VERSION")).to_owned()),
    ];
    let said = said.into_iter().chain(more).map(|(key, value)| KeyValue::new(key.to_owned(), value));
    let shard = |key: &Key| if key.kind() == Kind::Weight { WEIGHTS } else { identity.shard.as_str() };
    let mut order: Vec<(&Key, &Tensor)> = tensors.iter().collect();
    order.sort_by_key(|(key, _)| (shard(key), *key));
    let written = || -> Result<Vec<u8>, ParquetError> {
        let mut file = Writer::begin(said.collect())?;
        for (key, tensor) in order {
            file.tensor(&identity.run, shard(key), key, tensor, bins)?;
        }
        file.end()
    };
    written().map_err(|why| Refused {
        kind: ErrorKind::Unfit,
        file: String::new(),
        message: format!("the table could not be written as Parquet ({why}); please report it."),
    })
}

struct Writer {
    file: SerializedFileWriter<Vec<u8>>,
    columns: Vec<Values>,
    rows: usize,
    /// The words of the three kinds of rows.
    words: [ByteArray; 3],
}

/// The values of a column that are not written yet; levels say which rows have one.
struct Values {
    text: Vec<ByteArray>,
    ints: Vec<i64>,
    floats: Vec<f32>,
    levels: Vec<i16>,
}

/// What stands in a row besides the names.
#[derive(Default)]
struct Row<'a> {
    /// Its kind: a place in [`WORDS`].
    word: usize,
    bin: Option<(i8, i32, Option<u32>)>,
    n: u64,
    totals: Option<(&'a Counts, &'a Tensor)>,
    sum: Option<Sum>,
}

const WORDS: [&str; 3] = ["tensor", "sums", "bins"];

/// What all rows of a tensor have in common.
struct Names {
    run: ByteArray,
    shard: ByteArray,
    tensor: ByteArray,
    kind: ByteArray,
    op: ByteArray,
}

impl Writer {
    fn begin(said: Vec<KeyValue>) -> Result<Writer, ParquetError> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_offset_index_disabled(true)
            .set_key_value_metadata(Some(said))
            .build();
        let file = SerializedFileWriter::new(Vec::new(), Arc::new(schema()?), Arc::new(properties))?;
        let empty = || Values { text: Vec::new(), ints: Vec::new(), floats: Vec::new(), levels: Vec::new() };
        Ok(Writer {
            file,
            columns: COLUMNS.iter().map(|_| empty()).collect(),
            rows: 0,
            words: WORDS.map(ByteArray::from),
        })
    }

    fn tensor(&mut self, run: &str, shard: &str, key: &Key, tensor: &Tensor, bins: usize) -> Result<(), ParquetError> {
        let names = Names {
            run: run.into(),
            shard: shard.into(),
            tensor: key.name().into(),
            kind: key.kind().word().into(),
            op: tensor.op.as_str().into(),
        };
        for (channel, counts) in tensor.parts() {
            let totals = Row { word: 0, n: counts.n, totals: Some((counts, tensor)), ..Row::default() };
            self.row(&names, channel, &totals)?;
            for ((sign, exponent), sum) in counts.sums.iter() {
                let bin = Some((sign, exponent, None));
                self.row(&names, channel, &Row { word: 1, bin, n: sum.n, sum: Some(*sum), ..Row::default() })?;
            }
            let exponent = counts.exponent(bins);
            for bin in &counts.bins {
                let at = Some((bin.sign, exponent, Some(bin.index)));
                self.row(&names, channel, &Row { word: 2, bin: at, n: bin.n, ..Row::default() })?;
            }
        }
        Ok(())
    }

    fn row(&mut self, names: &Names, channel: Option<(u32, u32)>, row: &Row) -> Result<(), ParquetError> {
        let mut columns = self.columns.iter_mut();
        let mut next = || columns.next().expect("a column for each value");
        for name in [&names.run, &names.shard, &names.tensor, &names.kind, &names.op] {
            next().text(Some(name.clone()));
        }
        next().int(channel.map(|(axis, _)| axis.into()));
        next().int(channel.map(|(_, channel)| channel.into()));
        next().text(Some(self.words[row.word].clone()));
        next().int(row.bin.map(|(sign, ..)| sign.into()));
        next().int(row.bin.map(|(_, exponent, _)| exponent.into()));
        next().int(row.bin.and_then(|(.., index)| index).map(i64::from));
        // Counts are no more than signed integers hold: the merger and the reader see to that.
        let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        next().int(Some(count(row.n)));
        let counts = row.totals.map(|(counts, _)| counts);
        for of in [|c: &Counts| c.zeros, |c: &Counts| c.nan, |c: &Counts| c.pos_inf, |c: &Counts| c.neg_inf] {
            next().int(counts.map(|counts| count(of(counts))));
        }
        next().float(counts.and_then(|counts| counts.min));
        next().float(counts.and_then(|counts| counts.max));
        let tensor = row.totals.map(|(_, tensor)| tensor);
        next().int(tensor.map(|tensor| count(tensor.samples)));
        next().text(tensor.map(|tensor| tensor.shape.to_string().as_str().into()));
        next().text(tensor.map(|tensor| tensor.dtype.as_str().into()));
        for at in 0..2 {
            next().int(row.sum.map(|sum| count(sum.s[at])));
        }
        for at in 0..3 {
            next().int(row.sum.map(|sum| count(sum.q[at])));
        }
        self.rows += 1;
        if self.rows == GROUP { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), ParquetError> {
        let mut group = self.file.next_row_group()?;
        for (column, values) in COLUMNS.iter().zip(&mut self.columns) {
            let mut writer = group.next_column()?.expect("a writer for each column");
            let levels = (!column.required).then_some(values.levels.as_slice());
            match column.holds {
                Holds::Text => writer.typed::<ByteArrayType>().write_batch(&values.text, levels, None)?,
                Holds::Int64 => writer.typed::<Int64Type>().write_batch(&values.ints, levels, None)?,
                Holds::Float => writer.typed::<FloatType>().write_batch(&values.floats, levels, None)?,
                Holds::Int32 => {
                    let ints: Vec<i32> = values.ints.iter().map(|n| *n as i32).collect();
                    writer.typed::<Int32Type>().write_batch(&ints, levels, None)?
                }
            };
            writer.close()?;
            values.clear();
        }
        group.close()?;
        self.rows = 0;
        Ok(())
    }

    fn end(mut self) -> Result<Vec<u8>, ParquetError> {
        if self.rows > 0 {
            self.flush()?;
        }
        self.file.into_inner()
    }
}

impl Values {
    fn text(&mut self, value: Option<ByteArray>) {
        self.levels.push(value.is_some().into());
        self.text.extend(value);
    }

    fn int(&mut self, value: Option<i64>) {
        self.levels.push(value.is_some().into());
        self.ints.extend(value);
    }

    fn float(&mut self, value: Option<f32>) {
        self.levels.push(value.is_some().into());
        self.floats.extend(value);
    }

    fn clear(&mut self) {
        self.text.clear();
        self.ints.clear();
        self.floats.clear();
        self.levels.clear();
    }
}
