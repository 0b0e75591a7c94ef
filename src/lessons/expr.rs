//! What goals and questions say about facts: `mse <= 1.02 * least and by_hand`.
//!
//! Numbers, texts in quotes, facts by name; `+ - * /`, `< <= > >= == !=`, `not`, `and`, `or`, parentheses, and the
//! functions of [`FUNCTIONS`]; `offer('mse')` is the clip that a method proposes. What does not fit together is found when
//! the expression is read, not when a learner comes to it.

use super::facts::{Kind, Seen, Value, fact_of};
use crate::calibrate;

/// The functions, with how many numbers each takes.
const FUNCTIONS: &[(&str, usize)] =
    &[("abs", 1), ("round", 1), ("floor", 1), ("min", 2), ("max", 2), ("clamp", 3), ("near", 3)];

/// An expression whose parts fit together.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    node: Node,
    kind: Kind,
    text: String,
}

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Constant(Value),
    Fact(&'static str),
    Not(Box<Node>),
    Minus(Box<Node>),
    Two(Op, Box<Node>, Box<Node>),
    Call(&'static str, Vec<Node>),
    /// The clip that a method proposes.
    Offer(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Or,
    And,
    Less,
    AtMost,
    More,
    AtLeast,
    Is,
    IsNot,
    Plus,
    Minus,
    Times,
    By,
}

impl Expr {
    /// Reads an expression.
    ///
    /// # Errors
    /// What is wrong, in a sentence without its full stop.
    pub fn read(text: &str) -> Result<Expr, String> {
        let mut reader = Reader { tokens: tokens(text)?, at: 0, depth: 0 };
        let node = reader.any()?;
        match reader.next() {
            None => {
                let kind = node.kind()?;
                Ok(Expr { node, kind, text: text.trim().to_owned() })
            }
            Some(token) => Err(format!("{token} cannot stand there")),
        }
    }

    /// What it comes to.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its value by what is seen.
    pub fn value(&self, seen: &Seen) -> Value {
        self.node.value(seen)
    }

    /// Whether it holds; what is no yes or no does not.
    pub fn holds(&self, seen: &Seen) -> bool {
        self.value(seen) == Value::Flag(true)
    }

    /// Its number; NaN where it is none.
    pub fn number(&self, seen: &Seen) -> f64 {
        number(&self.value(seen))
    }
}

fn number(value: &Value) -> f64 {
    match value {
        Value::Number(number) => *number,
        _ => f64::NAN,
    }
}

impl Node {
    fn kind(&self) -> Result<Kind, String> {
        let wants = |node: &Node, kind: Kind, of: &str| match node.kind()? {
            other if other == kind => Ok(()),
            other => Err(format!("{of} wants {}, not {}", word(kind), word(other))),
        };
        Ok(match self {
            Node::Constant(value) => value.kind(),
            Node::Fact(name) => fact_of(name).map_or(Kind::Number, |fact| fact.kind),
            Node::Offer(_) => Kind::Number,
            Node::Not(of) => wants(of, Kind::Flag, "not").map(|()| Kind::Flag)?,
            Node::Minus(of) => wants(of, Kind::Number, "-").map(|()| Kind::Number)?,
            Node::Call(name, of) => {
                of.iter().try_for_each(|of| wants(of, Kind::Number, name))?;
                if *name == "near" { Kind::Flag } else { Kind::Number }
            }
            Node::Two(op, a, b) => match op {
                Op::Or | Op::And => {
                    let of = if *op == Op::Or { "or" } else { "and" };
                    wants(a, Kind::Flag, of)?;
                    wants(b, Kind::Flag, of)?;
                    Kind::Flag
                }
                Op::Is | Op::IsNot => {
                    let kind = a.kind()?;
                    wants(b, kind, "== or !=")?;
                    Kind::Flag
                }
                _ => {
                    wants(a, Kind::Number, op.sign())?;
                    wants(b, Kind::Number, op.sign())?;
                    if matches!(op, Op::Plus | Op::Minus | Op::Times | Op::By) { Kind::Number } else { Kind::Flag }
                }
            },
        })
    }

    fn value(&self, seen: &Seen) -> Value {
        let flag = |node: &Node| node.value(seen) == Value::Flag(true);
        let num = |node: &Node| number(&node.value(seen));
        match self {
            Node::Constant(value) => value.clone(),
            Node::Fact(name) => seen.get(name).unwrap_or(Value::Flag(false)),
            Node::Offer(method) => Value::Number(seen.offered(method)),
            Node::Not(of) => Value::Flag(!flag(of)),
            Node::Minus(of) => Value::Number(-num(of)),
            Node::Call(name, of) => {
                let of: Vec<f64> = of.iter().map(num).collect();
                match (*name, of.as_slice()) {
                    ("abs", [x]) => Value::Number(x.abs()),
                    // As the instrument rounds: half to even.
                    ("round", [x]) => Value::Number(x.round_ties_even()),
                    ("floor", [x]) => Value::Number(x.floor()),
                    ("min", [a, b]) => Value::Number(a.min(*b)),
                    ("max", [a, b]) => Value::Number(a.max(*b)),
                    ("clamp", [x, lo, hi]) => Value::Number(x.max(*lo).min(*hi)),
                    ("near", [a, b, share]) => Value::Flag((a - b).abs() <= share * b.abs()),
                    _ => Value::Number(f64::NAN),
                }
            }
            Node::Two(op, a, b) => match op {
                Op::Or => Value::Flag(flag(a) || flag(b)),
                Op::And => Value::Flag(flag(a) && flag(b)),
                Op::Is => Value::Flag(a.value(seen) == b.value(seen)),
                // An unknown number is neither the same nor another one.
                Op::IsNot => {
                    let (a, b) = (a.value(seen), b.value(seen));
                    let known = |value: &Value| !matches!(value, Value::Number(number) if number.is_nan());
                    Value::Flag(known(&a) && known(&b) && a != b)
                }
                Op::Less => Value::Flag(num(a) < num(b)),
                Op::AtMost => Value::Flag(num(a) <= num(b)),
                Op::More => Value::Flag(num(a) > num(b)),
                Op::AtLeast => Value::Flag(num(a) >= num(b)),
                Op::Plus => Value::Number(num(a) + num(b)),
                Op::Minus => Value::Number(num(a) - num(b)),
                Op::Times => Value::Number(num(a) * num(b)),
                Op::By => Value::Number(num(a) / num(b)),
            },
        }
    }
}

impl Op {
    fn sign(self) -> &'static str {
        SIGNS.iter().find(|(_, op)| *op == self).map_or("", |(sign, _)| *sign)
    }
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Number => "a number",
        Kind::Text => "a text",
        Kind::Flag => "a yes or no",
    }
}

