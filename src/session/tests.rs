use std::sync::Arc;

use super::*;
use crate::calibrate;
use crate::histogram::Histogram;
use crate::quant::QuantParams;

fn key(layer: usize) -> Key {
    Key::activation(format!("layer{layer}"))
}

fn at(layer: usize) -> Target {
    Target::Tensor(key(layer))
}

fn tie_of(layers: &[usize]) -> Target {
    Target::Tie(keys(layers))
}

fn keys(layers: &[usize]) -> Vec<Key> {
    layers.iter().map(|l| key(*l)).collect()
}

fn ready(session: &Session, target: impl Into<Target>) -> &Ready {
    session.ready(&target.into()).unwrap()
}

fn decision(session: &Session, layer: usize) -> Decision {
    ready(session, at(layer)).decision().clone()
}

/// The values of a layer.
fn values(layer: usize) -> impl Iterator<Item = f32> {
    (1..20_000).map(move |k| (k as f32 * 0.37).sin().powi(5) * (1 << layer) as f32)
}

fn histogram(plan: &Plan, values: &[f32]) -> Arc<Histogram> {
    let grids: Vec<_> = plan.methods.iter().flat_map(|m| m.grids()).collect();
    Arc::new(Histogram::of(values, 2048, &grids))
}

fn failure(message: &str) -> Failure {
    Failure { kind: crate::ErrorKind::Damaged, file: "broken.npy".into(), message: message.into() }
}

/// A session of three layers to come and one that failed.
fn unread() -> Session {
    let mut session = Session::new(calibrate::defaults(), "entropy", Format::INT8);
    let layers = (0..3).map(|i| Layer::waiting(key(i), Vec::new())).collect();
    session.receive(Arrival::Found { layers, failures: vec![failure("no")] });
    session
}

fn read(session: &mut Session, layer: usize) {
    let plan = session.plan();
    let counts = histogram(&plan, &values(layer).collect::<Vec<_>>());
    let read = Ready::analyse(counts, &plan, &session.layers()[layer].subject());
    session.receive(Arrival::Layer { key: key(layer), result: Ok(Box::new((Origin::default(), read))) });
}

/// The same with the three layers read.
fn session() -> Session {
    let mut session = unread();
    (0..3).for_each(|layer| read(&mut session, layer));
    session
}

fn clip(session: &Session, layer: usize) -> f32 {
    decision(session, layer).clip.amax()
}

#[test]
fn the_default_method_is_chosen_and_every_method_stands_beside_it() {
    let session = session();
    let ready = ready(&session, at(0));
    assert_eq!(ready.decision().method, "entropy");
    assert_eq!(ready.candidates().len(), 5);
    assert_eq!(ready.method_clip(), Some(ready.decision().clip));
    assert!(!ready.decision().edited && ready.decision().quantized && !session.is_dirty());
}

#[test]
fn undo_and_redo_walk_the_same_way() {
    let mut session = session();
    let before: Vec<f32> = (0..3).map(|l| clip(&session, l)).collect();
    let edit = |s: &mut Session, layer: usize, amax: f32| {
        let choice = decision(s, layer).with_clip(Clip::symmetric(amax));
        s.apply("clip", vec![(at(layer), choice)])
    };
    assert_eq!(edit(&mut session, 0, 0.5), 1);
    assert_eq!(edit(&mut session, 1, 0.7), 1);
    assert_eq!(edit(&mut session, 1, 0.7), 0, "what changes nothing is no step");
    assert_eq!(session.history_len(), (2, 0));
    assert_eq!((session.changed(), session.is_dirty()), (2, true));
    assert_eq!(session.undo(), Some(("clip".into(), at(1))));
    assert_eq!(session.undo(), Some(("clip".into(), at(0))));
    assert_eq!(session.undo(), None);
    assert_eq!((0..3).map(|l| clip(&session, l)).collect::<Vec<_>>(), before);
    assert!(!session.is_dirty() && session.changed() == 0);
    session.redo();
    assert_eq!(clip(&session, 0), 0.5);
    // A new edit forgets what was undone.
    edit(&mut session, 2, 3.0);
    assert_eq!(session.redo(), None);
}

