//! The screen as a person sees it: styled snapshots, and every size in every look.
//!
//! A snapshot holds the text and, below it, one letter a cell for the role of its style, so that a highlight that moved
//! is seen. Look at a change with `INSTA_UPDATE=always cargo test --test screens` and `git diff`.
#![cfg(feature = "tui")]

#[path = "screens/sizes.rs"]
mod sizes;
mod support;
#[path = "screens/work.rs"]
mod work;

use crossterm::event::{Event, KeyCode, KeyModifiers};
use qviz::input::Discovered;
use qviz::lessons::Lang;
use qviz::quant::{Format, Fp8};
use qviz::tui::look::{Depth, Ground, Theme};
use qviz::tui::mode::Mode;
use qviz::tui::update::layout;
use support::{Story, look, styles, text};

fn story(size: (u16, u16)) -> Story {
    let mut story = Story::of(qviz::cli::bundled(), Format::INT8, size);
    story.select("06.conv11.hswish");
    story
}

fn snapshot(name: &str, story: &Story) {
    let buffer = story.draw();
    let picture = format!("{}\n{}", text(&buffer), styles(&buffer, &Theme::new(Depth::Sixteen, Ground::Unknown)));
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, picture);
    });
}

#[test]
fn main_screen() {
    snapshot("main", &story((160, 45)));
}

#[test]
fn small_screen() {
    snapshot("small", &story((84, 24)));
}

#[test]
fn a_clip_in_the_hand() {
    let mut s = story((120, 36));
    let at = s.line();
    s.grab(at).drag_to(at - 12);
    snapshot("drag", &s);
}

#[test]
fn p_and_q_and_the_99_percent_rule() {
    let mut s = story((84, 24));
    s.keys("Q");
    snapshot("p-and-q", &s);
    s.keys("QXlll");
    snapshot("coverage", &s);
}

#[test]
fn a_presentation_as_it_is_all_revealed() {
    let mut s = story((100, 30));
    s.press(KeyCode::F(5)).keys("     ");
    snapshot("present", &s);
}

#[test]
fn an_idea_in_chinese() {
    let mut s = story((80, 24));
    s.model.lang = Lang::Zh;
    s.keys("\"");
    snapshot("idea", &s);
}

#[test]
fn a_strip_of_channels() {
    let mut s = story((120, 36));
    s.per_channel("1");
    snapshot("strip", &s);
    // Its worst channel as a layer.
    s.press(KeyCode::Enter);
    snapshot("channel", &s);
}

#[test]
fn mapping_and_fake_quantized() {
    let mut s = story((120, 36));
    s.keys("mf");
    snapshot("mapping", &s);
}

/// Where there is little room, steps are seen about one value, and of few bits all of them.
#[test]
fn mapping_where_there_is_little_room() {
    let mut s = story((80, 24));
    s.keys("m");
    snapshot("mapping-small", &s);
    s.keys("b").key(KeyCode::Char('u'), KeyModifiers::CONTROL);
    s.keys("int3").press(KeyCode::Enter);
    snapshot("mapping-3-bits", &s);
    s.keys("b").key(KeyCode::Char('u'), KeyModifiers::CONTROL);
    s.keys("int4 affine").press(KeyCode::Enter);
    snapshot("mapping-affine", &s);
}

/// Levels that stand apart stand on stems, and none is higher than the plot.
#[test]
fn fake_quantized_to_few_bits() {
    let mut s = story((100, 30));
    s.keys("b").key(KeyCode::Char('u'), KeyModifiers::CONTROL);
    s.keys("int3").press(KeyCode::Enter).keys("fy)");
    snapshot("levels", &s);
    assert!(s.screen().contains("fake-quantized"));
}

