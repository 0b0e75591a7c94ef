//! Everything that the screen shows, and nothing that is not shown: the session and where the user looks at it.

use core::time::Duration;

use crate::calibrate::Shape;
use crate::calibrate::kl;
use crate::histogram::Magnitude;
use crate::quant::{Clip, Format};
use crate::session::{Choice, Ready, Session};

use super::look::Look;
use super::network::Network;
use super::prompt::Line;
use super::scene::{CurveKind, Scene};
use super::strip::Strip;

/// The state of the screen. [`update`](super::update::update) is the only one that changes it.
pub struct Model {
    /// The document.
    pub session: Session,
    /// What was opened, for the header.
    pub title: String,
    /// The list of layers.
    pub list: List,
    /// The plots.
    pub plot: Plot,
    /// The channels of the selected tensor as they are looked at.
    pub channel: Channel,
    /// What keys and mouse mean now.
    pub mode: Mode,
    /// How far reading is.
    pub loading: Loading,
    /// The network that the layers come from, where there is one.
    pub network: Option<Network>,
    /// What was done last, or why not; until the next key.
    pub notice: Option<Notice>,
    /// Whether the terminal sends mouse events to the program.
    pub mouse: bool,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// Colours and glyphs.
    pub look: Look,
    /// The layers that are being read as one.
    pub tying: Option<Vec<usize>>,
    /// Finer bins of one layer, read when the user zooms.
    pub fine: Fine,
    /// What is drawn of the selected layer, made from all of the above after each update.
    pub scene: Option<Scene>,
    /// The channels' bars, in the place of the scene.
    pub strip: Option<Strip>,
    /// The file name that the export prompt proposes.
    pub export_path: String,
}

/// The list of layers as it is looked at.
#[derive(Default)]
pub struct List {
    /// Indices of the layers that are shown, in their order on the screen.
    pub order: Vec<usize>,
    /// The row of the heading over the weights, where they stand behind the activations.
    pub heading: Option<usize>,
    /// Index of the selected layer in the session.
    pub selected: usize,
    /// The first row that is shown.
    pub top: usize,
    /// The order.
    pub sort: Sort,
    /// What names must hold.
    pub filter: String,
    /// Whether the order does not fit the layers any more.
    pub stale: bool,
    /// Whether the window follows the selection; the wheel lets go.
    pub follow: bool,
    /// The name of the layer to begin with, until the layers are known.
    pub wanted: Option<String>,
    /// The selection that the window was last moved to.
    pub seen: Option<usize>,
}

/// A row of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    /// A layer, by its index in the session.
    Layer(usize),
    /// The heading over the weights.
    Heading,
}

impl List {
    /// How many rows there are, the heading included.
    pub fn rows(&self) -> usize {
        self.order.len() + usize::from(self.heading.is_some())
    }

    /// What stands in a row, counted from the first one whether or not it is shown.
    pub fn row(&self, row: usize) -> Option<Row> {
        match self.heading {
            Some(heading) if row == heading => Some(Row::Heading),
            Some(heading) if row > heading => self.order.get(row - 1).copied().map(Row::Layer),
            _ => self.order.get(row).copied().map(Row::Layer),
        }
    }

    /// The layer in a row, if one stands there.
    pub fn layer(&self, row: usize) -> Option<usize> {
        match self.row(row)? {
            Row::Layer(layer) => Some(layer),
            Row::Heading => None,
        }
    }

    /// The row of a layer.
    pub fn row_of(&self, layer: usize) -> Option<usize> {
        let at = self.order.iter().position(|l| *l == layer)?;
        Some(at + usize::from(self.heading.is_some_and(|heading| at >= heading)))
    }
}

/// A tensor's channels as they are looked at.
#[derive(Default)]
pub struct Channel {
    /// The channel under the cursor of the strip.
    pub cursor: usize,
    /// The layer of the channel that is opened: its plots are shown instead of the strip.
    pub open: Option<usize>,
    /// The layer whose channels are being read, and the axis.
    pub reading: Option<(usize, i64)>,
}

