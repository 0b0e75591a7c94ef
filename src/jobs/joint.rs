//! The values of several tensors as one, by which the range that they share is chosen.

use std::sync::Arc;

use super::recipe::Recipe;
use super::ties::Group;
use super::values::{Values, Watch};
use crate::histogram::Histogram;
use crate::session::{Failure, Joint, Key, Plan, Ready, Start};

/// Reads some tensors once more as one, and chooses for all their values as `start` says. `None` when it was cancelled.
pub(super) fn joint(
    values: &dyn Values,
    (group, keys): (&Group, Vec<Key>),
    (recipe, plan): (&Recipe, &Plan),
    start: &Start,
    watch: &Watch,
) -> Result<Option<Joint>, Failure> {
    let counted = values.count(&group.of, recipe, watch)?;
    Ok(counted.map(|histogram| of(group, keys, histogram, plan, start)))
}

/// Chooses for the values of a group, whose tensors these are, as `start` says.
pub(super) fn of(group: &Group, keys: Vec<Key>, histogram: Histogram, plan: &Plan, start: &Start) -> Joint {
    let ready = Ready::begin(Arc::new(histogram), plan, start);
    Joint { of: keys, why: group.why(), ready, measured: Vec::new() }
}
