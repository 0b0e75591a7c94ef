//! ncnn2table's search.

use super::kl::{FLOAT32_NOISE, decided_by_rounding};
use super::{
    Calibration, Calibrator, NoThreshold, NoThresholdKind, START_BIN, Tensor, need_even_levels, need_peer, peer_clip,
};
use crate::histogram::GridSpec;
use crate::quant::Format;

const BINS: usize = 2048;
const LEVELS: usize = 128;
const GRID: GridSpec = GridSpec::Ncnn { bins: BINS };

/// What every bin of both distributions begins with.
const EPS: f32 = 1e-4;

/// ncnn's `ncnn2table method=kl` (2026-07), all in f32.
///
/// On 2,048 bins of `|x|` over `[0, amax]`, exact zeros left out, as shares h of the whole; for T in 128..2048: P is
/// `eps + h` with the tail added to its last bin; Q spreads h over 128 levels of the *fractional* width `w = T / 128` and
/// back, empty bins included, on top of eps. `KL = sum P ln(P / Q)`, unnormalised; the first least wins, and the
/// threshold is `(T + 0.5) amax / 2048`.
///
/// Known to go wrong: a constant tensor has the same divergence everywhere and is clipped to 6 % of its value; eps is not
/// small against the shares of a long tail, so that outliers are cut hard; an all-zero blob is written as scale inf.
#[derive(Clone, Copy, Debug, Default)]
pub struct NcnnKl;

/// `h` merged into levels of `t / 128` bins and spread again, on top of eps.
fn quantized(h: &[f32], t: usize, q: &mut Vec<f32>) {
    let per_level = t as f32 / LEVELS as f32;
    q.clear();
    q.resize(t, EPS);
    for level in 0..LEVELS {
        let last = level + 1 == LEVELS;
        let start = if last { t as f32 - per_level } else { level as f32 * per_level };
        let end = start + per_level;
        let (left, right) = (start.ceil() as usize, if last { t } else { end.floor() as usize });
        let left_share = if level > 0 && left as f32 > start { left as f32 - start } else { 0.0 };
        let right_share = if !last && (right as f32) < end { end - right as f32 } else { 0.0 };
        let mut sum = 0.0;
        if left_share > 0.0 {
            sum += left_share * h[left - 1];
        }
        if right_share > 0.0 {
            sum += right_share * h[right];
        }
        h[left..right].iter().for_each(|value| sum += value);
        let value = sum / ((right - left) as f32 + left_share + right_share);
        if left_share > 0.0 {
            q[left - 1] += value * left_share;
        }
        if right_share > 0.0 {
            q[right] += value * right_share;
        }
        q[left..right].iter_mut().for_each(|q| *q += value);
    }
}

/// The divergences for each T from 128 on, in the peer's f32.
fn divergences(counts: &[u64]) -> Vec<f64> {
    let total = counts.iter().sum::<u64>() as f64;
    let h: Vec<f32> = counts.iter().map(|&c| (c as f64 / total) as f32).collect();
    let mut q = Vec::new();
    let divergence = |t: usize| {
        let mut last = EPS + h[t - 1];
        for tail in &h[t..] {
            last += tail;
        }
        quantized(&h, t, &mut q);
        let mut sum = 0.0f32;
        for (j, q) in q.iter().enumerate() {
            let p = if j + 1 == t { last } else { EPS + h[j] };
            sum += p * (f64::from(p / q).ln() as f32);
        }
        f64::from(sum)
    };
    (START_BIN..counts.len()).map(divergence).collect()
}

impl Calibrator for NcnnKl {
    fn id(&self) -> &str {
        "ncnn-kl"
    }

    fn label(&self) -> &str {
        "ncnn"
    }

    fn summary(&self) -> &str {
        "Minimises ncnn2table's smoothed KL divergence, zeros left out."
    }

    fn whose(&self) -> &str {
        "Tencent ncnn, ncnn2table (2026-07)"
    }

    fn formula(&self) -> &str {
        "clip = (T + 0.5) amax / 2048, T = argmin of sum P ln(P / Q) with 1e-4 in every bin, zeros left out"
    }

    fn caveat(&self) -> &str {
        "Clips a constant tensor to 6 % of its value, cuts long tails hard, and writes scale inf for an all-zero blob."
    }

    fn grids(&self) -> Vec<GridSpec> {
        vec![GRID]
    }

    fn suits(&self, format: Format) -> bool {
        format.even_levels().is_some()
    }

    fn calibrate(&self, tensor: &Tensor) -> Result<Calibration, NoThreshold> {
        let grid = need_peer(tensor, GRID)?;
        need_even_levels(tensor, self.id())?;
        if grid.counts.iter().all(|&c| c == 0) {
            let why = "every value is 0, for which ncnn writes an infinite scale";
            return Err(NoThreshold::new(NoThresholdKind::NotDefined, why));
        }
        let curve = divergences(&grid.counts);
        // The first of equals; ends at the first candidate where nothing is less than another.
        let best = (1..curve.len()).fold(0, |best, i| if curve[i] < curve[best] { i } else { best });
        let (t, amax) = (START_BIN + best, tensor.histogram().stats.amax());
        let note = if best == 0 {
            let why =
                "the search ends at its first candidate, 6 % of the range, as it does where all divergences are equal";
            Some(why.into())
        } else {
            decided_by_rounding(&curve, best, FLOAT32_NOISE, |i| (START_BIN + i) as f32 + 0.5)
        };
        let threshold = (t as f32 + 0.5) * amax / BINS as f32;
        if threshold.is_infinite() {
            let product = (t as f64 + 0.5) * f64::from(amax) / BINS as f64;
            let note = "the peer's float32 product overflows here, and its scale would be 0; this is the threshold that it means";
            return Ok(Calibration::new(peer_clip(tensor, product as f32), Some(note.into())).with_kl(curve[best]));
        }
        Ok(Calibration::new(peer_clip(tensor, threshold), note).with_kl(curve[best]))
    }
}
