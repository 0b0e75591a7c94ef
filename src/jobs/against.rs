//! Other data to hold the same tensors against: a second `Feed`, of which nothing is kept but the counts.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::told::Told;
use crate::histogram::Histogram;
use crate::session::{Arrival, Key};

/// The tensors of other data by their keys, so far as they are read.
#[derive(Default)]
pub struct Against {
    /// What the other data are, in a few words; may hold any character.
    pub title: String,
    histograms: BTreeMap<Key, Arc<Histogram>>,
    /// Why something of it is not there, a sentence each.
    failures: Vec<String>,
    tensors: usize,
    done: bool,
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
            Told::Arrived(Arrival::Layer { result: Err(failure), .. } | Arrival::Failed(failure)) => {
                self.failures.push(failure.message);
            }
            Told::Done => self.done = true,
            _ => {}
        }
    }

    /// The same tensor's values in the other data; `None` while they are not read, and where it is not among them.
    pub fn histogram(&self, key: &Key) -> Option<&Arc<Histogram>> {
        self.histograms.get(key)
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
    use crate::quant::Format;
    use crate::session::{Failure, Layer, Origin, Ready, Session};

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
        assert!(against.histogram(&a).is_some_and(|there| Arc::ptr_eq(there, &histogram)));
        assert!(against.histogram(&b).is_none() && against.is_done());
        assert_eq!(against.failures(), ["b is gone."]);
    }
}