/// An order of the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// As the files are ordered.
    #[default]
    Files,
    /// By name.
    Name,
    /// The worst SQNR first; layers without one last.
    Worst,
    /// What costs a network's outputs most first; layers of which that is not known last.
    Sensitive,
}

impl Sort {
    /// The next order that `s` goes to.
    pub fn next(self, sensitivity_known: bool) -> Sort {
        match self {
            Sort::Files => Sort::Worst,
            Sort::Worst if sensitivity_known => Sort::Sensitive,
            Sort::Worst | Sort::Sensitive => Sort::Name,
            Sort::Name => Sort::Files,
        }
    }

    /// A few words.
    pub fn title(self) -> &'static str {
        match self {
            Sort::Files => "in order",
            Sort::Name => "by name",
            Sort::Worst => "worst SQNR first",
            Sort::Sensitive => "most sensitive first",
        }
    }
}

/// How the plots are looked at.
pub struct Plot {
    /// Whether counts stand on a log scale.
    pub log: bool,
    /// Whether the axis shows signed values; affine ranges always do.
    pub signed: bool,
    /// The objective whose curve is shown.
    pub curve: CurveKind,
    /// Whether the mapping stands in the curve's place.
    pub mapping: bool,
    /// Whether the comparison of all methods stands in the plots' place.
    pub compare: bool,
    /// Whether the fake-quantized distribution lies over the original.
    pub fake_quant: bool,
    /// The distribution that is fitted to the histogram and drawn over it.
    pub fit: Option<Shape>,
    /// The part of the axis that is shown; `None` for all of it.
    pub zoom: Option<(f64, f64)>,
    /// The end of the range that keys move.
    pub handle: Handle,
    /// The value under the inspect cursor.
    pub inspect: Option<f64>,
}

/// One end of the range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handle {
    /// `clip_min`.
    Min,
    /// `clip_max`; on symmetric grids `amax`.
    Max,
}

/// Finer bins for the zoom.
#[derive(Default)]
pub struct Fine {
    /// The layer that they were asked for.
    pub requested: Option<usize>,
    /// The layer that they belong to, and the bins.
    pub magnitude: Option<(usize, Magnitude)>,
}

/// What keys and mouse mean.
pub enum Mode {
    /// Commands.
    Normal,
    /// The clip is in the user's hand.
    Drag {
        /// Which end.
        handle: Handle,
        /// What was chosen when it was grabbed.
        before: Choice,
    },
    /// The zoomed window is in the user's hand: the value that stays under the pointer.
    Pan {
        /// The value under the pointer when it was grabbed.
        anchor: f64,
    },
    /// Typing the filter; what it was before.
    Filter {
        /// The text.
        line: Line,
        /// What Esc goes back to.
        before: String,
    },
    /// Typing a clip.
    Clip(Line),
    /// Typing a grid of integers.
    Grid(Line),
    /// Typing the axis of the channels.
    Axis(Line),
    /// Typing how many of the most sensitive layers stay in float.
    Worst(Line),
    /// Typing the names of the layers to share a range with.
    Tie(Line),
    /// Typing a file name.
    Export {
        /// The name.
        line: Line,
        /// The name of an existing file that Enter would replace, once it was said.
        exists: Option<String>,
        /// Whether to leave when it is written.
        then_quit: bool,
    },
    /// The list of commands.
    Help {
        /// What they must hold.
        line: Line,
        /// First line shown.
        scroll: u16,
    },
    /// Unsaved changes: leave all the same?
    Quit,
}

/// How far reading is.
#[derive(Default)]
pub struct Loading {
    /// Whether the layers' names are known.
    pub found: bool,
    /// How many layers are to be read.
    pub all: usize,
    /// Layers that were read or failed.
    pub done: usize,
    /// How often a model was run, how often it will have been, and how long that takes.
    pub runs: Option<(usize, usize, Option<Duration>)>,
    /// The layer that is being read, and the share of it.
    pub share: Option<(usize, f64)>,
    /// Whether everything was read.
    pub finished: bool,
}

