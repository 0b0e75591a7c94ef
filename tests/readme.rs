//! The README's tables come from the program.
#![cfg(feature = "tui")]

use std::path::Path;

use qviz::tui::command::{COMMANDS, Command, Group};

const BEGIN: &str = "from the command registry -->\n";
const END: &str = "<!-- end of keys -->";

fn table() -> String {
    let mut out = String::from("| keys | command | what it does |\n|---|---|---|\n");
    for group in Group::ALL {
        for entry in COMMANDS.iter().filter(|e| e.group == group) {
            let keys: Vec<String> = entry.keys.iter().map(|k| format!("`{k}`").replace('|', "\\|")).collect();
            // The number keys in one row.
            let (keys, title, help) = match entry.command {
                Command::Method(0) => ("`1` … `9`".to_owned(), "method", "Takes that method's value."),
                Command::Method(_) => continue,
                _ => (keys.join(" "), entry.title, entry.help),
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
        assert!(link.starts_with('#') || link.starts_with("https://") || root.join(link).exists(), "{link}");
    }
}
