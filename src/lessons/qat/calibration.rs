//! Calibration: a clip for each tensor, by a method of the instrument's own.

use std::sync::Arc;

use super::answers::Answers;
use super::controls::{Controls, Refused};
use super::digits::Pictures;
use super::network::Network;
use super::quantizers::{Quantizer, Quantizers};
use crate::calibrate::{self, Tensor};
use crate::histogram::Histogram;
use crate::quant::{QuantParams, Scheme};

/// Clips chosen by the controls' method, one a tensor, from the float network's own values on `pictures`.
pub(super) fn calibrated(network: &Network, pictures: &Pictures, controls: &Controls) -> Result<Quantizers, Refused> {
    let answers = Answers::of(network, None);
    let pixels: Vec<f32> = pictures.pixels.iter().flatten().map(|&v| v as f32).collect();
    let units: Vec<f32> = pictures.pixels.iter().flat_map(|p| answers.of_picture(p).units.map(|v| v as f32)).collect();
    Ok(Quantizers {
        pixels: chosen("pixels", &pixels, false, controls)?,
        hidden_weights: chosen("hidden weights", &network.hidden.values(), true, controls)?,
        units: chosen("hidden units", &units, false, controls)?,
        output_weights: chosen("output weights", &network.output.values(), true, controls)?,
    })
}

/// Bins of the histograms that methods choose by.
const BINS: usize = 2048;

fn chosen(tensor: &'static str, values: &[f32], signed: bool, controls: &Controls) -> Result<Quantizer, Refused> {
    let scheme = Scheme::new(controls.bits, signed, true).ok_or(Refused::Bits(controls.bits))?;
    let method = calibrate::by_id(&controls.method)?;
    let refused = |why: String| Refused::NoThreshold { method: controls.method.clone(), tensor, why };
    if values.iter().any(|v| !v.is_finite()) {
        return Err(refused("training has led to values that are no finite numbers".into()));
    }
    let counted = Tensor::new(Arc::new(Histogram::of(values, BINS, &method.grids())), scheme);
    let clip = method.calibrate(&counted).map_err(|why| refused(why.to_string()))?.clip;
    Ok(Quantizer { clip, params: QuantParams::from_clip(clip, scheme) })
}
