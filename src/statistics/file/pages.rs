//! The pages of a column, unpacked one at a time, and none before it was seen that it can be what it claims.

use std::io::Read;

use bytes::Bytes;
use parquet::basic::{Compression, Encoding};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;

use super::header::{Header, PageKind};

/// A page is some megabytes where engines write it.
const LARGEST: usize = 64 << 20;

/// How a column is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Codec {
    None,
    Snappy,
    Gzip,
    Zstd,
}

impl Codec {
    fn of(compression: Compression) -> Result<Codec> {
        Ok(match compression {
            Compression::UNCOMPRESSED => Codec::None,
            Compression::SNAPPY => Codec::Snappy,
            Compression::GZIP(_) => Codec::Gzip,
            Compression::ZSTD(_) => Codec::Zstd,
            other => {
                let name = other.to_string();
                let name = name.split('(').next().unwrap_or_default();
                return Err(fault(format!("is packed with {name}; write it with snappy, gzip, zstd or none")));
            }
        })
    }

    /// How many bytes one packed byte can come to, at most.
    fn most(self) -> usize {
        match self {
            Codec::None => 1,
            // A copy of 64 bytes takes 3.
            Codec::Snappy => 22,
            Codec::Gzip => 1040,
            // A block of one value.
            Codec::Zstd => 128 << 10,
        }
    }

    fn unpack(self, packed: &[u8], size: usize) -> Result<Vec<u8>> {
        if size > LARGEST || size > packed.len().saturating_mul(self.most()).saturating_add(64) {
            return Err(fault(format!("has a page that claims to hold {size} bytes in {}", packed.len())));
        }
        let mut out = Vec::new();
        let unpacked = match self {
            Codec::None => {
                out.extend_from_slice(packed);
                Ok(())
            }
            Codec::Snappy => {
                out.resize(size, 0);
                let n = snap::raw::Decoder::new().decompress(packed, &mut out);
                n.map(|n| out.truncate(n)).map_err(|why| why.to_string())
            }
            Codec::Gzip => {
                let reader = flate2::read::MultiGzDecoder::new(packed);
                reader.take(size as u64 + 1).read_to_end(&mut out).map(drop).map_err(|why| why.to_string())
            }
            Codec::Zstd => match ruzstd::decoding::StreamingDecoder::new(packed) {
                Ok(reader) => {
                    reader.take(size as u64 + 1).read_to_end(&mut out).map(drop).map_err(|why| why.to_string())
                }
                Err(why) => Err(why.to_string()),
            },
        };
        unpacked.map_err(|why| fault(format!("has a page that cannot be unpacked: {why}")))?;
        if out.len() != size {
            return Err(fault(format!("has a page of {} bytes that claims to have {size}", out.len())));
        }
        Ok(out)
    }
}

/// The pages of a column in a group of rows.
pub(super) struct Pages {
    rest: Bytes,
    codec: Codec,
    /// Whether there was one, which the crate takes for granted.
    dictionary: bool,
}

impl Pages {
    /// Those of a column of this file.
    pub fn of(file: &Bytes, column: &ColumnChunkMetaData) -> Result<Pages> {
        if column.file_path().is_some_and(|path| !path.is_empty()) {
            return Err(fault("has columns in another file; write it as one".to_owned()));
        }
        let data = column.data_page_offset();
        let start = column.dictionary_page_offset().filter(|at| *at > 0).map_or(data, |at| at.min(data));
        let end = start.checked_add(column.compressed_size());
        let (start, end) = (usize::try_from(start).ok(), end.and_then(|end| usize::try_from(end).ok()));
        let range = start.zip(end).filter(|(start, end)| start <= end && *end <= file.len());
        let (start, end) = range.ok_or_else(|| fault("is cut short: a column lies beyond its end".to_owned()))?;
        Ok(Pages { rest: file.slice(start..end), codec: Codec::of(column.compression())?, dictionary: false })
    }

