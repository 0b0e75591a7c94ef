//! A text in every language.

use super::Lang;

/// A text in every language that lessons are told in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    texts: [String; Lang::ALL.len()],
}

impl Said {
    /// The same text in every language: a name, a number.
    pub fn alike(text: &str) -> Said {
        Said { texts: [(); Lang::ALL.len()].map(|()| text.to_owned()) }
    }

    /// The text in a language.
    pub fn of(&self, lang: Lang) -> &str {
        &self.texts[lang as usize]
    }

    /// Says it so in one of the languages.
    pub fn set(&mut self, lang: Lang, text: &str) {
        self.texts[lang as usize] = text.to_owned();
    }
}
