//! Large digits, three rows high: of half cells, or of lines where there is ASCII only.

/// Rows of a large text.
pub const LARGE_ROWS: usize = 3;

/// Five rows of dots of a sign, three dots wide, the left one in the highest bit.
fn dots(c: char) -> Option<[u8; 5]> {
    Some(match c {
        '0' => [7, 5, 5, 5, 7],
        '1' => [2, 6, 2, 2, 7],
        '2' => [7, 1, 7, 4, 7],
        '3' => [7, 1, 7, 1, 7],
        '4' => [5, 5, 7, 1, 1],
        '5' => [7, 4, 7, 1, 7],
        '6' => [7, 4, 7, 5, 7],
        '7' => [7, 1, 1, 1, 1],
        '8' => [7, 5, 7, 5, 7],
        '9' => [7, 5, 7, 1, 7],
        '-' | '–' | '−' => [0, 0, 7, 0, 0],
        '+' => [0, 2, 7, 2, 0],
        '%' => [5, 1, 2, 4, 5],
        'e' => [0, 7, 7, 4, 7],
        _ => return None,
    })
}

/// The same in lines.
fn lines(c: char) -> Option<[&'static str; LARGE_ROWS]> {
    Some(match c {
        '0' => [" _ ", "| |", "|_|"],
        '1' => ["   ", "  |", "  |"],
        '2' => [" _ ", " _|", "|_ "],
        '3' => [" _ ", " _|", " _|"],
        '4' => ["   ", "|_|", "  |"],
        '5' => [" _ ", "|_ ", " _|"],
        '6' => [" _ ", "|_ ", "|_|"],
        '7' => [" _ ", "  |", "  |"],
        '8' => [" _ ", "|_|", "|_|"],
        '9' => [" _ ", "|_|", " _|"],
        '-' => ["   ", " _ ", "   "],
        '+' => ["   ", " + ", "   "],
        '%' => ["o /", " / ", "/ o"],
        'e' => [" _ ", "|=|", "|_ "],
        _ => return None,
    })
}

/// A number in three rows of text, all equally wide; what has no large shape stands small in the last row. `halves` are the lower and the upper half of a cell, and a full one; `None` for
/// ASCII.
pub fn large(text: &str, halves: Option<[char; 3]>) -> [String; LARGE_ROWS] {
    let mut rows: [String; LARGE_ROWS] = Default::default();
    for c in text.chars() {
        match halves {
            None => match lines(c) {
                Some(of) => rows.iter_mut().zip(of).for_each(|(row, line)| *row = format!("{row}{line} ")),
                None => small(&mut rows, c),
            },
            Some([lower, upper, full]) => match dots(c) {
                Some(of) => {
                    for (row, text) in rows.iter_mut().enumerate() {
                        for bit in [4, 2, 1] {
                            let dot = |at: usize| of.get(at).is_some_and(|dots| dots & bit != 0);
                            text.push(match (dot(2 * row), dot(2 * row + 1)) {
                                (true, true) => full,
                                (true, false) => upper,
                                (false, true) => lower,
                                (false, false) => ' ',
                            });
                        }
                        text.push(' ');
                    }
                }
                None => small(&mut rows, c),
            },
        }
    }
    rows
}

/// A sign that has no large shape, in the last row; a blank is one column.
fn small(rows: &mut [String; LARGE_ROWS], c: char) {
    rows.iter_mut().enumerate().for_each(|(row, text)| text.push(if row == LARGE_ROWS - 1 { c } else { ' ' }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_three_rows_of_one_width() {
        assert_eq!(large("1.7", Some(['▄', '▀', '█'])), ["▄█   ▀▀█ ", " █     █ ", "▀▀▀ .  ▀ "]);
        assert_eq!(large("40", None), ["     _  ", "|_| | | ", "  | |_| "]);
        for halves in [None, Some(['▄', '▀', '█'])] {
            let rows = large("0123456789.-+%e ∞", halves);
            assert!(rows.iter().all(|row| row.chars().count() == rows[0].chars().count()));
        }
        assert_eq!(large("", None), ["", "", ""]);
    }
}
