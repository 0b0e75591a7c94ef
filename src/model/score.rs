//! How far the outputs of two runs are apart.

pub use crate::quant::{Loss, OutputEffect, OutputEffects};

use super::tap::is_float;
use crate::quant::{Decibels, Looked, OutputShape};
use std::sync::Arc;
use tract_onnx::prelude::{DatumType, TValue, Tensor, TractResult};

/// The sums over one sample: of each output by itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Score {
    outputs: Vec<Sums>,
    /// What was looked at of each output; of none unless that was asked for.
    looked: Vec<Looked>,
}

/// What two outputs of one name have in common.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    /// Floats, and what they come to.
    floats: u64,
    signal: f64,
    noise: f64,
    other: f64,
    product: f64,
    /// Elements of other types, and how many of them are the same.
    others: u64,
    same: u64,
    /// Rows, and those of them with the same top class.
    rows: u64,
    same_top: u64,
}

impl Score {
    pub fn of(reference: &[Arc<Tensor>], outputs: &[TValue]) -> TractResult<Score> {
        let sums = reference.iter().zip(outputs).map(|(reference, output)| {
            let mut sums = Sums::default();
            if !is_float(reference.datum_type()) {
                (sums.others, sums.same) = same(reference, output)?;
            } else if (reference.datum_type(), output.datum_type()) == (DatumType::F32, DatumType::F32) {
                let (a, b) = (reference.try_as_plain_ram()?, output.try_as_plain_ram()?);
                sums.add(a.as_slice::<f32>()?, b.as_slice::<f32>()?);
                sums.classify(outputs.len(), reference.shape(), a.as_slice::<f32>()?, b.as_slice::<f32>()?);
            } else {
                let (a, b) = (reference.cast_to::<f64>()?, output.cast_to::<f64>()?);
                let (a, b) = (a.try_as_plain_ram()?, b.try_as_plain_ram()?);
                sums.add(a.as_slice::<f64>()?, b.as_slice::<f64>()?);
                sums.classify(outputs.len(), reference.shape(), a.as_slice::<f64>()?, b.as_slice::<f64>()?);
            }
            Ok(sums)
        });
        Ok(Score { outputs: sums.collect::<TractResult<_>>()?, looked: Vec::new() })
    }

    /// The same with so many values of each output, and the margins of a classifier, kept to show how they lie.
    pub fn looking(reference: &[Arc<Tensor>], outputs: &[TValue], most: usize) -> TractResult<Score> {
        let mut score = Score::of(reference, outputs)?;
        for (reference, output) in reference.iter().zip(outputs) {
            let mut looked = Looked::default();
            if is_float(reference.datum_type()) {
                let (a, b) = (reference.cast_to::<f32>()?, output.cast_to::<f32>()?);
                let (a, b) = (a.try_as_plain_ram()?, b.try_as_plain_ram()?);
                let (a, b) = (a.as_slice::<f32>()?, b.as_slice::<f32>()?);
                let every = a.len().div_ceil(most.max(1)).max(1);
                looked.of = a.len() as u64;
                looked.values = a.iter().copied().zip(b.iter().copied()).step_by(every).collect();
                if let Some(classes) = classes(outputs.len(), reference.shape()) {
                    let rows = a.chunks_exact(classes).zip(b.chunks_exact(classes));
                    for (at, (a, b)) in rows.enumerate() {
                        let best = top1(a);
                        looked.rows += 1;
                        looked.flipped += u64::from(top1(b) != best);
                        if at < most {
                            looked.margins.push((ahead(a, best), ahead(b, best)));
                        }
                    }
                }
            }
            score.looked.push(looked);
        }
        Ok(score)
    }

    /// How the outputs of some samples lie, of those that are floats, by their names.
    pub fn shapes(scores: &[Score], names: &[String]) -> Vec<OutputShape> {
        let mut all: Vec<Looked> = Vec::new();
        for score in scores {
            all.resize(score.looked.len().max(all.len()), Looked::default());
            all.iter_mut().zip(&score.looked).for_each(|(all, looked)| all.take(looked));
        }
        let floats = all.iter().zip(names).filter(|(looked, _)| looked.of > 0);
        floats.map(|(looked, name)| looked.shape(name)).collect()
    }

    /// Of all outputs together.
    pub fn loss(&self) -> Loss {
        let mut all = Sums::default();
        self.outputs.iter().for_each(|output| all.take(output));
        all.loss()
    }

    /// Of each output by itself.
    pub fn losses(&self) -> Vec<Loss> {
        self.outputs.iter().map(Sums::loss).collect()
    }

