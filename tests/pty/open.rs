//! Something else is opened from the screen.

use std::fs;

use tempfile::tempdir;

use super::npy;
use super::read::{clip, loaded};
use super::terminal::{Start, Terminal, has};

fn opens(terminal: &mut Terminal, words: &str) {
    terminal.keys("\x0f");
    terminal.wait_for("open:");
    terminal.keys("\x15");
    terminal.keys(words);
    terminal.keys("\r");
}

#[test]
fn files_are_opened_and_nothing_is_lost() {
    let (folder, state) = (tempdir().unwrap(), tempdir().unwrap());
    fs::write(folder.path().join("my own.npy"), npy::floats(&npy::normal(4096, 1))).unwrap();
    let mut terminal = Start::qviz(folder.path()).state(state.path()).args(["--no-mouse"]).run();
    let (_, before) = loaded(&terminal);
    terminal.keys("HH");
    terminal.wait("another clip", |screen| clip(screen).filter(|c| *c != before));

    // What cannot be opened is said, and the text can be mended.
    opens(&mut terminal, "'my own.npy");
    terminal.wait_for("a quotation mark is not closed");
    terminal.keys("'x\r");
    terminal.wait_for("my own.npyx does not exist");
    terminal.keys("\x1b");
    terminal.wait_without("open:");
    opens(&mut terminal, "qviz 'my own.npy' --bins 512");
    terminal.wait_for("1 layer");
    terminal.wait("its numbers", |screen| has(screen, "4,096 values"));
    // What holds for the terminal stays.
    terminal.wait_for("mouse off");

    // A lesson, and then the bundled data again: what was changed there is offered.
    opens(&mut terminal, "learn 1");
    terminal.wait_for("mouse off");
    terminal.wait_for("One number");
    opens(&mut terminal, "qviz");
    terminal.wait_for("made at ");
    terminal.keys("R");
    terminal.wait_for("1 changed");
    terminal.keys("qq");
    assert_eq!(terminal.end().code, 0);
}
