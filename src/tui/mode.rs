//! What keys and mouse mean, and what is being asked.

use crate::figure::Handle;
use crate::session::Decision;

use ratatui::buffer::Buffer;

use super::line::Line;
use super::look::Ground;

/// What keys and mouse mean.
pub enum Mode {
    /// Keys run commands.
    Normal,
    /// The clip is in the user's hand.
    Drag {
        /// The end of the range that moves.
        handle: Handle,
        /// What was chosen when it was grabbed.
        before: Decision,
    },
    /// The zoomed window is in the user's hand.
    Pan {
        /// The value that was under the pointer when it was grabbed, and stays there.
        anchor: f64,
    },
    /// A text is being typed.
    Prompt {
        /// What it is for.
        ask: Ask,
        /// What was typed so far.
        line: Line,
    },
    /// The list of commands lies over the screen.
    Help {
        /// The text that the commands shown must hold.
        line: Line,
        /// The first line that is shown.
        scroll: u16,
        /// Which of the commands that were found Enter runs, where something is searched for.
        at: usize,
    },
    /// A command is looked for by words.
    Palette {
        /// The words.
        line: Line,
        /// Which of the commands that were found Enter runs.
        at: usize,
    },
    /// Something to read lies over the screen.
    Read {
        /// What it is.
        what: Reading,
        /// The first line that is shown.
        scroll: u16,
        /// Which of the ideas that are named at its end Enter opens.
        at: usize,
    },
    /// The next key names the method that all activations go by.
    ForAll,
    /// The next key names what is copied.
    Copy,
    /// The next key says what to do in the lesson.
    Lesson,
    /// A lesson is chosen.
    Lessons {
        /// The lesson under the cursor.
        at: usize,
    },
    /// An earlier run has left changes that no file holds: whether they shall be taken up.
    Offer,
    /// The user wants to leave with changes that no file holds, and is asked once more.
    Quit,
}

impl Mode {
    /// Asks for a text, of which `text` is proposed.
    pub(super) fn prompt(ask: Ask, text: &str) -> Mode {
        Mode::Prompt { ask, line: Line::proposed(text) }
    }
}

/// The cells of a screen, with what their colours are made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// The cells.
    pub cells: Buffer,
    /// Their ground.
    pub ground: Ground,
}

/// What there is to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// An idea of the glossary, by its id.
    Idea(String),
    /// Every method.
    Methods,
}

/// What a text is asked for. Its title and hint stand in `ask.rs`, what Enter does in `update/prompt.rs`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// What names must hold to be listed; the list follows while it is typed.
    Filter {
        /// The filter that Esc goes back to.
        before: String,
    },
    /// A clip, as a number or as a share of amax.
    Clip {
        /// The number that goes for several layers with the next Enter, once that was said.
        said: Option<String>,
    },
    /// The format that the layer goes to, in words such as `uint4 affine`.
    Format,
    /// The axis of the channels.
    Axis,
    /// The names of the layers to share a range with.
    Tie,
    /// How many of the most sensitive layers stay in float.
    Worst,
    /// How to search better clips, in words such as `16bit:2`.
    Tune {
        /// For all layers, not only for the selected one.
        all: bool,
    },
    /// The file to write the screen to.
    Screen {
        /// The screen as it was when that was asked for.
        picture: Box<Picture>,
        /// The text whose file Enter would replace, once that was said.
        exists: Option<String>,
    },
    /// The file to write the plot to, and its size.
    Plot {
        /// The text whose file Enter would replace, once that was said.
        exists: Option<String>,
    },
    /// The file to write the NumPy of the screen to.
    Script {
        /// The script of what was shown when that was asked for.
        text: String,
        /// The name of an existing file that Enter would replace, once that was said.
        exists: Option<String>,
    },
    /// What to look at instead, in the words of a shell.
    Open,
    /// What to train, in words such as `ste rate:0.5`.
    Train,
    /// The answer to a lesson's question.
    Answer,
    /// The file to write to.
    Export {
        /// The name of an existing file that Enter would replace, once that was said.
        exists: Option<String>,
        /// Whether to leave when it is written.
        then_quit: bool,
    },
}
