//! Statistics of many tensors at once, each of which comes bit by bit, sample after sample.

use super::channels::{Counter, Window};
use super::recipe::Recipe;
use crate::guard::{joined, share};
use crate::histogram::{BatchRange, BinPass, GrowingHistogram, Histogram, Packed, RangePass, RangePiece};

/// Values from which on a tensor is worth a second thread.
const WORTH_SHARING: usize = 1 << 17;

/// Collects what a network's tensors hold while it runs: all ranges in a first pass over the samples, all counts in a
/// second, or both in one pass on power-of-two grids.
///
/// Every sample is a batch: grids by batches grow from one to the next. The counts and the moments do not depend on the
/// number of threads.
pub struct Gather {
    recipe: Recipe,
    threads: usize,
    pass: Pass,
    /// For each tensor, the joints that take its values too: their places behind the tensors.
    joints: Vec<Vec<usize>>,
    /// The channels that are counted in the same passes.
    channels: Vec<Counter>,
    /// Samples that the present pass has seen.
    samples: usize,
    /// Of each tensor, in how many samples of the present pass it came, and whether in the present one.
    came: Vec<(usize, bool)>,
}

enum Pass {
    Ranges(Vec<Ranges>),
    Bins(Vec<Bins>),
    Once(Vec<GrowingHistogram>),
}

#[derive(Default)]
struct Ranges {
    all: RangePass,
    /// Of each sample, where a grid wants to know it beforehand.
    each: Option<Vec<BatchRange>>,
    sample: BatchRange,
}

struct Bins {
    pass: BinPass,
    /// What the other threads have counted.
    others: Vec<BinPass>,
}

impl Gather {
    /// Begins to gather `tensors` tensors.
    pub fn new(tensors: usize, recipe: &Recipe, one_pass: bool, threads: usize) -> Gather {
        Gather::with_joints(tensors, &[], recipe, one_pass, threads)
    }

    /// The same, and behind the tensors one more histogram for each of `joints`: that of all values of some tensors. A
    /// sample is a batch of it with all values of theirs.
    pub fn with_joints(
        tensors: usize,
        joints: &[Vec<usize>],
        recipe: &Recipe,
        one_pass: bool,
        threads: usize,
    ) -> Gather {
        let all = tensors + joints.len();
        let joints_of =
            |tensor| (0..joints.len()).filter(|&j| joints[j].contains(&tensor)).map(|j| tensors + j).collect();
        let joints = (0..tensors).map(joints_of).collect();
        let ranges = || Ranges { each: recipe.by_batches().then(Vec::new), ..Ranges::default() };
        let pass = if one_pass {
            Pass::Once((0..all).map(|_| GrowingHistogram::new(recipe.bins)).collect())
        } else {
            Pass::Ranges((0..all).map(|_| ranges()).collect())
        };
        let (recipe, threads, came) = (recipe.clone(), threads.max(1), vec![(0, false); tensors]);
        Gather { recipe, threads, pass, joints, channels: Vec::new(), samples: 0, came }
    }

    /// The same with channels of some tensors, each a batch a sample, counted in the same two passes.
    #[cfg_attr(not(feature = "onnx"), expect(dead_code, reason = "a network's channels are counted with all else"))]
    pub(super) fn with_channels(self, windows: &[Window]) -> Gather {
        let channels = windows.iter().map(|window| Counter::new(window.clone(), &self.recipe)).collect();
        Gather { channels, ..self }
    }

    /// Whether the samples have to be run once more after this pass.
    pub fn wants_second_pass(&self) -> bool {
        matches!(self.pass, Pass::Ranges(_))
    }

    /// Samples that the present pass has seen.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// In how many samples of the present pass each tensor came: not every sample reaches every one.
    pub fn came(&self) -> Vec<usize> {
        self.came.iter().map(|(samples, _)| *samples).collect()
    }

    /// Takes the values of a tensor, of the present sample. Only its channels need to know its shape.
    pub fn push(&mut self, tensor: usize, values: &[f32]) {
        self.push_shaped(tensor, &[], values);
    }

    /// The same of a tensor of this shape.
    pub fn push_shaped(&mut self, tensor: usize, shape: &[usize], values: &[f32]) {
        let (samples, now) = &mut self.came[tensor];
        *samples += usize::from(!*now);
        *now = true;
        let threads = if values.len() >= WORTH_SHARING { self.threads } else { 1 };
        for at in std::iter::once(tensor).chain(self.joints[tensor].iter().copied()) {
            match &mut self.pass {
                Pass::Ranges(all) => all[at].push(values, threads),
                Pass::Bins(all) => all[at].push(values, threads),
                Pass::Once(all) => all[at].push(values),
            }
        }
        for counter in self.channels.iter_mut().filter(|counter| counter.tensor() == tensor) {
            counter.see_whole(shape, values);
        }
    }

