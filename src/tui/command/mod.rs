//! The registry of commands: every one of the user's verbs, once.
//!
//! Key map, hints, help overlay, manual and the README's table all come from [`COMMANDS`]. Which keys are in force the
//! [`Keymap`] says: the user may have others. Texts name a key by its command, `{undo}`, and [`Keymap::told`] puts it in.

use super::key::Key;

mod keymap;
mod table;
mod words;

pub use keymap::{Keymap, KeymapError};
pub use table::COMMANDS;
pub use words::words;

/// Something that the user can have done with a key.
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
    /// Takes the selected layer's method for all activations.
    MethodForAll,
    /// Asks for a method for all activations.
    AnyForAll,
    /// Measures the clip on the values themselves.
    Measure,
    /// Asks for another format.
    Format,
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
    /// Takes the step again that was taken back last.
    Redo,
    /// Selects another layer: so many rows down.
    Select(i16),
    /// Selects another layer: so many pages down.
    Page(i16),
    /// Selects the first layer.
    First,
    /// Selects the last layer.
    Last,
    /// Marks the selected layer or takes its mark away, and goes on to the next.
    MarkLayer,
    /// Marks all layers that are listed, or takes their marks away.
    MarkListed,
    /// Takes all marks away.
    Unmark,
    /// Asks for a text that names must hold.
    Filter,
    /// Sorts by the next order.
    Sort,
    /// Quantizes the layer, or leaves it in float.
    Toggle,
    /// Lists what the placement leaves in float, or does not.
    Float,
    /// Goes to the next way to place the network's quantizers.
    Placement,
    /// The next scale of counts: log, square root, linear.
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
    /// Shows both distributions of the KL divergence at the clip in hand.
    Divergence,
    /// Goes through the rule of 99 %, drop by drop.
    Coverage,
    /// Compares all methods on all layers.
    Compare,
    /// Shows the list of layers over the whole width.
    Layers,
    /// Shows the network's outputs, float and quantized.
    Outputs,
    /// Keeps the range that is looked at in view, to be compared with others.
    Hold,
    /// Moves the inspected value: by columns, in the mapping by parts of a step, or by ten of them.
    Inspect(i16),
    /// Zooms in (1) or out (-1) about the clip.
    Zoom(i8),
    /// Shows the whole range.
    ZoomReset,
    /// Moves the zoomed window.
    Pan(i8),
    /// Ends the run of a network with the samples seen so far, or what takes long with what it has found.
    Stop,
    /// Lists what goes on in the background.
    Work,
    /// Shows all that is to say of the selected layer.
    Notes,
    /// Shows every method by what the network's outputs say.
    Methods,
    /// Takes the best method by the network's outputs for all activations.
    BestForAll,
    /// Measures what each layer does to the network's outputs.
    Sensitivity,
    /// Asks how many of the most sensitive layers to leave in float.
    FloatWorst,
    /// Asks how, and searches a better clip for the selected layer.
    Tune,
    /// Asks how, and searches better clips for all layers.
    TuneAll,
    /// Asks whether to take up what an earlier run has left.
    TakeUp,
    /// Asks what to train, and trains it.
    Train,
    /// Asks what to do in the lesson.
    Lesson,
    /// Writes the scales to a file.
    Export,
    /// Says how to look at other data.
    Open,
    /// Writes the screen as SVG or PNG.
    Screen,
    /// Writes the plot as SVG or PNG, at any size.
    Plot,
    /// Asks what to copy.
    Copy,
    /// Asks where to write the NumPy of what is on the screen.
    Script,
    /// Explains what is on the screen, or under the inspect cursor.
    Explain,
    /// Lists every method with what it does.
    MethodList,
    /// Begins a presentation, or ends it.
    Present,
    /// Shows so much more of a presentation.
    Reveal(i8),
    /// Lists every change that was made.
    Changes,
    /// Finds a command by words, and runs it.
    Palette,
    /// Shows every command with its keys and its help.
    Help,
    /// Gives the mouse back to the terminal, or takes it.
    Mouse,
    /// Suspends the program until the shell wakes it.
    Suspend,
    /// Leaves the program.
    Quit,
}

/// What the help overlay lists together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// The clip of the selected layer.
    Clip,
    /// The list of layers.
    Layers,
    /// What the plots show.
    View,
    /// The network that the layers come from.
    Network,
    /// Everything else: export, help, leaving.
    Session,
}

impl Group {
    /// The groups in the order of the help overlay.
    pub const ALL: [Group; 5] = [Group::Clip, Group::Layers, Group::View, Group::Network, Group::Session];

    /// The heading over the group.
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
    /// The command that is described.
    pub command: Command,
    /// A name that never changes.
    pub id: &'static str,
    /// What it does, in a few words.
    pub title: &'static str,
    /// What it does, in one sentence or more.
    pub help: &'static str,
    /// The keys that run it unless the user has others; the first one is shown in hints.
    pub keys: &'static [Key],
    /// The group that it is listed in.
    pub group: Group,
}

/// The entry with this id.
pub fn by_id(id: &str) -> Option<&'static Entry> {
    COMMANDS.iter().find(|entry| entry.id == id)
}

/// The entry of a command.
pub fn entry_of(command: Command) -> &'static Entry {
    COMMANDS.iter().find(|e| e.command == command).expect("every command that is run stands in the registry")
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
