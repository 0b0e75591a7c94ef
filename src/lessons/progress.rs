//! Which lessons were played to their end, and how far the others are, as the text that is kept between runs.

use std::collections::BTreeMap;

/// The first line of the text.
const HEAD: &str = "qviz.learn/1";

/// How far one lesson is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Far {
    /// The step that it goes on with, from 0 on.
    pub step: usize,
    /// Whether it was played to its end, ever.
    pub done: bool,
}

/// How far the lessons are, by their ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    of: BTreeMap<String, Far>,
}

impl Progress {
    /// Reads what was written. What makes no sense is left out: progress is worth less than a program that begins.
    pub fn read(text: &str) -> Progress {
        let mut lines = text.lines();
        if lines.next() != Some(HEAD) {
            return Progress::default();
        }
        let row = |line: &str| {
            let mut words = line.split(' ');
            let (id, step, done) = (words.next()?, words.next()?.parse().ok()?, words.next()? == "done");
            Some((id.to_owned(), Far { step, done }))
        };
        // Nobody has thousands of lessons.
        Progress { of: lines.take(1000).filter_map(row).collect() }
    }

    /// The text that [`Progress::read`] reads.
    pub fn text(&self) -> String {
        let rows = self.of.iter().map(|(id, far)| {
            format!("{} {} {}\n", id.replace([' ', '\n', '\r'], "-"), far.step, if far.done { "done" } else { "begun" })
        });
        std::iter::once(format!("{HEAD}\n")).chain(rows).collect()
    }

    /// How far a lesson is.
    pub fn of(&self, id: &str) -> Far {
        self.of.get(id).copied().unwrap_or_default()
    }

    /// A lesson goes on with this step. Returns whether that is news.
    pub fn reach(&mut self, id: &str, step: usize) -> bool {
        let far = Far { step, ..self.of(id) };
        self.of.insert(id.to_owned(), far) != Some(far)
    }

    /// A lesson was played to its end, and begins anew next time.
    pub fn finish(&mut self, id: &str) {
        self.of.insert(id.to_owned(), Far { step: 0, done: true });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let mut progress = Progress::default();
        assert!(progress.reach("one-number", 3) && !progress.reach("one-number", 3));
        progress.finish("one-outlier");
        assert!(progress.reach("one-outlier", 1));
        assert_eq!(progress.of("one-outlier"), Far { step: 1, done: true }, "what was done stays done");
        assert_eq!(Progress::read(&progress.text()), progress);
        assert_eq!(progress.text(), "qviz.learn/1\none-number 3 begun\none-outlier 1 done\n");
    }

    #[test]
    fn what_makes_no_sense_is_left_out() {
        let broken = "qviz.learn/1\n\none\none two\na 99999999999999999999 done\nb 2 done\n\u{1b}[0m";
        let progress = Progress::read(broken);
        assert_eq!((progress.of("b"), progress.of("a")), (Far { step: 2, done: true }, Far::default()));
        assert_eq!(Progress::read("qviz.learn/9\nb 2 done\n"), Progress::default());
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "(qviz.learn/1\n)?.{0,80}") {
            let progress = Progress::read(&text);
            prop_assert_eq!(Progress::read(&progress.text()), progress);
        }
    }
}
