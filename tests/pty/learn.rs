//! From `qviz learn` to the end of the fifth lesson, as a learner would go.

use std::fs;

use tempfile::tempdir;

use super::terminal::{Start, Terminal};
use vt100::Screen;

/// What is answered, in order; each is right.
const ANSWERS: &[&str] = &[
    // One number.
    "3",
    "0.75",
    "1.5",
    "1",
    "-128", //
    // One outlier.
    "3",
    "1",
    "2",
    "3", //
    // Saturate on purpose.
    "2.146",
    "2",
    "2",
    "3", //
    // 99 %.
    "2",
    "1",
    "4",
    "2", //
    // KL by hand.
    "6 16",
    "3 4",
    "2 0 2 2 4 4 4 4",
    "-0.0315",
    "-0.0315 0 0 0.0553",
    "0.0507 -0.0392 -0.063 0.1781",
    "0.1503",
    "1 5 8 8",
    "1 0 2.5 2.5 4 4 4 4",
    "1",
];

/// Where the learner is: the panel's title with the step, its mark (`?`, `○`, `●`), and whether an answer is being typed.
type Place = (String, char, bool);

fn place(screen: &Screen) -> Option<Place> {
    let text = screen.contents();
    if text.contains("opens a lesson") {
        return Some(("the list".into(), ' ', false));
    }
    let mut lines = text.lines();
    let title = lines.find(|line| line.starts_with("─ ") && line.contains('/'))?.to_owned();
    let title: String = title.chars().take(36).collect();
    // In the panel's second column: marks like these stand in the plots beside it too.
    let mark = text.lines().find_map(|line| {
        let mut chars = line.strip_prefix(' ')?.chars();
        chars.next().filter(|c| "?○●".contains(*c) && chars.next() == Some(' '))
    })?;
    Some((title, mark, text.contains("your answer:")))
}

/// Waits until the learner is somewhere else.
fn on(terminal: &Terminal, from: &Place) -> Place {
    terminal.wait("another step", |screen| place(screen).filter(|to| to != from))
}

/// Who leaves in the middle is told where the lesson goes on, and it does.
#[test]
fn a_lesson_that_is_left_goes_on_where_it_was() {
    let (folder, state) = (tempdir().unwrap(), tempdir().unwrap());
    let start = |lang: &'static str| {
        Start::qviz(folder.path()).state(state.path()).size(100, 30).args(["learn", "6", "--lang", lang])
    };
    let leave = |mut terminal: Terminal| {
        terminal.wait_for("your answer:");
        terminal.keys("\x1b");
        terminal.wait_without("your answer:");
        terminal.keys("q");
        let end = terminal.end();
        assert_eq!(end.code, 0);
        end.screen.contents()
    };
    let mut terminal = start("en").run();
    terminal.wait_for(" 1/8 ");
    terminal.wait_for("Enter goes on");
    terminal.keys("\r");
    terminal.wait_for(" 2/8 ");
    let said = leave(terminal);
    assert!(said.contains("Lesson 6 goes on at step 2 of 8: qviz learn 6"), "{said}");
    let terminal = start("en").run();
    terminal.wait_for(" 2/8 ");
    leave(terminal);
}

/// A lesson on a network that is taken up in its middle stands where its step says, not where the lesson begins.
#[cfg(feature = "onnx")]
#[test]
fn a_lesson_on_a_network_is_taken_up_on_the_placement_of_its_step() {
    let (folder, state) = (tempdir().unwrap(), tempdir().unwrap());
    fs::create_dir(state.path().join("qviz")).unwrap();
    fs::write(state.path().join("qviz/learn"), "qviz.learn/1\n08-where-to-quantize 4 begun\n").unwrap();
    let start = Start::qviz(folder.path()).state(state.path()).size(100, 30);
    let mut terminal = start.args(["learn", "8", "--lang", "en"]).run();
    terminal.wait_for("float: 0 of 2.");
    // What stands between two convolutions runs in float, on `inputs`; on `all` each has a pair before it.
    terminal.wait_for(" Add → Clip → Mul");
    terminal.keys("q");
    assert_eq!(terminal.end().code, 0);
}

#[test]
fn from_the_list_to_the_end_of_lesson_five() {
    let (folder, state) = (tempdir().unwrap(), tempdir().unwrap());
    let start = Start::qviz(folder.path()).state(state.path()).size(100, 30).args(["learn", "--lang", "en"]);
    let mut terminal = start.run();
    terminal.wait_for("opens a lesson");
    let mut at = terminal.wait("the list", place);
    let mut answers = ANSWERS.iter();
    let mut done = 0;
    for _ in 0..200 {
        let keys = match (at.0.as_str(), at.1, at.2) {
            ("the list", ..) if done == 5 => break,
            ("the list", ..) => {
                done += 1;
                "\r".to_owned()
            }
            (_, '?', true) => format!("{}\r", answers.next().expect("a question has an answer")),
            (_, '○', _) => ";s".to_owned(),
            _ => "\r".to_owned(),
        };
        terminal.keys(&keys);
        at = on(&terminal, &at);
        if at.0 == "the list" && done == 5 {
            break;
        }
    }
    assert_eq!((done, answers.len()), (5, 0), "{}", terminal.text());
    assert!(terminal.text().contains("5/11"), "{}", terminal.text());
    terminal.keys("q");
    terminal.end();
    let kept = fs::read_to_string(state.path().join("qviz/learn")).unwrap();
    assert!(kept.contains("05-kl-by-hand 0 done"), "{kept}");
}
