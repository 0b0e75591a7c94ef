//! Which columns the list of layers has, and where.

use unicode_width::UnicodeWidthStr;

use super::super::formats::WIDEST;
use super::super::listed::Widths;
use super::super::model::Model;
use crate::session::Ready;

/// Columns of a sparkline.
pub(super) const SPARK: u16 = 8;
/// Columns of an SQNR.
const SQNR: u16 = 5;
/// Columns of a clip on a symmetric grid, and on one with a zero point.
const CLIP: [u16; 2] = [8, 18];
/// Columns of the share that saturates.
const SATURATED: u16 = 9;
/// The most columns of an operator and of a shape.
const MOST: u16 = 14;
/// Columns of the badge, wide enough for all words that are no method's: an edit that turns one into another moves nothing.
const BADGE: u16 = 5;
/// The most columns of it, where some method's name wants more.
const MOST_OF_BADGE: u16 = 6;
/// Marker, sign of a tie, and the flags at the end.
const SIGNS: u16 = 2 + 2;
/// How many layers are looked at to see whether one has a zero point.
const LOOKED_AT: usize = 1000;

/// A column by where it begins, from the list's left edge, and its width.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub x: u16,
    pub width: u16,
}

impl Place {
    /// Where a head begins that ends with the column.
    pub fn right_of(&self, head: &str) -> u16 {
        (self.x + self.width).saturating_sub(head.len() as u16)
    }
}

/// The columns of a row; those that there is no room for are left out.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Columns {
    pub name: u16,
    pub op: Option<Place>,
    pub shape: Option<Place>,
    pub clip: Option<Place>,
    pub saturated: Option<Place>,
    pub spark: Option<Place>,
    pub sqnr: Option<Place>,
    pub badge: Option<Place>,
    /// Where rows are on more than one format: beside the name, or where that would cut one in the place of the badge.
    pub format: Option<Place>,
    /// Where the two flags stand.
    pub flags: u16,
}

/// What a layer's row calls the one who has chosen its clip.
pub(super) fn badge(ready: &Ready) -> &str {
    let label = ready.candidate(&ready.decision().method).map_or("", |c| c.label.as_str());
    match (ready.decision().quantized, ready.edited()) {
        (false, _) => "float",
        (true, _) if ready.decision().tuned().is_some() => "tuned",
        (true, true) => "hand",
        (true, false) => fitted(label),
    }
}

/// A percentile without its letter, where that would take a column of all names.
fn fitted(label: &str) -> &str {
    match label.strip_prefix('p') {
        Some(number) if label.width() > usize::from(BADGE) && number.starts_with(|c: char| c.is_ascii_digit()) => {
            number
        }
        _ => label,
    }
}

/// How wide badges can become here, whatever is decided.
fn badges(model: &Model) -> u16 {
    let methods = model.session.methods().iter().map(|method| method.label());
    let files = model.session.overlays().iter().map(|overlay| overlay.label.as_str());
    let widest = methods.chain(files).map(|label| fitted(label).width()).max().unwrap_or(0).min(200) as u16;
    widest.clamp(BADGE, MOST_OF_BADGE)
}

