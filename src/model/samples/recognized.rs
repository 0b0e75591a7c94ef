//! Arrays that were pictures: their values show it.
//!
//! A picture has 256 levels a channel. What a training library's preprocessing makes of them lies on a lattice that its
//! mean and standard deviation fix, and nothing else does: when every value is a level of the same well-known
//! preprocessing, the range of all pictures is known, white paper included that no sample had.

use std::fmt;

use super::super::network::Network;
use super::{Maker, Samples};
use tract_onnx::prelude::{DatumType, Tensor};

/// Samples that are looked at.
const LOOK: usize = 4;

/// Levels that must be there, and how far apart the darkest and the brightest, so that a mask, an empty picture or a table of
/// small numbers is not taken for one.
const LEVELS: usize = 16;
const APART: usize = 128;

/// How far a value may lie from a level, in levels: half floats round by as much.
const OFF: f64 = 0.1;

/// What pictures are brought to: `(x / 255 - mean) / std`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Preprocessing {
    name: &'static str,
    /// Of each channel, or of all.
    mean: &'static [f64],
    std: &'static [f64],
}

const fn of(name: &'static str, mean: &'static [f64], std: &'static [f64]) -> Preprocessing {
    Preprocessing { name, mean, std }
}

impl Preprocessing {
    /// Mean and standard deviation of a channel.
    fn of(&self, channel: usize) -> (f64, f64) {
        let one = |values: &[f64]| values[channel.min(values.len() - 1)];
        (one(self.mean), one(self.std))
    }

    /// What 0 and 1 become, in the channels where that is least and most.
    fn range(&self) -> (f32, f32) {
        let channels = (0..self.mean.len().max(self.std.len())).map(|channel| self.of(channel));
        let ends = channels.flat_map(|(mean, std)| [0.0, 1.0].map(|x| ((x - mean) / std) as f32));
        ends.fold((f32::INFINITY, f32::NEG_INFINITY), |(min, max), x| (min.min(x), max.max(x)))
    }
}

/// Those that are met, as the libraries write them.
const KNOWN: [Preprocessing; 9] = [
    of("divided by 255", &[0.0], &[1.0]),
    of("as bytes", &[0.0], &[1.0 / 255.0]),
    of("brought to -1..1", &[0.5], &[0.5]),
    of("brought to (x - 127.5) / 128", &[0.5], &[128.0 / 255.0]),
    of("after ImageNet's mean and std", &[0.485, 0.456, 0.406], &[0.229, 0.224, 0.225]),
    of("after ImageNet's mean and std, in blue, green, red", &[0.406, 0.456, 0.485], &[0.225, 0.224, 0.229]),
    of(
        "after CLIP's mean and std",
        &[0.481_454_66, 0.457_827_5, 0.408_210_73],
        &[0.268_629_54, 0.261_302_58, 0.275_777_11],
    ),
    of("less Caffe's mean, in blue, green, red", &[103.939 / 255.0, 116.779 / 255.0, 123.68 / 255.0], &[1.0 / 255.0]),
    of("less Caffe's mean", &[123.68 / 255.0, 116.779 / 255.0, 103.939 / 255.0], &[1.0 / 255.0]),
];

/// The ranges of the inputs that were pictures, by name, and a sentence on each.
pub(super) fn ranges(network: &Network, samples: &Samples) -> (Vec<(String, f32, f32)>, Vec<String>) {
    let (mut ranges, mut said) = (Vec::new(), Vec::new());
    if !matches!(samples.maker, Maker::Arrays(_)) {
        return (ranges, said);
    }
    // Of all, not the first ones alone: these may be of one kind.
    let n = samples.len();
    let looked: Vec<Vec<Tensor>> = (0..n.min(LOOK)).filter_map(|i| samples.get(i * n / n.min(LOOK)).ok()).collect();
    for (at, port) in network.inputs().iter().enumerate() {
        let of_port: Vec<&Tensor> = looked.iter().filter_map(|sample| sample.get(at)).collect();
        let Some(found) = recognized(&of_port) else { continue };
        let (min, max) = found.range();
        said.push(format!("{} looks like pictures {found}: its range is taken to be {min} to {max}", port.name));
        ranges.push((port.name.clone(), min, max));
    }
    (ranges, said)
}

/// The preprocessing on whose levels all values lie.
fn recognized(samples: &[&Tensor]) -> Option<Preprocessing> {
    let pictures: Vec<Picture> = samples.iter().map(|sample| Picture::of(sample)).collect::<Option<_>>()?;
    KNOWN.into_iter().find(|preprocessing| {
        let mut seen = [false; 256];
        let on_levels = pictures.iter().all(|picture| picture.is_on(preprocessing, &mut seen));
        let levels = || (0..seen.len()).filter(|level| seen[*level]);
        let apart = levels().max().unwrap_or_default() - levels().min().unwrap_or_default();
        on_levels && levels().count() >= LEVELS && apart >= APART
    })
}

