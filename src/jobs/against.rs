//! Other data to hold the same tensors against: a second `Feed`, of which nothing is kept but the counts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::request::Request;
use super::told::Told;
use crate::histogram::Histogram;
use crate::quant::Format;
use crate::session::{Arrival, Key, Ready, Start, Target};

/// The tensors of other data by their keys, so far as they are read. Channels and tensors that share a range are read there
/// when they are looked at here.
#[derive(Default)]
pub struct Against {
    /// What the other data are, in a few words; may hold any character.
    pub title: String,
    histograms: BTreeMap<Key, Arc<Histogram>>,
    /// By tensor and axis.
    channels: BTreeMap<(Key, usize), Vec<Ready>>,
    joints: BTreeMap<Vec<Key>, Arc<Histogram>>,
    /// What was asked for, whether it has come or not: nothing is asked for twice.
    asked: BTreeSet<Asked>,
    /// Why something of it is not there, a sentence each.
    failures: Vec<String>,
    tensors: usize,
    done: bool,
}

/// Ranges that are not those of whole tensors.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Asked {
    Channels(Key, usize),
    Joint(Vec<Key>),
}

impl Against {
    /// Nothing yet of data that are called so.
    pub fn new(title: String) -> Against {
        Against { title, ..Against::default() }
    }

    /// Takes in what is told of the other data. What is decided there does not matter here.
    pub fn receive(&mut self, told: Told) {
        match told {
            Told::Arrived(Arrival::Found { layers, failures }) => {
                self.tensors = layers.len();
                self.failures.extend(failures.into_iter().map(|failure| failure.message));
            }
            Told::Arrived(Arrival::Layer { key, result: Ok(read) }) => {
                self.histograms.insert(key, read.1.histogram().clone());
            }
            Told::Arrived(Arrival::Channels { key, result: Ok(channels), .. }) => {
                self.channels.insert((key, channels.axis), channels.ready);
            }
            Told::Arrived(Arrival::Tied { of, result: Ok(joint), .. }) => {
                self.joints.insert(of, joint.ready.histogram().clone());
            }
            Told::Arrived(Arrival::Layer { result: Err(failure), .. } | Arrival::Failed(failure)) => {
                self.failures.push(failure.message);
            }
            Told::Done => self.done = true,
            _ => {}
        }
    }

    /// The values of the same range in the other data; `None` while they are not read, and where it is not among them.
    pub fn histogram(&self, of: &Target) -> Option<&Arc<Histogram>> {
        match of {
            Target::Tensor(key) => self.histograms.get(key),
            Target::Channel { of, axis, channel } => {
                Some(self.channels.get(&(of.clone(), *axis))?.get(*channel)?.histogram())
            }
            Target::Tie(of) => self.joints.get(of),
        }
    }

    /// What is to be asked of whoever brings the other data, so that a range can be compared; `None` where that is there, was
    /// asked for, or cannot be had, and while not all tensors are read.
    pub fn wanted(&mut self, range: &Target, format: Format) -> Option<Request> {
        // What is chosen there does not matter.
        let start = |axis: Option<usize>| Start {
            method: 0,
            named: true,
            known: None,
            imported: Vec::new(),
            by: None,
            format,
            quantized: true,
            axis: axis.map(|axis| axis as i64),
        };
        let (asked, request) = match range {
            Target::Tensor(_) => return None,
            Target::Channel { of, axis, .. } => {
                (Asked::Channels(of.clone(), *axis), Request::Channels { key: of.clone(), start: start(Some(*axis)) })
            }
            Target::Tie(of) => (Asked::Joint(of.clone()), Request::Tie { of: of.clone(), start: start(None) }),
        };
        let all: &[Key] = match range {
            Target::Tie(of) => of,
            Target::Tensor(key) | Target::Channel { of: key, .. } => std::slice::from_ref(key),
        };
        let can = self.done && all.iter().all(|key| self.histograms.contains_key(key));
        (can && self.histogram(range).is_none() && self.asked.insert(asked)).then_some(request)
    }

