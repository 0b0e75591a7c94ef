//! What can be seen of several things at once, and on small screens: the list a key away, held layers, other data, counts
//! under a cursor, the outputs.
#![cfg(feature = "tui")]

mod support;

use crossterm::event::{Event, KeyCode, MouseButton, MouseEventKind};
use qviz::jobs::{Against, News, Told};
use qviz::quant::{Decibels, Format, Looked, OutputEffect, OutputEffects};
use qviz::session::{Arrival, Channels, Ready};
use qviz::tui::look::Depth;
use qviz::tui::msg::{Cmd, Msg};
use qviz::tui::page::Page;
use qviz::tui::update::layout;
use support::{Story, look};

fn story(size: (u16, u16)) -> Story {
    let mut story = Story::of(qviz::cli::bundled(), Format::INT8, size);
    story.select("06.conv11.hswish");
    story
}

#[test]
fn the_list_and_its_notes_are_one_key_away_on_a_small_screen() {
    let mut s = story((80, 24));
    let before = s.screen();
    assert!(before.contains("7/12") && before.contains("Z lists") && !before.contains("05.conv5"), "{before}");
    s.keys("Z");
    let screen = s.screen();
    for fact in ["layers ", "06.conv11.hswish", "05.", "dB", "clip", "saturated", "7/12"] {
        assert!(screen.contains(fact), "{fact}\n{screen}");
    }
    // It is the list: keys and mouse move in it, filter it, mark it, and decide.
    let areas = layout(&s.model).unwrap();
    let rows = areas.list_rows(s.model.list.rows());
    assert!(rows.height >= 8 && areas.list_notes(s.model.list.rows()).height >= 3, "{rows}");
    let (name, at) = (s.model.name_at(), rows.y + 1);
    s.keys("gj");
    assert_ne!(s.model.name_at(), name);
    s.mouse_at(MouseEventKind::Down(MouseButton::Left), 10, at);
    s.keys("v1");
    assert!(s.screen().contains("1 marked"));
    s.keys("/head").press(KeyCode::Enter);
    assert!(s.screen().contains("/head"));
    s.press(KeyCode::Esc).press(KeyCode::Esc);
    // Enter goes to the plots of what was selected.
    let name = s.model.name_at();
    s.keys("Z").press(KeyCode::Enter);
    s.keys("Z");
    s.press(KeyCode::Enter);
    assert_eq!((s.model.plot.page, s.model.name_at()), (Page::Curve, name));
    assert!(s.screen().contains("KL, nats"));
}

#[test]
fn notes_of_a_layer_are_there_at_80_by_24() {
    let folder = tempfile::tempdir().unwrap();
    let mut values = vec![0.5f32; 4000];
    values.iter_mut().enumerate().for_each(|(i, x)| *x += i as f32 / 9000.0);
    values[7] = f32::NAN;
    for name in ["a", "b"] {
        write(folder.path().join(format!("{name}.npy")), &values);
    }
    let mut s = Story::of_paths(&[folder.path().to_owned()], Format::INT8);
    s.event(Event::Resize(80, 24));
    assert!(s.screen().contains("1/2  !"), "{}", s.screen());
    s.keys("Z");
    assert!(s.screen().contains("NaN"), "{}", s.screen());
}

#[test]
fn one_layer_alone_takes_the_whole_screen() {
    let folder = tempfile::tempdir().unwrap();
    let mut values: Vec<f32> = (1..9000).map(|i| (i as f32 * 0.7).sin() * (9000.0 / i as f32).ln()).collect();
    values[3] = f32::NAN;
    write(folder.path().join("one.npy"), &values);
    let mut s = Story::of_paths(&[folder.path().to_owned()], Format::INT8);
    for size in [(200, 60), (160, 45), (100, 30), (80, 24), (60, 20)] {
        s.event(Event::Resize(size.0, size.1));
        let areas = layout(&s.model).unwrap();
        assert!(areas.list.is_empty() && areas.histogram.width + 8 >= size.0, "{size:?}");
        // No third of the rows is blank.
        let blank = s.screen().lines().filter(|line| line.trim().is_empty()).count();
        assert!(blank < usize::from(size.1) / 3, "{size:?}: {blank}\n{}", s.screen());
        assert!(size.1 < 30 || s.screen().contains("NaN"), "{size:?}\n{}", s.screen());
    }
}

