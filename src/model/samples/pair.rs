//! Which files of several inputs belong together.

use std::collections::{HashMap, HashSet};

/// Files that belong together.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pairs {
    /// For each sample, or each batch, the place of its file in each input's list, if it has one.
    pub sets: Vec<Vec<Option<usize>>>,
    /// Whether nothing but the order of the files speaks for it.
    pub by_order: bool,
}

/// Puts together files that have a key in common, else those at the same place. `keys` are those of each input's files.
/// What an input has once is for all.
///
/// The error is two inputs with different numbers of files and no key in common.
pub(super) fn pair(keys: &[Vec<&str>]) -> Result<Pairs, (usize, usize)> {
    let several: Vec<usize> = (0..keys.len()).filter(|&ix| keys[ix].len() > 1).collect();
    let Some(longest) = several.iter().rev().copied().max_by_key(|&ix| keys[ix].len()) else {
        let set = keys.iter().map(|keys| (!keys.is_empty()).then_some(0)).collect();
        return Ok(Pairs { sets: vec![set], by_order: false });
    };
    let place = |ix: usize, among_several: Option<usize>| match keys[ix].len() {
        0 => None,
        1 => Some(0),
        _ => among_several,
    };
    let set = |of: &dyn Fn(usize) -> Option<usize>| (0..keys.len()).map(|ix| place(ix, of(ix))).collect();
    let places: Vec<HashMap<&str, usize>> =
        keys.iter().map(|keys| keys.iter().enumerate().map(|(at, &key)| (key, at)).collect()).collect();
    // A key that is there twice says nothing.
    let apart = several.iter().all(|&ix| places[ix].len() == keys[ix].len());
    if apart && keys[longest].iter().any(|key| several.iter().all(|&ix| places[ix].contains_key(key))) {
        let mut seen = HashSet::new();
        let others = several.iter().filter(|&&ix| ix != longest);
        let all = std::iter::once(&longest).chain(others).flat_map(|&ix| &keys[ix]).filter(|&&key| seen.insert(key));
        let sets = all.map(|&key| set(&|ix| places[ix].get(key).copied())).collect();
        return Ok(Pairs { sets, by_order: false });
    }
    match several.iter().find(|&&ix| keys[ix].len() != keys[longest].len()) {
        Some(&ix) => Err((ix, longest)),
        None => {
            let sets = (0..keys[longest].len()).map(|at| set(&|_| Some(at))).collect();
            Ok(Pairs { sets, by_order: true })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_key_in_common_belongs_together() {
        let sets = |keys: &[&[&str]]| {
            let keys: Vec<Vec<&str>> = keys.iter().map(|keys| keys.to_vec()).collect();
            pair(&keys).map(|pairs| (pairs.sets, pairs.by_order))
        };
        let (a, b, none) = (Some(0), Some(1), None);
        assert_eq!(sets(&[&["x"], &["y"], &[]]), Ok((vec![vec![a, a, none]], false)), "one of each is one sample");
        assert_eq!(sets(&[&["1", "2"], &["2", "1"]]), Ok((vec![vec![a, b], vec![b, a]], false)));
        assert_eq!(sets(&[&["1", "2"], &["s"]]), Ok((vec![vec![a, a], vec![b, a]], false)), "one is for all");
        let lacking = vec![vec![a, a], vec![b, none], vec![none, b]];
        assert_eq!(sets(&[&["1", "2"], &["1", "3"]]), Ok((lacking, false)), "what has no counterpart is told");
        assert_eq!(sets(&[&["i1", "i2"], &["m1", "m2"]]), Ok((vec![vec![a, a], vec![b, b]], true)), "in their order");
        assert_eq!(sets(&[&["1", "1"], &["1", "1"]]), Ok((vec![vec![a, a], vec![b, b]], true)));
        assert_eq!(sets(&[&["i1", "i2"], &["m1", "m2", "m3"]]), Err((0, 1)));
    }
}