    /// How many tensors are read, of how many.
    pub fn read(&self) -> (usize, usize) {
        (self.histograms.len(), self.tensors)
    }

    /// Whether everything was told.
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// Why something is not there, a sentence each.
    pub fn failures(&self) -> &[String] {
        &self.failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibrate;
    use crate::session::{Channels, Failure, Layer, Origin, Session};

    #[test]
    fn counts_stay_and_decisions_do_not() {
        let session = Session::new(calibrate::defaults(), "mse", Format::INT8);
        let mut against = Against::new("other".into());
        let (a, b) = (Key::activation("a"), Key::activation("b"));
        let layers = [&a, &b].map(|key| Layer::waiting(key.clone(), Vec::new())).into();
        against.receive(Told::Arrived(Arrival::Found { layers, failures: Vec::new() }));
        assert_eq!((against.read(), against.is_done()), ((0, 2), false));
        let histogram = Arc::new(Histogram::of(&[1.0, 2.0], 64, &[]));
        let subject = Layer::waiting(a.clone(), Vec::new());
        let ready = Ready::analyse(histogram.clone(), &session.plan(), &subject.subject());
        let result = Ok(Box::new((Origin::default(), ready)));
        against.receive(Told::Arrived(Arrival::Layer { key: a.clone(), result }));
        let failure = Failure { kind: crate::ErrorKind::Failed, file: "b".into(), message: "b is gone.".into() };
        against.receive(Told::Arrived(Arrival::Layer { key: b.clone(), result: Err(failure) }));
        against.receive(Told::Done);
        let of = |key: &Key| Target::Tensor(key.clone());
        assert!(against.histogram(&of(&a)).is_some_and(|there| Arc::ptr_eq(there, &histogram)));
        assert!(against.histogram(&of(&b)).is_none() && against.is_done());
        assert_eq!(against.failures(), ["b is gone."]);
    }

    #[test]
    fn a_channel_is_asked_for_once_where_its_tensor_is_there() {
        let session = Session::new(calibrate::defaults(), "mse", Format::INT8);
        let mut against = Against::new("other".into());
        let [here, elsewhere] = ["a", "b"].map(Key::activation);
        let ready = |values: &[f32]| {
            let subject = Layer::waiting(here.clone(), Vec::new());
            Ready::analyse(Arc::new(Histogram::of(values, 64, &[])), &session.plan(), &subject.subject())
        };
        let channel = |of: &Key, channel| Target::Channel { of: of.clone(), axis: 1, channel };
        let tie = Target::Tie(vec![here.clone(), elsewhere.clone()]);
        let result = Ok(Box::new((Origin::default(), ready(&[1.0, -3.0]))));
        against.receive(Told::Arrived(Arrival::Layer { key: here.clone(), result }));
        assert!(against.wanted(&channel(&here, 0), Format::INT8).is_none(), "the rest is still being read");
        against.receive(Told::Done);
        assert!(against.wanted(&channel(&elsewhere, 0), Format::INT8).is_none());
        assert!(against.wanted(&tie, Format::INT8).is_none(), "one of the two is not there");
        let asked = against.wanted(&channel(&here, 0), Format::INT8);
        assert!(matches!(asked, Some(Request::Channels { key, start }) if key == here && start.axis == Some(1)));
        assert!(against.wanted(&channel(&here, 1), Format::INT8).is_none(), "it was asked for");
        let channels = Channels { axis: 1, ready: vec![ready(&[1.0]), ready(&[-3.0])] };
        against.receive(Told::Arrived(Arrival::Channels { key: here.clone(), requested: true, result: Ok(channels) }));
        let amax = |at| against.histogram(&channel(&here, at)).map(|histogram| histogram.magnitude.amax);
        assert_eq!([amax(0), amax(1), amax(2)], [Some(1.0), Some(3.0), None]);
    }
}
