//! The lessons as they are gone through on the screen: which there are, which one is played, and what free play goes
//! back to.

use std::sync::Arc;

use crate::lessons::{Brought, Lang, Lesson, Needs, Own, Play, Progress, Said, Stage};
use crate::quant::Format;
use crate::session::{Decision, Target};

use super::plotted::Plot;
use super::training::Training;

/// The course: lessons in their order, how far they are, and the one that is played.
pub struct Learn {
    /// The language that they are told in.
    pub lang: Lang,
    /// The lessons in their order.
    pub course: Vec<Entry>,
    /// How far they are.
    pub progress: Progress,
    /// Which of them is played, or about to be.
    pub at: usize,
    /// The lesson that is played; `None` until its data are on their way.
    pub play: Option<Play>,
    /// Whether the panel is put away, and everything may be tried.
    pub free: bool,
    /// The first line of the text that is shown, where somebody has turned it.
    pub scroll: Option<usize>,
    /// How the instrument stood when the step began, which a step that is begun anew, and free play, go back to.
    pub kept: Option<Kept>,
    /// The best clip of the layer at hand.
    pub best: Option<Best>,
    /// Whether the program does what the step asks for: nothing is locked then.
    pub showing: bool,
    /// Whether scales were written in this lesson.
    pub exported: bool,
    /// What the learner has brought.
    pub brought: Brought,
    /// Whether the network that is looked at is the learner's, and not the lesson's.
    pub on_own: bool,
    /// Whether the other of the two was asked for.
    pub opening: bool,
    /// What was trained, in the lesson on training.
    pub training: Option<Training>,
}

/// A lesson of the course.
pub struct Entry {
    /// A name that never changes.
    pub id: String,
    /// The lesson, or a sentence why it cannot be played.
    pub lesson: Result<Arc<Lesson>, String>,
}

impl Entry {
    /// Its title; its id where it cannot be read.
    pub fn title(&self) -> Said {
        self.lesson.as_ref().map_or_else(|_| Said::alike(&self.id), |lesson| lesson.title.clone())
    }
}

/// How the instrument stood.
pub struct Kept {
    /// What was decided, of every range.
    pub decisions: Vec<(Target, Decision)>,
    /// The layer that was selected.
    pub selected: usize,
    /// How the plots were looked at.
    pub plot: Plot,
}

/// The least error of any clip of a layer, and where its two parts are equal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Best {
    /// The counts and the format that this is of.
    pub of: (usize, Format),
    /// The least mean squared error.
    pub least: f64,
    /// The clip that has it.
    pub least_at: f64,
    /// The clip at which clipping and rounding error are equal.
    pub crossing: f64,
}

impl Learn {
    /// A course that begins with the first lesson that was not played to its end.
    pub fn new(lang: Lang, course: Vec<Entry>, progress: Progress, brought: Brought) -> Learn {
        let at = course.iter().position(|entry| !progress.of(&entry.id).done).unwrap_or(0);
        Learn {
            lang,
            course,
            progress,
            at,
            play: None,
            free: false,
            scroll: None,
            kept: None,
            best: None,
            showing: false,
            exported: false,
            brought,
            on_own: false,
            opening: false,
            training: None,
        }
    }

    /// Begins a lesson of the course where it was left; its layers are on their way.
    pub fn begin(&mut self, at: usize) {
        (self.at, self.free, self.kept, self.best, self.scroll) = (at, false, None, None, None);
        (self.exported, self.play, self.training) = (false, None, None);
        (self.on_own, self.opening) = (false, false);
        if let Some(entry) = self.course.get(at)
            && let Ok(lesson) = &entry.lesson
        {
            self.training = (lesson.needs == Needs::Training).then(Training::default);
            self.play = Some(Play::new(Arc::clone(lesson), self.progress.of(&entry.id).step, self.brought));
        }
    }

    /// The lesson goes on where it is, on the learner's network or on its own again; that one's layers are on their way.
    pub fn go_over(&mut self, on_own: bool) {
        (self.on_own, self.opening) = (on_own, false);
        (self.free, self.kept, self.best, self.scroll, self.exported) = (false, None, None, None, false);
    }

    /// Whether the step is about the learner's network, or that of the lesson.
    pub fn wants_own(&self) -> bool {
        self.play
            .as_ref()
            .is_some_and(|play| play.lesson().needs == Needs::Network && play.step().own == Some(Own::Network))
    }

    /// Whether where the curve is least, and where its parts cross, is still to be found.
    pub fn hides_best(&self) -> bool {
        self.playing().is_some_and(|play| {
            let step = play.step();
            let tells = step.ask.is_none() && step.goal.is_none();
            step.hides_best && (tells || play.stage() != Stage::Done)
        })
    }

    /// What was trained, where that has the place of the plots: not where the learner's data are looked at.
    pub fn trained(&self) -> Option<&Training> {
        let on_own = self.playing().is_some_and(|play| play.step().own.is_some());
        self.training.as_ref().filter(|_| !on_own)
    }

    /// The lesson that is played, and not left for a while.
    pub fn playing(&self) -> Option<&Play> {
        self.play.as_ref().filter(|_| !self.free)
    }

    /// Whether a command does nothing now, by its id.
    pub fn locks(&self, id: &str) -> bool {
        !self.showing && self.playing().is_some_and(|play| play.step().locks(id))
    }

    /// Where the lesson goes on next time, for who leaves it in the middle; `None` where nothing of it is done yet.
    pub fn goes_on(&self) -> Option<String> {
        let play = self.play.as_ref()?;
        let step = self.progress.of(&play.lesson().id).step;
        let (nth, of) = (self.at + 1, play.place().1);
        if step == 0 {
            return None;
        }
        // One that an author has named is no number of the course.
        let [whose, by] = match (self.course.len(), self.lang) {
            (1, Lang::En) => ["The lesson".to_owned(), String::new()],
            (1, Lang::Zh) => ["本课".to_owned(), String::new()],
            (_, Lang::En) => [format!("Lesson {nth}"), format!(": qviz learn {nth}")],
            (_, Lang::Zh) => [format!("第 {nth} 课"), format!("：qviz learn {nth}")],
        };
        let step = step + 1;
        Some(match self.lang {
            Lang::En => format!("{whose} goes on at step {step} of {of}{by}"),
            Lang::Zh => format!("{whose}下次从第 {step} 步继续（共 {of} 步）{by}"),
        })
    }

    /// A text in the language at hand.
    pub fn say<'a>(&self, en: &'a str, zh: &'a str) -> &'a str {
        match self.lang {
            Lang::En => en,
            Lang::Zh => zh,
        }
    }
}
