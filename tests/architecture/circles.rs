//! Which files of a room know each other in a circle.

use std::collections::{BTreeMap, BTreeSet};

use super::imports::{Imports, Path, imports};
use super::source::Source;

/// Who knows whom: for each file, by its module, the other files of its room that it names, but for the `mod.rs` of the
/// folders that it lies in.
pub struct Knows(BTreeMap<Path, BTreeSet<Path>>);

impl Knows {
    /// Of all `sources`.
    pub fn of(sources: &[Source]) -> Knows {
        let modules: BTreeSet<&Path> = sources.iter().map(|s| &s.module).collect();
        let is_module = |path: &[String]| modules.contains(&path.to_vec());
        let all: BTreeMap<Path, Imports> = sources.iter().map(|s| (s.module.clone(), imports(s, is_module))).collect();
        let knows = all.iter().map(|(module, imports)| {
            let others = imports.used.iter().filter_map(|path| home(path, &all, 0));
            let others = others.filter(|other| other.first() == module.first());
            // A folder's `mod.rs` holds what its files have in common: to know it is no step of a circle.
            let others = others.filter(|other| !module.starts_with(other));
            (module.clone(), others.collect())
        });
        Knows(knows.collect())
    }

    /// The groups of files that can reach each other.
    pub fn circles(&self) -> Vec<BTreeSet<Path>> {
        let reach: BTreeMap<&Path, BTreeSet<&Path>> = self.0.keys().map(|m| (m, self.reached_from(m))).collect();
        let mut circles: Vec<BTreeSet<Path>> = Vec::new();
        for (module, reached) in &reach {
            if reached.contains(module) && !circles.iter().any(|circle| circle.contains(*module)) {
                let back = reached.iter().filter(|other| reach[*other].contains(module));
                circles.push(back.map(|other| (*other).clone()).collect());
            }
        }
        circles
    }

    fn reached_from(&self, module: &Path) -> BTreeSet<&Path> {
        let mut reached = BTreeSet::new();
        let mut next: Vec<&Path> = self.0[module].iter().collect();
        while let Some(other) = next.pop() {
            if reached.insert(other) {
                next.extend(&self.0[other]);
            }
        }
        reached
    }

    /// The steps between the files of a circle, for the message.
    pub fn steps(&self, circle: &BTreeSet<Path>) -> String {
        let step = |from: &Path| {
            let to = self.0[from].iter().filter(|to| circle.contains(*to)).map(|to| to.join("/"));
            format!("  {} knows {}\n", from.join("/"), to.collect::<Vec<_>>().join(", "))
        };
        circle.iter().map(step).collect()
    }
}

/// The file that `path` means: through the names that modules on the way hand on.
fn home(path: &Path, all: &BTreeMap<Path, Imports>, depth: usize) -> Option<Path> {
    let deepest = (0..=path.len()).rev().find(|n| all.contains_key(&path[..*n]))?;
    let (module, rest) = path.split_at(deepest);
    let target = rest.first().and_then(|name| all[module].names.get(name));
    match target {
        Some(target) if depth < 8 => home(target, all, depth + 1),
        _ => Some(module.to_vec()),
    }
}

#[test]
fn a_circle_is_found_through_names_that_are_handed_on() {
    let source = |module: &[&str], code: &str| Source {
        path: module.join("/").into(),
        module: module.iter().map(|s| (*s).to_owned()).collect(),
        code: code.into(),
    };
    let sources = [
        source(&[], "pub mod room;"),
        source(&["room"], "mod a; mod b; mod c; pub use a::A; pub use b::B;"),
        source(&["room", "a"], "use super::B; pub struct A;"),
        source(&["room", "b"], "pub struct B; fn f() { crate::room::A; }"),
        source(&["room", "c"], "use super::{A, B};"),
    ];
    let knows = Knows::of(&sources);
    let circles = knows.circles();
    assert_eq!(circles.len(), 1);
    assert_eq!(knows.steps(&circles[0]), "  room/a knows room/b\n  room/b knows room/a\n");
    assert!(Knows::of(&sources[..3]).circles().is_empty());
}
