//! The views that take a method apart, what can be read over the screen, and the presentation: what the user does, then
//! what is seen. No terminal.
#![cfg(feature = "tui")]

mod support;

use std::path::{Path, PathBuf};

use crossterm::event::{KeyCode, MouseButton, MouseEventKind};
use qviz::lessons::{Glossary, Lang};
use qviz::quant::Format;
use qviz::tui::command::Keymap;
use qviz::tui::mode::{Mode, Reading};
use qviz::tui::msg::Cmd;
use qviz::tui::page::Page;
use qviz::tui::update::layout;
use support::Story;

const SIZES: [(u16, u16); 4] = [(80, 24), (100, 30), (160, 45), (60, 18)];

fn randn() -> Vec<PathBuf> {
    vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/a_randn1000.npy")]
}

fn article(size: (u16, u16), bins: usize) -> Story {
    Story::of_bins(qviz::input::discover(&randn(), None), Format::INT8, size, bins)
}

/// The tensor of eight values a bin, as in the case that is worked by hand: on 8 bins to 8, 22 values.
fn by_hand(folder: &Path) -> Vec<PathBuf> {
    let counts = [1, 0, 2, 3, 5, 3, 1, 7];
    let mut values: Vec<f32> =
        counts.iter().enumerate().flat_map(|(bin, n)| std::iter::repeat_n(bin as f32 + 0.5, *n)).collect();
    *values.last_mut().unwrap() = 8.0;
    let file = folder.join("hand.npy");
    ndarray_npy::write_npy(&file, &ndarray::Array1::from(values)).unwrap();
    vec![file]
}

#[test]
fn p_and_q_are_shown_on_eight_bins_and_on_many() {
    let folder = tempfile::tempdir().unwrap();
    let paths = by_hand(folder.path());
    let format = Format::int(3, true, true).unwrap();
    for size in SIZES {
        let mut s = Story::of_bins(qviz::input::discover(&paths, None), format, size, 8);
        s.keys("1Q");
        assert_eq!(s.model.plot.page, Page::Divergence);
        let parts = s.model.divergence().unwrap();
        let kl = qviz::report::number::significant(parts.kl, 6);
        let screen = s.screen();
        assert!(screen.contains("P and Q") && screen.contains(&format!("KL {kl} nats")), "{screen}");
        // Each level with its sum and how many bins are not empty.
        assert!(screen.contains("8/2") && screen.contains("ln(p/q)"), "{screen}");
        // Q is divided by its sum as P is, whatever the clip.
        let mut s = article(size, 2048);
        s.keys("Qhhhh");
        let before = s.screen();
        assert!(before.contains("P and Q  bins "), "{before}");
        s.keys(">>>");
        assert!(s.model.plot.bin.is_some() && s.screen() != before);
        s.keys("+++");
        assert_eq!(s.model.plot.wider, 3);
        s.press(KeyCode::Esc);
        assert_eq!((s.model.plot.bin, s.model.plot.page), (None, Page::Divergence), "the cursor first, then the page");
        s.press(KeyCode::Esc);
        assert_eq!(s.model.plot.page, Page::Curve);
    }
}

#[test]
fn p_and_q_follow_the_drag_and_say_why_kl_is_infinite() {
    let mut s = article((100, 30), 2048);
    s.keys("1Q");
    let (at, mut infinite) = (s.line(), false);
    s.grab(at);
    for column in (10..at).rev() {
        s.drag_to(column);
        let parts = s.model.divergence().unwrap();
        let screen = s.screen();
        assert!(screen.contains(&format!("{} levels", parts.of_levels)), "{screen}");
        if let Some(gap) = parts.gap() {
            infinite = true;
            assert_eq!(gap, parts.bins.len() - 1);
            assert!(screen.contains(&format!("Why infinite: bin {gap},")), "{screen}");
            assert_eq!(parts.bins[gap].p_count, parts.tail);
        } else {
            let kl = s.ready().metrics().kl.unwrap();
            assert!((parts.kl - kl).abs() < 1e-12);
        }
    }
    s.release(10);
    assert!(infinite, "a thousand samples on 2,048 bins have gaps");
    // A press in the panel takes the bin under it.
    let areas = layout(&s.model).unwrap();
    s.mouse_at(MouseEventKind::Down(MouseButton::Left), areas.lower.x + 3, areas.lower.y + 1);
    assert!(s.model.plot.bin.is_some());
}