#[test]
fn a_held_layer_lies_over_another_one_in_every_look() {
    let mut s = story((160, 45));
    s.keys("|");
    assert!(s.notice().contains("06.conv11.hswish is held"), "{}", s.notice());
    assert!(s.model.figure().unwrap().other.is_none(), "nothing lies over itself");
    s.select("03.conv3.relu");
    for (depth, marks) in [(Depth::True, false), (Depth::Mono, false), (Depth::Mono, true)] {
        s.model.look = look(depth, marks);
        let screen = s.screen();
        for fact in ["this", "held: 06.conv11.hswish", "share of the values"] {
            assert!(screen.contains(fact), "{fact}\n{screen}");
        }
        assert!(screen.lines().any(|line| line.contains("held: 06") && line.contains("5.3")), "{screen}");
    }
    // Without colour the outline differs by its marks: there are some above the bars.
    s.model.look = look(Depth::Mono, false);
    let (buffer, body) = (s.draw(), layout(&s.model).unwrap().histogram);
    let braille = |c: char| ('\u{2800}'..='\u{28ff}').contains(&c);
    let drawn = body.positions().filter(|p| buffer[*p].symbol().chars().any(braille)).count();
    assert!(drawn > 20, "{drawn}");
    // The shares of both add up to all values that are drawn.
    let figure = s.model.figure().unwrap();
    let other: f64 = figure.other.as_ref().unwrap().iter().sum();
    assert!(other > 50.0 && other <= 100.0 + 1e-9, "{other}");
    s.keys("|");
    assert!(s.model.held.is_none() && s.model.figure().unwrap().other.is_none());
}

#[test]
fn two_methods_stand_side_by_side() {
    let mut s = story((160, 45));
    s.keys("1|");
    let held = s.model.held.as_ref().unwrap().clip;
    s.keys("4");
    assert_ne!(s.ready().decision().clip, held);
    let screen = s.screen();
    assert!(screen.lines().any(|line| line.contains("held: max")), "{screen}");
    // Both clips are on the axis: a whole line and a broken one.
    let (buffer, body) = (s.draw(), layout(&s.model).unwrap().histogram);
    let axis = s.model.figure().unwrap().axis;
    let cells = |column: u16| body.rows().filter(|r| buffer[(body.x + column, r.y)].symbol() == "┃").count();
    let broken = cells(axis.column(f64::from(held.amax())).unwrap());
    // One of every second row is the legend's.
    assert!((broken + 1) * 2 >= usize::from(body.height) && broken < usize::from(body.height), "{broken}");
    // What is held does not change with what is decided.
    s.keys("=1").press(KeyCode::Enter);
    assert_eq!(s.model.held.as_ref().unwrap().clip, held);
}

