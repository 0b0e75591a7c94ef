//! Layers that another tool has counted.

use crate::ErrorKind;
use crate::histogram::{CountedElsewhere, GridSpec, Histogram};
use crate::input::{Counted, InputError, Part, Source};
use crate::jobs::recipe::Recipe;
use crate::session::Origin;

/// The counts of a source that are there without its values; `None` where it has values.
///
/// # Errors
/// Counts that cannot be, or several tensors', whose bins differ.
pub(super) fn counted(source: &Source, recipe: &Recipe) -> Option<Result<(Origin, Histogram), InputError>> {
    let (part, counted) = source.parts.iter().find_map(|part| Some((part, part.counted()?)))?;
    let file = part.file();
    let error = |message: String| Err(InputError { kind: ErrorKind::Unfit, file: file.clone(), message });
    if source.parts.len() > 1 {
        return Some(error(format!("{file} holds counts, not values: its tensors cannot be counted as one.")));
    }
    let Counted { edges, counts, range, .. } = counted;
    let of = CountedElsewhere { edges, counts, cut_to: *range };
    let histogram = match Histogram::of_counts(&of) {
        Ok(histogram) => with_grids(histogram, &of, recipe),
        Err(why) if counted.tool.is_empty() => return Some(error(format!("{file} ({}) {why}.", counted.name))),
        Err(why) => return Some(error(format!("{file} ({}) {why}; calibrate it anew.", counted.name))),
    };
    Some(Ok((origin(part, counted), histogram)))
}

/// The same with the grids that are its own: whatever the number of bins in their names.
fn with_grids(histogram: Histogram, of: &CountedElsewhere, recipe: &Recipe) -> Histogram {
    let first = recipe.grids.iter().filter_map(|spec| match spec {
        GridSpec::Ort { bins } => Some(*bins),
        _ => None,
    });
    first.fold(histogram, |histogram, bins| histogram.clone().with_ort_grid(bins, of).unwrap_or(histogram))
}

fn origin(part: &Part, counted: &Counted) -> Origin {
    let Counted { tool, edges, counts, dtype, .. } = counted;
    let width = edges.get(1).zip(edges.first()).map_or(0.0, |(b, a)| b - a);
    let width = if (1e-4..1e6).contains(&width) { width.to_string() } else { format!("{width:e}") };
    let by = if tool.is_empty() { "elsewhere".to_owned() } else { format!("by {tool}") };
    let note = format!(
        "Counted {by}, on {} bins of {width}; the values are not known: the range is one of bins where the file does \
         not say it, zeros and what is not finite were not counted apart.",
        counts.len()
    );
    Origin { files: vec![part.file()], dtype: dtype.clone(), notes: vec![note], ..Origin::default() }
}
