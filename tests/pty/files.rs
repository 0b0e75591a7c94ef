//! Files as they come: crafted names, broken contents, thousands of them.

use std::fs;

use tempfile::tempdir;

use super::npy::{normal, npy, write};
use super::read::loaded;
use super::terminal::{Start, find, frames, has};

#[test]
fn a_crafted_name_is_seen_and_does_nothing() {
    let folder = tempdir().unwrap();
    let name = "a\x1b[31mred\n\u{9b}2J\u{202e}gpj\x07";
    write(folder.path().join(format!("{name}.npy")), &normal(4096, 1));
    fs::write(folder.path().join(format!("b{name}.npy")), "no array at all").unwrap();
    let start = Start::qviz(folder.path()).args([".", "no\x1b[5msuch\u{9b}1m"]);
    let mut terminal = start.run();
    loaded(&terminal);
    let seen = "a\\x1b[31mred\\n\\x9b2J\\u{202e}gpj";
    // Whole in the title, cut in the list.
    let text = terminal.text();
    assert!(text.contains(seen) && text.matches("a\\x1b[3").count() >= 3, "{text}");
    // In sentences too: what is wrong with the other file, what was put back, what is asked for.
    terminal.keys("j");
    terminal.wait("the broken file's sentence", |screen| {
        has(screen, "unreadable").filter(|()| screen.contents().matches("ba\\x1b[31mred").count() >= 2)
    });
    terminal.keys("kho");
    terminal.wait_for("stays in float");
    terminal.keys("u");
    terminal.wait_for("undone: leave in float of a\\x1b[31mred");
    terminal.keys("e");
    terminal.wait_for("export to:");
    // A paste with control characters is typed without them.
    terminal.keys("\x15\x1b[200~x\x1b[31m\u{9b}y\n.json\x1b[201~");
    terminal.wait_for("export to: x[31my.json");
    terminal.keys("\r");
    terminal.wait_for("wrote 1 tensor to x[31my.json");
    terminal.keys("q");
    let end = terminal.end();
    for acts in ["\x1b[31m", "\x1b[5m", "\u{9b}", "\u{202e}", "\x07"] {
        assert!(find(&end.raw, acts.as_bytes()).is_none(), "{acts:?} reached the terminal");
    }
}

#[test]
fn files_that_cannot_be_read_do_not_hold_up_the_others() {
    let folder = tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    write(path("good1.npy"), &normal(4096, 1));
    fs::write(path("not-an-array.npy"), "PK or whatever").unwrap();
    fs::write(path("nothing.npy"), "").unwrap();
    fs::write(path("cut-off.npy"), npy("<f4", &[1000], &[0; 400])).unwrap();
    fs::write(path("objects.npy"), npy("|O", &[2], &[0; 16])).unwrap();
    write(path("good2.npy"), &normal(4096, 2));
    let mut terminal = Start::qviz(folder.path()).args(["."]).run();
    terminal.wait("four bad files, two good ones", |screen| {
        let rows: Vec<String> = screen.rows(0, 56).collect();
        let row = |name: &str| rows.iter().find(|r| r.contains(name)).cloned().unwrap_or_default();
        let bad = ["not-an-array", "nothing", "cut-off", "objects"].iter().all(|n| row(n).contains("unreadable"));
        let good = ["good1", "good2"].iter().all(|n| row(n).contains("MSE"));
        (bad && good && screen.contents().contains("4 unreadable")).then_some(())
    });
    // The sentence of the selected one stands where its histogram would be.
    terminal.keys("g");
    terminal.wait("why it cannot be read", |screen| has(screen, "cut-off.npy"));
    terminal.keys("q");
    assert_eq!(terminal.end().code, 0);
}

#[test]
fn two_thousand_files_have_their_names_first() {
    const FILES: usize = 2000;
    let folder = tempdir().unwrap();
    let array = super::npy::floats(&normal(2048, 1));
    for i in 0..FILES {
        fs::write(folder.path().join(format!("layer{i}.npy")), &array).unwrap();
    }
    let size = (120, 40);
    let mut terminal = Start::qviz(folder.path()).args([".", "--bins", "8192"]).size(size.0, size.1).run();
    terminal.wait_for("layer0");
    terminal.keys("G");
    terminal.wait_for("layer1999");
    terminal.keys("g");
    terminal.wait_for("layer0");
    terminal.keys("?");
    terminal.wait_for("type to search");
    terminal.keys("\x1b");
    terminal.wait_without("type to search");
    terminal.keys("q");
    let end = terminal.end();
    assert_eq!(end.code, 0);

    // What was seen on the way there.
    let frames = frames(size, &end.raw);
    let names = frames.iter().find(|f| f.contains("layer0")).unwrap();
    assert!(names.contains("2,000 layers"), "{names}");
    let done: usize = {
        let after =
            names.split("reading ").nth(1).unwrap_or_else(|| panic!("all was read before a name was seen\n{names}"));
        after.split('/').next().unwrap().parse().unwrap()
    };
    assert!(done < FILES / 2, "{done} were read before the first name was seen");
    let answered = frames.iter().find(|f| f.contains("layer1999")).unwrap();
    assert!(answered.contains("reading "), "the key waited until everything was read\n{answered}");
}
