//! A network on trial on the screen: what is asked after each change, and what becomes of the answers. The answers are
//! made up here; `tests/pty` looks at a real network.
#![cfg(feature = "tui")]

mod support;

use std::time::Duration;

use crossterm::event::{Event as Input, KeyCode, MouseButton, MouseEventKind};
use qviz::ErrorKind;
use qviz::jobs::{
    Allow, BudgetPoint, ByMethod, Jittered, Left, MethodEffect, News, Objective, Request, Stop, Told, Trial, Tried,
    Tune, TuneSet, TuneStep, Tuned, UNCHANGED,
};
use qviz::quant::{Clip, Decibels, Format, Grids, OutputEffect};
use qviz::session::{Failure, Kind, Sensitivity};
use qviz::tui::list::{Row, Sort};
use qviz::tui::mode::Mode;
use qviz::tui::msg::{Cmd, Msg};
use qviz::tui::update::layout;
use support::Story;

const TOOK: Duration = Duration::from_millis(12);

fn effect(sqnr_db: f64) -> OutputEffect {
    OutputEffect {
        sqnr_db: Some(Decibels::new(sqnr_db)),
        cosine: Some(0.99998),
        top1_agreement: Some(0.9375),
        samples: 8,
        of: 8,
        ..OutputEffect::default()
    }
}

fn news(s: &mut Story, news: News) {
    s.tell(Msg::Job(Told::Trial(news)));
}

/// The trials asked for since the last look.
fn asked(s: &mut Story) -> Vec<Trial> {
    let trial = |cmd| if let Cmd::Request(Request::Trial(trial)) = cmd { Some(trial) } else { None };
    s.cmds.drain(..).filter_map(trial).collect()
}

fn alone(s: &Story, layer: usize, params: Grids, sqnr_db: f64) -> News {
    News::Alone { key: s.key_of(layer), params, result: Ok(effect(sqnr_db)), took: TOOK }
}

fn whole(s: &Story, sqnr_db: f64) -> News {
    let params = s.model.session.params();
    News::Whole { params, result: Ok(effect(sqnr_db).into()), check: None, took: TOOK }
}

fn left(steps: usize) -> Left {
    Left { steps, time: Some(Duration::from_secs(8)) }
}

fn sensitivity(s: &Story, layer: usize, sqnr_db: f64, steps: usize) -> News {
    News::Sensitivity(Sensitivity { key: s.key_of(layer), alone: effect(sqnr_db), without: effect(31.0) }, left(steps))
}

fn story() -> Story {
    let mut s = Story::of_network((160, 45));
    s.select("06.conv11.hswish");
    s
}

fn line_with(s: &Story, text: &str) -> String {
    let screen = s.screen();
    screen.lines().find(|l| l.contains(text)).unwrap_or_else(|| panic!("no {text}:\n{screen}")).to_owned()
}

/// The row of outputs.
fn row(s: &Story) -> String {
    line_with(s, " output  this layer")
}

#[test]
fn each_change_asks_and_a_drag_asks_for_the_layer_alone() {
    let mut s = Story::of_network((160, 45));
    // The layer looked at, and everything, once all is read.
    let first = asked(&mut s);
    assert!(
        matches!(first.as_slice(), [Trial::Alone { key, .. }, Trial::Whole(_)] if *key == s.key_of(0)),
        "{first:?}"
    );
    s.select("06.conv11.hswish");
    let own = s.model.session.params_of(&s.key_of(6));
    assert_eq!(asked(&mut s), [Trial::Alone { key: s.key_of(6), params: own.clone() }]);
    // What looks at things asks for nothing.
    s.keys("myfc").press(KeyCode::Tab);
    assert_eq!(asked(&mut s), []);
    s.keys("m");

    let mut s = story();
    asked(&mut s);
    let at = s.line();
    s.grab(at).drag_to(at + 4);
    let held = s.model.session.params_of(&s.key_of(6));
    assert_ne!(held, own);
    assert_eq!(asked(&mut s), [Trial::Alone { key: s.key_of(6), params: held.clone() }], "the whole waits");
    assert!(!s.model.network.as_ref().unwrap().whole_is_answered());
    s.drag_to(at + 4);
    assert_eq!(asked(&mut s), [], "the same params is not asked for again");
    s.release(at + 4);
    let let_go = asked(&mut s);
    assert!(matches!(let_go.as_slice(), [Trial::Whole(params)] if params[&s.key_of(6)] == held), "{let_go:?}");
    assert_eq!(let_go[0], Trial::Whole(s.model.session.params()));
    s.keys("u");
    assert_eq!(asked(&mut s).len(), 2, "undone: both are asked for again");
}

