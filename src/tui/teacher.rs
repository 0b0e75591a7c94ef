//! Who opens lessons, and what a lesson is opened with.

use crate::jobs::Start;
use crate::lessons::Lesson;
use crate::session::Session;

use super::bringer::Bringer;
use super::model::Model;
use super::msg::{IntoNetwork, Msg, Opened};

/// Opens a lesson, or says why not.
pub type Open = dyn FnMut(&Lesson, bool) -> Result<Opening, String>;

/// Writes down how far the lessons are, or says why not.
pub type Keep = dyn FnMut(&str) -> Result<(), String>;

/// Who opens lessons, and writes down how far they are.
pub struct Teacher {
    /// A session for a lesson, or for its steps on the learner's network, and who brings its layers; or a sentence.
    pub open: Box<Open>,
    /// Writes down how far the lessons are; or a sentence.
    pub keep: Box<Keep>,
}

/// A lesson that is opened.
pub struct Opening {
    /// An empty session.
    pub session: Session,
    /// What is looked at, for the header.
    pub title: String,
    /// Who brings its layers.
    pub start: Start,
    /// Who writes the network with its scales inside, where one is run.
    pub into_network: Option<IntoNetwork>,
}

/// Opens a lesson: whoever brings its layers takes the place of whoever has brought others.
pub(super) fn open((lesson, own): (usize, bool), model: &Model, teacher: &mut Teacher, bringer: &mut Bringer) -> Msg {
    let course = model.learn.as_ref().map_or(&[][..], |learn| &learn.course);
    let Some(entry) = course.get(lesson) else { return Msg::NotOpened("there is no such lesson".into()) };
    match entry.lesson.clone().and_then(|lesson| (teacher.open)(&lesson, own)) {
        Ok(Opening { session, title, start, into_network }) => {
            bringer.replace(start);
            let network = bringer.feed.has_network();
            Msg::Opened(Box::new(Opened { lesson, own, session, title, network, into_network }))
        }
        Err(why) => Msg::NotOpened(why),
    }
}
