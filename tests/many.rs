//! Many layers at once, the list of changes, and commands found by words, as a user has them: message stories.
#![cfg(feature = "tui")]

#[path = "support/npy.rs"]
mod npy;
mod support;

use crossterm::event::{KeyCode, KeyModifiers};
use qviz::quant::Format;
use qviz::session::Decision;
use qviz::tui::mode::Mode;
use qviz::tui::msg::{Cmd, Msg};
use qviz::tui::page::Page;
use support::Story;

fn decision(s: &Story, layer: usize) -> Decision {
    s.model.session.layers()[layer].decision().expect("the layer was read").clone()
}

fn all(s: &Story) -> Vec<Decision> {
    (0..s.model.session.layers().len()).map(|layer| decision(s, layer)).collect()
}

fn amax(s: &Story, layer: usize) -> f32 {
    s.model.session.layers()[layer].ready().unwrap().stats().amax()
}

fn marked(s: &Story) -> Vec<String> {
    s.model.list.marked.iter().map(|key| key.name().to_owned()).collect()
}

fn typed(s: &mut Story, key: &str, text: &str) {
    s.keys(key).key(KeyCode::Char('u'), KeyModifiers::CONTROL);
    s.keys(text).press(KeyCode::Enter);
}

/// A method for all changes no format and leaves what is in float alone: both are said where there is something to say.
#[test]
fn what_a_method_for_all_leaves_alone_is_said() {
    let mut s = Story::bundled();
    s.keys("gg1E");
    assert!(!s.notice().contains("still") && !s.notice().contains("float"), "{}", s.notice());
    s.keys("2E");
    typed(&mut s, "b", "uint8 affine");
    s.keys("jojE");
    let said = s.notice();
    assert!(said.contains("each on its format still (10 on int8") && said.contains("1 on uint8 affine)"), "{said}");
    assert!(said.contains("1 left in float"), "{said}");
}

#[test]
fn marks_are_by_name_and_no_decision() {
    let mut s = Story::bundled();
    s.keys("gvv");
    assert_eq!(marked(&s), ["00.input", "01.conv1"]);
    assert_eq!(s.model.list.selected, 2, "the next layer is selected");
    let said = "01.conv1: 2 layers marked: what is decided now goes for all of them; 02.conv1.hswish is next";
    assert_eq!(s.notice(), said);
    let screen = s.screen();
    assert!(screen.contains("■2 marked"), "{screen}");
    assert_eq!(screen.lines().filter(|line| line.starts_with('■')).count(), 2, "{screen}");
    // Neither an order nor a filter loses one, and what is hidden stays marked.
    s.keys("s/softmax").press(KeyCode::Enter);
    s.keys("%");
    assert_eq!(marked(&s), ["00.input", "01.conv1", "11.softmax"]);
    s.keys("%");
    assert_eq!(marked(&s), ["00.input", "01.conv1"], "a second time takes these marks away, and no others");
    assert_eq!((s.model.session.history_len(), s.model.session.is_dirty()), ((0, 0), false));
    // Esc leaves the filter first, the marks last.
    s.press(KeyCode::Esc).press(KeyCode::Esc);
    assert_eq!((s.model.list.order.len(), marked(&s).len()), (12, 2));
    s.press(KeyCode::Esc);
    assert!(marked(&s).is_empty() && !s.screen().contains("marked "), "{}", s.screen());
    s.keys("v\\");
    assert!(marked(&s).is_empty());
}

