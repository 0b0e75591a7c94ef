//! Searches on small networks: what they may do, and what they must not.

use super::*;
use crate::jobs::how::{Allow, Objective};
use crate::jobs::tuning::{TuneStep, Tuned, UNCHANGED};
use crate::quant::OutputEffect;

/// Rows of a wave, none like another.
fn rows(n: usize) -> Vec<[f32; 4]> {
    let value = |row: usize, i: usize| ((row * 4 + i) as f32 * 0.7).sin() * (1 + i) as f32;
    (0..n).map(|row| std::array::from_fn(|i| value(row, i))).collect()
}

/// A search of `a` and `b`, whose clips are much too wide.
fn searched(net: &Net, change: impl FnOnce(Tune) -> Tune) -> (Vec<TuneStep>, Tuned) {
    let layers: Vec<TuneLayer> = ["a", "b"].map(|name| tune_layer(net, name, 100.0, Arc::new(Max))).into();
    let params: Params = layers.iter().map(|layer| (layer.key.clone(), on(100.0))).collect();
    net.loader.request(Request::Trial(Trial::Tune(change(Tune::new(params, layers)))));
    let mut steps = Vec::new();
    loop {
        match net.next() {
            Told::Trial(News::Step(step, left)) => {
                assert!(left.time.is_some());
                steps.push(step);
            }
            Told::Trial(News::Tuned(result)) => return (steps, *result.unwrap().unwrap()),
            _ => {}
        }
    }
}

/// What was told last of each layer.
fn last(steps: &[TuneStep]) -> Vec<&TuneStep> {
    ["a", "b"].map(|name| steps.iter().rfind(|s| s.key.name() == name).unwrap()).into()
}

fn db(effect: &OutputEffect) -> f64 {
    effect.quality().get()
}

#[test]
fn a_search_stays_in_its_grid_and_gains_on_samples_that_it_has_not_seen() {
    let net = net(&chain(&["Neg", "Tanh", "Neg"]), &rows(16), &[], |_| {}).read();
    for objective in [Objective::Next, Objective::Out, Objective::Both] {
        let (steps, tuned) = searched(&net, |tune| Tune { objective, ..tune });
        let (before, after) = tuned.unseen.unwrap();
        assert_eq!((before.effect.samples, tuned.before.effect.samples), (4, 12));
        assert!(db(&after.effect) > db(&before.effect) + 10.0 && tuned.after.mean_db > tuned.before.mean_db + 10.0);
        assert_eq!(tuned.sets[0].by, UNCHANGED);
        assert_eq!(tuned.sets[tuned.taken].judged, after);
        for step in last(&steps) {
            let chosen = step.chosen.unwrap();
            assert!(chosen.format == Format::INT8 && chosen.clip.amax() < 5.0, "{step:?}");
            assert_eq!(step.by, tuned.sets[tuned.taken].by);
        }
        assert!(tuned.budget.is_empty() && !tuned.stopped && tuned.alone.len() == 2);
        assert!(tuned.alone[0].1 <= tuned.alone[1].1, "the worst first");
    }
}

#[test]
fn a_budget_goes_to_the_layer_that_costs_most_and_its_curve_is_told() {
    let net = net(&chain(&["Neg", "Tanh", "Neg"]), &rows(16), &[], |_| {}).read();
    for (allow, sixteen, float) in [
        (Allow { max_16bit: 1, ..Allow::default() }, 1, 0),
        (Allow { max_float: 1, ..Allow::default() }, 0, 1),
        (Allow { max_16bit: 1, max_float: 9, ..Allow::default() }, 0, 2),
    ] {
        let (steps, tuned) = searched(&net, |tune| Tune { allow, ..tune });
        assert_eq!(tuned.budget.len(), 1 + sixteen + float);
        let end = tuned.budget.last().unwrap();
        assert_eq!((end.sixteen, end.float), (sixteen, float));
        assert_eq!(tuned.budget[1].key.as_ref(), Some(&tuned.alone[0].0));
        assert!(tuned.widened > 0 && end.mean_db > tuned.budget[0].mean_db, "{:?}", tuned.budget);
        let wide = last(&steps).iter().filter(|s| s.chosen.is_none_or(|t| t.format.num_bits() == 16)).count();
        assert_eq!(wide, tuned.widened);
        assert_eq!(tuned.unseen.unwrap().1.mean_db, tuned.budget[tuned.widened].mean_db);
    }
}

#[test]
fn a_search_that_finds_nothing_better_leaves_everything_as_it_is() {
    // Integers lie on the grid as they are: nothing can be gained.
    let rows: Vec<[f32; 4]> = (0..8).map(|i| [127.0, -127.0, i as f32, -3.0 * i as f32]).collect();
    let net = net(&chain(&["Neg", "Neg", "Neg"]), &rows, &[], |_| {}).read();
    let layers: Vec<TuneLayer> = ["a", "b"].map(|name| tune_layer(&net, name, 127.0, Arc::new(Max))).into();
    let params: Params = layers.iter().map(|layer| (layer.key.clone(), on(127.0))).collect();
    net.loader.request(Request::Trial(Trial::Tune(Tune::new(params, layers))));
    let mut steps = Vec::new();
    let tuned = loop {
        match net.next() {
            Told::Trial(News::Step(step, _)) => steps.push(step),
            Told::Trial(News::Tuned(result)) => break result.unwrap().unwrap(),
            _ => {}
        }
    };
    assert_eq!(tuned.taken, 0);
    assert!(last(&steps).iter().all(|s| s.by == UNCHANGED && s.chosen.unwrap().clip == Clip::symmetric(127.0)));
    assert_eq!(tuned.before, tuned.after);
}
