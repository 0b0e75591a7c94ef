//! The clip in the hand: dragged, put back, undone, written.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::{TempDir, tempdir};

use super::read::{clip, clip_at, line, loaded, wait_clip};
use super::terminal::{Start, Terminal, has};

/// The bundled activations, all read, and where the line stands: column, row of the flag, clip.
fn opened() -> (TempDir, Terminal, (u16, u16), String) {
    let folder = tempdir().unwrap();
    let terminal = Start::qviz(folder.path()).run();
    let (line, clip) = loaded(&terminal);
    (folder, terminal, line, clip)
}

/// The layer that the bundled data opens with.
const LAYER: &str = "06.conv11.hswish";

fn tensor(path: &Path, name: &str) -> Value {
    let document: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    assert_eq!(document["schema"], "qviz.scales/1");
    let tensors = document["tensors"].as_array().unwrap();
    tensors.iter().find(|t| t["name"] == name).unwrap_or_else(|| panic!("no {name} in {document}")).clone()
}

/// Whether `number` is what the screen shows as `shown`.
#[track_caller]
fn same_digits(number: &Value, shown: &str) {
    let decimals = shown.split('.').nth(1).map_or(0, str::len);
    let number = number.as_f64().unwrap();
    assert_eq!(format!("{number:.decimals$}"), shown);
}

#[test]
fn what_is_dragged_is_what_is_written() {
    let (folder, mut terminal, (x, y), before) = opened();
    terminal.press(0, (x, y + 3));
    terminal.wait_for("let go to keep it");
    // The number follows while the button is down.
    terminal.drag_to((x - 9, y + 4));
    let on_the_way = clip_at(&terminal, x - 9);
    terminal.drag_to((x - 17, y + 9));
    let dragged = clip_at(&terminal, x - 17);
    assert!(before != on_the_way && on_the_way != dragged, "{before} {on_the_way} {dragged}");
    terminal.release(0, (x - 17, y + 9));
    terminal.wait_for("1 changed");
    wait_clip(&terminal, &dragged);

    terminal.keys("e");
    terminal.wait_for("export to:");
    terminal.keys("\x15mine.json\r");
    terminal.wait_for("wrote 12 tensors to mine.json");
    let path = folder.path().join("mine.json");
    let written = tensor(&path, LAYER);
    assert_eq!(written["chosen"]["edited"], true);
    same_digits(&written["chosen"]["amax"], &dragged);
    same_digits(&written["chosen"]["clip_max"], &dragged);
    let other = tensor(&path, "01.conv1");
    assert_eq!(other["chosen"]["edited"], false);
    terminal.wait_for("1 changed, saved");

    // The same name again: asked first, and nothing is touched until Enter says so once more.
    let first = fs::read(&path).unwrap();
    terminal.keys("h");
    terminal.wait("another clip", |screen| clip(screen).filter(|c| *c != dragged));
    let nudged = clip(terminal.state().screen()).unwrap();
    terminal.keys("e");
    terminal.wait_for("export to: mine.json");
    terminal.keys("\r");
    terminal.wait_for("is there already");
    assert_eq!(fs::read(&path).unwrap(), first);
    terminal.keys("\r");
    terminal.wait_for("wrote 12 tensors to mine.json");
    same_digits(&tensor(&path, LAYER)["chosen"]["amax"], &nudged);
    let files: Vec<_> = fs::read_dir(&folder).unwrap().map(|f| f.unwrap().file_name()).collect();
    assert_eq!(files, ["mine.json"], "no temporary file stays");

    terminal.keys("q");
    assert_eq!(terminal.end().code, 0);
}

