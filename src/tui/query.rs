//! The terminal is asked for the colour of its ground (OSC 11), and its answer is picked out of the keys.
//!
//! Nobody waits for the answer: the screen is drawn at once, in colours that can be read on any ground, and once more when
//! the answer is there. So a terminal that never answers costs nothing, and a slow line nothing but that. crossterm knows
//! no such answer and hands it on as keys: Alt-], the text, and Ctrl-G or Alt-\. None of them reaches the screen.

use std::io::{self, Write, stdout};
use std::time::{Duration, Instant};

use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyModifiers};
use crossterm::terminal::{disable_raw_mode, enable_raw_mode};

use super::look::parse_reply;

/// The question. Terminals end their answer as it was ended.
const QUESTION: &str = "\x1b]11;?\x07";

/// After so long no answer is expected any more.
const PATIENCE: Duration = Duration::from_secs(5);

/// Who leaves before the answer is there waits for it so long: else the shell would have it typed.
const LEAVING: Duration = Duration::from_millis(300);

/// The longest answer: `11;rgba:ffff/ffff/ffff/ffff`, with some room.
const LONGEST: usize = 40;

/// A question that was asked, and what was heard of the answer.
pub(super) struct Query {
    asked: Instant,
    text: Option<String>,
    answered: bool,
}

/// What an event is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// The user's.
    Other,
    /// A part of the answer.
    Part,
    /// The end of the answer.
    Ground([u8; 3]),
}

impl Query {
    /// Asks.
    ///
    /// # Errors
    /// When the terminal cannot be written to.
    pub fn ask() -> io::Result<Query> {
        let mut out = stdout();
        out.write_all(QUESTION.as_bytes())?;
        out.flush()?;
        Ok(Query::asked())
    }

    fn asked() -> Query {
        Query { asked: Instant::now(), text: None, answered: false }
    }

    /// Whether the answer is still to come, and how long somebody who leaves waits for it.
    pub fn awaited(&self) -> Option<Duration> {
        (!self.answered).then(|| LEAVING.saturating_sub(self.asked.elapsed())).filter(|left| !left.is_zero())
    }

    /// Takes an event, of which the answer may be made. What is no answer in the end was a key that nothing is bound to.
    pub fn hear(&mut self, event: &Event) -> Heard {
        let Event::Key(key) = event else { return Heard::Other };
        if self.answered || (self.text.is_none() && self.asked.elapsed() > PATIENCE) {
            return Heard::Other;
        }
        let Some(mut text) = self.text.take() else {
            let begins = is_alt(key, ']');
            self.text = begins.then(String::new);
            return if begins { Heard::Part } else { Heard::Other };
        };
        let ctrl_g = key.code == KeyCode::Char('g') && key.modifiers.contains(KeyModifiers::CONTROL);
        if ctrl_g || is_alt(key, '\\') {
            self.answered = true;
            return parse_reply(&text).map_or(Heard::Part, Heard::Ground);
        }
        match key.code {
            KeyCode::Char(c) if (key.modifiers - KeyModifiers::SHIFT).is_empty() => text.push(c),
            _ => return Heard::Other,
        }
        const BEGINS: &str = "11;rgb";
        let fits = text.starts_with(BEGINS) || BEGINS.starts_with(text.as_str());
        if !fits || text.len() > LONGEST {
            return Heard::Other;
        }
        self.text = Some(text);
        Heard::Part
    }
}

fn is_alt(key: &KeyEvent, c: char) -> bool {
    key.code == KeyCode::Char(c) && key.modifiers.contains(KeyModifiers::ALT)
}

/// Asks, and waits so long for the answer: for who has nothing to draw meanwhile. Both ends must be a terminal. Keys that
/// are typed meanwhile are lost.
///
/// # Errors
/// When the terminal cannot be taken, written to or read.
pub(crate) fn ground(patience: Duration) -> io::Result<Option<[u8; 3]>> {
    enable_raw_mode()?;
    let answer = (|| {
        let mut query = Query::ask()?;
        loop {
            let left = patience.saturating_sub(query.asked.elapsed());
            if left.is_zero() || !event::poll(left)? {
                return Ok(None);
            }
            if let Heard::Ground(rgb) = query.hear(&event::read()?) {
                return Ok(Some(rgb));
            }
        }
    })();
    disable_raw_mode()?;
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(c: char, modifiers: KeyModifiers) -> Event {
        Event::Key(KeyEvent::new(KeyCode::Char(c), modifiers))
    }

    fn heard(query: &mut Query, text: &str) -> Vec<Heard> {
        text.chars().map(|c| query.hear(&key(c, KeyModifiers::NONE))).collect()
    }

    #[test]
    fn an_answer_is_picked_out_of_the_keys() {
        for end in [key('g', KeyModifiers::CONTROL), key('\\', KeyModifiers::ALT)] {
            let mut query = Query::asked();
            assert_eq!(heard(&mut query, "j]"), [Heard::Other, Heard::Other]);
            assert_eq!(query.hear(&key(']', KeyModifiers::ALT)), Heard::Part);
            assert!(heard(&mut query, "11;rgb:fd/f6").iter().all(|h| *h == Heard::Part));
            assert_eq!(query.hear(&Event::Resize(80, 24)), Heard::Other, "not a part, and no end");
            assert!(heard(&mut query, "/e3").iter().all(|h| *h == Heard::Part));
            assert_eq!(query.hear(&end), Heard::Ground([0xfd, 0xf6, 0xe3]));
            assert_eq!(query.hear(&key(']', KeyModifiers::ALT)), Heard::Other, "there is one answer");
            assert_eq!(query.awaited(), None);
        }
    }

    #[test]
    fn keys_that_are_no_answer_are_the_user_s() {
        let mut query = Query::asked();
        assert_eq!(query.hear(&key(']', KeyModifiers::ALT)), Heard::Part);
        assert_eq!(heard(&mut query, "jk"), [Heard::Other, Heard::Other]);
        assert_eq!(query.hear(&key(']', KeyModifiers::ALT)), Heard::Part);
        let long: String = std::iter::repeat_n('f', LONGEST).collect();
        assert_eq!(heard(&mut query, &format!("11;rgb:{long}")).last(), Some(&Heard::Other), "it has an end");
        assert!(query.awaited().is_some());
    }
}