/// The signs, the longer of two that begin alike first.
const SIGNS: &[(&str, Op)] = &[
    ("<=", Op::AtMost),
    (">=", Op::AtLeast),
    ("==", Op::Is),
    ("!=", Op::IsNot),
    ("<", Op::Less),
    (">", Op::More),
    ("+", Op::Plus),
    ("-", Op::Minus),
    ("*", Op::Times),
    ("/", Op::By),
    ("or", Op::Or),
    ("and", Op::And),
];

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Number(f64),
    Text(String),
    Word(String),
    Sign(&'static str),
}

impl std::fmt::Display for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self {
            Token::Number(number) => write!(f, "{number}"),
            Token::Text(text) => write!(f, "{text:?}"),
            Token::Word(word) => f.write_str(word),
            Token::Sign(sign) => f.write_str(sign),
        }
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let taken;
        if first.is_ascii_digit() || first == '.' {
            let exponent = |at: usize, c: char| (c == '+' || c == '-') && rest[..at].ends_with(['e', 'E']);
            let ends =
                |(at, c): (usize, char)| (!c.is_ascii_alphanumeric() && c != '.' && !exponent(at, c)).then_some(at);
            taken = rest.char_indices().find_map(ends).unwrap_or(rest.len());
            let number = rest[..taken].parse().map_err(|_| format!("{} is no number", &rest[..taken]))?;
            found.push(Token::Number(number));
        } else if first.is_ascii_alphabetic() || first == '_' {
            let ends = |c: char| !c.is_ascii_alphanumeric() && c != '_';
            taken = rest.find(ends).unwrap_or(rest.len());
            found.push(Token::Word(rest[..taken].to_owned()));
        } else if first == '"' || first == '\'' {
            let end = rest[1..].find(first).ok_or("a text has no end: its quote is missing")?;
            found.push(Token::Text(rest[1..=end].to_owned()));
            taken = end + 2;
        } else {
            let signs = SIGNS.iter().map(|(sign, _)| *sign).chain(["(", ")", ","]);
            let sign = signs.filter(|sign| !sign.starts_with(char::is_alphabetic)).find(|sign| rest.starts_with(sign));
            let sign = sign.ok_or_else(|| format!("{first:?} means nothing here"))?;
            found.push(Token::Sign(sign));
            taken = sign.len();
        }
        rest = rest[taken..].trim_start();
    }
    Ok(found)
}

