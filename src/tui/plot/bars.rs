use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// How one column's bar is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BarStyle {
    /// The glyphs for one to eight eighths of a cell.
    pub eighths: [char; 8],
    /// Their style.
    pub style: Style,
}

/// Draws only the upper edge of each bar that [`bars`] would draw.
pub fn edges(buffer: &mut Buffer, area: Rect, heights: &[f64], style: impl Fn(u16) -> BarStyle) {
    for (column, &height) in (0..area.width).zip(heights) {
        if height.is_nan() || height <= 0.0 || area.height == 0 {
            continue;
        }
        let eighths = ((height.min(1.0) * f64::from(area.height) * 8.0).round() as u16).max(1);
        let row = (eighths - 1) / 8;
        let BarStyle { eighths: glyphs, style } = style(column);
        let cell = &mut buffer[(area.x + column, area.bottom() - 1 - row)];
        cell.set_char(glyphs[usize::from((eighths - 1) % 8)]).set_style(style);
    }
}

/// Draws one bar a column, from the bottom of `area` up; `heights` are shares of its height (NaN: nothing). Cells
/// without ink are not touched, so that a moving line costs few bytes. A bar that is not empty shows at least one
/// eighth.
pub fn bars(buffer: &mut Buffer, area: Rect, heights: &[f64], style: impl Fn(u16) -> BarStyle) {
    for (column, &height) in (0..area.width).zip(heights) {
        if height.is_nan() || height <= 0.0 {
            continue;
        }
        let eighths = ((height.min(1.0) * f64::from(area.height) * 8.0).round() as u32).max(1);
        let BarStyle { eighths: glyphs, style } = style(column);
        for row in 0..area.height {
            let ink = eighths.saturating_sub(u32::from(row) * 8).min(8);
            if ink == 0 {
                break;
            }
            let cell = &mut buffer[(area.x + column, area.bottom() - 1 - row)];
            cell.set_char(glyphs[ink as usize - 1]).set_style(style);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_is_where_the_bar_ends() {
        let area = Rect::new(0, 0, 4, 2);
        let mut buffer = Buffer::empty(area);
        let style = BarStyle { eighths: ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'], style: Style::new() };
        edges(&mut buffer, area, &[0.0, 0.001, 0.75, 2.0], |_| style);
        assert_eq!(buffer, Buffer::with_lines(["  ▄█", " ▁  "]));
    }

    #[test]
    fn bars_grow_by_eighths_and_leave_blanks_alone() {
        let area = Rect::new(0, 0, 4, 2);
        let mut buffer = Buffer::empty(area);
        let style = BarStyle { eighths: ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'], style: Style::new() };
        bars(&mut buffer, area, &[0.0, 0.001, 0.75, 2.0], |_| style);
        assert_eq!(buffer, Buffer::with_lines(["  ▄█", " ▁██"]));
    }
}