#[test]
fn one_step_may_change_many_layers() {
    let mut session = session();
    let to_max = |s: &Session, l: usize| {
        let ready = s.layers()[l].ready()?;
        let max = ready.candidate("max")?.outcome.as_ref().ok()?.clip;
        Some((at(l), Decision::of_method("max", max, Format::INT8)))
    };
    let choices = (0..4).filter_map(|l| to_max(&session, l)).collect();
    assert_eq!(session.apply("method max", choices), 3);
    assert_eq!(session.history_len().0, 1);
    session.undo();
    assert_eq!(decision(&session, 2).method, "entropy");
    assert_eq!(
        session.apply("clip", vec![(at(3), Decision::of_method("max", Clip::symmetric(1.0), Format::INT8))]),
        0,
        "a broken layer"
    );
}

#[test]
fn holding_a_key_is_one_step() {
    let mut session = session();
    let before = clip(&session, 0);
    for i in 0..20 {
        session.nudge(&at(0), Clip::symmetric(before * (0.99 - 0.01 * i as f32)));
    }
    session.nudge(&at(1), Clip::symmetric(0.5));
    session.end_run();
    session.nudge(&at(1), Clip::symmetric(0.6));
    assert_eq!(session.history_len().0, 3);
    session.undo();
    assert_eq!(clip(&session, 1), 0.5);
    session.undo();
    session.undo();
    assert_eq!(clip(&session, 0), before);
}

#[test]
fn a_drag_is_seen_and_recorded_once() {
    let mut session = session();
    let before = decision(&session, 0);
    for amax in [0.9, 0.8, 0.4] {
        session.preview(&at(0), before.with_clip(Clip::symmetric(amax)));
        assert_eq!(clip(&session, 0), amax);
    }
    assert_eq!(session.history_len().0, 0);
    let saturated = ready(&session, at(0)).metrics().saturated;
    assert!(saturated > 0.1);
    assert!(session.commit("clip", &at(0), before.clone()));
    assert_eq!(session.history_len().0, 1);
    // Dragged away and back: nothing to record, nothing edited.
    let here = decision(&session, 0);
    session.preview(&at(0), here.with_clip(Clip::symmetric(0.3)));
    session.preview(&at(0), here.clone());
    assert!(!session.commit("clip", &at(0), here));
    session.undo();
    assert!(!decision(&session, 0).edited);
}

#[test]
fn the_methods_own_value_is_no_edit_however_it_came_about() {
    let mut session = session();
    let own = decision(&session, 0);
    let moved = own.with_clip(Clip::symmetric(0.4));
    session.apply("clip", vec![(at(0), moved.clone())]);
    assert!(decision(&session, 0).edited);
    session.apply("clip", vec![(at(0), moved.with_clip(own.clip))]);
    assert!(!decision(&session, 0).edited);
}

#[test]
fn saved_means_what_stands_in_the_file() {
    let mut session = session();
    session.nudge(&at(0), Clip::symmetric(0.5));
    session.mark_saved();
    assert!(!session.is_dirty());
    session.nudge(&at(0), Clip::symmetric(0.6));
    assert!(session.is_dirty(), "a nudge after saving is a step of its own");
    session.undo();
    assert!(!session.is_dirty());
    session.undo();
    assert!(session.is_dirty());
    // The saved state lies on a branch that is gone now.
    session.nudge(&at(1), Clip::symmetric(0.6));
    session.undo();
    assert!(session.is_dirty());
}

#[test]
fn focus_follows_the_layer() {
    let mut session = session();
    let first = session.focus(&at(0)).unwrap();
    assert!(Arc::ptr_eq(&first, &session.focus(&at(0)).unwrap()));
    assert!(!Arc::ptr_eq(&first, &session.focus(&at(1)).unwrap()));
    assert!(session.focus(&at(3)).is_none() && session.focus(&at(99)).is_none());
}

/// The joint of some of the session's layers: the histogram of all their values, decided as layers are.
fn joint(session: &Session, of: &[usize]) -> Joint {
    let plan = session.plan();
    let all: Vec<f32> = of.iter().flat_map(|layer| values(*layer)).collect();
    let ready = Ready::analyse(histogram(&plan, &all), &plan, &session.layers()[of[0]].subject());
    Joint { of: keys(of), why: None, ready, measured: Vec::new() }
}

