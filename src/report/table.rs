//! Words under each other.

/// A column of a table: its heading, and what it says of a row.
pub(crate) struct Column<'a, R> {
    pub heading: String,
    /// Whether its words stand to the left.
    pub left: bool,
    pub cell: Box<dyn Fn(&R) -> String + 'a>,
}

impl<'a, R> Column<'a, R> {
    /// A column of words.
    pub fn left(heading: impl Into<String>, cell: impl Fn(&R) -> String + 'a) -> Column<'a, R> {
        Column { heading: heading.into(), left: true, cell: Box::new(cell) }
    }

    /// A column of numbers.
    pub fn right(heading: impl Into<String>, cell: impl Fn(&R) -> String + 'a) -> Column<'a, R> {
        Column { heading: heading.into(), left: false, cell: Box::new(cell) }
    }
}

/// A heading and a line for each row, a column as wide as its widest word.
pub(crate) fn table<R>(columns: &[Column<R>], rows: &[R]) -> String {
    let mut lines = vec![columns.iter().map(|c| c.heading.clone()).collect::<Vec<_>>()];
    lines.extend(rows.iter().map(|row| columns.iter().map(|c| (c.cell)(row)).collect()));
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let mut out = String::new();
    for line in &lines {
        let cells = line.iter().zip(&widths).zip(columns).map(|((cell, &width), column)| {
            if column.left { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        out.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        out.push('\n');
    }
    out
}
