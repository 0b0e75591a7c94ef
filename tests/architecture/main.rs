//! The house keeps its walls: imports point one way, and the pure rooms do no IO.

mod circles;
mod imports;
mod source;

use std::collections::BTreeSet;
use std::path::Path;

use circles::Knows;
use imports::imports;
use source::{Source, library};

/// The rooms in their order, each with those before it that it may know.
const ROOMS: &[(&str, &[&str])] = &[
    ("quant", &[]),
    ("histogram", &[]),
    ("calibrate", &["quant", "histogram"]),
    ("session", &["quant", "histogram", "calibrate"]),
    ("figure", &["quant", "histogram", "calibrate", "session"]),
    ("input", &[]),
    ("model", &["quant", "input"]),
    ("statistics", &["histogram", "session"]),
    ("jobs", &["quant", "histogram", "calibrate", "session", "input", "model", "statistics"]),
    ("report", &["quant", "histogram", "calibrate", "session", "figure"]),
    ("lessons", &["quant", "histogram", "calibrate", "session", "figure", "report"]),
    ("exchange", &["quant", "session", "report"]),
    ("check", &["quant", "session", "input", "report", "exchange"]),
    ("qdq", &["quant", "session", "model", "report", "exchange"]),
    ("journal", &["quant", "session", "report"]),
    (
        "tui",
        &["quant", "histogram", "calibrate", "session", "figure", "jobs", "report", "lessons", "exchange", "journal"],
    ),
    (
        "cli",
        &[
            "quant",
            "histogram",
            "calibrate",
            "session",
            "figure",
            "input",
            "model",
            "statistics",
            "jobs",
            "report",
            "lessons",
            "exchange",
            "check",
            "qdq",
            "journal",
            "tui",
        ],
    ),
];

/// Rooms that compute and nothing else.
const PURE: &[&str] = &["quant", "histogram", "calibrate", "session", "figure", "lessons"];

/// The files of `tui`, beside the folders `update`, `view`, `plot` and `command`, that hold or read the model.
const STATE: &[&str] = &[
    "ask",
    "available",
    "drawn",
    "graph",
    "key",
    "layout",
    "learn",
    "line",
    "list",
    "mode",
    "model",
    "network",
    "plotted",
    "seen",
    "taking",
    "taught",
    "training",
];

const OUTSIDE: &[&str] = &[
    "std::fs",
    "std::io",
    "std::env",
    // A `Duration` is a number; these are clocks.
    "Instant",
    "SystemTime",
    "std::thread",
    "std::process",
    "std::net",
    "println!",
    "eprintln!",
];

/// The files of a room.
fn room<'a>(sources: &'a [Source], room: &str) -> impl Iterator<Item = &'a Source> {
    sources.iter().filter(move |s| s.module.first().is_some_and(|first| first == room))
}

#[test]
fn imports_point_one_way() {
    let sources = library();
    let rooms: Vec<&str> = ROOMS.iter().map(|(room, _)| *room).collect();
    for (name, known) in ROOMS {
        assert!(room(&sources, name).count() > 0, "the room {name} is gone");
        for source in room(&sources, name) {
            for path in imports(source, |path| sources.iter().any(|s| s.module == path)).used {
                let Some(other) = path.first().map(String::as_str).filter(|first| rooms.contains(first)) else {
                    continue;
                };
                assert!(other == *name || known.contains(&other), "{} knows {other}", source.path.display());
            }
            if *name != "tui" && *name != "cli" {
                for terminal in ["ratatui", "crossterm", "clap"] {
                    assert!(!source.code.contains(terminal), "{} knows {terminal}", source.path.display());
                }
            }
        }
    }
}

/// Files that know each other in a circle all the same; nothing is to be added.
const CIRCLES: &[&[&str]] = &[];

#[test]
fn files_of_a_room_know_each_other_in_no_circle() {
    let knows = Knows::of(&library());
    let circles = knows.circles();
    let names = |circle: &BTreeSet<Vec<String>>| circle.iter().map(|module| module.join("/")).collect::<Vec<_>>();
    let within =
        |circle: &BTreeSet<Vec<String>>, known: &[&str]| names(circle).iter().all(|f| known.contains(&f.as_str()));
    let new = circles.iter().filter(|circle| !CIRCLES.iter().any(|known| within(circle, known)));
    let new: String = new.map(|circle| format!("a circle:\n{}", knows.steps(circle))).collect();
    assert!(new.is_empty(), "{new}");
    for known in CIRCLES {
        assert!(circles.iter().any(|circle| within(circle, known)), "{known:?} is gone: take it out of the list");
    }
}

fn no_io<'a>(sources: impl Iterator<Item = &'a Source>) {
    for source in sources {
        for outside in OUTSIDE {
            assert!(!source.code.contains(outside), "{} uses {outside}", source.path.display());
        }
    }
}

#[test]
fn the_pure_rooms_do_no_io() {
    let sources = library();
    PURE.iter().for_each(|name| no_io(room(&sources, name)));
}

/// `update` does no IO either: what is to be done outside the model is a command.
#[test]
fn the_screen_s_state_changes_without_io() {
    let sources = library();
    for file in ["update", "view", "plot", "command"].iter().chain(STATE) {
        let mut found = room(&sources, "tui").filter(|s| s.module.get(1).is_some_and(|m| m == file)).peekable();
        assert!(found.peek().is_some(), "tui/{file} is gone");
        no_io(found);
    }
}

/// The list above, the picture in `lib.rs` and the one in the documentation show one order, and nobody knows a later room.
#[test]
fn the_rooms_stand_in_one_order() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let rooms: Vec<&str> = ROOMS.iter().map(|(room, _)| *room).collect();
    for (place, (room, known)) in ROOMS.iter().enumerate() {
        assert!(known.iter().all(|other| rooms[..place].contains(other)), "{room} knows a later room");
    }
    for (file, arrow) in [("src/lib.rs", " -> "), ("docs/architecture.md", " → ")] {
        let text = std::fs::read_to_string(root.join(file)).unwrap();
        let picture = rooms.join(arrow);
        assert!(text.lines().any(|line| line.ends_with(&picture)), "{file} does not show {picture}");
    }
}

#[test]
fn every_room_is_listed() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in std::fs::read_dir(src).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_dir()) {
        let name = entry.file_name().unwrap().to_string_lossy().into_owned();
        assert!(ROOMS.iter().any(|(room, _)| *room == name), "{name} stands in no list");
    }
}
