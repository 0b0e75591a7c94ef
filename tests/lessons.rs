//! Every bundled lesson is played to its end by its own instructions, and the digits that it tells are the program's.
#![cfg(feature = "tui")]

mod support;

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyModifiers};
use qviz::calibrate::{self, Coverage, Tensor, ZeroBin};
use qviz::cli::rehearsed;
use qviz::histogram::Histogram;
use qviz::lessons::{Brought, FACTS, Known, Lang, Lesson, Needs, Own, Play, Progress, bundled, read};
use qviz::quant::{Clip, Format};
use qviz::session::Session;
use qviz::tui::command::by_id;
use qviz::tui::learn::{Entry, Learn};
use qviz::tui::mode::Mode;
use qviz::tui::msg::{Cmd, Msg, Opened};
use qviz::tui::seen::PAGES;
use support::Story;

fn text(begins: &str) -> (&'static str, &'static str) {
    *bundled().iter().find(|(id, _)| id.starts_with(begins)).expect("there is such a lesson")
}

fn lesson(begins: &str) -> Lesson {
    let (id, text) = text(begins);
    let pages = PAGES.map(|(page, _)| page);
    read(id, text, &Known { command: &|id| by_id(id).is_some(), pages: &pages }).expect("it is sound")
}

/// Reads, plays and measures a lesson: goals are missed at first and reached by what is shown, digits of methods reach none,
/// right answers are taken, and every text fits, in both languages on 80x24, 100x30 and 160x45.
fn plays(begins: &str) {
    let (id, text) = text(begins);
    let found: Vec<String> = rehearsed(id, text).iter().map(|c| format!("{id}.toml:{}: {}", c.line, c.why)).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn one_number() {
    plays("01");
}

#[test]
fn one_outlier() {
    plays("02");
}

#[test]
fn saturate_on_purpose() {
    plays("03");
}

#[test]
fn ninety_nine_per_cent() {
    plays("04");
}

#[test]
fn kl_by_hand() {
    plays("05");
}

#[test]
fn kl_as_a_curve() {
    plays("06");
}

#[cfg(feature = "onnx")]
#[test]
fn by_which_ruler() {
    plays("07");
}

#[cfg(feature = "onnx")]
#[test]
fn where_to_quantize() {
    plays("08");
}

#[cfg(feature = "onnx")]
#[test]
fn ptq_alone() {
    plays("09");
}

#[test]
fn qat_live() {
    plays("10");
    // What it is about is part of the goal: training through rounding is what helps.
    let lesson = lesson("10");
    let goals = lesson.steps.iter().filter_map(|step| step.goal.as_ref()).map(|goal| goal.text());
    let five = goals.into_iter().find(|goal| goal.contains("seeds == 5")).expect("one step is on five seeds");
    assert!(five.contains("ste >= ptq + 0.25") && five.contains("ste >= frozen + 0.15"), "{five}");
}

#[test]
fn ten_questions() {
    plays("11");
    let lesson = lesson("11");
    assert_eq!(lesson.steps.len(), 10);
    assert!(lesson.steps.iter().all(|step| step.ask.is_some() && step.goal.is_some()), "each is answered and done");
}

/// Every lesson ends on the learner's own data, those on a network on their network, and says so where there is none.
#[test]
fn lessons_end_on_what_the_learner_has_brought() {
    for (id, _) in &bundled()[..10] {
        let lesson = Arc::new(lesson(id));
        let last = |brought| {
            let mut play = Play::new(Arc::clone(&lesson), 0, brought);
            while play.go(true) {}
            play.step().own
        };
        let of_a_network = lesson.needs == Needs::Network;
        let (network, values) = if of_a_network { (Own::Network, Own::Values) } else { (Own::Any, Own::Any) };
        let found = [Brought::Network, Brought::Values, Brought::Nothing].map(last);
        assert_eq!(found, [Some(network), Some(values), None], "{id}");
    }
}

fn tensor(begins: &str, layer: usize, bins: usize, format: &str) -> Tensor {
    let values = lesson(begins).data[layer].values();
    let grids = calibrate::by_id("coverage").unwrap().grids();
    Tensor::new(Arc::new(Histogram::of(&values, bins, &grids)), Format::named(format).unwrap())
}

/// The numbers of the article that the lessons follow.
#[test]
fn the_article_s_digits() {
    let tensor = tensor("04", 0, 2048, "int8");
    let (_, trace) = Coverage::trace(&tensor).unwrap();
    let end = trace.end();
    assert_eq!((trace.drops.len(), end.left, end.right, end.values), (27, 3, 75, 990));
    let scale = |id: &str| tensor.candidate(calibrate::by_id(id).unwrap().as_ref()).outcome.unwrap().params.scale();
    assert_eq!((scale("coverage"), scale("max")), (0.022_388_924, 0.031_170_1));
    let coverage = tensor.candidate(calibrate::by_id("coverage").unwrap().as_ref()).outcome.unwrap();
    assert_eq!(coverage.metrics.saturated_count.round(), 4.0);
}

#[test]
fn the_article_s_divergences() {
    for (format, nats) in [("int2", 0.150_315), ("int3", 0.131_108)] {
        let tensor = tensor("05", 0, 8, format);
        let kl = tensor.kl_with(Clip::symmetric(8.0), ZeroBin::AsItIs).unwrap();
        assert!((kl - nats).abs() < 1e-6, "{format}: {kl}");
    }
}

#[test]
fn one_value_takes_the_codes_of_all_others() {
    let tensor = tensor("02", 0, 2048, "int4");
    let max = tensor.candidate(calibrate::by_id("max").unwrap().as_ref()).outcome.unwrap();
    let mse = tensor.candidate(calibrate::by_id("mse").unwrap().as_ref()).outcome.unwrap();
    assert!((max.metrics.sqnr_db - 6.1).abs() < 0.05 && (mse.metrics.sqnr_db - 18.7).abs() < 0.05);
    let levels = tensor.level_masses(max.params);
    let inner: f64 = levels.iter().filter(|level| level.value.abs() < 2.0).map(|level| level.mass).sum();
    assert!((0.9900..0.9906).contains(&(inner / 200_001.0)), "{inner}");
}

/// What authors are told of facts is what there is.
#[test]
fn the_documentation_lists_every_fact() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/lessons.md")).unwrap();
    for fact in FACTS {
        assert!(page.contains(&format!("| `{}` |", fact.name)), "docs/lessons.md does not list {}", fact.name);
    }
}

