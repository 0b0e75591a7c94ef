use core::time::Duration;

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::model::Model;
use super::super::network::{Answer, Asked, headline};
use super::pen::Pen;
use crate::quant::{OutputEffect, QuantParams};
use crate::report::number;

/// What a row of some width has room for; what is left out is left out for every answer, so that nothing jumps.
#[derive(Clone, Copy)]
struct Room {
    /// Its heading.
    title: &'static str,
    alone: Fields,
    whole: Fields,
}

#[derive(Clone, Copy)]
struct Fields {
    label: &'static str,
    cosine: bool,
    top1: bool,
    /// How long it took, or for what it was.
    age: bool,
}

/// Columns of an SQNR with its unit; of the other fields with the gap before them.
const DB: u16 = 9;
const COSINE: u16 = 3 + 7 + 8;
const TOP1: u16 = 3 + 6 + 7;
const AGE: u16 = 3 + 18;

impl Fields {
    fn width(self) -> u16 {
        let field = |there: bool, width: u16| if there { width } else { 0 };
        self.label.len() as u16 + 1 + DB + field(self.cosine, COSINE) + field(self.top1, TOP1) + field(self.age, AGE)
    }
}

impl Room {
    /// Both places with a gap between, and a blank at the end.
    fn width(&self) -> u16 {
        self.title.len() as u16 + self.alone.width() + 2 + self.whole.width() + 1
    }

    /// The richest row that fits.
    fn fitting(width: u16, classifies: bool) -> Room {
        let fields = |label, cosine, top1, age| Fields { label, cosine, top1: top1 && classifies, age };
        let room = |title, alone, whole| Room { title, alone, whole };
        let (alone, whole) = ("this layer alone", "everything as chosen");
        let rooms = [
            room(" output  ", fields(alone, true, true, true), fields(whole, true, true, true)),
            room(" output  ", fields(alone, true, true, true), fields(whole, false, true, true)),
            room(" output  ", fields(alone, true, true, true), fields(whole, false, true, false)),
            room(" output  ", fields(alone, false, true, true), fields(whole, false, true, false)),
            room(" output  ", fields("alone", false, true, true), fields("as chosen", false, true, false)),
            room(" output  ", fields("alone", false, false, true), fields("as chosen", false, true, false)),
            room(" output  ", fields("alone", false, false, true), fields("all", false, false, false)),
        ];
        let fits = |r: &&Room| r.width() <= width;
        let least = room(" ", fields("alone", false, false, true), fields("all", false, false, false));
        *rooms.iter().find(fits).unwrap_or(&least)
    }
}

/// What the clip in hand does to the outputs of the network, alone and with everything else as it is chosen.
pub(super) fn draw(pen: &mut Pen, area: Rect, model: &Model) {
    let Some(network) = model.network.as_ref().filter(|_| !area.is_empty()) else { return };
    let theme = pen.look.theme;
    if !network.whole.was_asked() {
        if let Some(first) = network.first.as_ref().filter(|_| !model.loading.finished) {
            return draw_first(pen, area, first);
        }
        let text = match model.loading.finished {
            false => "what each clip does to the outputs comes here, once the network has run",
            true => "the network could not be run",
        };
        pen.pieces(area.x, area.y, area.width, &[(" output  ", theme.dim), (text, theme.dim)]);
        return;
    }
    let classifies = [network.whole.effect(), network.alone.effect()].into_iter().flatten();
    let room = Room::fitting(area.width, classifies.clone().any(|e| share(e).is_some()));
    let x = pen.text(area.x, area.y, area.width, room.title, theme.title);

    let selected = model.session.layers().get(model.list.selected);
    let here = network.alone.answer.as_ref().filter(|a| selected.is_some_and(|layer| layer.key == a.of.0));
    let float = network.alone.asked.as_ref().is_some_and(|(_, params)| params.is_empty());
    let read = selected.is_some_and(|l| l.ready().is_some());
    let right = area.right() - (room.whole.width() + 1).min(area.width);
    let alone = Half { x, width: right.saturating_sub(x + 2), y: area.y, fields: room.alone };
    if !read {
        alone.say(pen, "not read", theme.dim);
    } else if float {
        alone.say(pen, "in float", theme.dim);
    } else {
        let fresh = network.alone.is_answered();
        alone.answer(pen, here, fresh, |answer| was_for(&answer.of.1));
    }
    let whole = Half { x: right, width: area.right() - right, y: area.y, fields: room.whole };
    match (&network.whole.answer, &network.first) {
        (None, Some(first)) => whole.answer(pen, Some(first), false, rests_on),
        (answer, _) => {
            whole.answer(pen, answer.as_ref(), network.whole_is_answered(), |_| "of earlier choices".to_owned())
        }
    }
}

