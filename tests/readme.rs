//! What the README says holds: its tables come from the program, its links lead somewhere, and the examples of options,
//! there and in the program's own texts, fit what travels with the program.
#![cfg(feature = "tui")]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command as Process, Output};

use qviz::tui::command::{COMMANDS, Command, Group, Keymap};

const BEGIN: &str = "from the command registry -->\n";
const END: &str = "<!-- end of keys -->";

fn table() -> String {
    let mut out = String::from("| keys | command | what it does |\n|---|---|---|\n");
    for group in Group::ALL {
        for entry in COMMANDS.iter().filter(|e| e.group == group) {
            let keys: Vec<String> = entry.keys.iter().map(|k| format!("`{k}`").replace('|', "\\|")).collect();
            let help = Keymap::default().told(entry.help);
            // The number keys in one row.
            let (keys, title, help) = match entry.command {
                Command::Method(0) => ("`1` … `9`".to_owned(), "method", "Takes that method's value."),
                Command::Method(_) => continue,
                _ => (keys.join(" "), entry.title, help.as_str()),
            };
            out.push_str(&format!("| {keys} | {title} | {help} |\n"));
        }
    }
    out
}

#[test]
fn the_key_table_is_the_registry_s() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let begin = readme.find(BEGIN).expect("the README has the mark") + BEGIN.len();
    let end = readme.find(END).expect("the README has the end mark");
    if std::env::var_os("QVIZ_BLESS").is_some() {
        std::fs::write(&path, format!("{}{}{}", &readme[..begin], table(), &readme[end..])).unwrap();
        return;
    }
    assert_eq!(readme[begin..end], table(), "run with QVIZ_BLESS=1 to write the README's table anew");
}

/// What the README names exists.
#[test]
fn links_lead_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    for link in readme.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
        assert!(
            link.starts_with('#')
                || link.starts_with("https://")
                || root.join(link.split('#').next().unwrap()).exists(),
            "{link}"
        );
    }
}

/// A blank line would end a table, and what follows would be no rows of it.
#[test]
fn tables_are_whole() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let lines: Vec<&str> = readme.lines().collect();
    let row = |i: usize| lines.get(i).is_some_and(|l| l.starts_with('|'));
    for begin in (0..lines.len()).filter(|&i| row(i) && (i == 0 || !row(i - 1))) {
        assert!(lines[begin + 1].starts_with("|---"), "no table begins at line {}: {}", begin + 1, lines[begin]);
    }
}

const PATTERNED: [&str; 5] = ["--set", "--per-channel", "--skip", "--only", "--tie"];

fn qviz(args: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    Process::new(env!("CARGO_BIN_EXE_qviz"))
        .args(args)
        .env("QVIZ_CONFIG", "")
        .current_dir(folder.path())
        .output()
        .unwrap()
}

/// Every `--option 'pattern'` of a text.
fn examples(text: &str) -> Vec<(&'static str, String)> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut found = Vec::new();
    for option in PATTERNED {
        for rest in text.split(&format!("{option} '")).skip(1) {
            found.push((option, rest.split('\'').next().unwrap().to_owned()));
        }
    }
    found
}

/// What the program proposes to who writes an option wrongly.
fn hints() -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    for (option, wrong) in [("--set", "x"), ("--skip", ","), ("--only", ","), ("--tie", ","), ("--per-channel", "x")] {
        let output = qviz(&["report", option, wrong]);
        assert_eq!(output.status.code(), Some(2));
        let said = String::from_utf8(output.stderr).unwrap();
        let (_, hint) = said.split_once("write for example ").unwrap_or_else(|| panic!("{option}: {said}"));
        let words: Vec<&str> = hint.lines().next().unwrap().split('\'').skip(1).step_by(2).collect();
        assert!(!words.is_empty(), "{said}");
        found.extend(words.into_iter().map(|word| (option, word.to_owned())));
    }
    found
}

/// Somebody who tries an example sees it do something: each runs on the bundled activations, and each of its patterns
/// fits a layer there; an operator's fits one of the bundled network.
#[test]
fn examples_of_options_fit_what_is_bundled() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let help = String::from_utf8(qviz(&["report", "--help"]).stdout).unwrap();
    let (of_readme, of_help) = (examples(&readme), examples(&help));
    assert!(of_readme.len() >= 6 && of_help.len() >= 7, "{of_readme:?} {of_help:?}");
    let mut patterns = BTreeSet::new();
    for (option, value) in of_readme.into_iter().chain(of_help).chain(hints()).collect::<BTreeSet<_>>() {
        let list = if matches!(option, "--set" | "--per-channel") { value.rsplit_once('=').unwrap().0 } else { &value };
        patterns.extend(list.split(',').map(str::to_owned));
        if !value.contains("op:") {
            let output = qviz(&["report", option, &value]);
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!((output.status.code(), said.as_str()), (Some(0), ""), "{option} {value}");
        }
    }
    let floats = |args: &[&str]| {
        let output = qviz(args);
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        String::from_utf8(output.stdout)
            .unwrap()
            .lines()
            .filter(|row| row.split_whitespace().last().is_some_and(|state| state.contains("float")))
            .count()
    };
    for pattern in patterns {
        if !pattern.starts_with("op:") {
            assert!(floats(&["report", "--skip", &pattern]) > 0, "{pattern} fits none of the bundled activations");
        } else if cfg!(feature = "onnx") {
            let model = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/models/ch_ppocr_mobile_v2.0_cls_infer.onnx");
            let run = ["report", model, "--random", "1", "--shape", "x=1x3x32x64", "--method", "max"];
            assert!(floats(&[&run[..], &["--skip", &pattern]].concat()) > 0, "{pattern} fits none of the network");
        }
    }
}
