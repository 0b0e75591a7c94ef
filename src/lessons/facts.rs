//! What a lesson can see of the instrument: facts by name, which goals and questions speak of.

use std::collections::BTreeMap;

/// What a fact is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A number.
    Number,
    /// A text, such as the name of a layer.
    Text,
    /// Yes or no.
    Flag,
}

/// The value of a fact.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number; NaN where it is not known.
    Number(f64),
    /// A text.
    Text(String),
    /// Yes or no.
    Flag(bool),
}

impl Value {
    /// What it is.
    pub fn kind(&self) -> Kind {
        match self {
            Value::Number(_) => Kind::Number,
            Value::Text(_) => Kind::Text,
            Value::Flag(_) => Kind::Flag,
        }
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Value {
        Value::Number(number)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Value {
        Value::Flag(flag)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}

/// One thing that a lesson can see.
pub struct Fact {
    /// Its name in goals, questions and texts.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// What it says, for authors.
    pub says: &'static str,
}

const fn fact(name: &'static str, kind: Kind, says: &'static str) -> Fact {
    Fact { name, kind, says }
}

use Kind::{Flag, Number, Text};

/// Everything that a lesson can see. Numbers that are not known are NaN, for which every comparison is false.
pub const FACTS: &[Fact] = &[
    fact("layer", Text, "the name of the selected layer"),
    fact("method", Text, "the id of the method that the clip came from last"),
    fact("by_hand", Flag, "a hand has moved the clip away from the method's value"),
    fact("format", Text, "the layer's format, such as int8 or uint8 affine"),
    fact("bits", Number, "its width"),
    fact("affine", Flag, "whether it has a zero point of its own"),
    fact("qmin", Number, "its smallest code"),
    fact("qmax", Number, "its largest code"),
    fact("clip", Number, "the clip's larger magnitude"),
    fact("clip_min", Number, "the clip's lower end"),
    fact("clip_max", Number, "the clip's upper end"),
    fact("scale", Number, "the width of a step"),
    fact("zero_point", Number, "the code of 0.0"),
    fact("amax", Number, "the largest magnitude among the values"),
    fact("count", Number, "how many finite values there are"),
    fact("mse", Number, "the mean squared error at the clip"),
    fact("clipping", Number, "the part of it from values beyond the clip"),
    fact("rounding", Number, "the part of it from values inside"),
    fact("least", Number, "the least mean squared error of any clip on this format"),
    fact("least_at", Number, "the clip that has it"),
    fact(
        "crossing",
        Number,
        "the clip at which clipping and rounding error are equal; where they are so twice the larger",
    ),
    fact("sqnr", Number, "the signal to noise ratio at the clip, in dB"),
    fact("kl", Number, "the divergence at the clip, in nats; infinite where it is"),
    fact("saturated", Number, "the share of the values beyond the clip, 0 to 1"),
    fact("saturated_count", Number, "how many values that is"),
    fact("codes", Number, "how many codes the format has"),
    fact("codes_used", Number, "how many codes hold a value at this clip"),
    fact("codes_of_99", Number, "the fewest codes that hold 99 % of the values"),
    fact("quantized", Flag, "the selected layer is quantized"),
    fact("axis", Number, "the axis of its channels where each has a range of its own, else -1"),
    fact(
        "page",
        Text,
        "what stands in the lower plot: curve, mapping, compare, methods, changes, or another page's name",
    ),
    fact("curve", Text, "the objective whose curve is shown: kl, mse or sqnr"),
    fact("inspected", Number, "the value under the inspect cursor"),
    fact("bin_p", Number, "on the page of P and Q: what P holds in the bin under the cursor"),
    fact("bin_q", Number, "the same of Q, expanded"),
    fact("drops", Number, "how many bins the rule of 99 % has dropped so far"),
    fact("kept", Number, "how many values are left then"),
    fact("window_left", Number, "the first bin that is left then"),
    fact("window_right", Number, "the last one"),
    fact("window_low", Number, "the left edge of the first"),
    fact("window_high", Number, "the left edge of the last, which the rule looks at"),
    fact("layers", Number, "how many layers there are"),
    fact("layers_quantized", Number, "how many activations are quantized"),
    fact("placement", Text, "where the network is quantized: fused, inputs, ort or all"),
    fact("measured", Number, "how many methods were measured at the network's outputs"),
    fact("best_method", Text, "the best of them"),
    fact("best_top1", Number, "the share of samples on which the best of them agrees with float, 0 to 1"),
    fact("method_for_all", Text, "the method that all quantized activations stand on, or nothing"),
    fact("top1", Number, "the share of samples on which the network as it is chosen agrees with float, 0 to 1"),
    fact("out_db", Number, "the signal to noise ratio at its outputs, in dB"),
    fact("check_top1", Number, "the same share on samples that nothing was chosen by"),
    fact("settled", Flag, "the outputs' numbers are those of what is chosen now"),
    fact("formats", Number, "how many different formats the quantized activations are on"),
    fact("worst_method", Text, "the worst of the methods that were measured"),
    fact("worst_top1", Number, "the share of samples on which that one agrees with float, 0 to 1"),
    fact("best_db", Number, "what the best has at the outputs, in dB"),
    fact("worst_db", Number, "what the worst has at the outputs, in dB"),
    fact("in_float", Number, "how many tensors that the placement quantizes a hand has left in float"),
    fact("exported", Flag, "the scales were written to a file in this lesson"),
    fact("trained", Number, "how many of the four ways have a run that has ended"),
    fact("seeds", Number, "how many runs have ended of the way that has fewest"),
    fact("training", Flag, "whether training goes on"),
    fact("rate", Number, "the learning rate of what was trained last"),
    fact(
        "float_accuracy",
        Number,
        "accuracy of the network in float, 0 to 1; as the next four the mean over the seeds",
    ),
    fact("ptq", Number, "accuracy after quantizing the trained network, 0 to 1"),
    fact("longer", Number, "accuracy after longer float training and quantizing, 0 to 1"),
    fact("frozen", Number, "accuracy after training with the gradient of rounding taken as zero, 0 to 1"),
    fact("ste", Number, "accuracy after training with the straight-through estimator, 0 to 1"),
];

/// The fact of that name.
pub(super) fn fact_of(name: &str) -> Option<&'static Fact> {
    FACTS.iter().find(|fact| fact.name == name)
}

/// What can be seen now, by the facts' names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    values: BTreeMap<&'static str, Value>,
    offers: BTreeMap<String, f64>,
}

impl Seen {
    /// Something is seen; what is no fact, or of another kind, is not.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        let value = value.into();
        if let Some(fact) = fact_of(name).filter(|fact| fact.kind == value.kind()) {
            self.values.insert(fact.name, value);
        } else {
            debug_assert!(false, "{name} is no fact of that kind");
        }
    }

