//! The values that a lesson is about, made anew each time: nothing is measured, nothing is kept in a file.

use super::chance::RandomState;

/// More values than any lesson needs, so that no file asks for all memory.
pub(super) const MOST: usize = 4_000_000;

/// A layer that a lesson makes.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    /// Its name.
    pub name: String,
    /// Where its values come from.
    pub(super) from: From,
    /// Values that stand behind these.
    pub(super) also: Vec<f32>,
    /// What each value is multiplied by.
    pub(super) times: f64,
    /// What is added to each value then.
    pub(super) plus: f64,
    /// Whether what is negative becomes 0, at last.
    pub(super) relu: bool,
    /// What each channel is multiplied by at last: as many rows of equal length; without any it is one row.
    pub(super) channels: Vec<f32>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum From {
    /// `np.random.seed(seed); np.random.randn(count)`.
    Normal { seed: u32, count: usize },
    /// `np.random.seed(seed); np.random.rand(count)`.
    Uniform { seed: u32, count: usize },
    /// As they are written.
    Values(Vec<f32>),
    /// So many values in each of equal bins from 0 to `top`, in their middles; the last of all is `top` itself.
    Counts { counts: Vec<u32>, top: f64 },
}

impl Made {
    /// Its values. The same on every machine.
    pub fn values(&self) -> Vec<f32> {
        let mut values: Vec<f32> = match &self.from {
            From::Normal { seed, count } => {
                let mut chance = RandomState::new(*seed);
                (0..*count).map(|_| (chance.normal() * self.times + self.plus) as f32).collect()
            }
            From::Uniform { seed, count } => {
                let mut chance = RandomState::new(*seed);
                (0..*count).map(|_| (chance.uniform() * self.times + self.plus) as f32).collect()
            }
            From::Values(values) => {
                values.iter().map(|value| (f64::from(*value) * self.times + self.plus) as f32).collect()
            }
            From::Counts { counts, top } => {
                let width = top * self.times / counts.len().max(1) as f64;
                let bin = |(at, count): (usize, &u32)| {
                    std::iter::repeat_n(((at as f64 + 0.5) * width) as f32, *count as usize)
                };
                let mut values: Vec<f32> = counts.iter().enumerate().flat_map(bin).collect();
                if let Some(last) = values.last_mut() {
                    *last = (top * self.times) as f32;
                }
                values
            }
        };
        values.extend(&self.also);
        if self.relu {
            values.iter_mut().for_each(|value| *value = value.max(0.0));
        }
        let row = values.len() / self.channels.len().max(1);
        for (channel, times) in self.channels.iter().enumerate() {
            values[channel * row..(channel + 1) * row].iter_mut().for_each(|value| *value *= times);
        }
        values
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        let made = match &self.from {
            From::Normal { count, .. } | From::Uniform { count, .. } => *count,
            From::Values(values) => values.len(),
            From::Counts { counts, .. } => counts.iter().map(|count| *count as usize).sum(),
        };
        made + self.also.len()
    }

    /// The same values in NumPy, as an expression.
    pub fn numpy(&self) -> String {
        let mut times = if self.times == 1.0 { String::new() } else { format!(" * {}", self.times) };
        if self.plus != 0.0 {
            times += &format!(" + {}", self.plus);
        }
        let list = |values: &[f32]| values.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let mut text = match &self.from {
            From::Normal { seed, count } => format!("np.random.RandomState({seed}).randn({count}){times}"),
            From::Uniform { seed, count } => format!("np.random.RandomState({seed}).rand({count}){times}"),
            From::Values(values) => format!("np.array([{}]){times}", list(values)),
            From::Counts { .. } => format!("np.array([{}])", list(&self.values())),
        };
        if !self.also.is_empty() {
            text = format!("np.append({text}, [{}])", list(&self.also));
        }
        if self.relu {
            text = format!("np.maximum({text}, 0)");
        }
        if self.channels.is_empty() {
            return format!("{text}.astype(np.float32)");
        }
        let (rows, times) = (self.channels.len(), list(&self.channels));
        format!("{text}.astype(np.float32).reshape({rows}, -1) * np.array([{times}], np.float32)[:, None]")
    }

    /// The file that `np.save` would write of the values.
    pub fn npy(&self) -> Vec<u8> {
        let values = self.values();
        match self.channels.len() {
            0 => npy(&[values.len()], &values),
            rows => npy(&[rows, values.len() / rows], &values),
        }
    }
}

/// An array as an `.npy` file.
pub(super) fn npy(shape: &[usize], values: &[f32]) -> Vec<u8> {
    let shape: String = shape.iter().map(|n| format!("{n}, ")).collect();
    let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({shape}), }}");
    // Magic, version and length take ten bytes; the whole is a multiple of 64 and ends in a line break.
    let padding = (64 - (10 + header.len() + 1) % 64) % 64;
    let length = header.len() + padding + 1;
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((length as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(std::iter::repeat_n(b' ', padding));
    bytes.push(b'\n');
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(from: From) -> Made {
        Made { name: "x".into(), from, also: Vec::new(), times: 1.0, plus: 0.0, relu: false, channels: Vec::new() }
    }

    #[test]
    fn values_are_made_as_they_are_described() {
        let counts = made(From::Counts { counts: vec![1, 0, 2, 3], top: 4.0 });
        assert_eq!(counts.values(), [0.5, 2.5, 2.5, 3.5, 3.5, 4.0]);
        let relu = Made { also: vec![-1.0, 12.0], relu: true, times: 2.0, ..made(From::Values(vec![1.5, -3.0])) };
        assert_eq!(relu.values(), [3.0, 0.0, 0.0, 12.0]);
        assert_eq!(relu.numpy(), "np.maximum(np.append(np.array([1.5, -3]) * 2, [-1, 12]), 0).astype(np.float32)");
    }

    #[test]
    fn channels_are_rows_of_their_own_size() {
        let values = From::Values(vec![1.0, 2.0, 3.0, -4.0]);
        let rows = Made { channels: vec![1.0, 0.25], ..made(values) };
        assert_eq!(rows.values(), [1.0, 2.0, 0.75, -1.0]);
        assert!(rows.npy().windows(6).any(|part| part == b"(2, 2,"), "{:?}", rows.npy());
        let numpy =
            "np.array([1, 2, 3, -4]).astype(np.float32).reshape(2, -1) * np.array([1, 0.25], np.float32)[:, None]";
        assert_eq!(rows.numpy(), numpy);
    }

    /// The digits of the source article: its histogram of 100 bins has 1,000 values up to 3.958602...
    #[test]
    fn the_article_s_values() {
        let values = made(From::Normal { seed: 1, count: 1000 }).values();
        let amax = values.iter().fold(0.0f32, |amax, value| amax.max(value.abs()));
        assert_eq!(amax / 127.0, 0.031_170_1, "max / 127");
    }

    #[test]
    fn files_are_npy() {
        let bytes = made(From::Values(vec![1.0, 2.0])).npy();
        assert_eq!(bytes.len() % 64, 8);
        assert!(bytes.starts_with(b"\x93NUMPY\x01\x00") && bytes.ends_with(&2.0f32.to_le_bytes()));
        assert_eq!(usize::from(u16::from_le_bytes([bytes[8], bytes[9]])), bytes.len() - 10 - 8);
    }
}
