//! Everything that the screen shows, and nothing that is not shown: the session and where the user looks at it.

use core::time::Duration;
use std::collections::VecDeque;
use std::sync::Arc;

use crate::calibrate::Divergence;
use crate::figure::{Figure, Handle, Strip, domain, lines};
use crate::histogram::{Histogram, Magnitude};
use crate::jobs::Against;
use crate::lessons::Lang;
use crate::quant::{Clip, Format};
use crate::report::{Provenance, Scales, visible};
use crate::session::{Key, Layer, Ready, Session, Target};

use super::behind::{Reading, Writing};
use super::command::Keymap;
use super::drawn::Drawn;
use super::handed::Handed;
use super::held::{Held, Other};
use super::learn::Learn;
use super::list::List;
use super::look::Look;
use super::mode::Mode;
use super::msg::{IntoNetwork, IntoWords};
use super::network::Network;
use super::page::Page;
use super::plotted::Plot;
use super::taking::Taking;

/// Tells what a document of this run was made from; may wait until that is known.
pub type MadeFrom = Arc<dyn Fn() -> Provenance + Send + Sync>;

/// The state of the screen. [`update`](super::update::update) is the only one that changes it.
pub struct Model {
    /// The document: the layers, what is chosen for each, and what can be undone.
    pub session: Session,
    /// What was opened, for the header.
    pub title: String,
    /// The list of layers: its order, its selection, its window.
    pub list: List,
    /// How the plots are looked at.
    pub plot: Plot,
    /// The channels of the selected tensor as they are looked at.
    pub channel: Channel,
    /// What keys and mouse mean now.
    pub mode: Mode,
    /// The state under the cursor of the list of changes: how many changes have led to it.
    pub state: usize,
    /// The piece of background work under the cursor of its list.
    pub piece: usize,
    /// How far reading is.
    pub loading: Loading,
    /// What was asked of whoever has the values, and has not come.
    pub values: Vec<Reading>,
    /// The network that is being written.
    pub writing: Option<Writing>,
    /// The network that the layers come from, where there is one.
    pub network: Option<Network>,
    /// What was done last, or why not; until the next key.
    pub notice: Option<Notice>,
    /// Whether the terminal sends mouse events to the program.
    pub mouse: bool,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// Which keys run which command.
    pub keys: Keymap,
    /// The colours and glyphs that this terminal shows.
    pub look: Look,
    /// Whether an example is looked at, because nothing was named.
    pub example: bool,
    /// The language of what is taught.
    pub lang: Lang,
    /// How much of a presentation is revealed; `None` outside of one.
    pub present: Option<u8>,
    /// The layers that are being read as one.
    pub tying: Option<Vec<Key>>,
    /// Finer bins of one layer, read when the user zooms.
    pub fine: Fine,
    /// The figure of the selected layer, made from all of the above after each update.
    pub drawn: Option<Drawn>,
    /// The channels' bars, in the place of the figure.
    pub strip: Option<Strip>,
    /// A range that is kept in view, to compare others with it.
    pub held: Option<Held>,
    /// The same tensors of other data, where there are some.
    pub against: Option<Against>,
    /// What an earlier run has left.
    pub taking: Taking,
    /// A document whose tensors an export keeps where the session does not hold them.
    pub kept: Option<Arc<Scales>>,
    /// What a document of this run was made from, where that is known.
    pub made_from: Option<MadeFrom>,
    /// Who writes the network with its scales inside, where one is run.
    pub into_network: Option<IntoNetwork>,
    /// How something else is looked at, where that can be.
    pub opens: Option<Opens>,
    /// What of the files that are laid over the layers fits these, a sentence each.
    pub overlaid: Vec<String>,
    /// What was said of the last file that was written for another tool, a sentence each.
    pub statement: Vec<String>,
    /// What another tool's file holds, and no document.
    pub handed: Option<Handed>,
    /// Whether changes are written down as they are made.
    pub journaled: bool,
    /// The file name that the export prompt proposes.
    pub export_path: String,
    /// The lessons that are gone through.
    pub learn: Option<Box<Learn>>,
}

/// How something else is looked at.
pub struct Opens {
    /// The words that what is looked at now was opened by.
    pub proposed: String,
    /// Understands what is typed.
    pub words: IntoWords,
}

/// A tensor's channels as they are looked at.
#[derive(Default)]
pub struct Channel {
    /// The channel under the cursor of the strip.
    pub cursor: usize,
    /// The channel that is opened: its plots are shown instead of the strip.
    pub open: Option<usize>,
    /// The tensor whose channels are being read, and the axis.
    pub reading: Option<(Key, i64)>,
    /// Tensors that are to get ranges per channel as one step, once the channels of all of them are read.
    pub gathering: Option<Gathering>,
}