impl Columns {
    /// Names first, then the sparkline; of the others as many as there is room for beside the longest name.
    pub fn fitting(width: u16, model: &Model) -> Columns {
        let Widths { name: longest, op, shape: shapes } = model.list.listed.widths;
        let (ops, badges) = (op.min(MOST), badges(model));
        let mut layers = model.session.layers().iter().take(LOOKED_AT);
        let affine = layers.any(|layer| layer.ready().is_some_and(|ready| !ready.format().symmetric()));
        let mut left = width.saturating_sub(SIGNS + 1 + badges + 1 + SQNR + 1);
        let mut take = |width: u16, name: u16| {
            let fits = width > 0 && left > name + width;
            left -= if fits { width + 1 } else { 0 };
            fits
        };
        let spark = take(SPARK, 8);
        let name = longest.clamp(8, 40);
        let op = spark && take(ops, name);
        let shape = spark && take(shapes.min(MOST), name);
        let clip = CLIP[usize::from(affine)];
        // A name that is longer still is cut, where numbers would have to go.
        let name = longest.clamp(8, 24);
        let has_clip = spark && (shape || shapes == 0) && take(clip, name);
        let saturated = has_clip && take(SATURATED, name);
        // It comes and goes with what is decided, and moves nothing: it has what the longest name leaves, or another's place.
        let mixed = model.list.formats.mixed;
        let beside = mixed && take(WIDEST, longest.max(8));

        // From the right end.
        let mut end = width;
        let mut place = |there: bool, width: u16| {
            there.then(|| {
                end = end.saturating_sub(width + 1);
                Place { x: end, width }
            })
        };
        let flags = place(true, 1).map_or(0, |place| place.x);
        let by = place(true, badges);
        let instead = mixed && !beside;
        Columns {
            badge: by.filter(|_| !instead),
            sqnr: place(true, SQNR),
            spark: place(spark, SPARK),
            saturated: place(saturated, SATURATED),
            clip: place(has_clip, clip),
            shape: place(shape, shapes.min(MOST)),
            op: place(op, ops),
            format: if instead { by } else { place(beside, WIDEST) },
            flags,
            name: left.min(width),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibrate;
    use crate::quant::Format;
    use crate::session::{Arrival, Key, Layer, Session};
    use crate::tui::look::{Depth, Ground, Look, Marks};

    #[test]
    fn columns_stand_beside_each_other_at_any_width() {
        let mut session = Session::new(calibrate::defaults(), "mse", Format::INT8);
        let mut layer = Layer::waiting(Key::activation("backbone.layer.1"), Vec::new());
        (layer.op, layer.origin.shape) = ("HardSwish".into(), Some(vec![1, 64, 56, 56]));
        session.receive(Arrival::Found { layers: vec![layer], failures: Vec::new() });
        let look = Look::new(Depth::Mono, Ground::Dark, Marks::Ascii);
        let mut model = Model::new(session, "x".into(), look, (80, 24));
        model.list.listed.keep_up(model.session.layers(), 1);
        let mut most = 0;
        for width in 20..220 {
            let columns = Columns::fitting(width, &model);
            let all = [
                columns.op,
                columns.shape,
                columns.clip,
                columns.saturated,
                columns.spark,
                columns.sqnr,
                columns.badge,
            ];
            let all: Vec<Place> = all.into_iter().flatten().collect();
            let mut end = 2 + columns.name;
            let in_order = [columns.op, columns.shape, columns.clip, columns.saturated, columns.spark, columns.sqnr];
            for place in in_order.into_iter().flatten().chain(columns.badge) {
                assert!(place.x > end || width < 28, "{width} {columns:?}");
                end = place.x + place.width;
            }
            assert_eq!(columns.flags + 2, width);
            assert!(all.len() >= most, "{width}: no column goes as the list grows wider");
            most = all.len();
        }
        assert_eq!(most, 7);
        // Formats come and go, and nothing moves for them.
        for width in 20..220 {
            model.list.formats.mixed = false;
            let without = Columns::fitting(width, &model);
            model.list.formats.mixed = true;
            let with = Columns::fitting(width, &model);
            let all = |c: Columns| [c.op, c.shape, c.clip, c.saturated, c.spark, c.sqnr];
            assert_eq!(all(with), all(without), "{width}");
            let at = with.format.expect("it has a place");
            match with.badge {
                None => assert_eq!((with.format, with.name), (without.badge, without.name)),
                Some(_) => {
                    assert_eq!((with.badge, at.x), (without.badge, 3 + with.name), "{width}");
                    assert!(with.name >= 16, "{width}: no name is cut for it");
                }
            }
        }
    }
}