/// The values of a batch of pictures, and which channel each is of.
struct Picture {
    values: Vec<f32>,
    channels: usize,
    /// Values of a channel that lie side by side.
    stretch: usize,
}

impl Picture {
    fn of(tensor: &Tensor) -> Option<Picture> {
        if !matches!(tensor.datum_type(), DatumType::F32 | DatumType::F16) {
            return None;
        }
        let (channels, stretch) = match tensor.shape() {
            [_, channels @ (1 | 3), rows, columns] => (*channels, rows * columns),
            [_, _, _, channels @ (1 | 3)] => (*channels, 1),
            _ => return None,
        };
        let tensor = tensor.cast_to::<f32>().ok()?;
        let values: Vec<f32> = tensor.to_plain_array_view::<f32>().ok()?.iter().copied().collect();
        Some(Picture { values, channels, stretch })
    }

    /// Whether every value is a level of a preprocessing; those are noted.
    fn is_on(&self, by: &Preprocessing, seen: &mut [bool; 256]) -> bool {
        if by.mean.len() > 1 && by.mean.len() != self.channels {
            return false;
        }
        self.values.iter().enumerate().all(|(i, x)| {
            let (mean, std) = by.of(i / self.stretch % self.channels);
            let level = (f64::from(*x) * std + mean) * 255.0;
            let nearest = level.round();
            let is_level = (level - nearest).abs() <= OFF && (0.0..=255.0).contains(&nearest);
            if is_level {
                seen[nearest as usize] = true;
            }
            is_level
        })
    }
}

impl fmt::Display for Preprocessing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

#[cfg(test)]
mod tests {
    use half::f16;

    use super::*;

    /// A picture's values, in channels, rows, columns.
    fn picture(by: Preprocessing, channels: usize, off: f64) -> Tensor {
        let value = |i: usize| {
            let (mean, std) = by.of(i / 64);
            ((((i * 37 % 200) as f64 + off) / 255.0 - mean) / std) as f32
        };
        let values: Vec<f32> = (0..channels * 64).map(value).collect();
        Tensor::from_shape(&[1, channels, 8, 8], &values).unwrap()
    }

    #[test]
    fn each_is_recognized_by_its_levels() {
        for by in KNOWN {
            let found = recognized(&[&picture(by, 3, 0.0)]).map(|found| found.range());
            assert_eq!(found, Some(by.range()), "{by}");
        }
        assert_eq!(KNOWN.map(|by| by.range())[..3], [(0.0, 1.0), (0.0, 255.0), (-1.0, 1.0)]);
    }

    #[test]
    fn the_last_axis_may_be_the_channels_and_half_floats_round() {
        let by = KNOWN[4];
        let view = picture(by, 3, 0.0);
        let rows_first = view.clone().permute_axes(&[0, 2, 3, 1]).unwrap();
        assert_eq!(recognized(&[&rows_first]), Some(by));
        let half = view.cast_to::<f16>().unwrap().into_owned();
        assert_eq!(recognized(&[&half]), Some(by));
        assert_eq!(recognized(&[&picture(KNOWN[0], 1, 0.0)]), Some(KNOWN[0]), "grey");
    }

    #[test]
    fn what_lies_between_levels_or_has_few_is_no_picture() {
        assert_eq!(recognized(&[&picture(KNOWN[4], 3, 0.3)]), None);
        let all = Tensor::from_shape(&[1, 3, 8, 8], &[0f32; 192]).unwrap();
        assert_eq!(recognized(&[&all]), None, "nothing but black");
        let two: Vec<f32> = (0..192).map(|i| (i % 2) as f32).collect();
        assert_eq!(recognized(&[&Tensor::from_shape(&[1, 3, 8, 8], &two).unwrap()]), None, "a mask");
        let small: Vec<f32> = (0..192).map(|i| (i % 100) as f32).collect();
        assert_eq!(recognized(&[&Tensor::from_shape(&[1, 3, 8, 8], &small).unwrap()]), None, "a table");
        let other = picture(KNOWN[0], 3, 0.0);
        assert_eq!(recognized(&[&other, &picture(KNOWN[4], 3, 0.0)]), None, "one sample is of something else");
        assert_eq!(recognized(&[&Tensor::from_shape(&[1, 192], &vec![0.5f32; 192]).unwrap()]), None, "no picture");
        let nan = Tensor::from_shape(&[1, 1, 8, 8], &[f32::NAN; 64]).unwrap();
        assert_eq!(recognized(&[&nan]), None);
        assert_eq!(recognized(&[]), None);
    }
}