/// Values of FP8 are ticks below: close together near zero, far apart at the ends.
#[test]
fn mapping_to_fp8() {
    let mut s = story((120, 36));
    s.keys("b").key(KeyCode::Char('u'), KeyModifiers::CONTROL);
    s.keys("e4m3").press(KeyCode::Enter).keys("mf");
    snapshot("mapping-fp8", &s);
    let screen = s.screen();
    let axis = screen.lines().find(|l| l.matches('┬').count() > 20).expect("the axis with its ticks");
    let cells: Vec<bool> = axis.chars().filter(|c| "─┬▲".contains(*c)).map(|c| c != '─').collect();
    let ticks = |cells: &[bool]| cells.iter().filter(|tick| **tick).count();
    let (quarter, eighth) = (cells.len() / 4, cells.len() / 8);
    let middle = cells.len() / 2;
    assert_eq!(ticks(&cells[middle - eighth..middle + eighth]), 2 * eighth, "near zero they cannot be told apart");
    let ends = [&cells[..quarter], &cells[cells.len() - quarter..]];
    assert!(ends.iter().all(|end| 2 * ticks(end) <= quarter), "{axis}");
}

#[test]
fn mse_with_its_parts() {
    let mut s = story((120, 36));
    s.press(KeyCode::Tab).keys("y");
    snapshot("mse", &s);
}

#[test]
fn a_fitted_curve() {
    let mut s = story((140, 36));
    assert!(!s.screen().contains("fit,"));
    s.keys("F");
    assert!(s.screen().contains("Laplace fit, b 0.") && s.screen().contains(", KS 0."), "{}", s.screen());
    s.keys("aF");
    assert!(s.screen().contains("normal fit, std 0."), "{}", s.screen());
    snapshot("fit", &s);
    s.keys("F");
    assert!(!s.screen().contains("fit,"));
}

#[test]
fn methods_compared() {
    let mut s = story((140, 32));
    s.keys("c");
    snapshot("compare", &s);
}

/// The last story of `tests/network.rs`, looked at: answers of a network, a sensitivity under way, weights apart.
#[test]
fn a_network_on_trial() {
    use qviz::jobs::{Left, News, Told};
    use qviz::quant::{Decibels, OutputEffect};
    use qviz::session::Sensitivity;
    use qviz::tui::msg::Msg;
    let mut s = Story::of_network((160, 45));
    s.select("06.conv11.hswish");
    let took = std::time::Duration::from_millis(12);
    let effect = |db| OutputEffect {
        sqnr_db: Some(Decibels::new(db)),
        cosine: Some(0.99998),
        top1_agreement: Some(0.9375),
        samples: 8,
        of: 8,
        ..OutputEffect::default()
    };
    let (key, own) = (s.key_of(6), s.model.session.params_of(&s.key_of(6)));
    s.tell(Msg::Job(Told::Trial(News::Alone { key, params: own, result: Ok(effect(41.2)), took })));
    let params = s.model.session.params();
    s.tell(Msg::Job(Told::Trial(News::Whole { params, result: Ok(effect(30.2).into()), check: None, took })));
    snapshot("network", &s);
    s.keys("r");
    for (layer, db, steps) in [(6, 41.2, 11), (2, 22.3, 10)] {
        let found = Sensitivity { key: s.key_of(layer), alone: effect(db), without: effect(31.0) };
        let left = Left { steps, time: Some(std::time::Duration::from_secs(8)) };
        s.tell(Msg::Job(Told::Trial(News::Sensitivity(found, left))));
    }
    s.event(Event::Resize(120, 36)).keys("h");
    snapshot("sensitivity", &s);
}

