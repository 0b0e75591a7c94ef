//! Words on the command line that stand for more than a number: methods, ranges, axes.

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use crate::calibrate::{self, Calibrator};
use crate::report::visible;
use crate::session::{Assignment, KNOWN, Known, Names, Reason, Setting};

/// Whether a path names a model and not a dump.
pub(super) fn is_model(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("onnx"))
}

/// Whether an output is standard output, which is written `-` as in other tools.
pub(super) fn is_stdout(output: Option<&Path>) -> bool {
    output.is_some_and(|path| path == Path::new("-"))
}

/// An axis, and the layers that it is for; all without.
#[derive(Clone)]
pub(super) struct PerChannel {
    pub names: Option<Names>,
    pub axis: i64,
}

impl FromStr for PerChannel {
    type Err = String;

    fn from_str(text: &str) -> Result<PerChannel, String> {
        let (names, axis) = text.rsplit_once('=').map_or((None, text), |(names, axis)| (Some(names), axis));
        let axis =
            axis.trim().parse().map_err(|_| format!("\"{axis}\" is no axis; write for example 1 or '*conv*=-3'"))?;
        Ok(PerChannel { names: names.map(str::parse).transpose()?, axis })
    }
}

/// A range, and the layers that it is for.
#[derive(Clone)]
pub(super) struct KnownRange {
    pub names: Names,
    pub range: Known,
}

impl FromStr for KnownRange {
    type Err = String;

    fn from_str(text: &str) -> Result<KnownRange, String> {
        let wrong = || format!("\"{text}\" is no range; write for example x=-2.12..2.64, the lesser number first");
        let (names, ends) = text.rsplit_once('=').ok_or_else(wrong)?;
        let number = |text: &str| text.trim().parse().ok().filter(|x: &f32| x.is_finite());
        let ends = ends.split_once("..").and_then(|(min, max)| Some((number(min)?, number(max)?)));
        let (min, max) = ends.filter(|(min, max)| min < max).ok_or_else(wrong)?;
        Ok(KnownRange { names: names.parse()?, range: Known { min, max, reason: Reason::Given } })
    }
}

/// Who chooses, as an argument.
#[derive(Clone)]
pub(super) enum Chooser {
    /// A method.
    Method(Arc<dyn Calibrator>),
    /// What is known beforehand.
    Known,
    /// What a file says, by its label, once the files are known.
    Overlay(String),
}

impl std::fmt::Debug for Chooser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id())
    }
}

impl Chooser {
    /// Its id in decisions.
    pub fn id(&self) -> &str {
        match self {
            Chooser::Method(method) => method.id(),
            Chooser::Known => KNOWN,
            Chooser::Overlay(label) => label,
        }
    }
}

/// A method as an argument.
#[derive(Clone)]
pub(super) struct Method(pub Arc<dyn Calibrator>);

impl std::fmt::Debug for Method {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.id())
    }
}

pub(super) fn parse_chooser(text: &str) -> Result<Chooser, String> {
    Ok(match parse_method(text) {
        _ if text == KNOWN => Chooser::Known,
        Ok(Method(method)) => Chooser::Method(method),
        // Whether a file has that label is known when all arguments are.
        Err(_) => Chooser::Overlay(text.to_owned()),
    })
}

/// What `--set` says, where any word may be a file's label until all arguments are known.
pub(super) fn parse_assignment(text: &str) -> Result<Assignment, String> {
    Assignment::among(text, |word| !word.is_empty() && word.parse::<Setting>().is_err())
}

/// That a word means something: a setting, or the label of a file.
pub(super) fn known_word(word: &str, labels: &[String]) -> Result<(), String> {
    if labels.iter().any(|label| label == word) {
        return Ok(());
    }
    let of = if labels.is_empty() { String::new() } else { format!("; the files' labels are {}", labels.join(", ")) };
    word.parse::<Setting>().map(drop).map_err(|why| visible(&format!("{why}{of}")))
}

pub(super) fn parse_method(text: &str) -> Result<Method, String> {
    calibrate::by_id(text).map(Method).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_has_two_ends() {
        let range = |text: &str| text.parse::<KnownRange>().map(|r| (r.names.to_string(), r.range.min, r.range.max));
        assert_eq!(range("x=-2.12..2.64"), Ok(("x".into(), -2.12, 2.64)));
        assert_eq!(range("a=b,op:Relu=0..6"), Ok(("a=b,op:Relu".into(), 0.0, 6.0)));
        assert_eq!(range("x= -1 .. .5"), Ok(("x".into(), -1.0, 0.5)));
        for wrong in ["x", "x=1", "x=2..1", "x=1..1", "x=0..inf", "x=nan..1", "0..1", "=0..1"] {
            assert!(range(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_word_is_a_setting_or_the_label_of_a_file() {
        let labels = ["trt".to_owned()];
        assert!(matches!(parse_chooser("trt"), Ok(Chooser::Overlay(label)) if label == "trt"));
        let settings = |text: &str| parse_assignment(text).unwrap().settings;
        assert_eq!(settings("x=bits:4,trt")[1], Setting::Method("trt".into()));
        assert!(known_word("trt", &labels).is_ok() && known_word("max", &[]).is_ok());
        let why = known_word("fast", &labels).unwrap_err();
        assert!(why.contains("neither a method") && why.ends_with("the files' labels are trt"), "{why}");
    }

    #[test]
    fn what_is_known_chooses_by_its_name() {
        assert_eq!(parse_chooser("known").map(|c| c.id().to_owned()), Ok("known".into()));
        assert_eq!(parse_chooser("max").map(|c| c.id().to_owned()), Ok("max".into()));
        assert!(parse_method("known").is_err());
    }
}
