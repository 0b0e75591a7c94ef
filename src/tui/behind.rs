//! What goes on in the background and is known to nobody else: what was asked for, and has not come.

use core::time::Duration;

use crate::jobs::Request;

use super::handed::Handed;

/// Something that needs a tensor's values once more.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// What was asked for.
    pub asked: Request,
    /// The share that is done, and how long the rest will take.
    pub share: Option<(f64, Option<Duration>)>,
    /// Whether it shall end early.
    pub stopping: bool,
}

/// The network that is being written.
#[derive(Clone, Debug, PartialEq)]
pub struct Writing {
    /// The file, as it was typed.
    pub path: String,
    /// Whether to leave when it is written.
    pub then_quit: bool,
    /// Whether it shall not be written any more.
    pub stopping: bool,
    /// The changes that it will hold.
    pub handed: Handed,
}
