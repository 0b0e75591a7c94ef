//! The one place where the model changes: `(model, message) -> commands`. No IO, no clock.

mod cancel;
mod changes;
mod channels;
mod clip;
mod copy;
mod explain;
mod hand;
mod hold;
mod inspect;
pub(super) mod learn;
mod list;
mod load;
mod many;
mod marks;
mod methods;
mod network;
mod palette;
mod pictures;
mod placement;
mod present;
mod prompt;
mod script;
mod stage;
mod steps;
pub(super) mod taking;
mod ties;
mod work;
mod zoom;

use super::command::{Command, entry_of};
use super::layout::{Areas, Contents, WITH_A_LIST, areas, presented};
use super::line::Line;
use super::mode::{Ask, Mode, Reading};
use super::model::{Model, Part, name_of};
use super::msg::{Cmd, Msg};
use super::page::Page;
use super::paging;
use super::taught;
use crate::calibrate::Shape;
use crate::jobs::Request;
use crate::report;
use crate::session::{Key, Step, Target};

/// Takes one message in. What follows from it outside the model is returned.
///
/// After news from the loader, which comes in floods, the list and the figure lag behind until [`settle`].
pub fn update(model: &mut Model, msg: Msg) -> Vec<Cmd> {
    let mut cmds = Vec::new();
    let news = matches!(msg, Msg::Job(_) | Msg::Against(_));
    match msg {
        Msg::Run(command) => run(model, command, &mut cmds),
        Msg::Ground(ground) => model.look = model.look.on(ground),
        Msg::Resize(width, height) => model.size = (width, height),
        Msg::Grab(handle) => clip::grab(model, handle),
        Msg::DragTo(column) => match model.mode {
            Mode::Drag { .. } => clip::drag_to(model, column),
            Mode::Pan { anchor } => zoom::pan_to(model, anchor, column),
            _ => {}
        },
        Msg::Release => clip::release(model),
        Msg::Cancel => cancel::cancel(model),
        Msg::Inspect(column) => inspect::at(model, column),
        Msg::InspectValue { value, goes_along } => inspect::in_neighbourhood(model, value, goes_along),
        Msg::ShowCurve(kind) => {
            model.plot.curve = kind;
            model.plot.page = Page::Curve;
        }
        Msg::PickBin(bin) => model.plot.bin = Some(bin),
        Msg::Explain(id) => explain::open(model, id),
        Msg::PickChannel(channel) => channels::pick(model, channel),
        Msg::SelectLayer(layer) => list::select(model, layer, &mut cmds),
        Msg::ScrollList(rows) => list::scroll(model, rows),
        Msg::ScrollPage(lines) => scroll(model, lines),
        Msg::PickRow(row) => pick_row(model, row, &mut cmds),
        Msg::ZoomAt { column, steps } => zoom::about(model, column, steps, &mut cmds),
        Msg::GrabAxis(column) => zoom::grab(model, column),
        Msg::Type(key) => typed(model, key, &mut cmds),
        Msg::Paste(text) => prompt::paste(model, &text, &mut cmds),
        Msg::Job(told) => load::told(model, told, &mut cmds),
        Msg::Against(told) => hold::told(model, told),
        Msg::Copied { what, way } => model.say(format!("{what} copied {way}")),
        Msg::Exported(result) => prompt::exported(model, result, &mut cmds),
        Msg::Writing(path) => prompt::writing(model, &path),
        Msg::NetworkWritten(result) => prompt::network_written(model, result, &mut cmds),
        Msg::Drawn(picture) => pictures::drawn(model, picture),
        Msg::Written(result) => pictures::written(model, result),
        Msg::Opened(opened) => learn::opened(model, *opened),
        Msg::Trained(nth, told) => learn::trained(model, nth, *told),
        Msg::NotOpened(why) => learn::not_opened(model, why),
    }
    if !news {
        settle(model);
    }
    learn::follow(model, &mut cmds);
    taking::go_on(model, &mut cmds);
    network::say_late(model);
    network::ask(model, &mut cmds);
    methods::ask(model, &mut cmds);
    hold::ask(model, &mut cmds);
    work::asked(model, &cmds);
    cmds
}

/// A key that runs no command, but belongs to what is asked or read.
fn typed(model: &mut Model, key: super::key::Key, cmds: &mut Vec<Cmd>) {
    match model.mode {
        Mode::Offer => taking::key(model, key, cmds),
        Mode::Read { .. } => explain::key(model, key),
        Mode::Help { .. } | Mode::Palette { .. } => {
            if let Some(command) = palette::key(model, key) {
                run(model, command, cmds);
            }
        }
        _ => prompt::key(model, key, cmds),
    }
}

