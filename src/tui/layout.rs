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

use super::command::Command;
use super::key::Key;
use super::page::Page;

/// The smallest screen that the program draws on.
pub const SMALLEST: (u16, u16) = (60, 18);

/// From this width on there is room for a list beside the plots.
pub const WITH_A_LIST: u16 = 84;

/// Rows of a lesson's panel below the plots, its title included.
const LESSON_ROWS: u16 = 9;

/// The least that it is folded to.
const FOLDED: u16 = 4;

/// Columns for the labels of the vertical axes.
pub const GUTTER: u16 = 6;

/// The areas of one screen. Plots share their columns: `flag`, `histogram`, `axis`, `labels`, `lower` and `ticks` have
/// the same left edge and width.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Areas {
    /// The first line.
    pub header: Rect,
    /// The list with its title row; empty on narrow screens and of one layer alone. On a page of its own it has the place of
    /// the plots as well.
    pub list: Rect,
    /// Rows below the list that stay free for what is said of the selected layer, where it is high enough.
    under: u16,
    /// What is said of a layer that is alone; empty where there is a list.
    pub notes: Rect,
    /// What a lesson says: in the list's place, on narrow screens in that of the numbers; empty without one.
    pub lesson: Rect,
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

/// What a screen has to show, as far as its areas depend on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// How many rows of methods' numbers there are.
    pub methods: usize,
    /// Whether a network is run.
    pub network: bool,
    /// Of one layer alone, which needs no list: how many lines there are to say of it.
    pub alone: Option<u16>,
    /// Whether a lesson has something to say.
    pub lesson: bool,
    /// How many rows that takes with title and last line, where what stands beside it needs all others.
    pub folded: Option<u16>,
    /// Whether the lower plot is the mapping, which has most of the room: it is what is to be looked at.
    pub mapping: bool,
    /// What stands in the plots' place.
    pub page: Page,
}

/// Rows from which on the mapping leaves the table all methods, and not only the chosen one.
const MAPPING_AND_METHODS: u16 = 36;

/// The most lines for what is said of a layer that is alone.
const NOTES: u16 = 4;

/// The areas of a screen of `size`; `None` if it is too small.
pub fn areas((width, height): (u16, u16), contents: Contents) -> Option<Areas> {
    let Contents { methods, network, alone, lesson, folded, mapping, page } = contents;
    let alone = alone.filter(|_| !lesson);
    if width < SMALLEST.0 || height < SMALLEST.1 {
        return None;
    }
    let roomy = height >= 30;
    // Heading, the clip in hand, one row a method, and one for what is measured where there is room; the plots keep ten
    // rows.
    let output = u16::from(network);
    let numbers = (2 + methods as u16 + u16::from(roomy)).min(height - 2 - output - 12);
    let numbers = if mapping && height < MAPPING_AND_METHODS { 3 } else { numbers };
    let below = lesson && width < WITH_A_LIST;
    let told = folded.map_or(LESSON_ROWS, |rows| rows.clamp(FOLDED, LESSON_ROWS));
    let numbers = if below { told.min(height - 2 - output - 11) } else { numbers };
    let notes = alone.filter(|_| roomy).map_or(0, |lines| lines.min(NOTES));
    let middle = height - 2 - output - numbers - notes;
    let list_width = match width {
        _ if alone.is_some() => 0,
        0..WITH_A_LIST => 0,
        _ if lesson && width < 140 => (width * 9 / 25).clamp(34, 44),
        84..=109 => 30,
        110..=139 => 42,
        // Of a network there is more to list.
        _ => (width * 7 / 20).min(if network { 72 } else { 60 }),
    };
    let beside = Rect::new(0, 1, if page == Page::Layers && !lesson { width } else { list_width }, middle);
    let below_it = Rect::new(0, 1 + middle + notes + output, width, numbers);
    let none = Rect::new(0, 1, 0, 0);
    let x = if list_width > 0 { list_width + 1 } else { 0 };
    let plots = width - x;
    // Beside a lesson the list has the place of the plots alone.
    let listed = if page == Page::Layers { Rect::new(x, 1, plots, middle) } else { none };
    let (list, told) = match (lesson, below) {
        (false, _) => (beside, none),
        (true, false) => (listed, beside),
        (true, true) => (listed, below_it),
    };
    let room = middle - 1;
    let under = match page {
        // One for the rule, one for a clip by hand.
        Page::Compare => (methods as u16 + 2).min(room / 2),
        Page::Layers => (room / 3).min(NOTES + 2),
        _ if room >= 15 => 4,
        _ => 0,
    };
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
        under,
        notes: Rect::new(0, 1 + middle, width, notes),
        lesson: told,
        histogram_title: rows(1, true),
        flag: rows(1, false),
        histogram: rows(upper, false),
        axis: rows(1, false),
        labels: rows(labels, false),
        lower_title: rows(1, true),
        lower: rows(bodies - upper, false),
        ticks: rows(1, false),
        output: Rect::new(0, 1 + middle + notes, width, output),
        numbers: if below { Rect::new(0, below_it.bottom(), width, 0) } else { below_it },
        footer: Rect::new(0, height - 1, width, 1),
    })
}

