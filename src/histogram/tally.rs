//! Counting slots fast.

/// Counters that are hit at one slot after another.
///
/// Four narrow tables lie interleaved and take turns: a run of equal values (a ReLU's zeros) would otherwise wait each
/// time for the store of the one before to come back as a load.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    narrow: Vec<[u32; 4]>,
    /// Values in `narrow`; below 2^32, so that no counter can overflow.
    held: u32,
    wide: Vec<u64>,
}

impl Tally {
    pub fn new(slots: usize) -> Tally {
        Tally { narrow: vec![[0; 4]; slots], held: 0, wide: vec![0; slots] }
    }

    /// Counts each slot once. Panics on a slot that does not exist.
    pub fn add(&mut self, slots: &[u32]) {
        match self.held.checked_add(slots.len() as u32) {
            Some(held) => self.held = held,
            None => {
                self.flush();
                self.held = slots.len() as u32;
            }
        }
        let (quads, rest) = slots.as_chunks::<4>();
        for &[a, b, c, d] in quads {
            self.narrow[a as usize][0] += 1;
            self.narrow[b as usize][1] += 1;
            self.narrow[c as usize][2] += 1;
            self.narrow[d as usize][3] += 1;
        }
        for &slot in rest {
            self.narrow[slot as usize][0] += 1;
        }
    }

    /// The counts so far, to change as a whole.
    pub fn counts(&mut self) -> &mut Vec<u64> {
        self.flush();
        &mut self.wide
    }

    fn flush(&mut self) {
        if self.held > 0 {
            for (wide, narrow) in self.wide.iter_mut().zip(&mut self.narrow) {
                *wide += std::mem::take(narrow).iter().map(|&n| u64::from(n)).sum::<u64>();
            }
            self.held = 0;
        }
    }

    pub fn merge(&mut self, mut other: Tally) {
        for (mine, theirs) in self.counts().iter_mut().zip(other.counts()) {
            *mine += *theirs;
        }
    }
}
