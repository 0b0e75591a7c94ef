//! Every method by what the network's outputs say: what was asked, and what was found.

use crate::jobs::{ByMethod, MethodEffect};
use crate::report::MethodRow;
use crate::session::Session;

/// Each method for all activations, on trial in the background.
#[derive(Default)]
pub struct Methods {
    /// What was asked last.
    pub asked: Option<ByMethod>,
    /// What was found, of each method the newest; what an older question has found stays until it is found anew.
    pub found: Vec<MethodEffect>,
    /// Whether answers are to come.
    pub running: bool,
    /// Whether they shall not come.
    pub stopping: bool,
    /// Why there are no more.
    pub failed: Option<String>,
    /// The revision of the session that was last looked at.
    seen: Option<u64>,
}

impl Methods {
    /// What is to be asked of a session as it stands; `None` where that was asked.
    pub fn ask(&mut self, session: &Session) -> Option<ByMethod> {
        if self.seen.replace(session.revision()) == Some(session.revision()) {
            return None;
        }
        let question = self.asked.as_ref().map_or(0, |asked| asked.question + 1);
        let new = ByMethod::of(session, question);
        if new.methods.is_empty() || self.asked.as_ref().is_some_and(|asked| asked.is_same(&new)) {
            return None;
        }
        self.asked = Some(new.clone());
        (self.running, self.stopping, self.failed) = (true, false, None);
        Some(new)
    }

    /// Forgets that it was asked, where it was ended before everything was found.
    pub fn ask_again(&mut self) {
        if !self.running && self.measured() < self.of() {
            (self.asked, self.seen) = (None, None);
            // Numbers begin anew.
            self.found.clear();
        }
    }

    /// Takes in what was found of one method.
    pub fn hear(&mut self, effect: MethodEffect) {
        self.found.retain(|known| known.method != effect.method);
        self.found.push(effect);
    }

    /// Whether this was found for other formats, places or weights than the present ones.
    pub fn is_old(&self, effect: &MethodEffect) -> bool {
        self.asked.as_ref().is_none_or(|asked| asked.question != effect.question)
    }

    /// How many methods are there.
    pub fn of(&self) -> usize {
        self.asked.as_ref().map_or(0, |asked| asked.methods.len())
    }

    /// How many of them were found, for what is asked.
    pub fn measured(&self) -> usize {
        self.found.iter().filter(|effect| !self.is_old(effect)).count()
    }

    /// How many activations each decides for.
    pub fn activations(&self) -> usize {
        self.asked.as_ref().and_then(|asked| asked.methods.first()).map_or(0, |method| method.params.len())
    }

    /// What was found, the best first, with what is chosen among it.
    pub fn lines(&self, chosen: Option<MethodLine>) -> Vec<MethodLine> {
        let asked = self.asked.iter().flat_map(|asked| &asked.methods);
        let found = asked.filter_map(|method| self.found.iter().find(|effect| effect.method == method.id));
        let found = found.map(|effect| MethodLine {
            row: MethodRow {
                name: effect.method.clone(),
                stand_ins: effect.stand_ins,
                effect: effect.effects.all,
                check: effect.check,
            },
            old: self.is_old(effect),
        });
        let mut lines: Vec<MethodLine> = chosen.into_iter().chain(found).collect();
        lines.sort_by_key(|line| std::cmp::Reverse(line.row.judged().quality()));
        lines
    }

    /// The method that is best among those found, the first of equals.
    pub fn best(&self) -> Option<&MethodEffect> {
        let ids: Vec<&str> = self.asked.iter().flat_map(|asked| &asked.methods).map(|m| m.id.as_str()).collect();
        let place = |effect: &MethodEffect| ids.iter().position(|id| *id == effect.method);
        let usable = |effect: &&MethodEffect| {
            let judged = effect.judged();
            judged.is_of_something() && !judged.quality().get().is_nan()
        };
        let found = self.found.iter().filter(|effect| !self.is_old(effect)).filter(usable);
        found.max_by_key(|effect| (effect.judged().quality(), std::cmp::Reverse(place(effect))))
    }
}

/// A row of the table.
pub struct MethodLine {
    /// Its name and its figures.
    pub row: MethodRow,
    /// Whether they are of other decisions than the present ones.
    pub old: bool,
}
