//! The one place where the model changes: `(model, message) -> commands`. No IO, no clock.

mod channels;
mod clip;
mod list;
mod load;
pub(super) mod network;
mod prompt;
mod stage;
mod ties;
mod zoom;

use super::command::{Command, entry_of, unavailable};
use super::layout::{Areas, areas};
use super::model::{Mode, Model};
use super::msg::{Cmd, Msg};
use super::prompt::Line;
use crate::calibrate::Shape;
use crate::jobs::Request;
use crate::session::Role;

/// Takes one message in. What follows from it outside the model is returned.
///
/// After news from the loader, which comes in floods, the list and the scene lag behind until [`settle`].
pub fn update(model: &mut Model, msg: Msg) -> Vec<Cmd> {
    let mut cmds = Vec::new();
    let news = matches!(msg, Msg::Job(_));
    match msg {
        Msg::Run(command) => run(model, command, &mut cmds),
        Msg::Resize(width, height) => model.size = (width, height),
        Msg::Grab(handle) => clip::grab(model, handle),
        Msg::DragTo(column) => match model.mode {
            Mode::Drag { .. } => clip::drag_to(model, column),
            Mode::Pan { anchor } => zoom::pan_to(model, anchor, column),
            _ => {}
        },
        Msg::Release => clip::release(model),
        Msg::Cancel => cancel(model),
        Msg::Inspect(column) => {
            model.plot.inspect = model.scene.as_ref().map(|s| s.axis.centre(column));
        }
        Msg::ShowCurve(kind) => {
            model.plot.curve = kind;
            model.plot.mapping = false;
        }
        Msg::PickChannel(channel) => channels::pick(model, channel),
        Msg::SelectLayer(layer) => list::select(model, layer, &mut cmds),
        Msg::ScrollList(rows) => list::scroll(model, rows),
        Msg::ZoomAt { column, steps } => zoom::about(model, column, steps, &mut cmds),
        Msg::GrabAxis(column) => zoom::grab(model, column),
        Msg::Type(key) => prompt::key(model, key, &mut cmds),
        Msg::Paste(text) => prompt::paste(model, &text),
        Msg::Job(told) => load::told(model, told, &mut cmds),
        Msg::Exported(result) => prompt::exported(model, result, &mut cmds),
    }
    if !news {
        settle(model);
    }
    network::say_late(model);
    network::ask(model, &mut cmds);
    cmds
}

/// Brings what follows from the rest of the model up to date: the list's order and window, and the scene. Before a
/// frame is drawn.
pub fn settle(model: &mut Model) {
    list::arrange_if_stale(model);
    let areas = layout(model);
    list::keep_in_view(model, areas.as_ref());
    stage::refresh(model, areas.as_ref());
}

/// The areas of the screen as it is now; `None` when it is too small.
pub fn layout(model: &Model) -> Option<Areas> {
    areas(model.size, model.session.methods().len(), model.network.is_some())
}