fn tied_session() -> Session {
    let mut session = session();
    session.add_joint(joint(&session, &[0, 2]));
    session
}

/// What two tied tensors must agree in, and that they do.
fn shared(session: &Session) -> (f32, String, bool, Format) {
    let of = |target: Target| {
        let ready = session.ready(&target).unwrap();
        let d = ready.decision().clone();
        assert_eq!(ready.params(), QuantParams::from_clip(d.clip, d.format));
        assert_eq!(ready.edited(), d.edited);
        (d.clip.amax(), d.method, d.edited, d.format)
    };
    let of_tie = of(session.target_of(&key(0)));
    assert!(matches!(session.target_of(&key(0)), Target::Tie(_)), "it is tied");
    assert_eq!((of(at(0)), of(at(2))), (of_tie.clone(), of_tie.clone()));
    of_tie
}

#[test]
fn a_tie_is_one_decision_and_one_step() {
    let mut session = tied_session();
    let before: Vec<Decision> = (0..3).map(|l| decision(&session, l)).collect();
    assert_eq!(
        (session.layers().len(), session.tied(&key(0)).len()),
        (4, 0),
        "the joint is no row, and not in charge yet"
    );
    let both = keys(&[0, 2]);
    assert!(session.tie(&both));
    assert_eq!((session.tied(&key(0)), session.tied(&key(2))), (&both[..], &both[..]));
    let first = shared(&session);
    assert_eq!(first.0, ready(&session, tie_of(&[0, 2])).method_clip().unwrap().amax());
    assert_ne!(first.0, before[0].clip.amax());
    // By a tensor of it, by the joint, by a method, by hand, by a run of keys, in another format: always both.
    let by_hand = decision(&session, 2).with_clip(Clip::symmetric(1.5));
    assert_eq!(session.apply("clip", vec![(at(2), by_hand)]), 3);
    assert_eq!((shared(&session).0, shared(&session).2), (1.5, true));
    let max = ready(&session, at(0)).own_clip("max").unwrap();
    session.apply("max", vec![(at(0), decision(&session, 0).with_method("max", max))]);
    assert_eq!(
        (shared(&session).0, shared(&session).2),
        (4.0, false),
        "the method's answer to all values, not to these"
    );
    for amax in [3.0, 2.0, 1.0] {
        session.nudge(&tie_of(&[0, 2]), Clip::symmetric(amax));
    }
    session.end_run();
    assert_eq!(shared(&session).0, 1.0);
    let four = Format::INT8.with_bits(4);
    let choices = session.in_format(&key(0), four);
    session.apply("int4", choices);
    assert_eq!(shared(&session).3, four);
    let off = Decision { quantized: false, ..decision(&session, 0) };
    session.apply("off", vec![(at(0), off.clone()), (at(2), Decision { clip: Clip::symmetric(9.0), ..off })]);
    assert!([0, 2].iter().all(|l| !decision(&session, *l).quantized) && shared(&session).0 == 1.0);
    let here = ready(&session, tie_of(&[0, 2])).decision().clone();
    for amax in [0.9, 0.8] {
        session.preview(&tie_of(&[0, 2]), here.with_clip(Clip::symmetric(amax)));
        assert_eq!(shared(&session).0, amax);
    }
    assert!(session.commit("clip", &tie_of(&[0, 2]), here));
    let here = ready(&session, tie_of(&[0, 2])).decision().clone();
    assert!(!session.commit("clip", &tie_of(&[0, 2]), here));
    assert_eq!(session.history_len().0, 7);
    for expected in [1.0, 1.0, 1.0, 4.0, 1.5] {
        session.undo();
        assert_eq!(shared(&session).0, expected);
    }
    session.undo();
    assert_eq!(shared(&session), first);
    assert_eq!(session.undo(), Some(("tie".into(), at(0))));
    assert_eq!((0..3).map(|l| decision(&session, l)).collect::<Vec<_>>(), before);
    assert!(session.tied(&key(0)).is_empty() && session.tied(&key(2)).is_empty());
    while session.redo().is_some() {
        shared(&session);
    }
    assert_eq!(shared(&session).0, 0.8);
    assert!(session.layers()[0].notes().contains(&"Shares its range with layer2.".into()));
    assert!(decision(&session, 1) == before[1], "the third was never asked");
}

