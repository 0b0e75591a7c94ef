//! Each change that was made, in words: what it was, of which layers, from what to what.

use std::fmt::Display;

use crate::report::{number, visible};
use crate::session::{Decision, Edit, Key, Step, Target};

use super::model::name_of;

/// A change, for people.
pub struct Change {
    /// What it was.
    pub label: String,
    /// Of which layers: a name, or how many and the first ones.
    pub whose: String,
    /// What was decided before and after, of all that differs.
    pub what: String,
}

impl Change {
    /// A step in words.
    pub fn of(step: &Step) -> Change {
        Change { label: visible(&step.label), whose: whose(step), what: what(&step.edits) }
    }
}

fn whose(step: &Step) -> String {
    if let [Edit { target, .. }] = step.edits.as_slice() {
        return name_of(target);
    }
    let mut keys: Vec<&Key> = Vec::new();
    for edit in &step.edits {
        let of = match &edit.target {
            Target::Tensor(key) | Target::Channel { of: key, .. } => std::slice::from_ref(key),
            Target::Tie(of) => of.as_slice(),
        };
        for key in of {
            // Channels of one tensor stand side by side.
            if keys.last() != Some(&key) && !keys.contains(&key) {
                keys.push(key);
            }
        }
    }
    let names = keys.iter().take(8).map(|key| visible(key.name())).collect::<Vec<_>>().join(", ");
    match keys.len() {
        1 => names,
        n => format!("{n} layers: {names}{}", if n > 8 { ", …" } else { "" }),
    }
}

fn what(edits: &[Edit]) -> String {
    let bits = |of: fn(&Decision) -> String| differs(edits, of, "various".to_owned());
    let clip = {
        let amax = |decision: &Decision| number::significant(f64::from(decision.clip.amax()), 4);
        let changed: Vec<&Edit> = edits.iter().filter(|edit| edit.before.clip != edit.after.clip).collect();
        let of = |side: fn(&Edit) -> &Decision| {
            let least = changed.iter().map(|e| side(e)).min_by(|a, b| a.clip.amax().total_cmp(&b.clip.amax()));
            let most = changed.iter().map(|e| side(e)).max_by(|a, b| a.clip.amax().total_cmp(&b.clip.amax()));
            least.zip(most).map(|(least, most)| match (amax(least), amax(most)) {
                (least, most) if least == most => least,
                (least, most) => format!("{least} to {most}"),
            })
        };
        of(|e| &e.before).zip(of(|e| &e.after)).map(|(before, after)| format!("amax {before} → {after}"))
    };
    let parts = [
        bits(|d| d.method.clone()),
        clip,
        bits(|d| d.format.to_string()),
        bits(|d| if d.quantized { "quantized" } else { "float" }.to_owned()),
        bits(|d| d.axis.map_or("per tensor".to_owned(), |axis| format!("axis {axis}"))),
        bits(|d| if d.tie.is_some() { "tied" } else { "a range of its own" }.to_owned()),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// What something is before and after, of the edits that change it; `various` where they do not agree.
fn differs<T: Display + PartialEq>(edits: &[Edit], of: impl Fn(&Decision) -> T, various: T) -> Option<String> {
    let pairs = edits.iter().map(|edit| (of(&edit.before), of(&edit.after))).filter(|(before, after)| before != after);
    let pairs: Vec<(T, T)> = pairs.collect();
    let (first_before, first_after) = pairs.first()?;
    let before = if pairs.iter().all(|(before, _)| before == first_before) { first_before } else { &various };
    let after = if pairs.iter().all(|(_, after)| after == first_after) { first_after } else { &various };
    Some(format!("{before} → {after}"))
}
