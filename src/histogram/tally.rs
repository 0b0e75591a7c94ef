//! Counting slots fast.

use crate::vector::Kernel;

/// Values handled at a time: their slots fit into the first cache beside the counters.
pub(super) const CHUNK: usize = 1024;

/// `x` rounded down, as an integer and as a float, for `0 <= x < 2^22`.
///
/// `as u32` answers for NaN and for what does not fit, one value at a time; this has no such duty, and compiles to
/// vector instructions. Adding 2^23 rounds to the nearest integer and leaves it in the low bits.
#[inline(always)]
pub(super) fn floor(x: f32) -> (u32, f32) {
    const SHIFT: f32 = 8_388_608.0;
    let shifted = x + SHIFT;
    let nearest = shifted - SHIFT;
    let over = nearest > x;
    ((shifted.to_bits() & 0x7f_ffff) - u32::from(over), nearest - if over { 1.0 } else { 0.0 })
}

/// The values to keep, in order, moved to the front of `kept`, which is at least as long as `values`.
///
/// Groups that are kept whole are copied at once: of what is left out there is mostly little.
pub(super) struct Pick<'a, F> {
    pub values: &'a [f32],
    pub kept: &'a mut [f32],
    pub keep: F,
}

impl<'a, F: Fn(f32) -> bool> Kernel for Pick<'a, F> {
    type Out = &'a [f32];

    #[inline(always)]
    fn run(self) -> &'a [f32] {
        let Pick { values, kept, keep } = self;
        let (groups, rest) = values.as_chunks::<16>();
        let mut n = 0;
        for group in groups {
            if group.iter().fold(true, |all, &x| all & keep(x)) {
                kept[n..n + 16].copy_from_slice(group);
                n += 16;
            } else {
                for &x in group {
                    kept[n] = x;
                    n += usize::from(keep(x));
                }
            }
        }
        for &x in rest {
            kept[n] = x;
            n += usize::from(keep(x));
        }
        &kept[..n]
    }
}

/// Counters that are hit at one slot after another.
///
/// Four narrow tables, small enough for the first cache, lie interleaved and take turns: a run of equal values (a ReLU's zeros) would otherwise wait each
/// time for the store of the one before to come back as a load.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    narrow: Vec<[u16; 4]>,
    /// How often any one of the narrow counters may have been hit; so few that none can overflow.
    held: u16,
    wide: Vec<u64>,
    /// Where the next slots are written: clearing room for them each time would show.
    room: Vec<u32>,
}

impl Tally {
    pub fn new(slots: usize) -> Tally {
        Tally { narrow: vec![[0; 4]; slots], held: 0, wide: vec![0; slots], room: vec![0; CHUNK] }
    }

    /// Counts the `n` slots that `fill` writes; at most [`CHUNK`]. Each has to be written.
    pub fn count(&mut self, n: usize, fill: impl FnOnce(&mut [u32])) {
        let mut room = std::mem::take(&mut self.room);
        fill(&mut room[..n]);
        self.add(&room[..n]);
        self.room = room;
    }

    /// Counts each slot once. Panics on a slot that does not exist.
    pub fn add(&mut self, slots: &[u32]) {
        for slots in slots.chunks(CHUNK) {
            self.add_chunk(slots);
        }
    }

    fn add_chunk(&mut self, slots: &[u32]) {
        let (quads, rest) = slots.as_chunks::<4>();
        let hits = (quads.len() + rest.len()) as u16;
        match self.held.checked_add(hits) {
            Some(held) => self.held = held,
            None => {
                self.flush();
                self.held = hits;
            }
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floor_is_the_cast() {
        for k in 0..70_000u32 {
            let x = k as f32;
            for x in [x, x.next_up(), x.next_down().max(0.0), x + 0.5, (x + 0.5).next_up()] {
                assert_eq!(floor(x), (x as u32, (x as u32) as f32), "{x}");
            }
        }
        assert_eq!((floor(f32::MIN_POSITIVE), floor(-0.0)), ((0, 0.0), (0, 0.0)));
    }

    #[test]
    fn every_slot_is_counted_once() {
        let mut tally = Tally::new(5);
        tally.add(&[0, 4, 4, 4, 4, 4, 1]);
        let mut other = Tally::new(5);
        other.add(&[3; 9]);
        tally.merge(other);
        assert_eq!(tally.counts(), &[1, 1, 0, 9, 5]);
        // More than a narrow counter can hold.
        tally.add(&[2; 300_001]);
        tally.add(&[2; 3]);
        assert_eq!(tally.counts(), &[1, 1, 300_004, 9, 5]);
    }
}
