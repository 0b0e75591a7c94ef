use unicode_width::UnicodeWidthChar;

use super::letters::{Face, letter};
use super::pixels::Pixels;
use crate::figure::Rise;
use crate::report::{Anchor, Bar, Canvas, Line, Part, PlotSize, Words, lay, visible};
use crate::session::Ready;
use crate::tui::look::Ground;

/// Pixels at most: three bytes each stand in memory at once.
const MOST: u32 = 16_000_000;

/// The plot of one range as a PNG picture, what `report::svg` draws in pixels. It is light unless the ground is dark. One from
/// 1,400 pixels wide and 640 high on has lines and letters of twice the size, so that both can still be read.
///
/// # Errors
/// A sentence where the picture would take too much memory.
pub fn plot(name: &str, ready: &Ready, size: PlotSize, rise: Rise, ground: Ground) -> Result<Vec<u8>, String> {
    let (width, height) = (size.width, size.height);
    if u32::from(width) * u32::from(height) > MOST {
        return Err(format!("a PNG has at most 16 million pixels, and {width}x{height} is more; SVG has any size"));
    }
    let twice = width >= 1400 && height >= 640;
    let unit = if twice { 2 } else { 1 };
    let paint = Paint::on(ground);
    let pixels = Pixels::new(usize::from(width), usize::from(height), paint.ground);
    let mut canvas = Raster { pixels, unit: f64::from(unit), twice, paint };
    lay(&mut canvas, name, ready, PlotSize { width: width / unit, height: height / unit }, rise);
    Ok(canvas.pixels.encoded())
}

/// The colours of `report/plot/style.css`.
#[derive(Clone, Copy)]
struct Paint {
    ground: [u8; 3],
    ink: [u8; 3],
    dim: [u8; 3],
    rule: [u8; 3],
    bar: [u8; 3],
    over: [u8; 3],
    clip: [u8; 3],
    mark: [u8; 3],
}

impl Paint {
    const LIGHT: Paint = Paint {
        ground: [0xff, 0xff, 0xff],
        ink: [0x1b, 0x1f, 0x24],
        dim: [0x57, 0x60, 0x6a],
        rule: [0xe4, 0xe7, 0xeb],
        bar: [0x3f, 0x7c, 0xb8],
        over: [0xc0, 0x3c, 0x36],
        clip: [0x98, 0x50, 0x00],
        mark: [0x1a, 0x70, 0x48],
    };

    const DARK: Paint = Paint {
        ground: [0x14, 0x16, 0x1a],
        ink: [0xdc, 0xdf, 0xe4],
        dim: [0x9b, 0xa3, 0xad],
        rule: [0x2a, 0x2e, 0x35],
        bar: [0x5c, 0x9a, 0xd6],
        over: [0xec, 0x76, 0x70],
        clip: [0xf2, 0xa2, 0x4c],
        mark: [0x55, 0xc0, 0x8e],
    };

    /// What nobody has said is for paper.
    fn on(ground: Ground) -> Paint {
        if ground == Ground::Dark { Paint::DARK } else { Paint::LIGHT }
    }

    fn of(self, part: Part) -> [u8; 3] {
        match part {
            Part::Rule => self.rule,
            Part::Axis => self.dim,
            Part::Bar => self.bar,
            Part::Beyond => self.over,
            Part::Clip => self.clip,
            Part::Mark | Part::Chosen => self.mark,
        }
    }
}

struct Raster {
    pixels: Pixels,
    /// Pixels a unit of the picture.
    unit: f64,
    twice: bool,
    paint: Paint,
}

