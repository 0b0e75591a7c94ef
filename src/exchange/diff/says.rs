//! What files of a format say of a range: two of them can differ in nothing else.

use crate::exchange::Range;

/// What a kind of file says, beside the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Says {
    /// The format's word; two files of the same one are held against each other digit by digit.
    pub id: &'static str,
    /// Which numbers the tensor goes to.
    pub format: bool,
    /// Both ends of the range, and not only the larger magnitude.
    pub ends: bool,
    /// Along which axis the channels lie.
    pub axis: bool,
    /// Whether a tensor is a weight.
    pub kind: bool,
}

impl Says {
    /// A model, which says everything.
    pub const MODEL: Says = Says { id: "model", format: true, ends: true, axis: true, kind: true };

    /// What files of this format say.
    pub fn of(id: &'static str) -> Says {
        let all = Says { id, ..Says::MODEL };
        match id {
            "tensorrt-cache" => Says { kind: false, ..all },
            "tensorrt-ranges" => Says { format: false, ends: false, kind: false, ..all },
            "hailo-alls" => Says { format: false, ..all },
            "ort-cache" | "tpu-mlir-table" => Says { format: false, kind: false, ..all },
            "torch-amax" | "modelopt-amax" => Says { format: false, ends: false, axis: false, ..all },
            "qnn-overrides" | "aimet-0.6.1" | "aimet-1.0.0" | "ncnn-table" => Says { axis: false, ..all },
            "aimet-2.0.0" | "ort-overrides" => Says { kind: false, ..all },
            "rknn" => Says { axis: false, kind: false, ..all },
            _ => all,
        }
    }

    /// What both say.
    pub(super) fn both(self, other: Says) -> Says {
        let id = if self.id == other.id { self.id } else { "" };
        let and = |what: fn(&Says) -> bool| what(&self) && what(&other);
        Says { id, format: and(|s| s.format), ends: and(|s| s.ends), axis: and(|s| s.axis), kind: and(|s| s.kind) }
    }

    /// By what share of it a scale may be off because the file prints so many digits and no more.
    fn printed(self, range: &Range) -> f64 {
        let smallest = |each: &mut dyn Iterator<Item = f64>| each.filter(|x| *x > 0.0).fold(f64::INFINITY, f64::min);
        let largest = range.scales.iter().map(|scale| f64::from(*scale)).fold(0.0, f64::max);
        match self.id {
            // 127 over the threshold, with six decimals.
            "ncnn-table" => 0.5e-6 * largest,
            // The threshold, with seven.
            "tpu-mlir-table" => 0.5e-7 / smallest(&mut range.clips.iter().map(|clip| f64::from(clip.amax()))),
            _ => 0.0,
        }
    }

    /// By what share two files may be apart with the same range in mind: none where both are of one format; else what
    /// each prints, and the last digits of a float that goes from a scale to a clip and back.
    pub(super) fn slack((a, of_a): (&Range, Says), (b, of_b): (&Range, Says)) -> f64 {
        const THERE_AND_BACK: f64 = 4.0 * f32::EPSILON as f64;
        if of_a.id == of_b.id {
            return 0.0;
        }
        THERE_AND_BACK + of_a.printed(a) + of_b.printed(b)
    }
}