/// What one sample says of the outputs, while all of them are counted.
fn draw_first(pen: &mut Pen, area: Rect, first: &Answer<()>) {
    let theme = pen.look.theme;
    let Ok(effect) = &first.result else { return };
    let mut pieces = vec![
        (" output  ".to_owned(), theme.title),
        ("first figure ".to_owned(), theme.dim),
        (headline(effect), theme.clip),
    ];
    if let Some(of) = effect.cosine {
        pieces.push((format!("   cosine {}", cosine(of)), Style::new()));
    }
    if let Some((name, share)) = share(effect) {
        pieces.push((format!("   {name} {}", number::percent(share)), Style::new()));
    }
    pieces
        .push((format!("   {}, which chose the clips too; the others are being counted", rests_on(first)), theme.dim));
    let pieces: Vec<(&str, Style)> = pieces.iter().map(|(text, style)| (text.as_str(), *style)).collect();
    pen.pieces(area.x, area.y, area.width, &pieces);
}

/// `1/8 samples`: what a first figure rests on.
fn rests_on<Of>(first: &Answer<Of>) -> String {
    first.result.as_ref().map_or_else(|_| String::new(), samples)
}

/// One of the two places of the row.
struct Half {
    x: u16,
    y: u16,
    width: u16,
    fields: Fields,
}

impl Half {
    fn say(&self, pen: &mut Pen, text: &str, style: Style) {
        let dim = pen.look.theme.dim;
        pen.pieces(self.x, self.y, self.width, &[(self.fields.label, dim), (" ", dim), (text, style)]);
    }

    /// An answer; dim while it is not `fresh`, with what it `was_for` instead.
    fn answer<Of>(
        &self,
        pen: &mut Pen,
        answer: Option<&Answer<Of>>,
        fresh: bool,
        was_for: impl Fn(&Answer<Of>) -> String,
    ) {
        let theme = pen.look.theme;
        let Some(answer) = answer else { return self.say(pen, "…", theme.dim) };
        let effect = match &answer.result {
            Ok(effect) => effect,
            Err(why) => return self.say(pen, why, theme.warning),
        };
        let value = if fresh { theme.clip } else { theme.dim };
        let label = format!("{} ", self.fields.label);
        let db = format!("{:>width$}", headline(effect), width = usize::from(DB));
        let mut pieces = vec![(label, theme.dim), (db, value)];
        let plain = if fresh { Style::new() } else { theme.dim };
        if self.fields.cosine {
            let text = match (effect.cosine, effect.agreement) {
                // The share that is the headline.
                (None, Some(_)) => "   is the same   ".to_owned(),
                (x, _) => format!("   cosine {:<8}", x.map_or("–".into(), cosine)),
            };
            pieces.push((text, plain));
        }
        if let Some((name, share)) = share(effect).filter(|_| self.fields.top1) {
            pieces.push((format!("   {name} {:<7}", number::percent(share)), plain));
        }
        if self.fields.age {
            let age = match answer.check {
                _ if !fresh => was_for(answer),
                Some(check) => format!("check {}", headline(&check)),
                None => {
                    let taken: u16 = pieces.iter().map(|(text, _)| pen.width(text)).sum();
                    let long = format!("{}, {}", samples(effect), short(answer.took));
                    // How long it took goes before it is cut.
                    if taken + 3 + pen.width(&long) <= self.width { long } else { samples(effect) }
                }
            };
            pieces.push((format!("   {age}"), theme.dim));
        }
        let pieces: Vec<(&str, Style)> = pieces.iter().map(|(text, style)| (text.as_str(), *style)).collect();
        pen.pieces(self.x, self.y, self.width, &pieces);
    }
}

impl<Of> Asked<Of> {
    fn was_asked(&self) -> bool {
        self.asked.is_some()
    }

