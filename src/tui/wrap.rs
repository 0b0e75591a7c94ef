//! Sentences in lines of some width.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// `text` in lines of at most `width` columns, broken at spaces; a word that is longer still is cut.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let mut word = word;
        let line = lines.last_mut().expect("there is always one");
        if !line.is_empty() && line.width() + 1 + word.width() > width {
            lines.push(String::new());
        } else if !line.is_empty() {
            line.push(' ');
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
