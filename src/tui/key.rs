//! Keys, as they are pressed and as they are written.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// One key with its modifiers, in one form whatever terminal sent it: a shifted letter is the capital without the
/// modifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    code: KeyCode,
    modifiers: KeyModifiers,
}

impl Key {
    /// A key without modifiers.
    pub const fn code(code: KeyCode) -> Key {
        Key { code, modifiers: KeyModifiers::NONE }
    }

    /// A character.
    pub const fn char(c: char) -> Key {
        Key::code(KeyCode::Char(c))
    }

    /// A character with Ctrl.
    pub const fn ctrl(c: char) -> Key {
        Key { code: KeyCode::Char(c), modifiers: KeyModifiers::CONTROL }
    }

    /// The character that the key types, if it is one.
    pub fn typed(self) -> Option<char> {
        match self.code {
            KeyCode::Char(c) if self.modifiers.is_empty() => Some(c),
            _ => None,
        }
    }

    /// A named key with Shift.
    pub const fn shift(code: KeyCode) -> Key {
        Key { code, modifiers: KeyModifiers::SHIFT }
    }
}

impl From<KeyEvent> for Key {
    fn from(event: KeyEvent) -> Key {
        let mut modifiers = event.modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT);
        let mut code = event.code;
        if let KeyCode::Char(c) = code {
            if modifiers.contains(KeyModifiers::SHIFT) {
                code = KeyCode::Char(c.to_uppercase().next().unwrap_or(c));
            }
            modifiers -= KeyModifiers::SHIFT;
        }
        if code == KeyCode::BackTab {
            modifiers -= KeyModifiers::SHIFT;
        }
        // By kitty's protocol these are keys of their own; everywhere else they are what they stand for here.
        if modifiers == KeyModifiers::CONTROL
            && let Some(same) = match code {
                KeyCode::Char('i' | 'I') => Some(KeyCode::Tab),
                KeyCode::Char('m' | 'M') => Some(KeyCode::Enter),
                KeyCode::Char('[') => Some(KeyCode::Esc),
                _ => None,
            }
        {
            return Key::code(same);
        }
        Key { code, modifiers }
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.modifiers.contains(KeyModifiers::CONTROL) {
            f.write_str("ctrl-")?;
        }
        if self.modifiers.contains(KeyModifiers::ALT) {
            f.write_str("alt-")?;
        }
        if self.modifiers.contains(KeyModifiers::SHIFT) {
            f.write_str("shift-")?;
        }
        match self.code {
            KeyCode::Char(' ') => f.write_str("space"),
            KeyCode::Char(c) => write!(f, "{c}"),
            KeyCode::Left => f.write_str("←"),
            KeyCode::Right => f.write_str("→"),
            KeyCode::Up => f.write_str("↑"),
            KeyCode::Down => f.write_str("↓"),
            KeyCode::PageUp => f.write_str("page up"),
            KeyCode::PageDown => f.write_str("page down"),
            KeyCode::BackTab => f.write_str("shift-tab"),
            KeyCode::F(n) => write!(f, "F{n}"),
            other => f.write_str(&format!("{other:?}").to_lowercase()),
        }
    }
}

/// Names of keys, as they are written in the configuration.
const NAMES: &[(&str, KeyCode)] = &[
    ("space", KeyCode::Char(' ')),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("page-up", KeyCode::PageUp),
    ("page-down", KeyCode::PageDown),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("insert", KeyCode::Insert),
    ("delete", KeyCode::Delete),
    ("backspace", KeyCode::Backspace),
    ("enter", KeyCode::Enter),
    ("tab", KeyCode::Tab),
];

impl Key {
    /// The key as [`str::parse`] reads it: `ctrl-r`, `page-up`, `F1`.
    pub fn name(self) -> String {
        if self.code == KeyCode::BackTab {
            return "shift-tab".into();
        }
        let named = NAMES.iter().find(|(_, code)| *code == self.code).map(|(name, _)| *name);
        let Some(name) = named else { return self.to_string() };
        let modifiers =
            [(KeyModifiers::CONTROL, "ctrl-"), (KeyModifiers::ALT, "alt-"), (KeyModifiers::SHIFT, "shift-")];
        let held = modifiers.iter().filter(|(modifier, _)| self.modifiers.contains(*modifier)).map(|(_, name)| *name);
        held.collect::<String>() + name
    }
}

impl std::str::FromStr for Key {
    type Err = String;

