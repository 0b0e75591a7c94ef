use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::Data;
use crate::session::Step;

const SCHEMA: &str = "qviz.journal/1";

/// What an earlier run has left.
#[derive(Clone, Debug, PartialEq)]
pub struct Left {
    /// The changes, the oldest first.
    pub steps: Vec<Step>,
    /// When the last of them was written down.
    pub at: SystemTime,
}

/// The file's contents.
#[derive(Serialize, Deserialize)]
pub(super) struct Page {
    schema: String,
    tool: String,
    data: Vec<String>,
    /// Nanoseconds since 1970.
    written: u64,
    steps: Vec<Step>,
}

impl Page {
    /// The page of these steps, written now.
    pub fn now(data: &Data, steps: Vec<Step>) -> Page {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Page {
            schema: SCHEMA.into(),
            tool: concat!("qviz ", env!("CARGO_PKG_VERSION")).into(),
            data: data.0.clone(),
            written: u64::try_from(since.as_nanos()).unwrap_or(u64::MAX),
            steps,
        }
    }

    pub fn to_bytes(&self) -> Result<Vec<u8>, String> {
        serde_json::to_vec(self).map_err(|error| error.to_string())
    }

    /// What is left in a file; `None` where there is none, where it is of other data, or of a version that is not known.
    pub fn read(path: &Path, data: &Data) -> Option<Left> {
        let page: Page = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
        let known = page.schema == SCHEMA && page.data == data.0 && !page.steps.is_empty();
        known.then(|| Left { steps: page.steps, at: UNIX_EPOCH + Duration::from_nanos(page.written) })
    }
}
