use super::Frame;
use super::canvas::{Anchor, Canvas, Part, Words};
use crate::figure::Outline;
use crate::session::Ready;

/// Each method's mark under the axis, with its number; the chosen method's is filled. Numbers of marks that lie together
/// stand together.
pub(super) fn marks(canvas: &mut impl Canvas, ready: &Ready, outline: &Outline, frame: Frame) {
    let chosen = &ready.decision().method;
    let mut places: Vec<(f64, usize)> = Vec::new();
    for (candidate, offer) in ready.candidates().iter().enumerate() {
        let Ok(threshold) = &offer.outcome else { continue };
        let is_chosen = ready.decision().quantized && offer.id == *chosen;
        let ends: &[f32] = match ready.format().symmetric() {
            true => &[threshold.clip.amax()],
            // A lower end of zero is no mark: every range holds zero.
            false if threshold.clip.min() < 0.0 => &[threshold.clip.min(), threshold.clip.max()],
            false => &[threshold.clip.max()],
        };
        for end in ends.iter().map(|x| f64::from(*x)).filter(|x| outline.axis.column(*x).is_some()) {
            let x = frame.at(outline, end);
            let part = if is_chosen { Part::Chosen } else { Part::Mark };
            canvas.mark(part, (x, frame.base() + 1.5), frame.line * 0.35);
            places.push((x, candidate + 1));
        }
    }
    places.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    for (x, text) in together(&places, frame.line) {
        // So that it stays in the picture.
        let most = frame.x + frame.width + frame.line - text.len() as f64 * frame.line * 0.3;
        let x = x.min(most);
        canvas.text(Words::Mark, (x, frame.base() + frame.line * 1.7), Anchor::Middle, &text);
    }
}

/// Numbers that stand together: from the first of them to the last, in the middle of which their text stands.
struct Group {
    first: f64,
    last: f64,
    numbers: Vec<usize>,
}

impl Group {
    fn middle(&self) -> f64 {
        (self.first + self.last) / 2.0
    }

    fn text(&self) -> String {
        self.numbers.iter().map(usize::to_string).collect::<Vec<_>>().join(",")
    }

    /// Half of what its text takes: a digit is six tenths of a line wide, and a comma at most as much.
    fn half(&self, line: f64) -> f64 {
        self.text().len() as f64 * line * 0.3
    }
}

/// Numbers that would stand over each other, or read as one, as one text, in the middle of where they belong.
fn together(places: &[(f64, usize)], line: f64) -> Vec<(f64, String)> {
    let mut groups: Vec<Group> = Vec::new();
    for &(x, number) in places {
        groups.push(Group { first: x, last: x, numbers: vec![number] });
        // A text that has grown may reach the one before.
        while let [.., before, after] = groups.as_mut_slice()
            && before.middle() + before.half(line) + line * 0.3 > after.middle() - after.half(line)
        {
            before.last = after.last;
            before.numbers.append(&mut after.numbers);
            before.numbers.sort_unstable();
            before.numbers.dedup();
            groups.pop();
        }
    }
    groups.iter().map(|group| (group.middle(), group.text())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_lie_together_stand_together() {
        let all = together(&[(10.0, 1), (12.0, 3), (13.0, 2), (80.0, 4)], 10.0);
        assert_eq!(all, [(11.5, "1,2,3".to_owned()), (80.0, "4".to_owned())]);
        assert!(together(&[], 10.0).is_empty());
        // What has grown to the left reaches the number before.
        let all = together(&[(10.0, 2), (26.0, 1), (27.0, 3), (28.0, 4)], 10.0);
        assert_eq!(all, [(19.0, "1,2,3,4".to_owned())]);
    }
}