#[test]
fn untied_tensors_have_their_own_again_or_what_a_hand_has_set() {
    let mut session = tied_session();
    let own: Vec<f32> = [0, 2].map(|l| clip(&session, l)).to_vec();
    session.tie(&keys(&[0, 2]));
    assert!(!session.split(&key(0), Some(0)), "not per channel meanwhile");
    assert!(session.untie(&key(2)) && !session.untie(&key(2)));
    assert_eq!([clip(&session, 0), clip(&session, 2)].to_vec(), own);
    session.undo();
    session.nudge(&tie_of(&[0, 2]), Clip::symmetric(1.25));
    session.untie(&key(0));
    assert_eq!([clip(&session, 0), clip(&session, 2)], [1.25, 1.25]);
    assert!(decision(&session, 2).edited);
    assert!(session.layers()[2].notes().iter().all(|note| !note.contains("Shares")));
}

#[test]
fn another_tie_ends_the_one_before() {
    let mut session = tied_session();
    session.tie(&keys(&[0, 2]));
    session.add_joint(joint(&session, &[0, 1]));
    session.tie(&keys(&[0, 1]));
    let none: &[Key] = &[];
    assert_eq!((session.tied(&key(1)), session.tied(&key(2))), (&keys(&[0, 1])[..], none));
    session.undo();
    assert_eq!((session.tied(&key(1)), session.tied(&key(2))), (none, &keys(&[0, 2])[..]));
    shared(&session);
}

/// A tie arrives that was asked for beforehand.
fn bring_tied(session: &mut Session, joint: Joint) {
    let of = joint.of.clone();
    let received = session.receive(Arrival::Tied { of, requested: false, result: Ok(Box::new(joint)) });
    assert_eq!(received, Received::Taken);
}

/// The channels of a layer arrive: every third value of it is one's.
fn bring_channels(session: &mut Session, layer: usize, requested: bool) -> Received {
    let plan = session.plan();
    let all: Vec<f32> = values(layer).collect();
    let channel = |c: usize| -> Vec<f32> { all.iter().copied().skip(c).step_by(3).collect() };
    let ready =
        (0..3).map(|c| Ready::analyse(histogram(&plan, &channel(c)), &plan, &session.layers()[layer].subject()));
    let result = Ok(Channels { axis: 1, ready: ready.collect() });
    session.receive(Arrival::Channels { key: key(layer), requested, result })
}

#[test]
fn what_was_tied_beforehand_is_no_change() {
    let mut session = session();
    let tied = Joint { why: Some("inputs of the Concat cat".into()), ..joint(&session, &[0, 2]) };
    bring_tied(&mut session, tied);
    shared(&session);
    assert!(!session.is_dirty() && session.changed() == 0 && session.history_len() == (0, 0));
    assert!(session.layers()[2].notes().contains(&"Shares its range with layer0: inputs of the Concat cat.".into()));
    // Where something was undone that is about one of them, redoing must not part them.
    let mut session = self::session();
    session.nudge(&at(0), Clip::symmetric(0.5));
    session.undo();
    let tied = joint(&session, &[0, 2]);
    bring_tied(&mut session, tied);
    assert_eq!((session.history_len(), session.redo()), ((1, 0), None));
    shared(&session);
    session.undo();
    assert!(session.tied(&key(0)).is_empty() && session.tied(&key(2)).is_empty());
}

#[test]
fn channels_that_come_after_an_edit_was_undone_stay() {
    let mut session = session();
    session.nudge(&at(0), Clip::symmetric(0.5));
    session.undo();
    assert_eq!(bring_channels(&mut session, 0, false), Received::Taken);
    assert_eq!(ready(&session, at(0)).axis(), Some(1));
    session.redo();
    assert_eq!((ready(&session, at(0)).axis(), session.layers()[0].channels().len()), (Some(1), 3));
    session.undo();
    assert_eq!(ready(&session, at(0)).axis(), None, "what can be undone leads back to before they came");
}

