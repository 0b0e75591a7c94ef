//! A tensor's range, as files of all formats know it.

use crate::quant::{Clip, Format, QuantParams};
use crate::report::{Chosen, Per, RangeScales, Scales, TensorScales};
use crate::session::{Kind, OverlayRange};

/// What is chosen for one tensor: its clip, and the scale over it.
#[derive(Clone, Debug, PartialEq)]
pub struct Range {
    /// The tensor's name.
    pub name: String,
    /// What it is; an activation where the file does not say.
    pub kind: Kind,
    /// The format of numbers; where the file does not say, what its tool takes.
    pub format: Format,
    /// The axis along which each channel has a range of its own.
    pub axis: Option<usize>,
    /// One clip, or each channel's.
    pub clips: Vec<Clip>,
    /// The distance of neighbouring integers, as many as `clips`.
    pub scales: Vec<f32>,
    /// The integers that stand for 0, as many as `clips`.
    pub zero_points: Vec<i32>,
    /// Why it is left in float, where it is.
    pub in_float: Option<String>,
    /// Its shape, where that is known.
    pub shape: Option<Vec<u64>>,
    /// What it costs in dB, of its worst channel, where that is known.
    pub sqnr_db: Option<f64>,
}

impl Range {
    /// A range of these clips on a format.
    pub fn of_clips(name: &str, kind: Kind, format: Format, axis: Option<usize>, clips: Vec<Clip>) -> Range {
        let params: Vec<QuantParams> = clips.iter().map(|clip| QuantParams::from_clip(*clip, format)).collect();
        Range {
            name: name.to_owned(),
            kind,
            format,
            axis,
            clips,
            scales: params.iter().map(QuantParams::scale).collect(),
            zero_points: params.iter().map(QuantParams::zero_point).collect(),
            in_float: None,
            shape: None,
            sqnr_db: None,
        }
    }

    /// A range of these scales and zero points; its clips are what the integers reach.
    pub fn of_params(name: &str, kind: Kind, axis: Option<usize>, params: &[QuantParams]) -> Range {
        Range {
            name: name.to_owned(),
            kind,
            format: params.first().map_or(Format::INT8, QuantParams::format),
            axis,
            clips: params.iter().map(QuantParams::range).collect(),
            scales: params.iter().map(QuantParams::scale).collect(),
            zero_points: params.iter().map(QuantParams::zero_point).collect(),
            in_float: None,
            shape: None,
            sqnr_db: None,
        }
    }

    /// A tensor that a file leaves in float.
    pub fn float(name: &str, kind: Kind, why: &str) -> Range {
        let range = Range::of_clips(name, kind, Format::INT8, None, vec![Clip::new(0.0, 0.0)]);
        Range { in_float: Some(why.to_owned()), ..range }
    }

    /// The ranges of a document.
    ///
    /// # Errors
    /// A sentence about a tensor of it that cannot be.
    pub fn all(scales: &Scales) -> Result<Vec<Range>, String> {
        let wanted = scales.wanted()?;
        Ok(scales.tensors.iter().zip(wanted).map(|(t, wanted)| of(t, wanted.format, wanted.clips)).collect())
    }

    /// The same as an offer beside the methods': each clip the one that leads back to the very scale, where there is one.
    pub fn overlaid(&self) -> OverlayRange {
        let params = self.scales.iter().zip(&self.zero_points);
        let clip = |(clip, (scale, zero_point)): (&Clip, (&f32, &i32))| {
            let exact = QuantParams::new(*scale, *zero_point, self.format).and_then(|params| params.exact_clip());
            exact.unwrap_or(*clip)
        };
        OverlayRange {
            name: self.name.clone(),
            kind: self.kind,
            format: self.format,
            axis: self.axis,
            clips: self.clips.iter().zip(params).map(clip).collect(),
            in_float: self.in_float.clone(),
        }
    }

    /// The only clip; `None` where each channel has one.
    pub fn clip(&self) -> Option<Clip> {
        match (self.axis, self.clips.as_slice()) {
            (None, [clip]) => Some(*clip),
            _ => None,
        }
    }

    /// The tensor of a document. What was not computed here stands as decided by a hand, so that it is kept as it is.
    pub fn tensor(&self) -> TensorScales {
        let range = RangeScales {
            clip_min: self.per(self.clips.iter().map(|c| Some(c.min())).collect()),
            clip_max: self.per(self.clips.iter().map(|c| Some(c.max())).collect()),
            amax: self.per(self.clips.iter().map(|c| Some(c.amax())).collect()),
            scale: self.per(self.scales.iter().copied().map(Some).collect()),
            zero_point: self.per(self.zero_points.iter().copied().map(Some).collect()),
            qmin: self.format.qmin(),
            qmax: self.format.qmax(),
        };
        TensorScales {
            name: self.name.clone(),
            kind: self.kind,
            files: Vec::new(),
            shape: self.shape.clone(),
            samples: None,
            dtype: String::new(),
            initializer: None,
            folded: Vec::new(),
            absorbed: Vec::new(),
            axis: self.axis,
            stats: Default::default(),
            candidates: Vec::new(),
            chosen: Chosen {
                method: "max".into(),
                instead_of: None,
                methods: None,
                edited: true,
                edited_channels: None,
                tied_with: None,
                quantized: self.in_float.is_none(),
                in_float: self.in_float.clone(),
                tuned: None,
                num_bits: self.format.num_bits(),
                signed: self.format.signed(),
                symmetric: self.format.symmetric(),
                format: match self.format {
                    Format::Int(_) => None,
                    Format::Fp8(fp8) => Some(fp8.type_name().to_owned()),
                },
                range,
                errors: Default::default(),
                measured: None,
            },
            warnings: Vec::new(),
        }
    }

    fn per<T: Clone>(&self, each: Vec<Option<T>>) -> Per<Option<T>> {
        match (self.axis, each.as_slice()) {
            (None, [one]) => Per::Tensor(one.clone()),
            _ => Per::Channel(each),
        }
    }
}

fn of(tensor: &TensorScales, format: Format, clips: Vec<Clip>) -> Range {
    let chosen = &tensor.chosen;
    let mut range = Range::of_clips(&tensor.name, tensor.kind, format, tensor.axis, clips);
    // The document's own numbers, where it has them: they may come from another tool.
    let (scales, zero_points) = (chosen.range.scale.each(), chosen.range.zero_point.each());
    for (at, scale) in range.scales.iter_mut().enumerate() {
        *scale = scales.get(at).copied().flatten().unwrap_or(*scale);
    }
    for (at, zero_point) in range.zero_points.iter_mut().enumerate() {
        *zero_point = zero_points.get(at).copied().flatten().unwrap_or(*zero_point);
    }
    range.in_float =
        (!chosen.quantized).then(|| chosen.in_float.clone().unwrap_or_else(|| "it is left in float".into()));
    range.shape = tensor.shape.clone();
    range.sqnr_db = chosen.errors.sqnr_db.each().iter().flatten().copied().reduce(f64::min);
    range
}
