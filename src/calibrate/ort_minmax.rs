//! ONNX Runtime's default: the whole range.

use super::{Calibration, Calibrator, NoThreshold, Tensor, need_values, ort_clip};

/// ONNX Runtime 1.32 `MinMaxCalibrater`: `(min x, max x)` over all batches; NaN is ignored.
///
/// On a symmetric grid `±max(|min|, |max|)`, on an affine one the range widened to hold 0 (`compute_scale_zp`).
///
/// Known to go wrong: one outlier sets the scale; the peer keeps infinities, which make the scale infinite (qviz leaves
/// them out); with `max_intermediate_outputs` it loses the batches before the last few without a word; and
/// `write_calibration_table` writes `max(high, low)` rather than the magnitude, so that a range like -9..-1 becomes -1.
#[derive(Clone, Copy, Debug, Default)]
pub struct OrtMinMax;

impl Calibrator for OrtMinMax {
    fn id(&self) -> &str {
        "ort-minmax"
    }

    fn label(&self) -> &str {
        "minmax"
    }

    fn summary(&self) -> &str {
        "Keeps the whole range, as ONNX Runtime's MinMax does."
    }

    fn whose(&self) -> &str {
        "ONNX Runtime 1.32 (MinMax)"
    }

    fn formula(&self) -> &str {
        "clip = [min x, max x]"
    }

    fn caveat(&self) -> &str {
        "One outlier sets the scale; an infinity makes the peer's scale infinite, and max_intermediate_outputs makes it \
         forget batches."
    }

    fn calibrate(&self, tensor: &Tensor) -> Result<Calibration, NoThreshold> {
        need_values(tensor)?;
        let stats = &tensor.histogram().stats;
        let note = (stats.pos_inf + stats.neg_inf > 0)
            .then(|| "the peer keeps infinities, and its scale would be infinite; they are left out here".to_owned());
        Ok(Calibration::new(ort_clip(tensor, f32::MIN, f32::MAX), note).without_kl())
    }
}