#[test]
fn other_data_lie_over_the_same_layers() {
    let mut s = story((160, 45));
    let mut against = Against::new("other/".into());
    let layers =
        s.model.session.layers().iter().map(|l| qviz::session::Layer::waiting(l.key.clone(), vec![])).collect();
    against.receive(Told::Arrived(Arrival::Found { layers, failures: Vec::new() }));
    s.model.against = Some(against);
    let key = s.key_of(6);
    // The same values, twice as large.
    let values: Vec<f32> = (0..5000).map(|i| ((i as f32 * 0.37).sin() * 3.0).powi(3)).collect();
    let histogram = std::sync::Arc::new(qviz::histogram::Histogram::of(&values, 2048, &[]));
    let ready = Ready::analyse(histogram, &s.model.session.plan(), &s.model.session.layers()[6].subject());
    let result = Ok(Box::new((Default::default(), ready)));
    s.tell(Msg::Against(Told::Arrived(Arrival::Layer { key, result })));
    let screen = s.screen();
    assert!(screen.contains("this") && screen.contains(" other/"), "{screen}");
    assert!(screen.lines().any(|line| line.contains("on other/") && line.contains('%')), "{screen}");
    s.tell(Msg::Against(Told::Done));
    assert!(s.notice().contains("1 of 12 tensors stand beside those of other/"), "{}", s.notice());
    // The clip in the hand is judged on both.
    let row = |s: &Story| s.screen().lines().find(|line| line.contains("on other/")).unwrap().to_owned();
    let before = row(&s);
    s.keys("hhhh");
    assert_ne!(row(&s), before);
}

#[test]
fn other_data_are_asked_for_the_channel_that_is_looked_at() {
    let mut s = story((160, 45));
    let key = s.key_of(6);
    let mut against = Against::new("other/".into());
    let ready = |s: &Story, values: &[f32]| {
        let histogram = std::sync::Arc::new(qviz::histogram::Histogram::of(values, 2048, &[]));
        Ready::analyse(histogram, &s.model.session.plan(), &s.model.session.layers()[6].subject())
    };
    let values: Vec<f32> = (0..5000).map(|i| ((i as f32 * 0.37).sin() * 3.0).powi(3)).collect();
    let result = Ok(Box::new((Default::default(), ready(&s, &values))));
    against.receive(Told::Arrived(Arrival::Layer { key: key.clone(), result }));
    s.model.against = Some(against);
    s.tell(Msg::Against(Told::Done));
    s.per_channel("1").press(KeyCode::Enter);
    let asked = |s: &mut Story| s.cmds.iter().filter(|cmd| matches!(cmd, Cmd::Against(_))).count();
    assert_eq!(asked(&mut s), 1, "{}", s.screen());
    assert!(!s.screen().contains("on other/"), "{}", s.screen());
    let count = s.model.selected().unwrap().channels().len();
    let channels = Channels { axis: 1, ready: (0..count).map(|_| ready(&s, &values)).collect() };
    s.tell(Msg::Against(Told::Arrived(Arrival::Channels { key, requested: true, result: Ok(channels) })));
    assert!(s.screen().contains("on other/"), "{}", s.screen());
    // It is asked for once, whichever channel is looked at.
    s.press(KeyCode::Esc).press(KeyCode::Right).press(KeyCode::Enter);
    assert_eq!(asked(&mut s), 1);
}

#[test]
fn the_inspect_cursor_counts_what_is_there() {
    let mut s = story((160, 45));
    s.keys("(");
    let line = s.line();
    let column = |s: &Story| s.model.figure().unwrap().axis.column(s.model.plot.inspect.unwrap()).unwrap();
    assert_eq!(column(&s), line, "it begins at the clip");
    // No line goes through what it says.
    let said = |s: &Story| {
        let top = layout(&s.model).unwrap().histogram.y;
        s.screen().lines().nth(usize::from(top)).unwrap().to_owned()
    };
    let line_of_text = said(&s);
    let text = line_of_text.split(" to ").nth(1).and_then(|rest| rest.split('%').next()).unwrap_or_default();
    assert!(text.contains(" value") && !text.contains('┃'), "{line_of_text}");
    s.keys("(((");
    assert_eq!(column(&s), line - 3);
    s.keys(")");
    assert_eq!(column(&s), line - 2);
    // A click, and a drag that grabs nothing.
    s.grab(20).drag_to(25);
    assert_eq!(column(&s), 25);
    assert!(!s.ready().decision().edited);
    // All columns together are all values that are drawn.
    let figure = s.model.figure().unwrap();
    let histogram = figure.tensor.histogram();
    let of = |c| qviz::figure::inspected(&histogram.magnitude, histogram.stats.zeros, &figure.axis, false, c).unwrap();
    let all: u64 = (0..figure.axis.columns).map(|c| of(c).count).sum();
    assert_eq!(all, histogram.stats.finite() - histogram.stats.zeros);
    // Closer than a bin, it says so.
    for _ in 0..16 {
        s.keys("+");
    }
    s.keys("(");
    assert!(said(&s).contains('~'), "{}", said(&s));
    s.press(KeyCode::Esc);
    assert!(s.model.plot.inspect.is_none());
}

