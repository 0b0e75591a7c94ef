//! Names from files, made safe to print.

/// `text` with every character that could move the cursor, colour the screen or reorder the line written as an escape
/// (`\x1b`, `\u{202e}`), so that a crafted tensor name is seen and does nothing.
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if acts(c) {
            escape(c, &mut out);
        } else {
            out.push(c);
        }
    }
    out
}

/// Like [`visible`], and without white space: one word for a column of the report. An empty text becomes `""`.
pub fn one_word(text: &str) -> String {
    if text.is_empty() {
        return "\"\"".to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if acts(c) || c.is_whitespace() {
            escape(c, &mut out);
        } else {
            out.push(c);
        }
    }
    out
}

/// The same JSON with a final newline, and with nothing in it that would act on a terminal, so that it can be shown as it is.
pub(super) fn of_json(json: &str) -> String {
    // serde_json escapes the C0 controls; DEL, C1 and the direction marks can stand only inside strings, where the
    // escape means the same.
    let mut out = String::with_capacity(json.len() + 1);
    for c in json.chars() {
        if c != '\n' && acts(c) {
            out.push_str(&format!("\\u{:04x}", c as u32));
        } else {
            out.push(c);
        }
    }
    out.push('\n');
    out
}

/// Control characters (C0, DEL, C1), line and paragraph separators, and the marks that switch the writing direction or
/// take no column.
pub(super) fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

fn escape(c: char, out: &mut String) {
    match c {
        '\n' => out.push_str("\\n"),
        '\t' => out.push_str("\\t"),
        '\r' => out.push_str("\\r"),
        c if (c as u32) < 0x100 => out.push_str(&format!("\\x{:02x}", c as u32)),
        c => out.push_str(&format!("\\u{{{:x}}}", c as u32)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_become_visible() {
        assert_eq!(visible("a\x1b[31mb\u{9b}2J\u{202e}c\r\n"), "a\\x1b[31mb\\x9b2J\\u{202e}c\\r\\n");
        assert_eq!(visible("層 conv1/relu"), "層 conv1/relu");
        assert_eq!(one_word("two words"), "two\\x20words");
        assert_eq!(one_word(""), "\"\"");
    }
}
