//! Whether two files say the same of a piece of the data, told by a digest: the piece itself is not kept.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::{Counts, Identity, Tensor};
use crate::session::Key;

/// What a digest is of.
pub(super) type Print = [u8; 32];

/// The digest of some pieces and everything that was counted of them, for so many bins.
pub(super) fn print_of(of: &BTreeSet<Identity>, tensors: &BTreeMap<Key, Tensor>, bins: usize) -> Print {
    let mut print = Sha256::new();
    of.iter().for_each(|identity| print.update(digest_of(&identity.run, &identity.shard)));
    tensors.iter().for_each(|(key, tensor)| digest(&mut print, key, tensor, bins));
    print.finalize().into()
}

/// A digest of two texts, which no other two have.
fn digest_of(a: &str, b: &str) -> [u8; 32] {
    Sha256::new().chain_update(a.len().to_le_bytes()).chain_update(a).chain_update(b).finalize().into()
}

/// Takes everything of a tensor into a digest.
fn digest(of: &mut Sha256, key: &Key, tensor: &Tensor, bins: usize) {
    let Tensor { op, dtype, samples, shape, .. } = tensor;
    of.update(format!("{:?} {op:?} {dtype:?} {samples} {shape} {bins}", key.name()));
    let mut bytes = Vec::new();
    for (at, counts) in tensor.parts() {
        let Counts { n, zeros, nan, pos_inf, neg_inf, min, max, sums, bins } = counts;
        of.update(format!("{at:?} {n} {zeros} {nan} {pos_inf} {neg_inf} {min:?} {max:?} {} ", bins.len()));
        bytes.clear();
        for ((sign, exponent), sum) in sums.iter() {
            let numbers = [sum.n, sum.s[0], sum.s[1], sum.q[0], sum.q[1], sum.q[2]];
            bytes.push(sign as u8);
            bytes.extend(exponent.to_le_bytes());
            numbers.iter().for_each(|n| bytes.extend(n.to_le_bytes()));
        }
        for bin in bins {
            bytes.push(bin.sign as u8);
            bytes.extend(bin.index.to_le_bytes());
            bytes.extend(bin.n.to_le_bytes());
        }
        of.update(&bytes);
    }
}
