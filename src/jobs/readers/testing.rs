//! What the tests of both readers need.

use crate::calibrate::{Calibration, Calibrator, NoThreshold, Tensor};

/// A method with a defect.
pub(super) struct Panics;

impl Calibrator for Panics {
    fn id(&self) -> &str {
        "panics"
    }
    fn label(&self) -> &str {
        "panics"
    }
    fn summary(&self) -> &str {
        "Panics."
    }
    fn calibrate(&self, _: &Tensor) -> Result<Calibration, NoThreshold> {
        panic!("a defect of the method's");
    }
}