/// The table of methods while one is still measured: beside the list, and on the smallest usual screen.
#[test]
fn methods_by_the_outputs() {
    use qviz::jobs::{ByMethod, MethodEffect, News, Told};
    use qviz::quant::{Decibels, OutputEffect};
    use qviz::tui::msg::Msg;
    let mut s = Story::of_network((160, 45));
    s.select("06.conv11.hswish");
    let effect = |db| OutputEffect {
        sqnr_db: Some(Decibels::new(db)),
        cosine: Some(1.0 - 10f64.powf(-db / 10.0) / 2.0),
        top1_agreement: Some(0.9375),
        samples: 8,
        of: 8,
        ..OutputEffect::default()
    };
    let (params, took) = (s.model.session.params(), std::time::Duration::from_millis(12));
    s.tell(Msg::Job(Told::Trial(News::Whole { params, result: Ok(effect(30.2).into()), check: None, took })));
    let of: ByMethod = s.model.network.as_ref().unwrap().methods.asked.clone().unwrap();
    for (id, db, stand_ins) in [("max", 21.0, 0), ("coverage", 18.5, 0), ("entropy", 30.2, 2), ("mse", 33.75, 0)] {
        let (question, method) = (of.question, id.to_owned());
        let found =
            MethodEffect { question, method, stand_ins, effects: effect(db).into(), check: Some(effect(db - 1.0)) };
        s.tell(Msg::Job(Told::Trial(News::Method(found, 1))));
    }
    s.keys("w");
    snapshot("methods", &s);
    s.event(Event::Resize(80, 24));
    snapshot("methods-small", &s);
    for fact in ["mse", "33.8 dB", "as it is chosen", "percentile-99.99", "93.8 %", "B takes"] {
        assert!(s.screen().contains(fact), "{fact} at 80x24\n{}", s.screen());
    }
}

/// Layers of different formats do not look alike, and telling them apart moves nothing.
#[test]
fn formats_in_the_list_where_they_differ() {
    let format = |s: &mut Story, words: &str| {
        s.keys("b").key(KeyCode::Char('u'), KeyModifiers::CONTROL);
        s.keys(words).press(KeyCode::Enter);
    };
    for (size, keys) in [((160, 45), ""), ((100, 30), ""), ((80, 24), "Z"), ((160, 45), "Z")] {
        let mut s = story(size);
        s.keys(keys);
        let list = layout(&s.model).unwrap().list;
        let row = |s: &Story, name: &str| {
            let screen = s.screen();
            let rows = screen.lines().skip(2).map(|line| line.chars().take(list.width.into()).collect::<String>());
            rows.into_iter().find(|row| row.contains(name)).unwrap_or_else(|| panic!("{name}: {screen}"))
        };
        let before = row(&s, "04.");
        assert!(!s.screen().contains("fmt"), "{size:?}");
        format(&mut s, "uint4 affine");
        format(&mut s, "e4m3");
        for (name, word) in [("04.", " i8 "), ("06.", " e4m3 ")] {
            assert!(row(&s, name).contains(word), "{size:?} {word}: {}", s.screen());
        }
        assert!(s.screen().contains("fmt"), "{size:?}");
        // The other numbers stay where they were.
        let after = row(&s, "04.");
        let at = |line: &str| line.find("22.5").map(|at| line[..at].chars().count());
        assert!(at(&before).is_some() && at(&before) == at(&after), "{size:?}:\n{before}\n{after}");
        s.keys("o");
        assert!(row(&s, "○").contains("float"), "{size:?} {}", s.screen());
        s.keys("uuu");
        assert_eq!(row(&s, "04."), before, "{size:?}");
    }
    // Weights that are all on another format say it once, over them.
    let mut s = Story::of_network((160, 45));
    s.select("10.logits");
    s.keys("v").press(KeyCode::Down).keys("v").press(KeyCode::Up).press(KeyCode::Up).keys("v");
    format(&mut s, "int8 affine");
    assert!(s.screen().contains("weights, int8 affine") && !s.screen().contains("fmt"), "{}", s.screen());
    format(&mut s, "int4");
    assert!(s.screen().contains("weights, int4 affine") && s.screen().contains("fmt"), "{}", s.screen());
}

