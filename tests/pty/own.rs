//! Keys and looks of the user's own, a configuration that is wrong, and what the terminal says of itself.

use std::fs;

use tempfile::{TempDir, tempdir};
use vt100::Color;

use super::read::{loaded, wait_clip};
use super::terminal::{Start, Terminal, find, frames, has};

/// Waits until all is read, whatever it is drawn with.
fn settled(terminal: &Terminal) {
    terminal.wait("all layers read", |screen| {
        has(screen, "clip ")
            .and(has(screen, "saturate"))
            .filter(|()| ["reading", "searching"].iter().all(|busy| has(screen, busy).is_none()))
    });
}

fn configured(text: &str) -> (TempDir, String) {
    let folder = tempdir().unwrap();
    let path = folder.path().join("config.toml");
    fs::write(&path, text).unwrap();
    let path = path.to_string_lossy().into_owned();
    (folder, path)
}

#[test]
fn a_key_of_the_user_s_own_runs_its_command_and_is_shown() {
    let text = "[keys]\nundo = \"ctrl-u\"\nhelp = \"H\"\nquit = [\"Q\", \"ctrl-c\"]\nsuspend = \"none\"\n";
    let (folder, path) = configured(text);
    let mut terminal = Start::qviz(folder.path()).env("QVIZ_CONFIG", &path).run();
    let (_, before) = loaded(&terminal);
    // The footer and the header ask the map.
    terminal.wait("the keys in the footer", |s| has(s, "ctrl-u undo").and(has(s, "H help")).and(has(s, "Q quit")));
    assert!(!terminal.text().contains("? help") && !terminal.text().contains("· u undo"));
    terminal.keys("h");
    terminal.wait("another clip", |screen| super::read::clip(screen).filter(|clip| *clip != before));
    // What was its key does nothing; its new one undoes.
    terminal.keys("u?\x15");
    wait_clip(&terminal, &before);
    terminal.keys("H");
    terminal.wait_for("type to search");
    terminal.keys("takes the last");
    terminal.wait("the help's line", |screen| {
        screen
            .contents()
            .lines()
            .any(|l| l.contains("ctrl-u") && l.contains("Takes the last change back"))
            .then_some(())
    });
    terminal.keys("\x1b");
    terminal.wait_without("type to search");
    terminal.keys("Q");
    assert_eq!(terminal.end().code, 0);
}

#[test]
fn a_broken_configuration_is_told_before_the_screen_is_taken() {
    let (folder, path) = configured("[keys]\nundo = \"x\"\nredo = \"x\"\n");
    let end = Start::qviz(folder.path()).env("QVIZ_CONFIG", &path).run().end();
    assert_eq!(end.code, 2);
    assert!(find(&end.raw, b"\x1b[?1049h").is_none(), "the screen was taken");
    let said = end.screen.contents().replace('\n', "");
    assert!(said.contains("config.toml:3: x is given to undo and to redo."), "{said}");
}

/// How many cells have this colour.
fn inked(screen: &vt100::Screen, (r, g, b): (u8, u8, u8)) -> usize {
    let (rows, columns) = (screen.size().0.get(), screen.size().1.get());
    let cells = (0..rows).flat_map(|y| (0..columns).filter_map(move |x| screen.cell(y, x)));
    cells.filter(|cell| cell.fgcolor() == Color::Rgb(r, g, b)).count()
}

#[test]
fn the_terminal_is_asked_for_its_ground_and_its_answer_types_nothing() {
    let folder = tempdir().unwrap();
    const LIGHT: (u8, u8, u8) = (44, 106, 172);
    const DARK: (u8, u8, u8) = (102, 164, 235);
    for (answer, bars, others) in
        [("\x1b]11;rgb:fdfd/f6f6/e3e3\x07", LIGHT, DARK), ("\x1b]11;rgb:1e1e/1e1e/2e2e\x1b\\", DARK, LIGHT)]
    {
        let mut terminal = Start::qviz(folder.path()).env("COLORTERM", "truecolor").run();
        terminal.wait_state("the question", |state| find(&state.raw, b"\x1b]11;?").map(drop));
        loaded(&terminal);
        // Drawn without the answer, which a slow line brings late.
        assert_eq!(inked(terminal.state().screen(), bars), 0);
        terminal.keys(answer);
        terminal.wait("its colours", |screen| (inked(screen, bars) > 0 && inked(screen, others) == 0).then_some(()));
        // No digit of the answer took a method, no letter opened anything, and nothing is unsaved.
        terminal.keys("q");
        assert_eq!(terminal.end().code, 0);
    }
}

