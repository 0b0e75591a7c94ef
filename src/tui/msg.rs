//! What happens, and what is to be done about it outside the model.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::figure::{CurveKind, Handle};
use crate::jobs::{Request, Told};
use crate::report::Scales;

use super::command::Command;
use super::key::Key;
use super::look::Ground;

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
    /// A curve's title was pressed.
    ShowCurve(CurveKind),
    /// A channel of the strip was pressed.
    PickChannel(usize),
    /// A row of the list was pressed: index of the layer.
    SelectLayer(usize),
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
    /// The screen as SVG.
    Drawn(String),
    /// A picture was written: where, or why not.
    Written(Result<String, Unwritten>),
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
/// said, and answers with what became of it, a sentence each.
pub type IntoNetwork = Arc<dyn Fn(&Scales, &Path, bool) -> Result<Vec<String>, Unwritten> + Send + Sync>;

/// What the program shall do that the model cannot.
#[derive(Debug, PartialEq)]
pub enum Cmd {
    /// End the program.
    Quit,
    /// Ask this of whoever brings the layers.
    Request(Request),
    /// End what is being read, or a trial that takes long, and keep what was gathered.
    Stop,
    /// Write the scales that are chosen to a file.
    Export {
        /// The file to write, `~/` for the home folder; with `FORMAT:` in front where its ending does not say which.
        path: PathBuf,
        /// Whether to replace an existing file.
        force: bool,
    },
    /// Draw the screen as SVG.
    Draw,
    /// Write a picture to a file.
    Write {
        /// The file to write, `~/` for the home folder.
        path: PathBuf,
        /// What it holds.
        contents: String,
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
    /// Sleep until the shell wakes the program.
    Suspend,
}
