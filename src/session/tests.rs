use std::sync::Arc;

use super::*;
use crate::calibrate;
use crate::histogram::Histogram;

/// A session of three ready layers and one that failed.
fn session() -> Session {
    let mut session = Session::new(calibrate::defaults(), "entropy", Format::INT8);
    let plan = session.plan();
    for (i, spread) in [1.0f32, 2.0, 4.0].into_iter().enumerate() {
        session.layers.push(Layer::waiting(Key::activation(format!("layer{i}")), Vec::new()));
        let values: Vec<f32> = (1..20_000).map(|k| (k as f32 * 0.37).sin().powi(5) * spread).collect();
        let grids: Vec<_> = plan.methods.iter().flat_map(|m| m.grids()).collect();
        let histogram = Histogram::of(&values, 2048, &grids);
        session.finish_layer(
            i,
            Origin::default(),
            Ready::analyse(Arc::new(histogram), &plan, &session.layers[i].subject()),
        );
    }
    session.layers.push(Layer::failed("broken.npy".into(), "no".into()));
    session
}

fn clip(session: &Session, layer: usize) -> f32 {
    session.layers[layer].choice().unwrap().clip.amax()
}

#[test]
fn the_default_method_is_chosen_and_every_method_stands_beside_it() {
    let session = session();
    let ready = session.layers[0].ready().unwrap();
    assert_eq!(ready.choice().method, "entropy");
    assert_eq!(ready.candidates.len(), 5);
    assert_eq!(ready.method_clip(), Some(ready.choice().clip));
    assert!(!ready.choice().edited && ready.choice().quantized && !session.is_dirty());
}

#[test]
fn undo_and_redo_walk_the_same_way() {
    let mut session = session();
    let before: Vec<f32> = (0..3).map(|l| clip(&session, l)).collect();
    let edit = |s: &mut Session, layer: usize, amax: f32| {
        let choice = s.layers[layer].choice().unwrap().with_clip(Clip::symmetric(amax));
        s.apply("clip", vec![(layer, choice)])
    };
    assert_eq!(edit(&mut session, 0, 0.5), 1);
    assert_eq!(edit(&mut session, 1, 0.7), 1);
    assert_eq!(edit(&mut session, 1, 0.7), 0, "what changes nothing is no step");
    assert_eq!(session.history_len(), (2, 0));
    assert_eq!((session.changed(), session.is_dirty()), (2, true));
    assert_eq!(session.undo(), Some(("clip".into(), 1)));
    assert_eq!(session.undo(), Some(("clip".into(), 0)));
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
        let ready = s.layers[l].ready()?;
        let max = ready.candidate("max")?.outcome.as_ref().ok()?.clip;
        Some((l, Choice::of_method("max", max, Format::INT8)))
    };
    let choices = (0..4).filter_map(|l| to_max(&session, l)).collect();
    assert_eq!(session.apply("method max", choices), 3);
    assert_eq!(session.history_len().0, 1);
    session.undo();
    assert_eq!(session.layers[2].choice().unwrap().method, "entropy");
    assert_eq!(
        session.apply("clip", vec![(3, Choice::of_method("max", Clip::symmetric(1.0), Format::INT8))]),
        0,
        "a broken layer"
    );
}

#[test]
fn holding_a_key_is_one_step() {
    let mut session = session();
    let before = clip(&session, 0);
    for i in 0..20 {
        session.nudge(0, Clip::symmetric(before * (0.99 - 0.01 * i as f32)));
    }
    session.nudge(1, Clip::symmetric(0.5));
    session.end_run();
    session.nudge(1, Clip::symmetric(0.6));
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
    let before = session.layers[0].choice().unwrap().clone();
    for amax in [0.9, 0.8, 0.4] {
        session.preview(0, before.with_clip(Clip::symmetric(amax)));
        assert_eq!(clip(&session, 0), amax);
    }
    assert_eq!(session.history_len().0, 0);
    let saturated = session.layers[0].ready().unwrap().metrics().saturated;
    assert!(saturated > 0.1);
    assert!(session.commit("clip", 0, before.clone()));
    assert_eq!(session.history_len().0, 1);
    // Dragged away and back: nothing to record, nothing edited.
    let here = session.layers[0].choice().unwrap().clone();
    session.preview(0, here.with_clip(Clip::symmetric(0.3)));
    session.preview(0, here.clone());
    assert!(!session.commit("clip", 0, here));
    session.undo();
    assert!(!session.layers[0].choice().unwrap().edited);
}

