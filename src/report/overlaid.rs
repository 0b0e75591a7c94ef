//! What of another tool's file fits the tensors at hand, in sentences.

use super::number;
use super::visible;
use crate::session::Overlaid;

/// Names in a sentence, before "and N more".
const NAMED: usize = 8;

/// How much of the file is of tensors here, the first sentence in short; then what goes to another format, what is called
/// otherwise, what is not here, and what is not there.
pub fn overlaid(of: &Overlaid) -> Vec<String> {
    let ranges = number::of(of.ranges as u64, "range");
    let mut said = vec![format!("{} (as {}): {} of {ranges} are of tensors here.", of.file, of.id, of.matched)];
    let called: Vec<String> = of.alike.iter().map(|(there, here)| format!("{there} for {here}")).collect();
    for (there, here, n) in &of.moved {
        let tensors = number::of(*n as u64, "tensor");
        said.push(format!("{}: On {there} there and on {here} here, where its clips are put: {tensors}.", of.file));
    }
    for (names, what) in [
        (&called, "Matched by names that are alike"),
        (&of.not_here, "Ranges of tensors that are not here"),
        (&of.not_there, "Tensors that it says nothing of"),
    ] {
        if !names.is_empty() {
            said.push(format!("{}: {what}: {}.", of.file, listed(names)));
        }
    }
    said.into_iter().map(|sentence| visible(&sentence)).collect()
}

fn listed(names: &[String]) -> String {
    let shown = names.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quant::Format;

    #[test]
    fn both_sides_are_told_and_long_lists_are_cut() {
        let of = Overlaid {
            id: "calib".into(),
            file: "calib.cache".into(),
            ranges: 12,
            matched: 2,
            alike: vec![("a/b".into(), "a.b".into())],
            moved: vec![(Format::INT8, Format::INT8.with_symmetric(false), 1)],
            not_here: (0..10).map(|i| format!("gone{i}")).collect(),
            not_there: vec!["new\u{1b}".into()],
        };
        let mut said = overlaid(&of);
        assert_eq!(said[0], "calib.cache (as calib): 2 of 12 ranges are of tensors here.");
        assert_eq!(
            said.remove(1),
            "calib.cache: On int8 symmetric there and on int8 affine here, where its clips are put: 1 tensor."
        );
        assert_eq!(said[1], "calib.cache: Matched by names that are alike: a/b for a.b.");
        assert!(said[2].ends_with("gone6, gone7 and 2 more.") && !said[3].contains('\u{1b}'), "{said:?}");
        assert_eq!(overlaid(&Overlaid { ranges: 1, ..Overlaid::default() }).len(), 1);
    }
}
