//! What somebody who learns asks of the instrument: where the curve is least, what becomes of one value, and the sum that was
//! worked out by hand.
#![cfg(feature = "tui")]

mod support;

use crossterm::event::{Event, KeyCode, MouseButton, MouseEventKind};
use qviz::quant::{Clip, Format};
use qviz::tui::update::layout;
use support::Story;

const LAYER: &str = "06.conv11.hswish";

fn story() -> Story {
    let mut story = Story::bundled();
    story.select(LAYER);
    story
}

/// A minimum is one of the curve, not of a screen's columns.
#[test]
fn minima_are_the_same_at_every_width() {
    let reached = |size: (u16, u16), keys: &str, curve: &str| {
        let mut s = Story::of(qviz::cli::bundled(), Format::INT8, size);
        s.select(LAYER).keys("1");
        s.keys(curve).keys(keys);
        let least = s.model.figure().unwrap().curve.best.unwrap();
        (s.amax().to_bits(), least)
    };
    for curve in ["\t", "\t\t", ""] {
        for keys in ["p", "pp", "HHHHHHHHn", "HHHHHHHHnn"] {
            let narrow = reached((80, 24), keys, curve);
            assert_eq!(narrow, reached((100, 30), keys, curve), "{keys} {curve:?}");
            assert_eq!(narrow, reached((160, 45), keys, curve), "{keys} {curve:?}");
        }
    }
    // From the largest value down there is the least of all, as the title says.
    let mut s = story();
    s.press(KeyCode::Tab).keys("1ppppppppp");
    let (least, at) = s.model.figure().unwrap().curve.best.unwrap();
    s.keys("=").event(Event::Paste(format!("{at}\n"))).press(KeyCode::Enter);
    assert_eq!(s.ready().metrics().mse, least);
    for step in 1..400 {
        let clip = Clip::symmetric(s.ready().stats().amax() * step as f32 / 400.0);
        assert!(s.model.figure().unwrap().tensor.metrics(clip).mse >= least * 0.999);
    }
}

#[test]
fn a_value_s_way_is_told_where_it_is_inspected() {
    let mut s = story();
    s.keys("=").event(Event::Paste("2.54\n".into())).press(KeyCode::Enter);
    assert!(!s.screen().contains("code "));
    s.keys(")");
    let shown = s.model.plot.inspect.expect("a value is inspected");
    assert!(s.screen().contains(" ▸ code 1"), "{}", s.screen());
    s.keys("((((((((((");
    assert!(s.model.plot.inspect.unwrap() < shown && s.screen().contains(" ▸ code "));
    // In the mapping there is always one; it moves by eighths of a step, and by whole ones.
    s.press(KeyCode::Esc).keys("m");
    assert!(s.model.plot.inspect.is_none() && s.screen().contains("rounded"));
    let before = s.model.traced().unwrap();
    s.keys("}");
    assert!((s.model.traced().unwrap() - before - 0.02).abs() < 1e-4, "one step is 0.02");
    s.keys(")");
    assert!((s.model.traced().unwrap() - before - 0.0225).abs() < 1e-4);
    for _ in 0..500 {
        s.keys("}");
    }
    assert!(s.screen().contains("clamped 127") && s.screen().contains("(clipped)"), "{}", s.screen());
    s.press(KeyCode::Esc);
    // And by the mouse: on the neighbourhood's own axis, and along it while the button is down.
    let areas = layout(&s.model).unwrap();
    let y = areas.lower.bottom() - 4;
    let (before, x) = (s.model.traced().unwrap(), areas.lower.x + 10);
    s.mouse_at(MouseEventKind::Down(MouseButton::Left), x, y);
    let pressed = s.model.traced().unwrap();
    assert!(pressed < before && before - pressed < 0.5, "{before} {pressed}");
    s.mouse_at(MouseEventKind::Drag(MouseButton::Left), x + 3, y);
    assert!(s.model.traced().unwrap() > pressed);
}

/// The case that articles work out by hand, from a file that a hand has typed.
#[test]
fn counts_typed_by_hand_give_the_numbers_worked_out_by_hand() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("eight.json");
    std::fs::write(&path, r#"{"hist": [1, 0, 2, 3, 5, 3, 1, 7]}"#).unwrap();
    let mut s = Story::of_paths(&[path], Format::named("int3").unwrap());
    assert_eq!(s.ready().histogram().magnitude.pos, [1, 0, 2, 3, 5, 3, 1, 7]);
    let method = |s: &mut Story, name: &str| {
        let at = s.ready().candidates().iter().position(|c| c.id == name);
        s.keys(&(at.expect("it is computed") + 1).to_string());
    };
    method(&mut s, "entropy");
    assert_eq!(s.amax(), 8.0);
    assert!((s.ready().metrics().kl.unwrap() - 0.137_351).abs() < 5e-7);
    let notes = s.model.selected().unwrap().notes().join(" ");
    assert!(notes.contains("begins at bin 4") && notes.contains("bin 0 counts 0"), "{notes}");
}
