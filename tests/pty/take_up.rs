//! Work that is taken up again: after the program was killed, and from a document.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::tempdir;

use super::read::{clip, loaded};
use super::terminal::{Start, Terminal, has};

fn document(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// What is chosen for each tensor of a document.
fn chosen(path: &Path) -> Vec<Value> {
    document(path)["tensors"].as_array().unwrap().iter().map(|t| t["chosen"].clone()).collect()
}

/// Exports to a name.
fn export(terminal: &mut Terminal, name: &str) {
    terminal.keys("e");
    terminal.wait_for("export to:");
    terminal.keys("\x15");
    terminal.keys(name);
    terminal.keys("\r");
    terminal.wait_for(&format!("wrote 12 tensors to {name}"));
}

/// Two clips of two layers, a format, and a method for a third.
fn edit(terminal: &mut Terminal) {
    let (_, before) = loaded(terminal);
    terminal.keys("HHl");
    terminal.wait("another clip", |screen| clip(screen).filter(|c| *c != before));
    terminal.keys("j1");
    terminal.wait_for("2 changed");
    terminal.keys("jb");
    terminal.wait_for("format: ");
    terminal.keys("\x15uint4\r");
    terminal.wait_for("3 changed");
}

#[test]
fn a_program_that_was_killed_loses_nothing() {
    let (folder, state) = (tempdir().unwrap(), tempdir().unwrap());
    let start = || Start::qviz(folder.path()).state(state.path());
    let mut first = start().run();
    edit(&mut first);
    // As it was edited, in a file that the program does not know to hold it.
    let journal = || {
        let files = fs::read_dir(state.path().join("qviz")).unwrap().map(|f| f.unwrap().path());
        let file = files.into_iter().find(|f| f.extension().is_some_and(|e| e == "json"));
        file.and_then(|f| Some(document(&f)["steps"].as_array()?.len()))
    };
    super::read::until("the journal holds all steps", || journal() == Some(3));
    first.signal("KILL", first.pid());
    first.end();

    let mut second = start().run();
    second.wait_for("3 changes made at ");
    second.wait_for("that no file holds?");
    second.keys("R");
    second.wait_for("3 changes taken up");
    second.wait_for("3 changed");
    loaded(&second);
    export(&mut second, "taken.json");
    // Undo goes back over what was taken up.
    second.keys("u");
    second.wait_for("2 changed");
    second.keys("uu");
    second.wait_for("0 changed");
    second.keys("UUU");
    second.wait_for("3 changed");
    export(&mut second, "again.json");
    second.keys("q");
    assert_eq!(second.end().code, 0);
    assert_eq!(chosen(&folder.path().join("taken.json")), chosen(&folder.path().join("again.json")));

    // The same edits by hand, and what they lead to.
    let other = tempdir().unwrap();
    let mut by_hand = Start::qviz(other.path()).run();
    edit(&mut by_hand);
    loaded(&by_hand);
    export(&mut by_hand, "by_hand.json");
    by_hand.keys("q");
    by_hand.end();
    assert_eq!(
        fs::read_to_string(other.path().join("by_hand.json")).unwrap(),
        fs::read_to_string(folder.path().join("taken.json")).unwrap(),
        "equal to what was edited"
    );

    // All of it stands in a file now: nothing is offered any more.
    let mut third = start().run();
    loaded(&third);
    assert!(has(third.state().screen(), "no file holds").is_none());
    third.keys("q");
    assert_eq!(third.end().code, 0);
}

#[test]
fn what_was_left_can_be_dropped_or_kept_for_later() {
    let (folder, state) = (tempdir().unwrap(), tempdir().unwrap());
    let start = || Start::qviz(folder.path()).state(state.path());
    let mut first = start().run();
    let (_, before) = loaded(&first);
    first.keys("h");
    first.wait("another clip", |screen| clip(screen).filter(|c| *c != before));
    first.signal("TERM", first.pid());
    assert_eq!(first.end().code, 143);

    let mut later = start().run();
    later.wait_for("1 change made at ");
    later.keys("\x1b");
    later.wait_for("kept for later");
    // A second program on the same data keeps its own.
    let mut beside = start().run();
    beside.wait_for("another qviz has the same data open");
    beside.keys("q");
    assert_eq!(beside.end().code, 0);
    later.keys("q");
    assert_eq!(later.end().code, 0);

    let mut again = start().run();
    again.wait_for("1 change made at ");
    again.keys("D");
    again.wait_for("1 change dropped");
    again.keys("q");
    assert_eq!(again.end().code, 0);
    let last = start().run();
    loaded(&last);
    assert!(has(last.state().screen(), "no file holds").is_none());
}

#[test]
fn a_document_is_taken_up_on_the_screen() {
    let folder = tempdir().unwrap();
    let mut first = Start::qviz(folder.path()).run();
    edit(&mut first);
    export(&mut first, "mine.json");
    first.keys("q");
    first.end();

    let mut second = Start::qviz(folder.path()).args(["--scales", "mine.json"]).run();
    second.wait_for("12 tensors taken up");
    second.wait_for("3 changed");
    // Nothing is unsaved, and the file that was opened is the one that is proposed.
    second.keys("e");
    second.wait_for("export to: mine.json");
    second.keys("\r");
    second.wait_for("is there already");
    second.keys("\r");
    second.wait_for("wrote 12 tensors to mine.json");
    second.keys("u");
    second.wait_without("3 changed");
    second.keys("q");
    second.wait_for("that no file holds?");
    second.keys("q");
    assert_eq!(second.end().code, 0);
}