#[test]
fn who_has_chosen_is_not_asked() {
    let folder = tempdir().unwrap();
    for (args, env) in [(&["--theme", "dark"][..], ("A", "")), (&[], ("NO_COLOR", "1")), (&[], ("TERM", "linux"))] {
        let mut terminal = Start::qviz(folder.path()).args(args).env(env.0, env.1).run();
        settled(&terminal);
        terminal.keys("q");
        let end = terminal.end();
        assert_eq!(end.code, 0);
        assert!(find(&end.raw, b"\x1b]11;").is_none(), "{args:?} {env:?}");
    }
}

#[test]
fn keys_are_sent_by_kitty_s_protocol_where_the_terminal_knows_it() {
    let folder = tempdir().unwrap();
    for (name, knows) in [("xterm-kitty", true), ("foot-direct", true), ("xterm-256color", false)] {
        let mut terminal = Start::qviz(folder.path()).env("TERM", name).run();
        settled(&terminal);
        if knows {
            terminal.keys("?");
            terminal.wait_for("type to search");
            terminal.keys("\x1b[27u");
            terminal.wait_without("type to search");
        }
        terminal.keys("q");
        let end = terminal.end();
        assert_eq!(end.code, 0);
        let at = |bytes: &[u8]| find(&end.raw, bytes);
        assert_eq!([at(b"\x1b[>1u").is_some(), at(b"\x1b[<1u").is_some()], [knows; 2], "{name}");
        // Each of a terminal's two screens has keys of its own.
        assert!(!knows || at(b"\x1b[?1049h") < at(b"\x1b[>1u") && at(b"\x1b[<1u") < at(b"\x1b[?1049l"));
    }
}

#[test]
fn a_network_that_is_not_there_is_told_on_the_shell() {
    let folder = tempdir().unwrap();
    let end = Start::program(super::terminal::QVIZ, folder.path()).args(["no.onnx"]).run().end();
    assert_eq!(end.code, 1);
    assert!(super::terminal::has(&end.screen, "no.onnx does not exist; check the path.").is_some());
    assert!(find(&end.raw, b"\x1b[?1049h").is_none(), "the screen was taken");
}

#[test]
fn a_locale_without_utf_8_is_drawn_in_ascii() {
    let folder = tempdir().unwrap();
    let mut terminal = Start::qviz(folder.path()).env("LC_ALL", "C").run();
    settled(&terminal);
    terminal.keys("?");
    terminal.wait_for("type to search");
    terminal.keys("\x1b");
    terminal.wait_without("type to search");
    terminal.keys("q");
    let end = terminal.end();
    assert_eq!(end.code, 0);
    assert!(frames((160, 45), &end.raw).iter().all(|frame| frame.is_ascii()));
}

#[test]
fn every_kind_of_marks_draws_its_own() {
    let folder = tempdir().unwrap();
    for (glyphs, has_one, has_none) in [
        ("octant", '\u{1cd00}'..='\u{1cde5}', '\u{2800}'..='\u{28ff}'),
        ("braille", '\u{2800}'..='\u{28ff}', '\u{1cd00}'..='\u{1cde5}'),
        ("block", '▔'..='▔', '\u{2800}'..='\u{28ff}'),
        ("half", '▀'..='▀', '▁'..='▃'),
    ] {
        let mut terminal = Start::qviz(folder.path()).args(["--glyphs", glyphs]).run();
        settled(&terminal);
        let text = terminal.text();
        assert!(text.chars().any(|c| has_one.contains(&c)), "{glyphs}\n{text}");
        assert!(!text.chars().any(|c| has_none.contains(&c)), "{glyphs}\n{text}");
        terminal.keys("q");
        assert_eq!(terminal.end().code, 0);
    }
}
