use ratatui::layout::Rect;
use unicode_width::UnicodeWidthChar;

use super::super::command::Command;
use super::super::line::Line;
use super::super::mode::{Ask, Mode};
use super::super::model::Model;
use super::super::page::Page;
use super::super::update::layout;
use super::super::update::taking::changes;
use super::pen::Pen;
use crate::report::{self, number};

/// What can be done now, what is being typed, or what was done last. Returns where the cursor stands in a text.
pub(super) fn draw(pen: &mut Pen, area: Rect, model: &Model) -> Option<(u16, u16)> {
    let theme = pen.look.theme;
    match &model.mode {
        Mode::Prompt { ask, line } => return Some(prompt(pen, area, model, ask, line)),
        Mode::Quit => {
            let changed = model.session.changed();
            let what = match changed {
                0 => "changes".to_owned(),
                1 => "1 changed layer".to_owned(),
                n => format!("{n} changed layers"),
            };
            let text = format!(" Leave with {what} that no file holds?  ");
            pen.pieces(
                area.x,
                area.y,
                area.width,
                &[
                    (&text, theme.warning),
                    ("e", theme.key),
                    (" export first · ", theme.dim),
                    ("q", theme.key),
                    (" leave without · ", theme.dim),
                    ("Esc", theme.key),
                    (" stay", theme.dim),
                ],
            );
            return None;
        }
        Mode::Offer => {
            let taking = &model.taking;
            let text = format!(" {} made {} that no file holds?  ", changes(taking.offered.len()), taking.when);
            let later = model.keys.told(" later ({take-up} asks again)");
            let pieces = [
                (text.as_str(), theme.warning),
                ("R", theme.key),
                (" take up · ", theme.dim),
                ("D", theme.key),
                (" drop · ", theme.dim),
                ("Esc", theme.key),
                (&later, theme.dim),
            ];
            pen.pieces(area.x, area.y, area.width, &pieces);
            return None;
        }
        Mode::Drag { .. } => {
            pen.pieces(
                area.x,
                area.y,
                area.width,
                &[
                    (" let go", theme.key),
                    (" to keep it · ", theme.dim),
                    ("Esc", theme.key),
                    (" or right click puts it back", theme.dim),
                ],
            );
            return None;
        }
        Mode::Help { .. } => {
            pen.pieces(area.x, area.y, area.width, &[(" Esc", theme.key), (" back to the screen", theme.dim)]);
            return None;
        }
        Mode::Palette { .. } => {
            let pieces = [
                (" Enter", theme.key),
                (" runs it · ", theme.dim),
                ("Esc", theme.key),
                (" back to the screen", theme.dim),
            ];
            pen.pieces(area.x, area.y, area.width, &pieces);
            return None;
        }
        Mode::Copy => {
            let of = [
                ("n", " the clip · "),
                ("r", " the row · "),
                ("p", " NumPy · "),
                ("d", " the document · "),
                ("Esc", ""),
            ];
            let of = of.into_iter().flat_map(|(key, word)| [(key, theme.key), (word, theme.dim)]);
            let pieces: Vec<_> = std::iter::once((" copy: ", theme.title)).chain(of).collect();
            pen.pieces(area.x, area.y, area.width, &pieces);
            return None;
        }
        Mode::ForAll => {
            let offers = report::offers(&model.session);
            let names = offers
                .iter()
                .enumerate()
                .filter_map(|(i, (_, label))| Some(format!("{} {label}", model.keys.digit(i)?)));
            let names = names.collect::<Vec<_>>().join("  ");
            let pieces = [(" for all activations: ", theme.title), (&names, theme.key), (" · Esc", theme.dim)];
            pen.pieces(area.x, area.y, area.width, &pieces);
            return None;
        }
        Mode::Normal | Mode::Pan { .. } => {}
    }
    if let Some(notice) = &model.notice {
        let style = if notice.warning { theme.warning } else { theme.title };
        pen.pieces(area.x, area.y, area.width, &[(" ", style), (&notice.text, style)]);
        return None;
    }
    hints(pen, area, model);
    None
}

fn prompt(pen: &mut Pen, area: Rect, model: &Model, ask: &Ask, line: &Line) -> (u16, u16) {
    let theme = pen.look.theme;
    let (before, after) = line.parts();
    let title = ask.title(model);
    let of_many = model.many() && matches!(ask, Ask::Clip { .. } | Ask::Format | Ask::Axis);
    let name = if of_many { format!("{title}, {} layers", model.list.marked.len()) } else { title.to_owned() };
    let name = name.as_str();
    let x = pen.pieces(area.x, area.y, area.width, &[(" ", theme.dim), (name, theme.title), (": ", theme.dim)]);
    // A text longer than the line shows its end.
    let room = area.right().saturating_sub(x + 2);
    let skipped = pen.width(before).saturating_sub(room);
    let mut left = usize::from(skipped);
    // Whole characters go, as many as cover these columns.
    let goes = |c: &char| {
        let goes = left > 0;
        left = left.saturating_sub(c.width().unwrap_or(0));
        goes
    };
    let shown: String = before.chars().skip_while(goes).collect();
    // What typing replaces is shown as selected.
    let style = if line.is_selected() { theme.selected } else { theme.key };
    let cursor = pen.text(x, area.y, room, &shown, style);
    let x = pen.text(cursor, area.y, area.right().saturating_sub(cursor + 1), after, theme.key);
    let (text, style) = match &model.notice {
        Some(notice) => (notice.text.as_str().into(), theme.warning),
        None => (ask.hint(model, &line.text()), theme.dim),
    };
    pen.pieces(x, area.y, area.right().saturating_sub(x), &[("   ", theme.dim), (&text, style)]);
    (cursor, area.y)
}