/// A part of the screen that does something where it is pressed: a hint, a method's mark, a row of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// Where it stands.
    pub area: Rect,
    /// What pressing it sends.
    pub sends: Sends,
}

/// What pressing a [`Region`] sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sends {
    /// A command.
    Run(Command),
    /// A key, as if it were typed.
    Type(Key),
    /// A row of what lies over the plots or over the screen, counted from its first.
    Row(usize),
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
        under: 0,
        lesson: Rect::new(0, 1, 0, 0),
        notes: Rect::new(0, 1 + middle, width, 0),
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
        for area in [&mut self.ticks, &mut self.notes, &mut self.output, &mut self.numbers] {
            area.y += gained;
        }
        self.numbers.height -= gained;
        self.list.height += gained;
        if !self.lesson.is_empty() {
            self.lesson.height += gained;
        }
        self
    }

    /// The plots' column under a cell of the screen, if the cell lies in the plots.
    pub fn plot_column(&self, x: u16, y: u16) -> Option<u16> {
        let rows = self.flag.y..self.ticks.bottom();
        let columns = self.histogram.x..self.histogram.right();
        (rows.contains(&y) && columns.contains(&x)).then(|| x - self.histogram.x)
    }

    /// The place of the plots, which a page takes.
    pub fn panel(&self) -> Rect {
        let top = self.histogram_title;
        Rect { height: self.ticks.bottom() - top.y, ..top }
    }

    /// The lines of a page between its title and its last line.
    pub fn page(&self) -> Rect {
        let panel = self.panel();
        Rect { y: panel.y + 1, height: panel.height.saturating_sub(3), ..panel }
    }

    /// The rows of the list below its title, for `layers` of them; under them stay some lines for notes where the list is
    /// high enough.
    pub fn list_rows(&self, layers: usize) -> Rect {
        let room = self.list.height.saturating_sub(1);
        let height = room.saturating_sub(self.under).min(layers.min(1000) as u16);
        Rect { y: self.list.y + 1.min(self.list.height), height, ..self.list }
    }

    /// The lines for what is to say of the selected layer: under the list, or where there is none of one alone. The first
    /// stays blank under a list.
    pub fn list_notes(&self, layers: usize) -> Rect {
        if self.list.is_empty() {
            return self.notes;
        }
        let rows = self.list_rows(layers);
        Rect { y: rows.bottom(), height: self.list.bottom().saturating_sub(rows.bottom()), ..self.list }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folded_lesson_leaves_p_and_q_its_rows() {
        let of = |folded| {
            let contents = Contents { lesson: true, folded, page: Page::Divergence, ..Contents::default() };
            let areas = areas((80, 24), contents).unwrap().with_tall_lower(2);
            (areas.lesson.height, areas.lower.height)
        };
        let (full, lower) = of(None);
        assert_eq!(of(Some(full + 3)), (full, lower), "no more than it has otherwise");
        assert_eq!(of(Some(5)), (5, lower + full - 5));
        assert_eq!(of(Some(1)).0, FOLDED);
    }

    #[test]
    fn areas_fit_and_share_their_columns() {
        for width in 0..260 {
            for height in 0..90 {
                for (methods, network, alone, lesson, mapping) in [
                    (1, false, None, false, false),
                    (5, false, Some(9), false, false),
                    (5, true, None, false, true),
                    (12, true, Some(0), false, false),
                    (12, true, None, false, false),
                    (12, false, Some(3), false, true),
                    (5, false, Some(9), true, false),
                    (5, true, None, true, true),
                ] {
                    let folded = None;
                    let contents = Contents { methods, network, alone, lesson, folded, mapping, page: Page::Curve };
                    let Some(usual) = areas((width, height), contents) else {
                        assert!(width < SMALLEST.0 || height < SMALLEST.1);
                        continue;
                    };
                    let shown = presented((width, height)).expect("it is as large");
                    let tall = [usual.with_tall_lower(2), shown.with_tall_lower(u16::MAX)];
                    // P and Q are another page than the mapping; a lesson leaves them few rows on a low screen.
                    let least = match (lesson, height) {
                        (true, ..24) => 2,
                        (true, 24..30) | (false, ..24) => 3,
                        _ => 6,
                    };
                    assert!(mapping || tall.iter().all(|a| a.lower.height >= least), "{width}x{height}");
                    for a in [usual, shown, tall[0], tall[1]] {
                        let screen = Rect::new(0, 0, width, height);
                        let all = [
                            a.header,
                            a.list,
                            a.lesson,
                            a.histogram_title,
                            a.flag,
                            a.histogram,
                            a.axis,
                            a.labels,
                            a.lower_title,
                            a.lower,
                            a.ticks,
                            a.notes,
                            a.output,
                            a.numbers,
                            a.footer,
                        ];
                        for (i, area) in all.iter().enumerate() {
                            assert_eq!(screen.intersection(*area), *area, "{width}x{height} {i}");
                            assert!(
                                all[i + 1..].iter().all(|b| area.intersection(*b).area() == 0),
                                "{width}x{height} {i}"
                            );
                        }
                        assert!(a.histogram.height >= 3 && a.lower.height >= 2, "{width}x{height}");
                        assert_eq!((a.histogram.x, a.histogram.width), (a.lower.x, a.lower.width));
                        assert_eq!((a.ticks.bottom(), a.notes.bottom()), (a.notes.y, a.output.y));
                        assert_eq!(a.output.bottom(), if a.numbers.is_empty() { a.lesson.y } else { a.numbers.y });
                        assert!(alone.is_none() || a.list.is_empty());
                        for page in if lesson { vec![Page::Layers] } else { vec![Page::Layers, Page::Compare] } {
                            let of = areas((width, height), Contents { page, ..contents }).unwrap();
                            let (rows, notes) = (of.list_rows(999), of.list_notes(999));
                            assert!(rows.height >= 3, "{width}x{height} {page:?} {rows}");
                            assert!(
                                page == Page::Compare
                                    || rows.bottom() == notes.y && notes.bottom() == of.output.y - of.notes.height
                            );
                            assert!(page == Page::Compare || lesson || rows.width == width && notes.height >= 2);
                            assert!(!lesson || of.list.intersection(of.lesson).is_empty());
                        }
                        // A presentation has no row for the outputs.
                        assert!(a.output.height == u16::from(network) || a.list.is_empty());
                        assert_eq!(a.numbers.bottom(), a.footer.y);
                    }
                    let least = match (lesson, height) {
                        (true, ..30) => 2,
                        (false, ..19) => 3,
                        _ => 4,
                    };
                    assert!(!mapping || usual.lower.height >= least, "{width}x{height}");
                }
            }
        }
    }
}
