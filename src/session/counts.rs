use std::sync::{Arc, OnceLock};

use crate::histogram::{Histogram, Packed, Stats};

/// The counts of one range; where they are packed (one of thousands of channels), not unpacked before somebody looks
/// closer.
#[derive(Clone)]
pub(super) struct Counts {
    histogram: OnceLock<Arc<Histogram>>,
    packed: Option<Packed>,
}

impl Counts {
    pub fn new(histogram: Arc<Histogram>) -> Counts {
        Counts { histogram: OnceLock::from(histogram), packed: None }
    }

    pub fn packed(packed: Packed) -> Counts {
        Counts { histogram: OnceLock::new(), packed: Some(packed) }
    }

    /// The counts, which from now on are kept.
    pub fn histogram(&self) -> &Arc<Histogram> {
        self.histogram.get_or_init(|| {
            let packed = self.packed.as_ref().expect("counts are there plain or packed: the constructors see to it");
            Arc::new(packed.unpack())
        })
    }

    /// The counts for the moment: what is packed stays so.
    pub fn now(&self) -> Arc<Histogram> {
        match (self.histogram.get(), &self.packed) {
            (None, Some(packed)) => Arc::new(packed.unpack()),
            _ => self.histogram().clone(),
        }
    }

    /// Totals, range and moments.
    pub fn stats(&self) -> &Stats {
        self.packed.as_ref().map_or_else(|| &self.histogram().stats, Packed::stats)
    }
}
