//! The clip of least KL divergence, bin 0 as it is.

use super::{
    Calibration, Calibrator, NoThreshold, Tensor, ZeroBin, clip_at, entropy, need_even_levels, need_values, start_bin,
    together,
};
use crate::quant::Format;

/// The search of [`Entropy`](super::Entropy) on the counts as they are: the divergence as it is written down, with what
/// bin 0 holds.
///
/// NVIDIA's search gives bin 0 the count of bin 1, so that a ReLU's zeros do not decide; a sum that is worked out by hand
/// does not. Start, levels and ties are those of `entropy`.
#[derive(Clone, Copy, Debug, Default)]
pub struct KlPlain;

impl Calibrator for KlPlain {
    fn id(&self) -> &str {
        "kl-plain"
    }

    fn label(&self) -> &str {
        "KL raw"
    }

    fn summary(&self) -> &str {
        "Minimises the KL divergence as it is written down: as entropy does, but with bin 0 as it is."
    }

    fn whose(&self) -> &str {
        "textbooks"
    }

    fn caveat(&self) -> &str {
        "A ReLU's zeros lie in bin 0 and pull the clip down; cannot clip past an empty gap, as entropy cannot."
    }

    fn suits(&self, format: Format) -> bool {
        format.even_levels().is_some()
    }

    fn zero_bin(&self) -> ZeroBin {
        ZeroBin::AsItIs
    }

    fn calibrate(&self, tensor: &Tensor) -> Result<Calibration, NoThreshold> {
        need_values(tensor)?;
        let levels = need_even_levels(tensor, self.id())?;
        let counts = tensor.histogram().magnitude.counts();
        let (curve, edges) = (tensor.kl_curve_with(ZeroBin::AsItIs), tensor.edges());
        let start = start_bin(counts.len(), levels);
        let (i, note) = entropy::choose(&counts, levels, curve, edges, start)?;
        let note = together([note, entropy::notes(&counts, curve, start)]);
        Ok(Calibration::new(clip_at(tensor, edges[i]), note).with_own(tensor, curve[i]))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::{by_id, kl};
    use super::*;
    use crate::histogram::{CountedElsewhere, Histogram};

    /// The case that tutorials work out by hand, as whoever types its counts would open it.
    fn article() -> Arc<Histogram> {
        let edges: Vec<f32> = (0..=8).map(|i| i as f32).collect();
        let of = CountedElsewhere { edges: &edges, counts: &[1, 0, 2, 3, 5, 3, 1, 7], cut_to: None };
        Arc::new(Histogram::of_counts(&of).unwrap())
    }

    /// The divergence of the whole range on a format, by a method's rule for bin 0.
    fn nats(words: &str, method: &str) -> f64 {
        let tensor = Tensor::new(article(), Format::named(words).unwrap());
        tensor.kl_with(tensor.format().clip_for(-8.0, 8.0), by_id(method).unwrap().zero_bin()).unwrap()
    }

    #[test]
    fn the_case_worked_by_hand_gives_the_digits_worked_by_hand() {
        let near = |found: f64, digits: f64| assert!((found - digits).abs() < 5e-7, "{found} for {digits}");
        // Of a signed format one bit is the sign: three bits have four levels of a magnitude, two bits two.
        near(nats("int3", "kl-plain"), 0.131_108);
        near(nats("uint2", "kl-plain"), 0.131_108);
        near(nats("int2", "kl-plain"), 0.150_315);
        // NVIDIA's search has bin 1's count, 0, in bin 0.
        near(nats("int3", "entropy"), 0.137_351);
        near(nats("int2", "entropy"), 0.137_351);
    }

    #[test]
    fn the_search_goes_from_the_first_clip_with_a_bin_for_each_level() {
        let on = |words: &str| Tensor::new(article(), Format::named(words).unwrap()).candidate(&KlPlain);
        let four = on("int3").outcome.unwrap();
        // 4 to 8 bins: 0.295, 0.153, 0.209, 0.389, 0.131 nats (NumPy).
        assert_eq!(four.clip.amax(), 8.0);
        assert!((four.kl().unwrap() - 0.131_108).abs() < 5e-7 && four.metrics.kl == four.kl());
        assert!(four.note.unwrap().contains("begins at bin 4"));
        // 2 to 8 bins: infinite, 0.252, 0.432, 0.284, 0.148, 0.114, 0.150 nats.
        assert_eq!(on("int2").outcome.unwrap().clip.amax(), 7.0);
        // More levels than bins: nothing is lost but what is cut.
        assert_eq!(on("int8").outcome.unwrap().clip.amax(), 8.0);
    }

    #[test]
    fn zeros_decide_only_here() {
        let mut values = vec![0.0; 90_000];
        values.extend((0..10_000).map(|i| (i as f32 * 0.37).sin().abs() * 3.0));
        let tensor = Tensor::new(Arc::new(Histogram::of(&values, 2048, &[])), Format::INT8);
        let counts = tensor.histogram().magnitude.counts();
        assert_eq!(tensor.kl_curve_with(ZeroBin::AsItIs)[700], kl::curve(&counts, 128)[700]);
        assert_ne!(tensor.kl_curve_with(ZeroBin::AsItIs)[700], tensor.kl_curve()[700]);
    }
}