#[test]
fn the_methods_own_value_is_no_edit_however_it_came_about() {
    let mut session = session();
    let own = session.layers[0].choice().unwrap().clone();
    let moved = own.with_clip(Clip::symmetric(0.4));
    session.apply("clip", vec![(0, moved.clone())]);
    assert!(session.layers[0].choice().unwrap().edited);
    session.apply("clip", vec![(0, moved.with_clip(own.clip))]);
    assert!(!session.layers[0].choice().unwrap().edited);
}

#[test]
fn saved_means_what_stands_in_the_file() {
    let mut session = session();
    session.nudge(0, Clip::symmetric(0.5));
    session.mark_saved();
    assert!(!session.is_dirty());
    session.nudge(0, Clip::symmetric(0.6));
    assert!(session.is_dirty(), "a nudge after saving is a step of its own");
    session.undo();
    assert!(!session.is_dirty());
    session.undo();
    assert!(session.is_dirty());
    // The saved state lies on a branch that is gone now.
    session.nudge(1, Clip::symmetric(0.6));
    session.undo();
    assert!(session.is_dirty());
}

#[test]
fn focus_follows_the_layer() {
    let mut session = session();
    let first = session.focus(0).unwrap();
    assert!(Arc::ptr_eq(&first, &session.focus(0).unwrap()));
    assert!(!Arc::ptr_eq(&first, &session.focus(1).unwrap()));
    assert!(session.focus(3).is_none() && session.focus(99).is_none());
}

/// The joint of some of the session's layers: the histogram of all their values, chosen as layers are.
fn joint(session: &Session, of: &[usize]) -> Joint {
    let plan = session.plan();
    let grids: Vec<_> = plan.methods.iter().flat_map(|m| m.grids()).collect();
    let values: Vec<f32> = of
        .iter()
        .flat_map(|layer| (1..20_000).map(move |k| (k as f32 * 0.37).sin().powi(5) * (1 << layer) as f32))
        .collect();
    let ready = Ready::analyse(Arc::new(Histogram::of(&values, 2048, &grids)), &plan, &session.layers[of[0]].subject());
    Joint { of: of.to_vec(), why: None, ready, measured: Vec::new() }
}

fn tied_session() -> (Session, usize) {
    let mut session = session();
    let index = session.add_joint(joint(&session, &[0, 2]));
    (session, index)
}

/// What two tied tensors must agree in, and that they do.
fn shared(session: &Session) -> (f32, String, bool, Format) {
    let of = |layer: usize| {
        let (ready, c) = (session.layers[layer].ready().unwrap(), session.layers[layer].choice().unwrap().clone());
        assert_eq!(ready.params(), QuantParams::from_clip(c.clip, c.format));
        assert_eq!(ready.edited(), c.edited);
        (c.clip.amax(), c.method, c.edited, c.format)
    };
    let of_joint = of(session.joint_of(0).expect("it is tied"));
    assert_eq!((of(0), of(2)), (of_joint.clone(), of_joint.clone()));
    of_joint
}

