use super::Key;
use crate::quant::OutputEffect;

/// How a network's outputs depend on one tensor.
#[derive(Clone, Debug, PartialEq)]
pub struct Sensitivity {
    /// The tensor.
    pub key: Key,
    /// Only this one is quantized, everything else is in float.
    pub alone: OutputEffect,
    /// Everything that is chosen is quantized but this one.
    pub without: OutputEffect,
}

impl Sensitivity {
    /// The tensors in the order of what they cost the outputs alone, the worst first: one that makes them NaN before
    /// all others. Equal ones stay as they come.
    pub fn worst_first<'a>(all: impl IntoIterator<Item = &'a Sensitivity>) -> Vec<&'a Sensitivity> {
        let mut all: Vec<&Sensitivity> = all.into_iter().collect();
        all.sort_by_key(|s| s.alone.quality());
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quant::Decibels;

    #[test]
    fn what_makes_the_outputs_nan_is_worse_than_everything() {
        let effect = |db| OutputEffect { sqnr_db: Some(Decibels::new(db)), ..OutputEffect::default() };
        let of = |(name, db): (&str, f64)| Sensitivity {
            key: Key::activation(name),
            alone: effect(db),
            without: effect(30.0),
        };
        let all = [("a", 20.0), ("b", f64::NAN), ("c", f64::NEG_INFINITY), ("d", -f64::NAN), ("e", f64::INFINITY)];
        let all = all.map(of);
        let names: Vec<&str> = Sensitivity::worst_first(&all).iter().map(|s| s.key.name()).collect();
        assert_eq!(names, ["b", "d", "c", "a", "e"]);
    }
}
