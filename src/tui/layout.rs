//! Where everything stands. The view draws into these areas and the mouse is tested against them.
//!
//! ```text
//! header
//! list │ flag        clip 2.813 ◂┃▸ 1.9 % saturate
//!      │ histogram ▁▃▆█▆▃▂▁
//!      │ axis      └───▲──────▲
//!      │ labels       KL     max
//!      │ lower     the curve, or the mapping, on the same columns
//!      │ ticks     0      1      2
//! output    what the clip does to the network's outputs, where there is a network
//! numbers
//! footer
//! ```

use ratatui::layout::Rect;

/// The smallest screen that the program draws on.
pub const SMALLEST: (u16, u16) = (60, 18);

/// Columns for the labels of the vertical axes.
pub const GUTTER: u16 = 6;

/// The areas of one screen. Plots share their columns: `flag`, `histogram`, `axis`, `labels`, `lower` and `ticks` have
/// the same left edge and width.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Areas {
    /// The first line.
    pub header: Rect,
    /// The list with its title row; empty on narrow screens.
    pub list: Rect,
    /// Title of the histogram, gutter included.
    pub histogram_title: Rect,
    /// The row that names the clip.
    pub flag: Rect,
    /// The bars.
    pub histogram: Rect,
    /// The axis with the methods' marks.
    pub axis: Rect,
    /// The marks' labels.
    pub labels: Rect,
    /// Title of the lower plot, gutter included.
    pub lower_title: Rect,
    /// The curve or the mapping.
    pub lower: Rect,
    /// The axis' numbers.
    pub ticks: Rect,
    /// What the decisions do to a network's outputs; empty where there is none.
    pub output: Rect,
    /// The table, with its heading.
    pub numbers: Rect,
    /// Hints, prompts and notices.
    pub footer: Rect,
}

/// Rows from which on the mapping leaves the table its methods.
const MAPPING_AND_METHODS: u16 = 36;

/// The areas of a screen of `size` for a session with `methods` methods, of a `network` or not; `None` if it is too
/// small. For the `mapping` the lower plot has most of the room: it is what is to be looked at.
pub fn areas((width, height): (u16, u16), methods: usize, network: bool, mapping: bool) -> Option<Areas> {
    if width < SMALLEST.0 || height < SMALLEST.1 {
        return None;
    }
    let roomy = height >= 30;
    // Heading, the clip in hand, one row a method, and one for what is measured where there is room; the plots keep ten
    // rows.
    let output = u16::from(network);
    let numbers = (2 + methods as u16 + u16::from(roomy)).min(height - 2 - output - 12);
    let numbers = if mapping && height < MAPPING_AND_METHODS { 2 } else { numbers };
    let middle = height - 2 - output - numbers;
    let list_width = match width {
        0..=83 => 0,
        84..=109 => 30,
        110..=139 => 42,
        // Of a network there is more to list.
        _ => (width * 7 / 20).min(if network { 72 } else { 60 }),
    };
    let list = Rect::new(0, 1, list_width, middle);
    let x = if list_width > 0 { list_width + 1 } else { 0 };
    let plots = width - x;
    let columns = plots - GUTTER - 1;
    let labels = if roomy { 2 } else { 1 };
    // Two titles, flag, axis, labels, ticks.
    let bodies = middle - 5 - labels;
    let upper = if mapping { (bodies / 4).max(3) } else { (bodies * 3).div_ceil(5) };

    let mut y = 1;
    let mut rows = |n: u16, whole: bool| {
        let area = if whole { Rect::new(x, y, plots, n) } else { Rect::new(x + GUTTER, y, columns, n) };
        y += n;
        area
    };
    Some(Areas {
        header: Rect::new(0, 0, width, 1),
        list,
        histogram_title: rows(1, true),
        flag: rows(1, false),
        histogram: rows(upper, false),
        axis: rows(1, false),
        labels: rows(labels, false),
        lower_title: rows(1, true),
        lower: rows(bodies - upper, false),
        ticks: rows(1, false),
        output: Rect::new(0, 1 + middle, width, output),
        numbers: Rect::new(0, 1 + middle + output, width, numbers),
        footer: Rect::new(0, height - 1, width, 1),
    })
}

/// Rows of the large numbers of a presentation: what each is, and three rows of digits.
const LARGE: u16 = 4;

/// The areas of a presentation: the plots over the whole width, large numbers under them, no list and no table.
pub fn presented((width, height): (u16, u16)) -> Option<Areas> {
    if width < SMALLEST.0 || height < SMALLEST.1 {
        return None;
    }
    let middle = height - 2 - LARGE;
    let columns = width - GUTTER - 1;
    let bodies = middle - 6;
    let upper = (bodies * 3).div_ceil(5);
    let mut y = 1;
    let mut rows = |n: u16, whole: bool| {
        let area = if whole { Rect::new(0, y, width, n) } else { Rect::new(GUTTER, y, columns, n) };
        y += n;
        area
    };
    Some(Areas {
        header: Rect::new(0, 0, width, 1),
        list: Rect::new(0, 1, 0, middle),
        histogram_title: rows(1, true),
        flag: rows(1, false),
        histogram: rows(upper, false),
        axis: rows(1, false),
        labels: rows(1, false),
        lower_title: rows(1, true),
        lower: rows(bodies - upper, false),
        ticks: rows(1, false),
        output: Rect::new(0, 1 + middle, width, 0),
        numbers: Rect::new(0, 1 + middle, width, LARGE),
        footer: Rect::new(0, height - 1, width, 1),
    })
}

