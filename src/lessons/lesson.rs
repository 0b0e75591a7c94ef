//! A lesson as it is played.

use super::data::Made;
use super::{Expr, Said};

/// A lesson: what it is about, and its steps.
#[derive(Clone, Debug)]
pub struct Lesson {
    /// A name that never changes, which progress is kept under.
    pub id: String,
    /// Its title.
    pub title: Said,
    /// What it needs beside a screen.
    pub needs: Needs,
    /// Where a network is quantized at first: `fused`, `inputs`, `ort` or `all`.
    pub place: Option<String>,
    /// The values that it is about.
    pub data: Vec<Made>,
    /// The ids of the methods on offer, in the order of their digits.
    pub methods: Vec<String>,
    /// The method that chooses at first.
    pub method: String,
    /// The format that layers are on at first.
    pub format: String,
    /// How many bins magnitudes are counted on.
    pub bins: usize,
    /// The steps; at least one.
    pub steps: Vec<Step>,
}

impl Lesson {
    /// How many steps are played with what the learner has brought.
    pub fn played(&self, brought: Brought) -> usize {
        self.steps.iter().filter(|step| step.is_played(brought)).count()
    }
}

/// What a lesson is played on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Its own values.
    Values,
    /// The network that travels inside the program.
    Network,
    /// A small network that is trained while one looks on.
    Training,
}

/// One step: something to read, to predict, to do.
#[derive(Clone, Debug)]
pub struct Step {
    /// The line of the file that it begins on, from 1 on.
    pub line: usize,
    /// What is said at first.
    pub text: Said,
    /// How the instrument stands when it begins.
    pub start: Start,
    /// The commands that do nothing in it, by id; `*` at the end stands for the rest of a name.
    pub locked: Vec<String>,
    /// The parts of the screen that it speaks of.
    pub look: Vec<Region>,
    /// What is to be predicted.
    pub ask: Option<Ask>,
    /// What is to be reached.
    pub goal: Option<Expr>,
    /// Whether a digit that names a method may reach it.
    pub by_digit: bool,
    /// What is said when the question is answered and the goal is reached.
    pub reveal: Option<Said>,
    /// What is said to who asks for a hint.
    pub hint: Option<Said>,
    /// What reaches the goal, for who wants to be shown it.
    pub show: Vec<Act>,
    /// Whether where the curve is least, and where its parts cross, is not shown before the step is done.
    pub hides_best: bool,
    /// Of the network that is looked at, how many rows are drawn under the text, with the places of Q and DQ.
    pub graph: usize,
    /// Whether it is about what the learner has brought, and what that must be; left out where it was not.
    pub own: Option<Own>,
}

/// What the learner must have brought for a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Own {
    /// Anything.
    Any,
    /// A network with its samples.
    Network,
    /// Values, and no network.
    Values,
}

/// What the learner has brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Brought {
    /// Nothing.
    #[default]
    Nothing,
    /// Values.
    Values,
    /// A network with its samples.
    Network,
}

/// How the instrument stands when a step begins; what is not said stays as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Start {
    /// The layer that is selected.
    pub layer: Option<String>,
    /// The method whose value is the clip.
    pub method: Option<String>,
    /// The clip itself.
    pub clip: Option<f64>,
    /// The format.
    pub format: Option<String>,
    /// What stands in the lower plot.
    pub page: Option<String>,
    /// The objective whose curve is shown.
    pub curve: Option<String>,
    /// Counts on a log scale.
    pub log: Option<bool>,
    /// Signed values.
    pub signed: Option<bool>,
    /// The fake-quantized distribution.
    pub fake_quant: Option<bool>,
    /// The value under the inspect cursor.
    pub inspect: Option<f64>,
    /// Which placement of a network quantizes its tensors.
    pub placement: Option<String>,
    /// Commands that are run at last.
    pub run: Vec<Act>,
}

/// Something that a hand would do.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// Runs a command so often.
    Command(String, usize),
    /// Types a text, with `{=...}` worked out, and Enter behind it.
    Type(String),
}

/// Something to predict.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The question.
    pub question: Said,
    /// What kind of answer it wants.
    pub of: Asked,
    /// Whether it is asked again until the answer is right; else any answer is taken, and held against the truth.
    pub must: bool,
}

/// What kind of answer a question wants.
#[derive(Clone, Debug)]
pub enum Asked {
    /// A number, near the truth.
    Number {
        /// What it is.
        truth: Expr,
        /// How far off an answer may be to be right, as a share of the truth.
        within: f64,
    },
    /// One of several.
    Choice {
        /// What there is to choose from.
        options: Vec<Said>,
        /// The right one, from 0 on.
        right: usize,
    },
    /// Some numbers in a row.
    Cells(Vec<f64>),
}

/// A part of the screen that a step speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Region {
    /// The first line.
    Header,
    /// The bars.
    Histogram,
    /// The line that says what the clip cuts off.
    Flag,
    /// The axis with the methods' marks.
    Marks,
    /// The curve, or the mapping.
    Lower,
    /// What the clip does to a network's outputs.
    Output,
    /// The table of numbers.
    Numbers,
    /// The last line.
    Footer,
}

impl Region {
    /// All of them, by the words that lessons call them.
    pub const ALL: [(&'static str, Region); 8] = [
        ("header", Region::Header),
        ("histogram", Region::Histogram),
        ("flag", Region::Flag),
        ("marks", Region::Marks),
        ("lower", Region::Lower),
        ("output", Region::Output),
        ("numbers", Region::Numbers),
        ("footer", Region::Footer),
    ];
}

impl Step {
    /// Whether it is played with what the learner has brought.
    pub fn is_played(&self, brought: Brought) -> bool {
        match self.own {
            None => true,
            Some(Own::Any) => brought != Brought::Nothing,
            Some(Own::Network) => brought == Brought::Network,
            Some(Own::Values) => brought == Brought::Values,
        }
    }

    /// Whether a command does nothing in this step.
    pub fn locks(&self, id: &str) -> bool {
        self.locked.iter().any(|locked| match locked.strip_suffix('*') {
            Some(begins) => id.starts_with(begins),
            None => locked == id,
        })
    }
}