    fn take(&mut self) -> Result<Option<Page>> {
        loop {
            if self.rest.is_empty() {
                return Ok(None);
            }
            let header = Header::read(&self.rest).ok_or_else(|| fault("has a page without a header".to_owned()))?;
            let end = header.len.checked_add(header.packed).filter(|end| *end <= self.rest.len());
            let end = end.ok_or_else(|| fault("is cut short: a page lies beyond its column's end".to_owned()))?;
            let packed = self.rest.slice(header.len..end);
            self.rest = self.rest.slice(end..);
            if let Some(page) = self.page(&header, &packed)? {
                match page {
                    Page::DictionaryPage { .. } => self.dictionary = true,
                    _ if !self.dictionary
                        && matches!(page.encoding(), Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY) =>
                    {
                        return Err(fault("has a page of a dictionary that is not there".to_owned()));
                    }
                    _ => {}
                }
                return Ok(Some(page));
            }
        }
    }

    fn page(&self, header: &Header, packed: &Bytes) -> Result<Option<Page>> {
        let encoding = encoding(header.encoding)?;
        let num_values = header.values;
        Ok(Some(match header.kind {
            PageKind::Other => return Ok(None),
            PageKind::Dictionary { sorted } => {
                let buf = self.unpacked(packed, header.unpacked)?;
                // Each value takes four bytes at least: a number, or the length of a text.
                if num_values as usize > buf.len() / 4 {
                    return Err(fault(format!("has a dictionary of {num_values} values in {} bytes", buf.len())));
                }
                Page::DictionaryPage { buf, num_values, encoding, is_sorted: sorted }
            }
            PageKind::Data { definition, repetition } => Page::DataPage {
                buf: self.unpacked(packed, header.unpacked)?,
                num_values,
                encoding,
                def_level_encoding: self::encoding(definition)?,
                rep_level_encoding: self::encoding(repetition)?,
                statistics: None,
            },
            PageKind::DataV2 { nulls, rows, definition, repetition, compressed } => {
                let levels = (definition as usize).saturating_add(repetition as usize);
                if levels > packed.len() || levels > header.unpacked || nulls > num_values {
                    return Err(fault("has a page that is smaller than its levels".to_owned()));
                }
                let size = header.unpacked - levels;
                let buf = match compressed && self.codec != Codec::None && size > 0 {
                    false => packed.clone(),
                    true => {
                        let values = self.codec.unpack(&packed[levels..], size)?;
                        Bytes::from([&packed[..levels], &values].concat())
                    }
                };
                Page::DataPageV2 {
                    buf,
                    num_values,
                    encoding,
                    num_nulls: nulls,
                    num_rows: rows,
                    def_levels_byte_len: definition,
                    rep_levels_byte_len: repetition,
                    is_compressed: false,
                    statistics: None,
                }
            }
        }))
    }

    fn unpacked(&self, packed: &Bytes, size: usize) -> Result<Bytes> {
        match self.codec {
            Codec::None => Ok(packed.clone()),
            codec => codec.unpack(packed, size).map(Bytes::from),
        }
    }
}

/// The encodings, by their numbers.
fn encoding(number: i64) -> Result<Encoding> {
    Ok(match number {
        0 => Encoding::PLAIN,
        2 => Encoding::PLAIN_DICTIONARY,
        3 => Encoding::RLE,
        5 => Encoding::DELTA_BINARY_PACKED,
        6 => Encoding::DELTA_LENGTH_BYTE_ARRAY,
        7 => Encoding::DELTA_BYTE_ARRAY,
        8 => Encoding::RLE_DICTIONARY,
        9 => Encoding::BYTE_STREAM_SPLIT,
        other => return Err(fault(format!("has a page in an encoding that is not known, {other}"))),
    })
}

pub(super) fn fault(text: String) -> ParquetError {
    ParquetError::General(text)
}

impl Iterator for Pages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Result<Page>> {
        self.take().transpose()
    }
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        self.take()
    }

    // Nothing is passed over, and a row holds no list: whether a page is there is all that is asked.
    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        let metadata = || PageMetadata { num_rows: None, num_levels: None, is_dict: false };
        Ok((!self.rest.is_empty()).then(metadata))
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.take().map(drop)
    }
}
