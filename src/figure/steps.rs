use crate::quant::{Format, QuantParams};

/// One number of a format at its scale, with the floats that go to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// The integer that is stored; of FP8 the value before it is scaled.
    pub label: f64,
    /// The float that it stands for.
    pub value: f64,
    /// From where to where floats are nearest to it; infinite on the outer side of the outermost, to which everything
    /// beyond goes.
    pub cell: (f64, f64),
}

impl Step {
    /// All numbers of the format, from the most negative up.
    pub fn all(params: &QuantParams) -> Vec<Step> {
        let labels: Vec<f64> = match params.format() {
            Format::Int(_) => (params.qmin()..=params.qmax()).map(f64::from).collect(),
            Format::Fp8(fp8) => {
                let up = fp8.magnitudes();
                let down = up.iter().skip(1).rev().map(|m| -m);
                down.chain(up.iter().copied()).map(f64::from).collect()
            }
        };
        Step::of(params, &labels)
    }

    /// At most `most` neighbouring numbers of the format with the one that `value` goes to among them, away from both ends
    /// of the row where there are others. A value that moves a little stays in the same row.
    pub fn around(params: &QuantParams, value: f32, most: usize) -> Vec<Step> {
        let most = most.max(2);
        let Format::Int(_) = params.format() else {
            let all = Step::all(params);
            let goes_to = f64::from(value);
            let at =
                all.iter().position(|step| (step.cell.0..=step.cell.1).contains(&goes_to)).unwrap_or(all.len() / 2);
            let from = row_of(at, all.len(), most);
            return all[from..(from + most).min(all.len())].to_vec();
        };
        // Of 16 bits there are many: only those that are shown are made.
        let codes = (params.qmax() - params.qmin()) as usize + 1;
        let from = row_of((params.quantize(value) - params.qmin()) as usize, codes, most);
        let labels = (from..(from + most).min(codes)).map(|i| f64::from(params.qmin()) + i as f64);
        Step::of(params, &labels.collect::<Vec<f64>>())
    }

    /// These neighbours, by their labels.
    fn of(params: &QuantParams, labels: &[f64]) -> Vec<Step> {
        let scale = f64::from(params.scale());
        let (first, last) = (f64::from(params.qmin()), f64::from(params.qmax()));
        let value = |label: f64| (label - f64::from(params.zero_point())) * scale;
        // Of integers every step is one; of others the row holds the neighbours but at its own ends.
        let beside = |i: usize, by: isize| match params.format() {
            Format::Int(_) => labels[i] + by as f64,
            Format::Fp8(_) => i.checked_add_signed(by).and_then(|i| labels.get(i).copied()).unwrap_or(labels[i]),
        };
        let border = |i: usize, by: isize| f64::midpoint(value(labels[i]), value(beside(i, by)));
        let step = |i: usize| Step {
            label: labels[i],
            value: value(labels[i]),
            cell: (
                if labels[i] <= first { f64::NEG_INFINITY } else { border(i, -1) },
                if labels[i] >= last { f64::INFINITY } else { border(i, 1) },
            ),
        };
        (0..labels.len()).map(step).collect()
    }
}

/// Where a row of `most` of `all` begins that holds number `at`: rows begin half a row apart, and the one that is taken
/// has it in its middle half.
fn row_of(at: usize, all: usize, most: usize) -> usize {
    let half = most.div_ceil(2);
    let row = (at + half / 2) / half;
    (row * half).saturating_sub(half).min(all.saturating_sub(most))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quant::{Clip, Fp8};
    use proptest::prelude::*;

    #[test]
    fn three_bits_have_seven_steps() {
        let params = QuantParams::from_clip(Clip::symmetric(3.0), Format::named("int3").unwrap());
        let steps = Step::all(&params);
        let values: Vec<f64> = steps.iter().map(|s| s.value).collect();
        assert_eq!(values, [-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0]);
        assert_eq!((steps[0].cell, steps[3].cell), ((f64::NEG_INFINITY, -2.5), (-0.5, 0.5)));
        assert_eq!(Step::around(&params, 1.2, 99), steps);
    }

    proptest! {
        /// A row holds the number that a value goes to, and each number's floats go to it.
        #[test]
        fn the_value_s_own_step_is_in_its_row(
            value in -12f32..12.0, low in -9f32..0.0, high in 0.1f32..9.0, most in 4usize..30,
            bits in prop_oneof![2u8..=8, Just(16)], signed in any::<bool>(), kind in 0u8..3,
        ) {
            let format = if kind == 2 { Format::Fp8(Fp8::E4m3) } else { Format::int(bits, signed, kind == 0).unwrap() };
            let params = QuantParams::from_clip(format.clip_for(low, high), format);
            let row = Step::around(&params, value, most);
            prop_assert!(row.len() <= most && row.windows(2).all(|s| s[0].value < s[1].value));
            let back = f64::from(params.fake_quant(value));
            let near = |a: f64, b: f64| (a - b).abs() <= 1e-5 * (a.abs() + f64::from(params.scale()));
            prop_assert!(row.iter().any(|step| near(step.value, back)), "{back} in {row:?}");
            for step in &row[1..row.len() - 1] {
                let inside = |share: f64| step.cell.0 + (step.cell.1 - step.cell.0) * share;
                for x in [inside(0.02), inside(0.98)] {
                    prop_assert!(near(f64::from(params.fake_quant(x as f32)), step.value), "{x} of {step:?}");
                }
            }
        }
    }
}
