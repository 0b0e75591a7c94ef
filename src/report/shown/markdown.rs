//! A table for an issue tracker, in the Markdown that GitHub and GitLab share.

use super::Shown;
use super::figures::{figures, made_from};
use crate::report::by_method::MethodOutputs;
use crate::report::effect::{Effect, in_words};
use crate::report::number;
use crate::report::row::Row;
use crate::report::visible;

/// Layers whose sentences are written out before the rest is counted.
const TOLD: usize = 50;

/// The figures on top, one row a layer, and a sentence for whatever costs the outputs or is wrong.
pub fn markdown(shown: &Shown) -> String {
    let mut out = format!("### {}\n\n", text(shown.title));
    out += &figures(shown).iter().map(|(l, said)| format!("* **{}**: {}\n", text(l), text(said))).collect::<String>();
    if let Some(methods) = shown.scales.outputs.as_ref().map(|o| &o.by_method).filter(|methods| !methods.is_empty()) {
        out += &by_method(methods);
    }
    let (rows, left) = shown.listed();
    out += "\n| layer | format | method | clip | SQNR dB | saturated | state |\n|:--|:--|:--|--:|--:|--:|:--|\n";
    for row in &rows {
        let sqnr = match row.sqnr_db() {
            db if db.is_nan() => "–".into(),
            db => number::decibels(db),
        };
        let saturated = match row.saturated() {
            share if share.is_nan() => "–".into(),
            share => number::percent(share),
        };
        let (clip, state) = (row.clip().replace("..", " … "), row.state().replace(',', ", "));
        let cells = [row.format(), row.method(), clip, sqnr, saturated, state];
        let cells: Vec<String> = cells.iter().map(|cell| text(cell)).collect();
        out += &format!("| {} | {} |\n", code(row.layer.name()), cells.join(" | "));
    }
    out += &left.map_or(String::new(), |said| format!("\n{}.\n", text(&said)));
    let from = made_from(shown);
    let from: Vec<String> = from.iter().map(|(label, said)| format!("{label}: {}", text(said))).collect();
    out + &told(&rows) + &format!("\n<sub>{}</sub>\n", from.join(" · "))
}

/// What costs the outputs or is wrong, a line each.
fn told(rows: &[Row]) -> String {
    let of = |row: &Row| {
        let notes = row.layer.ranked_notes().into_iter().filter(|note| note.rank.is_marked()).map(|note| note.text);
        let failure = row.layer.failure().map(str::to_owned);
        let said: Vec<String> = failure.into_iter().chain(notes).collect();
        (!said.is_empty()).then(|| format!("* {}: {}\n", code(row.layer.name()), text(&said.join(" "))))
    };
    let lines: Vec<String> = rows.iter().filter_map(of).collect();
    if lines.is_empty() {
        return String::new();
    }
    let more = match lines.len().saturating_sub(TOLD) {
        0 => String::new(),
        more => format!("* and {}\n", number::of(more as u64, "more layer")),
    };
    format!("\n{}{more}", lines.iter().take(TOLD).map(String::as_str).collect::<String>())
}

fn by_method(methods: &[MethodOutputs]) -> String {
    let checked = methods.iter().any(|m| m.check.is_some());
    let (head, rule) = if checked { (" on the check samples |", ":--|") } else { ("", "") };
    let mut out = format!("\n| one method for all activations | outputs |{head}\n|:--|:--|{rule}\n");
    for m in methods {
        let best = if m.best { " (best)" } else { "" };
        let words = |effect: &Effect| text(&in_words(effect));
        let check =
            if checked { format!(" {} |", m.check.as_ref().map_or("–".into(), words)) } else { String::new() };
        out += &format!("| {}{best} | {} |{check}\n", code(&m.method), words(&m.effect));
    }
    out
}

/// A name as code, whatever it holds: nothing in it is Markdown, mentions anybody or ends the cell.
fn code(name: &str) -> String {
    let name = visible(name).replace('|', "\\|");
    let longest = name.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    // Of blanks at both ends one is taken away, and nothing at all is no code.
    match name.as_str() {
        "" => "(no name)".into(),
        name if longest > 0 || name.starts_with(' ') || name.ends_with(' ') => format!("{fence} {name} {fence}"),
        name => format!("{fence}{name}{fence}"),
    }
}

/// Words as they are: what Markdown would make something of is escaped.
fn text(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    for c in visible(words).chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' => out.extend(['\\', c]),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // No mention: a mark of no width stands behind it.
            '@' => out.push_str("@\u{2060}"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_shown_and_does_nothing() {
        assert_eq!(code("conv1/relu_0"), "`conv1/relu_0`");
        assert_eq!(code("a|b"), "`a\\|b`");
        assert_eq!(code("a`b``c"), "``` a`b``c ```");
        assert_eq!(code(" x"), "`  x `");
        assert_eq!(code(""), "(no name)");
        assert_eq!(code("a\nb"), "`a\\nb`");
        assert_eq!(text("*a* <b> [x](y) a_b | @who #1"), "\\*a\\* &lt;b&gt; \\[x\\](y) a\\_b \\| @\u{2060}who \\#1");
    }
}
