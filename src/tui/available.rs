//! Which commands can run now, and in a few words why the others cannot.

use crate::jobs::TuneLayer;
use crate::report;
use crate::session::{Kind, Layer, Target};

use super::command::Command::{self, self as C};
use super::command::entry_of;
use super::model::Model;
use super::page::Page;
use super::work;

impl Model {
    /// Why a command cannot run now, in a few words with the keys that are in force; `None` if it can.
    pub fn unavailable(&self, command: Command) -> Option<String> {
        if let Some(learn) = self.learn.as_ref().filter(|learn| learn.locks(entry_of(command).id)) {
            return Some(learn.say("not in this step of the lesson", "这一步不用它").to_owned());
        }
        self.reason(command).map(|why| self.keys.told(why))
    }

    /// The same, with commands in the place of their keys.
    fn reason(&self, command: Command) -> Option<&'static str> {
        let needs_layer = || match self.selected_ready() {
            Some(_) => None,
            None => Some("no layer is read yet"),
        };
        let needs_selected = || self.selected().is_none().then_some("there is no layer");
        let needs_range = || match self.selected_ready() {
            None => Some("no layer is read yet"),
            Some(ready) if ready.stats().amax() <= 0.0 => Some("this layer has no range"),
            Some(_) => None,
        };
        let only_strip =
            || (!self.on_strip()).then_some("only where channels have ranges of their own ({per-channel})");
        let lesson = self.learn.as_ref().is_some_and(|learn| learn.playing().is_some());
        if command == C::OpenChannel
            && (matches!(self.plot.page, Page::Changes | Page::Layers) || (lesson && !self.on_strip()))
        {
            return None;
        }
        if self.many() {
            match command {
                C::Method(n) if n >= report::offers(&self.session).len() => return Some("there are fewer methods"),
                C::Method(_) | C::MethodValue | C::Mark(_) | C::TypeClip | C::Format | C::Toggle | C::PerChannel => {
                    let read = |layer: &Layer| self.list.marked.contains(&layer.key) && layer.ready().is_some();
                    let any = self.session.layers().iter().any(read);
                    return (!any).then_some("no marked layer is read yet");
                }
                _ => {}
            }
        }
        if self.on_strip() {
            let of_one = match command {
                C::MoveColumns(_) | C::Minimum(_) => return None,
                C::MoveBins(_) | C::Mark(_) | C::TypeClip | C::OtherHandle | C::Zoom(_) => true,
                C::FakeQuant
                | C::Fit
                | C::Mapping
                | C::Sign
                | C::Inspect(_)
                | C::Divergence
                | C::Coverage
                | C::Script => true,
                C::Hold => self.held.is_none(),
                C::Curve(_) => !self.plot.page.covers(),
                _ => false,
            };
            if of_one {
                return Some("open a channel first ({open-channel})");
            }
        }
        match command {
            C::PerChannel if matches!(self.at(), Some(Target::Tie(_))) => {
                Some("a tensor that shares its range has none per channel ({tie})")
            }
            C::Tie if self.on_strip() || self.channel.open.is_some() => {
                Some("make it one range per tensor first ({per-channel})")
            }
            C::PerChannel | C::Tie => needs_layer(),
            C::OpenChannel => only_strip(),
            C::CloseChannel if self.channel.open.is_none() => Some("no channel is opened"),
            C::Measure if self.on_strip() || self.channel.open.is_some() => {
                Some("only a tensor with one range is measured")
            }
            C::Measure if matches!(self.at(), Some(Target::Tie(_))) => {
                Some("only a tensor with a range of its own is measured")
            }
            C::Pan(_) | C::Zoom(_) | C::ZoomReset if self.plot.page == Page::Divergence => needs_layer(),
            C::MoveColumns(_) | C::MoveBins(_) | C::Minimum(_) | C::Mark(_) | C::Zoom(_) => needs_range(),
            C::TypeClip | C::Format | C::Measure | C::Toggle | C::FakeQuant | C::Fit | C::Mapping => needs_layer(),
            C::Inspect(_) if self.plot.page.covers() => Some("only on a histogram"),
            C::Inspect(_) => needs_layer(),
            C::Hold if self.held.is_none() => needs_layer(),
            C::Layers if self.session.layers().is_empty() => Some("no layer is there yet"),
            C::Outputs if self.network.is_none() => Some("only with a network: qviz MODEL.onnx --data PATH"),
            C::MethodValue => match self.selected_ready() {
                None => Some("no layer is read yet"),
                Some(ready) if ready.method_clip().is_none() => Some("the method has no value here"),
                Some(_) => None,
            },
            C::Method(n) => match self.selected_ready().map(|ready| ready.candidates().len()) {
                None => needs_layer(),
                Some(offers) => (n >= offers).then_some("there are fewer methods"),
            },
            C::OtherHandle if self.format().symmetric() => Some("only with --affine"),
            C::OtherHandle => needs_range(),
            C::Undo if self.session.history_len().0 == 0 => Some("nothing to undo"),
            C::Redo if self.session.history_len().1 == 0 => Some("nothing to redo"),
            C::Sign if !self.format().symmetric() => Some("an affine range is always shown signed"),
            C::Reveal(_) if self.present.is_none() => Some("only in a presentation ({present})"),
            C::Divergence | C::Script => needs_layer(),
            C::Coverage => match self.selected_ready().map(|ready| ready.histogram().numpy(100).is_some()) {
                None => Some("no layer is read yet"),
                Some(true) => None,
                Some(false) => Some("no 100 bins were counted: the method coverage is not among those of this run"),
            },
            C::ZoomReset | C::Pan(_) if self.plot.zoom.is_none() => Some("the whole range is shown"),
            C::Open if self.opens.is_none() => Some("nothing else can be opened here"),
            C::Stop => {
                let pieces = work::pieces(self);
                let any = pieces.iter().any(|piece| piece.can_stop(self));
                let none = if pieces.is_empty() { "nothing is running" } else { "this has to be waited for" };
                (!any).then_some(none)
            }
            C::Notes => needs_selected(),
            C::Float | C::Placement if self.session.placements().is_empty() => {
                Some("only with a network: qviz MODEL.onnx --data PATH")
            }
            C::Methods | C::BestForAll if self.network.is_none() => {
                Some("only with a network: qviz MODEL.onnx --data PATH")
            }
            C::BestForAll if self.network.as_ref().is_some_and(|n| n.methods.best().is_none()) => {
                Some("no method was measured by the outputs yet ({methods} shows how far it is)")
            }
            C::MethodForAll | C::AnyForAll | C::Copy => needs_layer(),
            C::MarkLayer | C::MarkListed if self.list.order.is_empty() => Some("no layer is listed"),
            C::Unmark if self.list.marked.is_empty() => Some("no layer is marked"),
            C::Placement if !self.loading.finished => Some("the network is still being run and counted"),
            C::Placement => {
                self.network.as_ref().and_then(|n| n.running.as_ref()).map(|_| "a trial is running; {stop} stops it")
            }
            C::Sensitivity => self.no_trial(),
            C::Tune => self.no_trial().or_else(|| {
                let tunable = self.selected().is_some_and(|layer| TuneLayer::of(&self.session, &layer.key).is_some());
                (!tunable).then_some("only an activation that is quantized, with one range")
            }),
            C::TuneAll => self.no_trial().or_else(|| {
                let any = self.session.layers().iter().any(|layer| TuneLayer::of(&self.session, &layer.key).is_some());
                (!any).then_some("no activation is quantized with one range")
            }),
            C::FloatWorst if self.network.as_ref().is_none_or(|n| n.sensitivity.is_empty()) => {
                Some("measure the layers' sensitivity first ({sensitivity})")
            }
            C::Train if self.learn.as_ref().is_none_or(|learn| learn.training.is_none()) => {
                Some("only in the lesson on training: qviz learn 10")
            }
            C::Lesson if self.learn.is_none() => Some("only in a lesson: qviz learn"),
            C::TakeUp if self.taking.offered.is_empty() => Some("no earlier run has left a change"),
            C::Plot => needs_layer(),
            C::Export if self.session.layers().iter().all(|l| l.ready().is_none()) => Some("no layer is read yet"),
            _ => None,
        }
    }

    /// Whether there is a network with something to try on it.
    pub(in crate::tui) fn network_is_ready(&self) -> bool {
        let read = |l: &Layer| l.kind() == Kind::Activation && l.ready().is_some();
        self.network.is_some() && self.loading.finished && self.session.layers().iter().any(read)
    }

    /// Why nothing that takes long can begin on the network now.
    fn no_trial(&self) -> Option<&'static str> {
        let Some(network) = &self.network else {
            return Some("only with a network: qviz MODEL.onnx --data PATH");
        };
        if !self.loading.finished {
            return Some("the network is still being run and counted");
        }
        if !self.network_is_ready() {
            return Some("the network could not be run");
        }
        network.running.as_ref().map(|_| "one is running already; {stop} stops it")
    }
}