#[test]
fn an_answer_is_shown_with_its_age() {
    let mut s = story();
    let own = s.model.session.params_of(&s.key_of(6));
    let clip = qviz::report::number::significant(f64::from(s.amax()), 4);
    let told = alone(&s, 6, own, 41.23);
    news(&mut s, told);
    let all = whole(&s, 30.2);
    news(&mut s, all);
    let told = row(&s);
    for fact in ["this layer alone   41.2 dB", "cosine 0.99998", "top-1 93.8 %", "8 samples, 12 ms"] {
        assert!(told.contains(fact), "{fact}: {told}");
    }
    assert!(told.contains("everything as chosen   30.2 dB"), "{told}");
    assert!(line_with(&s, "clip 5.353").contains("· output 41.2 dB"));
    // On samples that nothing was chosen by, where there are any.
    let News::Whole { params, result, took, .. } = whole(&s, 30.2) else { unreachable!() };
    news(&mut s, News::Whole { params, result, check: Some(effect(29.4)), took });
    assert!(row(&s).trim_end().ends_with("check 29.4 dB"), "{}", row(&s));
    // While a clip is in the hand the whole is of the one before.
    let at = s.line();
    s.grab(at).drag_to(at + 5);
    assert!(
        row(&s).trim_end().ends_with("of earlier choices") && row(&s).contains(&format!("at clip {clip}")),
        "{}",
        row(&s)
    );
    s.press(KeyCode::Esc);
    assert!(row(&s).trim_end().ends_with("check 29.4 dB"), "{}", row(&s));
    // Another clip in hand: what is shown is of the one before, and says so.
    s.keys("h");
    let told = row(&s);
    assert!(told.contains("41.2 dB") && told.contains(&format!("at clip {clip}")) && !told.contains("12 ms"), "{told}");
    let now = s.model.session.params_of(&s.key_of(6));
    let told = alone(&s, 6, now, 39.04);
    news(&mut s, told);
    let told = row(&s);
    assert!(told.contains("39.0 dB") && told.contains("12 ms"), "{told}");
    // Of another layer nothing is known.
    s.keys("j");
    let told = row(&s);
    assert!(told.contains("this layer alone …") && !told.contains("39.0"), "{told}");
    // An answer that comes late is not this layer's.
    let told = alone(&s, 6, Grids::FLOAT, 12.5);
    news(&mut s, told);
    assert!(!row(&s).contains("12.5"));
}

#[test]
fn float_no_effect_nan_and_errors_are_said() {
    let mut s = story();
    for (db, said) in [(f64::INFINITY, "no effect"), (f64::NAN, "NaN"), (f64::NEG_INFINITY, "-∞ dB")] {
        let own = s.model.session.params_of(&s.key_of(6));
        let told = alone(&s, 6, own, db);
        news(&mut s, told);
        assert!(row(&s).contains(said), "{}", s.screen());
    }
    let why = "net.onnx fails on quantized values.\u{1b}[2J";
    let error = Failure { kind: ErrorKind::Failed, file: "net.onnx".into(), message: why.into() };
    let (params, took) = (s.model.session.params_of(&s.key_of(6)), TOOK);
    let told = News::Alone { key: s.key_of(6), params, result: Err(error), took };
    news(&mut s, told);
    assert!(row(&s).contains("net.onnx fails on quantized values.\\x1b[2J"), "{}", s.screen());
    assert!(s.screen().matches("net.onnx fails").count() == 2, "and below the list\n{}", s.screen());
    asked(&mut s);
    s.keys("o");
    assert!(row(&s).contains("this layer alone in float"));
    assert!(matches!(asked(&mut s).as_slice(), [Trial::Whole(params)] if !params.contains_key(&s.key_of(6))));
}

#[test]
fn sensitivities_fill_the_list_and_the_worst_stay_in_float() {
    let mut s = story();
    asked(&mut s);
    s.keys("r");
    let all = s.model.session.params();
    assert_eq!(asked(&mut s), [Trial::Sensitivity(all)]);
    assert!(s.screen().contains("sensitivity…"));
    s.keys("r");
    assert!(s.notice().contains("one is running already"), "{}", s.notice());
    assert_eq!(asked(&mut s), []);

    let told = sensitivity(&s, 3, 50.0, 11);
    news(&mut s, told);
    assert_eq!(s.model.list.sort, Sort::Sensitive, "the first result brings its order");
    let told = sensitivity(&s, 5, 22.25, 10);
    news(&mut s, told);
    let told = sensitivity(&s, 8, f64::INFINITY, 9);
    news(&mut s, told);
    s.keys("\u{1b}");
    assert!(s.screen().contains("sensitivity 3/12 · 8.0 s left"), "{}", s.screen());
    assert_eq!(s.model.list.order[..3], [5, 3, 8]);
    assert!(s.screen().contains("out dB") && s.screen().contains("most sensitive first"));
    let name = s.model.session.layers()[5].name().to_owned();
    assert!(line_with(&s, &name).contains("22.3") | line_with(&s, &name).contains("22.2"), "{}", s.screen());

    s.keys("S");
    assert!(s.cmds.contains(&Cmd::Stop(Stop::Long)), "{:?}", s.cmds);
    assert!(s.screen().contains("sensitivity, stopping…"));
    news(&mut s, News::SensitivityEnd(Ok(())));
    assert!(s.notice().starts_with("stopped: sensitivity of 3 layers; "), "{}", s.notice());
    assert!(s.notice().contains(&name));
    assert!(!s.model.network.as_ref().unwrap().sensitivity_is_old());

    // The worst two, as one step.
    let before = s.model.session.history_len().0;
    s.keys("O2x").press(KeyCode::Enter);
    assert!(s.notice().contains("no number of layers"), "{}", s.notice());
    s.press(KeyCode::Backspace).press(KeyCode::Backspace).keys("9").press(KeyCode::Enter);
    assert!(s.notice().contains("1 to 3"), "{}", s.notice());
    s.press(KeyCode::Backspace).keys("2").press(KeyCode::Enter);
    assert!(matches!(s.model.mode, Mode::Normal));
    let float = |s: &Story, l: usize| !s.model.session.layers()[l].decision().unwrap().quantized;
    assert_eq!([3, 5, 8].map(|l| float(&s, l)), [true, true, false]);
    assert_eq!(s.model.session.history_len().0, before + 1);
    assert!(s.model.network.as_ref().unwrap().sensitivity_is_old(), "they are of other choices now");
    let heads = |s: &Story| {
        let line = s.screen().lines().nth(1).unwrap().to_owned();
        ["out dB", "old dB"].map(|head| line.find(head))
    };
    assert!(matches!(heads(&s), [None, Some(_)]), "the heading says so: {}", s.screen());
    let old = heads(&s)[1];
    s.keys("u");
    assert_eq!(heads(&s), [old, None], "in the same place");
    assert_eq!([3, 5, 8].map(|l| float(&s, l)), [false; 3]);
    assert!(!s.model.network.as_ref().unwrap().sensitivity_is_old());
    // The order is one of those that s goes through.
    let mut seen = Vec::new();
    for _ in 0..4 {
        s.keys("s");
        seen.push(s.model.list.sort);
    }
    assert_eq!(seen, [Sort::Name, Sort::Files, Sort::Worst, Sort::Sensitive]);
}