/// So many pages of what has the place of the plots, in lines.
fn page(model: &Model, by: i16) -> isize {
    isize::from(by) * paging::step(layout(model).map_or(0, |areas| areas.page().height))
}

/// Moves the page that is shown, as far as it has lines.
fn scroll(model: &mut Model, lines: i16) {
    let last = layout(model).map_or(0, |areas| {
        let page = areas.page();
        let all = super::notes::lines(model, super::notes::width(page)).len();
        all.saturating_sub(usize::from(page.height)).min(usize::from(u16::MAX)) as u16
    });
    model.plot.scroll = model.plot.scroll.min(last).saturating_add_signed(lines).min(last);
}

/// A row of what lies over the screen, or over the plots, was pressed.
fn pick_row(model: &mut Model, row: usize, cmds: &mut Vec<Cmd>) {
    if let Mode::Help { at, .. } | Mode::Palette { at, .. } = &mut model.mode {
        *at = row;
        let enter = super::key::Key::code(crossterm::event::KeyCode::Enter);
        if let Some(command) = palette::key(model, enter) {
            run(model, command, cmds);
        }
        return;
    }
    match model.plot.page {
        Page::Changes => {
            let (done, undone) = model.session.history_len();
            model.state = (done + undone).saturating_sub(row);
        }
        Page::Work => model.piece = row,
        _ => {}
    }
}

/// Brings what follows from the rest of the model up to date: the list's order and window, and the figure. Before a
/// frame is drawn.
pub fn settle(model: &mut Model) {
    model.list.formats.keep_up(&model.session);
    let areas = layout(model);
    list::arrange_if_stale(model, areas.as_ref());
    model.list.listed.keep_up(model.session.layers(), model.loading.done);
    list::keep_in_view(model, areas.as_ref());
    stage::refresh(model, areas.as_ref());
}

/// The areas of the screen as it is now; `None` when it is too small.
pub fn layout(model: &Model) -> Option<Areas> {
    let beside = usize::from(model.held.is_some()) + usize::from(model.against.is_some());
    let methods = report::offers(&model.session).len() + beside;
    let (network, page) = (model.network.is_some(), model.plot.page);
    let lesson = model.learn.as_ref().is_some_and(|learn| learn.playing().is_some());
    let mapping = model.plot.page == Page::Mapping && !model.on_strip();
    // P and Q need many rows: on a low screen a lesson takes no more of them than its words.
    let folds = lesson && page == Page::Divergence && model.present.is_none() && model.size.0 < WITH_A_LIST;
    let folded = folds.then(|| taught::rows(model));
    let areas = match model.present {
        Some(_) => presented(model.size),
        None => areas(model.size, Contents { methods, network, alone: alone(model), lesson, folded, mapping, page }),
    };
    let keep = if model.present.is_some() { u16::MAX } else { 2 };
    // Beside training no table is of what is looked at.
    let training = model.learn.as_ref().is_some_and(|learn| learn.trained().is_some());
    areas.map(|areas| match page {
        _ if training => areas.with_tall_lower(0),
        Page::Divergence => areas.with_tall_lower(keep),
        Page::Mapping if model.present.is_some() => areas.with_tall_lower(keep),
        Page::Curve if !model.shows(Part::Curve) => areas.with_histogram_only(),
        _ => areas,
    })
}

/// How many lines there are to say of a layer that is alone.
fn alone(model: &Model) -> Option<u16> {
    let [layer] = model.session.layers() else { return None };
    let (of, at) = (usize::from(model.size.0.max(20)) - 4, Target::Tensor(layer.key.clone()));
    let lines = model.session.notes(&at).iter().map(|note| note.text.chars().count().div_ceil(of)).sum::<usize>();
    Some(lines.min(usize::from(u16::MAX)) as u16)
}

