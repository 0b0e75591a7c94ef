//! What is typed, pasted and copied, by the bytes that cross.

use std::fs;

use tempfile::tempdir;

use super::read::{clip, loaded};
use super::terminal::{Start, find, has};

/// What the last OSC 52 handed to the terminal's clipboard.
fn copied(raw: &[u8]) -> Option<String> {
    const BEGINS: &[u8] = b"\x1b]52;c;";
    let at = raw.windows(BEGINS.len()).rposition(|bytes| bytes == BEGINS)? + BEGINS.len();
    let coded = &raw[at..at + find(&raw[at..], b"\x07")?];
    let digit = |c: u8| -> u32 {
        match c {
            b'A'..=b'Z' => u32::from(c - b'A'),
            b'a'..=b'z' => u32::from(c - b'a') + 26,
            b'0'..=b'9' => u32::from(c - b'0') + 52,
            b'+' => 62,
            b'/' => 63,
            other => panic!("{other} is no base64"),
        }
    };
    let mut text = Vec::new();
    for four in coded.chunks(4) {
        let digits: Vec<u32> = four.iter().filter(|c| **c != b'=').map(|c| digit(*c)).collect();
        let bits = digits.iter().fold(0, |bits, digit| bits << 6 | digit) << (6 * (4 - digits.len()));
        text.extend(bits.to_be_bytes()[1..digits.len()].iter());
    }
    String::from_utf8(text).ok()
}

/// Copying says which way the text goes, and it goes that way whole.
#[test]
fn what_is_copied_crosses_as_osc_52() {
    let folder = tempdir().unwrap();
    let mut terminal = Start::qviz(folder.path()).run();
    let (_, shown) = loaded(&terminal);
    terminal.keys("Y");
    terminal.wait_for("copy:");
    terminal.keys("n");
    terminal.wait_for("copied by OSC 52, which the terminal has to allow");
    let clip = terminal.wait_state("the clip", |state| copied(&state.raw));
    let decimals = shown.split('.').nth(1).map_or(0, str::len);
    assert_eq!(format!("{:.decimals$}", clip.parse::<f64>().unwrap()), shown);
    terminal.keys("Yp");
    let python = terminal.wait_state("the NumPy", |state| copied(&state.raw).filter(|text| text.contains("np.")));
    assert!(python.contains("np.clip") || python.contains("np.round") || python.contains("np.rint"), "{python}");
    terminal.keys("Yd");
    terminal.wait_for("the document copied by OSC 52");
    let document = terminal.wait_state("the document", |state| copied(&state.raw).filter(|text| text.starts_with('{')));
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    assert!(document["schema"] == "qviz.scales/1" && document["tensors"].as_array().unwrap().len() == 12);
    terminal.keys("q");
    assert_eq!(terminal.end().code, 0);
    // In tmux it goes to tmux, which is said.
    let mut terminal = Start::qviz(folder.path()).env("TMUX", "/tmp/tmux,1,0").run();
    loaded(&terminal);
    terminal.keys("Yr");
    terminal.wait_for("copied by OSC 52 to tmux, which needs set-clipboard on");
    let row = terminal.wait_state("the row", |state| copied(&state.raw));
    assert!(row.starts_with("layer\tmethod\t") && row.lines().count() == 2, "{row}");
    terminal.keys("q");
    assert_eq!(terminal.end().code, 0);
}

/// A prompt begins empty, or with a proposal that the first letter replaces; a paste goes in as one piece.
#[test]
fn prompts_begin_empty_or_selected_and_take_pastes() {
    let folder = tempdir().unwrap();
    let mut terminal = Start::qviz(folder.path()).run();
    let (_, before) = loaded(&terminal);
    terminal.keys("=");
    terminal.wait_for("clip:    a number");
    // Carriage returns of a paste press no Enter.
    terminal.keys("\x1b[200~1.25\r\n\x1b[201~");
    terminal.wait_for("clip: 1.25 ");
    terminal.keys("\r");
    terminal.wait("the clip that was pasted", |screen| clip(screen).filter(|clip| *clip == "1.250"));
    terminal.keys("u");
    terminal.wait("the clip before", |screen| clip(screen).filter(|clip| *clip == before));
    // The format in force is proposed: typing replaces it, a paste too.
    terminal.keys("b");
    terminal.wait_for("format: int8");
    terminal.keys("4");
    terminal.wait("the digit alone", |screen| has(screen, "format: 4 ").filter(|()| has(screen, "int84").is_none()));
    terminal.keys("\x1b");
    terminal.wait_without("format: ");
    terminal.keys("b");
    terminal.wait_for("format: int8");
    terminal.keys("\x1b[200~uint4 affine\x1b[201~\r");
    terminal.wait_for("uint4 affine now");
    terminal.keys("u");
    terminal.wait_for("undone: ");
    // What is pasted where nothing is typed runs no commands.
    terminal.keys("\x1b[200~qq1\x1b[201~");
    terminal.keys("?");
    terminal.wait_for("type to search");
    terminal.keys("\x1b[200~take back\x1b[201~");
    terminal.wait_for("Takes the last change back");
    terminal.keys("\x1b");
    terminal.wait_without("type to search");
    terminal.keys("q");
    assert_eq!(terminal.end().code, 0);
}

/// Whatever is wrong in the configuration: the line is named, and the screen was never taken.
#[test]
fn a_configuration_s_errors_name_their_line() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("config.toml");
    for (text, line, word) in [
        ("[look]\ntheme = \"dark\"\n\nglyphs = \"pretty\"\n", 4, "glyphs"),
        ("[keys]\nundo = \"u\"\nfly = \"z\"\n", 3, "fly"),
        ("[keys]\nundo = \"hyper-u\"\n", 2, "hyper-u"),
        ("[colours]\n\nbar = \"#12\"\n", 3, "bar"),
        ("[look]\ntheme = \n", 2, ""),
    ] {
        fs::write(&path, text).unwrap();
        let end = Start::qviz(folder.path()).env("QVIZ_CONFIG", path.to_str().unwrap()).run().end();
        let said = end.screen.contents().replace('\n', "");
        assert_eq!(end.code, 2, "{said}");
        assert!(said.contains(&format!("config.toml:{line}")) && said.contains(word), "{text:?}: {said}");
        assert!(find(&end.raw, b"\x1b[?1049h").is_none(), "the screen was taken");
    }
}
