//! The whole range.

use super::{Calibration, Calibrator, NoThreshold, Tensor, clip_at, need_values};

/// Keeps every finite value: pytorch-quantization's `MaxCalibrator` and ONNX Runtime's `MinMax`.
///
/// On a symmetric grid the clip is `amax = max |x|`; on an affine one `[min(min, 0), max(max, 0)]`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Max;

impl Calibrator for Max {
    fn id(&self) -> &str {
        "max"
    }

    fn label(&self) -> &str {
        "max"
    }

    fn summary(&self) -> &str {
        "Keeps the whole range: nothing saturates, and a single outlier sets the scale."
    }

    fn whose(&self) -> &str {
        "everyone"
    }

    fn formula(&self) -> &str {
        "clip = max |x|"
    }

    fn caveat(&self) -> &str {
        "A single outlier sets the scale for all other values."
    }

    fn calibrate(&self, tensor: &Tensor) -> Result<Calibration, NoThreshold> {
        need_values(tensor)?;
        Ok(Calibration::new(clip_at(tensor, f32::MAX), None))
    }
}
