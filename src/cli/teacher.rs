//! From a lesson to the session and the layers that it is played on.

#[cfg(feature = "onnx")]
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::calibrate::by_id;
use crate::input::{Discovered, Part, Source, discover};
use crate::jobs::{Loader, Order, Recipe};
use crate::lessons::{Lang, Lesson, Made, Needs};
use crate::quant::Format;
use crate::session::Session;
use crate::tui::teacher::Opening;

/// Who opens lessons.
pub(super) struct Teacher {
    /// Data of the learner's own, which stand behind a lesson's; a network among them is what lessons on networks end on.
    pub own: Vec<PathBuf>,
    /// Where the bundled network and what it reads lie while lessons are open.
    #[cfg(feature = "onnx")]
    folder: Option<tempfile::TempDir>,
}

impl Teacher {
    pub fn new(own: Vec<PathBuf>) -> Teacher {
        Teacher {
            own,
            #[cfg(feature = "onnx")]
            folder: None,
        }
    }

    /// Opens a lesson; `own` opens the learner's network for its last steps.
    ///
    /// # Errors
    /// A sentence: a method or a format that there is none, a network that this program cannot run.
    pub fn open(&mut self, lesson: &Lesson, own: bool) -> Result<Opening, String> {
        match lesson.needs {
            Needs::Values | Needs::Training => {
                let own: Vec<PathBuf> = self.own.iter().filter(|path| !is_network(path)).cloned().collect();
                values(lesson, &own)
            }
            Needs::Network if own => self.network_of_the_learner(lesson),
            Needs::Network => self.network(lesson),
        }
    }

    #[cfg(feature = "onnx")]
    fn network(&mut self, lesson: &Lesson) -> Result<Opening, String> {
        let failed = |error: std::io::Error| format!("the network cannot be laid out for the lesson: {error}.");
        if self.folder.is_none() {
            let folder = tempfile::TempDir::with_prefix("qviz-learn-").map_err(failed)?;
            lay_out(folder.path()).map_err(failed)?;
            self.folder = Some(folder);
        }
        let Some(folder) = &self.folder else { return Err("there is no room for the lesson.".to_owned()) };
        let file = |name: &str| folder.path().join(name).into_os_string();
        // That the first axis is the samples is known here, and need not be told as assumed.
        let data = ["--data".into(), file(CHOSEN_BY), "--check".into(), file(JUDGED_BY)];
        run(lesson, [vec![file(NETWORK), "--shape".into(), ONE_CROP.into()], data.to_vec()].concat())
    }

    /// Every network among the learner's files would be one too many: the first one is run, on all other files.
    #[cfg(feature = "onnx")]
    fn network_of_the_learner(&self, lesson: &Lesson) -> Result<Opening, String> {
        let (networks, samples): (Vec<&PathBuf>, Vec<&PathBuf>) = self.own.iter().partition(|path| is_network(path));
        let mut words: Vec<OsString> = networks.iter().take(1).map(|path| path.as_os_str().to_owned()).collect();
        if !samples.is_empty() {
            words.push("--data".into());
            words.extend(samples.iter().map(|path| path.as_os_str().to_owned()));
        }
        run(lesson, words)
    }

    #[cfg(not(feature = "onnx"))]
    fn network_of_the_learner(&self, lesson: &Lesson) -> Result<Opening, String> {
        Err(format!("{} ends on a network, and this qviz was built without the feature onnx.", title(lesson)))
    }

    #[cfg(not(feature = "onnx"))]
    fn network(&mut self, _: &Lesson) -> Result<Opening, String> {
        Err("this lesson runs a network, and this qviz was built without the feature onnx.".to_owned())
    }
}

/// Opens a network by the words that a shell would have for it, as the lesson begins with it.
#[cfg(feature = "onnx")]
fn run(lesson: &Lesson, words: Vec<OsString>) -> Result<Opening, String> {
    use clap::Parser;

    use super::args::Cli;
    use super::config::Defaults;

    let place = lesson.place.as_deref().unwrap_or("fused");
    let methods = lesson.methods.join(",");
    let as_it_begins = ["--place", place, "--format", &lesson.format, "--method", &methods].map(OsString::from);
    let words = std::iter::once("qviz".into()).chain(words).chain(as_it_begins);
    let cli = Cli::try_parse_from(words).map_err(|error| format!("the network cannot be opened: {error}"))?;
    let mut shared = cli.screen.shared;
    shared.fill(&Defaults::default());
    let session = shared.session();
    let into_network = super::qdq::into_network(&shared);
    let start = super::source::start(shared, &session, super::source::For::Document { exact: false })
        .map_err(|usage| usage.0)?;
    Ok(Opening { session, title: title(lesson), start, into_network })
}

/// Whether a file is a network, and not values.
pub(super) fn is_network(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("onnx"))
}

fn title(lesson: &Lesson) -> String {
    lesson.title.of(Lang::En).to_owned()
}

fn values(lesson: &Lesson, own: &[PathBuf]) -> Result<Opening, String> {
    let methods = lesson.methods.iter().map(|id| by_id(id).map_err(|why| why.to_string()));
    let methods = methods.collect::<Result<Vec<_>, String>>()?;
    let session = Session::new(methods, &lesson.method, Format::named(&lesson.format)?);
    let recipe = Recipe::new(lesson.bins, session.methods().iter().map(AsRef::as_ref));
    let (data, own) = (lesson.data.clone(), own.to_vec());
    let discover = move || {
        let made = |made: &Made| Source { name: made.name.clone(), parts: vec![Part::made(&made.name, made.npy())] };
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
    let start = Box::new(move |tell| -> Box<dyn crate::jobs::Feed> { Box::new(Loader::start(order, tell)) });
    Ok(Opening { session, title: title(lesson), start, into_network: None })
}

/// What the bundled network reads: one crop.
#[cfg(feature = "onnx")]
const ONE_CROP: &str = "x=1x3x48x192";
#[cfg(feature = "onnx")]
const NETWORK: &str = "classifier.onnx";
/// The crops that clips are chosen by, and those that judge them.
#[cfg(feature = "onnx")]
const CHOSEN_BY: &str = "calibration.npy";
#[cfg(feature = "onnx")]
const JUDGED_BY: &str = "check.npy";

/// Writes the network and its crops: every fourth one to choose by, every second one to judge by.
#[cfg(feature = "onnx")]
fn lay_out(folder: &std::path::Path) -> std::io::Result<()> {
    use crate::lessons::{CROPS, batch};

    let network = include_bytes!("../../assets/models/ch_ppocr_mobile_v2.0_cls_infer.onnx");
    std::fs::write(folder.join(NETWORK), network)?;
    std::fs::write(folder.join(CHOSEN_BY), batch((0..CROPS).step_by(4)))?;
    std::fs::write(folder.join(JUDGED_BY), batch((1..CROPS).step_by(2)))
}