#[test]
fn a_filter_finds_layers_by_their_warnings() {
    let mut s = Story::bundled();
    s.keys("/!saturates").press(KeyCode::Enter);
    let none = s.model.list.order.len();
    s.press(KeyCode::Esc).press(KeyCode::Esc);
    s.select("03.conv3.relu");
    typed(&mut s, "=", "10%");
    s.keys("/!saturates").press(KeyCode::Enter);
    assert_eq!(s.model.list.order.len(), none + 1, "{}", s.screen());
    // It follows what is decided.
    s.keys("u");
    assert_eq!(s.model.list.order.len(), none);
    s.keys("/").key(KeyCode::Char('u'), KeyModifiers::CONTROL);
    s.keys("!one-sided,logits").press(KeyCode::Enter);
    let names: Vec<&str> = s.model.list.order.iter().map(|l| s.model.session.layers()[*l].name()).collect();
    assert!(names.contains(&"10.logits") && names.contains(&"11.softmax") && names.len() < 12, "{names:?}");
}

#[test]
fn a_method_goes_for_all_that_are_marked_and_is_one_undo() {
    let mut s = Story::bundled();
    let before = all(&s);
    s.keys("%4");
    assert!(s.notice().starts_with("12 layers: method MSE"), "{}", s.notice());
    assert!(all(&s).iter().all(|d| d.method == "mse" && !d.edited));
    assert_eq!(s.model.session.history_len(), (1, 0));
    for layer in 0..12 {
        let ready = s.model.session.layers()[layer].ready().unwrap();
        assert_eq!(ready.decision().clip, ready.own_clip("mse").unwrap(), "its own answer");
    }
    s.keys("4");
    assert_eq!(s.notice(), "12 layers: method MSE already");
    s.keys("u");
    assert_eq!(s.notice(), "undone: method MSE of 12 layers");
    assert_eq!(all(&s), before);
    s.keys("U");
    assert!(all(&s).iter().all(|d| d.method == "mse"));
}

#[test]
fn every_command_that_decides_is_one_step_for_the_marked_and_leaves_the_others() {
    let mut s = Story::bundled();
    s.keys("gvvv");
    let others = |s: &Story| all(s)[3..].to_vec();
    let before = (all(&s), others(&s));
    type Holds = fn(&Story, usize) -> bool;
    let cases: [(&str, &str, Holds); 6] = [
        ("b", "int4", |s, l| decision(s, l).format.to_string() == "int4 symmetric"),
        ("o", "", |s, l| !decision(s, l).quantized),
        ("=", "50%", |s, l| (decision(s, l).clip.amax() - amax(s, l) / 2.0).abs() <= amax(s, l) * 1e-6),
        ("]", "", |s, l| decision(s, l).edited),
        ("b", "uint8 affine", |s, l| decision(s, l).format.to_string() == "uint8 affine"),
        ("1", "", |s, l| decision(s, l).method == "max"),
    ];
    for (key, text, holds) in cases {
        if text.is_empty() {
            s.keys(key);
        } else {
            typed(&mut s, key, text);
        }
        assert!(matches!(s.model.mode, Mode::Normal), "{key} {text}: {}", s.notice());
        let took = (0..3).filter(|&layer| holds(&s, layer)).count();
        let refused = s.notice().contains("; not ");
        assert!(took == 3 || (refused && took > 0), "{key} {text}: {took}, {}", s.notice());
        assert!(s.notice().contains(" layers: "), "{}", s.notice());
        assert_eq!((others(&s), s.model.session.history_len().0), (before.1.clone(), 1), "{key} {text}");
        s.keys("u");
        assert_eq!(all(&s), before.0, "{key} {text}");
    }
    // A reset goes to each layer's own method.
    typed(&mut s, "=", "30%");
    s.keys("0");
    assert!(s.notice().starts_with("3 layers: back to the method"), "{}", s.notice());
    assert_eq!(all(&s), before.0);
}

