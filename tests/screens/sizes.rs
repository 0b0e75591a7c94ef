//! Every page and every question of the program, at every size, in every look. They are not listed here: what each command
//! of the registry leads to is drawn, so that a new page is drawn as well.

use std::cell::RefCell;
use std::collections::HashSet;
use std::mem::{Discriminant, discriminant};
use std::time::Duration;

use crossterm::event::Event;
use qviz::jobs::{Left, MethodEffect, News, Told};
use qviz::quant::{Decibels, OutputEffect};
use qviz::report::number;
use qviz::session::Sensitivity;
use qviz::tui::command::{COMMANDS, Command};
use qviz::tui::look::{Depth, Ground, Look, Marks, contrast};
use qviz::tui::mode::{Ask, Mode};
use qviz::tui::msg::Msg;
use qviz::tui::page::Page;
use qviz::tui::update::layout;
use qviz::tui::view::view;
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};

use super::support::{Story, text};

const SIZES: [(u16, u16); 9] = [(200, 60), (120, 40), (100, 30), (80, 24), (60, 20), (40, 12), (20, 5), (1, 1), (0, 0)];
/// The smallest usual screen, on which all facts of a page must be.
const USUAL: (u16, u16) = (80, 24);

/// What the user looks at: two states of one kind are drawn by the same code.
type Kind = (Discriminant<Mode>, Option<Discriminant<Ask>>, Page, bool, bool);

fn kind(story: &Story) -> Kind {
    let ask = match &story.model.mode {
        Mode::Prompt { ask, .. } => Some(discriminant(ask)),
        _ => None,
    };
    let plot = &story.model.plot;
    (
        discriminant(&story.model.mode),
        ask,
        plot.page,
        story.model.strip.is_some(),
        plot.fake_quant || plot.fit.is_some(),
    )
}

fn looks() -> impl Iterator<Item = (Look, bool, Option<[u8; 3]>)> {
    let grounds = [
        (Depth::True, Ground::Dark, Some([30, 30, 30])),
        (Depth::True, Ground::Light, Some([255, 255, 255])),
        (Depth::Mono, Ground::Unknown, None),
    ];
    grounds.into_iter().flat_map(|(depth, ground, on)| {
        [Marks::Braille, Marks::Ascii].map(|marks| (Look::new(depth, ground, marks), marks == Marks::Ascii, on))
    })
}

/// The screen in a larger buffer, of which nothing else may be touched.
fn drawn(story: &Story) -> Buffer {
    let (width, height) = story.model.size;
    let untouched = Cell::new("?");
    let mut larger = Buffer::filled(Rect::new(0, 0, width + 5, height + 3), untouched.clone());
    for y in 0..height {
        for x in 0..width {
            larger[(x, y)].reset();
        }
    }
    view(&story.model, &mut larger);
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    for (x, y) in larger.area.positions().map(|at| (at.x, at.y)) {
        if x < width && y < height {
            buffer[(x, y)] = larger[(x, y)].clone();
        } else {
            assert_eq!(larger[(x, y)], untouched, "{x},{y} lies outside of {width}x{height}");
        }
    }
    buffer
}

/// Whether something lies over lists and plots.
fn covers_the_screen(mode: &Mode) -> bool {
    matches!(mode, Mode::Help { .. } | Mode::Palette { .. } | Mode::Read { .. } | Mode::Lessons { .. })
}

/// What is written with letters can be read on its ground.
fn readable(buffer: &Buffer, ground: [u8; 3], what: &str) {
    let rgb = |colour| match colour {
        Color::Rgb(r, g, b) => Some([r, g, b]),
        _ => None,
    };
    for cell in buffer.content.iter().filter(|cell| cell.symbol().chars().any(char::is_alphanumeric)) {
        assert!(!cell.modifier.contains(Modifier::DIM), "{what}: dimmed by the terminal");
        if let Some(ink) = rgb(cell.fg) {
            let seen = contrast(ink, rgb(cell.bg).unwrap_or(ground));
            assert!(seen >= 4.5, "{what}: {ink:?} on {ground:?} has {seen}");
        }
    }
}

