//! Searching clips for the best output of the whole network.

use super::alone::{Found, alone, look, look_runs, search_runs, worth_searching};
use super::among::among;
use super::bench::{Bench, Budget, Split};
use super::candidates::candidates;
use super::correct::{Corrected, corrected};
use super::judge::{Judge, Verdict};
use super::kept::Kept;
use super::kept_aside::shares;
use super::nearest::{self, nearest};
use super::standing::{Set, Standing};
use super::wider::{Curve, widen, widen_runs};
use crate::ErrorKind;
use crate::jobs::network::Run;
use crate::jobs::trial::Left;
use crate::jobs::tuning::{BiasSet, Tried, Tune, TuneSet, TuneStep, Tuned, UNCHANGED};
use crate::model::ModelError;
use crate::quant::{Decibels, Grids, QuantParams};
use crate::session::{Failure, Key};

/// Searches clips for the best outputs, inside the formats that were asked for.
///
/// A quarter of the samples, drawn by chance, is kept aside. On the others each layer is tried alone, quantized with
/// everything else in float: so a clip is found that makes little noise of its own, and not one whose error happens to
/// undo another's. What it is judged by is the error at the next quantized tensors, which costs a run of the network for
/// each candidate of all layers together, or the error at the outputs, which costs half of one for each candidate of each
/// layer; the layers that cost most come first. A sample counts by the size of its error and not by its
/// square, so that none decides alone.
///
/// Neither objective is the better one everywhere. So each makes a set of clips, a third one is of both, and of these the
/// samples kept aside take the one that is best for the whole network: if it gains by more than the noise of such
/// figures, and loses nothing on the samples searched; else everything stays. Further rounds look at each layer among the
/// others as they stand, and are judged in the same way.
///
/// Where other widths are allowed, the layers that cost most go there at last, one after the other.
///
/// `begun` hears how long it will take, where that is known, and `found` of each decision. When it is stopped the search ends with what was found. `None` when it was cancelled,
/// or stopped before anything was decided.
///
/// # Errors
///
/// A sample cannot be read any more, or a node fails on quantized values.
pub(super) fn tune(
    run: &Run,
    kept: &Kept,
    wanted: &Tune,
    budget: Budget,
    begun: &dyn Fn(Left),
    found: &mut dyn FnMut(TuneStep, Left),
) -> Result<Option<Tuned>, Failure> {
    let split = Split::of(&wanted.params, run)?;
    let weights = split.weights.as_slice();
    let shares = shares(&run.samples, wanted.seed);
    let seen = Bench::new(&run.setup, kept, weights, budget.on(&shares.searched))?;
    // Of a single sample there is no other to judge by.
    let unseen = seen.on_samples(if shares.aside.is_empty() { &shares.searched } else { &shares.aside });
    let judge = Judge { seen, unseen };
    let mut search = Standing::new(run, kept, budget.on(&shares.searched), wanted, split.activations.clone(), found)?;
    let (layers, few) = (wanted.layers.len(), search.few());
    let mut tries: Vec<Vec<Tried>> = Vec::new();
    for layer in &wanted.layers {
        if search.stopped() {
            return Ok(None);
        }
        tries.push(candidates(layer, wanted.allow));
    }
    plan(&mut search, &tries);
    begun(search.progress.left());
    let Some(verdict) = judge.judge(&split.activations)? else { return Ok(None) };
    if !verdict.unseen.effect.is_of_something() {
        return Err(nothing_to_judge_by(run));
    }
    let sets = vec![TuneSet { by: UNCHANGED, judged: verdict.unseen }];
    let mut course = Course { judge, sets, taken: 0, first: verdict, best: verdict, decided: false };

    let Some(at_first) = look(&mut search)? else { return Ok(None) };
    let order = worth_searching(&at_first);
    if wanted.objective.is_out() {
        // What is left out need not be waited for.
        let quiet = (0..layers).filter(|i| !order.contains(i)).map(|i| search_runs(tries[i].len(), few));
        search.progress.skip(layers - order.len(), quiet.sum());
    }

    let mut scores = None;
    if wanted.objective.is_next() && !search.stopped() {
        // What is quiet at the outputs can gain nothing there, whatever is gained next behind it.
        let worth = |i: usize| if order.contains(&i) { tries[i].clone() } else { Vec::new() };
        let worth: Vec<Vec<Tried>> = (0..layers).map(worth).collect();
        let planned = [&tries, &worth].map(|tries| nearest::runs(tries, search.budget.samples.len()));
        search.progress.skip(0, planned[0] - planned[1]);
        let Some((set, found)) = nearest(&mut search, &worth)? else { return Ok(None) };
        scores = Some(found);
        if !course.hear(&mut search, "next", set)? {
            return Ok(None);
        }
    }
    let mut now: Vec<Option<(Decibels, Decibels)>> = vec![None; layers];
    if wanted.objective.is_out() && !search.stopped() {
        let Some(Found { set, both, alone }) = alone(&mut search, &tries, scores.as_ref(), &at_first)? else {
            return Ok(None);
        };
        now = alone;
        let of_both = scores.is_some() && !search.stopped() && both.iter().zip(&set).any(|(a, b)| a.tried != b.tried);
        if !course.hear(&mut search, "out", set)? || (of_both && !course.hear(&mut search, "next+out", both)?) {
            return Ok(None);
        }
    }
    for _ in 1..wanted.rounds {
        if search.stopped() {
            break;
        }
        let taken = course.taken;
        let Some(set) = among(&mut search, weights, &tries, &order)? else { return Ok(None) };
        if !course.hear(&mut search, "among", set)? {
            return Ok(None);
        }
        if course.taken == taken {
            break;
        }
    }
    if search.stopped() && !course.decided {
        return Ok(None);
    }
    let alone = costs(&search, &at_first, &now);
    let costly: Vec<usize> = alone.iter().map(|(i, _)| *i).collect();
    let Some(curve) = widen(&mut search, &course.judge, &costly, course.best)? else { return Ok(None) };
    let bias = if wanted.correct_bias && !search.stopped() {
        match correct_bias(&search, &course.judge, weights, &curve.verdict)? {
            Some(bias) => bias,
            None => return Ok(None),
        }
    } else {
        None
    };
    search.tell_rest();
    let alone = alone.into_iter().map(|(i, db)| (wanted.layers[i].key.clone(), db)).collect();
    worth(course, &search, split.activations, shares.aside.is_empty(), curve, bias, alone)
}

