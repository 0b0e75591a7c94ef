//! What a file says of a tensor: an offer beside the methods'.

use std::sync::Arc;

use crate::calibrate::{Candidate, NoThreshold, NoThresholdKind, Tensor, Threshold};
use crate::quant::{Clip, Format};

/// The id of what a model's own quantizers say, of the method in decisions that they chose for, and of the placement that
/// is the file's own.
pub const IN_FILE: &str = "file";

/// A range that a file proposes for one tensor: the model's own quantizers, another tool's scales, an earlier export.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// The id of the offer, and of the method in decisions that it chose for.
    pub id: String,
    /// Its name on an axis mark, at most 6 columns wide.
    pub label: String,
    /// The file, as a sentence names it.
    pub file: String,
    /// The format of numbers that the file has it on; `None` where that is not known.
    pub format: Option<Format>,
    /// The axis along which each channel has a range of its own; `None` for one range per tensor.
    pub axis: Option<usize>,
    /// The range: one, or along `axis` one of each channel in order. None where there is a reason in `without`.
    pub clips: Arc<[Clip]>,
    /// Why there is no range.
    pub without: Option<String>,
    /// What is to be said of the range, in a phrase.
    pub note: Option<String>,
    /// Whether a tensor begins with it, on the file's own format, where nobody says how it is quantized.
    pub begins: bool,
    /// Whether every tensor has an offer of this id, or a reason in its place.
    pub everywhere: bool,
}

impl Imported {
    /// One range, that every format takes as it comes.
    pub fn new(id: &str, label: &str, clip: Clip) -> Imported {
        Imported {
            id: id.to_owned(),
            label: label.to_owned(),
            file: id.to_owned(),
            format: None,
            axis: None,
            clips: [clip].into(),
            without: None,
            note: None,
            begins: false,
            everywhere: false,
        }
    }

    /// What the model's own quantizers say: along `axis` one clip a channel.
    pub fn in_file(format: Format, axis: Option<usize>, clips: Vec<Clip>) -> Imported {
        let (format, clips) = (Some(format), clips.into());
        let offer = Imported::new(IN_FILE, IN_FILE, Clip::symmetric(0.0));
        Imported { file: "the model's file".to_owned(), format, axis, clips, begins: true, ..offer }
    }

    /// That there is no range, and why.
    pub(super) fn none(self, why: &str) -> Imported {
        Imported { without: Some(why.to_owned()), axis: None, clips: [].into(), note: None, ..self }
    }

    /// The offer for the tensor as a whole: a range that holds those of all channels.
    pub(super) fn whole(&self) -> Imported {
        let (channels, around) = (self.clips.len(), self.clips.iter().copied().reduce(Clip::around));
        match (self.axis, around) {
            (Some(axis), Some(around)) => {
                let note = format!("around the {channels} ranges along axis {axis} of {}", self.file);
                Imported { axis: None, clips: [around].into(), note: Some(note), ..self.clone() }
            }
            _ => self.clone(),
        }
    }

    /// The offer for one of so many channels along an axis; where the file has none for it, that for the whole.
    pub(super) fn channel(&self, axis: usize, channel: usize, channels: usize) -> Imported {
        let own = self.clips.get(channel).filter(|_| self.axis == Some(axis) && self.clips.len() == channels);
        match (own, self.axis) {
            (Some(clip), _) => Imported { axis: None, clips: [*clip].into(), ..self.clone() },
            (None, Some(other)) => {
                let there = self.clips.len();
                let note = format!(
                    "{} has {there} ranges along axis {other}, not {channels} along axis {axis}; the range around them \
                     stands",
                    self.file
                );
                Imported { note: Some(note), begins: false, ..self.whole() }
            }
            (None, None) if self.without.is_some() => self.clone(),
            (None, None) => {
                let note = format!("{} has one range for all channels", self.file);
                Imported { note: Some(note), begins: false, ..self.clone() }
            }
        }
    }