    /// The present sample is over.
    pub fn end_sample(&mut self) {
        self.samples += 1;
        self.came.iter_mut().for_each(|(_, now)| *now = false);
        match &mut self.pass {
            Pass::Ranges(all) => all.iter_mut().for_each(Ranges::end_sample),
            Pass::Bins(all) => all.iter_mut().for_each(|bins| bins.pass.end_batch()),
            Pass::Once(_) => {}
        }
    }

    /// Begins the second pass, over the same samples in the same order.
    ///
    /// # Panics
    ///
    /// If none is wanted.
    pub fn second_pass(self) -> Gather {
        let Pass::Ranges(all) = self.pass else { panic!("the first pass was the only one, or is over") };
        let recipe = self.recipe;
        let bins = all.into_iter().map(|ranges| {
            let pass = BinPass::new(ranges.all.finish(), recipe.bins, &recipe.grids);
            Bins { pass: pass.with_batches(ranges.each.unwrap_or_default()), others: Vec::new() }
        });
        let (threads, joints) = (self.threads, self.joints);
        let pass = Pass::Bins(bins.collect());
        let channels = self.channels.into_iter().map(|counter| counter.second(&recipe)).collect();
        let came = vec![(0, false); self.came.len()];
        Gather { pass, recipe, threads, joints, channels, samples: 0, came }
    }

    /// Each tensor's histogram, and behind them each joint's; `None` where the second pass saw other values than the first.
    ///
    /// If the second pass ended early (`whole` is false), the counts are those of the samples that it has seen, on the
    /// grid of all; smallest and largest value and the moments are those of all.
    ///
    /// # Panics
    ///
    /// Between the passes.
    pub fn finish(self, whole: bool) -> Vec<Option<Histogram>> {
        self.finish_all(whole).0
    }

    /// The same, and the channels of each window.
    pub(super) fn finish_all(self, whole: bool) -> (Vec<Option<Histogram>>, Vec<Option<Vec<Packed>>>) {
        let channels = self.channels.into_iter().map(|counter| counter.finish(whole).ok()).collect();
        let histograms = match self.pass {
            Pass::Ranges(_) => panic!("the second pass is missing"),
            Pass::Once(all) => all.into_iter().map(|h| Some(h.finish())).collect(),
            Pass::Bins(all) => all.into_iter().map(|bins| bins.finish(whole)).collect(),
        };
        (histograms, channels)
    }
}

impl Ranges {
    fn push(&mut self, values: &[f32], threads: usize) {
        if self.each.is_some() {
            self.sample.push(values);
        }
        if threads == 1 {
            return self.all.push(values);
        }
        let part = values.len().div_ceil(threads);
        let start = self.all.count();
        let pieces: Vec<RangePiece> = std::thread::scope(|scope| {
            let part_at = |i: usize, part_values| RangePiece::of(part_values, start + (i * part) as u64);
            let mut parts = values.chunks(part).enumerate();
            let own = parts.next();
            let others: Vec<_> = parts.map(|(i, v)| scope.spawn(move || share(|| part_at(i, v)))).collect();
            let own = own.map(|(i, v)| part_at(i, v));
            let others = others.into_iter().map(|t| joined(t.join()));
            own.into_iter().chain(others).collect()
        });
        pieces.into_iter().for_each(|piece| self.all.append(piece));
    }

    fn end_sample(&mut self) {
        if let Some(each) = &mut self.each {
            each.push(std::mem::take(&mut self.sample));
        }
    }
}

impl Bins {
    fn push(&mut self, values: &[f32], threads: usize) {
        if threads == 1 || self.pass.by_batches() {
            return self.pass.push(values);
        }
        while self.others.len() + 1 < threads {
            self.others.push(self.pass.fresh());
        }
        let mut parts = values.chunks(values.len().div_ceil(threads));
        let own = parts.next().unwrap_or_default();
        std::thread::scope(|scope| {
            for (other, part) in self.others.iter_mut().zip(parts) {
                scope.spawn(move || share(|| other.push(part)));
            }
            self.pass.push(own);
        });
    }

