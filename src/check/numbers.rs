//! The numbers of one tensor in a file, however many and however strange.

/// As many are kept one by one; of more only what they come to.
pub(super) const KEPT: usize = 65_536;

/// What no scale may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Odd {
    Zero,
    Infinite,
    Nan,
    Negative,
    Denormal,
}

impl Odd {
    pub const ALL: [Odd; 5] = [Odd::Zero, Odd::Infinite, Odd::Nan, Odd::Negative, Odd::Denormal];

    fn of(x: f32) -> Option<Odd> {
        match x {
            x if x.is_nan() => Some(Odd::Nan),
            0.0 => Some(Odd::Zero),
            x if x.is_infinite() => Some(Odd::Infinite),
            x if x < 0.0 => Some(Odd::Negative),
            x if x < f32::MIN_POSITIVE => Some(Odd::Denormal),
            _ => None,
        }
    }
}

/// How often something was seen, and where first.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Found {
    pub times: u64,
    pub first: u64,
    pub value: f32,
}

/// Some numbers. Memory does not grow with how many they are.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Numbers {
    /// How many there are.
    pub count: u64,
    /// Each of them, where they are at most [`KEPT`]; else the first of them.
    pub each: Vec<f32>,
    odd: [Found; 5],
    /// The smallest and the largest that is positive, finite and no denormal.
    sound: Option<(f32, f32)>,
}

impl Numbers {
    pub fn of(values: impl IntoIterator<Item = f32>) -> Numbers {
        let mut numbers = Numbers::default();
        values.into_iter().for_each(|x| numbers.push(x));
        numbers
    }

    pub fn push(&mut self, x: f32) {
        if self.each.len() < KEPT {
            self.each.push(x);
        }
        match Odd::of(x) {
            Some(odd) => {
                let found = &mut self.odd[odd as usize];
                if found.times == 0 {
                    *found = Found { times: 0, first: self.count, value: x };
                }
                found.times += 1;
            }
            None => self.sound = Some(self.sound.map_or((x, x), |(low, high)| (low.min(x), high.max(x)))),
        }
        self.count += 1;
    }

    pub fn odd(&self, odd: Odd) -> Option<Found> {
        Some(self.odd[odd as usize]).filter(|found| found.times > 0)
    }

    pub fn low(&self) -> Option<f32> {
        self.sound.map(|(low, _)| low)
    }

    pub fn high(&self) -> Option<f32> {
        self.sound.map(|(_, high)| high)
    }

    /// The only number.
    pub fn one(&self) -> Option<f32> {
        (self.count == 1).then(|| self.each[0])
    }

    /// The median of those that are sound and kept.
    pub fn median(&self) -> Option<f32> {
        median(self.each.iter().copied().filter(|x| Odd::of(*x).is_none()).collect())
    }
}

/// The middle one, the upper of two.
pub(super) fn median(mut values: Vec<f32>) -> Option<f32> {
    let middle = values.len() / 2;
    (!values.is_empty()).then(|| *values.select_nth_unstable_by(middle, f32::total_cmp).1)
}
