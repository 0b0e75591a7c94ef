use ratatui::buffer::Buffer;
use ratatui::style::Modifier;

use super::Paint;
use crate::tui::look::Ground;

const CELL: (f64, f64) = (8.4, 18.0);

/// The buffer as an SVG picture on the ground of its theme, one text element a run of cells of one style. Bars, dots
/// and lines are drawn as shapes, so that they join whatever the font.
pub fn svg(buffer: &Buffer, ground: Ground) -> String {
    let (w, h) = CELL;
    let (columns, rows) = (buffer.area.width, buffer.area.height);
    let paint = Paint::on(ground);
    let (ink, ground) = (css(paint.ink()), css(paint.ground()));
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {:.1} {:.1}\" font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"14\" fill=\"{ink}\">\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{ground}\"/>\n",
        f64::from(columns) * w + 16.0,
        f64::from(rows) * h + 16.0
    );
    for y in 0..rows {
        let mut x = 0;
        while x < columns {
            let cell = &buffer[(x, y)];
            let start = x;
            let mut text = String::new();
            while x < columns && same_style(&buffer[(x, y)], cell) && !is_drawn(buffer[(x, y)].symbol()) {
                text.push_str(buffer[(x, y)].symbol());
                x += 1;
            }
            let is_shape = x == start;
            x += u16::from(is_shape);
            let (ink, under) = paint.of(cell);
            let (px, py) = (8.0 + f64::from(start) * w, 8.0 + f64::from(y) * h);
            let length = f64::from(x - start) * w;
            if under != paint.ground() {
                out.push_str(&format!(
                    "<rect x=\"{px:.1}\" y=\"{py:.1}\" width=\"{length:.1}\" height=\"{h}\" fill=\"{}\"/>\n",
                    css(under)
                ));
            }
            if is_shape {
                drawn(&mut out, cell.symbol(), px, py, &css(ink));
            }
            if is_shape || text.trim().is_empty() {
                continue;
            }
            let fill = css(ink);
            let bold = if cell.modifier.contains(Modifier::BOLD) { " font-weight=\"bold\"" } else { "" };
            out.push_str(&format!(
                "<text x=\"{px:.1}\" y=\"{:.1}\" textLength=\"{length:.1}\" xml:space=\"preserve\" fill=\"{fill}\"{bold}>{}</text>\n",
                py + h * 0.75,
                escaped(&text)
            ));
        }
    }
    out.push_str("</svg>\n");
    out
}

fn same_style(a: &ratatui::buffer::Cell, b: &ratatui::buffer::Cell) -> bool {
    (a.fg, a.bg, a.modifier) == (b.fg, b.bg, b.modifier)
}

/// Glyphs that are drawn instead of set, so that they meet their neighbours whatever the font: block elements, braille
/// dots, straight lines.
fn is_drawn(symbol: &str) -> bool {
    matches!(symbol.chars().next(), Some('▁'..='█' | '░' | '⠁'..='⣿' | '┃' | '─'))
}

fn drawn(out: &mut String, symbol: &str, x: f64, y: f64, fill: &str) {
    let (w, h) = CELL;
    let mut rect = |x: f64, y: f64, width: f64, height: f64, faint: &str| {
        out.push_str(&format!(
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" fill=\"{fill}\"{faint}/>\n"
        ));
    };
    match symbol.chars().next().unwrap_or(' ') {
        c @ '▁'..='█' => {
            let height = h * f64::from(c as u32 - '▁' as u32 + 1) / 8.0;
            rect(x, y + h - height, w + 0.3, height + 0.3, "");
        }
        '░' => rect(x, y, w + 0.3, h + 0.3, " fill-opacity=\"0.45\""),
        '┃' => rect(x + w / 2.0 - 1.2, y, 2.4, h + 0.3, ""),
        '─' => rect(x, y + h / 2.0 - 0.5, w + 0.3, 1.0, ""),
        c => {
            let bits = (c as u32).saturating_sub(0x2800);
            // Dots are numbered down the left column, then the right, then the bottom row.
            for (bit, (column, row)) in
                [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)].iter().enumerate()
            {
                if bits >> bit & 1 == 1 {
                    let (dx, dy) = (w / 2.0 * f64::from(*column), h / 4.0 * f64::from(*row));
                    rect(x + dx + 0.9, y + dy + 1.0, 2.4, 2.4, "");
                }
            }
        }
    }
}

fn css([r, g, b]: [u8; 3]) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