#[test]
fn one_number_for_all_is_said_before_it_is_set() {
    let mut s = Story::bundled();
    s.keys("gvv");
    typed(&mut s, "=", "0.25");
    assert!(s.notice().contains("2 layers whose amax is") && s.notice().contains("Enter again"), "{}", s.notice());
    assert_eq!(s.model.session.history_len().0, 0);
    // Another number is asked about anew.
    s.keys("5").press(KeyCode::Enter);
    assert_eq!(s.model.session.history_len().0, 0);
    s.press(KeyCode::Enter);
    assert_eq!(s.notice(), "2 layers: clip 0.255");
    assert_eq!([0, 1].map(|layer| decision(&s, layer).clip.amax()), [0.255; 2]);
    for (wrong, why) in [("abc", "not a number"), ("0%", "above 0 %"), ("nan%", "above 0 %"), ("0", "no range")] {
        typed(&mut s, "=", wrong);
        assert!(s.notice().contains(why), "{wrong}: {}", s.notice());
        s.press(KeyCode::Esc);
    }
    assert_eq!(s.model.session.history_len().0, 1);
}

#[test]
fn who_cannot_take_it_is_said_with_the_reason_and_the_others_do() {
    let folder = tempfile::tempdir().unwrap();
    npy::write(folder.path().join("a.npy"), &npy::normal(4000, 1));
    npy::write(folder.path().join("zero.npy"), &[0.0; 100]);
    npy::write(folder.path().join("nan.npy"), &[f32::NAN; 100]);
    std::fs::write(folder.path().join("broken.npy"), b"no array").unwrap();
    let mut s = Story::of_paths(&[folder.path().to_owned()], Format::INT8);
    s.keys("%");
    assert_eq!(marked(&s), ["a", "nan", "zero"], "what could not be read is not marked");
    s.keys("4");
    let said = s.notice().to_owned();
    assert!(said.starts_with("2 layers: method MSE; not nan: "), "{said}");
    assert!(said.contains("no finite value"), "{said}");
    typed(&mut s, "=", "50%");
    assert!(s.notice().contains("no amax"), "{}", s.notice());
    assert!((decision(&s, 0).clip.amax() - amax(&s, 0) / 2.0).abs() < 1e-6);
    // Where none can, nothing changes, and the prompt stays to be mended.
    s.keys("\\/nan").press(KeyCode::Enter).keys("%");
    let before = s.model.session.history_len();
    typed(&mut s, "=", "50%");
    assert!(matches!(s.model.mode, Mode::Prompt { .. }) && s.model.session.history_len() == before, "{}", s.notice());
}

#[test]
fn a_tie_among_the_marked_is_decided_once() {
    let mut s = Story::bundled();
    s.select("06.conv11.hswish").tie("03.conv3.relu");
    s.keys("%1");
    let clip = decision(&s, 6).clip;
    assert_eq!((decision(&s, 3).clip, decision(&s, 6).method.as_str()), (clip, "max"));
    assert_eq!(clip.amax(), amax(&s, 3).max(amax(&s, 6)), "the largest of all values that share it");
    s.keys("u");
    assert_eq!(s.model.session.history_len(), (1, 1), "one step");
}

#[test]
fn channels_of_several_layers_are_read_one_after_the_other_and_are_one_step() {
    let folder = tempfile::tempdir().unwrap();
    for (i, name) in ["a", "b", "flat"].into_iter().enumerate() {
        let shape: &[usize] = if name == "flat" { &[240] } else { &[8, 3, 10] };
        let data: Vec<u8> = npy::normal(240, i as u32).iter().flat_map(|x| x.to_le_bytes()).collect();
        std::fs::write(folder.path().join(format!("{name}.npy")), npy::npy("<f4", shape, &data)).unwrap();
    }
    let mut s = Story::of_paths(&[folder.path().to_owned()], Format::INT8);
    let before = all(&s);
    s.keys("%");
    typed(&mut s, "A", "1");
    s.read_channels();
    assert_eq!(all(&s), before, "nothing before all are there");
    s.read_channels();
    let said = s.notice().to_owned();
    assert!(said.starts_with("2 layers: per channel along axis 1; not flat: it has 1 axes"), "{said}");
    assert_eq!((0..3).map(|l| decision(&s, l).axis).collect::<Vec<_>>(), [Some(1), Some(1), None]);
    assert_eq!(s.model.session.history_len(), (1, 0));
    // A method goes for the channels too; what is of one range alone is refused with the reason.
    s.keys("1");
    assert!(s.model.session.layers()[1].channels().iter().all(|c| c.decision().method == "max"), "{}", s.notice());
    typed(&mut s, "=", "50%");
    assert!(s.notice().contains("each of its channels"), "{}", s.notice());
    s.keys("uuu");
    assert_eq!(all(&s), before);
    // Known by now: at once.
    typed(&mut s, "A", "1");
    assert_eq!(decision(&s, 1).axis, Some(1));
    typed(&mut s, "A", "");
    assert!(all(&s).iter().all(|d| d.axis.is_none()));
}

