//! Tables of statistics row by row, as any program might write them, and those that nobody should.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::sync::Arc;

use parquet::data_type::{ByteArray, ByteArrayType, FloatType, Int64Type};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

#[derive(Clone, Debug)]
pub enum Cell {
    Text(Vec<u8>),
    Int(i64),
    Float(f32),
}

impl From<&str> for Cell {
    fn from(text: &str) -> Cell {
        Cell::Text(text.into())
    }
}

impl From<i64> for Cell {
    fn from(n: i64) -> Cell {
        Cell::Int(n)
    }
}

impl From<f32> for Cell {
    fn from(x: f32) -> Cell {
        Cell::Float(x)
    }
}

/// What stands in a row; what does not is null.
pub type Row = BTreeMap<&'static str, Cell>;

/// The columns, and whether each holds texts, integers or floats.
pub const COLUMNS: [(&str, char); 26] = [
    ("run", 't'),
    ("shard", 't'),
    ("tensor", 't'),
    ("kind", 't'),
    ("op", 't'),
    ("axis", 'i'),
    ("channel", 'i'),
    ("row", 't'),
    ("sign", 'i'),
    ("exp", 'i'),
    ("idx", 'i'),
    ("n", 'i'),
    ("zeros", 'i'),
    ("nan", 'i'),
    ("pos_inf", 'i'),
    ("neg_inf", 'i'),
    ("min", 'f'),
    ("max", 'f'),
    ("samples", 'i'),
    ("shape", 't'),
    ("dtype", 't'),
    ("s0", 'i'),
    ("s1", 'i'),
    ("q0", 'i'),
    ("q1", 'i'),
    ("q2", 'i'),
];

/// A file: columns, rows, and what it says of itself.
#[derive(Clone)]
pub struct Table {
    pub columns: Vec<(&'static str, char)>,
    pub rows: Vec<Row>,
    pub said: Vec<(&'static str, String)>,
}

impl Table {
    pub fn new(rows: Vec<Row>) -> Table {
        let said = vec![("qviz.statistics", "1".to_owned()), ("qviz.bins", "2".to_owned())];
        Table { columns: COLUMNS.to_vec(), rows, said }
    }

    /// As Parquet: flat, packed in no way, every column with nulls as engines write it.
    pub fn bytes(&self) -> Vec<u8> {
        let physical = |of: &char| match of {
            't' => ("binary", " (STRING)"),
            'i' => ("int64", ""),
            _ => ("float", ""),
        };
        let column = |(name, of): &(&str, char)| {
            let (physical, logical) = physical(of);
            format!("optional {physical} {name}{logical}; ")
        };
        let schema = format!("message m {{ {}}}", self.columns.iter().map(column).collect::<String>());
        let said = self.said.iter().map(|(key, value)| KeyValue::new((*key).to_owned(), value.clone())).collect();
        let properties = WriterProperties::builder().set_key_value_metadata(Some(said)).build();
        let schema = Arc::new(parse_message_type(&schema).unwrap());
        let mut file = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties)).unwrap();
        let mut group = file.next_row_group().unwrap();
        for (name, of) in &self.columns {
            let cells: Vec<&Cell> = self.rows.iter().filter_map(|row| row.get(name)).collect();
            let levels: Vec<i16> = self.rows.iter().map(|row| row.contains_key(name).into()).collect();
            let mut writer = group.next_column().unwrap().unwrap();
            let levels = Some(levels.as_slice());
            macro_rules! all {
                ($kind:ident) => {
                    cells.iter().map(|cell| match cell {
                        Cell::$kind(value) => value.clone().into(),
                        _ => panic!("{name} holds something else"),
                    })
                };
            }
            match of {
                't' => {
                    let texts: Vec<ByteArray> = all!(Text).collect();
                    writer.typed::<ByteArrayType>().write_batch(&texts, levels, None).unwrap()
                }
                'i' => {
                    let ints: Vec<i64> = all!(Int).collect();
                    writer.typed::<Int64Type>().write_batch(&ints, levels, None).unwrap()
                }
                _ => {
                    let floats: Vec<f32> = all!(Float).collect();
                    writer.typed::<FloatType>().write_batch(&floats, levels, None).unwrap()
                }
            };
            writer.close().unwrap();
        }
        group.close().unwrap();
        file.into_inner().unwrap()
    }
}

