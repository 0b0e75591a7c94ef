//! What mean and standard deviation tell of the range of what they were applied to.

use super::super::error::ModelError;
use super::super::network::{Network, Port};
use super::SampleOptions;

/// From the least to the largest value that 0 to 1 becomes in any channel. One number stands for all channels.
pub(super) fn behind(mean: &[f32], std: &[f32]) -> (f32, f32) {
    let of = |values: &[f32], channel: usize| values[channel.min(values.len() - 1)];
    let channels = 0..mean.len().max(std.len());
    let ends = channels.flat_map(|c| [0.0, 1.0].map(|x| (x - of(mean, c)) / of(std, c)));
    ends.fold((f32::INFINITY, f32::NEG_INFINITY), |(min, max), x| (min.min(x), max.max(x)))
}

/// A range by its input's name, and what was taken for granted.
type Known = (Vec<(String, f32, f32)>, Option<String>);

/// The range of the input that mean and standard deviation are said of, where arrays have gone through them before.
///
/// # Errors
///
/// As many numbers were given for the one as for the other, or one for all channels; or there is no saying what they are
/// of.
pub(super) fn of_arrays(network: &Network, options: &SampleOptions) -> Result<Known, ModelError> {
    if options.mean.is_none() && options.std.is_none() {
        return Ok((Vec::new(), None));
    }
    let (mean, std) = (options.mean.as_deref().unwrap_or(&[0.0]), options.std.as_deref().unwrap_or(&[1.0]));
    if mean.len() != std.len() && mean.len() != 1 && std.len() != 1 {
        let (n, m) = (mean.len(), std.len());
        return Err(network.error(format!("was given {n} numbers for the mean and {m} for std; give one a channel.")));
    }
    let floats = || network.inputs().iter().filter(|port| port.dtype.is_some_and(|dtype| dtype.is_float()));
    let is_picture = |port: &&Port| port.dims.as_ref().is_some_and(|dims| dims.len() == 4);
    let mut pictures = floats().filter(is_picture);
    let port = match (pictures.next(), pictures.next(), floats().count()) {
        (Some(one), None, _) => one,
        (None, _, 1) => floats().next().expect("it was counted"),
        _ => {
            let why = "has no one input of pictures that mean and std could be of; give ranges by name instead.";
            return Err(network.error(why.to_owned()));
        }
    };
    let (min, max) = behind(mean, std);
    let said =
        format!("{} is taken as it is, made of 0 to 1 with mean {mean:?} and std {std:?}: {min} to {max}", port.name);
    Ok((vec![(port.name.clone(), min, max)], Some(said)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_widest_channel_counts() {
        let (min, max) = behind(&[0.485, 0.456, 0.406], &[0.229, 0.224, 0.225]);
        assert!((min + 2.1179).abs() < 1e-3 && (max - 2.64).abs() < 1e-3, "{min} {max}");
        assert_eq!(behind(&[0.5], &[0.5]), (-1.0, 1.0));
        assert_eq!(behind(&[0.0, 0.25, 0.5], &[0.5]), (-1.0, 2.0));
        assert_eq!(behind(&[0.0], &[-1.0]), (-1.0, 0.0), "whichever end is which");
    }
}