/// What is chosen, and what is best, is marked with no sign that the list's cursor has.
#[test]
fn marks_of_methods_are_no_cursor() {
    for ascii in [false, true] {
        let mut s = story((140, 32));
        s.model.look = look(Depth::Mono, ascii);
        s.keys("c");
        let (areas, buffer) = (layout(&s.model).unwrap(), s.draw());
        let panel = areas.panel();
        let cursor = s.model.look.glyphs.select.to_string();
        let marks = |sign: &str| {
            let cells = panel.positions().filter(|at| at.x > areas.list.right());
            cells.filter(|at| buffer[*at].symbol() == sign).count()
        };
        assert_eq!(marks(&cursor), 0, "{}", s.screen());
        assert!(marks("=") >= 12, "{}", s.screen());
        assert!(s.screen().contains("= chosen, * by hand, bold the best"), "{}", s.screen());
    }
}

/// A page key moves what is read by what is seen of it less one line, in the help and in what else is read; and goes no
/// further than its end.
#[test]
fn page_keys_go_by_the_window() {
    for size in [(100, 18), (100, 30), (100, 60)] {
        for (key, first) in [(KeyCode::F(1), 4), (KeyCode::F(2), 3)] {
            let mut s = story(size);
            s.press(key);
            let lines = |s: &Story| -> Vec<String> {
                let screen = s.screen();
                let all: Vec<&str> = screen.lines().collect();
                all[first..all.len() - 2].iter().map(|line| (*line).to_owned()).collect()
            };
            let before = lines(&s);
            s.press(KeyCode::PageDown);
            assert_eq!(lines(&s)[0], *before.last().unwrap(), "{size:?}\n{}", s.screen());
            s.press(KeyCode::PageUp);
            assert_eq!(lines(&s), before);
            for _ in 0..60 {
                s.press(KeyCode::PageDown);
            }
            let end = lines(&s);
            s.press(KeyCode::PageUp);
            assert_ne!(lines(&s), end, "the first key back is seen");
        }
    }
    // Where something is searched for, what was found takes several lines each.
    let mut s = story((100, 30));
    s.keys("?layer").press(KeyCode::PageDown);
    let Mode::Help { at, .. } = s.model.mode else { panic!("the help is there") };
    assert!((2..20).contains(&at), "{at}");
    s.press(KeyCode::PageUp);
    assert!(matches!(s.model.mode, Mode::Help { at: 0, .. }));
}

/// The title of the plots is never cut in the middle of a hint.
/// Why a text is not taken is read as a whole, beside it or over it.
#[test]
fn why_a_text_is_not_taken_is_never_cut() {
    for width in [60, 84, 160] {
        let mut s = story((width, 24));
        s.keys("=not a number at all");
        s.press(KeyCode::Enter);
        let said = s.model.notice.as_ref().expect("it is no number").text.clone();
        let screen = text(&s.draw());
        let words: Vec<&str> = screen.split_whitespace().collect();
        assert!(said.split_whitespace().all(|word| words.contains(&word)), "{width}: {said}\n{screen}");
        assert!(screen.contains("number at all"), "{width}\n{screen}");
    }
}

#[test]
fn a_title_drops_its_hint_before_it_is_cut() {
    assert!(story((80, 24)).screen().contains("7/12 (Z lists)"));
    let small = story((60, 20)).screen();
    assert!(small.contains("7/12 ") && !small.contains("(Z"), "{small}");
    // A list that is too narrow for its title and a number cuts the title, and does not blank it.
    let mut s = story((100, 30));
    s.keys("s");
    s.model.notice = None;
    assert!(s.screen().contains("─ worst SQNR"), "{}", s.screen());
}

#[test]
fn the_list_on_a_page() {
    let mut s = story((80, 24));
    s.keys("Z");
    snapshot("layers", &s);
}

#[test]
fn a_held_layer() {
    let mut s = story((120, 36));
    s.keys("|");
    s.select("03.conv3.relu").keys("((((((");
    snapshot("held", &s);
}

#[test]
fn help_over_the_screen() {
    let mut s = story((100, 30));
    s.keys("?");
    snapshot("help", &s);
}

