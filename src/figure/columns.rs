use super::axis::Axis;
use super::rebin::{rebin_magnitude, rebin_signed};
use crate::calibrate::Tensor;
use crate::histogram::Magnitude;
use crate::quant::QuantParams;

/// How many values lie in each column of `axis`, the `zeros` exact ones left out: their spike would flatten everything
/// else. `signed` tells which kind of axis it is.
pub(super) fn counts(magnitude: &Magnitude, zeros: u64, axis: &Axis, signed: bool) -> Vec<f64> {
    let as_f64 = |counts: &[u64]| counts.iter().map(|&c| c as f64).collect::<Vec<f64>>();
    let (mut pos, neg) = (as_f64(&magnitude.pos), as_f64(&magnitude.neg));
    pos[0] -= zeros as f64;
    let top = f64::from(magnitude.amax);
    if signed {
        rebin_signed(&pos, &neg, top, axis)
    } else {
        pos.iter_mut().zip(&neg).for_each(|(p, n)| *p += n);
        rebin_magnitude(&pos, top, axis)
    }
}

/// What a column holds after quantization.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LevelColumn {
    /// How many values.
    pub mass: f64,
    /// Whether they are those of a level that stands apart from the next, or the end where values saturate; else levels are
    /// too close for columns.
    pub apart: bool,
}

/// The fake-quantized distribution: how many values each column holds after they were put on the levels of `params`,
/// exact zeros left out.
///
/// Levels closer together than two columns are spread over the columns around them, or they would beat with the
/// columns; the outermost ones, which hold what saturates, and zero keep their place.
pub fn level_counts(tensor: &Tensor, params: QuantParams, axis: &Axis) -> Vec<LevelColumn> {
    let mut columns = vec![LevelColumn::default(); usize::from(axis.columns)];
    let signed = axis.lo < 0.0;
    for level in tensor.level_masses(params) {
        // A magnitude axis shows both signs in one place.
        let mirrored = !signed && level.value < 0.0;
        let value = f64::from(if mirrored { -level.value } else { level.value });
        let (low, high) = if mirrored { (-level.cell.1, -level.cell.0) } else { level.cell };
        let apart = level.outermost || high - low >= axis.step() * 2.0;
        let (a, b) = if apart || value == 0.0 { (value, value) } else { (low, high) };
        let (first, last) = (axis.column(a.max(axis.lo)), axis.column(b.min(axis.hi)));
        let (Some(first), Some(last)) = (first, last) else { continue };
        for c in first..=last {
            let (x0, x1) = axis.span(c);
            let share = if a == b { 1.0 } else { ((b.min(x1) - a.max(x0)) / (b - a)).max(0.0) };
            let column = &mut columns[usize::from(c)];
            column.mass += level.mass * share;
            column.apart |= apart;
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::histogram::Histogram;
    use crate::quant::{Clip, Format};

    #[test]
    fn every_value_lies_in_one_column_before_and_after_quantization() {
        let values: Vec<f32> = (0..20_000).map(|i| (i as f32 * 0.37).sin().powi(3) * 3.0).collect();
        let tensor = Tensor::new(Arc::new(Histogram::of(&values, 512, &[])), Format::INT8);
        let stats = &tensor.histogram().stats;
        let params = QuantParams::from_clip(Clip::symmetric(2.0), Format::INT8);
        for signed in [false, true] {
            let axis = Axis::new(if signed { -3.0 } else { 0.0 }, 3.0, 90);
            let drawn = (stats.finite() - stats.zeros) as f64;
            let counts: f64 = counts(&tensor.histogram().magnitude, stats.zeros, &axis, signed).iter().sum();
            assert!((counts - drawn).abs() < 1e-6, "{signed} {counts}");
            let columns = level_counts(&tensor, params, &axis);
            let levels: f64 = columns.iter().map(|column| column.mass).sum();
            assert!((levels - drawn).abs() < 1e-6, "{signed} {levels}");
            // What saturates lies on the outermost level, and nothing beyond it.
            let last = usize::from(axis.column(2.0).unwrap());
            assert!(
                columns[last].mass > 2.0 * columns[last - 1].mass && columns[last + 1..].iter().all(|c| c.mass == 0.0)
            );
        }
    }
}
