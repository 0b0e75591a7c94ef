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