/// A sentence for the user.
pub struct Notice {
    /// The sentence.
    pub text: String,
    /// Whether something went wrong.
    pub warning: bool,
}

impl Model {
    /// A screen that knows nothing yet but what it will show.
    pub fn new(session: Session, title: String, look: Look, size: (u16, u16)) -> Model {
        let plot = Plot {
            log: true,
            signed: false,
            // KL knows no affine ranges.
            curve: if kl::undefined_on(session.format()).is_none() { CurveKind::Kl } else { CurveKind::Mse },
            mapping: false,
            compare: false,
            fake_quant: false,
            fit: None,
            zoom: None,
            handle: Handle::Max,
            inspect: None,
        };
        Model {
            session,
            title,
            list: List::default(),
            plot,
            channel: Channel::default(),
            mode: Mode::Normal,
            loading: Loading::default(),
            network: None,
            notice: None,
            mouse: true,
            size,
            look,
            tying: None,
            fine: Fine::default(),
            scene: None,
            strip: None,
            export_path: "scales.json".into(),
        }
    }

    /// Index of the layer whose plots are shown, and which commands change: the channel that is opened; of a tensor that
    /// shares its range, the values of all that share it.
    pub fn at(&self) -> usize {
        let selected = self.list.selected;
        self.channel.open.or_else(|| self.session.joint_of(selected)).unwrap_or(selected)
    }

    /// That layer's data, if it was read.
    pub fn selected_ready(&self) -> Option<&Ready> {
        self.session.layers.get(self.at())?.ready()
    }

    /// Whether the strip of channels stands where a layer's plots would.
    pub fn on_strip(&self) -> bool {
        self.selected_ready().is_some_and(|ready| ready.axis().is_some())
    }

    /// Whether the tensor that the strip shows is quantized.
    pub fn strip_quantized(&self) -> bool {
        self.selected_ready().is_some_and(|ready| ready.choice().quantized)
    }

    /// The grid of integers that it goes to; while it is not read, what layers go to otherwise.
    pub fn format(&self) -> Format {
        self.selected_ready().map_or(self.session.format(), Ready::format)
    }

    /// Whether the axis shows signed values now.
    pub fn shows_signed(&self) -> bool {
        self.plot.signed || self.plot.mapping || !self.format().symmetric()
    }

    /// The whole axis of a layer: all of its values and the clip.
    pub fn domain(&self, ready: &Ready) -> (f64, f64) {
        let stats = ready.stats();
        let clip = ready.choice().clip;
        if ready.format().symmetric() {
            let top = f64::from(stats.amax().max(ready.histogram().magnitude.amax).max(clip.amax()));
            if self.shows_signed() { (-top, top) } else { (0.0, top) }
        } else {
            let least = stats.min.unwrap_or(0.0).min(clip.min()).min(0.0);
            let most = stats.max.unwrap_or(0.0).max(clip.max()).max(0.0);
            (f64::from(least), f64::from(most))
        }
    }

    /// Where the clip is drawn on an axis: each line's end of the range and its value.
    pub fn lines(&self, clip: Clip) -> Vec<(Handle, f64)> {
        let format = self.format();
        let max = (Handle::Max, f64::from(if format.symmetric() { clip.amax() } else { clip.max() }));
        if format.symmetric() && !(self.shows_signed() && format.signed()) {
            vec![max]
        } else {
            vec![(Handle::Min, f64::from(clip.min())), max]
        }
    }

    /// Says something until the next key.
    pub fn say(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice { text: text.into(), warning: false });
    }

    /// Says that something is wrong.
    pub fn warn(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice { text: text.into(), warning: true });
    }
}

/// The clip that results from putting one end of `clip` on `value`.
pub fn moved(clip: Clip, handle: Handle, value: f32, format: Format) -> Clip {
    match handle {
        _ if format.symmetric() => format.clip_for(-value, value),
        Handle::Min => Clip::new(value, clip.max()),
        Handle::Max => Clip::new(clip.min(), value),
    }
}