    /// The clip that a method proposes.
    pub fn offer(&mut self, method: &str, clip: f64) {
        self.offers.insert(method.to_owned(), clip);
    }

    /// The clip that a method proposes; NaN where it proposes none.
    pub(super) fn offered(&self, method: &str) -> f64 {
        self.offers.get(method).copied().unwrap_or(f64::NAN)
    }

    /// A fact; what was not seen is an unknown number, an empty text, or no.
    pub fn get(&self, name: &str) -> Option<Value> {
        let fact = fact_of(name)?;
        let unknown = || match fact.kind {
            Kind::Number => Value::Number(f64::NAN),
            Kind::Text => Value::Text(String::new()),
            Kind::Flag => Value::Flag(false),
        };
        Some(self.values.get(fact.name).cloned().unwrap_or_else(unknown))
    }

    /// What is seen here; of what is not known, what another has seen.
    pub fn or(&self, other: &Seen) -> Seen {
        let known = |value: &Value| !matches!(value, Value::Number(n) if n.is_nan());
        let mut all = other.clone();
        let here = self.values.iter().filter(|(_, value)| known(value));
        all.values.extend(here.map(|(name, value)| (*name, value.clone())));
        all.offers.extend(self.offers.iter().map(|(method, clip)| (method.clone(), *clip)));
        all
    }

    /// A number that is seen; NaN where it is not known.
    pub fn number(&self, name: &str) -> f64 {
        match self.get(name) {
            Some(Value::Number(number)) => number,
            _ => f64::NAN,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_fact_has_a_name_of_its_own() {
        let names: HashSet<&str> = FACTS.iter().map(|fact| fact.name).collect();
        assert_eq!(names.len(), FACTS.len());
        assert!(
            names.iter().all(|name| name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'))
        );
    }

    #[test]
    fn what_is_not_seen_is_unknown() {
        let mut seen = Seen::default();
        assert!(seen.number("mse").is_nan() && seen.get("nothing").is_none());
        assert_eq!(seen.get("by_hand"), Some(Value::Flag(false)));
        seen.set("mse", 0.5);
        assert_eq!(seen.number("mse"), 0.5);
    }
}
