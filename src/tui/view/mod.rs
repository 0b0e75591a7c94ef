//! The screen: `&Model -> Buffer`. Nothing is decided here but how it looks.

mod changes;
mod columns;
mod compare;
mod coverage;
mod divergence;
mod footer;
mod header;
mod help;
mod histogram;
mod ideas;
mod inspect;
mod layers;
mod lesson;
mod lines;
mod lower;
mod mapping;
mod methods;
mod notes;
mod numbers;
mod output;
mod outputs;
mod over;
mod palette;
mod path;
mod pen;
mod present;
mod read;
mod scales;
mod strip;
mod training;
mod work;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::layout::{Areas, Region, SMALLEST};
use super::mode::Mode;
use super::model::Model;
use super::page::Page;
use super::update::layout;
pub(super) use compare::rows as compared_rows;
pub(super) use divergence::bin_at;
pub(super) use ideas::idea_at;
pub(super) use lesson::beyond as lesson_beyond;
pub(super) use lower::tab_at;
pub(super) use mapping::value_at as mapped_value;
pub(super) use numbers::rows as method_rows;
use pen::Pen;

/// Draws the whole screen. Returns where the terminal's cursor stands while a text is typed.
pub fn view(model: &Model, buffer: &mut Buffer) -> Option<(u16, u16)> {
    let screen = buffer.area.intersection(Rect::new(0, 0, model.size.0, model.size.1));
    let mut pen = Pen { buffer, look: &model.look };
    let whole = (screen.width, screen.height) == model.size;
    let Some(areas) = layout(model).filter(|_| whole) else {
        too_small(&mut pen, screen);
        return None;
    };
    header::draw(&mut pen, areas.header, model);
    if model.present.is_none() {
        layers::draw(&mut pen, &areas, model);
    }
    let training = model.learn.as_ref().and_then(|learn| Some((learn, learn.trained()?)));
    if let Some((learn, training)) = training {
        training::draw(&mut pen, areas.panel(), learn, training);
    } else if model.plot.page == Page::Layers {
        // The list has the place of the plots.
    } else if model.plot.page == Page::Outputs {
        outputs::draw(&mut pen, &areas, model);
    } else if model.plot.page == Page::Compare {
        compare::draw(&mut pen, &areas, model);
    } else if model.plot.page == Page::Coverage {
        coverage::draw(&mut pen, &areas, model);
    } else if model.plot.page == Page::Changes {
        changes::draw(&mut pen, &areas, model);
    } else if model.plot.page == Page::Methods {
        methods::draw(&mut pen, &areas, model);
    } else if model.plot.page == Page::Notes {
        notes::draw(&mut pen, &areas, model);
    } else if model.plot.page == Page::Work {
        work::draw(&mut pen, &areas, model);
    } else if let Some(channels) = &model.strip {
        strip::draw(&mut pen, &areas, model, channels);
    } else {
        histogram::draw(&mut pen, &areas, model);
        lower::draw(&mut pen, &areas, model);
    }
    if model.present.is_some() {
        present::draw(&mut pen, areas.numbers, model);
    } else {
        output::draw(&mut pen, areas.output, model);
    }
    if model.present.is_none() && !areas.numbers.is_empty() {
        numbers::draw(&mut pen, areas.numbers, model);
    }
    lesson::draw(&mut pen, &areas, model);
    // Last, as a long sentence goes over the rows above it.
    let cursor = footer::draw(&mut pen, areas.footer, model);
    match &model.mode {
        Mode::Help { line, scroll, at } => Some(help::draw(&mut pen, screen, model, line, (*scroll, *at))),
        Mode::Read { what, scroll, at } => {
            read::draw(&mut pen, screen, model, what, (*scroll, *at));
            None
        }
        Mode::Lessons { at } => {
            lesson::list(&mut pen, screen, model, *at);
            None
        }
        Mode::Palette { line, at } => Some(palette::draw(&mut pen, screen, model, line, *at)),
        _ => cursor,
    }
}

/// What can be pressed beside the plots, the lists and the tabs: the footer's hints, methods' marks, the rows of pages and of
/// what lies over the screen. The first that holds a cell has it.
pub(super) fn regions(model: &Model, areas: &Areas) -> Vec<Region> {
    let mut regions = footer::regions(model, areas.footer);
    let screen = Rect::new(0, 0, model.size.0, model.size.1);
    match &model.mode {
        Mode::Help { line, scroll, at } => regions.extend(help::regions(screen, model, line, (*scroll, *at))),
        Mode::Palette { line, at } => regions.extend(palette::regions(screen, model, line, *at)),
        Mode::Normal => {
            match model.plot.page {
                Page::Changes => regions.extend(changes::regions(model, areas)),
                Page::Work => regions.extend(work::regions(model, areas)),
                Page::Curve | Page::Mapping if model.strip.is_none() => {
                    regions.extend(histogram::regions(model, areas));
                }
                _ => {}
            }
            regions.extend(header::regions(areas.header, model));
        }
        _ => {}
    }
    regions
}

fn too_small(pen: &mut Pen, screen: Rect) {
    let (w, h) = SMALLEST;
    let lines = [
        "qviz needs a larger window:".to_owned(),
        format!("at least {w} columns by {h} rows,"),
        format!("this one has {} by {}.", screen.width, screen.height),
    ];
    for (row, line) in (0..screen.height).zip(&lines) {
        pen.text(screen.x, screen.y + row, screen.width, line, ratatui::style::Style::new());
    }
}
