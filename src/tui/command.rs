//! The registry of commands: every one of the user's verbs, once.
//!
//! Key map, hints, help overlay and the README's table all come from [`COMMANDS`].

use crossterm::event::KeyCode;

use super::key::Key;
use super::model::Model;

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
    /// Everything else.
    Session,
}

impl Group {
    /// The groups in the order of the help overlay.
    pub const ALL: [Group; 4] = [Group::Clip, Group::Layers, Group::View, Group::Session];

    /// Its heading.
    pub fn title(self) -> &'static str {
        match self {
            Group::Clip => "the clip",
            Group::Layers => "layers",
            Group::View => "plots",
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

const fn entry(
    command: Command,
    id: &'static str,
    keys: &'static [Key],
    title: &'static str,
    help: &'static str,
    group: Group,
) -> Entry {
    Entry { command, id, title, help, keys, group }
}

use Command as C;
use Group::{Clip, Layers, Session, View};

const fn k(c: char) -> Key {
    Key::char(c)
}

/// Every command, in the order of the help overlay.
pub const COMMANDS: &[Entry] = &[
    entry(
        C::MoveColumns(-1),
        "clip-left",
        &[k('h'), Key::code(KeyCode::Left)],
        "clip left",
        "Moves the clip one screen column to the left; so does dragging the line.",
        Clip,
    ),
    entry(
        C::MoveColumns(1),
        "clip-right",
        &[k('l'), Key::code(KeyCode::Right)],
        "clip right",
        "Moves the clip one screen column to the right.",
        Clip,
    ),
    entry(
        C::MoveColumns(-10),
        "clip-left-10",
        &[k('H'), Key::shift(KeyCode::Left)],
        "clip far left",
        "Moves the clip ten columns to the left.",
        Clip,
    ),
    entry(
        C::MoveColumns(10),
        "clip-right-10",
        &[k('L'), Key::shift(KeyCode::Right)],
        "clip far right",
        "Moves the clip ten columns to the right.",
        Clip,
    ),
    entry(
        C::MoveBins(-1),
        "bin-left",
        &[k(',')],
        "one bin left",
        "Moves the clip to the previous edge of a bin, finer than a column.",
        Clip,
    ),
    entry(C::MoveBins(1), "bin-right", &[k('.')], "one bin right", "Moves the clip to the next edge of a bin.", Clip),
    entry(
        C::TypeClip,
        "type-clip",
        &[k('=')],
        "type the clip",
        "Asks for the clip as a number, beyond the data too.",
        Clip,
    ),
    entry(
        C::Minimum(1),
        "next-minimum",
        &[k('n')],
        "next minimum",
        "Moves the clip to the next local minimum of the curve that is shown.",
        Clip,
    ),
    entry(
        C::Minimum(-1),
        "previous-minimum",
        &[k('p'), k('N')],
        "previous minimum",
        "Moves the clip to the previous local minimum of the curve.",
        Clip,
    ),
    entry(
        C::Mark(1),
        "next-mark",
        &[k(']')],
        "snap to next method",
        "Moves the clip to the next method's value on the axis.",
        Clip,
    ),
    entry(
        C::Mark(-1),
        "previous-mark",
        &[k('[')],
        "snap to previous method",
        "Moves the clip to the previous method's value on the axis.",
        Clip,
    ),
    entry(
        C::MethodValue,
        "method-value",
        &[k('0')],
        "back to the method",
        "Puts the clip back to the value that the layer's method proposes.",
        Clip,
    ),
    entry(C::Method(0), "method-1", &[k('1')], "method 1", "Takes the first method's value.", Clip),
    entry(C::Method(1), "method-2", &[k('2')], "method 2", "Takes the second method's value.", Clip),
    entry(C::Method(2), "method-3", &[k('3')], "method 3", "Takes the third method's value.", Clip),
    entry(C::Method(3), "method-4", &[k('4')], "method 4", "Takes the fourth method's value.", Clip),
    entry(C::Method(4), "method-5", &[k('5')], "method 5", "Takes the fifth method's value.", Clip),
    entry(C::Method(5), "method-6", &[k('6')], "method 6", "Takes the sixth method's value.", Clip),
    entry(C::Method(6), "method-7", &[k('7')], "method 7", "Takes the seventh method's value.", Clip),
    entry(C::Method(7), "method-8", &[k('8')], "method 8", "Takes the eighth method's value.", Clip),
    entry(C::Method(8), "method-9", &[k('9')], "method 9", "Takes the ninth method's value.", Clip),
    entry(
        C::Measure,
        "measure",
        &[k('x')],
        "measure exactly",
        "Reads the layer once more and measures the clip on its values, beside the histogram's estimate.",
        Clip,
    ),
    entry(
        C::OtherHandle,
        "other-handle",
        &[k('t')],
        "other end",
        "Takes the other end of an affine range in hand.",
        Clip,
    ),
    entry(C::Undo, "undo", &[k('u')], "undo", "Takes the last change back.", Clip),
    entry(C::Redo, "redo", &[k('U'), Key::ctrl('r')], "redo", "Takes it again.", Clip),
    entry(
        C::Select(1),
        "next-layer",
        &[k('j'), Key::code(KeyCode::Down)],
        "next layer",
        "Selects the layer below.",
        Layers,
    ),
    entry(
        C::Select(-1),
        "previous-layer",
        &[k('k'), Key::code(KeyCode::Up)],
        "previous layer",
        "Selects the layer above.",
        Layers,
    ),
    entry(
        C::Page(1),
        "page-down",
        &[Key::code(KeyCode::PageDown), Key::ctrl('f')],
        "page down",
        "Selects a layer one page below.",
        Layers,
    ),
    entry(
        C::Page(-1),
        "page-up",
        &[Key::code(KeyCode::PageUp), Key::ctrl('b')],
        "page up",
        "Selects a layer one page above.",
        Layers,
    ),
    entry(
        C::First,
        "first-layer",
        &[k('g'), Key::code(KeyCode::Home)],
        "first layer",
        "Selects the first layer of the list.",
        Layers,
    ),
    entry(
        C::Last,
        "last-layer",
        &[k('G'), Key::code(KeyCode::End)],
        "last layer",
        "Selects the last layer of the list.",
        Layers,
    ),
    entry(
        C::Filter,
        "filter",
        &[k('/')],
        "filter",
        "Shows only the layers whose name holds a text; Esc shows all.",
        Layers,
    ),
    entry(C::Sort, "sort", &[k('s')], "sort", "Sorts by the files' order, by name, or the worst SQNR first.", Layers),
    entry(C::Toggle, "toggle", &[k('o'), k(' ')], "on/off", "Quantizes the layer, or leaves it in float.", Layers),
    entry(
        C::Curve(1),
        "next-curve",
        &[Key::code(KeyCode::Tab)],
        "next curve",
        "Shows the KL divergence, the MSE with its two parts, or the SQNR.",
        View,
    ),
    entry(
        C::Curve(-1),
        "previous-curve",
        &[Key::code(KeyCode::BackTab)],
        "previous curve",
        "The same, the other way round.",
        View,
    ),
    entry(
        C::FakeQuant,
        "fake-quant",
        &[k('f')],
        "fake-quantized",
        "Draws what the quantized layer would hold over what it holds.",
        View,
    ),
    entry(
        C::Mapping,
        "mapping",
        &[k('m')],
        "mapping",
        "Draws how floats map to integers: where values saturate, and how wide a step is.",
        View,
    ),
    entry(
        C::Compare,
        "compare",
        &[k('c')],
        "compare",
        "Shows every method beside every other for all layers, and why they differ on the selected one.",
        View,
    ),
    entry(C::YScale, "y-scale", &[k('y')], "log y", "Counts on a log or a linear scale.", View),
    entry(C::Sign, "sign", &[k('a')], "signed", "Shows signed values or their magnitudes.", View),
    entry(
        C::Zoom(1),
        "zoom-in",
        &[k('+'), k('i')],
        "zoom in",
        "Zooms in about the clip; the wheel zooms about the pointer. Finer bins are read from the file.",
        View,
    ),
    entry(C::Zoom(-1), "zoom-out", &[k('-')], "zoom out", "Zooms out.", View),
    entry(C::ZoomReset, "zoom-reset", &[k('z')], "whole range", "Shows the whole range.", View),
    entry(
        C::Pan(-1),
        "pan-left",
        &[k('<')],
        "pan left",
        "Moves the zoomed window to the left; so does dragging with the right button.",
        View,
    ),
    entry(C::Pan(1), "pan-right", &[k('>')], "pan right", "Moves the zoomed window to the right.", View),
    entry(C::Export, "export", &[k('e')], "export", "Writes the chosen scales to a file; asks for its name.", Session),
    entry(
        C::Help,
        "help",
        &[k('?'), Key::code(KeyCode::F(1))],
        "help",
        "Lists every command; typing searches.",
        Session,
    ),
    entry(
        C::Mouse,
        "mouse",
        &[k('M')],
        "mouse on/off",
        "Gives the mouse back to the terminal, to select text (or hold Shift).",
        Session,
    ),
    entry(
        C::Suspend,
        "suspend",
        &[Key::ctrl('z')],
        "suspend",
        "Leaves the program sleeping in the shell; `fg` wakes it.",
        Session,
    ),
    entry(
        C::Quit,
        "quit",
        &[k('q'), Key::ctrl('c')],
        "quit",
        "Leaves; asks first when there are changes that no file holds.",
        Session,
    ),
];

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
        Some(ready) if ready.histogram.stats.amax() <= 0.0 => Some("this layer has no range"),
        Some(_) => None,
    };
    match command {
        C::MoveColumns(_) | C::MoveBins(_) | C::Minimum(_) | C::Mark(_) | C::Zoom(_) => needs_range(),
        C::TypeClip | C::Measure | C::Toggle | C::FakeQuant | C::Mapping => needs_layer(),
        C::MethodValue => match model.selected_ready() {
            None => Some("no layer is read yet"),
            Some(ready) if ready.method_clip().is_none() => Some("the method has no value here"),
            Some(_) => None,
        },
        C::Method(n) if n >= model.session.methods().len() => Some("there are fewer methods"),
        C::Method(_) => needs_layer(),
        C::OtherHandle if model.session.scheme().symmetric => Some("only with --affine"),
        C::OtherHandle => needs_range(),
        C::Undo if model.session.history_len().0 == 0 => Some("nothing to undo"),
        C::Redo if model.session.history_len().1 == 0 => Some("nothing to redo"),
        C::Sign if !model.session.scheme().symmetric => Some("an affine range is always shown signed"),
        C::ZoomReset | C::Pan(_) if model.plot.zoom.is_none() => Some("the whole range is shown"),
        C::Export if model.session.layers.iter().all(|l| l.ready().is_none()) => Some("no layer is read yet"),
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
