//! What happens, and what is to be done about it outside the model.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::figure::{CurveKind, Handle};
use crate::jobs::{Request, Stop, Told};
use crate::report::Scales;
use crate::session::Session;

use super::command::Command;
use super::key::Key;
use super::look::Ground;
use super::mode::Picture;
use super::training::{Order, Trained};

/// Something that happened, in the model's own terms.
pub enum Msg {
    /// The terminal has said what its ground is like.
    Ground(Ground),
    /// The user gave a command.
    Run(Command),
    /// The terminal has another size.
    Resize(u16, u16),
    /// The clip's line was pressed.
    Grab(Handle),
    /// The pointer is on this column of the plots, a button down.
    DragTo(u16),
    /// The button was let go.
    Release,
    /// Whatever is under way shall not have been: Esc, or the right button during a drag.
    Cancel,
    /// A column was pressed away from the line.
    Inspect(u16),
    /// A value was pointed at that no column of the plots stands for.
    InspectValue {
        /// The value.
        value: f64,
        /// Whether the button is down still, so that the neighbourhood stays where it is.
        goes_along: bool,
    },
    /// A curve's title was pressed.
    ShowCurve(CurveKind),
    /// A channel of the strip was pressed.
    PickChannel(usize),
    /// A bin of P and Q was pressed.
    PickBin(usize),
    /// What stands for an idea was pressed: its id.
    Explain(&'static str),
    /// A row of the list was pressed: index of the layer.
    SelectLayer(usize),
    /// A row of what lies over the plots or over the screen was pressed, counted from its first.
    PickRow(usize),
    /// The wheel turned over a page: lines down.
    ScrollPage(i16),
    /// The wheel turned over the list: rows down.
    ScrollList(i16),
    /// The wheel turned over the plots: steps in (positive) or out.
    ZoomAt {
        /// The column under the pointer.
        column: u16,
        /// Steps of the wheel: positive zooms in.
        steps: i8,
    },
    /// The right button was pressed on this column.
    GrabAxis(u16),
    /// A key for the text that is being typed.
    Type(Key),
    /// Text was pasted into the terminal.
    Paste(String),
    /// The loader has something to tell.
    Job(Told),
    /// The loader of the data that is compared with has something to tell.
    Against(Told),
    /// Something was handed to the clipboard.
    Copied {
        /// What it was, in a few words.
        what: String,
        /// Which way it went.
        way: String,
    },
    /// The export ended: what was written and where, or why not.
    Exported(Result<Written, Unwritten>),
    /// The network is being written in the background, to this file.
    Writing(PathBuf),
    /// That ended: what was written and where, or why not.
    NetworkWritten(Result<Written, Unwritten>),
    /// The screen as a picture.
    Drawn(Box<Picture>),
    /// A lesson's data are on their way.
    Opened(Box<Opened>),
    /// Training has something to tell: what was ordered, by its number.
    Trained(usize, Box<Trained>),
    /// A lesson could not be opened, in a sentence.
    NotOpened(String),
    /// A picture was written: where, or why not.
    Written(Result<String, Unwritten>),
}

/// A lesson that begins, with an empty session whose layers are on their way.
pub struct Opened {
    /// Which lesson of the course.
    pub lesson: usize,
    /// Whether its layers are those of the learner's network.
    pub own: bool,
    /// The session.
    pub session: Session,
    /// What is looked at, for the header.
    pub title: String,
    /// Whether the layers come from a network.
    pub network: bool,
    /// Who writes that with its scales inside.
    pub into_network: Option<IntoNetwork>,
}

/// A document that was written.
pub struct Written {
    /// The file that it was written to.
    pub path: String,
    /// How many tensors it holds.
    pub tensors: usize,
    /// Which tensors got a scale in another tool's file and which did not, a sentence each.
    pub said: Vec<String>,
    /// Whether it holds all that is chosen, so that nothing else needs to be kept.
    pub keeps_all: bool,
}

/// A document that was not written.
pub struct Unwritten {
    /// A sentence that says why.
    pub message: String,
    /// Whether that is because there is a file of that name.
    pub exists: bool,
}

/// Writes the network that is run with the scales of a document inside, to a file, one that is there only where that is
/// said, and answers with what became of it, a sentence each. Once the last argument says so nothing is written any more.
pub type IntoNetwork =
    Arc<dyn Fn(&Scales, &Path, bool, &dyn Fn() -> bool) -> Result<Vec<String>, Unwritten> + Send + Sync>;

/// From a text, as it would be typed in a shell behind the program's name, to the words that begin the program with it; the
/// error is a sentence.
pub type IntoWords = Arc<dyn Fn(&str) -> Result<Vec<OsString>, String> + Send + Sync>;

/// What the program shall do that the model cannot.
#[derive(Debug, PartialEq)]
pub enum Cmd {
    /// End the program.
    Quit,
    /// Leave, and begin anew with these words of the command line.
    Open(Vec<OsString>),
    /// Ask this of whoever brings the layers.
    Request(Request),
    /// Ask this of whoever brings the data to compare with.
    Against(Request),
    /// End some of what goes on in the background, and keep what was gathered.
    Stop(Stop),
    /// Do not write the network that is about to be written.
    StopWriting,
    /// Write the scales that are chosen to a file.
    Export {
        /// The file to write, `~/` for the home folder; with `FORMAT:` in front where its ending does not say which.
        path: PathBuf,
        /// Whether to replace an existing file.
        force: bool,
    },
    /// Draw the screen as a picture.
    Draw,
    /// Write a picture to a file.
    Write {
        /// The file to write, `~/` for the home folder.
        path: PathBuf,
        /// What it holds.
        contents: Vec<u8>,
        /// Whether to replace an existing file.
        force: bool,
    },
    /// Hand a text to the clipboard.
    Copy {
        /// What it is, in a few words.
        what: String,
        /// The text; `None` for the document, as an export would write it.
        text: Option<String>,
    },
    /// Take the mouse, or give it back.
    Mouse(bool),
    /// Open a lesson, by its place in the course, on its own data or on the learner's network.
    Lesson {
        /// Its place.
        at: usize,
        /// On the learner's network.
        own: bool,
    },
    /// Train this, under this number; what was ordered before ends.
    Train(Order, usize),
    /// Write down how far the lessons are.
    Keep(String),
    /// Sleep until the shell wakes the program.
    Suspend,
}
