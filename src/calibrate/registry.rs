//! The methods by name.

use std::sync::Arc;

use super::{
    Aciq, Calibrator, Coverage, Entropy, KlPlain, Max, Mse, NcnnKl, NvidiaEntropy, NvidiaMse, NvidiaNpEntropy,
    NvidiaPercentile, OrtEntropy, OrtMinMax, OrtPercentile, Percentile, Shape, TrtGtc2017,
};

/// The method that chooses a layer's clip unless the user says otherwise.
pub const DEFAULT_METHOD: &str = "mse";

/// The method that chooses in its place on FP8: what NVIDIA ModelOpt and TensorRT-LLM calibrate FP8 by.
pub const FP8_METHOD: &str = "max";

/// Every method's name, with letters for its parameters.
pub const NAMES: [&str; 18] = [
    "max",
    "coverage",
    "entropy",
    "mse",
    "percentile-P",
    "kl-plain",
    "nvidia-entropy",
    "nvidia-mse",
    "nvidia-percentile-P",
    "nvidia-np-entropy",
    "ort-minmax",
    "ort-entropy-BINS-LEVELS",
    "ort-percentile-sym-P[-BINS]",
    "ort-percentile-asym-P[-BINS]",
    "trt-gtc2017",
    "ncnn-kl",
    "aciq-laplace",
    "aciq-gauss",
];

/// No method has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no method is called \"{id}\": there are {}, where P is a percentage from 0 to 100 and what \
     stands in brackets may be left out",
    NAMES.join(", ")
)]
pub struct UnknownMethod {
    /// The name that was asked for.
    pub id: String,
}

/// The method called `id`.
///
/// # Errors
///
/// [`UnknownMethod`], whose sentence lists the names that there are.
pub fn by_id(id: &str) -> Result<Arc<dyn Calibrator>, UnknownMethod> {
    let method: Option<Arc<dyn Calibrator>> = match id {
        "max" => Some(Arc::new(Max)),
        "coverage" => Some(Arc::new(Coverage)),
        "entropy" => Some(Arc::new(Entropy)),
        "mse" => Some(Arc::new(Mse)),
        "kl-plain" => Some(Arc::new(KlPlain)),
        "nvidia-entropy" => Some(Arc::new(NvidiaEntropy)),
        "nvidia-mse" => Some(Arc::new(NvidiaMse)),
        "nvidia-np-entropy" => Some(Arc::new(NvidiaNpEntropy)),
        "trt-gtc2017" => Some(Arc::new(TrtGtc2017)),
        "aciq-laplace" => Some(Arc::new(Aciq(Shape::Laplace))),
        "aciq-gauss" => Some(Arc::new(Aciq(Shape::Gauss))),
        "ncnn-kl" => Some(Arc::new(NcnnKl)),
        "ort-minmax" => Some(Arc::new(OrtMinMax)),
        _ => with_parameters(id),
    };
    method.ok_or_else(|| UnknownMethod { id: id.into() })
}

/// The methods whose names end in numbers.
fn with_parameters(id: &str) -> Option<Arc<dyn Calibrator>> {
    if let Some(p) = id.strip_prefix("percentile-") {
        return Some(Arc::new(Percentile::new(p.parse().ok()?)?));
    }
    if let Some(p) = id.strip_prefix("nvidia-percentile-") {
        return Some(Arc::new(NvidiaPercentile::new(p.parse().ok()?)?));
    }
    if let Some(p) = id.strip_prefix("ort-percentile-sym-") {
        return Some(Arc::new(ort_percentile(p, true)?));
    }
    if let Some(p) = id.strip_prefix("ort-percentile-asym-") {
        return Some(Arc::new(ort_percentile(p, false)?));
    }
    let (bins, levels) = id.strip_prefix("ort-entropy-")?.split_once('-')?;
    Some(Arc::new(OrtEntropy::new(bins.parse().ok()?, levels.parse().ok()?)?))
}

/// `P` or `P-BINS`.
fn ort_percentile(parameters: &str, symmetric: bool) -> Option<OrtPercentile> {
    if let Ok(p) = parameters.parse() {
        return OrtPercentile::new(p, symmetric);
    }
    let (p, bins) = parameters.rsplit_once('-')?;
    OrtPercentile::new(p.parse().ok()?, symmetric)?.with_bins(bins.parse().ok()?)
}

/// Every name of [`NAMES`] with its method, at usual parameters: P = 99.99, 2,048 bins and 128 levels.
pub fn catalogue() -> Vec<(&'static str, Arc<dyn Calibrator>)> {
    let usual = |name: &str| name.replace("[-BINS]", "").replace("-P", "-99.99").replace("BINS-LEVELS", "2048-128");
    NAMES.iter().map(|name| (*name, by_id(&usual(name)).expect("the names are those of methods"))).collect()
}