fn better(s: &Story, layer: usize, by: f32) -> Tried {
    let choice = s.model.session.layers()[layer].decision().unwrap();
    Tried { clip: Clip::symmetric(choice.clip.amax() * by), format: choice.format }
}

fn judged(sqnr_db: f64, spread_db: f64) -> Jittered {
    Jittered { effect: effect(sqnr_db), mean_db: sqnr_db, spread_db, error_db: spread_db }
}

fn tuned(before: f64, after: f64) -> Box<Tuned> {
    let unseen = (judged(before - 0.5, 0.3), judged(after - 0.5, 0.2));
    let set = |by, judged| TuneSet { by, judged };
    Box::new(Tuned {
        before: judged(before, 0.0),
        after: judged(after, 0.0),
        unseen: Some(unseen),
        check: None,
        sets: vec![set(UNCHANGED, unseen.0), set("out", unseen.1)],
        taken: 1,
        budget: Vec::new(),
        widened: 0,
        bias: None,
        alone: Vec::new(),
        stopped: false,
    })
}

#[test]
fn a_layer_is_tuned_as_one_step() {
    let mut s = story();
    asked(&mut s);
    let own = s.amax();
    s.keys("T").press(KeyCode::Enter);
    let trials = asked(&mut s);
    let [Trial::Tune(Tune { layers, .. })] = trials.as_slice() else { panic!("{trials:?}") };
    assert_eq!((layers.len(), s.layer(&layers[0].key), layers[0].present.clip.amax()), (1, 6, own));
    let chosen = Tried { clip: Clip::unsigned(2.5), format: Format::INT8.with_signed(false) };
    let (before, after) = (Decibels::new(31.2), Decibels::new(31.853));
    let step = TuneStep { key: s.key_of(6), chosen: Some(chosen), by: "out", before, after, samples: 8, of: 8 };
    news(&mut s, News::Step(step, left(0)));
    assert_eq!(s.notice(), "06.conv11.hswish: alone 31.20 → 31.85 dB, clip 2.50, uint8 symmetric");
    assert_eq!(s.amax(), own, "it is taken over at the end");
    news(&mut s, News::Tuned(Ok(Some(tuned(31.2, 31.85)))));
    assert_eq!((s.amax(), s.ready().format().signed(), s.model.session.history_len()), (2.5, false, (1, 0)));
    assert_eq!(
        s.notice(),
        "06.conv11.hswish tuned: 31.20 → 31.85 dB on 8 searched samples, 30.70 → 31.35 dB ± 0.2 on 8 unseen samples, by out; u takes it back"
    );
    assert_eq!(asked(&mut s).len(), 2, "the new clip is tried");
    s.keys("u");
    assert_eq!((s.amax(), s.ready().format()), (own, Format::INT8));
}

#[test]
fn all_layers_are_tuned_as_one_step_and_a_hand_wins() {
    let mut s = story();
    asked(&mut s);
    s.keys("D").press(KeyCode::Enter);
    let trials = asked(&mut s);
    let [Trial::Tune(Tune { layers, .. })] = trials.as_slice() else { panic!("{trials:?}") };
    let weights = s.model.session.layers().iter().filter(|l| l.kind() == Kind::Weight).count();
    assert_eq!(layers.len(), 12 - weights, "weights are not searched");
    for (i, layer) in [2, 4, 6].into_iter().enumerate() {
        let chosen = better(&s, layer, 0.9);
        let [before, after] = [30.0, 31.0].map(|db| Decibels::new(db + i as f64));
        let step =
            TuneStep { key: s.key_of(layer), chosen: Some(chosen), by: "out", before, after, samples: 8 - i, of: 8 };
        news(&mut s, News::Step(step, left(8 - i)));
    }
    assert!(
        s.notice().starts_with("06.conv11.hswish: alone 32.00 → 33.00 dB on 6 of 8 samples, clip "),
        "{}",
        s.notice()
    );
    assert!(s.screen().contains("tuning 3/9 · 8.0 s left"), "{}", s.screen());
    // Meanwhile somebody chooses something else for one of them.
    s.keys("1");
    let by_hand = s.amax();
    s.keys("S");
    news(&mut s, News::Tuned(Ok(Some(Box::new(Tuned { stopped: true, ..*tuned(30.0, 33.0) })))));
    assert_eq!(s.amax(), by_hand);
    assert_eq!(s.model.session.changed(), 3);
    assert!(s.notice().starts_with("stopped: 2 of 9 layers tuned: 30.00 → 33.00 dB"), "{}", s.notice());
    assert!(s.notice().contains("1 layer changed meanwhile"), "{}", s.notice());
    s.keys("u");
    assert_eq!(s.model.session.changed(), 1, "both at once");
}

