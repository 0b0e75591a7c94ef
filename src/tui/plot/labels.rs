use unicode_width::UnicodeWidthStr;

/// A label that found its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    /// First column.
    pub column: u16,
    /// Row, 0 nearest to the axis.
    pub row: u16,
    /// The text.
    pub text: String,
    /// Which of the marks it names: indices into what was given, in the order of the text.
    pub marks: Vec<usize>,
}

/// Places labels under their marks without overlaps: each centred on its column or moved sideways a little, on the
/// first of `rows` rows that has room. Marks on the same column share a label (`KL·max`), and where all rows are full a
/// label joins its nearest neighbour, so that none is dropped while anything fits.
pub fn place(marks: &[(u16, &str)], width: u16, rows: u16) -> Vec<Placed> {
    let mut groups: Vec<(u16, Vec<usize>)> = Vec::new();
    let mut order: Vec<usize> = (0..marks.len()).collect();
    order.sort_by_key(|&i| marks[i].0);
    for i in order {
        match groups.last_mut() {
            Some((column, members)) if *column == marks[i].0 => members.push(i),
            _ => groups.push((marks[i].0, vec![i])),
        }
    }
    let mut placed: Vec<Placed> = Vec::new();
    for (column, members) in groups {
        let text = joined(marks, &members);
        let len = text.width() as u16;
        let free = (0..rows).find_map(|row| {
            let taken = placed.iter().filter(|p| p.row == row).map(|p| p.column + p.text.width() as u16 + 1).max();
            let from = taken.unwrap_or(0);
            let centred = column.saturating_sub(len / 2).max(from);
            let start = centred.min(width.saturating_sub(len));
            // It must begin at or before its mark and reach it, or it would name another column.
            (start >= from && start <= column && start + len > column && len <= width).then_some((start, row))
        });
        match free {
            Some((column, row)) => placed.push(Placed { column, row, text, marks: members }),
            None => join_neighbour(&mut placed, marks, members, width),
        }
    }
    placed
}

fn join_neighbour(placed: &mut [Placed], marks: &[(u16, &str)], members: Vec<usize>, width: u16) {
    let Some(neighbour) = placed.last() else { return };
    let mut all = neighbour.marks.clone();
    all.extend(members);
    let text = joined(marks, &all);
    let len = text.width() as u16;
    if len > width {
        return;
    }
    // At the right end it grows to the left, if nothing is there.
    let column = neighbour.column.min(width - len);
    let row = neighbour.row;
    let others = &placed[..placed.len() - 1];
    let free = others.iter().filter(|p| p.row == row).all(|p| p.column + (p.text.width() as u16) < column);
    if free && let Some(neighbour) = placed.last_mut() {
        *neighbour = Placed { column, row, text, marks: all };
    }
}

fn joined(marks: &[(u16, &str)], members: &[usize]) -> String {
    members.iter().map(|&i| marks[i].1).collect::<Vec<_>>().join("·")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(marks: &[(u16, &str)], width: u16, rows: u16) -> Vec<(u16, u16, String)> {
        place(marks, width, rows).into_iter().map(|p| (p.column, p.row, p.text)).collect()
    }

    #[test]
    fn labels_never_overlap() {
        assert_eq!(texts(&[(10, "max"), (3, "KL")], 20, 2), [(2, 0, "KL".into()), (9, 0, "max".into())]);
        assert_eq!(texts(&[(5, "KL"), (5, "MSE")], 20, 2), [(2, 0, "KL·MSE".into())]);
        assert_eq!(texts(&[(5, "KL"), (6, "MSE")], 20, 2), [(4, 0, "KL".into()), (5, 1, "MSE".into())]);
        assert_eq!(texts(&[(19, "max")], 20, 1), [(17, 0, "max".into())]);
        // No room on the only row: the neighbour takes it in.
        assert_eq!(texts(&[(5, "p99.99"), (6, "MSE"), (7, "max")], 30, 1).len(), 1);
        assert!(texts(&[(0, "percentile")], 3, 1).is_empty());
        assert!(texts(&[(0, "max")], 0, 0).is_empty());
    }
}
