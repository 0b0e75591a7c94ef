//! A layer as a row of any report.

use super::number;
use crate::calibrate::Rank;
use crate::quant::Format;
use crate::session::{Layer, LayerState, Ready, Session};

/// A row: a tensor, and what stands in its place.
pub(super) struct Row<'a> {
    pub layer: &'a Layer,
    pub ready: Option<&'a Ready>,
    /// The channels, or the tensor itself.
    pub parts: Vec<&'a Ready>,
    /// Why the placement leaves it in float, where that is why.
    pub in_float: Option<&'a str>,
}

/// The least and the largest of the numbers, as one word.
pub(super) fn spread<T: PartialOrd + Copy>(numbers: impl Iterator<Item = T>, word: impl Fn(T) -> String) -> String {
    let range = numbers.fold(None, |range: Option<(T, T)>, x| {
        let (lo, hi) = range.unwrap_or((x, x));
        Some((if x < lo { x } else { lo }, if x > hi { x } else { hi }))
    });
    match range {
        None => "-".into(),
        Some((lo, hi)) if lo == hi => word(lo),
        Some((lo, hi)) => format!("{}..{}", word(lo), word(hi)),
    }
}

impl<'a> Row<'a> {
    /// The row of a layer.
    pub fn of(layer: &'a Layer) -> Row<'a> {
        let parts: Vec<&Ready> = match layer.channels() {
            [] => layer.ready().into_iter().collect(),
            channels => channels.iter().collect(),
        };
        Row { layer, ready: layer.ready(), parts, in_float: None }
    }

    /// The rows of a session, which know why the placement leaves them in float.
    pub fn all(session: &'a Session) -> Vec<Row<'a>> {
        let placement = session.placement();
        let row = |layer: &'a Layer| Row { in_float: layer.in_float(placement), ..Row::of(layer) };
        session.layers().iter().map(row).collect()
    }

    /// A number of the tensor, or from the least of its channels' to the largest.
    pub fn spread<T: PartialOrd + Copy>(&self, number: impl Fn(&Ready) -> T, word: impl Fn(T) -> String) -> String {
        spread(self.parts.iter().map(|r| number(r)), word)
    }

    /// What is to be known of a row, words between commas.
    pub fn state(&self) -> String {
        let Some(ready) = self.ready else {
            let unreadable = matches!(self.layer.state(), LayerState::Failed(_));
            return if unreadable { "unreadable" } else { "waiting" }.into();
        };
        let along = ready.axis().map(|axis| format!("axis-{axis}"));
        let stand_in = self.parts.iter().any(|r| r.instead_of().is_some());
        // The gravest first; then what was decided, and what is merely worth knowing.
        let graded = ready.warnings().iter().map(|warning| (warning.rank(), warning.tag()));
        let others = [
            (Rank::Costs, ready.saturates_much(), "saturates"),
            (Rank::Costs, ready.crowd().is_some(), "one-step"),
            (Rank::Wrong, self.layer.origin.overflowed > 0, "overflow"),
            (Rank::Wrong, self.layer.without_channels().is_some(), "no-channels"),
            (Rank::Worth, ready.method_note().is_some(), "note"),
        ];
        let others = others.into_iter().filter(|(_, is, _)| *is).map(|(rank, _, word)| (rank, word));
        let mut graded: Vec<(Rank, &str)> = graded.chain(others).collect();
        graded.sort_by_key(|(rank, _)| *rank);
        let (marked, worth): (Vec<_>, Vec<_>) = graded.into_iter().partition(|(rank, _)| rank.is_marked());
        let words = [
            (ready.edited() && ready.decision().tuned().is_none(), "edited"),
            (ready.decision().tuned().is_some(), "tuned"),
            (!ready.decision().quantized, "float"),
            (ready.decision().tie.is_some(), "tied"),
            (stand_in, "stand-in"),
            (along.is_some(), along.as_deref().unwrap_or_default()),
        ];
        let mut state: Vec<String> = marked.iter().map(|(rank, word)| format!("{}:{word}", rank.word())).collect();
        state.extend(words.iter().filter(|(is, _)| *is).map(|(_, word)| (*word).to_owned()));
        state.extend(worth.iter().map(|(_, word)| (*word).to_owned()));
        if state.is_empty() { "ok".into() } else { state.join(",").replace(' ', "-") }
    }

    /// The chosen clip: its magnitude on a symmetric format, `-1.5..6` on one with a zero point; of channels the widest.
    /// What stays in float has none.
    pub fn clip(&self) -> String {
        let Some(ready) = self.ready.filter(|_| self.is_quantized()) else { return "-".into() };
        let (clip, number) = (ready.decision().clip, |x: f32| number::plain(number::significant(f64::from(x), 4)));
        if ready.format().symmetric() {
            number(clip.amax())
        } else {
            format!("{}..{}", number(clip.min()), number(clip.max()))
        }
    }

    /// What it goes to: `int8`, `uint8 affine`, `float`.
    pub fn format(&self) -> String {
        match self.ready {
            None => "-".into(),
            Some(ready) if !ready.decision().quantized => "float".into(),
            Some(ready) => {
                let of = |format: Format| format.to_string().replace(" symmetric", "");
                let axis = ready.axis().map_or(String::new(), |axis| format!(", each of axis {axis}"));
                of(ready.format()) + &axis
            }
        }
    }

    /// The method that the clip comes from, and whether a hand or a search has moved it.
    pub fn method(&self) -> String {
        let Some(ready) = self.ready.filter(|_| self.is_quantized()) else { return "-".into() };
        let by = match (ready.decision().tuned(), ready.edited()) {
            (Some(_), _) => ", tuned",
            (None, true) => ", by hand",
            (None, false) => "",
        };
        format!("{}{by}", ready.decision().method)
    }

    /// The signal-to-noise ratio in dB at the clip; NaN where there is none.
    pub fn sqnr_db(&self) -> f64 {
        self.errors().map_or(f64::NAN, |ready| ready.metrics().sqnr_db)
    }

    /// The share of the values that saturate; NaN where there is none.
    pub fn saturated(&self) -> f64 {
        self.errors().map_or(f64::NAN, |ready| ready.metrics().saturated)
    }

    /// Whether it was read, and is not left in float.
    pub fn is_quantized(&self) -> bool {
        self.ready.is_some_and(|ready| ready.decision().quantized)
    }

    /// The range whose errors count: without a value there is none, and none in float.
    fn errors(&self) -> Option<&'a Ready> {
        self.ready.filter(|ready| ready.decision().quantized && ready.stats().finite() > 0)
    }
}
