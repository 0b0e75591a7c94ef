//! Every way out gives the terminal back as it was, and loses no choice unasked.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::tempdir;
use vt100::MouseProtocolMode;

use super::read::{clip, loaded};
use super::terminal::{End, QVIZ, Start, Terminal, find, has};

#[track_caller]
fn given_back(end: &End) {
    let text = end.screen.contents();
    assert!(!end.screen.alternate_screen(), "alternate screen\n{text}");
    assert_eq!(end.screen.mouse_protocol_mode(), MouseProtocolMode::None, "{text}");
    assert!(!end.screen.hide_cursor(), "the cursor\n{text}");
    assert!(!end.screen.bracketed_paste(), "bracketed paste\n{text}");
    for mode in ["?1000l", "?1002l", "?1006l", "?2004l", "?1049l", "?25h"] {
        assert!(find(&end.raw, format!("\x1b[{mode}").as_bytes()).is_some(), "{mode} was never sent");
    }
    assert!(end.settings_restored, "raw mode");
}

/// The bundled activations with one edit of the user's.
fn edited(folder: &Path, state: &Path) -> Terminal {
    edited_with(Start::qviz(folder).state(state))
}

fn edited_with(start: Start) -> Terminal {
    let mut terminal = start.run();
    let (_, before) = loaded(&terminal);
    {
        let state = terminal.state();
        let screen = state.screen();
        assert!(screen.alternate_screen() && screen.bracketed_paste() && screen.hide_cursor());
        assert_eq!(screen.mouse_protocol_mode(), MouseProtocolMode::ButtonMotion);
        assert!(find(&state.raw, b"\x1b[?1003h").is_none(), "moves without a button are not asked for");
    }
    assert!(!terminal.settings_restored(), "raw mode while it runs");
    terminal.keys("h");
    terminal.wait("another clip", |screen| clip(screen).filter(|c| *c != before));
    terminal.wait_for("1 changed");
    terminal
}

/// The edit stands in the journal, and the user was told.
#[track_caller]
fn kept(state: &Path, end: &End) {
    let text = end.screen.contents();
    assert!(has(&end.screen, "1 change that no file holds").is_some(), "{text}");
    in_journal(state);
}

#[track_caller]
fn in_journal(state: &Path) {
    let files = fs::read_dir(state.join("qviz")).unwrap().map(|file| file.unwrap().path());
    let journals: Vec<_> = files.filter(|file| file.extension().is_some_and(|e| e == "json")).collect();
    assert_eq!(journals.len(), 1, "{journals:?}");
    let journal: Value = serde_json::from_slice(&fs::read(&journals[0]).unwrap()).unwrap();
    assert_eq!(journal["schema"], "qviz.journal/1");
    assert_eq!(journal["steps"].as_array().unwrap().len(), 1);
    assert_eq!(journal["steps"][0]["edits"][0]["after"]["edited"], true);
}

/// No journal is left.
#[track_caller]
fn nothing_kept(state: &Path) {
    let left = fs::read_dir(state.join("qviz")).map_or(0, |files| {
        files.filter(|file| file.as_ref().unwrap().path().extension().is_some_and(|e| e == "json")).count()
    });
    assert_eq!(left, 0);
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).unwrap().next().is_none()
}

#[test]
fn unsaved_choices_ask_before_leaving() {
    let (folder, state) = (tempdir().unwrap(), tempdir().unwrap());
    let mut terminal = edited(folder.path(), state.path());
    terminal.keys("q");
    terminal.wait_for("Leave with 1 changed layer that no file holds?");
    terminal.keys("\x1b");
    terminal.wait_without("Leave with");
    terminal.keys("q");
    terminal.wait_for("Leave with 1 changed layer that no file holds?");
    terminal.keys("q");
    let end = terminal.end();
    assert_eq!(end.code, 0);
    given_back(&end);
    assert!(is_empty(folder.path()), "leaving on purpose writes nothing");
    nothing_kept(state.path());
}

#[test]
fn the_question_can_export_first() {
    let (folder, state) = (tempdir().unwrap(), tempdir().unwrap());
    let mut terminal = edited(folder.path(), state.path());
    terminal.keys("q");
    terminal.wait_for("Leave with 1 changed layer");
    terminal.keys("e");
    terminal.wait_for("export to:");
    terminal.keys("\r");
    let end = terminal.end();
    assert_eq!(end.code, 0);
    given_back(&end);
    assert!(folder.path().join("scales.json").is_file());
    nothing_kept(state.path());
}

/// Another tool's file holds the scales and not the choices: leaving is no question, and the next run offers them.
#[test]
fn what_only_a_foreign_file_holds_is_left_unasked_and_offered_again() {
    let (folder, state) = (tempdir().unwrap(), tempdir().unwrap());
    let mut terminal = edited(folder.path(), state.path());
    terminal.keys("e");
    terminal.wait_for("export to:");
    terminal.keys("\x15calib.cache\r");
    terminal.wait_for("1 changed, exported");
    terminal.keys("q");
    let end = terminal.end();
    assert_eq!(end.code, 0);
    given_back(&end);
    let text = end.screen.contents();
    assert!(text.contains("1 change kept, whose scales calib.cache holds: qviz on the same data"), "{text}");
    assert!(folder.path().join("calib.cache").is_file());
    in_journal(state.path());
    let mut again = Start::qviz(folder.path()).state(state.path()).run();
    again.wait_for("1 change made at ");
    again.keys("R");
    again.wait_for("1 change taken up");
    // Exported first at the question, it is kept as well.
    again.keys("q");
    again.wait_for("Leave with 1 changed layer");
    again.keys("e");
    again.wait_for("export to:");
    again.keys("\x15again.cache\r");
    let end = again.end();
    assert!(end.screen.contents().contains("whose scales again.cache holds"), "{}", end.screen.contents());
    in_journal(state.path());
}

