//! The languages that lessons and the glossary are told in.

/// A language of the lessons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Chinese, in simplified characters.
    Zh,
}

impl Lang {
    /// All of them.
    pub const ALL: [Lang; 2] = [Lang::En, Lang::Zh];

    /// What `--lang` and the files of lessons call it: `en`, `zh`.
    pub fn id(self) -> &'static str {
        match self {
            Lang::En => "en",
            Lang::Zh => "zh",
        }
    }

    /// The language of an id.
    pub fn by_id(id: &str) -> Option<Lang> {
        Lang::ALL.into_iter().find(|lang| lang.id() == id)
    }

    /// The language that a locale asks for: the first of the values of `LC_ALL`, `LC_MESSAGES` and `LANG` that is not
    /// empty, as POSIX has it. What is none of ours is English.
    pub fn of_locale<'a>(values: impl IntoIterator<Item = Option<&'a str>>) -> Lang {
        let locale = values.into_iter().flatten().find(|value| !value.is_empty()).unwrap_or("");
        let language = locale.split(['_', '-', '.', '@']).next().unwrap_or("");
        Lang::by_id(&language.to_ascii_lowercase()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_names_a_language() {
        let of = |values: [Option<&str>; 3]| Lang::of_locale(values);
        assert_eq!(of([None, None, Some("zh_CN.UTF-8")]), Lang::Zh);
        assert_eq!(of([None, Some(""), Some("zh")]), Lang::Zh);
        assert_eq!(of([Some("en_GB.UTF-8"), None, Some("zh_CN.UTF-8")]), Lang::En);
        assert_eq!(of([Some("C.UTF-8"), None, None]), Lang::En);
        assert_eq!(of([Some("zha_CN"), None, None]), Lang::En);
        assert_eq!(of([None; 3]), Lang::En);
    }

    #[test]
    fn ids_are_read_again() {
        assert!(Lang::ALL.into_iter().all(|lang| Lang::by_id(lang.id()) == Some(lang)));
        assert_eq!(Lang::by_id("de"), None);
    }
}
