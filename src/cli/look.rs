//! What the screen looks like here: what options say, then the configuration, then the environment.

use clap::Args;
use clap::builder::PossibleValuesParser;
use clap::builder::TypedValueParser;

use super::config::LookWanted;
use crate::tui::look::{Depth, Found, Ground, Look, Marks};

/// How the screen is drawn.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Looks")]
pub(super) struct LookArgs {
    /// How many colours; without it as the environment says
    #[arg(long, visible_alias = "colors", aliases = ["colour", "color"], value_name = "N", value_parser = one_of(Depth::ALL, Depth::word))]
    pub colours: Option<Depth>,
    /// For which ground; without it the terminal is asked (OSC 11)
    #[arg(long, value_name = "GROUND", value_parser = one_of(Ground::ALL, Ground::word))]
    pub theme: Option<Ground>,
    /// What curves and bars are drawn with; without it as the locale and the terminal's name say
    #[arg(long, value_name = "GLYPHS", value_parser = one_of(Marks::ALL, Marks::word))]
    pub glyphs: Option<Marks>,
    /// Draws with ASCII characters only, as --glyphs ascii does
    #[arg(long, conflicts_with = "glyphs")]
    pub ascii: bool,
}

/// The values of an option by their words.
fn one_of<T, const N: usize>(all: [T; N], word: fn(T) -> &'static str) -> impl TypedValueParser<Value = T>
where
    T: Copy + Send + Sync + 'static,
{
    PossibleValuesParser::new(all.map(word))
        .map(move |text| all.into_iter().find(|value| word(*value) == text).expect("no other word is let through"))
}

/// What was found, and how.
#[derive(Clone, Debug)]
pub(super) struct Looks {
    pub depth: Found<Depth>,
    pub ground: Found<Ground>,
    pub marks: Found<Marks>,
    wanted: LookWanted,
    /// Whether the terminal may be asked for its ground, which nobody has chosen.
    pub ask: bool,
}

impl Looks {
    pub fn find(args: &LookArgs, wanted: &LookWanted) -> Looks {
        let var = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let ascii = args.ascii.then_some(Marks::Ascii);
        let depth = chosen(args.colours, "--colours", wanted.depth).unwrap_or_else(|| Depth::found(&var));
        let marks = chosen(args.glyphs.or(ascii), "--glyphs", wanted.marks).unwrap_or_else(|| Marks::found(&var));
        let ground = chosen(args.theme, "--theme", wanted.ground);
        let ask = ground.is_none() && depth.value != Depth::Mono && Ground::may_be_asked(&var);
        let ground = ground.unwrap_or_else(|| Ground::found(&var));
        Looks { depth, ground, marks, wanted: wanted.clone(), ask }
    }

    pub fn look(&self) -> Look {
        Look::with_own(self.depth.value, self.ground.value, self.marks.value, self.wanted.own)
    }
}

/// What was chosen, the option before the configuration.
fn chosen<T>(option: Option<T>, name: &'static str, configured: Option<T>) -> Option<Found<T>> {
    let by = if option.is_some() { name } else { "the configuration" };
    Some(Found { value: option.or(configured)?, by })
}
