//! Words on the command line that stand for more than a number: methods, ranges, axes.

use std::str::FromStr;
use std::sync::Arc;

use crate::calibrate::{self, Calibrator};
use crate::session::{KNOWN, Known, Names, Reason};

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
    if text == KNOWN { Ok(Chooser::Known) } else { parse_method(text).map(|Method(method)| Chooser::Method(method)) }
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
    fn what_is_known_chooses_by_its_name() {
        assert_eq!(parse_chooser("known").map(|c| c.id().to_owned()), Ok("known".into()));
        assert_eq!(parse_chooser("max").map(|c| c.id().to_owned()), Ok("max".into()));
        assert!(parse_method("known").is_err() && parse_chooser("unknown").is_err());
    }
}