/// The least rows of the histogram where the lower plot takes what it can get.
const LOW_UPPER: u16 = 3;

impl Areas {
    /// The same with all of the plots' rows for the histogram, and none for the lower one.
    pub fn with_histogram_only(mut self) -> Areas {
        let gained = std::mem::take(&mut self.lower.height);
        self.histogram.height += gained;
        for area in [&mut self.axis, &mut self.labels, &mut self.lower_title, &mut self.lower] {
            area.y += gained;
        }
        self
    }

    /// The same with most of the plots' rows for the lower one, and of the numbers only the first `keep` rows.
    pub fn with_tall_lower(mut self, keep: u16) -> Areas {
        let gained = self.numbers.height.saturating_sub(keep);
        let bodies = self.histogram.height + self.lower.height;
        let upper = (bodies / 5).clamp(LOW_UPPER.min(self.histogram.height), self.histogram.height);
        let less = self.histogram.height - upper;
        self.histogram.height = upper;
        for area in [&mut self.axis, &mut self.labels, &mut self.lower_title, &mut self.lower] {
            area.y -= less;
        }
        self.lower.height += less + gained;
        for area in [&mut self.ticks, &mut self.output, &mut self.numbers] {
            area.y += gained;
        }
        self.numbers.height -= gained;
        self.list.height += gained;
        self
    }

    /// The plots' column under a cell of the screen, if the cell lies in the plots.
    pub fn plot_column(&self, x: u16, y: u16) -> Option<u16> {
        let rows = self.flag.y..self.ticks.bottom();
        let columns = self.histogram.x..self.histogram.right();
        (rows.contains(&y) && columns.contains(&x)).then(|| x - self.histogram.x)
    }

    /// The rows of the list below its title, for `layers` of them; under them stay at least four lines for notes where
    /// the list is high enough.
    pub fn list_rows(&self, layers: usize) -> Rect {
        let room = self.list.height.saturating_sub(1);
        let height = room.saturating_sub(if room >= 15 { 4 } else { 0 }).min(layers.min(1000) as u16);
        Rect { y: self.list.y + 1.min(self.list.height), height, ..self.list }
    }

    /// The lines under the list for what is to say of the selected layer.
    pub fn list_notes(&self, layers: usize) -> Rect {
        let rows = self.list_rows(layers);
        Rect { y: rows.bottom(), height: self.list.bottom().saturating_sub(rows.bottom()), ..self.list }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_fit_and_share_their_columns() {
        for width in 0..260 {
            for height in 0..90 {
                for (methods, network, mapping) in [
                    (1, false, false),
                    (5, false, false),
                    (5, true, false),
                    (12, true, false),
                    (5, true, true),
                    (12, false, true),
                ] {
                    let Some(usual) = areas((width, height), methods, network, mapping) else {
                        assert!(width < SMALLEST.0 || height < SMALLEST.1);
                        continue;
                    };
                    let shown = presented((width, height)).expect("it is as large");
                    let tall = [usual.with_tall_lower(2), shown.with_tall_lower(u16::MAX)];
                    assert!(tall.iter().all(|a| a.lower.height >= 6), "{width}x{height}");
                    for a in [usual, shown, tall[0], tall[1]] {
                    let screen = Rect::new(0, 0, width, height);
                    let all = [
                        a.header,
                        a.list,
                        a.histogram_title,
                        a.flag,
                        a.histogram,
                        a.axis,
                        a.labels,
                        a.lower_title,
                        a.lower,
                        a.ticks,
                        a.output,
                        a.numbers,
                        a.footer,
                    ];
                    for (i, area) in all.iter().enumerate() {
                        assert_eq!(screen.intersection(*area), *area, "{width}x{height} {i}");
                        assert!(all[i + 1..].iter().all(|b| area.intersection(*b).area() == 0), "{width}x{height} {i}");
                    }
                    assert!(a.histogram.height >= 3 && a.lower.height >= 2, "{width}x{height}");
                    assert!(!mapping || a.list.width == 0 || a.lower.height >= 4, "{width}x{height}");
                    assert_eq!((a.histogram.x, a.histogram.width), (a.lower.x, a.lower.width));
                    assert_eq!((a.ticks.bottom(), a.output.bottom()), (a.output.y, a.numbers.y));
                    assert!(a.output.height == u16::from(network) || a.list.width == 0);
                    assert_eq!(a.numbers.bottom(), a.footer.y);
                    }
                }
            }
        }
    }
}
