use std::str::FromStr;

/// How a scale rises from one value to the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rise {
    /// By ratios: a decade is as high as any other, so that a tail is seen.
    #[default]
    Log,
    /// With the square root, between the two: the spread of a count is as high everywhere.
    Sqrt,
    /// By differences: areas are shares.
    Linear,
}

impl Rise {
    /// All of them, in the order that the screen goes through.
    pub const ALL: [Rise; 3] = [Rise::Log, Rise::Sqrt, Rise::Linear];

    /// The next one.
    pub fn next(self) -> Rise {
        match self {
            Rise::Log => Rise::Sqrt,
            Rise::Sqrt => Rise::Linear,
            Rise::Linear => Rise::Log,
        }
    }

    /// Its word: `log`, `sqrt`, `linear`.
    pub fn word(self) -> &'static str {
        match self {
            Rise::Log => "log",
            Rise::Sqrt => "sqrt",
            Rise::Linear => "linear",
        }
    }
}

impl FromStr for Rise {
    type Err = String;

    /// One of the words.
    fn from_str(text: &str) -> Result<Rise, String> {
        let found = Rise::ALL.into_iter().find(|rise| rise.word() == text);
        found.ok_or_else(|| "a scale of counts is log, sqrt or linear".to_owned())
    }
}