/// The methods that are computed without being asked for: max, coverage, entropy, mse and percentile-99.99.
pub fn defaults() -> Vec<Arc<dyn Calibrator>> {
    let ids = ["max", "coverage", "entropy", DEFAULT_METHOD, "percentile-99.99"];
    ids.iter().map(|id| by_id(id).expect("the default methods exist")).collect()
}

/// Adds the methods whose ids are not among these yet, behind them and in order.
pub fn add_missing(methods: &mut Vec<Arc<dyn Calibrator>>, more: impl IntoIterator<Item = Arc<dyn Calibrator>>) {
    for method in more {
        if methods.iter().all(|m| m.id() != method.id()) {
            methods.push(method);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Tensor;
    use super::*;
    use crate::histogram::Histogram;
    use crate::quant::{Format, Fp8};

    #[test]
    fn every_method_is_found_under_its_own_id() {
        let ids: Vec<String> = defaults().iter().map(|m| m.id().to_owned()).collect();
        assert_eq!(ids, ["max", "coverage", "entropy", "mse", "percentile-99.99"]);
        for method in defaults() {
            assert_eq!(by_id(method.id()).unwrap().id(), method.id());
            assert!(method.label().chars().count() <= 6);
            assert!(method.summary().ends_with('.'));
        }
        assert_eq!(by_id("percentile-99.90").unwrap().id(), "percentile-99.9");
    }

    #[test]
    fn every_name_is_a_method_with_all_that_there_is_to_know() {
        assert_eq!(catalogue().len(), NAMES.len());
        for (name, method) in catalogue() {
            assert_eq!(by_id(method.id()).unwrap().id(), method.id());
            assert!(method.label().chars().count() <= 6, "{name}");
            assert!(method.summary().ends_with('.') && method.caveat().ends_with('.') && method.whose() != "your own");
        }
        assert_eq!(by_id("ort-percentile-sym-99.90-128").unwrap().id(), "ort-percentile-sym-99.9-128");
        assert_eq!(by_id("ort-percentile-asym-99.9-2048").unwrap().id(), "ort-percentile-asym-99.9");
        assert_eq!(by_id("nvidia-percentile-99.90").unwrap().id(), "nvidia-percentile-99.9");
    }

    /// What `suits` says of a format is what `calibrate` does there, and whoever has a number prices it.
    #[test]
    fn on_fp8_a_method_answers_or_says_that_it_cannot() {
        let values: Vec<f32> = (0..20_000).map(|i| (i as f32 * 0.37).sin().powi(3) * 3.0).collect();
        let specs: Vec<_> = catalogue().iter().flat_map(|(_, m)| m.grids()).collect();
        let histogram = Arc::new(Histogram::of(&values, 2048, &specs));
        let mut answers = Vec::new();
        for format in [Fp8::E4m3, Fp8::E5m2].map(Format::Fp8) {
            let tensor = Tensor::new(histogram.clone(), format);
            for (name, method) in catalogue() {
                assert!(method.suits(Format::INT8));
                match tensor.candidate(method.as_ref()).outcome {
                    Ok(t) => {
                        assert!(method.suits(format), "{name}");
                        assert!(
                            t.metrics.kl.is_none() && t.metrics.sqnr_db > 15.0 && t.clip.amax() <= 3.0,
                            "{name}: {t:?}"
                        );
                        answers.push(name);
                    }
                    Err(why) => {
                        assert!(!method.suits(format) && why.to_string().contains("evenly"), "{name}: {why}");
                    }
                }
            }
        }
        answers.dedup();
        assert_eq!(answers[..answers.len() / 2], answers[answers.len() / 2..]);
        let expected = ["max", "coverage", "mse", "percentile-P", "nvidia-mse", "nvidia-percentile-P", "ort-minmax"];
        assert!(expected.iter().all(|name| answers.contains(name)) && !answers.iter().any(|n| n.contains("entropy")));
        assert!(!answers.is_empty() && by_id(FP8_METHOD).unwrap().suits(Fp8::E4m3.into()));
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_known_ones() {
        for id in [
            "ort-entropy-64-128",
            "ort-entropy-2048",
            "ort-entropy-2048-1",
            "ort-entropy-99999-128",
            "ort-percentile-sym-99-0",
            "ort-percentile-asym-99-99999",
        ] {
            assert!(by_id(id).is_err(), "{id}");
        }
        for id in ["kl", "percentile-", "percentile-101", "percentile-nan", "percentile--1", ""] {
            let sentence = by_id(id).err().expect("unknown").to_string();
            assert!(sentence.contains("percentile-P") && sentence.contains("coverage"));
        }
    }
}
