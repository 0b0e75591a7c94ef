//! The cells of a column, some rows at a time, whatever type an engine gave it.

use bytes::Bytes;
use parquet::basic::{ConvertedType, LogicalType, Type};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_column_reader};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, FloatType, Int32Type, Int64Type};
use parquet::errors::Result;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::schema::types::ColumnDescriptor;

use super::pages::{Pages, fault};
use super::schema::{Column, Holds};

/// What a column holds in some rows.
pub(super) enum Cells {
    Text(Vec<Option<ByteArray>>),
    Int(Vec<Option<i64>>),
    Float(Vec<Option<f32>>),
}

/// Why a column of the file is none of these; the end of a sentence.
pub(super) fn unfit(column: &Column, found: &ColumnDescriptor) -> Option<String> {
    let Column { name, holds, .. } = column;
    let (physical, flat) = (found.physical_type(), found.max_rep_level() == 0 && found.max_def_level() <= 1);
    let decimal = matches!(found.logical_type_ref(), Some(LogicalType::Decimal(_)))
        || found.converted_type() == ConvertedType::DECIMAL;
    let (wanted, fits) = match holds {
        Holds::Text => ("texts", physical == Type::BYTE_ARRAY),
        Holds::Int32 | Holds::Int64 => ("integers", matches!(physical, Type::INT32 | Type::INT64)),
        Holds::Float => ("floats", matches!(physical, Type::FLOAT | Type::DOUBLE)),
    };
    if fits && flat && !decimal {
        return None;
    }
    let remedy = match (holds, physical) {
        (Holds::Int32 | Holds::Int64, _) if decimal || physical != Type::BYTE_ARRAY => "; cast it to BIGINT",
        _ => "",
    };
    let found = if flat { physical.to_string() } else { "lists".to_owned() };
    let found = if decimal { "decimals".to_owned() } else { found };
    Some(format!("has a column {name} of {found}, and it should hold {wanted}{remedy}"))
}

/// Reads one column of a group of rows.
pub(super) struct Reader {
    reader: Typed,
    optional: bool,
    unsigned: bool,
    levels: Vec<i16>,
}

enum Typed {
    Text(ColumnReaderImpl<ByteArrayType>),
    Int32(ColumnReaderImpl<Int32Type>),
    Int64(ColumnReaderImpl<Int64Type>),
    Float(ColumnReaderImpl<FloatType>),
    Double(ColumnReaderImpl<DoubleType>),
}

impl Reader {
    pub fn new(file: &Bytes, column: &ColumnChunkMetaData) -> Result<Reader> {
        let descriptor = column.column_descr_ptr();
        let unsigned = match descriptor.logical_type_ref() {
            Some(LogicalType::Integer(of)) => !of.is_signed,
            _ => matches!(descriptor.converted_type(), ConvertedType::UINT_32 | ConvertedType::UINT_64),
        };
        let optional = descriptor.max_def_level() > 0;
        let reader = match get_column_reader(descriptor, Box::new(Pages::of(file, column)?)) {
            ColumnReader::ByteArrayColumnReader(reader) => Typed::Text(reader),
            ColumnReader::Int32ColumnReader(reader) => Typed::Int32(reader),
            ColumnReader::Int64ColumnReader(reader) => Typed::Int64(reader),
            ColumnReader::FloatColumnReader(reader) => Typed::Float(reader),
            ColumnReader::DoubleColumnReader(reader) => Typed::Double(reader),
            _ => return Err(fault("has a column of another type".to_owned())),
        };
        Ok(Reader { reader, optional, unsigned, levels: Vec::new() })
    }

    /// The next `n` rows.
    pub fn next(&mut self, n: usize) -> Result<Cells> {
        let Reader { reader, optional, unsigned, levels } = self;
        let levels = optional.then_some(levels);
        let too_large = |n: i64| fault(format!("holds the number {}, which is too large", n as u64));
        Ok(match reader {
            Typed::Text(reader) => Cells::Text(filled(reader, n, levels)?),
            Typed::Int32(reader) => {
                let widened = |x: i32| if *unsigned { i64::from(x as u32) } else { i64::from(x) };
                Cells::Int(filled(reader, n, levels)?.into_iter().map(|cell| cell.map(widened)).collect())
            }
            Typed::Int64(reader) => {
                let cells = filled(reader, n, levels)?;
                if let Some(large) = cells.iter().flatten().find(|x| *unsigned && **x < 0) {
                    return Err(too_large(*large));
                }
                Cells::Int(cells)
            }
            Typed::Float(reader) => Cells::Float(filled(reader, n, levels)?),
            Typed::Double(reader) => {
                let narrowed = |cell: Option<f64>| match cell {
                    Some(x) if f64::from(x as f32) != x && !x.is_nan() => {
                        Err(fault(format!("holds the number {x:e}, which is no float32; cast it to FLOAT")))
                    }
                    cell => Ok(cell.map(|x| x as f32)),
                };
                Cells::Float(filled(reader, n, levels)?.into_iter().map(narrowed).collect::<Result<_>>()?)
            }
        })
    }
}

fn filled<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    n: usize,
    levels: Option<&mut Vec<i16>>,
) -> Result<Vec<Option<T::T>>> {
    let (mut values, mut none) = (Vec::new(), Vec::new());
    let optional = levels.is_some();
    let levels = levels.unwrap_or(&mut none);
    levels.clear();
    let mut read = 0;
    while read < n {
        let (records, ..) = reader.read_records(n - read, optional.then_some(&mut *levels), None, &mut values)?;
        if records == 0 {
            return Err(fault("is cut short: a column ends before the others".to_owned()));
        }
        read += records;
    }
    let mut values = values.into_iter();
    let cells: Vec<Option<T::T>> = match optional {
        true => levels.iter().map(|level| if *level > 0 { values.next() } else { None }).collect(),
        false => values.by_ref().map(Some).collect(),
    };
    let present = if optional { levels.iter().filter(|level| **level > 0).count() } else { n };
    if cells.len() != n || cells.iter().flatten().count() != present {
        return Err(fault("is cut short: a column ends before the others".to_owned()));
    }
    Ok(cells)
}
