//! Words under each other.

use unicode_width::UnicodeWidthStr;

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

/// A heading and a line for each row, a column as wide as its widest word: in cells of a terminal, two of which a Chinese
/// letter takes.
pub(crate) fn table<R>(columns: &[Column<R>], rows: &[R]) -> String {
    let mut lines = vec![columns.iter().map(|c| c.heading.clone()).collect::<Vec<_>>()];
    lines.extend(rows.iter().map(|row| columns.iter().map(|c| (c.cell)(row)).collect()));
    let width = |column: usize| lines.iter().map(|line| line[column].width()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let mut out = String::new();
    for line in &lines {
        let cells = line.iter().zip(&widths).zip(columns).map(|((cell, &width), column)| {
            let blank = " ".repeat(width.saturating_sub(cell.width()));
            if column.left { format!("{cell}{blank}") } else { format!("{blank}{cell}") }
        });
        out.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other_whatever_letters_take() {
        let rows = ["conv", "卷积层", "🙂x", "e\u{301}"];
        let columns = [
            Column::left("layer", |row: &&str| (*row).to_owned()),
            Column::right("n", |row: &&str| row.len().to_string()),
            Column::left("state", |_| "ok".to_owned()),
        ];
        let text = table(&columns, &rows);
        let ends: Vec<usize> = text.lines().map(|line| line.rsplit_once("  ").unwrap().0.width()).collect();
        assert!(ends.iter().all(|end| *end == ends[0]), "{text}");
        assert!(text.lines().nth(2).unwrap().starts_with("卷积层  9"), "{text}");
    }
}