/// The screen can ask for all that `qviz tune` can.
#[test]
fn how_to_search_is_said_in_words() {
    let mut s = story();
    asked(&mut s);
    s.keys("D16bit:2 flaot:1").press(KeyCode::Enter);
    assert!(s.notice().contains("\"flaot:1\" is no way to search; write affine"), "{}", s.notice());
    assert_eq!(asked(&mut s), [], "the prompt stays");
    assert!(s.screen().contains("tune all, how: 16bit:2 flaot:1"), "{}", s.screen());
    s.press(KeyCode::Backspace);
    assert_eq!(s.notice(), "");
    for _ in 0..6 {
        s.press(KeyCode::Backspace);
    }
    s.keys("float:1 unsigned next").press(KeyCode::Enter);
    let trials = asked(&mut s);
    let [Trial::Tune(Tune { layers, rounds: 1, objective: Objective::Next, allow, .. })] = trials.as_slice() else {
        panic!("{trials:?}")
    };
    let expected = Allow { unsigned: true, max_16bit: 2, max_float: 1, ..Allow::default() };
    assert_eq!((*allow, layers.len() > 1), (expected, true));
    assert!(s.notice().contains("by what the next quantized tensors lose"), "{}", s.notice());

    // Two go to a wider format, as one step.
    let db = Decibels::new;
    let mut budget = vec![BudgetPoint { key: None, float: 0, sixteen: 0, effect: effect(30.0), mean_db: 30.0 }];
    for (i, by) in [(4, "float"), (6, "16bit")] {
        let layer = layers.iter().find(|l| l.key == s.key_of(i)).unwrap();
        let sixteen = Tried { format: Format::int(16, true, true).unwrap(), ..layer.present };
        let chosen = (by == "16bit").then_some(sixteen);
        let step = TuneStep { key: s.key_of(i), chosen, by, before: db(30.0), after: db(31.0), samples: 8, of: 8 };
        news(&mut s, News::Step(step, left(0)));
        budget.push(BudgetPoint {
            key: Some(s.key_of(i)),
            float: 1,
            sixteen: usize::from(by == "16bit"),
            ..budget[0].clone()
        });
    }
    let end = Tuned { taken: 0, budget, widened: 2, ..*tuned(30.0, 31.0) };
    news(&mut s, News::Tuned(Ok(Some(Box::new(end)))));
    assert!(s.notice().ends_with(", 1 in 16 bit and 1 in float; u takes it back"), "{}", s.notice());
    let state = |s: &Story, i: usize| s.model.session.layers()[i].decision().unwrap().clone();
    assert!(!state(&s, 4).quantized && state(&s, 6).format.num_bits() == 16);
    assert_eq!(s.model.session.history_len(), (1, 0));
    s.keys("u");
    assert!(state(&s, 4).quantized && state(&s, 6).format == Format::INT8);
    // What was said last is proposed.
    s.keys("D");
    assert!(s.screen().contains("tune all, how: 16bit:2 float:1 unsigned next"), "{}", s.screen());
}

#[test]
fn news_wait_until_nothing_is_typed() {
    let mut s = story();
    s.keys("T").press(KeyCode::Enter).keys("=2");
    news(&mut s, News::Tuned(Ok(None)));
    assert_eq!(s.notice(), "", "the prompt is not disturbed");
    s.press(KeyCode::Esc);
    assert_eq!(s.notice(), "stopped before a layer was tuned");
}

#[test]
fn without_a_network_the_commands_say_why_not() {
    let mut s = Story::bundled();
    for key in ["r", "T", "D"] {
        s.keys(key);
        assert!(s.notice().contains("only with a network"), "{}", s.notice());
    }
    s.keys("O");
    assert!(s.notice().contains("(r)"), "{}", s.notice());
    s.keys("S");
    assert!(s.notice().contains("nothing is running"), "{}", s.notice());
    assert!(!s.cmds.iter().any(|c| matches!(c, Cmd::Request(Request::Trial(_)) | Cmd::Stop(_))));
    assert!(!s.screen().contains(" output "));
}

#[test]
fn a_run_shows_how_far_it_is_and_stops() {
    let mut s = Story::of_network_unread((160, 45));
    assert!(s.notice().contains("ranges are not those of real data"), "{}", s.notice());
    s.tell(Msg::Job(Told::Running { done: 7, of: 32, left: Some(Duration::from_secs(12)) }));
    assert!(s.screen().contains("run 7/32 · 12 s left"), "{}", s.screen());
    assert!(s.screen().contains("the network is run over its samples"), "{}", s.screen());
    s.keys("T");
    assert!(s.notice().contains("still being run"), "{}", s.notice());
    s.keys("S");
    assert_eq!(s.cmds.pop(), Some(Cmd::Stop(Stop::Reading)));
    assert!(s.notice().contains("stopping"));
    assert_eq!(asked(&mut s), [], "nothing is asked of a network that runs");
    // What was taken for granted stays to be read.
    s.keys("?");
    assert!(s.screen().contains("ranges are not those of real data"), "{}", s.screen());
    s.keys("granted xyz");
    assert!(!s.screen().contains("ranges are not those of real data"));
}

