//! The registry of commands: every one of the user's verbs, once.
//!
//! Key map, hints, help overlay and the README's table all come from [`COMMANDS`].

use super::key::Key;
use super::model::Model;
use super::update::network::busy;
use crate::jobs::TuneLayer;

mod table;

use Command as C;
pub use table::COMMANDS;

/// A verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// Moves the clip by screen columns.
    MoveColumns(i16),
    /// Moves the clip by bins.
    MoveBins(i16),
    /// Asks for the clip as a number.
    TypeClip,
    /// Moves the clip to the next (1) or previous (-1) local minimum of the curve.
    Minimum(i8),
    /// Moves the clip to the next or previous method's value.
    Mark(i8),
    /// Back to the value of the layer's method.
    MethodValue,
    /// Takes the method with this index.
    Method(usize),
    /// Measures the clip on the values themselves.
    Measure,
    /// Asks for another grid of integers.
    Grid,
    /// Asks for the axis of the channels.
    PerChannel,
    /// Asks for the layers to share one range with.
    Tie,
    /// Opens the channel under the cursor.
    OpenChannel,
    /// Goes back to the strip of channels.
    CloseChannel,
    /// Takes the other end of an affine range in hand.
    OtherHandle,
    /// Takes the last step back.
    Undo,
    /// Takes it again.
    Redo,
    /// Selects another layer: so many rows down.
    Select(i16),
    /// Selects another layer: so many pages down.
    Page(i16),
    /// Selects the first layer.
    First,
    /// Selects the last layer.
    Last,
    /// Asks for a text that names must hold.
    Filter,
    /// Sorts by the next order.
    Sort,
    /// Quantizes the layer, or leaves it in float.
    Toggle,
    /// Linear or log counts.
    YScale,
    /// Magnitudes or signed values.
    Sign,
    /// Shows the next (1) or previous (-1) objective's curve.
    Curve(i8),
    /// Shows the fake-quantized distribution over the original.
    FakeQuant,
    /// Draws the next fitted distribution over the histogram, or none.
    Fit,
    /// Shows the mapping from floats to integers.
    Mapping,
    /// Compares all methods on all layers.
    Compare,
    /// Zooms in (1) or out (-1) about the clip.
    Zoom(i8),
    /// Shows the whole range.
    ZoomReset,
    /// Moves the zoomed window.
    Pan(i8),
    /// Ends the run of a network with the samples seen so far, or what takes long with what it has found.
    Stop,
    /// Measures what each layer does to the network's outputs.
    Sensitivity,
    /// Asks how many of the most sensitive layers to leave in float.
    FloatWorst,
    /// Searches a better clip for the selected layer.
    Tune,
    /// Searches better clips for all layers.
    TuneAll,
    /// Writes the scales to a file.
    Export,
    /// Shows every command.
    Help,
    /// Gives the mouse back to the terminal, or takes it.
    Mouse,
    /// Suspends the program.
    Suspend,
    /// Leaves.
    Quit,
}

/// What the help overlay lists together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// The clip of the selected layer.
    Clip,
    /// The list.
    Layers,
    /// The plots.
    View,
    /// The network that the layers come from.
    Network,
    /// Everything else.
    Session,
}

impl Group {
    /// The groups in the order of the help overlay.
    pub const ALL: [Group; 5] = [Group::Clip, Group::Layers, Group::View, Group::Network, Group::Session];

    /// Its heading.
    pub fn title(self) -> &'static str {
        match self {
            Group::Clip => "the clip",
            Group::Layers => "layers",
            Group::View => "plots",
            Group::Network => "the network",
            Group::Session => "session",
        }
    }
}

/// A command with all that is said about it.
pub struct Entry {
    /// What it does.
    pub command: Command,
    /// A name that never changes.
    pub id: &'static str,
    /// A few words.
    pub title: &'static str,
    /// One sentence.
    pub help: &'static str,
    /// The keys that run it; the first one is shown in hints.
    pub keys: &'static [Key],
    /// Its group.
    pub group: Group,
}

/// The command that a key runs.
pub fn bound(key: Key) -> Option<Command> {
    COMMANDS.iter().find(|e| e.keys.contains(&key)).map(|e| e.command)
}

/// The entry of a command.
pub fn entry_of(command: Command) -> &'static Entry {
    COMMANDS.iter().find(|e| e.command == command).expect("every command that is run stands in the registry")
}