/// A row of the tensor `x` of the shard `bad`.
pub fn row<const N: usize>(kind: &'static str, cells: [(&'static str, Cell); N]) -> Row {
    let names =
        [("run", "run"), ("shard", "bad"), ("tensor", "x"), ("kind", "activation"), ("op", "Relu"), ("row", kind)];
    names.into_iter().map(|(name, text)| (name, text.into())).chain(cells).collect()
}

/// The totals of `x`.
pub const TOTALS: usize = 0;
/// Its sums, below zero first.
pub const SUMS: usize = 1;
/// Its bins, in order.
pub const BINS: usize = 3;

/// -1, 0, 1, 1.5 and NaN, for two bins: four make up [0, 2), each 2^-1 wide. 1 is 2^23 · 2^-23, and 1.5 half as much more.
pub fn good() -> Table {
    let number = |n: i64| Cell::Int(n);
    let totals = row(
        "tensor",
        [
            ("n", number(5)),
            ("zeros", number(1)),
            ("nan", number(1)),
            ("pos_inf", number(0)),
            ("neg_inf", number(0)),
            ("min", Cell::Float(-1.0)),
            ("max", Cell::Float(1.5)),
            ("samples", number(1)),
            ("shape", "5".into()),
            ("dtype", "float32".into()),
        ],
    );
    let sums = |sign: i64, of: &[i64]| {
        let sum = |piece: fn(i64) -> i64| number(of.iter().map(|m| piece(*m)).sum());
        row(
            "sums",
            [
                ("sign", number(sign)),
                ("exp", number(-23)),
                ("n", number(of.len() as i64)),
                ("s0", sum(|m| m & 0xfff)),
                ("s1", sum(|m| m >> 12)),
                ("q0", sum(|m| (m * m) & 0xffff)),
                ("q1", sum(|m| (m * m) >> 16 & 0xffff)),
                ("q2", sum(|m| (m * m) >> 32)),
            ],
        )
    };
    let bin = |sign: i64, idx: i64, n: i64| {
        row("bins", [("sign", number(sign)), ("exp", number(-1)), ("idx", number(idx)), ("n", number(n))])
    };
    let one = 1 << 23;
    Table::new(vec![
        totals,
        sums(-1, &[one]),
        sums(1, &[one, one + one / 2]),
        bin(-1, 2, 1),
        bin(1, 0, 1),
        bin(1, 2, 1),
        bin(1, 3, 1),
    ])
}

/// Nothing but zeros, so many of them.
pub fn zeros(shard: &'static str, n: i64) -> Table {
    let mut table = good();
    table.rows.truncate(1);
    let number = |n: i64| Cell::Int(n);
    for (name, value) in [("n", n), ("zeros", n), ("nan", 0)] {
        table.rows[0].insert(name, number(value));
    }
    table.rows[0].extend([("min", Cell::Float(0.0)), ("max", Cell::Float(0.0))]);
    let bins = [("sign", number(1)), ("exp", number(-149)), ("idx", number(0)), ("n", number(n))];
    table.rows.push(row("bins", bins));
    table.rows.iter_mut().for_each(|row| drop(row.insert("shard", shard.into())));
    table
}

type Change = fn(&mut Table);

fn set(table: &mut Table, row: usize, cell: &'static str, value: impl Into<Cell>) {
    table.rows[row].insert(cell, value.into());
}

fn unset(table: &mut Table, row: usize, cell: &'static str) {
    table.rows[row].remove(cell);
}