    /// The offer for two tensors that share one range.
    pub(super) fn around(&self, other: &Imported) -> Imported {
        let (a, b) = (self.whole(), other.whole());
        match (a.clips.first().copied(), b.clips.first().copied()) {
            (Some(ours), Some(theirs)) => Imported { clips: [ours.around(theirs)].into(), ..a },
            (None, _) => a,
            (_, None) => b,
        }
    }

    /// The offer for a tensor or a channel. On another format than the file's its range is put on that.
    pub(super) fn candidate(&self, tensor: &Tensor) -> Candidate {
        let format = tensor.format();
        let outcome = match self.whole().clips.first() {
            _ if tensor.histogram().stats.finite() == 0 && self.without.is_none() => {
                Err(NoThreshold::new(NoThresholdKind::NoValues, "the tensor holds no finite value"))
            }
            None => Err(NoThreshold::new(NoThresholdKind::NotDefined, self.without.clone().unwrap_or_default())),
            Some(clip) => {
                let other = self.format.filter(|theirs| *theirs != format);
                let moved = other.map(|theirs| format!("{} has it on {theirs}, and it is on {format} here", self.file));
                let said: Vec<String> = self.whole().note.into_iter().chain(moved).collect();
                let note = (!said.is_empty()).then(|| said.join("; "));
                Ok(Threshold { note, ..tensor.threshold(format.clip_for(clip.min(), clip.max())) })
            }
        };
        Candidate { id: self.id.clone(), label: self.label.clone(), outcome }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::histogram::Histogram;

    fn per_channel() -> Imported {
        let clips = vec![Clip::symmetric(1.0), Clip::symmetric(3.0)];
        Imported::in_file(Format::INT8, Some(1), clips)
    }

    #[test]
    fn channels_have_their_own_range_where_the_axis_fits_and_else_it_is_said() {
        let offer = per_channel();
        let amax = |offer: Imported| offer.clips[0].amax();
        assert_eq!([0, 1].map(|channel| amax(offer.channel(1, channel, 2))), [1.0, 3.0]);
        assert!(offer.channel(1, 0, 2).begins && offer.channel(1, 0, 2).note.is_none());
        for elsewhere in [offer.channel(0, 0, 2), offer.channel(1, 0, 3), offer.channel(1, 7, 8)] {
            assert!(!elsewhere.begins && elsewhere.note.as_ref().is_some_and(|note| note.contains("axis 1")));
            assert_eq!(amax(elsewhere), 3.0);
        }
        assert_eq!(amax(offer.whole()), 3.0);
        let one = Imported::new("x", "x", Clip::symmetric(2.0)).channel(0, 1, 4);
        assert_eq!((amax(one.clone()), one.note.unwrap()), (2.0, "x has one range for all channels".to_owned()));
    }

    #[test]
    fn another_format_is_said_and_the_same_is_not() {
        let tensor = |format| Tensor::new(Arc::new(Histogram::of(&[1.0, -2.0], 64, &[])), format);
        let offer = Imported { format: Some(Format::INT8), ..Imported::new("calib", "calib", Clip::new(-1.0, 1.0)) };
        let note = |format| offer.candidate(&tensor(format)).outcome.unwrap().note;
        assert_eq!(note(Format::INT8), None);
        assert_eq!(
            note(Format::INT8.with_symmetric(false)).unwrap(),
            "calib has it on int8 symmetric, and it is on int8 affine here"
        );
        let none = offer.none("float in calib").candidate(&tensor(Format::INT8)).outcome.unwrap_err();
        assert_eq!(none.to_string(), "float in calib");
    }

    #[test]
    fn together_they_hold_all_and_nothing_where_one_has_none() {
        let a = Imported::new("x", "x", Clip::new(-1.0, 0.5));
        let b = Imported::new("x", "x", Clip::new(0.0, 2.0));
        assert_eq!(a.around(&b).clips[..], [Clip::new(-1.0, 2.0)]);
        let none = a.clone().none("float in x");
        assert!(none.around(&b).clips.is_empty() && b.around(&none).without.is_some());
    }
}
