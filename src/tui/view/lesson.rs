use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::layout::Areas;
use super::super::learn::Learn;
use super::super::mode::{Ask, Mode};
use super::super::model::Model;
use super::super::taught::lines;
use super::pen::Pen;
use crate::lessons::{Ink, Play, Region, Stage};

/// What a lesson says now, in its panel.
pub(super) fn draw(pen: &mut Pen, areas: &Areas, model: &Model) {
    let area = areas.lesson;
    let Some(learn) = model.learn.as_ref().filter(|_| !area.is_empty()) else { return };
    let Some(play) = learn.playing() else { return };
    let theme = pen.look.theme;
    let (at, of) = play.place();
    let title = format!("{} {}", learn.at + 1, play.lesson().title.of(learn.lang));
    let title_area = Rect { height: 1, ..area };
    pen.titled_rule(title_area, &[(&title, theme.title)], &format!("{}/{of}", at + 1));
    if !play.begun() {
        let text = learn.say("reading…", "正在读取…");
        pen.text(area.x + 1, area.y + 1, area.width.saturating_sub(1), text, theme.dim);
        return;
    }
    let body = Rect { x: area.x + 1, y: area.y + 1, width: area.width.saturating_sub(2), height: area.height - 1 };
    let foot = footline(model, learn, play);
    let lines = lines(model, learn, play, usize::from(body.width));
    // The last row says how to go on.
    let rows = usize::from(body.height.saturating_sub(1));
    let beyond = lines.len().saturating_sub(rows);
    let first = learn.scroll.unwrap_or(0).min(beyond);
    for (y, line) in (body.y..).zip(lines.iter().skip(first).take(rows)) {
        let styled: Vec<(&str, Style)> = line.iter().map(|run| (run.text.as_str(), style(pen, run.ink))).collect();
        pen.pieces(body.x, y, body.width, &styled);
    }
    let more = if beyond > 0 { learn.say("PgDn more · ", "PgDn 翻页 · ") } else { "" };
    let status = match play.stage() {
        Stage::Done => ("● ", theme.key),
        Stage::Do => ("○ ", theme.clip),
        Stage::Ask => ("? ", theme.clip),
    };
    let y = body.bottom().saturating_sub(1);
    pen.pieces(body.x, y, body.width, &[status, (more, theme.dim), (&foot, theme.dim)]);
    let glyphs = pen.look.glyphs;
    for region in &play.step().look {
        let Some(row) = row_of(areas, *region) else { continue };
        for x in row.x..row.right() {
            let cell = &mut pen.buffer[(x, row.y)];
            if cell.symbol() != " " && cell.symbol() != glyphs.rule.to_string() {
                cell.set_style(theme.selected);
            }
        }
    }
}

/// How many lines of what a lesson says now its panel has no room for.
pub(in super::super) fn beyond(model: &Model) -> usize {
    let (Some(learn), Some(areas)) = (&model.learn, super::layout(model)) else { return 0 };
    let Some(play) = learn.playing() else { return 0 };
    let (width, height) = (areas.lesson.width.saturating_sub(2), areas.lesson.height.saturating_sub(2));
    lines(model, learn, play, usize::from(width)).len().saturating_sub(usize::from(height))
}

fn style(pen: &Pen, ink: Ink) -> Style {
    let theme = pen.look.theme;
    match ink {
        Ink::Plain => Style::new(),
        Ink::Key => theme.key,
        Ink::Number => theme.clip,
        Ink::Term => theme.title,
    }
}

/// The row of the screen that names a region.
fn row_of(areas: &Areas, region: Region) -> Option<Rect> {
    let area = match region {
        Region::Header => areas.header,
        Region::Histogram => areas.histogram_title,
        Region::Flag => areas.flag,
        Region::Marks => areas.labels,
        Region::Lower => areas.lower_title,
        Region::Output => areas.output,
        Region::Numbers => areas.numbers,
        Region::Footer => areas.footer,
    };
    (!area.is_empty()).then_some(Rect { height: 1, ..area })
}

fn footline(model: &Model, learn: &Learn, play: &Play) -> String {
    let typed = matches!(&model.mode, Mode::Prompt { ask: Ask::Answer, line } if !line.text().is_empty());
    let text = match play.stage() {
        // In what was typed a key is a letter.
        Stage::Ask if typed => learn.say("Enter answers · Esc, {lesson} more", "Enter 作答 · Esc, {lesson} 更多"),
        Stage::Ask => learn.say("Enter answers · {lesson} more", "Enter 作答 · {lesson} 更多"),
        Stage::Do => learn.say("do it · {lesson} hint, show me", "动手做 · {lesson} 提示、演示"),
        Stage::Done if play.place().0 + 1 == play.place().1 => {
            learn.say("Enter ends the lesson · {lesson} more", "Enter 结束本课 · {lesson} 更多")
        }
        Stage::Done => learn.say("Enter goes on · {lesson} more", "Enter 继续 · {lesson} 更多"),
    };
    model.keys.told(text)
}

/// The list of lessons, over the screen.
pub(super) fn list(pen: &mut Pen, screen: Rect, model: &Model, at: usize) {
    let Some(learn) = &model.learn else { return };
    let theme = pen.look.theme;
    let area = Rect { y: screen.y + 1, height: screen.height.saturating_sub(2), ..screen };
    for position in area.positions() {
        pen.buffer[position].reset();
    }
    let done = learn.course.iter().filter(|entry| learn.progress.of(&entry.id).done).count();
    let title = learn.say("lessons", "课程");
    pen.titled_rule(Rect { height: 1, ..area }, &[(title, theme.title)], &format!("{done}/{}", learn.course.len()));
    let room = usize::from(area.height.saturating_sub(4)).max(1);
    let first = (at + 1).saturating_sub(room);
    for (y, (i, entry)) in (area.y + 2..area.bottom()).zip(learn.course.iter().enumerate().skip(first).take(room)) {
        let far = learn.progress.of(&entry.id);
        if i == at {
            pen.glyph(area.x + 1, y, pen.look.glyphs.select, theme.clip);
        }
        let title = entry.title();
        let row = format!("{:>2} {}", i + 1, title.of(learn.lang));
        let style = if i == at { theme.selected } else { Style::new() };
        pen.text(area.x + 3, y, 44.min(area.width.saturating_sub(3)), &row, style);
        let (state, style) = match (&entry.lesson, far.done, far.step) {
            (Err(_), ..) => (learn.say("cannot be played", "无法打开").to_owned(), theme.warning),
            (_, true, _) => (learn.say("done", "已学完").to_owned(), theme.key),
            (_, _, 0) => (String::new(), theme.dim),
            (Ok(lesson), _, step) => {
                (format!("{} {step}/{}", learn.say("begun", "学到"), lesson.played(learn.brought)), theme.dim)
            }
        };
        pen.text(area.x + 50, y, area.width.saturating_sub(50), &state, style);
    }
    let hint = learn.say(
        "Enter, 1-9, 0 (10) opens a lesson · {next-layer} {previous-layer} move · {quit} leaves · Esc goes back",
        "Enter、1-9、0（第 10 课）打开一课 · {next-layer} {previous-layer} 移动 · {quit} 离开 · Esc 回到课程",
    );
    let hint = model.keys.told(hint);
    pen.text(area.x + 1, area.bottom().saturating_sub(1), area.width.saturating_sub(2), &hint, theme.dim);
}
