//! Writing down what no file holds, as it is made.

use std::io::{self, Write};

use super::mode::Mode;
use super::model::Model;
use crate::journal::Journal;
use crate::report::{number, visible};
use crate::session::Step;

/// The journal, where there is one, and of what state it was written last.
pub(super) struct Pages {
    journal: Option<Journal>,
    written: Option<(u64, usize)>,
    /// What was last told of why it could not be written.
    told: Option<String>,
}

impl Pages {
    pub fn new(journal: Option<Journal>) -> Pages {
        Pages { journal, written: None, told: None }
    }

    /// Writes down what no file holds, if that has changed, and says so where it could not be. A drag in hand is not part
    /// of it. Whether something was said.
    pub fn keep_up(&mut self, model: &mut Model) -> bool {
        let Some(journal) = &mut self.journal else { return false };
        let state = (model.session.revision(), model.taking.pending().count());
        if self.written != Some(state) && !matches!(model.mode, Mode::Drag { .. }) {
            journal.write(pending(model).chain(model.session.unsaved()).collect());
            self.written = Some(state);
        }
        let trouble = journal.trouble();
        model.journaled = trouble.is_none();
        let news = trouble.as_ref().filter(|why| self.told.as_ref() != Some(*why));
        if let Some(why) = news {
            model.warn(format!("changes cannot be written down as they are made: {}", visible(why)));
        }
        let said = news.is_some();
        self.told = trouble;
        said
    }

    /// The program ends: from outside, so that what no file holds stays, or because the user leaves, who was asked, or has
    /// written it for another tool: then it stays as well, as no later run reads it from there. Says what stays.
    pub fn close(self, model: &Model, from_outside: bool) {
        let Some(mut journal) = self.journal else { return };
        let own = model.session.unsaved();
        // One that is being written still is waited for.
        let handed = [model.handed.as_ref(), model.writing.as_ref().map(|writing| &writing.handed)];
        let handed = handed.into_iter().flatten().find(|handed| handed.holds(&own));
        let own = if from_outside || handed.is_some() { own } else { Vec::new() };
        let left: Vec<Step> = pending(model).chain(own).collect();
        let kept = number::of(left.len() as u64, "change");
        let any = !left.is_empty();
        journal.write(left);
        let said = match journal.flush() {
            Ok(()) if !any => return,
            Ok(()) => match handed {
                Some(handed) => {
                    let path = visible(&handed.path);
                    format!("{kept} kept, whose scales {path} holds: qviz on the same data offers to take them up.")
                }
                None => format!("{kept} that no file holds: qviz on the same data offers to take them up."),
            },
            Err(why) => format!("qviz: {kept} that no file holds could not be written down: {}", visible(&why)),
        };
        // Not eprintln: it panics where the terminal is gone.
        let _ = writeln!(io::stderr(), "{said}");
    }
}

fn pending(model: &Model) -> impl Iterator<Item = Step> {
    model.taking.pending().cloned()
}
