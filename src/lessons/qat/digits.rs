//! The pictures: handwritten digits of 8x8 pixels, part of the program.

use std::sync::LazyLock;

use super::chance::Chance;

/// Pixels of a picture.
pub const PIXELS: usize = 64;

/// How many pictures no run is trained or calibrated on.
const ASIDE: usize = 500;

/// A record of the file: the digit, then 64 pixels of 0 to 16 in five bits each, the lowest bits first.
const RECORD: usize = 1 + PIXELS * 5 / 8;

/// "Optical Recognition of Handwritten Digits" (UCI, CC BY 4.0): see `assets/digits/README.md`.
static PACKED: &[u8] = include_bytes!("../../../assets/digits/digits.bin");

/// Pictures with what they show.
#[derive(Clone, Debug, Default)]
pub struct Pictures {
    /// The pixels, row by row: 0 is paper, 1 is ink.
    pub pixels: Vec<[f64; PIXELS]>,
    /// The digit that each shows.
    pub shown: Vec<usize>,
}

impl Pictures {
    /// How many.
    pub fn len(&self) -> usize {
        self.shown.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.shown.is_empty()
    }

    fn push(&mut self, record: &[u8]) {
        let (digit, packed) = record.split_first().expect("a record begins with its digit");
        let bit = |at: usize| packed[at / 8] >> (at % 8) & 1;
        let pixel = |at: usize| (0..5).map(|i| bit(5 * at + i) << i).sum::<u8>();
        self.pixels.push(std::array::from_fn(|at| f64::from(pixel(at)) / 16.0));
        self.shown.push(usize::from(*digit));
    }
}

/// The pictures, divided once by chance and always alike. Both parts hold digits by the same 13 people.
#[derive(Clone, Debug)]
pub struct Digits {
    /// What is trained and calibrated on: 1,297.
    pub train: Pictures,
    /// What accuracy is measured on, and nothing else: 500.
    pub aside: Pictures,
}

impl Digits {
    /// The 1,797 pictures that come with the program.
    pub fn bundled() -> &'static Digits {
        static DIGITS: LazyLock<Digits> = LazyLock::new(|| Digits::unpacked(PACKED));
        &DIGITS
    }

    fn unpacked(packed: &[u8]) -> Digits {
        let records: Vec<&[u8]> = packed.chunks_exact(RECORD).collect();
        let order = Chance::new(0, 0).shuffled(records.len());
        let (aside, train) = order.split_at(ASIDE.min(order.len()));
        let of = |places: &[usize]| {
            let mut pictures = Pictures::default();
            places.iter().for_each(|&at| pictures.push(records[at]));
            pictures
        };
        Digits { train: of(train), aside: of(aside) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_those_of_scikit_learn() {
        assert_eq!(PACKED.len(), 1797 * RECORD);
        let mut all = Pictures::default();
        PACKED.chunks_exact(RECORD).for_each(|record| all.push(record));
        let sixteenths = |at: usize| all.pixels[at].map(|v| v * 16.0);
        // `load_digits().data[0]` and `[-1]`, the sum of all, and how often each digit comes, from NumPy.
        assert_eq!(sixteenths(0)[..16], [0., 0., 5., 13., 9., 1., 0., 0., 0., 0., 13., 15., 10., 15., 5., 0.]);
        assert_eq!(sixteenths(1796)[8..16], [0., 2., 16., 14., 6., 1., 0., 0.]);
        assert_eq!((all.shown[0], all.shown[1796]), (0, 8));
        assert_eq!(all.pixels.iter().flatten().sum::<f64>() * 16.0, 561_718.0);
        assert!(all.pixels.iter().flatten().all(|v| (0.0..=1.0).contains(v)));
        let often = |digit| all.shown.iter().filter(|&&shown| shown == digit).count();
        assert_eq!([0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map(often), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
    }

    #[test]
    fn each_is_in_one_part_and_every_digit_in_both() {
        let Digits { train, aside } = Digits::bundled();
        assert_eq!((train.len(), aside.len()), (1297, 500));
        assert_eq!(train.pixels.iter().chain(&aside.pixels).flatten().sum::<f64>() * 16.0, 561_718.0);
        for digit in 0..10 {
            let often = |part: &Pictures| part.shown.iter().filter(|&&shown| shown == digit).count();
            assert!(often(train) > 100 && often(aside) > 30, "{digit}");
        }
    }
}