/// A lesson on the screen, as `qviz learn` has it, its layers read at once.
fn story(begins: &str, size: (u16, u16), lang: Lang) -> Story {
    let lesson = Arc::new(lesson(begins));
    let sources = lesson.data.iter().map(|made| qviz::input::Source {
        name: made.name.clone(),
        parts: vec![qviz::input::Part::made(&made.name, made.npy())],
    });
    let discovered = qviz::input::Discovered { sources: sources.collect(), errors: Vec::new() };
    let mut story = Story::unfound(discovered, Format::INT8, size);
    let methods = lesson.methods.iter().map(|id| calibrate::by_id(id).unwrap()).collect();
    let session = Session::new(methods, &lesson.method, Format::named(&lesson.format).unwrap());
    let entry = Entry { id: lesson.id.clone(), lesson: Ok(Arc::clone(&lesson)) };
    story.model.learn = Some(Box::new(Learn::new(lang, vec![entry], Progress::default(), Brought::Nothing)));
    let opened = Opened { lesson: 0, own: false, session, title: "lesson".into(), network: false, into_network: None };
    story.tell(Msg::Opened(Box::new(opened)));
    story.find();
    for layer in 0..lesson.data.len() {
        story.read(layer);
    }
    story
}

/// The same without what stands under the panel.
fn told(story: &Story) -> String {
    said(story).split("─ numbers").next().unwrap_or_default().to_owned()
}

fn place(story: &Story) -> (usize, usize) {
    story.model.learn.as_ref().and_then(|learn| learn.play.as_ref()).map_or((0, 0), Play::place)
}

