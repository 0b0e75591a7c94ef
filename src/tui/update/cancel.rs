//! Esc: back from what is innermost.

use super::super::mode::{Ask, Mode};
use super::super::model::Model;
use super::super::page::Page;
use super::{channels, hand, learn, list, marks};

/// Leaves the innermost thing that is under way.
pub(super) fn cancel(model: &mut Model) {
    match &model.mode {
        Mode::Drag { .. } | Mode::Pan { .. } => hand::put_back(model),
        Mode::Prompt { ask: Ask::Filter { before }, .. } => {
            let before = before.clone();
            model.mode = Mode::Normal;
            list::filter(model, before);
        }
        Mode::Prompt { ask: Ask::Answer, .. } => {
            learn::keep_draft(model);
            model.mode = Mode::Normal;
        }
        Mode::Normal => {
            let had_notice = model.notice.take().is_some();
            let had_cursor = model.plot.inspect.take().is_some()
                || model.plot.page == Page::Divergence && model.plot.bin.take().is_some();
            if had_cursor || had_notice {
            } else if model.plot.page.is_looked_up() {
                model.plot.page = Page::Curve;
            } else if model.channel.open.is_some() {
                channels::close(model);
            } else if !model.list.filter.is_empty() {
                list::filter(model, String::new());
            } else {
                marks::clear(model);
            }
        }
        Mode::Prompt { .. }
        | Mode::Help { .. }
        | Mode::Palette { .. }
        | Mode::Read { .. }
        | Mode::ForAll
        | Mode::Copy
        | Mode::Lesson
        | Mode::Lessons { .. }
        | Mode::Offer
        | Mode::Quit => model.mode = Mode::Normal,
    }
}
