use super::{Channels, Joint, KNOWN, Key, Layer, LayerState, Origin, Ready, Session, Target};
use crate::ErrorKind;
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
    /// What kind of trouble it is.
    pub kind: ErrorKind,
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
        self.revision += 1;
        match arrival {
            Arrival::Found { layers, failures } => {
                self.begin(layers, failures);
                Received::Taken
            }
            Arrival::Failed(failure) => {
                self.layers.push(Layer::failed(failure.file, failure.message.clone()));
                Received::Refused(failure.message)
            }
            Arrival::Layer { key, .. } | Arrival::Channels { key, .. } | Arrival::Measured { key, .. }
                if self.position(&key).is_none() =>
            {
                Received::Refused(format!("no tensor is called {key}."))
            }
            Arrival::Layer { key, result } => self.receive_layer(&key, result),
            Arrival::Channels { key, requested, result } => self.receive_channels(&key, requested, result),
            Arrival::Tied { requested, result, .. } => self.receive_tied(requested, result),
            Arrival::Measured { key, result } => match result {
                Ok(measured) => {
                    self.set_measured(&key, measured);
                    Received::Taken
                }
                Err(why) => Received::Refused(why.message),
            },
        }
    }

    /// Begins with these layers, of which nothing was read yet, and behind them a row for each file that is none.
    fn begin(&mut self, layers: Vec<Layer>, failures: Vec<Failure>) {
        self.places = layers.iter().enumerate().map(|(at, layer)| (layer.key.clone(), at)).collect();
        let failed = failures.into_iter().map(|f| Layer::failed(f.file, f.message));
        self.layers = layers.into_iter().chain(failed).collect();
    }

    fn receive_layer(&mut self, key: &Key, result: Result<Box<(Origin, Ready)>, Failure>) -> Received {
        let target = Target::Tensor(key.clone());
        self.focus.retain(|(focused, _)| *focused != target);
        let Some(layer) = self.layer_mut(key) else { return Received::Taken };
        match result {
            Ok(read) => {
                let known = read.1.candidate(KNOWN).is_some();
                layer.origin = read.0;
                layer.state = LayerState::Ready(Box::new(read.1));
                self.knows |= known;
                self.met(key);
                Received::Taken
            }
            Err(why) => {
                layer.state = LayerState::Failed(why.message.clone());
                Received::Refused(why.message)
            }
        }
    }

    fn receive_channels(&mut self, key: &Key, requested: bool, result: Result<Channels, Failure>) -> Received {
        match result {
            Ok(channels) if requested => {
                let axis = channels.axis;
                self.add_channels(key, channels);
                if self.split(key, Some(axis)) { Received::Changed } else { Received::Taken }
            }
            Ok(channels) => {
                self.begin_along(key, channels);
                self.met(key);
                Received::Taken
            }
            Err(why) => {
                if let Some(layer) = self.layer_mut(key).filter(|_| !requested) {
                    layer.without_channels = Some(why.message.clone());
                }
                Received::Refused(why.message)
            }
        }
    }

    fn receive_tied(&mut self, requested: bool, result: Result<Box<Joint>, Failure>) -> Received {
        match result {
            Ok(joint) if requested => {
                let of = joint.of.clone();
                self.add_joint(*joint);
                // Something may have been decided for one of them since it was asked for.
                match self.why_not_tied(&of) {
                    Some(why) => Received::Refused(why),
                    None if self.tie(&of) => Received::Changed,
                    None => Received::Taken,
                }
            }
            Ok(joint) => {
                let first = joint.of.first().cloned();
                self.begin_tied(*joint);
                first.iter().for_each(|key| self.met(key));
                Received::Taken
            }
            Err(why) => {
                if !requested {
                    self.without_ties.push(why.message.clone());
                }
                Received::Refused(why.message)
            }
        }
    }
}