#[test]
fn a_star_and_a_digit_take_a_method_for_all_activations() {
    let mut s = Story::of_network((160, 45));
    s.keys("*");
    assert!(s.screen().contains("for all activations: 1 "), "{}", s.screen());
    s.keys("4");
    assert!(s.notice().contains("mse for all activations"), "{}", s.notice());
    let methods: Vec<String> = all(&s).into_iter().map(|d| d.method).collect();
    assert!(methods[..9].iter().all(|m| m == "mse") && methods[9..].iter().all(|m| m == "entropy"), "{methods:?}");
    assert_eq!(s.model.session.history_len().0, 1);
    s.keys("*9");
    assert!(s.notice().contains("fewer methods"), "{}", s.notice());
    s.keys("*").press(KeyCode::Esc);
    assert!(matches!(s.model.mode, Mode::Normal));
    s.keys("*x");
    assert!(s.notice().contains("no method") && s.model.session.history_len().0 == 1, "{}", s.notice());
}

#[test]
fn the_list_of_changes_leads_to_layers_and_back_to_states() {
    let mut s = Story::bundled();
    let began = all(&s);
    s.select("03.conv3.relu").keys("1");
    let first = all(&s);
    s.select("06.conv11.hswish").keys("o");
    s.keys("%4\\");
    let last = all(&s);
    s.keys("C");
    let screen = s.screen();
    for fact in
        ["method MSE", "12 layers: 00.input", "leave in float", "quantized → float", "as it began", "entropy → max"]
    {
        assert!(screen.contains(fact), "{fact}: {screen}");
    }
    assert!(screen.contains("3 changes that no file holds"), "{screen}");
    // Down to the first change: Enter goes to its layer, and the plots are there.
    s.keys("jj").press(KeyCode::Enter);
    assert_eq!(s.model.session.layers()[s.model.list.selected].name(), "03.conv3.relu");
    assert!(s.model.plot.page == Page::Curve && all(&s) == last);
    // Back to the state after it, and up again.
    s.keys("Cjju");
    assert_eq!((all(&s), s.model.session.history_len()), (first, (1, 2)));
    assert_eq!(s.notice(), "2 changes undone; U takes them again");
    s.keys("gU");
    assert_eq!((all(&s), s.model.session.history_len()), (last, (3, 0)));
    s.keys("Gu");
    assert_eq!((all(&s), s.model.session.is_dirty()), (began, false));
    // On the present state u and U are what they are everywhere.
    s.keys("UU");
    assert_eq!(s.model.session.history_len(), (2, 1));
    // The sentence goes first, then the page.
    s.press(KeyCode::Esc).press(KeyCode::Esc);
    assert_eq!(s.model.plot.page, Page::Curve);
}