#[test]
fn weights_stand_below_a_heading_that_is_no_layer() {
    let mut s = Story::of_network((160, 45));
    assert_eq!(s.model.list.row(9), Some(Row::Heading));
    assert_eq!((s.model.list.row(8), s.model.list.row(10)), (Some(Row::Layer(8)), Some(Row::Layer(9))));
    let rows = layout(&s.model).unwrap().list_rows(s.model.list.rows());
    let heading = s.screen().lines().nth(usize::from(rows.y) + 9).unwrap().to_owned();
    assert!(heading.starts_with("─ weights ──"), "{heading}");
    // A click on it selects nothing, one below it the first weight.
    let click = |s: &mut Story, row: u16| {
        s.mouse_at(MouseEventKind::Down(MouseButton::Left), rows.x + 3, rows.y + row).model.list.selected
    };
    assert_eq!((click(&mut s, 9), click(&mut s, 10), click(&mut s, 8)), (0, 9, 8));
    s.keys("j");
    assert_eq!(s.model.list.selected, 9);
    s.keys("k");
    assert_eq!(s.model.list.selected, 8);
    // Other orders mix them, and a filter may leave one kind.
    s.keys("s");
    assert_eq!((s.model.list.heading, s.model.list.rows()), (None, 12));
    s.keys("ss/").keys("09.").press(KeyCode::Enter);
    assert_eq!((s.model.list.heading, s.model.list.rows()), (None, 1));
    s.press(KeyCode::Esc).press(KeyCode::Esc);
    assert_eq!(s.model.list.heading, Some(9));
    // Where the window begins with the first weight it shows the heading too.
    s.event(Input::Resize(100, 18)).keys("gG");
    s.model.list.top = 12;
    s.tell(Msg::SelectLayer(9));
    assert!(s.model.list.top <= 9 && s.screen().contains("─ weights ──"), "{}", s.screen());
}

#[test]
fn every_size_has_room_for_it() {
    let mut s = story();
    let own = s.model.session.params_of(&s.key_of(6));
    let told = alone(&s, 6, own, 41.23);
    news(&mut s, told);
    let told = whole(&s, 30.2);
    news(&mut s, told);
    s.keys("r");
    let told = sensitivity(&s, 6, 41.2, 11);
    news(&mut s, told);
    for size in [(200, 60), (160, 45), (120, 40), (100, 30), (84, 24), (80, 24), (60, 18), (40, 12), (1, 1), (0, 0)] {
        s.event(Input::Resize(size.0, size.1));
        let screen = s.screen();
        if size.0 >= 60 {
            assert!(screen.contains("41.2 dB") && screen.contains("30.2 dB"), "{size:?}\n{screen}");
        }
    }
}

/// The names in the list, in its order.
fn listed(s: &Story) -> Vec<&str> {
    s.model.list.order.iter().map(|&layer| s.model.session.layers()[layer].name()).collect()
}

#[test]
fn what_the_placement_leaves_in_float_is_listed_on_request_and_says_why() {
    let mut s = Story::of_placed_network((160, 45));
    let hidden = ["01.conv1", "05.conv9.add"];
    assert!(listed(&s).len() == 10 && hidden.iter().all(|name| !listed(&s).contains(name)), "{:?}", listed(&s));
    assert!(s.screen().contains("1/10 +2 float"), "{}", s.screen());
    s.keys("P");
    assert!(listed(&s).len() == 12 && s.notice().contains("says why"), "{}", s.notice());
    s.select("01.conv1");
    let screen = s.screen();
    assert!(screen.contains("Stays in float (fused): inside"), "{screen}");
    assert!(screen.lines().any(|line| line.contains("01.conv1 ") && line.contains(" float")), "{screen}");
    assert_eq!(s.document()["tensors"][1]["chosen"]["in_float"], "inside Conv+HardSwish");
    // A hand quantizes it, as an edit like others.
    s.keys("o");
    assert!(s.ready().decision().quantized && !s.screen().contains("Stays in float"));
    assert!(s.document()["tensors"][1]["chosen"].get("in_float").is_none());
    s.keys("P");
    assert!(listed(&s).contains(&"01.conv1") && !listed(&s).contains(&"05.conv9.add"));
    assert!(s.notice().contains("1 tensor in float"), "{}", s.notice());
    s.keys("u");
    assert!(!s.ready().decision().quantized && !listed(&s).contains(&"01.conv1"));
    // What a hand leaves in float stays in the list.
    s.select("03.conv3.relu").keys("o");
    assert!(listed(&s).contains(&"03.conv3.relu") && !s.screen().contains("Stays in float ("));
}

#[test]
fn a_tensor_of_the_file_is_found_where_it_went() {
    let mut s = Story::of_placed_network((160, 45));
    s.keys("/CONV1.raw").press(KeyCode::Enter);
    assert_eq!(listed(&s), ["02.conv1.hswish"]);
    s.select("02.conv1.hswish");
    let screen = s.screen();
    assert!(screen.contains("The file's conv1.raw is folded into conv1.w"), "{screen}");
    assert!(!screen.contains("! The file's"), "it is no warning\n{screen}");
    assert_eq!(s.document()["tensors"][2]["absorbed"], serde_json::json!(["conv1.raw"]));
    assert!(s.document()["tensors"][3].get("absorbed").is_none());
}