fn run(model: &mut Model, command: Command, cmds: &mut Vec<Cmd>) {
    model.notice = None;
    if let Some(why) = model.unavailable(command) {
        model.warn(format!("{}: {why}", entry_of(command).title));
        return;
    }
    if !matches!(command, Command::MoveColumns(_) | Command::MoveBins(_)) {
        model.session.end_run();
    }
    match command {
        Command::MoveColumns(by) | Command::MoveBins(by) if model.plot.page == Page::Coverage => {
            steps::drop_bins(model, isize::from(by));
        }
        Command::Minimum(by) if model.plot.page == Page::Coverage => {
            steps::drop_bins(model, if by > 0 { isize::MAX } else { isize::MIN });
        }
        Command::Pan(by) if model.plot.page == Page::Divergence => steps::move_cursor(model, isize::from(by)),
        Command::Zoom(by) if model.plot.page == Page::Divergence => steps::widen(model, by),
        Command::ZoomReset if model.plot.page == Page::Divergence => (model.plot.wider, model.plot.bin) = (0, None),
        Command::MoveColumns(by) if model.on_strip() => channels::step(model, by),
        Command::MoveColumns(by) => clip::move_columns(model, by),
        Command::MoveBins(by) => clip::move_bins(model, by),
        Command::TypeClip => model.mode = Mode::prompt(Ask::Clip { said: None }, ""),
        Command::Format => model.mode = Mode::prompt(Ask::Format, &model.format().to_string()),
        Command::Minimum(by) if model.on_strip() => channels::next_worst(model, by),
        Command::Minimum(by) => clip::minimum(model, by),
        Command::Mark(by) if model.many() => many::mark(model, by),
        Command::Mark(by) => clip::mark(model, by),
        Command::MethodValue if model.many() => many::method_value(model),
        Command::MethodValue => clip::method_value(model),
        Command::Method(index) if model.many() => many::method(model, index),
        Command::Method(index) => clip::method(model, index),
        Command::MethodForAll => methods::take_present(model),
        Command::AnyForAll => model.mode = Mode::ForAll,
        Command::Measure => {
            let chosen = model.selected_ready().map(|r| (r.decision().clip, r.format()));
            if let Some((Target::Tensor(key), (clip, format))) = model.at().zip(chosen) {
                model.say("measuring…");
                cmds.push(Cmd::Request(Request::Measure { key, clip, format }));
            }
        }
        Command::PerChannel => channels::ask(model),
        Command::Tie => ties::ask(model),
        Command::OpenChannel if learn::goes_on(model) => learn::go_on(model, cmds),
        Command::OpenChannel if model.plot.page == Page::Changes => changes::jump(model, cmds),
        Command::OpenChannel if model.plot.page == Page::Layers => model.plot.page = Page::Curve,
        Command::OpenChannel => channels::open(model),
        Command::CloseChannel => channels::close(model),
        Command::OtherHandle => clip::other_handle(model),
        Command::Undo | Command::Redo if changes::is_elsewhere(model, command) => changes::go(model),
        Command::Undo => history(model, true, cmds),
        Command::Redo => history(model, false, cmds),
        Command::Select(by) if model.plot.page == Page::Work => work::step(model, isize::from(by)),
        Command::Page(by) if model.plot.page == Page::Work => work::step(model, page(model, by)),
        Command::First if model.plot.page == Page::Work => work::step(model, isize::MIN),
        Command::Last if model.plot.page == Page::Work => work::step(model, isize::MAX),
        Command::Page(by) if model.plot.page == Page::Notes => {
            let lines = page(model, by);
            scroll(model, lines.clamp(i16::MIN.into(), i16::MAX.into()) as i16);
        }
        Command::Select(by) if model.plot.page == Page::Changes => changes::step(model, isize::from(by)),
        Command::Page(by) if model.plot.page == Page::Changes => changes::step(model, page(model, by)),
        Command::First if model.plot.page == Page::Changes => changes::step(model, isize::MIN),
        Command::Last if model.plot.page == Page::Changes => changes::step(model, isize::MAX),
        Command::Select(by) => list::step(model, isize::from(by), cmds),
        Command::Page(by) if learn::turns(model) => learn::turn(model, by),
        Command::Page(by) => {
            let rows = layout(model).map_or(0, |areas| areas.list_rows(model.list.rows()).height);
            list::step(model, isize::from(by) * paging::step(rows), cmds);
        }
        Command::First => list::step(model, isize::MIN / 2, cmds),
        Command::Last => list::step(model, isize::MAX / 2, cmds),
        Command::Filter => {
            let before = model.list.filter.clone();
            model.mode = Mode::prompt(Ask::Filter { before: before.clone() }, &before);
        }
        Command::MarkLayer => marks::toggle(model, cmds),
        Command::MarkListed => marks::listed(model),
        Command::Unmark => marks::clear(model),
        Command::Sort => list::sort(model),
        Command::Toggle if model.many() => many::toggle(model),
        Command::Toggle => list::toggle(model),
        Command::Float => list::float(model),
        Command::Placement => placement::next(model),
        Command::YScale => model.plot.rise = model.plot.rise.next(),
        Command::Sign => {
            model.plot.signed = !model.plot.signed;
            model.plot.zoom = None;
        }
        Command::Curve(by) => {
            match std::mem::take(&mut model.plot.page) {
                // The plots come back as they were.
                Page::Divergence
                | Page::Coverage
                | Page::Compare
                | Page::Methods
                | Page::Changes
                | Page::Notes
                | Page::Work
                | Page::Layers
                | Page::Outputs => {}
                Page::Mapping => model.plot.zoom = None,
                Page::Curve => model.plot.curve = model.plot.curve.step(by),
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
        Command::Divergence => model.plot.page.toggle(Page::Divergence),
        Command::Coverage => {
            model.plot.page.toggle(Page::Coverage);
            model.plot.drops = 0;
        }
        Command::Script => pictures::ask_script(model),
        Command::Explain => explain::here(model),
        Command::MethodList => model.mode = Mode::Read { what: Reading::Methods, scroll: 0, at: 0 },
        Command::Present => present::toggle(model),
        Command::Reveal(by) => present::reveal(model, by),
        Command::Compare => model.plot.page.toggle(Page::Compare),
        Command::Layers => model.plot.page.toggle(Page::Layers),
        Command::Outputs => model.plot.page.toggle(Page::Outputs),
        Command::Hold => hold::toggle(model),
        Command::Inspect(by) => inspect::step(model, by),
        Command::Methods => methods::show(model),
        Command::Mapping => {
            model.plot.page.toggle(Page::Mapping);
            model.plot.zoom = None;
        }
        Command::Zoom(steps) => zoom::about_clip(model, steps, cmds),
        Command::ZoomReset => model.plot.zoom = None,
        Command::Pan(by) => zoom::pan(model, by),
        Command::Stop => work::stop(model, cmds),
        Command::Work => work::show(model),
        Command::Notes => {
            model.plot.page.toggle(Page::Notes);
            model.plot.scroll = 0;
        }
        Command::Sensitivity => network::sensitivity(model, cmds),
        Command::Tune => network::ask_how(model, false),
        Command::TuneAll => network::ask_how(model, true),
        Command::BestForAll => methods::take_best(model),
        Command::FloatWorst => network::ask_worst(model),
        Command::Lesson => learn::ask(model),
        Command::Train => model.mode = Mode::prompt(Ask::Train, "all"),
        Command::TakeUp => taking::offer(model),
        Command::Open => {
            let proposed = model.opens.as_ref().map_or("", |opens| &opens.proposed);
            model.mode = Mode::prompt(Ask::Open, proposed);
        }
        Command::Export => prompt::open_export(model, false),
        Command::Screen => cmds.push(Cmd::Draw),
        Command::Plot => pictures::ask_plot(model),
        Command::Copy => model.mode = Mode::Copy,
        Command::Changes => changes::show(model),
        Command::Palette => model.mode = Mode::Palette { line: Line::default(), at: 0 },
        Command::Help => model.mode = Mode::Help { line: Line::default(), scroll: 0, at: 0 },
        Command::Mouse => {
            model.mouse = !model.mouse;
            let (now, hint) = if model.mouse { ("on", "") } else { ("off", "; the terminal selects text again") };
            model.say(format!("mouse {now}{hint}"));
            cmds.push(Cmd::Mouse(model.mouse));
        }
        Command::Suspend => cmds.push(Cmd::Suspend),
        // What is decided in a lesson is decided for practice.
        Command::Quit if model.learn.is_some() => cmds.push(Cmd::Quit),
        Command::Quit if model.session.is_dirty() && model.handed_to().is_none() => model.mode = Mode::Quit,
        Command::Quit => cmds.push(Cmd::Quit),
    }
}

fn history(model: &mut Model, back: bool, cmds: &mut Vec<Cmd>) {
    let next = model.session.next_steps();
    let next = if back { next.0 } else { next.1 };
    let layers = next.map_or(0, Step::decided);
    let at_hand = model.selected().map(|layer| layer.key.clone());
    let changes_it = next.is_some_and(|step| step.edits.iter().any(|edit| edit.target.tensor() == at_hand.as_ref()));
    let (verb, step) = if back { ("undone", model.session.undo()) } else { ("redone", model.session.redo()) };
    if let Some((label, target)) = step {
        let whose = if layers > 1 { format!("{layers} layers") } else { name_of(&target) };
        model.say(format!("{verb}: {label} of {whose}"));
        // Where it went for the one that is looked at as well, that stays in view.
        let stays = |key: &Key| changes_it || at_hand.is_some_and(|at| model.session.tied(key).contains(&at));
        let tensor = target.tensor().filter(|key| !stays(key));
        if let Some(row) = tensor.and_then(|key| model.session.position(key)) {
            list::select(model, row, cmds);
        }
        if let Target::Channel { channel, .. } = target {
            // Where the step has just put its tensor's channels away it cannot be opened; settling sees to that.
            (model.channel.cursor, model.channel.open) = (channel, Some(channel));
        }
        zoom::follow_clip(model);
        model.list.resort();
        model.state = model.session.history_len().0;
    }
}