    fn effect(&self) -> Option<&OutputEffect> {
        self.answer.as_ref()?.result.as_ref().ok()
    }
}

/// `8 samples`; `3/8 samples` where not all were used.
fn samples(effect: &OutputEffect) -> String {
    let (n, s) = (effect.samples, if effect.samples == 1 { "" } else { "s" });
    effect.cut_from().map_or_else(|| format!("{n} sample{s}"), |of| format!("{n}/{of} samples"))
}

/// What stands behind the cosine, and its name: a classifier's best class, or the integers and booleans among floats.
fn share(effect: &OutputEffect) -> Option<(&'static str, f64)> {
    let among_floats = effect.agreement.filter(|_| effect.sqnr_db.is_some());
    effect.top1_agreement.map(|share| ("top-1", share)).or(among_floats.map(|share| ("equal", share)))
}

/// Five digits behind the point; what is not exactly 1 never reads as 1.
pub(super) fn cosine(x: f64) -> String {
    match x {
        x if x.is_nan() => "–".into(),
        1.0 => "1".into(),
        x if x > 0.999995 => ">0.99999".into(),
        x => format!("{x:.5}"),
    }
}

/// `12 ms`, `0.4 s`.
fn short(took: Duration) -> String {
    match took.as_secs_f64() {
        s if s < 0.0005 => "<1 ms".into(),
        s if s < 0.2 => format!("{:.0} ms", s * 1e3),
        _ => number::seconds(took),
    }
}

/// `at clip 2.813`: the range that params keep.
fn was_for(params: &[QuantParams]) -> String {
    let [params] = params else { return "for other ranges".into() };
    let n = |x: f32| number::significant(f64::from(x), 4);
    let (min, max) = (params.range().min(), params.range().max());
    if params.format().symmetric() { format!("at clip {}", n(max)) } else { format!("at {} to {}", n(min), n(max)) }
}

#[cfg(test)]
mod tests {
    use super::super::super::network::in_decibels;
    use super::*;
    use crate::quant::{Clip, Decibels, Format};

    #[test]
    fn what_is_shown_keeps_its_meaning() {
        assert_eq!(
            [f64::INFINITY, f64::NAN, 41.23].map(|db| in_decibels(Decibels::new(db))),
            ["no effect", "NaN", "41.2 dB"]
        );
        assert_eq!([1.0, 0.9999999, 0.99998, -0.5].map(cosine), ["1", ">0.99999", "0.99998", "-0.50000"]);
        assert_eq!([0.1, 12.4, 400.0].map(|ms| short(Duration::from_secs_f64(ms / 1e3))), ["<1 ms", "12 ms", "0.4 s"]);
        let of = |clip, format| was_for(&[QuantParams::from_clip(clip, format)]);
        assert_eq!(of(Clip::symmetric(2.813), Format::INT8), "at clip 2.813");
        assert_eq!(of(Clip::unsigned(6.0), Format::INT8.with_signed(false)), "at clip 6.000");
        let affine = of(Clip::new(-1.0, 3.0), Format::INT8.with_symmetric(false));
        assert!(affine.starts_with("at -1.0") && affine.contains(" to 2.9") | affine.contains(" to 3.0"), "{affine}");
        assert_eq!(was_for(&[]), "for other ranges");
    }

    #[test]
    fn the_headline_is_of_what_was_compared() {
        let none = OutputEffect::default();
        let whole = OutputEffect { agreement: Some(0.982), ..none };
        let both = OutputEffect { sqnr_db: Some(Decibels::new(30.0)), ..whole };
        assert_eq!([none, whole, both].map(|e| headline(&e)), ["–", "98.2 %", "30.0 dB"]);
        assert_eq!([none, whole, both].map(|e| share(&e)), [None, None, Some(("equal", 0.982))]);
    }

    #[test]
    fn a_cut_is_said() {
        let of = |samples, of| super::samples(&OutputEffect { samples, of, ..OutputEffect::default() });
        assert_eq!([of(8, 8), of(1, 1), of(3, 8)], ["8 samples", "1 sample", "3/8 samples"]);
    }

    #[test]
    fn a_row_fits_its_width() {
        for width in 60..220 {
            for classifies in [false, true] {
                let room = Room::fitting(width, classifies);
                assert!(room.width() <= width, "{width}: {}", room.width());
            }
        }
    }
}
