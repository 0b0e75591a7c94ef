use std::fmt;
use std::str::FromStr;

/// Which files are one layer's batches: `acts/{batch}/{layer}.npy`.
///
/// `{layer}` names the layer and `{batch}` orders its batches (in natural order); `*` stands for anything
/// within one component of the path. A file's path matches by what lies beneath the PATH that it was
/// found in; where nothing in a PATH matches so, by as much of the end of the whole path as the pattern is long.
///
/// Without `{layer}`, an archive's keys name the layers; and with it, all arrays of one archive are batches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupPattern {
    text: String,
    components: Vec<Vec<Token>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Literal(String),
    Layer,
    Batch,
    Star,
}

/// What the placeholders stand for in one path.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Captures {
    pub layer: Option<String>,
    /// Empty where the pattern has no `{batch}`.
    pub batch: String,
    /// The file's stem, with the batch taken out.
    pub rest: String,
}

/// Why a pattern cannot be used.
#[derive(thiserror::Error, Clone, Debug, PartialEq, Eq)]
#[error("the group pattern '{text}' {why}")]
pub struct GroupError {
    text: String,
    why: &'static str,
}

impl FromStr for GroupPattern {
    type Err = GroupError;

    fn from_str(text: &str) -> Result<GroupPattern, GroupError> {
        let fail = |why| GroupError { text: text.into(), why };
        let mut components = Vec::new();
        for (i, component) in text.split('/').enumerate() {
            // A path's root is its first component, and an empty one here.
            if component == "." || (component.is_empty() && i > 0) {
                continue;
            }
            components.push(tokens(component).ok_or_else(|| {
                fail("has a placeholder that is neither {layer} nor {batch}; write * for parts that do not matter.")
            })?);
        }
        let count = |token| components.iter().flatten().filter(|&t| *t == token).count();
        match (count(Token::Layer), count(Token::Batch)) {
            (0, 0) => Err(fail("has neither {layer} nor {batch}; write for example 'acts/{batch}/{layer}.npy'.")),
            (0 | 1, 0 | 1) => Ok(GroupPattern { text: text.into(), components }),
            _ => Err(fail("has {layer} or {batch} more than once; write * for parts that do not matter.")),
        }
    }
}

impl fmt::Display for GroupPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

/// `None` when a brace is left open or was never opened, or holds another word.
fn tokens(component: &str) -> Option<Vec<Token>> {
    let (mut tokens, mut rest) = (Vec::new(), component);
    while let Some(at) = rest.find(['{', '}', '*']) {
        if at > 0 {
            tokens.push(Token::Literal(rest[..at].into()));
        }
        let (token, len) = match rest.as_bytes()[at] {
            b'*' => (Token::Star, 1),
            b'{' => {
                let name = rest[at + 1..].split_once('}')?.0;
                let token = match name {
                    "layer" => Token::Layer,
                    "batch" => Token::Batch,
                    _ => return None,
                };
                (token, name.len() + 2)
            }
            _ => return None,
        };
        tokens.push(token);
        rest = &rest[at + len..];
    }
    if !rest.is_empty() || tokens.is_empty() {
        tokens.push(Token::Literal(rest.into()));
    }
    Some(tokens)
}

impl GroupPattern {
    /// Matches the last `beneath` components of a path, or else, if `above`, more of them than these.
    pub(super) fn captures(&self, path: &[String], beneath: usize, above: bool) -> Option<Captures> {
        let (pattern, n) = (&self.components, self.components.len());
        let fits = if above { n > beneath } else { n == beneath };
        if !fits || n > path.len() {
            return None;
        }
        let mut captures = Captures::default();
        let path = &path[path.len() - n..];
        for (tokens, text) in pattern.iter().zip(path) {
            if !component_matches(tokens, text, &mut captures) {
                return None;
            }
        }
        let file = path.last()?;
        let stem = file.rsplit_once('.').map_or(file.as_str(), |(stem, _)| stem);
        captures.rest = stem.into();
        if pattern.last()?.contains(&Token::Batch) {
            let rest = stem.replacen(&captures.batch, "", 1);
            let rest = rest.trim_matches(['_', '-', '.', ' ']);
            // `{batch}.npy` says nothing about the layer: its directory does, or the pattern if there is none.
            let parent = path.len().checked_sub(2).map_or("batches", |i| &path[i]);
            captures.rest = if rest.is_empty() { parent.into() } else { rest.into() };
        }
        Some(captures)
    }
}