/// The sets that were judged, and which is the best by now.
struct Course<'a> {
    judge: Judge<'a>,
    sets: Vec<TuneSet>,
    taken: usize,
    first: Verdict,
    best: Verdict,
    /// Whether there was a set to decide on.
    decided: bool,
}

impl Course<'_> {
    /// Takes a set if it gains. Returns false when it was cancelled.
    fn hear(&mut self, search: &mut Standing, by: &'static str, set: Set) -> Result<bool, ModelError> {
        let Some(verdict) = self.judge.judge(&search.params(&set))? else { return Ok(false) };
        self.sets.push(TuneSet { by, judged: verdict.unseen });
        self.decided = true;
        if verdict.gain_over(&self.best).is_some() {
            (self.best, self.taken) = (verdict, self.sets.len() - 1);
            search.present = set;
        }
        Ok(true)
    }
}

/// What is to be done, as far as that is known before.
fn plan(search: &mut Standing, tries: &[Vec<Tried>]) {
    let (layers, samples, few) = (tries.len(), search.budget.samples.len(), search.few());
    let Tune { objective, rounds, allow, .. } = search.wanted;
    search.progress.plan(layers, look_runs(layers, samples));
    if objective.is_next() {
        search.progress.plan(layers, nearest::runs(tries, samples));
    }
    let one_round: f64 = tries.iter().map(|tries| search_runs(tries.len(), few)).sum();
    let searched = usize::from(objective.is_out()) + rounds.saturating_sub(1);
    search.progress.plan(layers * searched, one_round * searched as f64);
    let (_, wider) = allow.of(layers);
    search.progress.plan(wider, widen_runs(wider, samples));
}

