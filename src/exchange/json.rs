//! Our own document, `qviz.scales/1`.

use super::{Foreign, Looks, Range, Read, Written};
use crate::report::{self, ExportError, Exporter, SCHEMA, Scales};

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

    fn write(&self, ranges: &[Range]) -> Result<Written, ExportError> {
        let tool = concat!("qviz ", env!("CARGO_PKG_VERSION")).to_owned();
        let tensors = ranges.iter().map(Range::tensor).collect();
        let (schema, errors) = (SCHEMA.to_owned(), Vec::new());
        let scales = Scales { schema, tool, provenance: None, outputs: None, tuning: None, tensors, errors };
        Ok(Written { bytes: report::Json.bytes(&scales)?, said: Vec::new() })
    }

    fn read(&self, bytes: &[u8]) -> Result<Read, String> {
        let scales = Scales::read(bytes, "it").map_err(|e| e.to_string())?;
        Ok(Read { ranges: Range::all(&scales)?, said: Vec::new() })
    }

    fn is(&self, file: &Looks) -> bool {
        file.entry("schema").is_some_and(|schema| schema == SCHEMA)
    }
}