/// Tensors whose channels are read one after the other.
pub struct Gathering {
    /// The axis as it was typed: negative from behind.
    pub axis: i64,
    /// Those whose channels are there.
    pub there: Vec<(Key, usize)>,
    /// Those that are to be read, the next one first.
    pub waiting: VecDeque<Key>,
    /// Those that have none, and why.
    pub refused: Vec<(String, String)>,
}

/// What a presentation reveals, one after the other; the bars are there from the beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The clip's line.
    Clip = 1,
    /// What saturates.
    Saturated,
    /// The curve of the objective.
    Curve,
    /// The methods' marks on the axis.
    Marks,
    /// The error and the scale.
    Error,
}

impl Part {
    /// The last one.
    pub const LAST: Part = Part::Error;
}

/// Finer bins for the zoom.
#[derive(Default)]
pub struct Fine {
    /// The tensor that they were asked for.
    pub requested: Option<Key>,
    /// The tensor that they belong to, and the bins.
    pub magnitude: Option<(Key, Magnitude)>,
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
    /// The share of the channels that is counted, and how long the rest takes.
    pub channels: Option<(f64, Option<Duration>)>,
    /// The layer that is being read, and the share of it.
    pub share: Option<(usize, f64)>,
    /// Whether it shall end early.
    pub stopping: bool,
    /// Whether everything was read.
    pub finished: bool,
}

/// A sentence for the user.
pub struct Notice {
    /// What is said, without a full stop.
    pub text: String,
    /// Whether something went wrong.
    pub warning: bool,
}

impl Model {
    /// A screen that knows nothing yet but what it will show.
    pub fn new(session: Session, title: String, look: Look, size: (u16, u16)) -> Model {
        let format = session.format();
        Model {
            session,
            title,
            list: List::default(),
            plot: Plot::of(format),
            channel: Channel::default(),
            mode: Mode::Normal,
            state: 0,
            piece: 0,
            loading: Loading::default(),
            values: Vec::new(),
            writing: None,
            network: None,
            notice: None,
            mouse: true,
            size,
            keys: Keymap::default(),
            look,
            example: false,
            lang: Lang::default(),
            present: None,
            tying: None,
            fine: Fine::default(),
            drawn: None,
            strip: None,
            held: None,
            against: None,
            taking: Taking::default(),
            kept: None,
            made_from: None,
            into_network: None,
            opens: None,
            overlaid: Vec::new(),
            statement: Vec::new(),
            handed: None,
            journaled: false,
            export_path: "scales.json".into(),
            learn: None,
        }
    }

    /// The file of another tool that holds what is chosen, where no document does, nothing was changed since, and the journal
    /// keeps the changes.
    pub fn handed_to(&self) -> Option<&str> {
        let handed = self.handed.as_ref().filter(|_| self.journaled)?;
        handed.holds(&self.session.unsaved()).then_some(&handed.path)
    }

    /// The layer that is selected in the list; `None` while there is none.
    pub fn selected(&self) -> Option<&Layer> {
        self.session.layers().get(self.list.selected)
    }

    /// Whether commands that decide go for all layers that are marked, not for the one that is looked at: so it is unless a
    /// channel is opened.
    pub fn many(&self) -> bool {
        !self.list.marked.is_empty() && self.channel.open.is_none()
    }

    /// The range whose plots are shown, and which commands change: the channel that is opened; of a tensor that shares
    /// its range, the values of all that share it.
    pub fn at(&self) -> Option<Target> {
        let layer = self.selected()?;
        let open = self.channel.open.zip(layer.decision().and_then(|d| d.axis));
        Some(match open {
            Some((channel, axis)) => Target::Channel { of: layer.key.clone(), axis, channel },
            None => self.session.target_of(&layer.key),
        })
    }

    /// That range, if it was read.
    pub fn selected_ready(&self) -> Option<&Ready> {
        self.session.ready(&self.at()?)
    }

    /// The name of the range whose plots are shown, control characters made visible.
    pub fn name_at(&self) -> String {
        self.at().map_or_else(String::new, |target| name_of(&target))
    }

    /// Whether the strip of channels stands where a layer's plots would.
    pub fn on_strip(&self) -> bool {
        self.selected_ready().is_some_and(|ready| ready.axis().is_some())
    }

    /// Whether the tensor that the strip shows is quantized.
    pub fn strip_quantized(&self) -> bool {
        self.selected_ready().is_some_and(|ready| ready.decision().quantized)
    }

    /// The format that it goes to; while it is not read, what layers go to otherwise.
    pub fn format(&self) -> Format {
        self.selected_ready().map_or(self.session.format(), Ready::format)
    }

    /// Whether the axis shows signed values now.
    pub fn shows_signed(&self) -> bool {
        self.plot.signed || self.plot.page == Page::Mapping || !self.format().symmetric()
    }