#[test]
fn signals_end_it_and_unsaved_choices_are_kept() {
    for (name, number) in [("TERM", 15), ("HUP", 1), ("INT", 2)] {
        let (folder, state) = (tempdir().unwrap(), tempdir().unwrap());
        let terminal = edited(folder.path(), state.path());
        terminal.signal(name, terminal.pid());
        let end = terminal.end();
        assert_eq!(end.code, 128 + number, "SIG{name}");
        given_back(&end);
        kept(state.path(), &end);
        assert!(is_empty(folder.path()), "nothing is put among the user's files");
    }
}

#[test]
fn a_signal_in_the_middle_of_a_drag_keeps_what_was_chosen_before() {
    let folder = tempdir().unwrap();
    let mut terminal = Start::qviz(folder.path()).run();
    let ((x, y), _) = loaded(&terminal);
    terminal.press(0, (x, y + 3));
    terminal.drag_to((x - 7, y + 3));
    super::read::clip_at(&terminal, x - 7);
    terminal.signal("TERM", terminal.pid());
    let end = terminal.end();
    assert_eq!(end.code, 143);
    given_back(&end);
    assert!(is_empty(folder.path()), "what was never let go was never chosen");
}

#[test]
fn a_signal_without_unsaved_choices_writes_nothing() {
    let folder = tempdir().unwrap();
    let terminal = Start::qviz(folder.path()).run();
    loaded(&terminal);
    terminal.signal("TERM", terminal.pid());
    let end = terminal.end();
    assert_eq!(end.code, 143);
    given_back(&end);
    assert_eq!(end.screen.contents().trim(), "");
    assert!(is_empty(folder.path()));
}

#[test]
fn a_terminal_that_goes_away_loses_nothing() {
    let (folder, state) = (tempdir().unwrap(), tempdir().unwrap());
    let terminal = edited(folder.path(), state.path());
    let code = terminal.hang_up("\t");
    // As SIGHUP would end it, or with an error where a frame could not be written any more.
    assert!([129, 1].contains(&code), "{code}");
    in_journal(state.path());
}

/// After F12 the program panics in its next frame when a variable asks for it, in builds with debug assertions only.
#[cfg(debug_assertions)]
#[test]
fn a_panic_gives_the_terminal_back_and_keeps_unsaved_choices() {
    let (folder, state) = (tempdir().unwrap(), tempdir().unwrap());
    let mut terminal = edited_with(Start::qviz(folder.path()).state(state.path()).env("QVIZ_TEST_PANIC", "1"));
    terminal.keys("\x1b[24~\t");
    let end = terminal.end();
    assert_eq!(end.code, 101);
    given_back(&end);
    kept(state.path(), &end);
    let text = end.screen.contents();
    assert!(text.contains("asked for by QVIZ_TEST_PANIC"), "{text}");
    // The message came after the terminal was given back, or nobody could have read it.
    let (message, back) = (find(&end.raw, b"QVIZ_TEST_PANIC").unwrap(), find(&end.raw, b"\x1b[?1049l").unwrap());
    assert!(back < message, "{text}");
    // It happened in the middle of a frame. What there was of it must not follow, least of all its beginning, which
    // holds the screen still.
    assert!(find(&end.raw[back..], b"\x1b[?2026h").is_none(), "{text}");
    // In cooked mode, so that its lines begin at the left.
    assert!(end.raw[message..].contains(&b'\r'), "{text}");
}

#[test]
fn wrong_usage_never_takes_the_terminal() {
    let folder = tempdir().unwrap();
    let end = Start::qviz(folder.path()).args(["--bits", "9"]).run().end();
    assert_eq!(end.code, 2);
    assert!(find(&end.raw, b"\x1b[?1049h").is_none() && end.settings_restored);
    assert!(has(&end.screen, "2 to 8, or 16").is_some(), "{}", end.screen.contents());
}

#[test]
fn a_path_that_is_not_there_is_told_on_the_screen() {
    let folder = tempdir().unwrap();
    let mut terminal = Start::qviz(folder.path()).args(["nowhere/acts"]).run();
    terminal.wait("the path and what is wrong", |screen| has(screen, "nowhere/acts").and(has(screen, "1 unreadable")));
    terminal.keys("q");
    let end = terminal.end();
    given_back(&end);
    assert_eq!(end.code, 0);
}

/// Without a terminal to take, the program says so and touches nothing.
#[cfg(target_os = "linux")]
#[test]
fn an_error_is_a_sentence_and_an_exit_code() {
    let folder = tempdir().unwrap();
    // A session of its own has no terminal of its own, although the output is one.
    let script = format!("setsid -w '{QVIZ}' </dev/null; echo code $?");
    let end = Start::program("sh", folder.path()).args(["-c", &script]).run().end();
    let text = end.screen.contents();
    assert!(text.contains("qviz: ") && text.contains("code 1"), "{text}");
    assert!(!end.screen.alternate_screen() && !end.screen.hide_cursor() && end.settings_restored, "{text}");
}

#[test]
fn a_pattern_that_fits_no_layer_leaves_at_once() {
    let folder = tempdir().unwrap();
    let end = Start::qviz(folder.path()).args(["--skip", "hswsh"]).run().end();
    given_back(&end);
    assert_eq!(end.code, 2);
    assert!(end.screen.contents().contains("--skip hswsh fits no layer; nearly so are called"));
}