/// Draws a state everywhere. Returns how many screens that were.
fn everywhere(story: &mut Story, what: &str, wrong: &mut Vec<String>) -> usize {
    let mut drawn_screens = 0;
    for (look, ascii, ground) in looks() {
        story.model.look = look;
        for size in SIZES {
            story.event(Event::Resize(size.0, size.1));
            let buffer = drawn(story);
            let screen = text(&buffer);
            let what = format!("{what} at {size:?}, ASCII {ascii}, on {ground:?}\n{screen}");
            assert!(!ascii || screen.is_ascii(), "{what}");
            match ground {
                Some(ground) => readable(&buffer, ground, &what),
                None => {
                    let plain = |cell: &Cell| cell.fg == Color::Reset && cell.bg == Color::Reset;
                    assert!(buffer.content.iter().all(plain), "{what}");
                }
            }
            gap_is_free(story, &buffer, &what);
            if size.0 >= USUAL.0 && size.1 >= USUAL.1 {
                for fact in missing(story, &screen) {
                    wrong.push(format!("{fact:?} is not there: {what}"));
                }
            }
            drawn_screens += 1;
        }
    }
    drawn_screens
}

/// Between list and plots nothing is drawn: neither runs into the other.
fn gap_is_free(story: &Story, buffer: &Buffer, what: &str) {
    let covered = covers_the_screen(&story.model.mode) || story.model.present.is_some();
    let Some(areas) = layout(&story.model).filter(|areas| !areas.list.is_empty() && !covered) else { return };
    // A list over the whole width has no neighbour.
    // Why methods differ stands under list and table, over the whole width.
    let list =
        if story.model.plot.page == Page::Compare { areas.list_rows(story.model.list.rows()) } else { areas.list };
    for y in (list.y..list.bottom()).filter(|_| areas.list.right() < story.model.size.0) {
        assert_eq!(buffer[(areas.list.right(), y)].symbol(), " ", "{what}");
    }
}

/// What a screen is about is to be seen on it. Returns what is not.
fn missing(story: &Story, screen: &str) -> Vec<String> {
    let missing = RefCell::new(Vec::new());
    let has = |fact: &str| {
        if !screen.contains(fact) {
            missing.borrow_mut().push(fact.to_owned());
        }
    };
    let model = &story.model;
    match &model.mode {
        Mode::Help { .. } => ["help", "search:", "Esc"].map(has).into_iter().collect(),
        Mode::Palette { .. } => ["commands", "Enter", "Esc"].map(has).into_iter().collect(),
        Mode::Prompt { ask, .. } => has(ask.title(model)),
        Mode::Quit => ["Leave with", "e export", "q leave", "Esc stay"].map(has).into_iter().collect(),
        Mode::Offer => ["take up", "drop"].map(has).into_iter().collect(),
        Mode::Copy => ["copy:", "NumPy", "document"].map(has).into_iter().collect(),
        Mode::ForAll => ["for all activations:", "max"].map(has).into_iter().collect(),
        Mode::Read { .. } | Mode::Lessons { .. } => has("Esc"),
        Mode::Drag { .. } | Mode::Lesson | Mode::Pan { .. } => {}
        Mode::Normal => {
            if model.notice.is_none() {
                let key = |command| model.keys.hint(command).expect("it has a key");
                has(&format!("{} help", key(Command::Help)));
                has(&format!("{} quit", key(Command::Quit)));
            }
            if model.plot.page.covers() || model.plot.page == Page::Mapping {
                has(model.plot.page.title());
            }
        }
    }
    let no_numbers = layout(model).is_none_or(|areas| areas.numbers.is_empty());
    if covers_the_screen(&model.mode) || matches!(model.mode, Mode::Lesson) || no_numbers || model.present.is_some() {
        return missing.into_inner();
    }
    // The numbers of the clip in hand and the chosen method's row are never covered.
    let ready = story.ready();
    let (decision, params) = (ready.decision(), ready.params());
    let four = |x: f32| number::significant(f64::from(x), 4);
    if params.format().symmetric() && ready.axis().is_none() {
        has(&four(ready.clip().amax()));
        has(&number::significant(f64::from(params.scale()), 5));
    }
    has("SQNR, dB");
    has(&number::decibels(ready.metrics().sqnr_db));
    // P and Q have the rows of the methods.
    if model.plot.page != Page::Divergence {
        has(&decision.method);
    }
    if !model.plot.page.covers() && model.strip.is_none() {
        has(model.selected().expect("a layer is selected").name());
    }
    missing.into_inner()
}

