//! From a lesson to the session and the layers that it is played on.

use std::path::PathBuf;

use crate::calibrate::by_id;
use crate::input::{Discovered, Part, Source, discover};
use crate::jobs::{Loader, Order, Recipe};
use crate::lessons::{Lesson, Needs};
use crate::quant::Format;
use crate::session::Session;
use crate::tui::app::Opening;

/// Opens a lesson, with data of the learner's own behind its own ones.
///
/// # Errors
/// A sentence: a method or a format that there is none, a network that this program has not.
pub(super) fn open(lesson: &Lesson, own: &[PathBuf]) -> Result<Opening, String> {
    match lesson.needs {
        Needs::Values => values(lesson, own),
        Needs::Network => network(lesson),
        Needs::Training => values(lesson, own),
    }
}

fn values(lesson: &Lesson, own: &[PathBuf]) -> Result<Opening, String> {
    let methods = lesson.methods.iter().map(|id| by_id(id).map_err(|why| why.to_string()));
    let methods = methods.collect::<Result<Vec<_>, String>>()?;
    let format = Format::named(&lesson.format)?;
    let session = Session::new(methods, &lesson.method, format);
    let recipe = Recipe::new(lesson.bins, session.methods().iter().map(AsRef::as_ref));
    let (data, own) = (lesson.data.clone(), own.to_vec());
    let discover = move || {
        let made = |made: &crate::lessons::Made| Source {
            name: made.name.clone(),
            parts: vec![Part::made(&made.name, made.npy())],
        };
        let mut found =
            if own.is_empty() { Discovered { sources: Vec::new(), errors: Vec::new() } } else { discover(&own, None) };
        found.sources.splice(0..0, data.iter().map(made));
        found
    };
    let threads = std::thread::available_parallelism().map_or(2, |n| n.get()).min(8);
    let order = Order {
        discover: Box::new(discover),
        recipe,
        plan: session.plan(),
        ties: Default::default(),
        measure: false,
        threads,
    };
    let title = lesson.title.of(crate::lessons::Lang::En).to_owned();
    Ok(Opening { session, title, start: Box::new(move |tell| Box::new(Loader::start(order, tell))) })
}

fn network(_: &Lesson) -> Result<Opening, String> {
    Err("this lesson needs a network".to_owned())
}
