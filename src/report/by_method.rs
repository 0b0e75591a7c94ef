//! Every method by what a network's outputs say of it.

use serde::{Deserialize, Serialize};

use super::effect::{Effect, fraction, ratio};
use super::one_word;
use super::table::{Column, table};
use crate::quant::{Decibels, OutputEffect};

/// The name of the row of what is chosen.
pub const AS_CHOSEN: &str = "as-chosen";

/// One method for all activations that are quantized, or what is chosen for them.
#[derive(Clone, Debug, PartialEq)]
pub struct MethodRow {
    /// The method's id, or [`AS_CHOSEN`].
    pub name: String,
    /// How many activations another method stands in for.
    pub stand_ins: usize,
    /// The effect on the outputs.
    pub effect: OutputEffect,
    /// The effect on samples that nothing was chosen by, if there are any.
    pub check: Option<OutputEffect>,
}

/// The same in the document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MethodOutputs {
    /// The method's id.
    pub method: String,
    /// Whether nothing is better, what is chosen included.
    pub best: bool,
    /// How many activations another method stands in for, as this one has no answer there, or one at which everything
    /// would saturate.
    pub stand_ins: usize,
    /// The effect on the outputs.
    #[serde(flatten)]
    pub effect: Effect,
    /// The effect on the samples to check on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<Effect>,
}

impl MethodRow {
    /// Rows in order, the best first; of equal ones as they stood.
    pub fn best_first(mut rows: Vec<MethodRow>) -> Vec<MethodRow> {
        rows.sort_by_key(|row| std::cmp::Reverse(row.effect.quality()));
        rows
    }

    /// What the best of these reaches; `None` where nothing was compared.
    pub fn best(rows: &[MethodRow]) -> Option<Decibels> {
        rows.iter().filter(|row| row.effect.is_of_something()).map(|row| row.effect.quality()).max()
    }

    /// Whether nothing is better than this, where the best is `best`. What gives NaN is never best.
    pub fn is_best(&self, best: Option<Decibels>) -> bool {
        Some(self.effect.quality()) == best && !self.effect.quality().get().is_nan()
    }
}

/// A row a method, one word a column, the best first and marked; and what the columns do not say.
pub fn by_method(rows: &[MethodRow], activations: usize) -> String {
    let rows = MethodRow::best_first(rows.to_vec());
    let best = MethodRow::best(&rows);
    let mut columns = vec![Column::left("method", |row: &MethodRow| one_word(&row.name))];
    let any = |of: fn(&OutputEffect) -> Option<f64>| rows.iter().any(|row| of(&row.effect).is_some());
    let (top1, agreement) = (any(|e| e.top1_agreement), any(|e| e.agreement));
    for check in [false, true] {
        if check && rows.iter().all(|row| row.check.is_none()) {
            break;
        }
        let of = move |row: &MethodRow| if check { row.check } else { Some(row.effect) };
        let head = |what: &str| if check { format!("check_{what}") } else { what.to_owned() };
        let word =
            move |word: fn(&OutputEffect) -> String| move |row: &MethodRow| of(row).as_ref().map_or("-".into(), word);
        columns.push(Column::right(head("sqnr_db"), word(|e| ratio(e.sqnr_db))));
        columns.push(Column::right(head("cosine"), word(|e| fraction(e.cosine))));
        if top1 {
            columns.push(Column::right(head("top1"), word(|e| fraction(e.top1_agreement))));
        }
        if agreement {
            columns.push(Column::right(head("agreement"), word(|e| fraction(e.agreement))));
        }
        columns.push(Column::right(head("samples"), word(|e| e.samples.to_string())));
    }
    columns.push(Column::right("stand_ins", |row: &MethodRow| row.stand_ins.to_string()));
    columns.push(Column::left("best", move |row: &MethodRow| if row.is_best(best) { "best" } else { "-" }.into()));
    let mut out = table(&columns, &rows);
    out += &format!("# each row: all {activations} quantized activations by this method, weights as chosen\n");
    if rows.iter().any(|row| row.stand_ins > 0) {
        out += "# stand_ins: activations that another method stands in for, where this one has no usable answer\n";
    }
    if let Some((row, of)) = rows.iter().find_map(|row| Some((row, row.effect.cut_from()?))) {
        out += &format!("# {}: {} of {of} samples\n", one_word(&row.name), row.effect.samples);
    }
    out
}

/// The methods among these as the document has them, the best first.
pub(super) fn in_document(rows: &[MethodRow]) -> Vec<MethodOutputs> {
    let best = MethodRow::best(rows);
    let methods = MethodRow::best_first(rows.to_vec()).into_iter().filter(|row| row.name != AS_CHOSEN);
    let entry = |row: MethodRow| MethodOutputs {
        best: row.is_best(best),
        stand_ins: row.stand_ins,
        effect: (&row.effect).into(),
        check: row.check.as_ref().map(Effect::from),
        method: row.name,
    };
    methods.map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, db: f64, stand_ins: usize) -> MethodRow {
        let effect = OutputEffect { sqnr_db: Some(Decibels::new(db)), samples: 8, of: 8, ..OutputEffect::default() };
        MethodRow { name: name.into(), stand_ins, effect, check: None }
    }

    #[test]
    fn the_best_is_first_and_marked_and_nan_is_last() {
        let rows = [row(AS_CHOSEN, 30.0, 0), row("entropy", f64::NAN, 2), row("max", 12.5, 0), row("mse", 30.0, 0)];
        let text = by_method(&rows, 74);
        let words: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(words[0], ["method", "sqnr_db", "cosine", "samples", "stand_ins", "best"]);
        assert_eq!(words[1], ["as-chosen", "30.00", "-", "8", "0", "best"]);
        assert_eq!(words[2], ["mse", "30.00", "-", "8", "0", "best"]);
        assert_eq!(words[3][..2], ["max", "12.50"]);
        assert_eq!(words[4], ["entropy", "nan", "-", "8", "2", "-"]);
        assert!(text.contains("all 74 quantized activations") && text.contains("# stand_ins: "), "{text}");
        let document = in_document(&rows);
        let of: Vec<(&str, bool)> = document.iter().map(|m| (m.method.as_str(), m.best)).collect();
        assert_eq!(of, [("mse", true), ("max", false), ("entropy", false)]);
        // Where everything is NaN nothing is best.
        assert!(!by_method(&[row("a", f64::NAN, 0)], 1).contains(" best\n# "));
        assert_eq!(by_method(&[row("a", f64::NAN, 0)], 1).matches("best").count(), 1);
    }

    #[test]
    fn check_samples_and_classes_have_columns_where_there_are_such() {
        let mut one = row("mse", 30.0, 0);
        one.effect.top1_agreement = Some(0.98);
        one.check = Some(OutputEffect { samples: 4, of: 4, ..one.effect });
        let text = by_method(&[one, row("max", 20.0, 0)], 3);
        let words: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(
            words[0][4..],
            ["samples", "check_sqnr_db", "check_cosine", "check_top1", "check_samples", "stand_ins", "best"]
        );
        assert_eq!((words[1][3], words[1][7], words[1][8], words[2][7]), ("0.980000", "0.980000", "4", "-"));
        assert!(!text.contains("stand_ins:"));
    }
}