#[test]
fn ascii_only() {
    let mut s = story((120, 36));
    s.model.look = look(Depth::Mono, true);
    s.keys("mf").press(KeyCode::Tab);
    let screen = s.screen();
    assert!(screen.is_ascii(), "{}", screen.chars().filter(|c| !c.is_ascii()).collect::<String>());
    snapshot("ascii", &s);
}

#[test]
fn no_colour_means_none() {
    let mut s = story((120, 36));
    s.model.look = look(Depth::Mono, false);
    s.keys("f");
    use ratatui::style::Color;
    assert!(s.draw().content.iter().all(|c| c.fg == Color::Reset && c.bg == Color::Reset));
}

/// Every size, look and state is drawn without a panic. Where there is room, so are the clip's line, on its column, and
/// its number.
#[test]
fn every_size_and_look_draws_the_clip_where_there_is_room() {
    let sizes = [
        (200, 60),
        (160, 45),
        (120, 40),
        (100, 30),
        (84, 24),
        (80, 24),
        (60, 20),
        (60, 18),
        (40, 12),
        (20, 5),
        (1, 1),
        (0, 0),
    ];
    // Keys, and whether the histogram is to be seen after them.
    let states = [
        ("", true),
        ("mf", true),
        ("\ty", true),
        ("FaF", true),
        ("++++", true),
        ("l", true),
        ("|j(y", true),
        ("|4((", true),
    ];
    let covered = [("c", false), ("?", false), ("e", false), ("lq", false), ("Z", false), ("|Z", false)];
    let affine = Format::INT8.with_symmetric(false);
    let unsigned = Format::INT8.with_signed(false);
    let mut drawn = 0;
    for format in [Format::INT8, affine, unsigned, Fp8::E4m3.into(), Fp8::E5m2.into()] {
        for (keys, seen) in states.into_iter().chain(covered) {
            let mut s = Story::of(qviz::cli::bundled(), format, (160, 45));
            s.select("04.conv3.dw");
            for key in keys.chars() {
                s.press(if key == '\t' { KeyCode::Tab } else { KeyCode::Char(key) });
            }
            for (depth, ascii) in [(Depth::True, false), (Depth::Sixteen, false), (Depth::Mono, true)] {
                s.model.look = look(depth, ascii);
                for size in sizes {
                    s.event(Event::Resize(size.0, size.1));
                    let screen = s.screen();
                    if size.0 < 60 || size.1 < 18 {
                        assert!(size.0 < 27 || screen.contains("qviz needs a larger window"), "{size:?}");
                    } else if seen {
                        let (buffer, area) = (s.draw(), layout(&s.model).unwrap().histogram);
                        let clip = s.model.look.glyphs.clip.to_string();
                        let column = area.x + s.line();
                        let line = area.rows().filter(|row| buffer[(column, row.y)].symbol() == clip).count();
                        assert!(line >= 2, "{keys:?} {size:?}: {line} cells of the line\n{screen}");
                        assert!(screen.contains("clip "), "{keys:?} {size:?}\n{screen}");
                        drawn += 1;
                    }
                }
            }
        }
    }
    // Formats, states, looks and sizes.
    assert_eq!(drawn, 5 * states.len() * 3 * 8);
    let mut s = story((80, 24));
    s.event(Event::Resize(80, 24));
    for fact in ["06.conv11.hswish", "7/12", "clip 5.353", "saturate", "max", "entropy", "SQNR, dB", "? help"] {
        assert!(s.screen().contains(fact), "{fact} at 80x24\n{}", s.screen());
    }
}

#[test]
fn numbers_do_not_jump_when_they_change_width() {
    let mut s = story((160, 45));
    let columns = |s: &Story| {
        let screen = s.screen();
        let line = screen.lines().find(|l| l.contains("percentile-99.99")).unwrap().to_owned();
        line.char_indices().filter(|(_, c)| *c != ' ').map(|(i, _)| i).collect::<Vec<_>>()
    };
    let before = columns(&s);
    for _ in 0..60 {
        s.keys("h");
        assert_eq!(columns(&s), before);
    }
}

