//! A text with its keys and numbers in it, in lines of a width.
//!
//! `{undo}` is the key of that command, `{=mse}` a number to four digits, `{=scale:6}` to six, `{=bits}` as it is,
//! `**step**` a term. A blank line is one, a single line break a blank; between Chinese characters nothing.

use unicode_width::UnicodeWidthChar;

use super::{Expr, Seen, Value};
use crate::report::number;

/// What a part of a text is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ink {
    /// Text.
    #[default]
    Plain,
    /// A key to press.
    Key,
    /// A number that the instrument has worked out.
    Number,
    /// A term, or what matters.
    Term,
}

/// A part of a text in one ink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The text.
    pub text: String,
    /// What it is.
    pub ink: Ink,
}

/// The digits that a number is told to.
const DIGITS: usize = 4;

/// A text with keys and numbers in it. `key` says what is pressed for a command, by its id; what is neither a command
/// nor an expression stays as it is written.
pub fn tell(text: &str, key: &dyn Fn(&str) -> Option<String>, seen: &Seen) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut push = |text: String, ink: Ink| match runs.last_mut() {
        Some(last) if last.ink == ink => last.text.push_str(&text),
        _ if text.is_empty() => {}
        _ => runs.push(Run { text, ink }),
    };
    let mut rest = text;
    let mut term = false;
    let plain = |term: bool| if term { Ink::Term } else { Ink::Plain };
    while let Some(at) = rest.find(['{', '*']) {
        push(rest[..at].to_owned(), plain(term));
        rest = &rest[at..];
        if let Some(behind) = rest.strip_prefix("**") {
            term = !term;
            rest = behind;
            continue;
        }
        let inner = rest.strip_prefix('{').and_then(|inner| inner.split_once('}'));
        let told = inner.and_then(|(inner, behind)| {
            let said = match inner.strip_prefix('=') {
                Some(expr) => worked_out(expr, seen)?,
                None => (key(inner)?, Ink::Key),
            };
            Some((said, behind))
        });
        match told {
            Some(((text, ink), behind)) => {
                push(text, ink);
                rest = behind;
            }
            None => {
                push(rest[..1].to_owned(), plain(term));
                rest = &rest[1..];
            }
        }
    }
    push(rest.to_owned(), plain(term));
    runs
}

/// The expression of a place in a text, and the digits that it is told to.
pub(super) fn place(text: &str) -> Result<(Expr, Option<usize>), String> {
    let (expr, digits) = match text.rsplit_once(':') {
        Some((expr, digits)) => {
            (expr, Some(digits.trim().parse().ok().filter(|n| (1..=12).contains(n)).ok_or("1 to 12 digits")?))
        }
        None => (text, None),
    };
    Ok((Expr::read(expr)?, digits))
}

fn worked_out(text: &str, seen: &Seen) -> Option<(String, Ink)> {
    let (expr, digits) = place(text).ok()?;
    let text = match expr.value(seen) {
        // It is on its way, or there is none.
        Value::Number(n) if n.is_nan() => "…".to_owned(),
        Value::Number(n) if n.fract() == 0.0 && n.abs() < 1e9 && digits.is_none() => {
            let sign = if n < 0.0 { "-" } else { "" };
            format!("{sign}{}", number::count(n.abs() as u64))
        }
        // Digits that nobody has asked for are left out where they say nothing: 0.5 and not 0.5000.
        Value::Number(n) => match (number::significant(n, digits.unwrap_or(DIGITS)), digits) {
            (text, None) if text.contains('.') && !text.contains('e') => {
                text.trim_end_matches('0').trim_end_matches('.').to_owned()
            }
            (text, _) => text,
        },
        Value::Text(text) => text,
        Value::Flag(flag) => if flag { "yes" } else { "no" }.to_owned(),
    };
    Some((text, Ink::Number))
}

/// The text in lines of at most `width` columns: broken at blanks, and between Chinese characters, but so that no line
/// begins with a mark that closes something, nor ends with one that opens something.
pub fn wrap(runs: &[Run], width: usize) -> Vec<Vec<Run>> {
    let width = width.max(2);
    let mut lines: Vec<Vec<(char, Ink)>> = Vec::new();
    for paragraph in paragraphs(runs) {
        let mut rest: &[(char, Ink)] = &paragraph;
        loop {
            let at = fits(rest, width);
            lines.push(trimmed(&rest[..at]).to_vec());
            rest = trimmed(&rest[at..]);
            if rest.is_empty() {
                break;
            }
        }
    }
    while lines.last().is_some_and(Vec::is_empty) {
        lines.pop();
    }
    lines.iter().map(|line| joined(line)).collect()
}

fn columns(c: char) -> usize {
    c.width().unwrap_or(0)
}

/// A character that may be broken before and behind: Chinese, and its marks.
fn is_wide(c: char) -> bool {
    columns(c) == 2
}

const CLOSING: &str = "，。、；：？！）》”’」』】〉…,.;:?!)]}%";
const OPENING: &str = "（《“‘「『【〈([{";

