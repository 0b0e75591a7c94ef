//! From what the terminal, the loader and the system send to messages.

use std::sync::mpsc::Sender;

use crossterm::event::{self, KeyEventKind, MouseButton, MouseEvent, MouseEventKind};

use crate::guard::guarded;
use crate::jobs;

use super::command::Command;
use super::key::Key;
use super::layout::{Areas, Region, Sends};
use super::mode::Mode;
use super::model::Model;
use super::msg::{Msg, Unwritten, Written};
use super::page::Page;
use super::training::Trained;
use super::update::layout;
use super::view::{bin_at, compared_rows, idea_at, mapped_value, method_rows, regions, tab_at};

/// Everything that can wake the program.
pub enum Event {
    /// Keys, mouse, paste, size.
    Terminal(event::Event),
    /// The network was written, or not.
    Written(Result<Written, Unwritten>),
    /// The loader.
    Job {
        /// Of which of those that one after the other bring layers.
        of: usize,
        /// What it tells.
        told: Box<jobs::Told>,
    },
    /// The loader of the data that is compared with.
    Against(Box<jobs::Told>),
    /// Training, under the number of what was ordered.
    Trained(usize, Box<Trained>),
    /// A signal to end, by its number.
    Signal(i32),
    /// The terminal is gone.
    Hangup,
}

/// Listens to the terminal on a thread of its own. It blocks in the read: at rest nothing wakes up.
pub fn listen(sender: Sender<Event>) {
    std::thread::spawn(move || {
        // A screen that hears no key any more is as good as gone.
        let lost = guarded(|| {
            loop {
                match event::read() {
                    Ok(event) => {
                        if sender.send(Event::Terminal(event)).is_err() {
                            return false;
                        }
                    }
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                    Err(_) => return true,
                }
            }
        });
        if lost.unwrap_or(true) {
            let _ = sender.send(Event::Hangup);
        }
    });
}

/// What a terminal's event means now. A pure function of the event and the model.
pub fn message(event: event::Event, model: &Model) -> Option<Msg> {
    match event {
        event::Event::Key(key) if key.kind != KeyEventKind::Release => on_key(key.into(), model),
        event::Event::Mouse(mouse) => on_mouse(mouse, model),
        event::Event::Paste(text) => Some(Msg::Paste(text)),
        event::Event::Resize(width, height) => Some(Msg::Resize(width, height)),
        _ => None,
    }
}

fn on_key(key: Key, model: &Model) -> Option<Msg> {
    match model.mode {
        Mode::Normal if key == ESC => Some(Msg::Cancel),
        Mode::Normal => reveals(key, model).or_else(|| model.keys.bound(key)).map(Msg::Run),
        Mode::Drag { .. } | Mode::Pan { .. } => (key == ESC).then_some(Msg::Cancel),
        _ => Some(Msg::Type(key)),
    }
}

/// What a presenter's keys do in a presentation: the space bar, and the two keys of a remote control.
fn reveals(key: Key, model: &Model) -> Option<Command> {
    model.present?;
    let forth = [Key::char(' '), Key::code(event::KeyCode::PageDown)].contains(&key);
    let back = key == Key::code(event::KeyCode::PageUp);
    if forth { Some(Command::Reveal(1)) } else { back.then_some(Command::Reveal(-1)) }
}

const ESC: Key = Key::code(event::KeyCode::Esc);

/// Columns beside the line that still grab it.
const GRAB: u16 = 1;

