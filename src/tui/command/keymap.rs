//! Which keys run which command: those of the registry, changed by the user's.

use super::super::key::Key;
use super::{COMMANDS, Command, Entry};

/// The keys of each command, in the registry's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keymap {
    keys: Vec<Vec<Key>>,
}

/// Why keys cannot be given so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeymapError {
    /// Two commands want one key.
    #[error("{key} is given to {first} and to {second}")]
    Double {
        /// The key.
        key: Key,
        /// The command that has it.
        first: &'static str,
        /// The command that wants it too.
        second: &'static str,
    },
    /// Nobody could leave.
    #[error("quit needs a key: without one nobody leaves")]
    NoWayOut,
}

impl Default for Keymap {
    /// The registry's own keys.
    fn default() -> Keymap {
        Keymap { keys: COMMANDS.iter().map(|entry| entry.keys.to_vec()).collect() }
    }
}

impl Keymap {
    /// The registry's keys, with those that the user has `given`: each command there has these keys and no other, and what
    /// it takes from a command that is not there is gone from that one.
    ///
    /// # Errors
    /// Two of the commands that are given want the same key, or nothing is left to quit by.
    pub fn given(given: &[(&'static Entry, Vec<Key>)]) -> Result<Keymap, KeymapError> {
        for (at, (entry, keys)) in given.iter().enumerate() {
            let before = |key: &&Key| given[..at].iter().find(|(_, others)| others.contains(key));
            if let Some((key, (first, _))) = keys.iter().find_map(|key| Some((key, before(&key)?))) {
                return Err(KeymapError::Double { key: *key, first: first.id, second: entry.id });
            }
        }
        let mut map = Keymap::default();
        let taken: Vec<Key> = given.iter().flat_map(|(_, keys)| keys.iter().copied()).collect();
        for (entry, keys) in COMMANDS.iter().zip(&mut map.keys) {
            match given.iter().find(|(other, _)| other.command == entry.command) {
                Some((_, own)) => keys.clone_from(own),
                None => keys.retain(|key| !taken.contains(key)),
            }
        }
        if map.keys(Command::Quit).is_empty() { Err(KeymapError::NoWayOut) } else { Ok(map) }
    }

    /// The command that a key runs.
    pub fn bound(&self, key: Key) -> Option<Command> {
        COMMANDS.iter().zip(&self.keys).find(|(_, keys)| keys.contains(&key)).map(|(entry, _)| entry.command)
    }

    /// The keys that run a command, the one for hints first; none where it is disabled.
    pub fn keys(&self, command: Command) -> &[Key] {
        let at = COMMANDS.iter().position(|entry| entry.command == command);
        at.map_or(&[], |at| &self.keys[at])
    }

    /// The key for hints, as it is written; `None` where the command has none.
    pub fn hint(&self, command: Command) -> Option<String> {
        self.keys(command).first().map(ToString::to_string)
    }

    /// The key of a method by its number from 0 on, where a column is all that there is to show it.
    pub fn digit(&self, method: usize) -> Option<char> {
        self.keys(Command::Method(method)).iter().find_map(|key| key.typed()).filter(|c| !c.is_whitespace())
    }

    /// A text of ours with the keys in it: `{undo}` is the first key of that command, or its name where it has none.
    pub fn told(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            let named = after.split_once('}').and_then(|(id, rest)| Some((super::by_id(id)?, rest)));
            match named {
                Some((entry, behind)) => {
                    out += &self.hint(entry.command).unwrap_or_else(|| format!("({})", entry.title));
                    rest = behind;
                }
                None => {
                    out.push('{');
                    rest = after;
                }
            }
        }
        out + rest
    }
}

#[cfg(test)]
mod tests {
    use super::super::by_id;
    use super::*;

    fn given(pairs: &[(&str, &[&str])]) -> Result<Keymap, KeymapError> {
        let keys = |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect();
        Keymap::given(&pairs.iter().map(|(id, names)| (by_id(id).unwrap(), keys(names))).collect::<Vec<_>>())
    }

    #[test]
    fn the_user_s_keys_win() {
        let map = given(&[("undo", &["e", "ctrl-u"]), ("suspend", &[])]).unwrap();
        assert_eq!(map.bound(Key::char('e')), Some(Command::Undo), "that was the export's");
        assert_eq!(map.bound(Key::char('u')), None, "a command that is given keys has no others");
        assert!(map.keys(Command::Export).is_empty() && map.keys(Command::Suspend).is_empty());
        assert_eq!(map.hint(Command::Undo).as_deref(), Some("e"));
        assert_eq!(given(&[]).unwrap(), Keymap::default());
    }

    #[test]
    fn one_key_for_two_commands_is_refused() {
        let error = given(&[("undo", &["x"]), ("redo", &["y", "x"])]).unwrap_err();
        assert_eq!(error.to_string(), "x is given to undo and to redo");
        assert_eq!(given(&[("quit", &[])]), Err(KeymapError::NoWayOut));
        assert_eq!(given(&[("undo", &["q", "ctrl-c"])]), Err(KeymapError::NoWayOut), "taken from it");
    }

    #[test]
    fn texts_have_the_keys_that_are_in_force() {
        let map = given(&[("stop", &["ctrl-s"]), ("take-up", &[])]).unwrap();
        assert_eq!(map.told("{stop} stops; {take-up} asks; {x} {"), "ctrl-s stops; (take up) asks; {x} {");
    }

    #[test]
    fn texts_of_the_registry_name_commands_that_are_there() {
        for entry in COMMANDS {
            assert!(!Keymap::default().told(entry.help).contains('{'), "{}", entry.help);
        }
    }
}