/// Tables that cannot be: what is wrong with [`good`] and, behind the file's name, the sentence that says so.
pub const WRONG: &[(Change, &str)] = &[
    // Another schema.
    (
        |t| {
            t.columns = vec![("a", 'i'), ("b", 't')];
            t.rows = vec![[("a", Cell::Int(1)), ("b", "x".into())].into()];
        },
        "is Parquet, and no table of statistics: it lacks the columns run, shard, tensor and others; docs/statistics.md says how \
        it is written.",
    ),
    (
        |t| t.columns.retain(|(name, _)| *name != "q2"),
        "lacks the column q2; docs/statistics.md says how it is written.",
    ),
    (
        |t| t.columns.retain(|(name, _)| !matches!(*name, "n" | "idx")),
        "lacks the columns idx, n; docs/statistics.md says how it is written.",
    ),
    (
        |t| {
            t.columns.iter_mut().filter(|(name, _)| *name == "n").for_each(|(_, of)| *of = 't');
            t.rows.iter_mut().for_each(|row| drop(row.insert("n", "5".into())));
        },
        "has a column n of BYTE_ARRAY, and it should hold integers; docs/statistics.md says how it is written.",
    ),
    (
        |t| {
            t.columns.iter_mut().filter(|(name, _)| *name == "n").for_each(|(_, of)| *of = 'f');
            t.rows.iter_mut().for_each(|row| drop(row.insert("n", 5.0.into())));
        },
        "has a column n of FLOAT, and it should hold integers; cast it to BIGINT; docs/statistics.md says how it is written.",
    ),
    (|t| t.said[0].1 = "2".into(), "is a table of statistics of version 2, and this qviz reads 1; take a newer one."),
    (|t| t.said[1].1 = "0".into(), "says qviz.bins = 0; that is 1 to 32768."),
    (
        |t| t.said.push(("qviz.shards", "bad".into())),
        "says qviz.shards, and not as a list of [run, shard]; merge it anew.",
    ),
    (
        |t| t.said.push(("qviz.shards", r#"[["run", "bad"]]"#.into())),
        "was merged, and holds rows of the shard bad beside; merge it anew.",
    ),
    // Names.
    (|t| unset(t, SUMS, "run"), "has a row without run; write it anew."),
    (
        |t| set(t, BINS, "kind", "bias"),
        "has a tensor of the kind bias, and there are activation and weight; write it anew.",
    ),
    (
        |t| t.rows.iter_mut().for_each(|row| drop(row.insert("tensor", Cell::Text(b"\xff\xfe".to_vec())))),
        "has a name that is no text in UTF-8; write it anew.",
    ),
    (
        |t| set(t, BINS, "row", "counts"),
        "(x of bad) has a row of the kind 'counts', and there are tensor, sums and bins; write it anew.",
    ),
    (
        |t| set(t, TOTALS, "shape", "5 by 5"),
        "(x of bad) has the shape '5 by 5', which is no shape, which is sizes between x, \
        with ? for one that is not known; write it anew.",
    ),
    // Negative counts.
    (|t| set(t, TOTALS, "n", -5), "(x of bad) has a negative count, -5, as n; write it anew."),
    (
        |t| set(t, TOTALS, "nan", i64::MIN),
        "(x of bad) has a negative count, -9223372036854775808, as nan; write it anew.",
    ),
    (|t| set(t, TOTALS, "samples", -1), "(x of bad) has a negative count, -1, as samples; write it anew."),
    (|t| set(t, SUMS, "s1", -1), "(x of bad) has a negative count, -1, as s1; write it anew."),
    (|t| set(t, BINS + 1, "n", -1), "(x of bad) has a negative count, -1, as n; write it anew."),
    (|t| unset(t, TOTALS, "zeros"), "(x of bad) has a row without zeros; write it anew."),
    // Counts that overflow, or do not add up.
    (
        |t| {
            set(t, BINS, "n", i64::MAX);
            set(t, BINS + 1, "n", i64::MAX);
            set(t, BINS + 2, "n", i64::MAX);
        },
        "(x of bad) has 4 finite values, and its bins hold more than 64 bits count; count it anew.",
    ),
    (
        |t| set(t, BINS, "n", i64::MAX),
        "(x of bad) has 4 finite values, and its bins hold 9223372036854775810; count it anew.",
    ),
    (
        |t| set(t, TOTALS, "nan", i64::MAX),
        "(x of bad) counts more NaN and infinities than its 5 values; count it anew.",
    ),
    (
        |t| {
            set(t, SUMS, "n", i64::MAX);
            set(t, SUMS + 1, "n", i64::MAX);
        },
        "(x of bad) has 4 finite values, 3 of them are not 0, and its sums are of 18446744073709551614; count it anew.",
    ),
    (|t| set(t, SUMS, "q2", i64::MAX), "(x of bad) has sums that no values come to; count it anew."),
    (|t| set(t, TOTALS, "n", 6), "(x of bad) has 5 finite values, and its bins hold 4; count it anew."),
    (
        |t| set(t, TOTALS, "zeros", 2),
        "(x of bad) has 4 finite values, 2 of them are not 0, and its sums are of 3; count it anew.",
    ),
    (
        |t| set(t, TOTALS, "max", f32::NAN),
        "(x of bad) has a smallest and a largest value that are none of its finite values; count it anew.",
    ),
    (
        |t| set(t, TOTALS, "max", 1.0),
        "(x of bad) has bins that are not those of its smallest and largest value and its zeros; count it anew.",
    ),
    (
        |t| set(t, TOTALS, "max", 3e38),
        "(x of bad) has bins of 2^-1, where 2 bins for its largest value are 2^126 wide; count it anew.",
    ),
    // Bins.
    (|t| set(t, BINS, "idx", -1), "(x of bad) has a bin of the idx -1, which is out of range; write it anew."),
    (
        |t| set(t, BINS, "idx", 1 << 40),
        "(x of bad) has a bin of the idx 1099511627776, which is out of range; write it anew.",
    ),
    (|t| unset(t, BINS, "idx"), "(x of bad) has bins without idx; write it anew."),
    (|t| set(t, BINS, "exp", 0), "(x of bad) has bins of two widths under one shard; write it anew."),
    (|t| set(t, BINS, "sign", 0), "(x of bad) has a sign that is neither 1 nor -1; write it anew."),
    (|t| unset(t, BINS, "exp"), "(x of bad) has bins or sums without an exponent; write it anew."),
    (|t| set(t, SUMS, "exp", 105), "(x of bad) has sums of the exponent 105, which no float32 has; write it anew."),
    // Twice, or not at all.
    (|t| t.rows.push(t.rows[BINS].clone()), "(x of bad) has a bin twice under one shard; count it anew."),
    (
        |t| t.rows.push(t.rows[SUMS].clone()),
        "(x of bad) has sums of the exponent -23 twice under one shard; write it anew.",
    ),
    (|t| t.rows.push(t.rows[TOTALS].clone()), "(x of bad) is there twice under one shard; write it anew."),
    (|t| drop(t.rows.remove(TOTALS)), "(x of bad) has bins or sums, and no row of totals; count it anew."),
    // Channels.
    (
        |t| set(t, BINS, "axis", 1),
        "(x of bad) has an axis without a channel, or a channel without an axis; write it anew.",
    ),
    (
        |t| t.rows.iter_mut().for_each(|row| row.extend([("axis", Cell::Int(0)), ("channel", Cell::Int(0))])),
        "(x of bad) has channels, and not the tensor as a whole; count it anew.",
    ),
    (
        |t| {
            let mut channel = t.rows.clone();
            channel.iter_mut().for_each(|row| row.extend([("axis", Cell::Int(0)), ("channel", Cell::Int(1))]));
            t.rows.extend(channel);
        },
        "(x of bad) has a channel 1 along axis 0, and none 0; count it anew.",
    ),
    (
        |t| {
            let mut channel = t.rows.clone();
            channel.iter_mut().for_each(|row| row.extend([("axis", Cell::Int(0)), ("channel", Cell::Int(0))]));
            t.rows.extend(channel.clone());
            channel.iter_mut().for_each(|row| drop(row.insert("channel", Cell::Int(1))));
            t.rows.extend(channel);
        },
        "(x of bad) has 5 values, and its channels along axis 0 hold 10; count all of its parts per channel, or none; count it \
        anew.",
    ),
    (
        |t| set(t, BINS, "channel", i64::MAX),
        "(x of bad) has an axis without a channel, or a channel without an axis; write it anew.",
    ),
    (
        |t| t.rows[BINS].extend([("axis", Cell::Int(99)), ("channel", Cell::Int(0))]),
        "(x of bad) has an axis or a channel that cannot be; write it anew.",
    ),
];

/// Each table that cannot be, with its sentence.
pub fn wrong() -> impl Iterator<Item = (Vec<u8>, &'static str)> {
    WRONG.iter().map(|(change, sentence)| {
        let mut table = good();
        change(&mut table);
        (table.bytes(), *sentence)
    })
}
