//! Rust sources without what does not belong to the house: comments, texts, and items for tests only.

use std::path::{Path, PathBuf};

/// One file of the library.
pub struct Source {
    pub path: PathBuf,
    /// The modules that lead to it, from the root of the crate on: `["tui", "view", "lower"]`.
    pub module: Vec<String>,
    /// What is compiled into the library, with texts emptied.
    pub code: String,
}

/// All files under `src` that are part of the library, `main.rs` left out.
pub fn library() -> Vec<Source> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    read(&src.join("lib.rs"), Vec::new(), &mut files);
    assert!(files.len() > 100, "the modules are not found any more");
    files
}

/// A module's file, and the files of its child modules.
fn read(path: &Path, module: Vec<String>, files: &mut Vec<Source>) {
    let code = code(&std::fs::read_to_string(path).unwrap());
    let stem = path.file_stem().unwrap().to_str().unwrap();
    let folder = match stem {
        "lib" | "mod" => path.parent().unwrap().to_owned(),
        _ => path.with_extension(""),
    };
    for child in declared(&code) {
        let flat = folder.join(format!("{child}.rs"));
        let deep = folder.join(&child).join("mod.rs");
        let file = if flat.exists() { flat } else { deep };
        read(&file, [module.as_slice(), &[child]].concat(), files);
    }
    files.push(Source { path: path.to_owned(), module, code });
}

/// The names of `mod name;`.
fn declared(code: &str) -> Vec<String> {
    let words: Vec<&str> = code.split_inclusive(|c: char| !is_word(c)).collect();
    let name = |pair: &[&str]| (pair[0] == "mod ").then(|| pair[1].strip_suffix(';').map(str::to_owned)).flatten();
    words.windows(2).filter_map(name).collect()
}

pub fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// A source without comments and test items, its texts emptied.
pub fn code(text: &str) -> String {
    without_tests(&without_comments(text))
}

fn without_comments(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let at = |i: usize| chars.get(i).copied().unwrap_or('\0');
    let mut out = String::with_capacity(text.len());
    let mut i = 0;
    while i < chars.len() {
        match (at(i), at(i + 1)) {
            ('/', '/') => i = (i..chars.len()).find(|&j| at(j) == '\n').unwrap_or(chars.len()),
            ('/', '*') => {
                let mut depth = 0;
                while i < chars.len() {
                    match (at(i), at(i + 1)) {
                        ('/', '*') => (depth, i) = (depth + 1, i + 2),
                        ('*', '/') => (depth, i) = (depth - 1, i + 2),
                        _ => i += 1,
                    }
                    if depth == 0 {
                        break;
                    }
                }
            }
            ('r', '"' | '#') if i == 0 || !is_word(at(i - 1)) || at(i - 1) == 'b' => {
                let hashes = (i + 1..).take_while(|&j| at(j) == '#').count();
                if at(i + 1 + hashes) == '"' {
                    let end = |&j: &usize| at(j) == '"' && (1..=hashes).all(|k| at(j + k) == '#');
                    i = (i + 2 + hashes..chars.len()).find(end).map_or(chars.len(), |j| j + 1 + hashes);
                    out.push_str("\"\"");
                } else {
                    out.push('r');
                    i += 1;
                }
            }
            ('"', _) => {
                i += 1;
                while i < chars.len() && at(i) != '"' {
                    i += if at(i) == '\\' { 2 } else { 1 };
                }
                i += 1;
                out.push_str("\"\"");
            }
            // A character; a lifetime has no second mark.
            ('\'', '\\') => {
                i = (i + 3..chars.len()).find(|&j| at(j) == '\'').map_or(chars.len(), |j| j + 1);
                out.push_str("' '");
            }
            ('\'', _) if at(i + 2) == '\'' => {
                i += 3;
                out.push_str("' '");
            }
            (c, _) => {
                out.push(c);
                i += 1;
            }
        }
    }
    out
}

const TEST: &str = "#[cfg(test)]";

/// Cuts out each item that stands under `#[cfg(test)]`, wherever it stands.
fn without_tests(code: &str) -> String {
    let mut out = String::new();
    let mut rest = code;
    while let Some(start) = rest.find(TEST) {
        out.push_str(&rest[..start]);
        let item = &rest[start + TEST.len()..];
        rest = &item[item_end(item)..];
    }
    out + rest
}

/// Where an item ends: behind its block, or behind its semicolon where that comes first.
fn item_end(item: &str) -> usize {
    let mut rest = item;
    loop {
        rest = rest.trim_start();
        // Further attributes.
        let Some(attribute) = rest.strip_prefix("#[") else { break };
        rest = &attribute[attribute.find(']').expect("an attribute ends") + 1..];
    }
    let begin = item.len() - rest.len();
    // The braces of an import are no block.
    let is_import = rest.trim_start_matches("pub").trim_start().starts_with("use ");
    let mut depth = 0;
    for (i, c) in rest.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 && (c == ';' || (c == '}' && !is_import)) {
            return begin + i + 1;
        }
    }
    item.len()
}

#[test]
fn only_what_is_compiled_into_the_library_is_read() {
    let text = r##"
use crate::a; // crate::comment
/* crate::comment /* nested */ crate::comment */
#[cfg(test)]
mod testing;
#[cfg(test)]
use crate::{test, only};
#[cfg(test)]
#[allow(dead_code)]
fn helper(x: [u8; 2]) { if true { crate::test() } }
fn f<'a>(x: &'a str) -> char { let _ = ("crate::\"text", r#"crate::"text"#, '"', '\'', b'{'); crate::b::c(); ' ' }
#[cfg(test)]
mod tests { use crate::test; }
"##;
    let code = code(text);
    for gone in ["comment", "test", "only", "helper", "text"] {
        assert!(!code.contains(gone), "{gone} in {code}");
    }
    assert!(code.contains("use crate::a;") && code.contains("crate::b::c();") && code.contains("fn f<'a>(x: &'a str)"));
    assert_eq!(declared("pub mod a;\nmod b ;\nmod c;\npub(super) mod d; fn mod_e() {} mod f {}"), ["a", "c", "d"]);
}
