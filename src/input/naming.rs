//! Names of layers: as short as they can be and still tell the layers apart.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::path::{Component, Path};

/// `conv2` before `conv10`. Names that read the same (`01`, `1`) are still ordered, so that the order is one.
pub(super) fn natural(a: &str, b: &str) -> Ordering {
    alphanumeric_sort::compare_str(a, b).then_with(|| a.cmp(b))
}

/// The words that a name can be made of: the layer's own first, then outwards the directories around it.
pub(super) fn words(path: &Path, key: Option<&str>) -> Vec<String> {
    let stem = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let directories = path.parent().into_iter().flat_map(|parent| parent.components().rev());
    let key = key.filter(|key| !key.is_empty()).map(str::to_owned);
    key.into_iter().chain([stem]).chain(directories.filter_map(component)).collect()
}

/// A path's component as text; nothing for `.`, and for the root what makes `/` of it when joined.
pub(super) fn component(component: Component) -> Option<String> {
    match component {
        Component::CurDir => None,
        Component::RootDir => Some(String::new()),
        other => Some(other.as_os_str().to_string_lossy().into_owned()),
    }
}

/// One name for each layer: its first word, with as many of the others in front as it takes to be the only one.
pub(super) fn unique(words: &[Vec<String>]) -> Vec<String> {
    let name = |i: usize, depth: usize| {
        let mut parts: Vec<&str> = words[i][..depth].iter().map(String::as_str).collect();
        parts.reverse();
        parts.join("/")
    };
    let mut names: Vec<String> = (0..words.len()).map(|i| name(i, 1)).collect();
    let mut depths = vec![1; words.len()];
    loop {
        let mut same: HashMap<&str, Vec<usize>> = HashMap::with_capacity(names.len());
        for (i, name) in names.iter().enumerate() {
            same.entry(name).or_default().push(i);
        }
        let longer: Vec<usize> =
            same.into_values().filter(|i| i.len() > 1).flatten().filter(|&i| depths[i] < words[i].len()).collect();
        if longer.is_empty() {
            break;
        }
        for i in longer {
            depths[i] += 1;
            names[i] = name(i, depths[i]);
        }
    }
    number_the_rest(&mut names);
    names
}

/// Two files whose paths differ in their endings only, or in bytes that are not text, have no word left to tell them
/// apart: the later ones are numbered.
fn number_the_rest(names: &mut [String]) {
    let mut taken: HashSet<String> = HashSet::with_capacity(names.len());
    let all: HashSet<String> = names.iter().cloned().collect();
    for name in names {
        if !taken.insert(name.clone()) {
            let free = (2_u64..).map(|n| format!("{name}#{n}")).find(|n| !taken.contains(n) && !all.contains(n));
            *name = free.expect("numbers do not run out");
            taken.insert(name.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(paths: &[(&str, Option<&str>)]) -> Vec<String> {
        unique(&paths.iter().map(|(path, key)| words(Path::new(path), *key)).collect::<Vec<_>>())
    }

    #[test]
    fn a_name_is_no_longer_than_it_must_be() {
        let files = [("run1/conv1.npy", None), ("run2/conv1.npy", None), ("run1/fc.weight.npy", None)];
        assert_eq!(names(&files), ["run1/conv1", "run2/conv1", "fc.weight"]);
        assert_eq!(names(&[("x/a/f.npy", None), ("y/a/f.npy", None)]), ["x/a/f", "y/a/f"]);
        assert_eq!(names(&[("conv1.npy", None), ("./r/conv1.npy", None)]), ["conv1", "r/conv1"]);
        assert_eq!(names(&[("a.npz", Some("conv1")), ("b.npz", Some("conv1"))]), ["a/conv1", "b/conv1"]);
        assert_eq!(names(&[("r/a.npz", Some("c")), ("s/a.npz", Some("c"))]), ["r/a/c", "s/a/c"]);
        assert_eq!(names(&[("r/a.npz", Some(""))]), ["a"]);
        assert_eq!(names(&[("/a/x.npy", None), ("a/x.npy", None)]), ["/a/x", "a/x"]);
    }

    #[test]
    fn what_cannot_be_told_apart_is_numbered() {
        assert_eq!(names(&[("a.npy", None), ("a.NPY", None), ("a", None)]), ["a", "a#2", "a#3"]);
        assert_eq!(names(&[("a.npy", None), ("a.NPY", None), ("a#2.npy", None)]), ["a", "a#3", "a#2"]);
    }

    #[test]
    fn numbers_in_names_order_by_value() {
        let mut names = ["conv10", "conv2", "conv1", "conv02", "Conv3", "第2层", "第10层"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["Conv3", "conv1", "conv2", "conv02", "conv10", "第2层", "第10层"]);
    }

    proptest! {
        /// A sort may panic on an order that is none.
        #[test]
        fn natural_order_is_total(a in "[0-9a中./ ]{0,6}", b in "[0-9a中./ ]{0,6}", c in "[0-9a中./ ]{0,6}") {
            prop_assert_eq!(natural(&a, &b), natural(&b, &a).reverse());
            if natural(&a, &b).is_le() && natural(&b, &c).is_le() {
                prop_assert!(natural(&a, &c).is_le());
            }
        }

        #[test]
        fn names_are_unique(paths in proptest::collection::hash_set("([ab]/){0,3}[ab](#2)?\\.(npy|npz)", 0..20)) {
            let paths: Vec<_> = paths.into_iter().collect();
            let names = unique(&paths.iter().map(|path| words(Path::new(path), None)).collect::<Vec<_>>());
            prop_assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
        }
    }
}