    /// The effect over all samples of `scores`, where it was to be over `of`; and that of each output.
    pub fn sum(scores: impl Iterator<Item = Score>, of: usize) -> (OutputEffect, Vec<OutputEffect>) {
        let (mut all, mut each, mut samples) = (Sums::default(), Vec::new(), 0);
        for score in scores {
            samples += 1;
            each.resize(score.outputs.len().max(each.len()), Sums::default());
            for (sum, output) in each.iter_mut().zip(&score.outputs) {
                sum.take(output);
                all.take(output);
            }
        }
        let effect = |sums: &Sums| sums.effect(samples, of);
        (effect(&all), each.iter().map(effect).collect())
    }
}

impl Sums {
    fn add<T: Copy + Into<f64>>(&mut self, a: &[T], b: &[T]) {
        self.floats += a.len() as u64;
        for (&a, &b) in a.iter().zip(b) {
            let (a, b): (f64, f64) = (a.into(), b.into());
            if a == b && a.is_infinite() {
                // Equal infinities are no difference, and would drown all others.
                continue;
            }
            self.signal += a * a;
            self.other += b * b;
            self.product += a * b;
            self.noise += (a - b) * (a - b);
        }
    }

    /// Compares the best class of each row, where this is the only output and one of scores.
    fn classify<T: Copy + Into<f64>>(&mut self, outputs: usize, shape: &[usize], a: &[T], b: &[T]) {
        if let Some(classes) = classes(outputs, shape) {
            let rows = a.chunks_exact(classes).zip(b.chunks_exact(classes));
            self.rows = rows.len() as u64;
            self.same_top = rows.filter(|(a, b)| top1(a) == top1(b)).count() as u64;
        }
    }

    fn take(&mut self, other: &Sums) {
        self.floats += other.floats;
        self.signal += other.signal;
        self.noise += other.noise;
        self.other += other.other;
        self.product += other.product;
        self.others += other.others;
        self.same += other.same;
        self.rows += other.rows;
        self.same_top += other.same_top;
    }

    fn loss(&self) -> Loss {
        let differ = if self.others > 0 { (self.others - self.same) as f64 / self.others as f64 } else { 0.0 };
        let signal = if self.floats > 0 { self.signal } else { 1.0 };
        // A signal that is infinite is no measure of any noise.
        let noise = if self.signal.is_finite() { self.noise + differ * signal } else { f64::NAN };
        Loss { signal, noise: if self.noise == 0.0 { differ * signal } else { noise } }
    }

    fn effect(&self, samples: usize, of: usize) -> OutputEffect {
        let is_there = self.floats > 0;
        let cosine = match (self.signal == 0.0, self.other == 0.0) {
            (true, true) => 1.0,
            (false, false) => self.product / (self.signal.sqrt() * self.other.sqrt()),
            _ => 0.0,
        };
        let sqnr_db = match (self.signal, self.noise) {
            (_, 0.0) => Decibels::PERFECT,
            // A signal that is infinite, or too large to be summed, is no measure of any noise.
            (f64::INFINITY, _) => Decibels::new(f64::NAN),
            (signal, noise) => Decibels::of(signal, noise),
        };
        let share = |part: u64, of: u64| (of > 0).then(|| part as f64 / of as f64);
        OutputEffect {
            sqnr_db: is_there.then_some(sqnr_db),
            cosine: is_there.then_some(cosine),
            agreement: share(self.same, self.others),
            top1_agreement: share(self.same_top, self.rows),
            samples,
            of,
        }
    }
}

/// How many classes a row of the only output has, where it is one of scores.
fn classes(outputs: usize, shape: &[usize]) -> Option<usize> {
    match (outputs, shape) {
        (1, &[_, classes] | &[_, classes, 1, 1]) if classes > 1 => Some(classes),
        _ => None,
    }
}

/// How far a class is ahead of the best of the others; NaN where one of the two is no number.
fn ahead(row: &[f32], class: usize) -> f32 {
    let others = row.iter().enumerate().filter(|(at, _)| *at != class).map(|(_, x)| *x);
    row[class] - others.fold(f32::NEG_INFINITY, f32::max)
}

/// How many elements there are, and how many are the same.
fn same(a: &Tensor, b: &Tensor) -> TractResult<(u64, u64)> {
    fn equal<T: PartialEq>(a: &[T], b: &[T]) -> u64 {
        a.iter().zip(b).filter(|(a, b)| a == b).count() as u64
    }
    let (of, dtype) = (a.len() as u64, a.datum_type());
    if dtype == DatumType::String {
        let (a, b) = (a.try_as_plain_ram()?, b.try_as_plain_ram()?);
        return Ok((of, equal(a.as_slice::<String>()?, b.as_slice::<String>()?)));
    }
    if dtype == DatumType::TDim {
        let (a, b) = (a.cast_to::<i64>()?, b.cast_to::<i64>()?);
        let (a, b) = (a.try_as_plain_ram()?, b.try_as_plain_ram()?);
        return Ok((of, equal(a.as_slice::<i64>()?, b.as_slice::<i64>()?)));
    }
    let b = b.cast_to_dt(dtype)?;
    let (a, b) = (a.try_as_plain_ram()?, b.try_as_plain_ram()?);
    let width = dtype.size_of().max(1);
    let pairs = a.as_bytes().chunks_exact(width).zip(b.as_bytes().chunks_exact(width));
    Ok((of, pairs.filter(|(a, b)| a == b).count() as u64))
}