#[test]
fn crafted_names_are_seen_and_do_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let header = qviz_npy(&[1.0, -2.0, 3.0]);
    std::fs::write(folder.path().join("evil\u{1b}[31m\u{9b}2J\u{202e}\n.npy"), header).unwrap();
    let s = Story::of_paths(&[folder.path().to_owned()], Format::INT8);
    let buffer = s.draw();
    assert!(buffer.content.iter().all(|c| !c.symbol().chars().any(|c| c.is_control() || c == '\u{202e}')));
    assert!(s.screen().contains("evil\\x1b[31m\\x9b2J"));
}

#[test]
fn what_cannot_be_read_is_one_row_with_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("good.npy"), qviz_npy(&[1.0, -2.0, 3.0])).unwrap();
    std::fs::write(folder.path().join("empty.npy"), b"").unwrap();
    std::fs::write(folder.path().join("short.npy"), &qviz_npy(&[1.0; 64])[..200]).unwrap();
    std::fs::write(folder.path().join("nan.npy"), qviz_npy(&[f32::NAN; 8])).unwrap();
    std::fs::write(folder.path().join("none.npy"), qviz_npy(&[])).unwrap();
    std::fs::write(folder.path().join("zeros.npy"), qviz_npy(&[0.0; 300])).unwrap();
    std::fs::write(folder.path().join("three.npy"), qviz_npy(&[3.0; 300])).unwrap();
    let mut s = Story::of_paths(&[folder.path().to_owned()], Format::INT8);
    assert_eq!(s.screen().matches("unreadable").count(), 3, "two rows and the header\n{}", s.screen());
    let document = s.document();
    assert_eq!((document["tensors"].as_array().unwrap().len(), document["errors"].as_array().unwrap().len()), (5, 2));
    for tensor in document["tensors"].as_array().unwrap() {
        assert!(tensor["chosen"]["scale"].as_f64().unwrap() > 0.0, "{tensor}");
    }
    for _ in 0..7 {
        for keys in ["m", "m", "f", "f", "F", "F", "F", "a", "\t", "y", "4", "1", "=2\n", "l", "n", "u"] {
            for c in keys.chars() {
                match c {
                    '\n' => s.press(KeyCode::Enter),
                    '\t' => s.press(KeyCode::Tab),
                    c => s.press(KeyCode::Char(c)),
                };
                s.draw();
            }
        }
        s.press(KeyCode::Down);
    }
}

#[test]
fn nothing_found_is_said() {
    let s = Story::of(Discovered::default(), Format::INT8, (120, 40));
    assert!(s.screen().contains("no layers"));
    let s = Story::of_paths(&["/no/such/place".into()], Format::INT8);
    assert!(s.screen().contains("/no/such/place"), "{}", s.screen());
}

/// A float32 .npy file.
fn qviz_npy(values: &[f32]) -> Vec<u8> {
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({},), }}", values.len());
    header += &" ".repeat(118 - header.len() - 1);
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes());
    bytes.extend(values.iter().flat_map(|v| v.to_le_bytes()));
    bytes
}

/// A file that is no array at all, or an archive without an index, is a row like any other that cannot be read.
#[test]
fn files_that_are_no_layer_are_rows_too() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("good.npy"), qviz_npy(&[1.0, -2.0, 3.0])).unwrap();
    std::fs::write(folder.path().join("broken.npz"), b"PK\x03\x04 and nothing else").unwrap();
    let mut s = Story::of_paths(&[folder.path().to_owned()], Format::INT8);
    assert!(s.screen().contains("broken") && s.screen().contains("1 unreadable"), "{}", s.screen());
    assert_eq!(s.document()["errors"].as_array().unwrap().len(), 1);
    s.keys("G");
    assert!(s.screen().contains("broken.npz"), "the sentence stands where the picture would be\n{}", s.screen());
}