/// Whether the list has the place of the plots.
fn is_listing(model: &Model) -> bool {
    model.plot.page == Page::Layers
}

/// Keys with a word each, from the registry, as many as fit.
fn hints(pen: &mut Pen, area: Rect, model: &Model) {
    use Command::*;
    let theme = pen.look.theme;
    let strip: [(&[Command], &str); 10] = [
        (&[], "click"),
        (&[MoveColumns(-1), MoveColumns(1)], "channel"),
        (&[Minimum(1)], "next worst"),
        (&[OpenChannel], "opens it"),
        (&[Select(1), Select(-1)], "layer"),
        (&[PerChannel], "axis"),
        (&[Undo], "undo"),
        (&[Export], "export"),
        (&[Compare], "compare"),
        (&[Format], "bits"),
    ];
    let plots: [(&[Command], &str); 26] = [
        (&[], "drag"),
        (&[MoveColumns(-1), MoveColumns(1)], "clip"),
        (&[CloseChannel], "all channels"),
        (&[Select(1), Select(-1)], "layer"),
        (&[Layers], "layers"),
        (&[Undo], "undo"),
        (&[Export], "export"),
        (&[Stop], "stop"),
        (&[Sensitivity], "sensitivity"),
        (&[Tune], "tune"),
        (&[Methods], "methods"),
        (&[Curve(1)], "curve"),
        (&[Mapping], "mapping"),
        (&[FakeQuant], "quantized"),
        (&[Compare], "compare"),
        (&[MarkLayer], "mark"),
        (&[Palette], "find"),
        (&[MoveBins(-1), MoveBins(1)], "one bin"),
        (&[Minimum(1)], "next minimum"),
        (&[MethodValue], "back"),
        (&[TypeClip], "type"),
        (&[PerChannel], "channels"),
        (&[Format], "bits"),
        (&[Toggle], "on/off"),
        (&[YScale], "y scale"),
        (&[Fit], "fitted curve"),
    ];
    let listing: [(&[Command], &str); 9] = [
        (&[], "click"),
        (&[Select(1), Select(-1)], "layer"),
        (&[OpenChannel], "its plots"),
        (&[Filter], "filter"),
        (&[Sort], "sort"),
        (&[MarkLayer], "mark"),
        (&[Toggle], "on/off"),
        (&[Undo], "undo"),
        (&[Export], "export"),
    ];
    // Help and export are never pushed out.
    let key = |command| model.keys.hint(command).unwrap_or_default();
    let (help, quit) = (key(Help), key(Quit));
    let mut fixed = vec![(help.as_str(), theme.key), (" help", theme.dim), (" · ", theme.dim)];
    if help.is_empty() {
        fixed.clear();
    }
    fixed.extend([(quit.as_str(), theme.key), (" quit", theme.dim)]);
    fixed.insert(0, (" · ", theme.dim));
    // What a command would go for must be seen where there is no list as well.
    let marked = match model.list.marked.len() {
        0 => String::new(),
        n => format!("{} marked · ", number::of(n as u64, "layer")),
    };
    let mut x = pen.text(area.x + 1, area.y, area.width.saturating_sub(1), &marked, theme.clip);
    let end = area.right().saturating_sub(fixed.iter().map(|(text, _)| pen.width(text)).sum::<u16>() + 1);
    let wanted: Vec<_> = if is_listing(model) {
        listing.to_vec()
    } else if model.on_strip() {
        strip.to_vec()
    } else {
        plots.to_vec()
    };
    let listed = layout(model).is_some_and(|areas| !areas.list.is_empty()) || model.session.layers().len() < 2;
    // Only where there is a channel to leave, something to stop, a network to try.
    let wanted = wanted.iter().filter(|(commands, _)| match commands {
        [CloseChannel] => model.channel.open.is_some(),
        [Stop] => model.unavailable(Stop).is_none(),
        [Sensitivity | Tune | Methods] => model.network.is_some(),
        // Only where there is no list beside the plots.
        [Layers] => !listed,
        _ => true,
    });
    let has_keys = |commands: &[Command]| commands.iter().all(|c| !model.keys.keys(*c).is_empty());
    let wanted = wanted.filter(|(commands, _)| has_keys(commands));
    for (i, (commands, word)) in wanted.enumerate() {
        let keys: Vec<String> = commands.iter().map(|c| key(*c)).collect();
        let keys = if i == 0 { format!("{word} or") } else { keys.join(" ") };
        let word = if i == 0 { "" } else { word };
        let off = commands.iter().any(|c| model.unavailable(*c).is_some());
        let width = pen.width(&keys) + 1 + pen.width(word) + 3;
        if x + width > end {
            break;
        }
        if i > 1 {
            x = pen.text(x, area.y, 3, " · ", theme.dim);
        }
        let key_style = if off || i == 0 { theme.dim } else { theme.key };
        x = pen.pieces(x, area.y, end.saturating_sub(x), &[(&keys, key_style), (" ", theme.dim), (word, theme.dim)]);
    }
    pen.pieces(x, area.y, area.right().saturating_sub(x), &fixed);
}
