//! Statistics on the command line: writing, merging, and taking them where activations are taken.

mod args;
mod count;
mod files;
mod merge;
mod notes;
mod shift;
mod sources;
mod writing;

pub(super) use args::{MergeArgs, StatsArgs};
pub(super) use count::stats;
pub(super) use files::{merged, named};
pub(super) use merge::merge;
pub(super) use shift::shift;