    /// Reads a key: one character, `F1` to `F12`, or a name, with `ctrl-`, `alt-` and `shift-` before it.
    ///
    /// # Errors
    /// A few words, if no key is called so or terminals send something else for it.
    fn from_str(text: &str) -> Result<Key, String> {
        let (mut modifiers, mut rest) = (KeyModifiers::NONE, text);
        let prefixes = [("ctrl-", KeyModifiers::CONTROL), ("alt-", KeyModifiers::ALT), ("shift-", KeyModifiers::SHIFT)];
        while let Some((behind, modifier)) =
            prefixes.iter().find_map(|(name, m)| Some((rest.strip_prefix(name).filter(|r| !r.is_empty())?, *m)))
        {
            modifiers |= modifier;
            rest = behind;
        }
        let (ctrl, shift) = (modifiers.contains(KeyModifiers::CONTROL), modifiers.contains(KeyModifiers::SHIFT));
        let mut chars = rest.chars();
        let function = || rest.strip_prefix(['F', 'f'])?.parse().ok().filter(|n| (1..=12).contains(n)).map(KeyCode::F);
        let named = || NAMES.iter().find(|(name, _)| *name == rest).map(|(_, code)| *code);
        let code = match (chars.next(), chars.next()) {
            (Some(c), None) if !c.is_control() => KeyCode::Char(c),
            _ if rest == "esc" => return Err("Esc always leaves what is under way, and nothing else can be put on it".into()),
            _ => named().or_else(function).ok_or_else(|| {
                let names: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
                format!(
                    "no key is called {text:?}; write one character, F1 to F12, {}, with ctrl-, alt- or shift- before it",
                    names.join(", ")
                )
            })?,
        };
        // What terminals send.
        match code {
            KeyCode::Char(c) if ctrl && shift => Err(format!("terminals send the same for ctrl-{c}; write that")),
            KeyCode::Char('m' | 'M') if ctrl => Err("terminals send the same for enter; write that".into()),
            KeyCode::Char('i' | 'I') if ctrl => Err("terminals send the same for tab; write that".into()),
            KeyCode::Char('[') if ctrl => Err("terminals send the same for Esc, which always leaves".into()),
            KeyCode::Char(c) if ctrl => Ok(Key { code: KeyCode::Char(c.to_ascii_lowercase()), modifiers }),
            KeyCode::Tab if shift => Ok(Key { code: KeyCode::BackTab, modifiers: modifiers - KeyModifiers::SHIFT }),
            code => Ok(Key::from(KeyEvent::new(code, modifiers))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_key_has_one_form() {
        let event = |code, modifiers| Key::from(KeyEvent::new(code, modifiers));
        assert_eq!(event(KeyCode::Char('h'), KeyModifiers::SHIFT), Key::char('H'));
        assert_eq!(event(KeyCode::Char('H'), KeyModifiers::SHIFT), Key::char('H'));
        assert_eq!(event(KeyCode::Char('z'), KeyModifiers::CONTROL), Key::ctrl('z'));
        assert_eq!(event(KeyCode::Left, KeyModifiers::SHIFT), Key::shift(KeyCode::Left));
        for (c, same) in [('i', KeyCode::Tab), ('m', KeyCode::Enter), ('[', KeyCode::Esc)] {
            assert_eq!(event(KeyCode::Char(c), KeyModifiers::CONTROL), Key::code(same));
        }
        assert_eq!(Key::ctrl('z').to_string(), "ctrl-z");
        assert_eq!(Key::shift(KeyCode::Left).to_string(), "shift-←");
        assert_eq!(Key::code(KeyCode::Home).to_string(), "home");
        assert_eq!(Key::char(' ').to_string(), "space");
    }

    #[test]
    fn a_key_is_read_as_it_is_written() {
        for (text, key) in [
            ("x", Key::char('x')),
            ("shift-x", Key::char('X')),
            ("-", Key::char('-')),
            ("ctrl-z", Key::ctrl('z')),
            ("ctrl-Z", Key::ctrl('z')),
            ("ctrl--", Key::ctrl('-')),
            ("shift-left", Key::shift(KeyCode::Left)),
            ("shift-tab", Key::code(KeyCode::BackTab)),
            ("page-up", Key::code(KeyCode::PageUp)),
            ("F12", Key::code(KeyCode::F(12))),
            ("space", Key::char(' ')),
            ("é", Key::char('é')),
        ] {
            assert_eq!(text.parse(), Ok(key), "{text}");
            assert_eq!(key.name().parse(), Ok(key), "{text}");
        }
        for wrong in ["", "esc", "xy", "ctrl-", "F13", "ctrl-m", "ctrl-shift-a", "ctrl-[", "\u{7}"] {
            assert!(wrong.parse::<Key>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_key_of_the_registry_has_a_name() {
        for key in super::super::command::COMMANDS.iter().flat_map(|entry| entry.keys) {
            assert_eq!(key.name().parse(), Ok(*key), "{key}");
            assert!(key.name().is_ascii(), "{key}");
        }
    }
}
