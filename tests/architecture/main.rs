//! The house keeps its walls: imports point one way, and the pure rooms do no IO.

use std::path::{Path, PathBuf};

/// The rooms, each with those it may know.
const ROOMS: &[(&str, &[&str])] = &[
    ("quant", &[]),
    ("histogram", &[]),
    ("calibrate", &["quant", "histogram"]),
    ("session", &["quant", "histogram", "calibrate"]),
    ("input", &[]),
    ("model", &["quant", "histogram", "calibrate", "input"]),
    ("jobs", &["quant", "histogram", "calibrate", "session", "input", "model"]),
    ("report", &["quant", "histogram", "calibrate", "session", "input"]),
    ("tui", &["quant", "histogram", "calibrate", "session", "input", "jobs", "report"]),
    ("cli", &["quant", "histogram", "calibrate", "session", "input", "model", "jobs", "report", "tui"]),
];

/// Rooms that compute and nothing else.
const PURE: &[&str] = &["quant", "histogram", "calibrate", "session"];

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

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()) {
        if entry.is_dir() {
            files.extend(sources(&entry));
        } else if entry.extension().is_some_and(|e| e == "rs") {
            files.push(entry);
        }
    }
    files
}

/// A file without its tests and comments.
fn code(file: &Path) -> String {
    let text = std::fs::read_to_string(file).unwrap();
    let text = text.split("\n#[cfg(test)]").next().unwrap();
    text.lines().filter(|l| !l.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[test]
fn imports_point_one_way() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for (room, known) in ROOMS {
        let files = sources(&src.join(room));
        assert!(!files.is_empty(), "the room {room} is gone");
        for file in files {
            let code = code(&file);
            for (other, _) in ROOMS.iter().filter(|(other, _)| other != room && !known.contains(other)) {
                assert!(!code.contains(&format!("crate::{other}")), "{} knows {other}", file.display());
            }
            if *room != "tui" && *room != "cli" {
                for terminal in ["ratatui", "crossterm", "clap"] {
                    assert!(!code.contains(terminal), "{} knows {terminal}", file.display());
                }
            }
        }
    }
}

#[test]
fn the_pure_rooms_do_no_io() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for room in PURE {
        for file in sources(&src.join(room)) {
            let code = code(&file);
            for outside in OUTSIDE {
                assert!(!code.contains(outside), "{} uses {outside}", file.display());
            }
        }
    }
}

/// `update` does no IO either: what is to be done outside the model is a command.
#[test]
fn the_screen_s_state_changes_without_io() {
    let tui = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tui");
    let mut files = sources(&tui.join("update"));
    files.extend(sources(&tui.join("view")));
    files.extend(["scene.rs", "layout.rs", "model.rs", "command/mod.rs"].map(|f| tui.join(f)));
    for file in files {
        let code = code(&file);
        for outside in OUTSIDE {
            assert!(!code.contains(outside), "{} uses {outside}", file.display());
        }
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