fn run(model: &mut Model, command: Command, cmds: &mut Vec<Cmd>) {
    model.notice = None;
    if let Some(why) = unavailable(command, model) {
        model.warn(format!("{}: {why}", entry_of(command).title));
        return;
    }
    if !matches!(command, Command::MoveColumns(_) | Command::MoveBins(_)) {
        model.session.end_run();
    }
    match command {
        Command::MoveColumns(by) if model.on_strip() => channels::step(model, by),
        Command::MoveColumns(by) => clip::move_columns(model, by),
        Command::MoveBins(by) => clip::move_bins(model, by),
        Command::TypeClip => {
            model.mode = Mode::Clip(Line::default());
        }
        Command::Grid => {
            let grid = model.format().to_string();
            model.mode = Mode::Grid(Line::new(&grid));
        }
        Command::Minimum(by) if model.on_strip() => channels::next_worst(model, by),
        Command::Minimum(by) => clip::minimum(model, by),
        Command::Mark(by) => clip::mark(model, by),
        Command::MethodValue => clip::method_value(model),
        Command::Method(index) => clip::method(model, index),
        Command::Measure => {
            if let Some((clip, format)) = model.selected_ready().map(|r| (r.choice().clip, r.format())) {
                model.say("measuring…");
                let key = model.session.layers[model.at()].key.clone();
                cmds.push(Cmd::Request(Request::Measure { key, clip, format }));
            }
        }
        Command::PerChannel => channels::ask(model),
        Command::Tie => ties::ask(model),
        Command::OpenChannel => channels::open(model),
        Command::CloseChannel => channels::close(model),
        Command::OtherHandle => clip::other_handle(model),
        Command::Undo => history(model, true, cmds),
        Command::Redo => history(model, false, cmds),
        Command::Select(by) => list::step(model, isize::from(by), cmds),
        Command::Page(by) => {
            let page = layout(model).map_or(10, |a| a.list_rows(model.list.rows()).height.max(2) - 1);
            list::step(model, isize::from(by) * page as isize, cmds);
        }
        Command::First => list::step(model, isize::MIN / 2, cmds),
        Command::Last => list::step(model, isize::MAX / 2, cmds),
        Command::Filter => {
            let before = model.list.filter.clone();
            model.mode = Mode::Filter { line: Line::new(&before), before };
        }
        Command::Sort => list::sort(model),
        Command::Toggle => list::toggle(model),
        Command::YScale => model.plot.log = !model.plot.log,
        Command::Sign => {
            model.plot.signed = !model.plot.signed;
            model.plot.zoom = None;
        }
        Command::Curve(by) => {
            if std::mem::take(&mut model.plot.compare) {
                // The plots come back as they were.
            } else if std::mem::take(&mut model.plot.mapping) {
                model.plot.zoom = None;
            } else {
                model.plot.curve = model.plot.curve.step(by);
            }
        }
        Command::FakeQuant => model.plot.fake_quant = !model.plot.fake_quant,
        Command::Fit => {
            model.plot.fit = match model.plot.fit {
                None => Some(Shape::Laplace),
                Some(Shape::Laplace) => Some(Shape::Gauss),
                Some(Shape::Gauss) => None,
            }
        }
        Command::Compare => model.plot.compare = !model.plot.compare,
        Command::Mapping => {
            model.plot.compare = false;
            model.plot.mapping = !model.plot.mapping;
            model.plot.zoom = None;
        }
        Command::Zoom(steps) => zoom::about_clip(model, steps, cmds),
        Command::ZoomReset => model.plot.zoom = None,
        Command::Pan(by) => zoom::pan(model, by),
        Command::Stop => network::stop(model, cmds),
        Command::Sensitivity => network::sensitivity(model, cmds),
        Command::Tune => network::tune(model, false, cmds),
        Command::TuneAll => network::tune(model, true, cmds),
        Command::FloatWorst => network::ask_worst(model),
        Command::Export => prompt::open_export(model, false),
        Command::Help => model.mode = Mode::Help { line: Line::default(), scroll: 0 },
        Command::Mouse => {
            model.mouse = !model.mouse;
            let (now, hint) = if model.mouse { ("on", "") } else { ("off", "; the terminal selects text again") };
            model.say(format!("mouse {now}{hint}"));
            cmds.push(Cmd::Mouse(model.mouse));
        }
        Command::Suspend => cmds.push(Cmd::Suspend),
        Command::Quit if model.session.is_dirty() => model.mode = Mode::Quit,
        Command::Quit => cmds.push(Cmd::Quit),
    }
}

fn history(model: &mut Model, back: bool, cmds: &mut Vec<Cmd>) {
    let (verb, step) = if back { ("undone", model.session.undo()) } else { ("redone", model.session.redo()) };
    if let Some((label, layer)) = step {
        let name = crate::report::visible(model.session.layers[layer].name());
        model.say(format!("{verb}: {label} of {name}"));
        let (tensor, channel) = match model.session.layers[layer].role {
            Role::Channel { of, channel } => (of, Some(channel)),
            // It went for the one that is looked at as well.
            _ if model.session.tied(layer).contains(&model.list.selected) => (model.list.selected, None),
            _ => (layer, None),
        };
        if tensor != model.list.selected {
            list::select(model, tensor, cmds);
        }
        if let Some(channel) = channel {
            // Where the step has just put its tensor's channels away it cannot be opened; settling sees to that.
            (model.channel.cursor, model.channel.open) = (channel, Some(layer));
        }
        zoom::follow_clip(model);
        list::resort(model);
    }
}

/// Leaves the innermost thing that is under way.
fn cancel(model: &mut Model) {
    match std::mem::replace(&mut model.mode, Mode::Normal) {
        Mode::Drag { before, .. } => {
            model.session.preview(model.at(), before);
            model.say("put back");
        }
        Mode::Filter { before, .. } => list::filter(model, before),
        Mode::Normal => {
            let had_notice = model.notice.take().is_some();
            if model.plot.inspect.take().is_some() || had_notice {
            } else if model.channel.open.is_some() {
                channels::close(model);
            } else if !model.list.filter.is_empty() {
                list::filter(model, String::new());
            }
        }
        Mode::Pan { .. }
        | Mode::Clip(_)
        | Mode::Grid(_)
        | Mode::Axis(_)
        | Mode::Worst(_)
        | Mode::Tie(_)
        | Mode::Export { .. }
        | Mode::Help { .. }
        | Mode::Quit => {}
    }
}