/// Biases that were judged, with the network that has them and what it does.
type Biases = Option<(Corrected, Verdict, BiasSet)>;

/// Moves the means of errors into the biases, and takes that where it gains over what stands; `None` inside where there is
/// no bias to move. `None` when it was cancelled.
fn correct_bias(
    search: &Standing,
    judge: &Judge,
    weights: &[Grids],
    now: &Verdict,
) -> Result<Option<Biases>, ModelError> {
    let params = search.params(&search.present);
    let Some(corrected) = corrected(search, weights, &params)? else { return Ok(Some(None)) };
    let [seen, unseen] = [&judge.seen, &judge.unseen].map(|bench| bench.with_graph(corrected.graph.clone()));
    let Some(verdict) = Judge::judge_on(&seen, &unseen, &params)? else { return Ok(None) };
    let taken = verdict.gain_over(now).is_some();
    let set = BiasSet { judged: verdict.unseen, taken, moved: corrected.moved.clone() };
    Ok(Some(Some((corrected, verdict, set))))
}

/// What each layer costs the outputs alone, the worst first: as it is chosen now where that is known.
fn costs(search: &Standing, at_first: &[Decibels], now: &[Option<(Decibels, Decibels)>]) -> Vec<(usize, Decibels)> {
    let cost = |i: usize| match now[i] {
        Some((_, after)) if search.present[i].by == "out" => after,
        Some((before, _)) if search.present[i].by == UNCHANGED => before,
        _ => at_first[i],
    };
    let mut costs: Vec<(usize, Decibels)> = (0..at_first.len()).map(|i| (i, cost(i))).collect();
    costs.sort_by_key(|(_, db)| *db);
    costs
}

/// Why there is no clip that is better than another.
fn nothing_to_judge_by(run: &Run) -> Failure {
    let file = run.setup.network.file().to_owned();
    let why = if run.samples.is_empty() {
        "could be run on no sample, so that no clip can be judged by its outputs"
    } else {
        "has no output with an element, so that no clip can be judged by its outputs"
    };
    Failure { kind: ErrorKind::Unfit, message: format!("{file} {why}."), file }
}

/// What it was worth, on the samples that were searched on, on those kept aside, and on those to check on.
fn worth(
    course: Course,
    search: &Standing,
    start: Vec<Option<QuantParams>>,
    all_seen: bool,
    curve: Curve,
    bias: Biases,
    alone: Vec<(Key, Decibels)>,
) -> Result<Option<Tuned>, Failure> {
    let taken = bias.as_ref().filter(|(_, _, set)| set.taken);
    let check = match course.judge.seen.on_check() {
        None => None,
        Some(bench) => {
            let now = search.params(&search.present);
            let Some(before) = bench.judged(&start)? else { return Ok(None) };
            let after = match taken {
                Some((corrected, ..)) => bench.with_graph(corrected.graph.clone()).judged(&now)?,
                None if now == start => Some(before),
                None => bench.judged(&now)?,
            };
            let Some(after) = after else { return Ok(None) };
            Some((before, after))
        }
    };
    let (first, last) = (course.first, taken.map_or(&curve.verdict, |(_, verdict, _)| verdict));
    Ok(Some(Tuned {
        before: first.seen,
        after: last.seen,
        unseen: (!all_seen).then_some((first.unseen, last.unseen)),
        check,
        sets: course.sets,
        taken: course.taken,
        budget: curve.points,
        widened: curve.taken,
        bias: bias.map(|(_, _, set)| set),
        alone,
        stopped: search.stopped(),
    }))
}
