//! Many layers at once, and a command that is found by words, through a terminal.

use tempfile::tempdir;

use super::read::loaded;
use super::terminal::Start;

#[test]
fn marked_layers_take_a_method_as_one_step() {
    let folder = tempdir().unwrap();
    let mut terminal = Start::qviz(folder.path()).run();
    loaded(&terminal);
    terminal.keys("gvv");
    terminal.wait_for("2 marked");
    terminal.keys("%");
    terminal.wait_for("12 layers marked");
    terminal.keys("1");
    terminal.wait_for("12 layers: method max");
    terminal.keys("u");
    terminal.wait_for("undone: method max of 12 layers");
    terminal.keys("=50%\r");
    terminal.wait_for("12 layers: clip 50 % of amax");
    terminal.keys("C");
    terminal.wait_for("as it began");
    // A command by what a user calls it.
    terminal.keys(":revert");
    terminal.wait_for("Takes the last change back");
    terminal.keys("\r");
    terminal.wait_for("undone: clip 50 % of amax of 12 layers");
    terminal.keys("q");
    assert_eq!(terminal.end().code, 0, "what was undone needs no question");
}
