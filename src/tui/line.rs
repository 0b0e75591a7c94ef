//! A line of text that is being typed.

use crossterm::event::KeyCode;

use super::key::Key;

/// The text and the cursor in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    before: String,
    after: String,
}

impl Line {
    /// A line that holds `text`, the cursor behind it.
    pub fn new(text: &str) -> Line {
        Line { before: text.to_owned(), after: String::new() }
    }

    /// The whole text, left and right of the cursor.
    pub fn text(&self) -> String {
        format!("{}{}", self.before, self.after)
    }

    /// The text left and right of the cursor.
    pub fn parts(&self) -> (&str, &str) {
        (&self.before, &self.after)
    }

    /// Inserts what was pasted, without its control characters.
    pub fn insert(&mut self, text: &str) {
        self.before.extend(text.chars().filter(|c| !c.is_control()));
    }

    /// Edits the line as shells do. Returns whether the key was one for editing.
    pub fn edit(&mut self, key: Key) -> bool {
        let ctrl = |c| key == Key::ctrl(c);
        if key == Key::code(KeyCode::Backspace) || ctrl('h') {
            self.before.pop();
        } else if key == Key::code(KeyCode::Delete) {
            let mut rest = self.after.chars();
            rest.next();
            self.after = rest.collect();
        } else if key == Key::code(KeyCode::Left) {
            if let Some(c) = self.before.pop() {
                self.after.insert(0, c);
            }
        } else if key == Key::code(KeyCode::Right) {
            let mut rest = self.after.chars();
            self.before.extend(rest.next());
            self.after = rest.collect();
        } else if key == Key::code(KeyCode::Home) || ctrl('a') {
            self.after.insert_str(0, &std::mem::take(&mut self.before));
        } else if key == Key::code(KeyCode::End) || ctrl('e') {
            self.before.push_str(&std::mem::take(&mut self.after));
        } else if ctrl('u') {
            self.before.clear();
        } else if ctrl('w') {
            let kept = self.before.trim_end().rfind(|c: char| c.is_whitespace() || c == '/').map_or(0, |i| i + 1);
            self.before.truncate(kept.min(self.before.trim_end_matches('/').len()));
        } else if let Some(c) = key.typed() {
            self.before.push(c);
        } else {
            return false;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(line: &mut Line, text: &str) {
        for c in text.chars() {
            assert!(line.edit(Key::char(c)));
        }
    }

    #[test]
    fn a_line_is_edited_as_in_a_shell() {
        let mut line = Line::new("out/");
        typed(&mut line, "scalés.json");
        line.edit(Key::ctrl('a'));
        line.edit(Key::code(KeyCode::Delete));
        typed(&mut line, "0");
        assert_eq!((line.text().as_str(), line.parts().0), ("0ut/scalés.json", "0"));
        line.edit(Key::ctrl('e'));
        line.edit(Key::code(KeyCode::Left));
        line.edit(Key::code(KeyCode::Backspace));
        assert_eq!(line.text(), "0ut/scalés.jsn");
        line.edit(Key::code(KeyCode::Right));
        line.edit(Key::ctrl('w'));
        assert_eq!(line.text(), "0ut/");
        line.edit(Key::ctrl('u'));
        line.insert("a\x1bb\n");
        assert_eq!(line.text(), "ab");
        assert!(!line.edit(Key::code(KeyCode::Enter)) && !line.edit(Key::ctrl('x')));
    }
}