/// Every state that commands lead to from here.
fn all_states(mut story: Story, pages: &mut HashSet<Page>, seen: &mut HashSet<Kind>, wrong: &mut Vec<String>) -> usize {
    let mut drawn = 0;
    for entry in COMMANDS {
        if matches!(entry.command, Command::Suspend | Command::Mouse) {
            continue;
        }
        story.model.mode = Mode::Normal;
        (story.model.plot.page, story.model.plot.zoom, story.model.notice) = (Page::default(), None, None);
        story.event(Event::Resize(160, 45)).tell(Msg::Run(entry.command));
        // What a notice says instead of the hints is drawn once more without it.
        for notice in [true, false] {
            if !notice && story.model.notice.take().is_none() {
                continue;
            }
            pages.insert(story.model.plot.page);
            if seen.insert(kind(&story)) || (!notice && story.model.plot.page.covers()) {
                drawn += everywhere(&mut story, entry.id, wrong);
            }
        }
    }
    drawn
}

fn effect(db: f64) -> OutputEffect {
    OutputEffect {
        sqnr_db: Some(Decibels::new(db)),
        cosine: Some(0.99998),
        top1_agreement: Some(0.9375),
        samples: 8,
        of: 8,
        ..OutputEffect::default()
    }
}

/// A network that has answered; with a sensitivity under way, a finer reading and a network that is written, if `busy`.
fn network(busy: bool) -> Story {
    let mut story = Story::of_network((160, 45));
    story.select("06.conv11.hswish");
    let news = |story: &mut Story, news| {
        story.tell(Msg::Job(Told::Trial(news)));
    };
    let took = Duration::from_millis(12);
    let (key, own) = (story.key_of(6), story.model.session.params_of(&story.key_of(6)));
    news(&mut story, News::Alone { key, params: own, result: Ok(effect(41.2)), took });
    let params = story.model.session.params();
    news(&mut story, News::Whole { params, result: Ok(effect(30.2).into()), check: None, took });
    let of = story.model.network.as_ref().unwrap().methods.asked.clone().expect("the methods are asked for");
    for (id, db) in [("max", 21.0), ("mse", 33.75)] {
        let (question, method) = (of.question, id.to_owned());
        let found =
            MethodEffect { question, method, stand_ins: 1, effects: effect(db).into(), check: Some(effect(db)) };
        news(&mut story, News::Method(found, 3));
    }
    story.keys("r");
    for (layer, db, steps) in [(6, 41.2, 11), (2, 22.3, 10)] {
        let found = Sensitivity { key: story.key_of(layer), alone: effect(db), without: effect(31.0) };
        let left = Left { steps, time: Some(Duration::from_secs(8)) };
        news(&mut story, News::Sensitivity(found, left));
    }
    if busy {
        story.keys("x");
        story.tell(Msg::Writing("net.int8.onnx".into()));
    } else {
        news(&mut story, News::SensitivityEnd(Ok(())));
    }
    story
}

#[test]
fn every_page_at_every_size_in_every_look() {
    let (mut pages, mut seen, mut wrong) = (HashSet::new(), HashSet::new(), Vec::new());
    let mut files = Story::bundled();
    files.select("06.conv11.hswish").keys("l");
    let mut drawn = all_states(files, &mut pages, &mut seen, &mut wrong);
    drawn += all_states(network(false), &mut pages, &mut seen, &mut wrong);
    drawn += all_states(network(true), &mut pages, &mut HashSet::new(), &mut wrong);
    let mut strip = Story::bundled();
    strip.select("06.conv11.hswish").per_channel("1");
    drawn += all_states(strip, &mut pages, &mut seen, &mut wrong);
    let short: Vec<&str> = wrong.iter().filter_map(|what| what.lines().next()).collect();
    assert!(wrong.is_empty(), "{short:#?}\n{}", wrong[0]);
    let missing: Vec<Page> = Page::ALL.into_iter().filter(|page| !pages.contains(page)).collect();
    assert!(missing.is_empty(), "no command leads to {missing:?}");
    assert!(drawn > 1000, "{drawn} screens only");
}