#[test]
fn the_next_placement_is_one_step() {
    let mut s = Story::of_placed_network((160, 45));
    let quantized = |s: &Story| s.model.session.params().len();
    assert_eq!(quantized(&s), 10);
    asked(&mut s);
    s.keys("W");
    assert!(quantized(&s) == 9 && s.notice().starts_with("placement inputs: 9 tensors quantized"), "{}", s.notice());
    assert!(matches!(asked(&mut s).as_slice(), [Trial::Whole(params)] if params.len() == 9), "it is tried at once");
    s.keys("W");
    assert!(quantized(&s) == 12 && s.notice().starts_with("placement all"), "{}", s.notice());
    assert_eq!(listed(&s).len(), 12);
    s.keys("W");
    assert!(quantized(&s) == 10 && s.notice().starts_with("placement fused"), "{}", s.notice());
    assert_eq!(s.model.session.history_len().0, 3);
    s.keys("u");
    assert_eq!((quantized(&s), s.model.session.placement()), (12, Some("all")));
    s.keys("uu");
    assert!(quantized(&s) == 10 && !s.model.session.is_dirty() && listed(&s).len() == 10);
    // Of files there is none.
    let mut s = Story::bundled();
    s.keys("W");
    assert!(s.notice().contains("only with a network"), "{}", s.notice());
    s.keys("P");
    assert!(s.notice().contains("only with a network"), "{}", s.notice());
}

/// The methods that were asked for last, with their question.
fn asked_methods(s: &mut Story) -> Option<ByMethod> {
    let by_method = |trial| if let Trial::ByMethod(of) = trial { Some(of) } else { None };
    asked(s).into_iter().filter_map(by_method).next_back()
}

fn method(of: &ByMethod, id: &str, sqnr_db: f64) -> News {
    let left = of.methods.iter().rev().position(|method| method.id == id).unwrap();
    let stand_ins = of.methods.iter().find(|method| method.id == id).unwrap().stand_ins;
    let (question, method) = (of.question, id.to_owned());
    News::Method(MethodEffect { question, method, stand_ins, effects: effect(sqnr_db).into(), check: None }, left)
}

/// A layer's row in the list, without what stands beside it.
fn in_list(s: &Story, layer: usize) -> String {
    let (width, name) = (usize::from(layout(&s.model).unwrap().list.width), s.model.session.layers()[layer].name());
    let screen = s.screen();
    let mut lines = screen.lines().map(|line| line.chars().take(width).collect::<String>());
    lines.find(|line| line.contains(name)).unwrap_or_else(|| panic!("no {name}:\n{screen}")).trim_end().to_owned()
}

/// The lines of the table of methods, without what stands beside it.
fn table(s: &Story) -> Vec<String> {
    let screen = s.screen();
    let lines = screen.lines().skip_while(|line| !line.contains("methods by the outputs")).skip(2);
    let own = |line: &str| line.chars().skip(usize::from(layout(&s.model).unwrap().histogram_title.x)).collect();
    lines.map(own).take_while(|line: &String| !line.trim().is_empty()).collect()
}

#[test]
fn the_best_method_by_the_outputs_is_one_key_away() {
    let mut s = story();
    assert!(asked_methods(&mut s).is_none(), "what the hand wants comes first");
    s.keys("B");
    assert!(s.notice().contains("no method was measured"), "{}", s.notice());
    s.keys("w");
    assert!(s.screen().contains("The table begins when the first figure"), "{}", s.screen());
    let told = whole(&s, 30.2);
    news(&mut s, told);
    let of = asked_methods(&mut s).expect("the table is asked for");
    let ids: Vec<&str> = of.methods.iter().map(|method| method.id.as_str()).collect();
    assert_eq!(ids, ["max", "coverage", "entropy", "mse", "percentile-99.99"]);
    assert!(of.methods.iter().all(|method| method.params.len() == 9) && of.weights.len() == 3);
    assert!(s.screen().contains("methods 0/5") && s.screen().contains("0 of 5 measured"), "{}", s.screen());
    for (id, db) in [("max", 21.0), ("coverage", 18.5), ("entropy", 30.2), ("mse", 33.75)] {
        let told = method(&of, id, db);
        news(&mut s, told);
    }
    let lines = table(&s);
    assert_eq!(lines.len(), 6, "{}", s.screen());
    for (line, name) in lines.iter().zip(["mse", "as it is chosen", "entropy", "max", "coverage", "percentile-99.99"]) {
        assert!(line.contains(name), "{name}: {line}");
    }
    assert!(lines[0].starts_with('◆') && lines[0].contains("33.8 dB") && lines[0].contains("93.8 %"), "{}", lines[0]);
    assert!(lines[5].contains('…'), "{}", lines[5]);
    let told = method(&of, "percentile-99.99", f64::NAN);
    news(&mut s, told);
    news(&mut s, News::MethodsEnd { question: of.question, result: Ok(()) });
    assert!(s.notice().starts_with("mse for all activations is 3.6 dB better at the outputs"), "{}", s.notice());
    assert!(table(&s)[5].contains("percentile-99.99") && !s.screen().contains("methods 5/5"), "{}", s.screen());
    // A clip by hand changes no row: each is of the method for all.
    s.keys("h");
    assert!(asked_methods(&mut s).is_none());
    let by_hand = s.amax();

    let before = s.model.session.history_len().0;
    s.keys("B");
    assert!(
        s.notice().starts_with("mse for all activations, 33.8 dB at the outputs: 9 ranges changed"),
        "{}",
        s.notice()
    );
    assert!(s.notice().contains("1 of them by hand before"), "{}", s.notice());
    assert_eq!(s.model.session.history_len().0, before + 1, "one step");
    let chosen = |s: &Story| -> Vec<String> {
        s.model.session.layers().iter().map(|l| l.decision().unwrap().method.clone()).collect()
    };
    assert!(chosen(&s)[..9].iter().all(|method| method == "mse"), "{:?}", chosen(&s));
    assert!(chosen(&s)[9..].iter().all(|method| method == "entropy"), "weights stay");
    let trials = asked(&mut s);
    let [Trial::Alone { .. }, Trial::Whole(params)] = trials.as_slice() else { panic!("{trials:?}") };
    let mse = &of.methods[3].params;
    assert!(mse.iter().all(|(key, one)| params[key] == *one), "what was measured is what stands");
    s.keys("u");
    assert_eq!(s.amax(), by_hand);
    // Any other method goes for all just as well.
    s.keys("1E");
    assert!(s.notice().starts_with("max for all activations: "), "{}", s.notice());
    assert!(chosen(&s)[..9].iter().all(|method| method == "max"));
    // The page goes as it came, and Tab leads back to the plots too.
    s.keys("w");
    assert!(!s.screen().contains("methods by the outputs"));
    s.keys("w").press(KeyCode::Tab);
    assert!(!s.screen().contains("methods by the outputs"));
}

