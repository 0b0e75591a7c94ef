//! Names that stand twice, and names that readers change.

use std::collections::HashMap;

use super::super::fact::Fact;
use super::super::finding::Findings;
use super::super::rule;

pub(super) fn judge(format: &str, facts: &[&Fact], findings: &mut Findings) {
    twice(facts, format != "model", findings);
    if format != "tensorrt-cache" {
        return;
    }
    for fact in facts {
        if fact.name.contains("_scale") {
            let found = format!("ModelOpt reads it as \"{}\"", fact.name.replace("_scale", ""));
            findings.tensor(&rule::NAME_MANGLED, &fact.key, found);
        }
        if fact.name.contains(':') {
            let first = fact.name.split(':').next().unwrap_or_default();
            findings.tensor(&rule::NAME_COLON, &fact.key, format!("ONNX Runtime reads it as \"{first}\""));
        }
    }
}

/// `once`: a name with the same scale twice is a mistake too. In a model each taker may have a quantizer of its own.
fn twice(facts: &[&Fact], once: bool, findings: &mut Findings) {
    let mut first: HashMap<(&str, &str), (&Fact, bool)> = HashMap::new();
    for fact in facts {
        // What a weight and an activation of one name have is two scales for one tensor.
        let role = if matches!(fact.role, "activation" | "weight") { "" } else { fact.role };
        let Some((before, said)) = first.get_mut(&(fact.name.as_str(), role)) else {
            first.insert((&fact.name, role), (fact, false));
            continue;
        };
        let same = before.numbers == fact.numbers && before.ends == fact.ends && before.zeros == fact.zeros;
        if (same && !once) || std::mem::replace(said, true) {
            continue;
        }
        if same {
            findings.tensor(&rule::NAME_TWICE, &fact.key, "it stands twice, with one scale");
        } else {
            let found = format!("it has {} and {}", said_of(before), said_of(fact));
            findings.tensor(&rule::TWO_SCALES, &fact.key, found);
        }
    }
}

fn said_of(fact: &Fact) -> String {
    match (fact.numbers.one(), fact.numbers.count, fact.ends.first()) {
        (Some(x), ..) => match fact.zeros.first() {
            Some(zero) if *zero != 0.0 => format!("{x:e} around {zero}"),
            _ => format!("{x:e}"),
        },
        (None, 0, Some((low, high))) => format!("{low} to {high}"),
        (None, n, _) => format!("{n} scales"),
    }
}