/// What the lesson says on a screen of 100 columns: its panel's lines, which break where they must, joined.
fn said(story: &Story) -> String {
    let screen = story.screen();
    let panel = screen.lines().skip(2).map(|line| line.chars().take(36).collect::<String>());
    panel.collect::<Vec<_>>().join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_learner_predicts_is_told_and_goes_on() {
    let mut s = story("01", (100, 30), Lang::En);
    assert!(s.screen().contains("1 One number"), "{}", s.screen());
    s.press(KeyCode::Enter);
    assert!(matches!(s.model.mode, Mode::Prompt { .. }), "a question is asked at once");
    // One must be right: another answer is not taken.
    s.keys("2").press(KeyCode::Enter);
    assert_eq!(place(&s).0, 1);
    assert!(s.notice().contains("not yet"));
    s.press(KeyCode::Backspace).keys("3").press(KeyCode::Enter);
    assert!(said(&s).contains("rounding error"), "{}", s.screen());
    s.press(KeyCode::Enter);
    // One need not be: what was said and what is stand beside each other.
    s.keys("0.5").press(KeyCode::Enter);
    assert!(said(&s).contains("You said: 0.5. It is: 0.75"), "{}", s.screen());
}

#[test]
fn esc_looks_around_and_enter_asks_again() {
    let mut s = story("01", (80, 24), Lang::Zh);
    s.press(KeyCode::Enter).keys("2.").press(KeyCode::Esc);
    assert!(matches!(s.model.mode, Mode::Normal));
    s.press(KeyCode::Enter);
    let Mode::Prompt { line, .. } = &s.model.mode else { panic!("{}", s.screen()) };
    assert_eq!(line.text(), "2.", "what was typed is not lost");
    assert!(s.screen().replace(' ', "").contains("你的回答"), "{}", s.screen());
}

#[test]
fn what_is_missed_twice_is_shown() {
    let mut s = story("05", (100, 30), Lang::En);
    on_to(&mut s, 1);
    // Before that it is not, and nobody says that any answer will do.
    s.keys(";s");
    assert!(s.notice().contains("two tries"), "{}", s.notice());
    for nth in 0..2 {
        assert!(matches!(s.model.mode, Mode::Prompt { .. }), "{nth}: {}", s.screen());
        s.key(KeyCode::Char('u'), KeyModifiers::CONTROL).keys("6 15").press(KeyCode::Enter);
        assert!(s.notice().contains("number 2"), "{}", s.notice());
    }
    assert!(s.notice().contains("; s types it"), "{}", s.notice());
    // In what was typed the key is a letter; in an empty answer it asks.
    s.press(KeyCode::Esc).keys(";s").press(KeyCode::Enter);
    assert!(said(&s).contains("6 and 16"), "{}", s.screen());
}

#[test]
fn what_is_said_of_a_step_stays_true() {
    let mut s = story("02", (100, 30), Lang::En);
    on_to(&mut s, 2);
    s.keys(";s");
    let before = told(&s);
    assert!(before.contains("With the clip at 2.60:"), "{before}");
    s.keys("=").key(KeyCode::Char('u'), KeyModifiers::CONTROL).keys("9").press(KeyCode::Enter);
    assert_eq!((s.amax(), told(&s)), (9.0, before));
}

#[test]
fn a_step_that_is_taken_up_stands_as_it_does_on_the_way() {
    for (id, steps) in [("01", 9), ("02", 7), ("03", 7), ("04", 8), ("05", 13), ("06", 8)] {
        for step in 1..steps {
            let mut on = story(id, (100, 30), Lang::En);
            on_to(&mut on, step);
            let mut up = story(id, (100, 30), Lang::En);
            let learn = up.model.learn.as_mut().unwrap();
            let lesson = Arc::clone(learn.play.as_ref().unwrap().lesson());
            learn.play = Some(Play::new(lesson, step, Brought::Nothing));
            up.press(KeyCode::Esc);
            let stands = |s: &Story| {
                let ready = s.ready();
                let plot = &s.model.plot;
                (s.model.list.selected, ready.clip(), ready.format(), plot.page, plot.curve, told(s))
            };
            assert_eq!(stands(&up), stands(&on), "{id}, step {}", step + 1);
        }
    }
}

#[test]
fn free_play_unlocks_everything_and_comes_back() {
    let mut s = story("03", (100, 30), Lang::En);
    for _ in 0..3 {
        s.press(KeyCode::Enter);
        if matches!(s.model.mode, Mode::Prompt { .. }) {
            s.keys("2").press(KeyCode::Enter).press(KeyCode::Enter);
        }
    }
    let before = s.amax();
    s.keys("2");
    assert_eq!(s.amax(), before, "methods are locked: {}", s.notice());
    s.keys(";f").keys("2b").key(KeyCode::Char('u'), KeyModifiers::CONTROL);
    s.keys("int8").press(KeyCode::Enter);
    assert!(s.amax() != before && !s.screen().contains("3 Saturate"), "{}", s.screen());
    s.keys(";");
    assert_eq!((s.amax(), s.ready().format()), (before, Format::named("int4").unwrap()));
    assert!(s.screen().contains("Saturate on purpose"));
}

#[test]
fn the_end_of_a_lesson_is_kept_and_shows_the_list() {
    let mut s = story("01", (100, 30), Lang::En);
    for _ in 0..40 {
        let seen = qviz::tui::seen::seen(&s.model);
        let truth = s.model.learn.as_ref().unwrap().play.as_ref().and_then(|play| play.truth(&seen));
        match (&s.model.mode, truth) {
            (Mode::Lessons { .. }, _) => break,
            (Mode::Prompt { .. }, Some(truth)) => {
                s.keys(&truth).press(KeyCode::Enter);
            }
            _ => {
                s.keys(";s").press(KeyCode::Esc).press(KeyCode::Enter);
            }
        }
    }
    assert!(matches!(s.model.mode, Mode::Lessons { .. }), "{}", s.screen());
    assert!(s.model.learn.as_ref().unwrap().progress.of("01-one-number").done);
    assert!(s.cmds.iter().any(|cmd| matches!(cmd, Cmd::Keep(text) if text.contains("01-one-number 0 done"))));
    assert!(s.screen().contains("done"));
}

/// Plays on to a step, as the lesson itself would.
fn on_to(s: &mut Story, step: usize) {
    for _ in 0..60 {
        if place(s).0 == step {
            return;
        }
        let seen = qviz::tui::seen::seen(&s.model);
        let truth = s.model.learn.as_ref().unwrap().play.as_ref().and_then(|play| play.truth(&seen));
        match (&s.model.mode, truth) {
            (Mode::Prompt { .. }, Some(truth)) => s.keys(&truth).press(KeyCode::Enter),
            _ => s.keys(";s").press(KeyCode::Esc).press(KeyCode::Enter),
        };
    }
    panic!("step {step} is not reached: {}", s.screen());
}

#[test]
fn what_is_to_be_found_is_not_marked() {
    let mut s = story("03", (100, 30), Lang::En);
    let marked = |s: &Story| s.screen().contains('◆') || s.screen().contains('×');
    for step in 0..4 {
        on_to(&mut s, step);
        assert!(!marked(&s), "{step}: {}", s.screen());
    }
    s.press(KeyCode::Esc).keys(";s");
    assert!(s.screen().contains('×'), "once it is found it is shown: {}", s.screen());
    s.keys(";b").press(KeyCode::Esc).keys(";f");
    assert!(marked(&s), "free play hides nothing: {}", s.screen());
}

#[test]
fn p_and_q_have_room_beside_a_lesson_on_a_small_screen() {
    let mut s = story("05", (80, 24), Lang::En);
    on_to(&mut s, 7);
    s.keys("Q");
    let areas = qviz::tui::update::layout(&s.model).unwrap();
    assert!(areas.lower.height >= 7, "{}\n{}", areas.lower, s.screen());
    assert!(s.screen().contains("Look for your 2 0 2 2 4 4 4 4"), "{}", s.screen());
}

#[test]
fn the_list_stands_beside_a_lesson() {
    for size in [(80, 24), (100, 30)] {
        let mut s = story("11", size, Lang::En);
        s.press(KeyCode::Esc).keys("Z");
        let screen = s.screen();
        for layer in ["one outlier", "randn(1000)", "four channels", "after a ReLU", "Ten questions"] {
            assert!(screen.contains(layer), "{layer} {size:?}\n{screen}");
        }
    }
}

#[test]
fn a_presentation_asks_in_its_last_line() {
    let mut s = story("03", (80, 24), Lang::En);
    on_to(&mut s, 2);
    s.press(KeyCode::Esc).press(KeyCode::F(5)).press(KeyCode::Enter);
    assert!(s.screen().contains("Is that the clip with the least"), "{}", s.screen());
}

#[test]
fn a_long_sentence_lies_over_the_lesson_whole() {
    let mut s = story("03", (80, 24), Lang::En);
    s.press(KeyCode::Esc);
    let words: Vec<String> = (10..36).map(|n| format!("word{n}")).collect();
    s.model.say(words.join(" "));
    let screen = s.screen();
    assert!(words.iter().all(|word| screen.contains(word.as_str())), "{screen}");
}

/// Beside training stands nothing of a tensor, at any size, and five seeds are told by how far they lie apart.
#[test]
fn training_has_the_screen_to_itself() {
    let mut s = story("10", (160, 45), Lang::En);
    on_to(&mut s, 2);
    for size in [(160, 45), (100, 30), (80, 24), (60, 20)] {
        s.model.size = size;
        let screen = s.screen();
        for of_a_tensor in ["int8", "layer", "numbers", "clip", "SQNR"] {
            assert!(!screen.contains(of_a_tensor), "{of_a_tensor} at {size:?}\n{screen}");
        }
        assert!(screen.contains("accuracy on pictures kept aside") && screen.contains("! train"), "{screen}");
    }
    s.model.size = (160, 45);
    let order = qviz::tui::training::Order::of("longer ste seeds:2 epochs:2").unwrap();
    let training = s.model.learn.as_mut().unwrap().training.as_mut().unwrap();
    training.begin(order.clone());
    qviz::tui::training::train(&order, &mut |told| {
        training.hear(told);
        true
    });
    let screen = s.screen();
    let row = screen.lines().find(|row| row.contains("straight-through estimator")).unwrap();
    assert!(row.contains(" to ") && row.contains(", 2 seeds)"), "{row}");
}