/// Matches all of `text`. `{layer}` takes as much as it can and the others as little, so that `{batch}_{layer}` and
/// `{layer}_{batch}` both split `0_conv_1` and `conv_1_0` as one would.
fn component_matches(tokens: &[Token], text: &str, captures: &mut Captures) -> bool {
    let Some((token, tokens)) = tokens.split_first() else {
        return text.is_empty();
    };
    if let Token::Literal(literal) = token {
        return text.strip_prefix(literal.as_str()).is_some_and(|rest| component_matches(tokens, rest, captures));
    }
    let least = usize::from(*token != Token::Star);
    let mut ends: Vec<usize> = text.char_indices().map(|(i, _)| i).chain([text.len()]).skip(least).collect();
    if *token == Token::Layer || tokens.is_empty() {
        ends.reverse();
    }
    for end in ends {
        if component_matches(tokens, &text[end..], captures) {
            match token {
                Token::Layer => captures.layer = Some(text[..end].into()),
                Token::Batch => captures.batch = text[..end].into(),
                _ => {}
            }
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captures(pattern: &str, path: &str, beneath: usize) -> Option<(String, String)> {
        let path: Vec<String> = path.split('/').map(String::from).collect();
        let pattern: GroupPattern = pattern.parse().unwrap();
        let above = |above| pattern.captures(&path, beneath, above);
        above(false).or_else(|| above(true)).map(|c| (c.layer.unwrap_or(format!("?{}", c.rest)), c.batch))
    }

    #[test]
    fn placeholders_split_a_path_as_one_would() {
        let is = |layer: &str, batch: &str| Some((layer.into(), batch.into()));
        assert_eq!(captures("acts/{batch}/{layer}.npy", "acts/b0/conv1.npy", 2), is("conv1", "b0"));
        assert_eq!(captures("{batch}/{layer}.npy", "acts/b0/conv1.npy", 2), is("conv1", "b0"));
        assert_eq!(captures("{batch}/{layer}.npy", "acts/b0/conv1.npz", 2), None);
        assert_eq!(captures("{layer}.npy", "acts/b0/conv1.npy", 2), None);
        assert_eq!(captures("a/b/c/{layer}.npy", "acts/conv1.npy", 1), None);
        assert_eq!(captures("{batch}_{layer}.npy", "0_conv_1.npy", 1), is("conv_1", "0"));
        assert_eq!(captures("{layer}_{batch}.npy", "conv_1_0.npy", 1), is("conv_1", "0"));
        assert_eq!(captures("{layer}_*.npy", "conv_1_0.npy", 1), is("conv_1", ""));
        assert_eq!(captures("*/{layer}-*.npy", "r/fc-7.npy", 1), is("fc", ""));
        assert_eq!(captures("*{layer}.npy", "é.npy", 1), is("é", ""));
        assert_eq!(captures("/{batch}/{layer}.npy", "/0/fc.npy", 1), is("fc", "0"));
        assert_eq!(captures("/{batch}/{layer}.npy", "/x/0/fc.npy", 1), None);
    }

    #[test]
    fn without_a_layer_the_stem_names_it() {
        let name = |pattern, path| captures(pattern, path, 1).map(|(layer, _)| layer);
        assert_eq!(name("{batch}/*.npy", "b0/conv1.npy"), Some("?conv1".into()));
        assert_eq!(name("conv*_{batch}.npy", "conv1_07.npy"), Some("?conv1".into()));
        assert_eq!(name("acts/{batch}.npy", "acts/07.npy"), Some("?acts".into()));
        assert_eq!(name("{batch}.npy", "07.npy"), Some("?batches".into()));
    }

    #[test]
    fn a_pattern_that_cannot_group_is_refused() {
        let error = |pattern: &str| pattern.parse::<GroupPattern>().unwrap_err().to_string();
        assert_eq!(
            error("acts/*.npy"),
            "the group pattern 'acts/*.npy' has neither {layer} nor {batch}; write for example 'acts/{batch}/{layer}.npy'."
        );
        assert_eq!(
            error("{layer}/{layer}.npy"),
            "the group pattern '{layer}/{layer}.npy' has {layer} or {batch} more than once; write * for parts that do not \
             matter."
        );
        for pattern in ["{layer", "layer}", "{a{layer}", ""] {
            assert!(pattern.parse::<GroupPattern>().is_err(), "{pattern}");
        }
        assert_eq!("a/{layer}".parse::<GroupPattern>().unwrap().to_string(), "a/{layer}");
    }
}