#[test]
fn counts_rise_by_ratios_square_roots_and_differences() {
    let mut s = story((160, 45));
    let mut heights = Vec::new();
    for word in ["log y", "sqrt y", "linear y", "log y"] {
        assert!(s.screen().contains(word), "{word}\n{}", s.screen());
        let figure = s.model.figure().unwrap();
        let most = figure.counts.iter().copied().fold(0.0, f64::max);
        heights.push(figure.height(most / 100.0));
        s.keys("y");
    }
    assert!((heights[1] - 0.1).abs() < 1e-6 && (heights[2] - 0.01).abs() < 1e-6 && heights[0] > 0.3, "{heights:?}");
}

#[test]
fn why_they_differ_speaks_of_every_method_and_of_the_hand() {
    let mut s = story((160, 45));
    s.keys("=2").press(KeyCode::Enter).keys("c");
    for size in [(200, 60), (160, 45), (100, 30), (80, 24)] {
        s.event(Event::Resize(size.0, size.1));
        let screen = s.screen();
        let below = screen.split("why they differ").nth(1).unwrap_or_else(|| panic!("{size:?}\n{screen}"));
        assert!(below.contains("your clip") && below.contains("saturate"), "{size:?}\n{screen}");
        for label in ["max", "KL", "MSE"] {
            assert!(below.lines().skip(1).any(|line| line.contains(label)), "{label} {size:?}\n{screen}");
        }
        // The selected row of the table is in view.
        assert!(screen.contains("11.hswish") || size.0 < 100, "{size:?}\n{screen}");
    }
}

#[test]
fn outputs_are_shown_with_their_margins() {
    let mut s = Story::of_network((160, 45));
    s.keys("@");
    assert!(s.screen().contains("everything as chosen is being tried"), "{}", s.screen());
    let values: Vec<(f32, f32)> = (0..400).map(|i| (i as f32 / 40.0, i as f32 / 60.0)).collect();
    let margins: Vec<(f32, f32)> = (0..40).map(|i| (1.0 + i as f32, 0.6 * i as f32 - 0.9)).collect();
    let looked = Looked { values, of: 400, margins, rows: 40, flipped: 2 };
    let all = OutputEffect { sqnr_db: Some(Decibels::new(30.0)), samples: 8, of: 8, ..OutputEffect::default() };
    let effects = OutputEffects { all, shapes: vec![looked.shape("softmax")], ..OutputEffects::default() };
    let (params, took) = (s.model.session.params(), std::time::Duration::from_millis(12));
    s.tell(Msg::Job(Told::Trial(News::Whole { params, result: Ok(effects), check: None, took })));
    for size in [(160, 45), (100, 30), (80, 24)] {
        s.event(Event::Resize(size.0, size.1));
        let screen = s.screen();
        for fact in ["output softmax", "margin: best class", "2 of 40 rows flipped (5 %)", "50 %", "quantized", "float"]
        {
            assert!(screen.contains(fact), "{fact} {size:?}\n{screen}");
        }
    }
    s.press(KeyCode::Esc);
    assert_eq!(s.model.plot.page, Page::Curve);
}

/// A float32 .npy file.
fn write(path: std::path::PathBuf, values: &[f32]) {
    npy::write(path, values);
}

#[path = "support/npy.rs"]
mod npy;
