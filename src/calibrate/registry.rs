//! The methods by name.

use std::sync::Arc;

use super::{Calibrator, Coverage, Entropy, Max, Mse, Percentile};

/// The method that chooses a layer's clip unless the user says otherwise.
pub const DEFAULT_METHOD: &str = "entropy";

/// No method has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no method is called \"{id}\": there are max, coverage, entropy, mse and percentile-P with P from 0 to 100")]
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
    Ok(match id {
        "max" => Arc::new(Max),
        "coverage" => Arc::new(Coverage),
        "entropy" => Arc::new(Entropy),
        "mse" => Arc::new(Mse),
        _ => id
            .strip_prefix("percentile-")
            .and_then(|p| p.parse().ok())
            .and_then(Percentile::new)
            .map(Arc::new)
            .ok_or_else(|| UnknownMethod { id: id.into() })?,
    })
}

/// The methods that are computed without being asked for: max, coverage, entropy, mse and percentile-99.99.
pub fn defaults() -> Vec<Arc<dyn Calibrator>> {
    let ids = ["max", "coverage", DEFAULT_METHOD, "mse", "percentile-99.99"];
    ids.iter().map(|id| by_id(id).expect("the default methods exist")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn an_unknown_name_is_answered_with_the_known_ones() {
        for id in ["kl", "percentile-", "percentile-101", "percentile-nan", "percentile--1", ""] {
            let sentence = by_id(id).err().expect("unknown").to_string();
            assert!(sentence.contains("percentile-P") && sentence.contains("coverage"));
        }
    }
}