impl Raster {
    /// Fills a rectangle in units, pixels at its edges by what of them lies in it.
    fn rectangle(&mut self, (left, right): (f64, f64), (top, bottom): (f64, f64), ink: [u8; 3], hatched: bool) {
        let [left, right, top, bottom] = [left, right, top, bottom].map(|at| (at * self.unit).max(0.0));
        let (x, y) = (left as usize, top as usize);
        let size = ((right.ceil() as usize).saturating_sub(x), (bottom.ceil() as usize).saturating_sub(y));
        let within = |at: usize, from: f64, to: f64| (to.min(at as f64 + 1.0) - from.max(at as f64)).max(0.0);
        let stripe = (4.0 * self.unit) as usize;
        let share = |px: usize, py: usize| {
            let (px, py) = (x + px, y + py);
            // Between the stripes it is faint, so that a bar of few pixels is seen too.
            let faint = if hatched && (px + py) % stripe >= stripe / 2 { 0.25 } else { 1.0 };
            within(px, left, right) * within(py, top, bottom) * faint
        };
        self.pixels.fill((x, y), size, share, ink);
    }
}

impl Canvas for Raster {
    fn bars(&mut self, part: Part, base: f64, bars: &[Bar]) {
        for bar in bars {
            self.rectangle((bar.left, bar.right), (bar.top, base), self.paint.of(part), part == Part::Beyond);
        }
    }

    fn lines(&mut self, part: Part, lines: &[Line]) {
        let thick = if part == Part::Clip { 2.0 } else { 1.0 };
        // A thin line fills whole pixels instead of halves of two.
        let unit = self.unit;
        let placed = |at: f64| ((at - thick / 2.0) * unit).round() / unit;
        for line in lines {
            let (across, down) = match *line {
                Line::Across { x, y, length } => ((x, x + length), (placed(y), placed(y) + thick)),
                Line::Down { x, y, length } => ((placed(x), placed(x) + thick), (y, y + length)),
            };
            self.rectangle(across, down, self.paint.of(part), false);
        }
    }

    fn mark(&mut self, part: Part, (x, y): (f64, f64), half: f64) {
        let high = half * 1.7;
        let unit = self.unit;
        // Whether a point is inked, from the tip: the whole triangle, or a line of one unit along its edges.
        let inked = |across: f64, down: f64| {
            let edge = half * down / high;
            let inside = (0.0..high).contains(&down) && across.abs() <= edge;
            inside && (part == Part::Chosen || across.abs() > edge - 1.1 || down > high - 1.0)
        };
        let (left, top) = (((x - half) * unit).max(0.0) as usize, (y * unit).max(0.0) as usize);
        let share = |px: usize, py: usize| {
            let place = |from: usize, p: usize, s: usize| ((from + p) as f64 + (s as f64 + 0.5) / 4.0) / unit;
            let samples = (0..16).map(|s| (place(left, px, s % 4) - x, place(top, py, s / 4) - y));
            samples.filter(|(across, down)| inked(*across, *down)).count() as f64 / 16.0
        };
        let size = ((2.0 * half * unit) as usize + 2, (high * unit) as usize + 2);
        self.pixels.fill((left, top), size, share, self.paint.of(part));
    }

