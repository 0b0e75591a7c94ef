//! Text in some width: sentences in lines, and what does not fit cut.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What must not begin a line of Chinese.
const CLOSING: &str = "。，、；：？！）」』”’》…";

/// What a line may be broken between: words with the number of blanks before them, and each wide character alone with the
/// closing marks behind it, as Chinese has no blanks.
fn units(text: &str) -> Vec<(usize, &str)> {
    let mut units = Vec::new();
    let (mut blanks, mut start) = (0, None);
    let mut wide_before = false;
    for (at, c) in text.char_indices() {
        let wide = c.width() == Some(2);
        let breaks = c == ' ' || (wide || wide_before) && !CLOSING.contains(c);
        if breaks && let Some(from) = start.take() {
            units.push((std::mem::take(&mut blanks), &text[from..at]));
        }
        if c == ' ' {
            blanks += 1;
            wide_before = false;
        } else {
            start.get_or_insert(at);
            wide_before = wide;
        }
    }
    if let Some(from) = start {
        units.push((blanks, &text[from..]));
    }
    units
}

/// `text` in lines of at most `width` columns, broken at spaces and between the characters of Chinese; a word that is
/// longer still is cut.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = vec![String::new()];
    for (blanks, unit) in units(text) {
        let mut word = unit;
        let line = lines.last_mut().expect("there is always one");
        if !line.is_empty() && line.width() + blanks + word.width() > width {
            lines.push(String::new());
        } else if !line.is_empty() {
            line.extend(std::iter::repeat_n(' ', blanks));
        }
        while word.width() > width {
            let mut used = 0;
            let fits = |c: char| {
                used += c.width().unwrap_or(0);
                used > width
            };
            let at = word.find(fits).unwrap_or(word.len()).max(word.chars().next().map_or(0, char::len_utf8));
            lines.last_mut().expect("there is always one").push_str(&word[..at]);
            lines.push(String::new());
            word = &word[at..];
        }
        lines.last_mut().expect("there is always one").push_str(word);
    }
    lines
}

/// `text` in at most `width` columns, with an ellipsis in place of what does not fit.
pub fn cut(text: &str, width: u16, ellipsis: char) -> String {
    if text.width() <= usize::from(width) {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        let w = c.width().unwrap_or(0);
        if used + w + 1 > usize::from(width) {
            break;
        }
        used += w;
        out.push(c);
    }
    if width > 0 {
        out.push(ellipsis);
    }
    out
}

/// Like [`cut`], but the middle goes: layers of one network begin alike and differ at the end.
pub fn cut_middle(text: &str, width: u16, ellipsis: char) -> String {
    if text.width() <= usize::from(width) || width < 4 {
        return cut(text, width, ellipsis);
    }
    let tail = (width - 1) * 3 / 5;
    let head = width - 1 - tail;
    let take = |chars: &mut dyn Iterator<Item = char>, room: u16| {
        let mut used = 0;
        chars
            .take_while(|c| {
                used += c.width().unwrap_or(0);
                used <= usize::from(room)
            })
            .collect::<Vec<char>>()
    };
    let mut out: String = take(&mut text.chars(), head).into_iter().collect();
    out.push(ellipsis);
    out.extend(take(&mut text.chars().rev(), tail).into_iter().rev());
    out
}