#[test]
fn ninety_nine_percent_goes_drop_by_drop() {
    for size in SIZES {
        let mut s = article(size, 2048);
        s.keys("X");
        assert!(s.screen().contains("drop 0 of 27"), "{}", s.screen());
        s.keys("l");
        assert!(s.screen().contains("drop 1 of 27") && s.screen().contains(" dropped on the "), "{}", s.screen());
        s.keys("hh");
        assert!(s.screen().contains("drop 0 of 27"));
        let clip = s.amax();
        s.keys("n");
        let screen = s.screen();
        for said in ["drop 27 of 27", "bins 3 to 75 stay: 990 of 1,000", "0.022388924"] {
            assert!(screen.split_whitespace().collect::<Vec<_>>().join(" ").contains(said), "{said}: {screen}");
        }
        assert_eq!(s.amax(), clip, "looking moves no clip");
        s.keys("lp");
        assert_eq!(s.model.plot.drops, 0);
        s.keys("X");
        assert_eq!(s.model.plot.page, Page::Curve);
    }
}

#[test]
fn the_numpy_of_the_screen_is_what_is_shown() {
    let mut s = article((120, 36), 2048);
    for (keys, says) in [
        ("", "print(\"kl\", divergence(kept)"),
        ("Q", "for i in range(kept)"),
        ("QXl", "shown = 1"),
        ("Xm", "print(\"value\""),
        ("m", "print(\"kl\""),
    ] {
        s.keys(keys).keys("Ys");
        let Some(Cmd::Copy { what, text: Some(text) }) = s.cmds.pop() else { panic!("nothing was copied") };
        assert!(what.contains("NumPy") && text.contains(says), "{keys}: {text}");
    }
    s.keys("#").press(KeyCode::Enter);
    let Some(Cmd::Write { path, contents, force: false }) = s.cmds.pop() else { panic!("nothing is written") };
    assert_eq!(path, Path::new("a_randn1000.py"));
    assert!(contents.starts_with(b"# a_randn1000: int8 symmetric"));
}

#[test]
fn ideas_are_found_in_the_help_and_opened() {
    let mut s = article((100, 30), 2048);
    for (text, term) in
        [("infin", "∞, infinite KL"), ("nats", "nats"), ("QAT", "QAT"), ("straight", "STE"), ("gap", "gap")]
    {
        s.keys("?").keys(text);
        let screen = s.screen();
        assert!(screen.contains("ideas") && screen.contains(term), "{text}: {screen}");
        s.press(KeyCode::Esc);
    }
    s.keys("?").keys("straight-through estimator").press(KeyCode::Enter);
    assert!(matches!(&s.model.mode, Mode::Read { what: Reading::Idea(id), .. } if id == "ste"));
    assert!(s.screen().contains("staircase"), "{}", s.screen());
    // What is near to it.
    s.press(KeyCode::Tab).press(KeyCode::Enter);
    assert!(matches!(&s.model.mode, Mode::Read { what: Reading::Idea(id), .. } if id == "fake-quantization"));
    s.press(KeyCode::Esc);
    assert!(matches!(s.model.mode, Mode::Normal));
    s.press(KeyCode::F(2));
    assert!(s.screen().contains("all methods") && s.screen().contains("max |x|"), "{}", s.screen());
}

#[test]
fn what_is_under_the_cursor_is_explained() {
    let opened = |s: &Story| match &s.model.mode {
        Mode::Read { what: Reading::Idea(id), .. } => id.clone(),
        _ => String::new(),
    };
    let mut s = article((120, 36), 2048);
    for (keys, id) in [("\"", "kl"), ("m\"", "mapping"), ("mX\"", "coverage"), ("Xc\"", "tools-disagree")] {
        s.keys(keys);
        assert_eq!(opened(&s), id, "{keys}");
        s.press(KeyCode::Esc);
    }
    s.keys("c");
    let areas = layout(&s.model).unwrap();
    let middle = MouseEventKind::Down(MouseButton::Middle);
    let heading = s.screen().lines().nth(usize::from(areas.numbers.y)).unwrap().to_owned();
    let at =
        |word: &str| heading.chars().collect::<String>().find(word).map(|at| heading[..at].chars().count()).unwrap();
    for (word, id) in [("scale", "scale"), ("SQNR", "sqnr"), ("KL, nats", "kl"), ("saturated", "saturation")] {
        s.mouse_at(middle, at(word) as u16 + 1, areas.numbers.y);
        assert_eq!(opened(&s), id);
        s.press(KeyCode::Esc);
    }
    s.mouse_at(middle, areas.histogram.x + 1, areas.histogram.bottom() - 1);
    assert_eq!(opened(&s), "histogram");
}

