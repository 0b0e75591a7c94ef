//! Which modules a file names, in imports and in paths.

use std::collections::BTreeMap;

use super::source::{Source, is_word};

/// A path from the root of the crate on.
pub type Path = Vec<String>;

/// What a file names of its own crate.
pub struct Imports {
    /// Names that the file brings into scope, each with what it stands for.
    pub names: BTreeMap<String, Path>,
    /// What it uses itself: imports for its own use, and paths in its code. What it only hands on is not among them.
    pub used: Vec<Path>,
}

struct Import {
    path: Vec<String>,
    name: String,
    handed_on: bool,
}

/// What `source` names; `is_module` knows the modules of the crate.
pub fn imports(source: &Source, is_module: impl Fn(&[String]) -> bool) -> Imports {
    let (code, imports) = split(&source.code);
    let words: Vec<&str> = code.split(|c: char| !is_word(c)).collect();
    let mut names = BTreeMap::new();
    let mut used = Vec::new();
    for import in imports {
        let Some(path) = absolute(&import.path, &source.module, &is_module) else { continue };
        if !import.handed_on || words.contains(&import.name.as_str()) {
            used.push(path.clone());
        }
        names.insert(import.name, path);
    }
    used.extend(paths(&code).iter().filter_map(|path| absolute(path, &source.module, &is_module)));
    Imports { names, used }
}

/// A path as seen from the root; `None` for what comes from another crate or from the file itself.
fn absolute(path: &[String], module: &[String], is_module: impl Fn(&[String]) -> bool) -> Option<Path> {
    let mut from = module.to_vec();
    let mut rest = path;
    match rest.first()?.as_str() {
        "crate" => (from, rest) = (Vec::new(), &rest[1..]),
        "self" => rest = &rest[1..],
        "super" => {
            while rest.first().is_some_and(|segment| segment == "super") {
                from.pop();
                rest = &rest[1..];
            }
        }
        child => {
            if !is_module(&[module, &[child.to_owned()]].concat()) {
                return None;
            }
        }
    }
    Some([from.as_slice(), rest].concat())
}

/// The code without its imports, and the imports.
fn split(code: &str) -> (String, Vec<Import>) {
    let (mut out, mut imports) = (String::new(), Vec::new());
    let mut rest = code;
    while let Some(at) = find_word(rest, "use") {
        let (before, after) = rest.split_at(at);
        let Some((tree, behind)) = after["use".len()..].split_once(';') else { break };
        let visibility = before.trim_end();
        let handed_on = visibility.ends_with("pub") || (visibility.ends_with(')') && visibility.contains("pub("));
        out.push_str(before);
        let tree: String = tree.split_whitespace().collect::<Vec<_>>().join(" ");
        expand(&tree, &[], handed_on, &mut imports);
        rest = behind;
    }
    (out + rest, imports)
}

fn find_word(text: &str, word: &str) -> Option<usize> {
    let alone = |at: usize| {
        let end = text[at + word.len()..].chars().next();
        !text[..at].chars().next_back().is_some_and(is_word) && end.is_some_and(char::is_whitespace)
    };
    text.match_indices(word).map(|(at, _)| at).find(|at| alone(*at))
}

/// `a::{b, c::{self, d as e}}` as one import a name.
fn expand(tree: &str, before: &[String], handed_on: bool, out: &mut Vec<Import>) {
    let tree = tree.trim();
    if let Some((prefix, group)) = tree.split_once('{') {
        let prefix = prefix.split("::").map(str::trim).filter(|s| !s.is_empty()).map(str::to_owned);
        let before: Vec<String> = before.iter().cloned().chain(prefix).collect();
        let group = group.trim_end().strip_suffix('}').expect("a group ends");
        let (mut depth, mut start) = (0, 0);
        for (i, c) in group.char_indices().chain([(group.len(), ',')]) {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    if !group[start..i].trim().is_empty() {
                        expand(&group[start..i], &before, handed_on, out);
                    }
                    start = i + 1;
                }
                _ => {}
            }
        }
        return;
    }
    let (path, alias) = tree.split_once(" as ").map_or((tree, None), |(path, alias)| (path, Some(alias.trim())));
    let segments = path.split("::").map(|segment| segment.trim().to_owned()).filter(|segment| !segment.is_empty());
    let mut path: Vec<String> = before.iter().cloned().chain(segments).collect();
    if path.last().is_some_and(|last| last == "self") && path.len() > 1 {
        path.pop();
    }
    let name = alias.map(str::to_owned).or(path.last().cloned()).unwrap_or_default();
    out.push(Import { path, name, handed_on });
}

/// The paths of at least two segments that stand in `code`.
fn paths(code: &str) -> Vec<Vec<String>> {
    let mut out = Vec::new();
    let mut path: Vec<String> = Vec::new();
    let mut rest = code;
    while !rest.is_empty() {
        let word = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
        if word > 0 {
            path.push(rest[..word].to_owned());
            rest = &rest[word..];
            if rest.starts_with("::") {
                rest = &rest[2..];
                continue;
            }
        } else {
            rest = &rest[rest.chars().next().map_or(1, char::len_utf8)..];
        }
        if path.len() > 1 {
            out.push(std::mem::take(&mut path));
        }
        path.clear();
    }
    out
}

#[test]
fn imports_and_paths_are_found_however_they_are_written() {
    let code = "use crate::{report, quant::{self, Clip as C}};\npub(super) use super::b::B;\nuse std::fmt;\n\
                fn f() { crate::jobs::start(); child::g(); super::super::x::Y; Other::z() }";
    let module = ["tui", "a"].map(str::to_owned).to_vec();
    let source = Source { path: "a.rs".into(), module: module.clone(), code: code.into() };
    let found = imports(&source, |path| path.last().is_some_and(|last| last == "child"));
    let joined = |path: &Path| path.join("::");
    assert_eq!(
        found.used.iter().map(joined).collect::<Vec<_>>(),
        ["report", "quant", "quant::Clip", "jobs::start", "tui::a::child::g", "x::Y"]
    );
    assert_eq!(joined(&found.names["C"]), "quant::Clip");
    assert_eq!(joined(&found.names["B"]), "tui::b::B");
}