#[test]
fn commands_are_found_by_words_and_run() {
    let mut s = Story::bundled();
    s.keys(":log");
    let screen = s.screen();
    assert!(screen.contains("y scale") && screen.contains(":log"), "{screen}");
    let rise = s.model.plot.rise;
    s.press(KeyCode::Enter);
    assert!(matches!(s.model.mode, Mode::Normal) && s.model.plot.rise != rise);
    // What cannot run stands there with its reason, and Enter does nothing.
    s.keys(":sensitivity");
    assert!(s.screen().contains("not now: only with a network"), "{}", s.screen());
    s.press(KeyCode::Enter);
    assert!(matches!(s.model.mode, Mode::Palette { .. }));
    s.press(KeyCode::Esc).keys(":save").press(KeyCode::Enter);
    assert!(s.screen().contains("export to"), "{}", s.screen());
    s.press(KeyCode::Esc).keys(":no such words");
    assert!(s.screen().contains("no command has these words"), "{}", s.screen());
    s.press(KeyCode::Enter).press(KeyCode::Esc);
    // Arrows choose among what was found; the last one is the end.
    s.keys(":").press(KeyCode::Down).press(KeyCode::Up).press(KeyCode::Up).press(KeyCode::PageDown);
    assert!(matches!(s.model.mode, Mode::Palette { at: 11, .. }), "a page of twelve rows less one");
    // The same in the help.
    s.press(KeyCode::Esc).keys("?revert");
    s.press(KeyCode::Enter);
    assert!(matches!(s.model.mode, Mode::Help { .. }), "nothing to undo yet");
    s.press(KeyCode::Esc).keys("1?revert").press(KeyCode::Enter);
    assert_eq!(s.model.session.history_len(), (0, 1), "{}", s.notice());
    s.keys("?").press(KeyCode::Enter);
    assert!(matches!(s.model.mode, Mode::Normal));
}

#[test]
fn palette_and_changes_are_drawn_at_any_size() {
    let mut s = Story::bundled();
    s.keys("%4");
    for (width, height) in [(200, 60), (80, 24), (60, 20), (40, 12), (20, 5), (1, 1), (0, 0)] {
        s.event(crossterm::event::Event::Resize(width, height));
        for keys in ["C", ":save", "?save", "*", "="] {
            s.keys(keys).draw();
            s.press(KeyCode::Esc);
        }
    }
}

#[test]
fn what_is_copied_is_the_number_the_row_the_numpy_or_the_document() {
    let mut s = Story::bundled();
    s.select("06.conv11.hswish");
    let copied = |s: &mut Story, key: &str| {
        s.keys("Y").keys(key);
        match s.cmds.pop() {
            Some(Cmd::Copy { what, text }) => (what, text),
            _ => panic!("nothing was copied: {}", s.notice()),
        }
    };
    assert!({
        s.keys("Y");
        s.screen().contains("copy: n the clip")
    });
    s.press(KeyCode::Esc);
    let amax = s.amax().to_string();
    assert_eq!(copied(&mut s, "n"), (format!("clip {amax}"), Some(amax.clone())));
    let (_, row) = copied(&mut s, "r");
    let row = row.unwrap();
    let lines: Vec<Vec<&str>> = row.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!((lines.len(), lines[0].len(), lines[1].len()), (2, 9, 9), "{row}");
    assert_eq!((lines[1][0], lines[1][5]), ("06.conv11.hswish", amax.as_str()));
    let (_, numpy) = copied(&mut s, "p");
    let scale = s.ready().params().scale();
    assert!(numpy.unwrap().contains(&format!("np.float32({scale}), 0")));
    assert_eq!(copied(&mut s, "d"), ("the document".to_owned(), None));
    s.tell(Msg::Copied { what: "the document".into(), way: "by OSC 52".into() });
    assert_eq!(s.notice(), "the document copied by OSC 52");
    s.keys("Yz");
    assert!(
        s.notice().contains("nothing copied") && !matches!(s.cmds.last(), Some(Cmd::Copy { .. })),
        "{}",
        s.notice()
    );
}

#[test]
fn what_a_prompt_proposes_is_replaced_by_typing() {
    let mut s = Story::bundled();
    s.keys("b4").press(KeyCode::Enter);
    assert_eq!(s.ready().format().to_string(), "int4 symmetric");
    s.keys("b").press(KeyCode::End).keys(" affine").press(KeyCode::Enter);
    assert_eq!(s.ready().format().to_string(), "int4 affine");
}