#[test]
fn channels_come_to_one_range_and_follow_each_change() {
    let mut session = session();
    bring_channels(&mut session, 1, false);
    assert!(!session.is_dirty() && session.changed() == 0);
    let of = |channel| Target::Channel { of: key(1), axis: 1, channel };
    let widest = (0..3).map(|c| ready(&session, of(c)).clip().amax()).fold(0.0, f32::max);
    assert_eq!(ready(&session, at(1)).clip().amax(), widest);
    session.nudge(&of(2), Clip::symmetric(9.0));
    assert_eq!((ready(&session, at(1)).clip().amax(), ready(&session, at(1)).edited()), (9.0, true));
    assert_eq!((session.params_of(&key(1)).len(), session.params_of(&key(1)).axis()), (3, Some(1)));
    let four = session.in_format(&key(1), Format::INT8.with_bits(4));
    session.apply("int4", four);
    assert!(session.params_of(&key(1)).iter().all(|p| p.qmax() == 7));
    assert_eq!(ready(&session, at(1)).candidate("max").unwrap().outcome.as_ref().unwrap().params.qmax(), 7);
    session.undo();
    session.undo();
    assert_eq!(ready(&session, at(1)).clip().amax(), widest);
    assert!(session.split(&key(1), None) && ready(&session, at(1)).axis().is_none());
}

#[test]
fn news_of_what_nobody_knows_is_refused() {
    let mut session = unread();
    let stranger = Key::new(Kind::Weight, "layer0");
    let result = Err(failure("gone"));
    assert!(matches!(session.receive(Arrival::Layer { key: stranger, result }), Received::Refused(_)));
    assert_eq!(
        session.receive(Arrival::Layer { key: key(0), result: Err(failure("gone")) }),
        Received::Refused("gone".into())
    );
    assert_eq!(session.layers()[0].failure(), Some("gone"));
    assert_eq!(session.failures().count(), 2);
}

#[test]
fn what_no_file_holds_can_be_written_down_and_read_again() {
    let mut session = session();
    session.nudge(&at(0), Clip::symmetric(0.5));
    session.end_run();
    session.mark_saved();
    assert!(session.unsaved().is_empty());
    session.nudge(&at(1), Clip::symmetric(0.25));
    let unsaved = session.unsaved();
    assert_eq!((unsaved.len(), &unsaved[0].edits[0].target), (1, &at(1)));
    let text = serde_json::to_string(&unsaved).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Step>>(&text).unwrap(), unsaved);
    // What the file holds and is undone by now is a change, too: back to what was before.
    session.undo();
    session.undo();
    let unsaved = session.unsaved();
    assert_eq!(unsaved.len(), 1);
    assert_eq!((&unsaved[0].edits[0].after, unsaved[0].label.as_str()), (&decision(&session, 0), "undo of clip"));
}

#[test]
fn a_clip_that_a_search_has_found_gives_way_on_steps_of_another_width() {
    let mut session = session();
    let by_method = decision(&session, 1);
    let tuned = |session: &Session| {
        let now = decision(session, 1);
        let found = Search {
            by: "out".into(),
            gain_db: Some(1.0),
            clip: Clip::symmetric(0.3 * now.clip.amax()),
            format: now.format,
            quantized: true,
        };
        now.with_search(found)
    };
    let narrow = tuned(&session);
    session.apply("tuned", vec![(at(1), narrow.clone())]);
    // Of the same width it stays, and so does what a hand has set on any.
    let affine = session.in_format(&key(1), Format::INT8.with_symmetric(false));
    assert_eq!((affine[0].1.clip.amax(), affine[0].1.edited), (narrow.clip.amax(), true));
    let wide = session.in_format(&key(1), Format::INT8.with_bits(16));
    assert!(!wide[0].1.edited && wide[0].1.clip.amax() >= by_method.clip.amax(), "{wide:?}");
    session.apply("hand", vec![(at(1), narrow.with_clip(Clip::symmetric(0.25)))]);
    let by_hand = session.in_format(&key(1), Format::INT8.with_bits(16));
    assert_eq!((by_hand[0].1.clip.amax(), by_hand[0].1.edited), (0.25, true));
}