/// More parentheses than anybody writes: what is nested deeper is refused, so that no file exhausts the stack.
const DEEPEST: usize = 50;

struct Reader {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

impl Reader {
    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += usize::from(token.is_some());
        token
    }

    /// Takes the next token where it is one of these operators.
    fn operator(&mut self, of: &[Op]) -> Option<Op> {
        let sign = match self.tokens.get(self.at)? {
            Token::Sign(sign) => sign,
            Token::Word(word) => word.as_str(),
            _ => return None,
        };
        let op = SIGNS.iter().find(|(known, op)| *known == sign && of.contains(op)).map(|(_, op)| *op)?;
        self.at += 1;
        Some(op)
    }

    fn is(&mut self, sign: &str) -> bool {
        let is = matches!(self.tokens.get(self.at), Some(Token::Sign(other)) if *other == sign);
        self.at += usize::from(is);
        is
    }

    fn row(&mut self, ops: &[Op], part: fn(&mut Reader) -> Result<Node, String>) -> Result<Node, String> {
        let mut node = part(self)?;
        while let Some(op) = self.operator(ops) {
            node = Node::Two(op, Box::new(node), Box::new(part(self)?));
        }
        Ok(node)
    }

    fn any(&mut self) -> Result<Node, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("it is nested too deep".to_owned());
        }
        let node = self.row(&[Op::Or], |r| r.row(&[Op::And], Reader::denied));
        self.depth -= 1;
        node
    }

    fn denied(&mut self) -> Result<Node, String> {
        let mut denied = false;
        while matches!(self.tokens.get(self.at), Some(Token::Word(word)) if word == "not") {
            self.at += 1;
            denied = !denied;
        }
        let node = self.compared()?;
        Ok(if denied { Node::Not(Box::new(node)) } else { node })
    }

    fn compared(&mut self) -> Result<Node, String> {
        let node = self.sum()?;
        match self.operator(&[Op::Less, Op::AtMost, Op::More, Op::AtLeast, Op::Is, Op::IsNot]) {
            Some(op) => Ok(Node::Two(op, Box::new(node), Box::new(self.sum()?))),
            None => Ok(node),
        }
    }

    fn sum(&mut self) -> Result<Node, String> {
        self.row(&[Op::Plus, Op::Minus], |r| r.row(&[Op::Times, Op::By], Reader::atom))
    }

    fn atom(&mut self) -> Result<Node, String> {
        let mut minus = false;
        while self.is("-") {
            minus = !minus;
        }
        let node = match self.next() {
            Some(Token::Number(number)) => Node::Constant(Value::Number(number)),
            Some(Token::Text(text)) => Node::Constant(Value::Text(text)),
            Some(Token::Sign("(")) => {
                let node = self.any()?;
                if !self.is(")") {
                    return Err("a parenthesis is not closed".to_owned());
                }
                node
            }
            Some(Token::Word(word)) if word == "offer" && self.is("(") => self.offer()?,
            Some(Token::Word(word)) if self.is("(") => self.call(&word)?,
            Some(Token::Word(word)) => match fact_of(&word) {
                Some(fact) => Node::Fact(fact.name),
                None => return Err(format!("{word} is no fact; docs/lessons.md lists them")),
            },
            Some(token) => return Err(format!("{token} cannot stand there")),
            None => return Err("something is missing at its end".to_owned()),
        };
        Ok(if minus { Node::Minus(Box::new(node)) } else { node })
    }

    /// `offer('mse')`, behind its parenthesis.
    fn offer(&mut self) -> Result<Node, String> {
        let Some(Token::Text(method)) = self.next() else {
            return Err("offer takes a method's id in quotes".to_owned());
        };
        calibrate::by_id(&method).map_err(|why| why.to_string().trim_end_matches('.').to_owned())?;
        if self.is(")") { Ok(Node::Offer(method)) } else { Err("a parenthesis is not closed".to_owned()) }
    }

    fn call(&mut self, word: &str) -> Result<Node, String> {
        let (name, takes) = FUNCTIONS.iter().find(|(name, _)| *name == word).ok_or_else(|| {
            let names: Vec<&str> = FUNCTIONS.iter().map(|(name, _)| *name).collect();
            format!("{word} is no function; there are {}", names.join(", "))
        })?;
        let mut of = vec![self.any()?];
        while self.is(",") {
            of.push(self.any()?);
        }
        if !self.is(")") {
            return Err("a parenthesis is not closed".to_owned());
        }
        if of.len() != *takes {
            return Err(format!("{name} takes {takes} numbers, not {}", of.len()));
        }
        Ok(Node::Call(name, of))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seen() -> Seen {
        let mut seen = Seen::default();
        for (name, number) in [("mse", 0.0137), ("least", 0.0136), ("scale", 0.5), ("qmax", 3.0), ("qmin", -3.0)] {
            seen.set(name, number);
        }
        seen.set("by_hand", true);
        seen.set("layer", "relu");
        seen.offer("max", 3.0);
        seen
    }

    #[test]
    fn goals_hold_or_do_not() {
        for (text, holds) in [
            ("mse <= 1.02 * least and by_hand", true),
            ("mse <= 1.001 * least", false),
            ("layer == 'relu'", true),
            ("not (layer == \"relu\" or by_hand)", false),
            ("not not by_hand", true),
            ("near(mse, least, 0.02)", true),
            ("1 + 2 * 3 - 4 / 2 == 5", true),
            ("-(1 - 2) == 1e0", true),
            ("1.5e-2 < 0.02", true),
            ("kl > 1 or kl <= 1", false),
            ("kl != 1", false),
            ("near(offer('max'), 3, 0.01) and not offer(\"mse\") > 0", true),
        ] {
            assert_eq!(Expr::read(text).unwrap().holds(&seen()), holds, "{text}");
        }
        let code = Expr::read("clamp(round(1.25 / scale), qmin, qmax)").unwrap();
        assert_eq!((code.number(&seen()), code.kind()), (2.0, Kind::Number), "half to even");
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, why) in [
            ("", "missing at its end"),
            ("mse <=", "missing at its end"),
            ("mse 1", "1 cannot stand there"),
            ("loss < 1", "loss is no fact"),
            ("mse and by_hand", "and wants a yes or no, not a number"),
            ("layer < 1", "< wants a number, not a text"),
            ("layer == 1", "wants a text, not a number"),
            ("sin(1)", "sin is no function"),
            ("near(1, 2)", "near takes 3 numbers, not 2"),
            ("(1 < 2", "not closed"),
            ("layer == 'relu", "quote is missing"),
            ("mse § 1", "'§' means nothing"),
            ("1.2.3 < 1", "1.2.3 is no number"),
            ("offer(1) > 0", "a method's id in quotes"),
            ("offer('best') > 0", "best"),
            ("offer('max' > 0", "not closed"),
        ] {
            let error = Expr::read(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
        assert!(Expr::read(&"(".repeat(10_000)).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,60}") {
            if let Ok(expr) = Expr::read(&text) {
                expr.value(&seen());
            }
        }
    }
}
