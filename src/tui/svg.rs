//! A screen as SVG, for documents: the same cells, in any size.

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};

const CELL: (f64, f64) = (8.4, 18.0);

/// The buffer as an SVG picture on a dark ground, one text element a run of cells of one style. Block elements are
/// drawn as rectangles, so that bars have no gaps whatever the font.
pub fn svg(buffer: &Buffer) -> String {
    let (w, h) = CELL;
    let (columns, rows) = (buffer.area.width, buffer.area.height);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {:.1} {:.1}\" font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"14\" fill=\"#d6d9de\">\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#16181d\"/>\n",
        f64::from(columns) * w + 16.0,
        f64::from(rows) * h + 16.0
    );
    for y in 0..rows {
        let mut x = 0;
        while x < columns {
            let cell = &buffer[(x, y)];
            let start = x;
            let mut text = String::new();
            while x < columns && same_style(&buffer[(x, y)], cell) && !is_block(buffer[(x, y)].symbol()) {
                text.push_str(buffer[(x, y)].symbol());
                x += 1;
            }
            let reversed = cell.modifier.contains(Modifier::REVERSED);
            let (px, py) = (8.0 + f64::from(start) * w, 8.0 + f64::from(y) * h);
            if x == start {
                block(&mut out, cell.symbol(), px, py, &css(cell.fg));
                x += 1;
                continue;
            }
            let length = f64::from(x - start) * w;
            if reversed {
                out.push_str(&format!(
                    "<rect x=\"{px:.1}\" y=\"{py:.1}\" width=\"{length:.1}\" height=\"{h}\" fill=\"#d6d9de\"/>\n"
                ));
            }
            if text.trim().is_empty() {
                continue;
            }
            let fill = if reversed { "#16181d".to_owned() } else { css(cell.fg) };
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

/// Eighths of a cell for the block elements.
fn is_block(symbol: &str) -> bool {
    matches!(symbol.chars().next(), Some('▁'..='█' | '░'))
}

fn block(out: &mut String, symbol: &str, x: f64, y: f64, fill: &str) {
    let (w, h) = CELL;
    let c = symbol.chars().next().unwrap_or(' ');
    let eighths = if c == '░' { 8 } else { c as u32 - '▁' as u32 + 1 };
    let height = h * f64::from(eighths) / 8.0;
    let faint = if c == '░' { " fill-opacity=\"0.35\"" } else { "" };
    out.push_str(&format!(
        "<rect x=\"{x:.1}\" y=\"{:.2}\" width=\"{:.1}\" height=\"{height:.2}\" fill=\"{fill}\"{faint}/>\n",
        y + h - height,
        w + 0.2
    ));
}

fn css(color: Color) -> String {
    match color {
        Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
        Color::Blue => "#4e8dc9".into(),
        Color::Red => "#d9534f".into(),
        Color::Yellow => "#e08a1e".into(),
        Color::Green => "#3ca078".into(),
        Color::Cyan => "#3ca0aa".into(),
        Color::Magenta => "#b06ec8".into(),
        Color::DarkGray => "#80848c".into(),
        _ => "#d6d9de".into(),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