/// Why a command cannot run now, in a few words; `None` if it can.
pub fn unavailable(command: Command, model: &Model) -> Option<&'static str> {
    let needs_layer = || match model.selected_ready() {
        Some(_) => None,
        None => Some("no layer is read yet"),
    };
    let needs_range = || match model.selected_ready() {
        None => Some("no layer is read yet"),
        Some(ready) if ready.stats().amax() <= 0.0 => Some("this layer has no range"),
        Some(_) => None,
    };
    let only_strip = || (!model.on_strip()).then_some("only where channels have ranges of their own (A)");
    if model.on_strip() {
        let of_one = match command {
            C::MoveColumns(_) | C::Minimum(_) => return None,
            C::MoveBins(_) | C::Mark(_) | C::TypeClip | C::OtherHandle | C::Zoom(_) => true,
            C::FakeQuant | C::Fit | C::Mapping | C::Sign => true,
            C::Curve(_) => !model.plot.compare,
            _ => false,
        };
        if of_one {
            return Some("open a channel first (Enter)");
        }
    }
    match command {
        C::PerChannel if model.session.joint_of(model.list.selected).is_some() => {
            Some("a tensor that shares its range has none per channel (J)")
        }
        C::Tie if model.on_strip() || model.channel.open.is_some() => Some("make it one range per tensor first (A)"),
        C::PerChannel | C::Tie => needs_layer(),
        C::OpenChannel => only_strip(),
        C::CloseChannel if model.channel.open.is_none() => Some("no channel is opened"),
        C::Measure if model.on_strip() || model.channel.open.is_some() => {
            Some("only a tensor with one range is measured")
        }
        C::Measure if model.session.joint_of(model.list.selected).is_some() => {
            Some("only a tensor with a range of its own is measured")
        }
        C::MoveColumns(_) | C::MoveBins(_) | C::Minimum(_) | C::Mark(_) | C::Zoom(_) => needs_range(),
        C::TypeClip | C::Grid | C::Measure | C::Toggle | C::FakeQuant | C::Fit | C::Mapping => needs_layer(),
        C::MethodValue => match model.selected_ready() {
            None => Some("no layer is read yet"),
            Some(ready) if ready.method_clip().is_none() => Some("the method has no value here"),
            Some(_) => None,
        },
        C::Method(n) if n >= model.session.methods().len() => Some("there are fewer methods"),
        C::Method(_) => needs_layer(),
        C::OtherHandle if model.format().symmetric() => Some("only with --affine"),
        C::OtherHandle => needs_range(),
        C::Undo if model.session.history_len().0 == 0 => Some("nothing to undo"),
        C::Redo if model.session.history_len().1 == 0 => Some("nothing to redo"),
        C::Sign if !model.format().symmetric() => Some("an affine range is always shown signed"),
        C::ZoomReset | C::Pan(_) if model.plot.zoom.is_none() => Some("the whole range is shown"),
        C::Stop => {
            let runs = model.loading.runs.is_some() && !model.loading.finished;
            let trial = model.network.as_ref().is_some_and(|n| n.running.is_some());
            (!runs && !trial).then_some("nothing is running")
        }
        C::Sensitivity => busy(model),
        C::Tune => busy(model).or_else(|| {
            let tunable = TuneLayer::of(&model.session, model.list.selected).is_some();
            (!tunable).then_some("only an activation that is quantized, with one range")
        }),
        C::TuneAll => busy(model).or_else(|| {
            let any = (0..model.session.layers.len()).any(|layer| TuneLayer::of(&model.session, layer).is_some());
            (!any).then_some("no activation is quantized with one range")
        }),
        C::FloatWorst if model.network.as_ref().is_none_or(|n| n.sensitivity.is_empty()) => {
            Some("measure the layers' sensitivity first (r)")
        }
        C::Export if model.session.top_level().all(|(_, l)| l.ready().is_none()) => Some("no layer is read yet"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_key_and_id_is_given_once() {
        let (mut keys, mut ids) = (HashSet::new(), HashSet::new());
        for entry in COMMANDS {
            assert!(ids.insert(entry.id), "{}", entry.id);
            assert!(!entry.keys.is_empty() && entry.help.ends_with('.'), "{}", entry.id);
            assert!(entry.keys.iter().all(|k| keys.insert(*k)), "{}", entry.id);
        }
    }
}