/// Every idea fits the screen in either language, and keys stand where texts name commands.
#[test]
fn every_idea_is_readable_at_every_size() {
    for idea in &Glossary::own().ideas {
        for lang in Lang::ALL {
            assert!(!Keymap::default().told(&idea.words(lang).text).contains('{'), "{}", idea.id);
        }
    }
    for size in SIZES {
        let mut s = article(size, 2048);
        for lang in Lang::ALL {
            s.model.lang = lang;
            for idea in &Glossary::own().ideas {
                s.tell(qviz::tui::msg::Msg::Explain("clip"));
                s.model.mode = Mode::Read { what: Reading::Idea(idea.id.clone()), scroll: 0, at: 0 };
                let screen = s.screen();
                assert!(screen.contains(idea.words(lang).term.chars().next().unwrap()), "{} {size:?}", idea.id);
                let body = screen.lines().skip(2).take(usize::from(size.1) - 4);
                assert!(body.clone().all(|line| !line.contains('…')), "{} {size:?}: {screen}", idea.id);
            }
            s.model.mode = Mode::Normal;
        }
    }
}

#[test]
fn a_presentation_is_revealed_step_by_step() {
    for size in SIZES {
        let mut s = article(size, 2048);
        s.press(KeyCode::F(5));
        assert_eq!(s.model.present, Some(0));
        let bare = s.screen();
        assert!(!bare.contains("saturate") && !bare.contains('┃') && !bare.contains("99 %"), "{bare}");
        s.keys(" ");
        assert!(s.screen().contains('┃') && s.screen().contains("clip"), "{}", s.screen());
        s.keys(" ");
        assert!(s.screen().contains("saturate"), "{}", s.screen());
        s.press(KeyCode::PageDown).press(KeyCode::PageDown).press(KeyCode::PageDown).press(KeyCode::PageDown);
        assert_eq!(s.model.present, Some(5));
        assert!(s.screen().contains("SQNR, dB") && s.screen().contains("99 %"), "{}", s.screen());
        // The line is dragged as ever, and the layer stays quantized.
        let (at, clip) = (s.line(), s.amax());
        s.grab(at).drag_to(at - 3).release(at - 3);
        assert!(s.amax() < clip && s.ready().decision().quantized);
        s.press(KeyCode::PageUp);
        assert_eq!(s.model.present, Some(4));
        s.press(KeyCode::F(5));
        assert_eq!(s.model.present, None);
        s.keys("~");
        assert!(s.notice().contains("only in a presentation"), "{}", s.notice());
    }
}

/// Why most clips have no KL is said beside them, not over them, wherever the clip stands.
#[test]
fn what_is_said_of_infinities_lies_over_none_of_them() {
    for size in SIZES {
        let mut s = article(size, 2048);
        s.model.plot.curve = qviz::figure::CurveKind::Kl;
        s.keys("1");
        for _ in 0..6 {
            s.keys("HH");
            let areas = layout(&s.model).unwrap();
            let screen = s.screen();
            let row: String = screen.lines().nth(usize::from(areas.lower.y)).unwrap().chars().collect();
            let row: String = row.chars().skip(usize::from(areas.lower.x)).take(areas.lower.width.into()).collect();
            assert!(row.contains('∞') && !row.contains(char::is_alphabetic), "{row}\n{screen}");
            let title = screen.lines().nth(usize::from(areas.lower_title.y)).unwrap();
            assert!(
                size.0 < 80 || title.contains("∞: too few values") || title.contains(" few for 2,048 bins"),
                "{title}"
            );
        }
    }
}

/// Sentences under the plots are shorter where there is little room, and whole.
#[test]
fn what_is_said_under_the_plots_is_not_cut() {
    let folder = tempfile::tempdir().unwrap();
    let paths = by_hand(folder.path());
    let uncut = |s: &Story| {
        let panel = layout(&s.model).unwrap().panel();
        let screen = s.screen();
        let rows = screen.lines().skip(usize::from(panel.y)).take(usize::from(panel.height));
        for row in rows {
            let row: String = row.chars().skip(usize::from(panel.x)).collect();
            assert!(!row.contains('…'), "{row}\n{screen}");
        }
    };
    for size in [(80, 24), (100, 30), (110, 36), (160, 45)] {
        for format in ["int8", "int8 affine", "uint8 affine", "e4m3", "int3"] {
            let mut s = Story::of_paths(&randn(), Format::named(format).unwrap());
            s.model.size = size;
            s.keys("m");
            uncut(&s);
            s.keys("))))))");
            uncut(&s);
        }
        let mut s = Story::of_bins(qviz::input::discover(&paths, None), Format::int(2, true, true).unwrap(), size, 8);
        s.keys("1Q");
        uncut(&s);
        let screen = s.screen();
        let terms = screen.lines().find(|row| row.contains("largest terms: ")).expect("there are some");
        let last = terms.trim_end().rsplit(' ').next().unwrap();
        assert!(last.parse::<f64>().is_ok(), "a term is whole or absent: {terms}");
        assert!(
            screen.contains(" in 4 not empty, 4 each") || screen.contains("that are not empty, 4 each"),
            "{screen}"
        );
    }
}