    fn text(&mut self, words: Words, (x, y): (f64, f64), anchor: Anchor, text: &str) {
        let (face, ink, bold) = match (words, self.twice) {
            (Words::Name, twice) => (if twice { Face::LARGE } else { Face::MIDDLE }, self.paint.ink, true),
            (words, twice) => {
                let ink = match words {
                    Words::Clip => self.paint.clip,
                    Words::Mark => self.paint.mark,
                    _ => self.paint.dim,
                };
                (if twice { Face::LARGE } else { Face::SMALL }, ink, words == Words::Clip)
            }
        };
        let text = visible(text);
        let cells = |c: char| c.width().unwrap_or(0);
        let width = (text.chars().map(cells).sum::<usize>() * face.width()) as f64;
        let left = match anchor {
            Anchor::Start => x * self.unit,
            Anchor::Middle => x * self.unit - width / 2.0,
            Anchor::End => x * self.unit - width,
        };
        // The font's letters stand on a line at four fifths of their cells.
        let top = (y * self.unit - face.height as f64 * 0.78).round().max(0.0) as usize;
        let mut left = left.round().max(0.0) as usize;
        for c in text.chars() {
            if c != ' ' && cells(c) > 0 {
                letter(&mut self.pixels, (left, top), face, cells(c), c, bold, ink);
            }
            left += cells(c) * face.width();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::calibrate;
    use crate::histogram::Histogram;
    use crate::quant::Format;
    use crate::session::{Key, Layer, Session};

    fn ready(values: &[f32], format: Format) -> Ready {
        let session = Session::new(calibrate::defaults(), "mse", format);
        let layer = Layer::waiting(Key::activation("x"), Vec::new());
        Ready::analyse(Arc::new(Histogram::of(values, 2048, &[])), &session.plan(), &layer.subject())
    }

    /// Width, height and pixels of a PNG.
    fn read(bytes: &[u8]) -> (u32, u32, Vec<[u8; 3]>) {
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        (info.width, info.height, pixels.chunks_exact(3).map(|p| [p[0], p[1], p[2]]).collect())
    }

    #[test]
    fn the_colours_are_those_of_the_drawn_plot() {
        let style = include_str!("../../report/plot/style.css");
        let css = |line: usize, name: &str| {
            let line = style.lines().nth(line).unwrap();
            let hex = line.split(&format!("--{name}:#")).nth(1).unwrap();
            let hex: String = hex.chars().take_while(char::is_ascii_hexdigit).collect();
            let hex = if hex.len() == 3 { hex.chars().flat_map(|c| [c, c]).collect() } else { hex };
            std::array::from_fn::<u8, 3, _>(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap())
        };
        for (line, paint) in [(0, Paint::LIGHT), (1, Paint::DARK)] {
            let Paint { ground, ink, dim, rule, bar, over, clip, mark } = paint;
            let names = ["ground", "ink", "dim", "rule", "bar", "over", "clip", "mark"];
            assert_eq!(names.map(|name| css(line, name)), [ground, ink, dim, rule, bar, over, clip, mark]);
        }
    }

    #[test]
    fn a_plot_in_pixels_has_its_bars_its_clip_and_what_saturates() {
        let values: Vec<f32> = (1..20_000).map(|i| (i as f32 * 0.7).sin() * (20_000.0 / i as f32).ln()).collect();
        let ready = ready(&values, Format::INT8);
        for (ground, paint) in [(Ground::Unknown, Paint::LIGHT), (Ground::Dark, Paint::DARK)] {
            let bytes = plot("层/conv", &ready, PlotSize::USUAL, Rise::Log, ground).unwrap();
            let (width, height, pixels) = read(&bytes);
            assert_eq!((width, height), (900, 420));
            for colour in [paint.ground, paint.bar, paint.over, paint.clip, paint.mark, paint.ink] {
                assert!(pixels.contains(&colour), "{colour:?}");
            }
            // The line of the clip is one column of two pixels, as high as the plot.
            let row = |y: usize| (0..900).filter(|x| pixels[y * 900 + x] == paint.clip).count();
            assert_eq!((70..280).map(row).collect::<Vec<_>>(), vec![2; 210]);
        }
    }

    #[test]
    fn any_values_at_any_size_are_pixels() {
        let sizes = ["240x160", "1400x640", "10000x160", "240x10000"].map(|size| size.parse::<PlotSize>().unwrap());
        for values in [&[][..], &[f32::NAN], &[0.0; 3], &[f32::MAX, f32::MIN], &[1e-45, -1e-44], &[-3.0, -1.0]] {
            for format in [Format::INT8, Format::INT8.with_symmetric(false)] {
                let ready = ready(values, format);
                for size in sizes {
                    let bytes = plot(&"x".repeat(300), &ready, size, Rise::Sqrt, Ground::Light).unwrap();
                    assert_eq!(&bytes[..8], b"\x89PNG\r\n\x1a\n");
                }
            }
        }
        let much = PlotSize { width: 10_000, height: 10_000 };
        let refused = plot("x", &ready(&[1.0], Format::INT8), much, Rise::Log, Ground::Light);
        assert!(refused.unwrap_err().contains("16 million pixels"));
    }
}