    /// The figure of the selected layer; `None` while it is not read, and where its channels stand in its place.
    pub fn figure(&self) -> Option<&Figure> {
        self.drawn.as_ref().map(|drawn| &drawn.figure)
    }

    /// What is drawn over the layer at hand: what is held, if that is of other values, or else the same tensor of the data
    /// that it is compared with.
    pub fn other(&self) -> Option<Other<'_>> {
        let ready = self.selected_ready().filter(|_| !self.on_strip())?;
        let is_other = |histogram: &Arc<Histogram>| !Arc::ptr_eq(histogram, ready.histogram());
        if let Some(held) = self.held.as_ref().filter(|held| is_other(&held.histogram)) {
            return Some(Other { histogram: &held.histogram, name: format!("held: {}", held.name) });
        }
        self.other_data()
    }

    /// The same range of the data that it is compared with.
    pub fn other_data(&self) -> Option<Other<'_>> {
        let (against, at) = (self.against.as_ref()?, self.at()?);
        Some(Other { histogram: against.histogram(&at)?, name: against.title.clone() })
    }

    /// The whole axis of a layer: all of its values and the clip, and all values that are drawn over them.
    pub(super) fn domain(&self, ready: &Ready) -> (f64, f64) {
        let (clip, format, signed) = (ready.decision().clip, ready.format(), self.shows_signed());
        let (lo, hi) = domain(ready.histogram(), clip, format, signed);
        let other = self.other().map(|other| domain(other.histogram, clip, format, signed));
        other.map_or((lo, hi), |(a, b)| (lo.min(a), hi.max(b)))
    }

    /// Both distributions of the KL divergence at the clip in hand.
    pub fn divergence(&self) -> Option<Divergence> {
        let ready = self.selected_ready()?;
        self.figure()?.tensor.divergence_with(ready.clip().amax(), ready.zero_bin())
    }

    /// The bin under the cursor of P and Q, and how many bins are kept.
    pub(super) fn bin_at_hand(&self) -> Option<(usize, usize)> {
        let parts = self.divergence()?;
        Some((self.bin_of(&parts), parts.bins.len()))
    }

    /// The bin under the cursor: the one that was pointed at, or the one that adds most.
    pub(super) fn bin_of(&self, parts: &Divergence) -> usize {
        let most = || parts.largest(1).first().copied().unwrap_or(parts.bins.len() - 1);
        self.plot.bin.unwrap_or_else(most).min(parts.bins.len() - 1)
    }

    /// The value whose way through quantization is shown: the inspected one; in the mapping, where there is always one, a
    /// usual one of the layer's.
    pub fn traced(&self) -> Option<f32> {
        let ready = self.selected_ready()?;
        match self.plot.inspect {
            Some(value) => Some(value as f32),
            None if self.plot.page == Page::Mapping => Some(usual(ready)),
            None => None,
        }
    }

    /// The value whose neighbourhood the mapping shows.
    pub fn neighbourhood(&self) -> Option<f32> {
        self.plot.around.filter(|_| self.plot.inspect.is_some()).or_else(|| self.traced())
    }

    /// Where the clip is drawn on the axis: each line's end of the range and its value.
    pub fn lines(&self, clip: Clip) -> Vec<(Handle, f64)> {
        lines(clip, self.format(), self.shows_signed())
    }

    /// The language of what is taught, as far as the terminal shows its letters.
    pub fn spoken(&self) -> Lang {
        if self.look.glyphs.ascii { Lang::En } else { self.lang }
    }

    /// Whether a part of the plots is shown: all of them, unless a presentation has not come to it yet.
    pub fn shows(&self, part: Part) -> bool {
        self.present.is_none_or(|revealed| revealed >= part as u8)
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

/// A value such as a layer has many: its standard deviation in round numbers, where that lies inside the clip, else half of
/// the clip.
fn usual(ready: &Ready) -> f32 {
    let clip = ready.clip();
    let end = if clip.max() > 0.0 { clip.max() } else { clip.min() };
    let spread = ready.stats().std().unwrap_or(0.0) as f32;
    let spread = if spread > 0.0 && spread < end.abs() { spread.copysign(end) } else { end / 2.0 };
    if spread == 0.0 || !spread.is_finite() {
        return 0.0;
    }
    let unit = 10f64.powf(f64::from(spread.abs()).log10().floor() - 2.0);
    ((f64::from(spread) / unit).round() * unit) as f32
}

/// A target by name, for people: `conv1`, `conv1[3]`, `conv1 + conv2`; control characters made visible.
pub fn name_of(target: &Target) -> String {
    match target {
        Target::Tensor(key) => visible(key.name()),
        Target::Channel { of, channel, .. } => format!("{}[{channel}]", visible(of.name())),
        Target::Tie(of) => of.iter().map(|key| visible(key.name())).collect::<Vec<_>>().join(" + "),
    }
}
