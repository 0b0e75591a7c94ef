use serde::Serialize;

use super::{ExportError, Exporter};
use crate::report::{Scales, visible};

/// `qviz.scales/1`: indented JSON with a final newline. Characters that would act on a terminal are escaped, so that the
/// document can be shown as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Json;

impl Json {
    /// The document as text.
    pub fn text(scales: &Scales) -> String {
        pretty(scales)
    }
}

impl Exporter for Json {
    fn id(&self) -> &str {
        "json"
    }

    fn extension(&self) -> &str {
        "json"
    }

    fn bytes(&self, scales: &Scales) -> Result<Vec<u8>, ExportError> {
        Ok(pretty(scales).into_bytes())
    }
}

/// JSON as all documents have it.
pub(crate) fn pretty(document: &impl Serialize) -> String {
    visible::of_json(&serde_json::to_string_pretty(document).expect("the document holds nothing that JSON cannot"))
}
