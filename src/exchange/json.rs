//! Our own document, `qviz.scales/1`.

use super::{Foreign, Looks, Options, Range, Read, Written};
use crate::report::{ExportError, SCHEMA, Scales};

pub(super) struct Json;

impl Foreign for Json {
    fn id(&self) -> &'static str {
        "json"
    }

    fn extension(&self) -> &'static str {
        "json"
    }

    fn summary(&self) -> &'static str {
        "qviz's own document, qviz.scales/1"
    }

    fn write(&self, ranges: &[Range], options: &Options) -> Result<Written, ExportError> {
        let tool = concat!("qviz ", env!("CARGO_PKG_VERSION")).to_owned();
        let tensors = ranges.iter().map(Range::tensor).collect();
        let (schema, errors) = (SCHEMA.to_owned(), Vec::new());
        let scales = Scales { schema, tool, provenance: None, outputs: None, tuning: None, tensors, errors };
        self.write_all(&scales, options)
    }

    /// All that is known: statistics, candidates, how the scales were tuned.
    fn write_all(&self, scales: &Scales, _: &Options) -> Result<Written, ExportError> {
        Ok(Written { bytes: scales.json().into_bytes(), said: Vec::new() })
    }

    fn keeps_all(&self) -> bool {
        true
    }

    fn read(&self, bytes: &[u8]) -> Result<Read, String> {
        let scales = Scales::read(bytes, "it").map_err(|e| e.to_string())?;
        Ok(Read { ranges: Range::all(&scales)?, said: Vec::new(), version: None })
    }

    fn is(&self, file: &Looks) -> bool {
        file.entry("schema").is_some_and(|schema| schema == SCHEMA)
    }
}
