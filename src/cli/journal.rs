//! The journal of the data that the arguments name.

use std::path::Path;
use std::time::SystemTime;

use jiff::{Timestamp, tz::TimeZone};

use super::shared::SharedArgs;
use crate::journal::{Data, Journal, Opened, state_folder};
use crate::report::visible;
use crate::tui::model::Model;
use crate::tui::taking::Taking;

/// Opens the journal, and tells the model what an earlier run has left in it. Without a journal the program works, and
/// says that changes are not written down.
pub(super) fn open(shared: &SharedArgs, model: &mut Model) -> Option<Journal> {
    let opened = match state_folder() {
        Some(folder) => Journal::open(&folder, data(shared)).map_err(|why| why.to_string()),
        None => Err("there is no home folder".to_owned()),
    };
    match opened {
        Ok(Opened { journal, left, others }) => {
            if let Some(left) = left {
                model.taking = Taking::of(left.steps, when(left.at));
                model.mode = crate::tui::mode::Mode::Offer;
            }
            if others > 0 {
                model.warn("another qviz has the same data open; this one keeps changes of its own");
            }
            Some(journal)
        }
        Err(why) => {
            model.warn(format!("changes are not written down as they are made: {}", visible(&why)));
            None
        }
    }
}

/// What decides which layers there are and what they hold, in the same words each time.
fn data(shared: &SharedArgs) -> Data {
    let absolute = |path: &Path| match path.canonicalize() {
        Ok(path) => path.to_string_lossy().into_owned(),
        // A glob, or what is not there.
        Err(_) => std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).to_string_lossy().into_owned(),
    };
    let mut words: Vec<String> = shared.paths.iter().map(|path| absolute(path)).collect();
    if words.is_empty() {
        words.push("bundled".into());
    }
    words.extend(shared.group.as_ref().map(|group| format!("group {group}")));
    words.extend(shared.data.samples.data.iter().map(|path| format!("data {}", absolute(path))));
    words.extend(shared.data.as_written.then(|| "as written".to_owned()));
    words.extend(shared.data.samples.random.map(|n| format!("random {n} {}", shared.data.samples.seed())));
    words.extend(shared.data.samples.draw.map(|n| format!("samples {n} {}", shared.data.samples.seed())));
    Data::new(words)
}

/// `at 14:02` today, `yesterday at 14:02`, or with the date.
fn when(at: SystemTime) -> String {
    let Ok(at) = Timestamp::try_from(at) else { return "in an earlier run".into() };
    let zone = TimeZone::system();
    let (at, now) = (zone.to_datetime(at), zone.to_datetime(Timestamp::now()));
    let format = match () {
        () if at.date() == now.date() => "at %H:%M",
        () if at.date().tomorrow().is_ok_and(|day| day == now.date()) => "yesterday at %H:%M",
        () => "on %Y-%m-%d at %H:%M",
    };
    at.strftime(format).to_string()
}
