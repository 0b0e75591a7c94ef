//! How a search for better clips goes about it, and the words for that.

use std::str::FromStr;

/// What a clip is judged by, with its tensor alone quantized and everything else in float.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Objective {
    /// The error at the quantized tensors next behind it.
    Next,
    /// The error at the network's outputs.
    Out,
    /// Both, and of their answers the one that unseen samples favour.
    #[default]
    Both,
}

impl Objective {
    /// Whether the next tensors are looked at.
    pub fn is_next(self) -> bool {
        self != Objective::Out
    }

    /// Whether the outputs are looked at.
    pub fn is_out(self) -> bool {
        self != Objective::Next
    }
}

/// What a search may use besides each layer's own format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allow {
    /// A zero point.
    pub affine: bool,
    /// Unsigned integers, where nothing is negative.
    pub unsigned: bool,
    /// So many layers may go to 16 bits.
    pub max_16bit: usize,
    /// So many layers may stay in float.
    pub max_float: usize,
}

impl Allow {
    /// Of so many layers, how many may stay in float, and how many may do that or go to 16 bits.
    pub fn of(self, layers: usize) -> (usize, usize) {
        let float = self.max_float.min(layers);
        (float, float + self.max_16bit.min(layers - float))
    }

    /// One more thing that is allowed: `affine`, `unsigned`, `16bit`, `float:2`. `Ok(false)` where the word says nothing
    /// of the kind.
    fn take(&mut self, word: &str) -> Result<bool, String> {
        let (name, budget) = match word.split_once(':') {
            Some((name, k)) => (name, Some(k)),
            None => (word, None),
        };
        match (name, budget) {
            ("affine" | "asymmetric", None) => self.affine = true,
            ("unsigned", None) => self.unsigned = true,
            ("16bit", k) => self.max_16bit = layers(name, k)?,
            ("float", k) => self.max_float = layers(name, k)?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// So many layers; as many as there are where no number is said.
fn layers(name: &str, budget: Option<&str>) -> Result<usize, String> {
    let Some(k) = budget else { return Ok(usize::MAX) };
    k.parse()
        .map_err(|_| format!("\"{name}:{k}\" says no number of layers; write one behind the colon, such as {name}:2"))
}

impl FromStr for Allow {
    type Err = String;

    /// `affine,unsigned,16bit,float`; of the last two as many as there are, or `16bit:2,float:1`.
    fn from_str(text: &str) -> Result<Allow, String> {
        let mut allow = Allow::default();
        for word in words(text) {
            if !allow.take(word)? {
                return Err(format!("\"{word}\" is nothing to allow; write affine, unsigned, 16bit or float"));
            }
        }
        Ok(allow)
    }
}

/// How to search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct How {
    /// How often to go over all layers; from the second time on among the others as they stand.
    pub rounds: usize,
    /// What clips are judged by.
    pub objective: Objective,
    /// What else than a layer's own format may be tried.
    pub allow: Allow,
    /// Whether the means of errors are moved into the biases at last, where that gains.
    pub correct_bias: bool,
}

impl Default for How {
    fn default() -> How {
        How { rounds: 1, objective: Objective::default(), allow: Allow::default(), correct_bias: false }
    }
}

impl FromStr for How {
    type Err = String;

    /// What may be allowed, `next-tensors` or `outputs` (in short `next`, `out`) for the one objective, `rounds:2`, `bias` to
    /// correct biases; in any order, between blanks or commas.
    /// Nothing is a search in each layer's own format.
    fn from_str(text: &str) -> Result<How, String> {
        let mut how = How::default();
        for word in words(text).filter(|word| *word != "none") {
            match word {
                "next" | "next-tensors" => how.objective = Objective::Next,
                "out" | "outputs" => how.objective = Objective::Out,
                "both" => how.objective = Objective::Both,
                "bias" => how.correct_bias = true,
                _ => match word.strip_prefix("rounds:") {
                    Some(n) => {
                        let rounds = n.parse().ok().filter(|n| (1..=MOST_ROUNDS).contains(n));
                        how.rounds =
                            rounds.ok_or_else(|| format!("\"{word}\": write rounds:1 to rounds:{MOST_ROUNDS}"))?;
                    }
                    None if how.allow.take(word)? => {}
                    None => {
                        return Err(format!(
                            "\"{word}\" is no way to search; write affine, unsigned, 16bit:2, float:1, \
                             outputs, next-tensors, bias or rounds:2"
                        ));
                    }
                },
            }
        }
        Ok(how)
    }
}

/// More rounds than these are a slip of the finger: the search ends by itself where one changes nothing.
const MOST_ROUNDS: usize = 99;

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ' ', '\t']).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_allowed_is_said_in_words() {
        let all = Allow { affine: true, unsigned: true, max_16bit: usize::MAX, max_float: usize::MAX };
        assert_eq!("affine,unsigned,16bit,float".parse(), Ok(all));
        assert_eq!("".parse(), Ok(Allow::default()));
        assert_eq!("float:1 16bit:2".parse(), Ok(Allow { max_16bit: 2, max_float: 1, ..Allow::default() }));
        assert_eq!((all.of(5), Allow { max_float: 2, max_16bit: 2, ..all }.of(5)), ((5, 5), (2, 4)));
        assert!("int4".parse::<Allow>().is_err_and(|why| why.contains("\"int4\"")));
        assert!("next".parse::<Allow>().is_err_and(|why| why.contains("nothing to allow")));
    }

    #[test]
    fn how_is_said_in_words_too() {
        assert_eq!(" ".parse(), Ok(How::default()));
        let allow = Allow { unsigned: true, max_16bit: 2, max_float: 1, ..Allow::default() };
        let how = How { rounds: 3, objective: Objective::Out, allow, correct_bias: true };
        assert_eq!("16bit:2 float:1, unsigned bias out rounds:3".parse(), Ok(how));
        for (word, short) in [("outputs", "out"), ("next-tensors", "next")] {
            assert_eq!(word.parse::<How>(), short.parse::<How>(), "{word}");
        }
        for (text, said) in [
            ("fast", "no way to search"),
            ("16bit:", "such as 16bit:2"),
            ("float:-1", "such as float:2"),
            ("affine:2", "no way to search"),
            ("rounds:0", "rounds:1 to"),
            ("rounds:x", "rounds:1 to"),
        ] {
            let why = text.parse::<How>().unwrap_err();
            assert!(why.contains(said) && why.contains(text), "{text}: {why}");
        }
    }
}
