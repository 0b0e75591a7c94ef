//! A budget of layers that may go to 16 bits or stay in float: the ones that cost the outputs most.

use super::candidates::sixteen_bits;
use super::judge::{Judge, Verdict};
use super::standing::{Choice, Standing};
use crate::jobs::tuning::BudgetPoint;
use crate::model::ModelError;
use crate::quant::Decibels;

/// What wider formats are worth, a layer at a time.
pub(super) struct Curve {
    /// What each number of layers does.
    pub points: Vec<BudgetPoint>,
    /// How many of the layers were taken.
    pub taken: usize,
    /// What these do.
    pub verdict: Verdict,
}

/// What widening so many layers costs, in runs of the network: each time the whole network is judged, more than once.
pub(super) fn widen_runs(layers: usize, samples: usize) -> f64 {
    (layers * 2 * samples) as f64
}

/// Widens the layers in this order, the most costly first: to float as many as may be, and the next ones to 16 bits. Of
/// the sets along the way the smallest is taken that no larger one betters by more than the noise. `now` is what the
/// present set does. `None` when it was cancelled.
pub(super) fn widen(
    search: &mut Standing,
    judge: &Judge,
    order: &[usize],
    now: Verdict,
) -> Result<Option<Curve>, ModelError> {
    let (in_float, in_all) = search.wanted.allow.of(order.len());
    if in_all == 0 {
        return Ok(Some(Curve { points: Vec::new(), taken: 0, verdict: now }));
    }
    let point = |key, k: usize, effect, mean_db| {
        let float = k.min(in_float);
        BudgetPoint { key, float, sixteen: k - float, effect, mean_db }
    };
    let mut points = vec![point(None, 0, now.unseen.effect, now.unseen.mean_db)];
    let (mut set, mut best, mut at_best, mut taken) = (search.present.clone(), search.present.clone(), now, 0);
    for (k, &i) in order[..in_all].iter().enumerate() {
        if search.stopped() {
            break;
        }
        let is_float = k < in_float;
        let tried = if is_float { None } else { Some(sixteen_bits(&search.wanted.layers[i])) };
        set[i] = Choice { tried, by: if is_float { "float" } else { "16bit" }, ..set[i] };
        let Some(verdict) = judge.judge(&search.params(&set))? else { return Ok(None) };
        search.progress.ran(widen_runs(1, search.budget.samples.len()));
        let (key, unseen) = (search.wanted.layers[i].key.clone(), verdict.unseen);
        points.push(point(Some(key), k + 1, unseen.effect, unseen.mean_db));
        let before = Decibels::new(points[k].mean_db);
        set[i] = Choice { before, after: Decibels::new(unseen.mean_db), ..set[i] };
        search.tell(i, set[i], unseen.effect.samples);
        if verdict.gain_over(&at_best).is_some() {
            (best, at_best, taken) = (set.clone(), verdict, k + 1);
        }
    }
    search.present = best;
    Ok(Some(Curve { points, taken, verdict: at_best }))
}