/// The index of the largest score, the first of equal ones. NaN is never larger.
fn top1<T: Copy + Into<f64>>(row: &[T]) -> usize {
    let mut best = 0;
    for (i, &x) in row.iter().enumerate() {
        let (x, top): (f64, f64) = (x.into(), row[best].into());
        if x > top || (top.is_nan() && !x.is_nan()) {
            best = i;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use tract_onnx::prelude::{Datum, IntoTValue};

    /// The effect over samples of one output each.
    fn effect<T: Datum + Copy>(pairs: &[(&[T], &[T], &[usize])]) -> OutputEffect {
        let tensor = |x: &[T], shape: &[usize]| Tensor::from_shape(shape, x).unwrap();
        let score = |(a, b, shape): &(&[T], &[T], &[usize])| {
            Score::of(&[tensor(a, shape).into()], &[tensor(b, shape).into_tvalue()]).unwrap()
        };
        let (all, each) = Score::sum(pairs.iter().map(score), pairs.len());
        let bits = |effect: &OutputEffect| format!("{effect:?}");
        assert!(each.iter().all(|one| bits(one) == bits(&all)), "the only output is all");
        all
    }

    fn db(effect: OutputEffect) -> f64 {
        effect.sqnr_db.unwrap().get()
    }

    #[test]
    fn the_formulas() {
        let e = effect(&[(&[3.0_f32, 4.0], &[3.0, 3.5], &[1, 2]), (&[0.0, -1.0], &[0.5, -1.0], &[1, 2])]);
        assert_eq!((e.samples, e.top1_agreement, e.agreement), (2, Some(1.0), None));
        assert!((db(e) - 10.0 * (26.0_f64 / 0.5).log10()).abs() < 1e-12);
        assert!((e.cosine.unwrap() - 24.0 / (26.0 * 22.5_f64).sqrt()).abs() < 1e-12);
        let dead = effect(&[(&[1.0_f32, 2.0], &[0.0, 0.0], &[1, 2, 1, 1])]);
        assert_eq!((dead.cosine, dead.top1_agreement), (Some(0.0), Some(0.0)));
        let zero = effect(&[(&[0.0_f32], &[0.0], &[1])]);
        assert_eq!((zero.cosine, zero.sqnr_db), (Some(1.0), Some(Decibels::PERFECT)));
    }

    #[test]
    fn infinities_and_nan_are_never_no_effect() {
        let (inf, nan) = (f32::INFINITY, f32::NAN);
        let of = |a: &[f32], b: &[f32]| effect(&[(a, b, &[a.len()])]);
        let equal = of(&[1.0, inf, -inf], &[1.0, inf, -inf]);
        assert_eq!((equal.sqnr_db, equal.top1_agreement), (Some(Decibels::PERFECT), None));
        assert_eq!(equal.cosine, Some(1.0));
        // Beside infinities that are equal the others count.
        assert_eq!(db(of(&[inf, 10.0], &[inf, 9.0])), 20.0);
        assert!(db(of(&[inf, 1.0], &[-inf, 1.0])).is_nan());
        assert!(db(of(&[inf, 1.0], &[3.0, 1.0])).is_nan());
        assert_eq!(db(of(&[3.0, 1.0], &[inf, 1.0])), f64::NEG_INFINITY);
        for (a, b) in [(1.0, nan), (nan, 1.0), (nan, nan)] {
            let e = of(&[a, 1.0], &[b, 1.0]);
            assert!(db(e).is_nan() && e.cosine.unwrap().is_nan(), "{e:?}");
        }
        assert!(db(effect(&[(&[1e300_f64, 1.0], &[1e300, 2.0], &[2])])).is_nan(), "too large to be summed");
    }

    #[test]
    fn nothing_compared_is_nothing_said() {
        let nothing = OutputEffect { samples: 1, of: 1, ..OutputEffect::default() };
        assert_eq!(effect::<f32>(&[(&[], &[], &[0, 4])]), nothing);
        assert_eq!(effect::<i64>(&[(&[], &[], &[3, 0])]), nothing);
        assert_eq!(Score::sum([Score::default()].into_iter(), 1), (nothing, Vec::new()));
        let failed = Score::sum(std::iter::empty(), 0).0;
        assert!(failed.sqnr_db.is_none() && failed.cosine.is_none() && !failed.is_of_something());
    }

    #[test]
    fn halves_and_doubles_are_compared_as_they_are() {
        // A difference that no f32 holds.
        let e = effect(&[(&[1.0_f64, 0.0], &[1.0 + 1e-9, 0.0], &[1, 2])]);
        assert!((db(e) - 180.0).abs() < 1e-4 && e.top1_agreement == Some(1.0), "{e:?}");
        let half = half::f16::from_f32;
        let e = effect(&[(&[half(10.0), half(0.0)], &[half(9.0), half(0.0)], &[1, 2])]);
        assert_eq!((db(e), e.top1_agreement), (20.0, Some(1.0)));
    }

    #[test]
    fn what_is_no_float_is_compared_by_agreement() {
        let e = effect(&[(&[1_i64, 2, 3, -4], &[1, 2, 4, -4], &[1, 4])]);
        assert_eq!((e.agreement, e.sqnr_db, e.cosine, e.top1_agreement), (Some(0.75), None, None, None));
        assert_eq!(effect(&[(&[true, false], &[true, true], &[2])]).agreement, Some(0.5));
        assert_eq!(effect(&[(&[1_u8, 2], &[1, 2], &[2]), (&[3, 4], &[5, 6], &[2])]).agreement, Some(0.5));
        let text = |words: [&str; 2]| tract_onnx::prelude::tensor1(&words.map(str::to_owned));
        let score = Score::of(&[text(["a", "b"]).into()], &[text(["a", "c"]).into_tvalue()]).unwrap();
        assert_eq!(Score::sum([score].into_iter(), 1).0.agreement, Some(0.5));
    }

    #[test]
    fn several_outputs_are_told_apart_and_together() {
        let float = |x: &[f32]| Tensor::from_shape(&[x.len()], x).unwrap();
        let whole = |x: &[i64]| Tensor::from_shape(&[x.len()], x).unwrap();
        let reference = [float(&[10.0, 0.0]), whole(&[1, 2]), float(&[10.0]), float(&[])].map(Arc::new);
        let outputs = [float(&[9.0, 0.0]), whole(&[1, 3]), float(&[10.0]), float(&[])].map(IntoTValue::into_tvalue);
        let (all, each) = Score::sum([Score::of(&reference, &outputs).unwrap()].into_iter(), 1);
        assert_eq!((all.agreement, db(all).round()), (Some(0.5), 23.0));
        let dbs: Vec<Option<f64>> = each.iter().map(|e| e.sqnr_db.map(Decibels::get)).collect();
        assert_eq!(dbs, [Some(20.0), None, Some(f64::INFINITY), None]);
        assert_eq!(each.iter().map(|e| e.agreement).collect::<Vec<_>>(), [None, Some(0.5), None, None]);
        // Two outputs are no classifier.
        assert_eq!(all.top1_agreement, None);
    }

    #[test]
    fn a_classifier_s_margins_are_of_the_float_class() {
        let float = |x: &[f32]| Tensor::from_shape(&[x.len() / 3, 3], x).unwrap();
        let (a, b) = ([5.0, 1.0, 3.0, 0.0, 2.0, 1.0], [3.0, 1.0, 2.0, 0.0, 1.0, 1.5]);
        let score = |most| Score::looking(&[float(&a).into()], &[float(&b).into_tvalue()], most).unwrap();
        let looked = &score(9).looked[0];
        assert_eq!((looked.rows, looked.flipped, looked.of, looked.values.len()), (2, 1, 6, 6));
        assert_eq!(looked.margins, [(2.0, 1.0), (1.0, -0.5)]);
        let shapes = Score::shapes(&[score(2), score(2)], &["y".to_owned()]);
        let margins = shapes[0].margins.as_ref().unwrap();
        assert_eq!((shapes[0].every, margins.rows, margins.flipped), (3, 4, 2));
        // Integers have no shape, and two outputs no margins.
        let whole = Tensor::from_shape(&[2], &[1_i64, 2]).unwrap();
        let (references, outputs) =
            ([float(&a).into(), whole.clone().into()], [float(&b).into_tvalue(), whole.into_tvalue()]);
        let score = Score::looking(&references, &outputs, 9).unwrap();
        let shapes = Score::shapes(&[score], &["y".to_owned(), "n".to_owned()]);
        assert!(shapes.len() == 1 && shapes[0].margins.is_none() && shapes[0].values.is_some());
    }

    #[test]
    fn the_first_of_equal_scores_wins_and_nan_never() {
        assert_eq!([top1(&[1.0, 2.0, 2.0]), top1(&[f64::NAN, -1.0]), top1(&[0.0, f64::NAN])], [1, 1, 0]);
    }
}
