//! Literals of Python, as far as the header of an `.npy` may hold them: what `ast.literal_eval` reads, without sets,
//! floats and complex numbers, which stand in no such header.

use std::iter::Peekable;
use std::str::CharIndices;

/// Brackets in brackets, deeper than any structured type.
const DEEPEST: usize = 32;

/// A value, and the text that it was read from.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Value<'a> {
    pub literal: Literal<'a>,
    pub text: &'a str,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Literal<'a> {
    Text(String),
    Bytes,
    /// `None` where it is too large for any dimension.
    Integer(Option<i128>),
    Bool(bool),
    Nothing,
    Tuple(Vec<Value<'a>>),
    List(Vec<Value<'a>>),
    Dict(Vec<(Value<'a>, Value<'a>)>),
}

/// Reads all of `text`. The error says what it is instead.
pub(super) fn parse(text: &str) -> Result<Value<'_>, &'static str> {
    let mut parser = Parser { text, chars: text.char_indices().peekable(), depth: 0 };
    parser.skip();
    let value = parser.value()?;
    parser.skip();
    if parser.peek().is_none() { Ok(value) } else { Err(NONE) }
}

const NONE: &str = "it is not a Python literal";

type Found<T> = Result<T, &'static str>;

struct Parser<'a> {
    text: &'a str,
    chars: Peekable<CharIndices<'a>>,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn peek(&mut self) -> Option<char> {
        self.chars.peek().map(|(_, c)| *c)
    }

    fn at(&mut self) -> usize {
        self.chars.peek().map_or(self.text.len(), |(at, _)| *at)
    }

    fn eat(&mut self, wanted: char) -> bool {
        self.chars.next_if(|(_, c)| *c == wanted).is_some()
    }

    /// Passes over white space and comments.
    fn skip(&mut self) {
        while let Some(c) = self.peek() {
            match c {
                ' ' | '\t' | '\n' | '\r' | '\x0c' => drop(self.chars.next()),
                '#' => while self.chars.next_if(|(_, c)| *c != '\n').is_some() {},
                _ => return,
            }
        }
    }

    fn value(&mut self) -> Found<Value<'a>> {
        let start = self.at();
        let literal = self.literal()?;
        let end = self.at();
        Ok(Value { literal, text: self.text[start..end].trim_end() })
    }

    fn literal(&mut self) -> Found<Literal<'a>> {
        match self.peek().ok_or(NONE)? {
            '{' => self.within(Parser::dict),
            '(' => self.within(Parser::tuple),
            '[' => self.within(|parser| parser.values(']').map(|(values, _)| Literal::List(values))),
            '\'' | '"' => self.strings(""),
            '0'..='9' | '+' | '-' => self.integer(),
            _ => {
                let start = self.at();
                while self.chars.next_if(|(_, c)| c.is_ascii_alphanumeric() || *c == '_').is_some() {}
                let end = self.at();
                match (&self.text[start..end], self.peek()) {
                    (prefix, Some('\'' | '"')) => self.strings(prefix),
                    ("True", _) => Ok(Literal::Bool(true)),
                    ("False", _) => Ok(Literal::Bool(false)),
                    ("None", _) => Ok(Literal::Nothing),
                    _ => Err(NONE),
                }
            }
        }
    }

    /// What stands in brackets, of which the first is next.
    fn within(&mut self, inner: impl FnOnce(&mut Self) -> Found<Literal<'a>>) -> Found<Literal<'a>> {
        if self.depth == DEEPEST {
            return Err("it nests brackets too deeply");
        }
        self.depth += 1;
        self.chars.next();
        self.skip();
        let literal = inner(self)?;
        self.depth -= 1;
        Ok(literal)
    }

    /// Values up to the bracket that closes them, and whether a comma stood behind the last.
    fn values(&mut self, close: char) -> Found<(Vec<Value<'a>>, bool)> {
        let (mut values, mut comma) = (Vec::new(), false);
        while !self.eat(close) {
            if !values.is_empty() && !comma {
                return Err(NONE);
            }
            values.push(self.value()?);
            self.skip();
            comma = self.eat(',');
            self.skip();
        }
        Ok((values, comma))
    }

    /// Brackets around one value without a comma are brackets and nothing else.
    fn tuple(&mut self) -> Found<Literal<'a>> {
        let (mut values, comma) = self.values(')')?;
        match values.len() {
            1 if !comma => Ok(values.remove(0).literal),
            _ => Ok(Literal::Tuple(values)),
        }
    }

    fn dict(&mut self) -> Found<Literal<'a>> {
        let (mut entries, mut comma) = (Vec::new(), true);
        while !self.eat('}') {
            if !comma {
                return Err(NONE);
            }
            let key = self.value()?;
            self.skip();
            if !self.eat(':') {
                return Err(NONE);
            }
            self.skip();
            entries.push((key, self.value()?));
            self.skip();
            comma = self.eat(',');
            self.skip();
        }
        Ok(Literal::Dict(entries))
    }

    /// Strings one behind the other, which are one.
    fn strings(&mut self, prefix: &str) -> Found<Literal<'a>> {
        let bytes = self.string_of(prefix)?;
        let mut text = bytes.1;
        loop {
            // What stands behind a string may belong to something else.
            let mut ahead = Parser { text: self.text, chars: self.chars.clone(), depth: self.depth };
            ahead.skip();
            let start = ahead.at();
            while ahead.chars.next_if(|(_, c)| c.is_ascii_alphabetic()).is_some() {}
            let end = ahead.at();
            if !matches!(ahead.peek(), Some('\'' | '"')) {
                break;
            }
            let (is_bytes, more) = ahead.string_of(&self.text[start..end])?;
            if is_bytes != bytes.0 {
                return Err(NONE);
            }
            text.push_str(&more);
            self.chars = ahead.chars;
        }
        Ok(if bytes.0 { Literal::Bytes } else { Literal::Text(text) })
    }

    /// One string, whose quote is next: whether it is of bytes, and what it says.
    fn string_of(&mut self, prefix: &str) -> Found<(bool, String)> {
        let (bytes, raw) = match prefix.to_ascii_lowercase().as_str() {
            "" | "u" => (false, false),
            "r" => (false, true),
            "b" => (true, false),
            "br" | "rb" => (true, true),
            _ => return Err(NONE),
        };
        let (_, quote) = self.chars.next().ok_or(NONE)?;
        let mut text = String::new();
        loop {
            match self.chars.next().ok_or(NONE)?.1 {
                c if c == quote => return Ok((bytes, text)),
                '\n' => return Err(NONE),
                '\\' if !raw => {
                    let c = self.chars.next().ok_or(NONE)?.1;
                    let digits = match c {
                        'n' => Err('\n'),
                        't' => Err('\t'),
                        'r' => Err('\r'),
                        '\\' | '\'' | '"' => Err(c),
                        'x' => Ok(2),
                        'u' => Ok(4),
                        'U' => Ok(8),
                        // Others stand in no name of a type.
                        _ => return Err(NONE),
                    };
                    text.push(match digits {
                        Err(c) => c,
                        Ok(digits) => self.code(digits)?,
                    });
                }
                c => text.push(c),
            }
        }
    }

    fn code(&mut self, digits: usize) -> Found<char> {
        let mut code = 0_u32;
        for _ in 0..digits {
            let digit = self.chars.next().and_then(|(_, c)| c.to_digit(16)).ok_or(NONE)?;
            code = code.checked_mul(16).ok_or(NONE)? + digit;
        }
        char::from_u32(code).ok_or(NONE)
    }

    /// In any base, with underscores, and with the `L` that Python 2 put behind long ones.
    fn integer(&mut self) -> Found<Literal<'a>> {
        let negative = match self.peek() {
            Some(sign @ ('+' | '-')) => {
                self.chars.next();
                self.skip();
                sign == '-'
            }
            _ => false,
        };
        let start = self.at();
        while self.chars.next_if(|(_, c)| c.is_ascii_alphanumeric() || matches!(c, '_' | '.')).is_some() {}
        let end = self.at();
        let text = &self.text[start..end];
        let text = text.strip_suffix(['L', 'l']).unwrap_or(text);
        let lower = text.to_ascii_lowercase();
        let bases = [("0x", 16), ("0o", 8), ("0b", 2)];
        let base = bases.iter().find(|(prefix, _)| lower.starts_with(prefix));
        let (digits, base) = base.map_or((text, 10), |(_, base)| (&text[2..], *base));
        // An underscore stands between digits, or behind the base.
        let digits = if base == 10 { digits } else { digits.strip_prefix('_').unwrap_or(digits) };
        let groups = || digits.split('_');
        if groups().any(|group| group.is_empty() || !group.chars().all(|c| c.is_digit(base))) {
            return Err(NONE);
        }
        let digits: String = groups().collect();
        if base == 10 && digits.len() > 1 && digits.starts_with('0') && digits.bytes().any(|b| b != b'0') {
            return Err(NONE);
        }
        let value = i128::from_str_radix(&digits, base).ok();
        Ok(Literal::Integer(if negative { value.map(|value| -value) } else { value }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn integer(text: &str) -> Found<Option<i128>> {
        match parse(text)?.literal {
            Literal::Integer(value) => Ok(value),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn integers_in_every_spelling() {
        for (text, value) in [
            ("0", 0),
            ("000", 0),
            ("12", 12),
            ("-3", -3),
            ("+ 3", 3),
            ("10L", 10),
            ("0x1F", 31),
            ("0b101", 5),
            ("0o17", 15),
            ("1_000", 1000),
            ("0x_f", 15),
            ("(7)", 7),
        ] {
            assert_eq!(integer(text), Ok(Some(value)), "{text}");
        }
        assert_eq!(integer(&"9".repeat(40)), Ok(None));
        for text in ["007", "1__0", "1_", "_1", "0x", "1.5", "1e3", "1j", "--1", "1 2", "12a", "1L2"] {
            assert_eq!(parse(text), Err(NONE), "{text}");
        }
    }

    #[test]
    fn strings_in_every_spelling() {
        for text in ["'<f4'", "\"<f4\"", "u'<f4'", "r'<f4'", "'<' 'f4'", "'<'\n u\"f4\"", "'\\x3cf\\u0034'", "('<f4')"]
        {
            assert_eq!(parse(text).map(|value| value.literal), Ok(Literal::Text("<f4".into())), "{text}");
        }
        assert_eq!(parse("b'<f4'").map(|value| value.literal), Ok(Literal::Bytes));
        for text in ["'<f4", "'<f4\"", "'a\nb'", "'a' b'b'", "x'a'", "'\\q'", "'\\xg0'", "'\\U00110000'"] {
            assert_eq!(parse(text), Err(NONE), "{text}");
        }
    }

    #[test]
    fn brackets_commas_and_what_stands_between() {
        let lengths = |text: &str| match parse(text).unwrap().literal {
            Literal::Tuple(values) | Literal::List(values) => values.len(),
            Literal::Dict(entries) => entries.len(),
            other => panic!("{other:?}"),
        };
        let list =
            [("()", 0), ("(1,)", 1), ("(1, 2)", 2), ("[1]", 1), ("[1,2,]", 2), ("{}", 0), ("{1:2,\t3 :4 , }", 2)];
        for (text, n) in list {
            assert_eq!(lengths(text), n, "{text}");
        }
        assert_eq!(lengths(" # a comment\n ( 1 # one\n , 2 ) # two"), 2);
        for text in
            ["", "(", "(,)", "(1,,2)", "(1 2)", "[1", "{1}", "{1:}", "{1:2 3:4}", "{,}", "(1) 2", "True1", "nan"]
        {
            assert_eq!(parse(text), Err(NONE), "{text}");
        }
        assert_eq!(parse(&"(".repeat(100_000)), Err("it nests brackets too deeply"));
    }

    #[test]
    fn a_value_knows_its_text() {
        let value = parse("{'a' : (1, 'b')  , }").unwrap();
        let Literal::Dict(entries) = value.literal else { panic!() };
        assert_eq!((value.text, entries[0].0.text, entries[0].1.text), ("{'a' : (1, 'b')  , }", "'a'", "(1, 'b')"));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[\\[\\](){},:'\"\\\\ \n#brux0-9a-fL_.+-é]{0,60}") {
            let _ = parse(&text);
        }
    }
}