fn on_mouse(mouse: MouseEvent, model: &Model) -> Option<Msg> {
    let areas = layout(model)?;
    let (x, y) = (mouse.column, mouse.row);
    // A drag goes on outside of the plots: the nearest column counts.
    let nearest = x.clamp(areas.histogram.x, areas.histogram.right() - 1) - areas.histogram.x;
    // There is no axis to point at while the methods are compared.
    let plot_column = |x, y| areas.plot_column(x, y).filter(|_| !model.plot.page.covers());
    let over_list = areas.list.contains((x, y).into());
    match (&model.mode, mouse.kind) {
        (Mode::Drag { .. } | Mode::Pan { .. }, MouseEventKind::Drag(_)) => Some(Msg::DragTo(nearest)),
        (Mode::Drag { .. }, MouseEventKind::Down(MouseButton::Right)) => Some(Msg::Cancel),
        (Mode::Drag { .. }, MouseEventKind::Up(MouseButton::Left)) | (Mode::Pan { .. }, MouseEventKind::Up(_)) => {
            Some(Msg::Release)
        }
        (_, MouseEventKind::Down(MouseButton::Left)) if let Some(region) = region_at(model, &areas, (x, y)) => {
            Some(match region.sends {
                Sends::Run(command) => Msg::Run(command),
                Sends::Type(key) => Msg::Type(key),
                Sends::Row(row) => Msg::PickRow(row),
            })
        }
        (Mode::Normal, MouseEventKind::Down(MouseButton::Left)) => {
            let rows = compared_rows(&areas, model);
            if model.plot.page == Page::Compare && rows.contains((x, y).into()) {
                return model.list.layer(model.list.top + usize::from(y - rows.y)).map(Msg::SelectLayer);
            }
            if model.plot.page == Page::Divergence && (areas.lower_title.y..areas.numbers.y).contains(&y) {
                return bin_at(model, &areas, x).map(Msg::PickBin);
            }
            if !model.plot.page.covers() && model.strip.is_none() && areas.lower_title.contains((x, y).into()) {
                return tab_at(&model.look, areas.lower_title, x).map(Msg::ShowCurve);
            }
            if over_list && y == areas.list.y {
                return Some(Msg::Run(Command::Sort));
            }
            if let (Some(column), Some(strip)) = (plot_column(x, y), &model.strip) {
                // Where several share the column: the cursor's, and else the worst of them.
                return strip.pick(&model.session, column, model.channel.cursor).map(Msg::PickChannel);
            }
            if let Some(value) = mapped_value(&areas, model, x, y) {
                return Some(Msg::InspectValue { value, goes_along: false });
            }
            if let Some(column) = plot_column(x, y) {
                return Some(pressed(model, column));
            }
            let rows = areas.list_rows(model.list.rows());
            if rows.contains((x, y).into()) {
                return model.list.layer(model.list.top + usize::from(y - rows.y)).map(Msg::SelectLayer);
            }
            if model.present.is_some() || areas.numbers.is_empty() {
                return None;
            }
            let method = method_rows(model, areas.numbers).into_iter().find(|(_, row)| *row == y);
            method.map(|(index, _)| Msg::Run(Command::Method(index)))
        }
        // What is inspected follows the pointer while the button is down.
        (Mode::Normal, MouseEventKind::Drag(MouseButton::Left)) if model.plot.inspect.is_some() => {
            let mapped = mapped_value(&areas, model, x, y);
            let mapped = mapped.map(|value| Msg::InspectValue { value, goes_along: true });
            mapped.or_else(|| plot_column(x, y).map(Msg::Inspect))
        }
        (Mode::Normal, MouseEventKind::Down(MouseButton::Middle)) => idea_at(model, &areas, x, y).map(Msg::Explain),
        (Mode::Normal, MouseEventKind::Down(MouseButton::Right)) if model.strip.is_none() => {
            plot_column(x, y).map(Msg::GrabAxis)
        }
        (Mode::Normal, MouseEventKind::ScrollUp) if over_list => Some(Msg::ScrollList(-3)),
        (Mode::Normal, MouseEventKind::ScrollDown) if over_list => Some(Msg::ScrollList(3)),
        (Mode::Normal, MouseEventKind::ScrollUp) if model.plot.page.covers() => Some(on_page(model, -1)),
        (Mode::Normal, MouseEventKind::ScrollDown) if model.plot.page.covers() => Some(on_page(model, 1)),
        (Mode::Normal, MouseEventKind::ScrollUp) => plot_column(x, y).map(|column| Msg::ZoomAt { column, steps: 1 }),
        (Mode::Normal, MouseEventKind::ScrollDown) => plot_column(x, y).map(|column| Msg::ZoomAt { column, steps: -1 }),
        (Mode::Help { .. } | Mode::Palette { .. } | Mode::Read { .. }, MouseEventKind::ScrollUp) => {
            Some(Msg::Type(Key::code(event::KeyCode::Up)))
        }
        (Mode::Help { .. } | Mode::Palette { .. } | Mode::Read { .. }, MouseEventKind::ScrollDown) => {
            Some(Msg::Type(Key::code(event::KeyCode::Down)))
        }
        _ => None,
    }
}

/// A turn of the wheel over a page: its lines move, or the rows of the list that it compares.
fn on_page(model: &Model, down: i16) -> Msg {
    match model.plot.page {
        Page::Compare => Msg::ScrollList(3 * down),
        Page::Changes | Page::Work => Msg::Run(Command::Select(down)),
        _ => Msg::ScrollPage(3 * down),
    }
}

/// What is pressed there beside plots, lists and tabs.
fn region_at(model: &Model, areas: &Areas, at: (u16, u16)) -> Option<Region> {
    regions(model, areas).into_iter().find(|region| region.area.contains(at.into()))
}

/// On the line or right beside it: grab it. Elsewhere: read that column.
fn pressed(model: &Model, column: u16) -> Msg {
    if let (Some(figure), Some(ready)) = (model.figure(), model.selected_ready()) {
        let lines = model.lines(ready.decision().clip);
        let distance = |value: f64| figure.axis.column(value).map_or(u16::MAX, |c| c.abs_diff(column));
        // Where both ends are near, the upper one: a range of zero must be possible to open again.
        let nearest = lines.into_iter().rev().min_by_key(|(_, value)| distance(*value));
        if let Some((handle, value)) = nearest
            && distance(value) <= GRAB
        {
            return Msg::Grab(handle);
        }
    }
    Msg::Inspect(column)
}
