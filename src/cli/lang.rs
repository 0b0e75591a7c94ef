//! The language of what is taught: `--lang`, then the configuration, then the locale.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::config::Defaults;
use crate::lessons::Lang;

/// Which language.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(super) struct LangArg {
    /// The language of glossary and lessons; without it that of the configuration, and else of the locale
    #[arg(long, value_name = "LANG", global = true, value_parser = parser())]
    pub lang: Option<Lang>,
}

fn parser() -> impl TypedValueParser<Value = Lang> {
    PossibleValuesParser::new(Lang::ALL.map(Lang::id))
        .map(|text| Lang::by_id(&text).expect("no other word is let through"))
}

impl LangArg {
    /// The language that is to be spoken.
    pub fn of(self, defaults: &Defaults) -> Lang {
        let locale = || {
            let values = ["LC_ALL", "LC_MESSAGES", "LANG"].map(|name| std::env::var(name).ok());
            Lang::of_locale(values.iter().map(Option::as_deref))
        };
        self.lang.or(defaults.lang).unwrap_or_else(locale)
    }
}
