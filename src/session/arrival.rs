use super::{Channels, Joint, Key, Layer, LayerState, Origin, Ready, Session};
use crate::calibrate::Measured;

/// What somebody brings to a session. [`Session::receive`] is the one way in, whoever asked and whoever listens.
pub enum Arrival {
    /// The tensors, in natural order, of which nothing was read yet, and the files that are none. Comes once, before all
    /// others.
    Found {
        /// Each tensor, waiting to be read.
        layers: Vec<Layer>,
        /// What could not even be listed.
        failures: Vec<Failure>,
    },
    /// A file or a sample that cannot be used; the others are.
    Failed(Failure),
    /// A tensor was read, or cannot be.
    Layer {
        /// The tensor.
        key: Key,
        /// Where it came from, and what was made of it.
        result: Result<Box<(Origin, Ready)>, Failure>,
    },
    /// The channels of a tensor, each analysed.
    Channels {
        /// The tensor.
        key: Key,
        /// Whether somebody asked for them by hand, so that they are a change that can be undone; else they are what the
        /// tensor begins with.
        requested: bool,
        /// The channels; an error where there is no such axis, or the file is gone or changed.
        result: Result<Channels, Failure>,
    },
    /// Tensors that share one range, or why they cannot.
    Tied {
        /// The tensors; none where nothing fits what was asked for.
        of: Vec<Key>,
        /// Whether somebody asked for it by hand; else it is what they begin with.
        requested: bool,
        /// Their values together.
        result: Result<Box<Joint>, Failure>,
    },
    /// What a clip costs on a tensor's values.
    Measured {
        /// The tensor.
        key: Key,
        /// The costs; an error where the file is gone.
        result: Result<Measured, Failure>,
    },
}

/// Why something is not there: the file, and one sentence that names it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// The file; empty where there is none to blame.
    pub file: String,
    /// One sentence.
    pub message: String,
}

/// What came of an arrival.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// It is there.
    Taken,
    /// A change by hand came of it, which can be undone.
    Changed,
    /// It cannot be; the sentence is kept where it belongs as well.
    Refused(String),
}

impl Session {
    /// Takes in what somebody brings. News about a tensor that the session does not know is refused.
    pub fn receive(&mut self, arrival: Arrival) -> Received {
        match arrival {
            Arrival::Found { layers, failures } => {
                self.begin(layers, failures.into_iter().map(|f| (f.file, f.message)));
                Received::Taken
            }
            Arrival::Failed(failure) => {
                self.fail(failure.file, failure.message.clone());
                Received::Refused(failure.message)
            }
            Arrival::Layer { key, result } => self.at(&key, |session, layer| match result {
                Ok(read) => {
                    session.finish_layer(layer, read.0, read.1);
                    Received::Taken
                }
                Err(why) => {
                    session.layers[layer].state = LayerState::Failed(why.message.clone());
                    Received::Refused(why.message)
                }
            }),
            Arrival::Channels { key, requested, result } => self.at(&key, |session, layer| match result {
                Ok(channels) if requested => {
                    let axis = channels.axis;
                    session.add_channels(layer, channels);
                    if session.stand(layer, Some(axis)) { Received::Changed } else { Received::Taken }
                }
                Ok(channels) => {
                    session.begin_along(layer, channels);
                    Received::Taken
                }
                Err(why) => {
                    if !requested {
                        session.layers[layer].without_channels = Some(why.message.clone());
                    }
                    Received::Refused(why.message)
                }
            }),
            Arrival::Tied { requested, result, .. } => match result {
                Ok(joint) if requested => {
                    let joint = self.add_joint(*joint);
                    if self.tie(joint) { Received::Changed } else { Received::Taken }
                }
                Ok(joint) => {
                    self.begin_tied(*joint);
                    Received::Taken
                }
                Err(why) => {
                    if !requested {
                        self.without_ties.push(why.message.clone());
                    }
                    Received::Refused(why.message)
                }
            },
            Arrival::Measured { key, result } => self.at(&key, |session, layer| match result {
                Ok(measured) => {
                    session.set_measured(layer, measured);
                    Received::Taken
                }
                Err(why) => Received::Refused(why.message),
            }),
        }
    }

    fn at(&mut self, key: &Key, take: impl FnOnce(&mut Session, usize) -> Received) -> Received {
        match self.position(key) {
            Some(layer) => take(self, layer),
            None => Received::Refused(format!("no tensor is called {}.", key.name())),
        }
    }

    /// Where a tensor stands among [`Session::layers`].
    pub fn position(&self, key: &Key) -> Option<usize> {
        self.layers.iter().position(|layer| layer.key == *key)
    }
}