/// The order goes by what is found, and the selected layer stays in view.
#[test]
fn the_selection_stays_in_view_where_the_list_is_sorted_anew() {
    use crossterm::event::MouseEventKind;
    let mut s = Story::of_network((120, 20));
    let in_view = |s: &Story| {
        let rows = layout(&s.model).unwrap().list_rows(s.model.list.rows()).height;
        let row = s.model.list.row_of(s.model.list.selected).unwrap();
        (s.model.list.top..s.model.list.top + usize::from(rows)).contains(&row)
    };
    s.select("00.input").keys("r");
    for layer in 1..12 {
        let told = sensitivity(&s, layer, 60.0 - layer as f64, 12 - layer);
        news(&mut s, told);
        s.draw();
        assert!(in_view(&s), "{layer}: {}", s.screen());
    }
    news(&mut s, News::SensitivityEnd(Ok(())));
    for _ in 0..4 {
        s.keys("s");
        assert!(in_view(&s), "{:?}", s.model.list.sort);
    }
    // The wheel lets go of it, but while it is in view an edit does not take it away.
    let mut s = Story::of_network((120, 20));
    s.keys("sg");
    let (x, y) = (4, 4);
    s.mouse_at(MouseEventKind::ScrollDown, x, y);
    s.keys("jjjj");
    assert!(in_view(&s));
    s.mouse_at(MouseEventKind::ScrollDown, x, y);
    let (before, was) = (s.model.list.row_of(s.model.list.selected).unwrap(), in_view(&s));
    s.keys("=1e-6").press(KeyCode::Enter).press(KeyCode::Enter);
    let after = s.model.list.row_of(s.model.list.selected).unwrap();
    assert!(was && after < before, "{before} {after}");
    assert!(in_view(&s), "{}", s.screen());
}

/// What a network is for is offered on the smallest usual screen, and help always.
#[test]
fn a_network_s_hints_are_seen_where_there_is_little_room() {
    let footer = |s: &Story| s.screen().lines().last().unwrap().to_owned();
    for (size, wanted) in [
        ((80, 24), &["h l clip", "j k layer", "r sensitivity", "T tune", "w methods"][..]),
        ((60, 20), &["h l clip", "j k layer", "r sensitivity"][..]),
        ((100, 30), &["drag or h l clip", "j k layer", "r sensitivity", "T tune", "w methods"][..]),
    ] {
        let mut s = Story::of_network(size);
        s.select("06.conv11.hswish");
        let told = whole(&s, 30.2);
        news(&mut s, told);
        s.model.notice = None;
        for hint in wanted.iter().chain(&["? help", "q quit"]) {
            assert!(footer(&s).contains(hint), "{hint} at {size:?}: {}", footer(&s));
        }
        s.keys("Z");
        let (filter, sort) = (footer(&s).contains("/ filter"), footer(&s).contains("s sort"));
        assert!(filter && (sort || size.0 < 80) && footer(&s).contains("? help"), "{size:?}: {}", footer(&s));
        s.keys("Zr");
        let told = sensitivity(&s, 3, 50.0, 11);
        news(&mut s, told);
        s.model.notice = None;
        assert!(footer(&s).contains("S stop") && !footer(&s).contains("T tune"), "{size:?}: {}", footer(&s));
    }
}