#[test]
fn escape_and_the_right_button_put_it_back() {
    let (_folder, mut terminal, (x, y), before) = opened();
    terminal.press(0, (x, y + 3));
    terminal.drag_to((x + 11, y + 3));
    clip_at(&terminal, x + 11);
    terminal.keys("\x1b");
    terminal.wait_for("put back");
    wait_clip(&terminal, &before);
    // The button is still down: what it does until it comes up moves nothing.
    terminal.drag_to((x + 15, y + 3));
    terminal.release(0, (x + 15, y + 3));

    terminal.press(0, (x, y + 3));
    terminal.drag_to((x - 11, y + 3));
    clip_at(&terminal, x - 11);
    terminal.press(2, (x - 11, y + 3));
    terminal.wait_for("put back");
    wait_clip(&terminal, &before);
    terminal.release(2, (x - 11, y + 3));
    terminal.release(0, (x - 11, y + 3));
    terminal.keys("u");
    terminal.wait_for("nothing to undo");
    assert_eq!(line(terminal.state().screen()), Some((x, y)));
    assert!(has(terminal.state().screen(), "changed").is_none());
    terminal.keys("q");
    assert_eq!(terminal.end().code, 0);
}

#[test]
fn one_drag_is_one_undo() {
    let (_folder, mut terminal, (x, y), before) = opened();
    terminal.press(0, (x, y + 3));
    for step in 1..=12 {
        terminal.drag_to((x - step, y + 3));
    }
    let dragged = clip_at(&terminal, x - 12);
    terminal.release(0, (x - 12, y + 3));
    terminal.wait_for("1 changed");
    terminal.keys("u");
    terminal.wait_for("undone: clip of 06.conv11.hswish");
    wait_clip(&terminal, &before);
    terminal.keys("u");
    terminal.wait_for("nothing to undo");
    terminal.keys("U");
    wait_clip(&terminal, &dragged);
    terminal.keys("u");
    wait_clip(&terminal, &before);
    terminal.keys("q");
    assert_eq!(terminal.end().code, 0, "what was undone needs no question");
}

#[test]
fn the_pointer_may_leave_the_plots() {
    let (_folder, mut terminal, (x, y), _) = opened();
    terminal.press(0, (x, y + 3));
    terminal.drag_to((0, 0));
    // As far to the left as the plots go; the line is beyond the list still.
    let left = terminal.wait("the line far left", |screen| line(screen).map(|l| l.0).filter(|l| *l < x - 20));
    terminal.drag_to((159, 44));
    let right = terminal.wait("the line far right", |screen| line(screen).map(|l| l.0).filter(|r| *r > x));
    assert!(left > 40 && right >= 157, "{left} {right}");
    terminal.keys("\x1b");
    terminal.wait_for("put back");
    terminal.keys("q");
    assert_eq!(terminal.end().code, 0);
}

#[test]
fn a_drag_outlives_other_sizes_of_the_window() {
    let (_folder, mut terminal, (x, y), before) = opened();
    terminal.press(0, (x, y + 3));
    terminal.drag_to((x - 5, y + 3));
    clip_at(&terminal, x - 5);
    for (columns, rows) in [(100, 30), (200, 60), (30, 8), (60, 18), (160, 45)] {
        terminal.resize(columns, rows);
        if (columns, rows) == (30, 8) {
            terminal.wait_for("this one has 30 by 8.");
            // Nothing to hold on to here; the hand is not empty all the same.
            terminal.drag_to((10, 4));
            continue;
        }
        let (x, y) = terminal.wait(&format!("the line on {columns} by {rows}"), |screen| {
            line(screen).filter(|_| has(screen, "let go").is_some() && fills(screen))
        });
        terminal.drag_to((x - 2, y + 2));
        clip_at(&terminal, x - 2);
        terminal.drag_to((x, y + 2));
        clip_at(&terminal, x);
    }
    terminal.drag_to((x - 20, y + 3));
    let dragged = clip_at(&terminal, x - 20);
    terminal.release(0, (x - 20, y + 3));
    terminal.wait_for("1 changed");
    assert_ne!(dragged, before);
    terminal.keys("u");
    wait_clip(&terminal, &before);
    terminal.keys("q");
    assert_eq!(terminal.end().code, 0);
}

/// Whether the last row is drawn: the program knows the new size.
fn fills(screen: &vt100::Screen) -> bool {
    let (rows, columns) = (screen.size().0.get(), screen.size().1.get());
    let last = screen.rows(0, columns).nth(usize::from(rows) - 1).unwrap_or_default();
    last.trim_start().starts_with("let go")
}
