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
    /// How many of them stand in the text; the others are counted there.
    pub named: usize,
}

impl Placed {
    fn width(&self) -> u16 {
        self.text.width() as u16
    }

    /// The first column behind it that another label may begin at, with a blank between.
    fn behind(&self) -> u16 {
        self.column + self.width() + 1
    }
}

/// What a label can say of some marks: its text, and the marks with those first that stand in it.
struct Form {
    text: String,
    marks: Vec<usize>,
    named: usize,
}

impl Form {
    fn at(&self, column: u16, row: u16) -> Placed {
        Placed { column, row, text: self.text.clone(), marks: self.marks.clone(), named: self.named }
    }
}

/// Places labels under their marks with a blank between any two: each centred on its column or moved sideways a little, on
/// the first of `rows` rows that has room. Marks on the same column share a label (`KL·max`), which counts all but the
/// `chosen` one, or the first, where that makes room for another (`KL +1`). Where all rows are full a label joins its nearest
/// neighbour, if that then reaches its mark; else it is dropped.
pub fn place(marks: &[(u16, &str)], chosen: &[usize], width: u16, rows: u16) -> Vec<Placed> {
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
    for (mark, members) in groups {
        let forms = forms(marks, &members, chosen);
        let tries = || forms.iter().flat_map(|form| (0..rows).map(move |row| (form, row)));
        let free = tries().find_map(|(form, row)| {
            let from = placed.iter().rfind(|p| p.row == row).map_or(0, Placed::behind);
            Some(form.at(start(mark, &form.text, from, width)?, row))
        });
        if let Some(free) = free {
            placed.push(free);
            continue;
        }
        // With the label before it shortened.
        let both = tries().find_map(|(form, row)| {
            let at = placed.iter().rposition(|p| p.row == row)?;
            let shorter = shortened(&placed, at, marks, chosen, width)?;
            let column = start(mark, &form.text, shorter.behind(), width)?;
            Some((at, shorter, form.at(column, row)))
        });
        match both {
            Some((at, shorter, label)) => {
                placed[at] = shorter;
                placed.push(label);
            }
            None => join_neighbour(&mut placed, marks, members, width),
        }
    }
    placed
}

/// What a label can say of marks on one column, the longest first.
fn forms(marks: &[(u16, &str)], members: &[usize], chosen: &[usize]) -> Vec<Form> {
    let mut forms = vec![Form { text: joined(marks, members), marks: members.to_vec(), named: members.len() }];
    if let [first, _, ..] = members {
        let named = *members.iter().find(|mark| chosen.contains(mark)).unwrap_or(first);
        let others = members.iter().copied().filter(|other| *other != named);
        let text = format!("{} +{}", marks[named].1, members.len() - 1);
        forms.push(Form { text, marks: std::iter::once(named).chain(others).collect(), named: 1 });
    }
    forms
}

/// Where a text under a column begins, no nearer than at `from`. It must begin at or before its mark and reach it, or it
/// would name another column.
fn start(mark: u16, text: &str, from: u16, width: u16) -> Option<u16> {
    let len = text.width() as u16;
    let centred = mark.saturating_sub(len / 2).max(from);
    let start = centred.min(width.saturating_sub(len));
    (start >= from && start <= mark && start + len > mark && len <= width).then_some(start)
}

/// The shorter form of a label of several marks on one column.
fn shortened(placed: &[Placed], at: usize, marks: &[(u16, &str)], chosen: &[usize], width: u16) -> Option<Placed> {
    let label = &placed[at];
    let mark = marks[*label.marks.first()?].0;
    let of_one_column = label.marks.iter().all(|other| marks[*other].0 == mark);
    let form = forms(marks, &label.marks, chosen).pop().filter(|form| of_one_column && form.named < label.named)?;
    let from = placed[..at].iter().rfind(|p| p.row == label.row).map_or(0, Placed::behind);
    Some(form.at(start(mark, &form.text, from, width)?, label.row))
}

fn join_neighbour(placed: &mut [Placed], marks: &[(u16, &str)], members: Vec<usize>, width: u16) {
    let Some((neighbour, others)) = placed.split_last_mut() else { return };
    // One that counts its marks can name no others.
    if neighbour.named < neighbour.marks.len() {
        return;
    }
    let mark = marks[members[0]].0;
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
    let free = others.iter().filter(|p| p.row == row).all(|p| p.behind() <= column);
    if free && column + len > mark {
        *neighbour = Placed { column, row, text, named: all.len(), marks: all };
    }
}

fn joined(marks: &[(u16, &str)], members: &[usize]) -> String {
    members.iter().map(|&i| marks[i].1).collect::<Vec<_>>().join("·")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(marks: &[(u16, &str)], width: u16, rows: u16) -> Vec<(u16, u16, String)> {
        place(marks, &[], width, rows).into_iter().map(|p| (p.column, p.row, p.text)).collect()
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

    /// All methods but one clip where the data begin: their long label takes nobody else's place.
    #[test]
    fn a_long_label_gives_way_to_others() {
        let marks = [(1, "max"), (14, "99 %"), (1, "KL"), (1, "MSE"), (25, "KL"), (1, "p99.99"), (30, "p99.99")];
        assert_eq!(
            texts(&marks, 53, 1),
            [(0, 0, "max +3".into()), (12, 0, "99 %".into()), (24, 0, "KL".into()), (27, 0, "p99.99".into())]
        );
        // The one that is chosen is named.
        let all = place(&marks, &[3], 53, 1);
        assert_eq!((all[0].text.as_str(), all[0].named, all[0].marks.as_slice()), ("MSE +3", 1, &[3, 0, 2, 5][..]));
        // Where nothing else wants the room it stays.
        assert_eq!(texts(&[(1, "max"), (1, "KL"), (40, "MSE")], 53, 1)[0].2, "max·KL");
        // One that finds no place, and no neighbour that could name it, is dropped.
        let dropped = texts(&[(2, "percentile"), (11, "max"), (12, "KL")], 13, 1);
        assert_eq!(dropped, [(0, 0, "percentile".into()), (11, 0, "KL".into())]);
    }

    proptest! {
        #[test]
        fn any_two_labels_have_a_blank_between_them(
            marks in prop::collection::vec((0u16..50, prop::sample::select(vec!["max", "99 %", "KL", "p99.99", "MSE"])), 0..12),
            rows in 1u16..4,
        ) {
            let placed = place(&marks, &[1], 50, rows);
            for (i, label) in placed.iter().enumerate() {
                prop_assert!(label.column + label.width() <= 50);
                let others = placed[i + 1..].iter().filter(|other| other.row == label.row);
                for other in others {
                    prop_assert!(label.behind() <= other.column || other.behind() <= label.column, "{placed:?}");
                }
                // Each stands where the first of its marks and the last are reached.
                let columns = || label.marks.iter().map(|mark| marks[*mark].0);
                let reaches = columns().max().is_none_or(|last| label.column + label.width() > last);
                prop_assert!(reaches && columns().min().is_none_or(|first| label.column <= first), "{placed:?}");
            }
        }
    }
}
