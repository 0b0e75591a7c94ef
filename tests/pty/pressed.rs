//! What is pressed with the mouse, by the bytes that a terminal sends: hints, methods' marks and rows, layers, tabs, rows of
//! pages and of what lies over the screen.

use tempfile::tempdir;
use vt100::Screen;

use super::read::{clip, loaded, wait_clip};
use super::terminal::{Start, Terminal, has};

/// Where a text stands in the first or last row that holds it: the cell of its first letter.
fn place(screen: &Screen, text: &str, last: bool) -> Option<(u16, u16)> {
    let (rows, columns) = (screen.size().0.get(), screen.size().1.get());
    let found = |y: u16| {
        // A cell each, so that what stands before it counts columns and not letters.
        let row: Vec<String> = (0..columns)
            .map(|x| screen.cell(y, x).map_or(" ".to_owned(), |cell| cell.contents().to_owned()))
            .map(|cell| if cell.is_empty() { " ".to_owned() } else { cell })
            .collect();
        (0..columns).find(|x| row[usize::from(*x)..].concat().starts_with(text)).map(|x| (x, y))
    };
    if last { (0..rows).rev().find_map(found) } else { (0..rows).find_map(found) }
}

fn press(terminal: &mut Terminal, text: &str, last: bool) {
    let at = terminal.wait(&format!("{text:?} to press"), |screen| place(screen, text, last));
    terminal.press(0, at);
    terminal.release(0, at);
}

fn opened() -> (tempfile::TempDir, Terminal, String) {
    let folder = tempdir().unwrap();
    let terminal = Start::qviz(folder.path()).run();
    let (_, clip) = loaded(&terminal);
    (folder, terminal, clip)
}

#[test]
fn hints_marks_rows_and_tabs_do_what_they_name() {
    let (_folder, mut terminal, before) = opened();
    // A method by its row of the numbers, and by its name at the axis.
    press(&mut terminal, "max  ", true);
    let of_max = terminal.wait("the clip of max", |screen| clip(screen).filter(|clip| *clip != before));
    terminal.wait_for("changed");
    press(&mut terminal, "99 %", false);
    terminal.wait("the clip of coverage", |screen| clip(screen).filter(|clip| *clip != of_max));
    // Hints: undo twice, whatever of the hint is pressed.
    for word in ["u undo", "undo"] {
        terminal.keys("\x1b");
        terminal.wait_for("u undo");
        press(&mut terminal, word, true);
        terminal.wait_for("undone: ");
    }
    wait_clip(&terminal, &before);
    // A tab of the curves, a layer, the order of the list.
    press(&mut terminal, "MSE, x²", false);
    terminal.wait_for("rounding --");
    press(&mut terminal, "04.conv3.dw", false);
    terminal.wait_for("04.conv3.dw  5x24x6x96  ");
    press(&mut terminal, "in order", false);
    terminal.wait_for("layers worst SQNR first");
    // A page by its hint; what the header shows.
    terminal.keys("\x1b");
    terminal.wait_for("c compare");
    press(&mut terminal, "compare", true);
    terminal.wait_for("why they differ");
    press(&mut terminal, "? help", false);
    terminal.wait_for("type to search");
    terminal.keys("legend");
    terminal.wait_for("commands");
    press(&mut terminal, "Esc back to the screen", true);
    terminal.wait_without("type to search");
    terminal.keys("q");
    assert_eq!(terminal.end().code, 0);
}

#[test]
fn rows_over_the_screen_and_answers_of_questions_can_be_pressed() {
    let (_folder, mut terminal, _) = opened();
    // The palette runs the row that is pressed.
    terminal.keys(":fake");
    press(&mut terminal, "fake-quantized", false);
    terminal.wait_for("━ fake-quantized");
    // So does the help.
    terminal.keys("?mapping");
    terminal.wait_for("commands");
    press(&mut terminal, "Draws how floats map", false);
    terminal.wait_for("float to int8");
    // A change of the list, and back to it.
    terminal.keys("mfh=1\r=2\r=3\rC");
    terminal.wait_for("as it began");
    press(&mut terminal, "as it began", false);
    terminal.keys("u");
    terminal.wait_for("changes undone");
    terminal.keys("U");
    terminal.wait_for("1 changed");
    // The question before leaving.
    terminal.keys("q");
    press(&mut terminal, "Esc stay", true);
    terminal.wait_without("that no file holds?");
    terminal.keys("Y");
    press(&mut terminal, "n the clip", true);
    terminal.wait_for(" copied by OSC 52");
    terminal.keys("q");
    press(&mut terminal, "leave without", true);
    assert_eq!(terminal.end().code, 0);
}

#[test]
fn notes_are_read_whole_and_what_is_at_work_is_listed() {
    let (_folder, mut terminal, _) = opened();
    terminal.keys("K");
    terminal.wait("the notes", |screen| has(screen, "notes ").and(has(screen, "the next layer's")));
    terminal.keys("&");
    terminal.wait_for("nothing goes on in the background");
    terminal.keys("S");
    terminal.wait_for("nothing is running");
    terminal.keys("q");
    assert_eq!(terminal.end().code, 0);
}