#[test]
fn a_tie_is_one_decision_and_one_step() {
    let (mut session, index) = tied_session();
    let before: Vec<Choice> = (0..3).map(|l| session.layers[l].choice().unwrap().clone()).collect();
    assert_eq!(
        (session.top_level().count(), session.tied(0).len()),
        (4, 0),
        "the joint is no row, and not in charge yet"
    );
    assert!(session.tie(index));
    assert_eq!((session.tied(0), session.tied(2), session.tied(index)), (&[0, 2][..], &[0, 2][..], &[0, 2][..]));
    let first = shared(&session);
    assert_eq!(first.0, session.layers[index].ready().unwrap().method_clip().unwrap().amax());
    assert_ne!(first.0, before[0].clip.amax());
    // By a tensor of it, by the joint, by a method, by hand, by a run of keys, on another grid: always both.
    let by_hand = session.layers[2].choice().unwrap().with_clip(Clip::symmetric(1.5));
    assert_eq!(session.apply("clip", vec![(2, by_hand)]), 3);
    assert_eq!((shared(&session).0, shared(&session).2), (1.5, true));
    let max = session.layers[0].ready().unwrap().own_clip("max").unwrap();
    session.apply("max", vec![(0, session.layers[0].choice().unwrap().with_method("max", max))]);
    assert_eq!(
        (shared(&session).0, shared(&session).2),
        (4.0, false),
        "the method's answer to all values, not to these"
    );
    for amax in [3.0, 2.0, 1.0] {
        session.nudge(index, Clip::symmetric(amax));
    }
    session.end_run();
    assert_eq!(shared(&session).0, 1.0);
    let four = Format::INT8.with_bits(4);
    let choices = session.on_grid(0, four);
    session.apply("int4", choices);
    assert_eq!(shared(&session).3, four);
    let off = Choice { quantized: false, ..session.layers[0].choice().unwrap().clone() };
    session.apply("off", vec![(0, off.clone()), (2, Choice { clip: Clip::symmetric(9.0), ..off })]);
    assert!([0, 2].iter().all(|l| !session.layers[*l].choice().unwrap().quantized) && shared(&session).0 == 1.0);
    let here = session.layers[index].choice().unwrap().clone();
    for amax in [0.9, 0.8] {
        session.preview(index, here.with_clip(Clip::symmetric(amax)));
        assert_eq!(shared(&session).0, amax);
    }
    assert!(
        session.commit("clip", index, here.clone())
            && !session.commit("clip", index, session.layers[index].choice().unwrap().clone())
    );
    assert_eq!(session.history_len().0, 7);
    for expected in [1.0, 1.0, 1.0, 4.0, 1.5] {
        session.undo();
        assert_eq!(shared(&session).0, expected);
    }
    session.undo();
    assert_eq!(shared(&session), first);
    assert_eq!(session.undo(), Some(("tie".into(), 0)));
    assert_eq!((0..3).map(|l| session.layers[l].choice().unwrap().clone()).collect::<Vec<_>>(), before);
    assert!(session.tied(0).is_empty() && session.tied(index).is_empty());
    while session.redo().is_some() {
        shared(&session);
    }
    assert_eq!(shared(&session).0, 0.8);
    assert!(session.layers[0].notes().contains(&"Shares its range with layer2.".into()));
    assert!(session.layers[1].choice() == Some(&before[1]), "the third was never asked");
}

#[test]
fn untied_tensors_have_their_own_again_or_what_a_hand_has_set() {
    let (mut session, index) = tied_session();
    let own: Vec<f32> = [0, 2].map(|l| clip(&session, l)).to_vec();
    session.tie(index);
    assert!(!session.stand(0, Some(0)), "not per channel meanwhile");
    assert!(session.untie(2) && !session.untie(2));
    assert_eq!([clip(&session, 0), clip(&session, 2)].to_vec(), own);
    session.undo();
    session.nudge(index, Clip::symmetric(1.25));
    session.untie(0);
    assert_eq!([clip(&session, 0), clip(&session, 2)], [1.25, 1.25]);
    assert!(session.layers[2].choice().unwrap().edited);
    assert!(session.layers[2].notes().iter().all(|note| !note.contains("Shares")));
}

#[test]
fn another_tie_ends_the_one_before() {
    let (mut session, first) = tied_session();
    session.tie(first);
    let second = session.add_joint(joint(&session, &[0, 1]));
    assert_ne!(first, second);
    assert_eq!(session.add_joint(joint(&session, &[0, 2])), first, "known");
    session.tie(second);
    assert_eq!((session.tied(1), session.tied(2)), (&[0, 1][..], &[][..]));
    assert_eq!(session.tied(first), &[] as &[usize], "it decides nothing any more");
    session.undo();
    assert_eq!((session.tied(1), session.tied(2)), (&[][..], &[0, 2][..]));
    shared(&session);
}

#[test]
fn what_was_tied_beforehand_is_no_change() {
    let mut session = session();
    session.begin_tied(Joint { why: Some("inputs of the Concat cat".into()), ..joint(&session, &[0, 2]) });
    shared(&session);
    assert!(!session.is_dirty() && session.changed() == 0 && session.history_len() == (0, 0));
    assert!(session.layers[2].notes().contains(&"Shares its range with layer0: inputs of the Concat cat.".into()));
    // Where something was undone that is about one of them, redoing must not part them.
    let mut session = self::session();
    session.nudge(0, Clip::symmetric(0.5));
    session.undo();
    session.begin_tied(joint(&session, &[0, 2]));
    assert_eq!((session.history_len(), session.redo()), ((1, 0), None));
    shared(&session);
    session.undo();
    assert!(session.tied(0).is_empty() && session.tied(2).is_empty());
}
