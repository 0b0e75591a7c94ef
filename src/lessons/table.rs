//! The rows of a lesson's file, each looked at once, so that what nobody has looked at is a slip of the pen.

use std::collections::BTreeSet;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

pub(super) type Value<'a> = Spanned<DeValue<'a>>;

/// What is wrong with a file, in the order of finding.
#[derive(Default)]
pub(super) struct Wrongs {
    pub found: Vec<(usize, String)>,
}

impl Wrongs {
    /// Something is wrong at a byte of the file.
    pub fn say(&mut self, at: usize, why: impl Into<String>) {
        self.found.push((at, why.into()));
    }
}

/// A table of the file that is being read.
pub(super) struct Table<'a> {
    rows: &'a DeTable<'a>,
    /// Where it begins.
    pub at: usize,
    taken: BTreeSet<&'static str>,
}

impl<'a> Table<'a> {
    pub fn new(rows: &'a DeTable<'a>, at: usize) -> Table<'a> {
        Table { rows, at, taken: BTreeSet::new() }
    }

    /// A row, if it is there.
    pub fn take(&mut self, name: &'static str) -> Option<&'a Value<'a>> {
        self.taken.insert(name);
        self.rows.iter().find(|(key, _)| key.get_ref().as_ref() == name).map(|(_, value)| value)
    }

    /// Says which rows nobody has looked at.
    pub fn finish(self, what: &str, wrongs: &mut Wrongs) {
        for (name, _) in self.rows.iter().filter(|(name, _)| !self.taken.contains(name.get_ref().as_ref())) {
            let known: Vec<&str> = self.taken.iter().copied().collect();
            wrongs.say(name.span().start, format!("{what} has no {:?}; it has {}", name.get_ref(), known.join(", ")));
        }
    }

    pub fn table(&mut self, name: &'static str, wrongs: &mut Wrongs) -> Option<Table<'a>> {
        let value = self.take(name)?;
        as_table(value).or_else(|| {
            wrongs.say(value.span().start, format!("{name} is a table: write [{name}], or {name} = {{ ... }}"));
            None
        })
    }

    /// The tables of an array of tables.
    pub fn tables(&mut self, name: &'static str, wrongs: &mut Wrongs) -> Vec<Table<'a>> {
        let Some(value) = self.take(name) else { return Vec::new() };
        let tables: Option<Vec<Table>> = value.get_ref().as_array().and_then(|all| all.iter().map(as_table).collect());
        tables.unwrap_or_else(|| {
            wrongs.say(value.span().start, format!("{name} is a list of tables: write [[{name}]] before each"));
            Vec::new()
        })
    }

    pub fn text(&mut self, name: &'static str, wrongs: &mut Wrongs) -> Option<(&'a str, Range<usize>)> {
        let value = self.take(name)?;
        let text = value.get_ref().as_str().map(|text| (text, value.span()));
        if text.is_none() {
            wrongs.say(value.span().start, format!("{name} wants a text in quotes"));
        }
        text
    }

    pub fn flag(&mut self, name: &'static str, wrongs: &mut Wrongs) -> Option<bool> {
        let value = self.take(name)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            wrongs.say(value.span().start, format!("{name} wants true or false"));
        }
        flag
    }

    pub fn number(&mut self, name: &'static str, wrongs: &mut Wrongs) -> Option<f64> {
        let value = self.take(name)?;
        let number = number(value);
        if number.is_none() {
            wrongs.say(value.span().start, format!("{name} wants a number"));
        }
        number
    }

    /// A whole number of at least `least` and at most `most`.
    pub fn whole(&mut self, name: &'static str, (least, most): (u64, u64), wrongs: &mut Wrongs) -> Option<u64> {
        let value = self.take(name)?;
        let whole = number(value).filter(|n| n.fract() == 0.0 && *n >= least as f64 && *n <= most as f64);
        if whole.is_none() {
            wrongs.say(value.span().start, format!("{name} wants a whole number from {least} to {most}"));
        }
        whole.map(|n| n as u64)
    }

    pub fn numbers(&mut self, name: &'static str, wrongs: &mut Wrongs) -> Option<Vec<f64>> {
        let value = self.take(name)?;
        let numbers = value.get_ref().as_array().and_then(|all| all.iter().map(number).collect());
        if numbers.is_none() {
            wrongs.say(value.span().start, format!("{name} wants a list of numbers"));
        }
        numbers
    }

    pub fn texts(&mut self, name: &'static str, wrongs: &mut Wrongs) -> Vec<(&'a str, Range<usize>)> {
        let Some(value) = self.take(name) else { return Vec::new() };
        let text = |value: &'a Value<'a>| value.get_ref().as_str().map(|text| (text, value.span()));
        let texts: Option<Vec<_>> = match value.get_ref() {
            DeValue::Array(all) => all.iter().map(text).collect(),
            _ => text(value).map(|one| vec![one]),
        };
        texts.unwrap_or_else(|| {
            wrongs.say(value.span().start, format!("{name} wants a list of texts in quotes"));
            Vec::new()
        })
    }
}

pub(super) fn as_table<'a>(value: &'a Value<'a>) -> Option<Table<'a>> {
    value.get_ref().as_table().map(|rows| Table::new(rows, value.span().start))
}

/// A finite number.
fn number(value: &Value) -> Option<f64> {
    let text = match value.get_ref() {
        DeValue::Integer(number) => return i64::from_str_radix(number.as_str(), number.radix()).ok().map(|n| n as f64),
        DeValue::Float(number) => number.as_str(),
        _ => return None,
    };
    text.parse().ok().filter(|number: &f64| number.is_finite())
}
