//! A line of text that is being typed.

use crossterm::event::KeyCode;

use super::key::Key;

/// The text and the cursor in it. What is proposed is selected: typing replaces it, any other key edits it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    before: String,
    after: String,
    selected: bool,
}

impl Line {
    /// A line that holds `text`, the cursor behind it.
    pub fn new(text: &str) -> Line {
        Line { before: text.to_owned(), ..Line::default() }
    }

    /// A line that proposes `text`: the first letter typed replaces it.
    pub fn proposed(text: &str) -> Line {
        Line { selected: !text.is_empty(), ..Line::new(text) }
    }

    /// Whether the text is a proposal that typing replaces.
    pub fn is_selected(&self) -> bool {
        self.selected
    }

    /// The next letter stands for what was proposed.
    fn replace(&mut self) {
        if std::mem::take(&mut self.selected) {
            *self = Line::default();
        }
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
        self.replace();
        self.before.extend(text.chars().filter(|c| !c.is_control()));
    }

    /// Edits the line as shells do. Returns whether the key was one for editing.
    pub fn edit(&mut self, key: Key) -> bool {
        let ctrl = |c| key == Key::ctrl(c);
        let deletes = [KeyCode::Backspace, KeyCode::Delete].map(Key::code).contains(&key) || ctrl('h');
        if self.selected && (deletes || key.typed().is_some()) {
            self.replace();
            if deletes {
                return true;
            }
        }
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
        self.selected = false;
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
    fn what_is_proposed_is_replaced_by_typing_and_edited_by_other_keys() {
        let after = |keys: &[Key]| {
            let mut line = Line::proposed("int8");
            for key in keys {
                line.edit(*key);
            }
            line.text()
        };
        assert_eq!(after(&[Key::char('4')]), "4");
        assert_eq!(after(&[Key::code(KeyCode::Backspace)]), "");
        assert_eq!(after(&[Key::code(KeyCode::End), Key::char('x')]), "int8x");
        assert_eq!(after(&[Key::code(KeyCode::Left), Key::char('x')]), "intx8");
        assert_eq!(after(&[Key::code(KeyCode::Enter)]), "int8", "as it is");
        let mut line = Line::proposed("int8");
        line.insert("uint4\n");
        assert!(line.text() == "uint4" && !line.is_selected() && !Line::proposed("").is_selected());
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