    fn finish(mut self, whole: bool) -> Option<Histogram> {
        self.others.into_iter().for_each(|other| self.pass.merge(other));
        if whole { self.pass.finish().ok() } else { self.pass.finish_part().ok() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::histogram::GridSpec;

    /// Three samples of a large tensor and a small one.
    fn samples() -> Vec<[Vec<f32>; 2]> {
        let wave = |n: usize, s: usize| (0..n).map(|i| ((i * (s + 3)) as f32 * 0.37).sin() * (s + 1) as f32).collect();
        (0..3).map(|s| [wave(WORTH_SHARING * 2 + 4099, s), wave(77, s)]).collect()
    }

    fn gathered(threads: usize, one_pass: bool, grids: &[GridSpec], second: usize) -> Vec<Option<Histogram>> {
        let recipe = Recipe { bins: 512, grids: grids.to_vec() };
        let mut gather = Gather::new(2, &recipe, one_pass, threads);
        let run = |gather: &mut Gather, n: usize| {
            for sample in &samples()[..n] {
                sample.iter().enumerate().for_each(|(t, values)| gather.push(t, values));
                gather.end_sample();
            }
        };
        run(&mut gather, 3);
        if gather.wants_second_pass() {
            gather = gather.second_pass();
            run(&mut gather, second);
        }
        gather.finish(second == 3)
    }

    #[test]
    fn it_is_the_histogram_of_all_samples_on_any_number_of_threads() {
        let grids = [GridSpec::Numpy { bins: 100 }];
        let all = |t: usize| samples().into_iter().flat_map(|s| s[t].clone()).collect::<Vec<f32>>();
        for threads in [1, 2, 3] {
            let found = gathered(threads, false, &grids, 3);
            for (t, histogram) in found.into_iter().enumerate() {
                assert_eq!(histogram.unwrap(), Histogram::of(&all(t), 512, &grids), "{threads}");
            }
            let once = gathered(threads, true, &[], 3);
            let mut growing = GrowingHistogram::new(512);
            growing.push(&all(0));
            assert_eq!(once[0].as_ref().unwrap(), &growing.finish());
        }
    }

    #[test]
    fn a_joint_is_the_histogram_of_all_values_of_its_tensors() {
        use proptest::prelude::*;
        let value = prop_oneof![-8f32..8.0, Just(0.0), Just(f32::NAN), Just(f32::INFINITY), -1e-3f32..1e3];
        let sample = proptest::collection::vec(proptest::collection::vec(value, 0..40), 3);
        let samples = proptest::collection::vec(sample, 1..4);
        let joints = [vec![0, 2], vec![0, 1, 2]];
        let (numpy, torch) = (GridSpec::Numpy { bins: 20 }, GridSpec::NvidiaTorch { bins: 16 });
        proptest!(ProptestConfig::with_cases(64), |(samples in samples, one_pass: bool, threads in 1usize..3)| {
            let recipe = Recipe { bins: 32, grids: if one_pass { Vec::new() } else { vec![numpy, torch] } };
            let mut gather = Gather::with_joints(3, &joints, &recipe, one_pass, threads);
            loop {
                for sample in &samples {
                    sample.iter().enumerate().for_each(|(t, values)| gather.push(t, values));
                    gather.end_sample();
                }
                if !gather.wants_second_pass() {
                    break;
                }
                gather = gather.second_pass();
            }
            let found = gather.finish(true);
            prop_assert_eq!(found.len(), 5);
            for (joint, found) in joints.iter().zip(&found[3..]) {
                // Each sample is a batch, in which the tensors lie one behind the other.
                let batch = |sample: &Vec<Vec<f32>>| joint.iter().flat_map(|&t| sample[t].clone()).collect::<Vec<f32>>();
                let batches: Vec<Vec<f32>> = samples.iter().map(batch).collect();
                let batches: Vec<&[f32]> = batches.iter().map(Vec::as_slice).collect();
                let expected = if one_pass {
                    let mut growing = GrowingHistogram::new(32);
                    batches.iter().for_each(|batch| growing.push(batch));
                    growing.finish()
                } else {
                    Histogram::of_batches(&batches, 32, &recipe.grids)
                };
                prop_assert_eq!(found.as_ref(), Some(&expected));
            }
        });
    }

    #[test]
    fn every_sample_is_a_batch() {
        let spec = GridSpec::NvidiaTorch { bins: 64 };
        let found = gathered(2, false, &[spec], 3);
        let grown = found[0].as_ref().unwrap().peer(spec).unwrap().unwrap();
        assert_eq!(grown.counts.iter().sum::<u64>(), found[0].as_ref().unwrap().stats.count);
        assert!(grown.counts.len() > 64, "the second sample is wider than the first");
    }

    #[test]
    fn what_was_counted_before_it_was_stopped_is_kept() {
        let found = gathered(2, false, &[], 2);
        let histogram = found[0].as_ref().unwrap();
        let two: u64 = samples()[..2].iter().map(|s| s[0].len() as u64).sum();
        assert_eq!((histogram.stats.count, histogram.magnitude.counts().iter().sum::<u64>()), (two, two));
    }
}