#[test]
fn another_format_or_place_makes_the_table_old_until_it_is_found_anew() {
    let mut s = story();
    s.keys("w");
    let told = whole(&s, 30.2);
    news(&mut s, told);
    let of = asked_methods(&mut s).unwrap();
    for (id, db) in [("max", 21.0), ("mse", 33.75)] {
        let told = method(&of, id, db);
        news(&mut s, told);
    }
    s.keys("o");
    let again = asked_methods(&mut s).expect("it is asked for anew");
    assert!(again.question != of.question && again.methods[0].params.len() == 8);
    assert!(s.model.network.as_ref().unwrap().methods.best().is_none(), "nothing old is taken");
    s.keys("B");
    assert!(s.notice().contains("no method was measured"), "{}", s.notice());
    assert!(table(&s).iter().all(|line| !line.starts_with('◆')), "{}", s.screen());
    // Said in letters, not by colour alone.
    for line in table(&s).iter().filter(|line| line.contains("max") || line.contains("mse")) {
        assert!(line.contains(" old "), "{line}");
    }
    assert!(s.screen().contains("Old: found before the last changes."), "{}", s.screen());
    // What comes late is of the old one.
    let told = method(&of, "coverage", 40.0);
    news(&mut s, told);
    assert!(s.model.network.as_ref().unwrap().methods.best().is_none());
    let told = method(&again, "max", 22.5);
    news(&mut s, told);
    assert_eq!(s.model.network.as_ref().unwrap().methods.best().unwrap().method, "max");
    // Stopped, and opened again, it is asked for again.
    s.keys("S");
    assert_eq!(s.cmds.pop(), Some(Cmd::Stop(Stop::Methods)));
    news(&mut s, News::MethodsEnd { question: again.question, result: Ok(()) });
    assert!(s.screen().contains("1 of 5 measured, stopped"), "{}", s.screen());
    s.keys("ww");
    assert!(asked_methods(&mut s).is_some());
}

#[test]
fn the_outputs_so_far_are_shown_with_the_samples_they_rest_on() {
    let mut s = story();
    let so_far = OutputEffect { samples: 1, of: 8, ..effect(28.0) };
    let params = s.model.session.params();
    news(&mut s, News::WholeSoFar { params, effects: so_far.into(), took: TOOK });
    assert!(row(&s).contains("28.0 dB") && row(&s).contains("1/8 samples"), "{}", row(&s));
    let told = whole(&s, 30.2);
    news(&mut s, told);
    assert!(row(&s).contains("30.2 dB") && !row(&s).contains("1/8"), "{}", row(&s));
    // The same of each layer: an estimate until it rests on all samples.
    s.keys("r");
    for (layer, db, samples) in [(3, 50.0, 1), (5, 22.25, 1), (3, 48.0, 8)] {
        let alone = OutputEffect { samples, of: 8, ..effect(db) };
        let found = Sensitivity { key: s.key_of(layer), alone, without: OutputEffect::default() };
        news(&mut s, News::Sensitivity(found, left(3)));
    }
    s.select("05.conv9.add");
    assert!(in_list(&s, 5).contains("~22."), "{}", s.screen());
    assert!(s.screen().contains("alone on 1 of 8 samples so far"), "{}", s.screen());
    assert!(in_list(&s, 3).contains(" 48.0"), "{}", s.screen());
    assert_eq!(s.model.list.order[..2], [5, 3]);
}

#[test]
fn only_what_costs_or_is_wrong_is_marked_in_the_list() {
    let mut s = story();
    let marked = |s: &Story| {
        let layers = s.model.session.layers().iter();
        layers.filter(|layer| layer.rank().is_some_and(|rank| rank.is_marked())).count()
    };
    let told = s.model.session.layers().iter().filter(|layer| layer.rank().is_some()).count();
    assert!(marked(&s) * 3 <= s.model.session.layers().len(), "{} of {told} that have notes", marked(&s));
    let mark = |s: &Story, layer: usize| in_list(s, layer).chars().next_back().unwrap();
    // A clip at which much saturates costs, whatever the values are.
    assert!(mark(&s, 6) != '↓', "{}", s.screen());
    s.keys("=0.01").press(KeyCode::Enter);
    assert!(mark(&s, 6) == '↓', "{}", s.screen());
    s.keys("u");
    // And so does what makes most of the outputs' noise, once that is known.
    let told = whole(&s, 30.0);
    news(&mut s, told);
    s.keys("r");
    for (layer, db) in [(3, 50.0), (5, 22.25), (6, 49.0)] {
        let told = sensitivity(&s, layer, db, 3);
        news(&mut s, told);
    }
    assert!(mark(&s, 5) == '↓' && mark(&s, 3) != '↓', "{}", s.screen());
    s.select("05.conv9.add");
    assert!(s.screen().contains("Much of the outputs' noise is its: 99"), "{}", s.screen());
}

#[test]
fn a_first_figure_says_what_it_rests_on_until_there_is_another() {
    let mut s = story();
    s.model.loading.finished = false;
    s.model.network = Some(Default::default());
    asked(&mut s);
    s.keys("j");
    assert_eq!(asked(&mut s).len(), 0);
    assert!(line_with(&s, " output  ").contains("once the network has run"), "{}", s.screen());
    let first = OutputEffect { samples: 1, ..effect(16.8) };
    news(&mut s, News::First { effects: first.into(), took: TOOK });
    let told = line_with(&s, " output  ");
    for fact in ["first figure 16.8 dB", "cosine 0.99998", "1/8 samples, which chose the clips too"] {
        assert!(told.contains(fact), "{fact}: {told}");
    }
    // All of them are counted: the figure stays until theirs is there.
    s.model.loading.finished = true;
    s.keys("k");
    assert_eq!(asked(&mut s).len(), 2);
    assert!(row(&s).contains("everything as chosen   16.8 dB") && row(&s).contains("1/8 samples"), "{}", row(&s));
    let all = whole(&s, 30.2);
    news(&mut s, all);
    assert!(row(&s).contains("everything as chosen   30.2 dB") && !row(&s).contains("16.8"), "{}", row(&s));
}