/// The paragraphs as characters, each line break a blank, or nothing between wide characters; empty ones stand for blank
/// lines.
fn paragraphs(runs: &[Run]) -> Vec<Vec<(char, Ink)>> {
    let all: Vec<(char, Ink)> = runs.iter().flat_map(|run| run.text.chars().map(move |c| (c, run.ink))).collect();
    let mut paragraphs = vec![Vec::new()];
    let mut at = 0;
    while at < all.len() {
        let (c, ink) = all[at];
        let breaks = all[at..].iter().take_while(|(c, _)| c.is_whitespace()).filter(|(c, _)| *c == '\n').count();
        let blanks = all[at..].iter().take_while(|(c, _)| c.is_whitespace()).count();
        let paragraph: &mut Vec<(char, Ink)> = paragraphs.last_mut().expect("there is always one");
        if blanks == 0 {
            paragraph.push((c, ink));
            at += 1;
            continue;
        }
        let next = all.get(at + blanks).map(|(c, _)| *c);
        let before = paragraph.last().map(|(c, _)| *c);
        at += blanks;
        match (before, next) {
            (None, _) | (_, None) => {}
            _ if breaks >= 2 => paragraphs.extend([Vec::new(), Vec::new()]),
            (Some(before), Some(next)) if breaks == 1 && is_wide(before) && is_wide(next) => {}
            // What is laid out by blanks stays so: columns of numbers.
            _ if breaks == 0 => paragraph.extend(std::iter::repeat_n((' ', ink), blanks)),
            _ => paragraph.push((' ', ink)),
        }
    }
    paragraphs
}

/// How many characters the first line takes.
fn fits(text: &[(char, Ink)], width: usize) -> usize {
    let mut used = 0;
    let mut break_at = None;
    for (at, (c, _)) in text.iter().enumerate() {
        if at > 0 && may_break(text[at - 1].0, *c) {
            break_at = Some(at);
        }
        used += columns(*c);
        // A blank that hangs over the edge is cut anyway.
        if used > width && *c != ' ' {
            return break_at.unwrap_or(at.max(1));
        }
    }
    text.len()
}

fn may_break(before: char, next: char) -> bool {
    if before == ' ' || next == ' ' {
        // A percent sign stays with its number.
        return before == ' ' && !matches!(next, ' ' | '%');
    }
    (is_wide(before) || is_wide(next)) && !CLOSING.contains(next) && !OPENING.contains(before)
}

fn trimmed(text: &[(char, Ink)]) -> &[(char, Ink)] {
    let is_blank = |c: &(char, Ink)| c.0 == ' ';
    let end = text.iter().rposition(|c| !is_blank(c)).map_or(0, |at| at + 1);
    let start = text[..end].iter().position(|c| !is_blank(c)).unwrap_or(end);
    &text[start..end]
}

fn joined(line: &[(char, Ink)]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (c, ink) in line {
        match runs.last_mut() {
            Some(run) if run.ink == *ink => run.text.push(*c),
            _ => runs.push(Run { text: c.to_string(), ink: *ink }),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(text: &str, width: usize) -> Vec<String> {
        let mut seen = Seen::default();
        seen.set("mse", 0.013_579);
        seen.set("bits", 4.0);
        let key = |id: &str| (id == "undo").then(|| "u".to_owned());
        let line = |runs: Vec<Run>| runs.into_iter().map(|run| run.text).collect();
        wrap(&tell(text, &key, &seen), width).into_iter().map(line).collect()
    }

    #[test]
    fn keys_and_numbers_stand_in_the_text() {
        assert_eq!(
            lines("{undo} {redo} {=mse} {=mse:2} {=bits} {=kl:3} {=what}", 80),
            ["u {redo} 0.01358 0.014 4 … {=what}"]
        );
        let runs = tell("a **step** {undo}", &|_| Some("u".into()), &Seen::default());
        let inks: Vec<Ink> = runs.iter().map(|run| run.ink).collect();
        assert_eq!(inks, [Ink::Plain, Ink::Term, Ink::Plain, Ink::Key]);
    }

    #[test]
    fn lines_break_where_the_language_does() {
        assert_eq!(lines("one two\nthree\n\nfour", 7), ["one two", "three", "", "four"]);
        assert_eq!(lines("四个字，五个字。", 6), ["四个", "字，五", "个字。"], "no line begins with a comma");
        assert_eq!(lines("把截断\n误差", 80), ["把截断误差"]);
        assert_eq!(lines("a    b", 80), ["a    b"], "columns stay");
        assert_eq!(lines("within 2 %.", 9), ["within", "2 %."]);
        assert_eq!(lines("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(lines("", 3), Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn no_line_is_too_wide_and_no_character_is_lost(text in "[a-c，。中文 \n]{0,60}", width in 2usize..20) {
            let told = lines(&text, width);
            for line in &told {
                prop_assert!(line.chars().map(columns).sum::<usize>() <= width, "{:?} {}", line, width);
            }
            let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(letters(&told.concat()), letters(&text));
        }
    }
}
