//! What is read over the screen in lines: an idea of the glossary, every method.

use ratatui::layout::Rect;

use super::mode::Reading;
use super::model::Model;
use super::wrap::wrapped;
use crate::calibrate;
use crate::lessons::{Glossary, Idea, Lang};

/// The widest that a line of text is: longer ones are hard to follow.
const WIDEST: u16 = 84;

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Title,
    Text,
    Aside,
    Formula,
    /// Another idea; whether Enter opens it.
    Idea(bool),
}

/// A line, with the columns that are left free before it.
pub(super) struct Line {
    pub indent: u16,
    pub text: String,
    pub role: Role,
}

/// All lines; `at` is the idea at the end of one that Enter opens.
pub(super) fn lines(model: &Model, screen: Rect, what: &Reading, at: usize) -> Vec<Line> {
    let mut told = Told { model, width: screen.width.saturating_sub(8).min(WIDEST), lines: Vec::new() };
    match what {
        Reading::Methods => methods(&mut told),
        Reading::Idea(id) => Glossary::own().by_id(id).into_iter().for_each(|idea| of_idea(&mut told, idea, at)),
    }
    told.lines
}

/// What is told so far.
struct Told<'a> {
    model: &'a Model,
    width: u16,
    lines: Vec<Line>,
}

impl Told<'_> {
    /// A text in lines as this terminal shows it.
    fn tell(&mut self, indent: u16, text: &str, role: Role) {
        let text = self.model.look.glyphs.text(text);
        let lines = wrapped(&text, usize::from(self.width.saturating_sub(indent)));
        self.lines.extend(lines.into_iter().map(|text| Line { indent, text, role }));
    }

    fn blank(&mut self) {
        self.lines.push(Line { indent: 0, text: String::new(), role: Role::Text });
    }
}

/// The term, its other names, what is said of it, and the ideas near to it.
fn of_idea(told: &mut Told, idea: &Idea, at: usize) {
    let lang = told.model.spoken();
    let words = idea.words(lang);
    let (also, comma, see) = match lang {
        Lang::En => ("also: ", ", ", "see"),
        Lang::Zh => ("也叫：", "、", "参见"),
    };
    told.tell(0, &words.term, Role::Title);
    told.tell(0, &format!("{also}{}", words.also.join(comma)), Role::Aside);
    told.blank();
    let text = told.model.keys.told(&words.text);
    told.tell(0, &text, Role::Text);
    told.blank();
    told.tell(0, see, Role::Aside);
    for (i, near) in idea.see.iter().filter_map(|id| Glossary::own().by_id(id)).enumerate() {
        told.tell(2, &near.words(lang).term, Role::Idea(i == at));
    }
}

/// Every method: whose it is, what it does, its formula, and what goes wrong with it.
fn methods(told: &mut Told) {
    for (id, method) in calibrate::catalogue() {
        told.tell(0, &format!("{id}  ({}), {}", method.label(), method.whose()), Role::Title);
        told.tell(2, method.summary(), Role::Text);
        if !method.formula().is_empty() {
            told.tell(2, method.formula(), Role::Formula);
        }
        told.tell(2, &format!("Known to go wrong: {}", method.caveat()), Role::Aside);
        told.blank();
    }
    let text = "Side by side on the command line: qviz compare by the layers' own errors, qviz report --by-method by a \
                network's outputs; here {compare} and {methods}.";
    let text = told.model.keys.told(text);
    told.tell(0, &text, Role::Aside);
}
