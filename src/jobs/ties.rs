//! Which tensors share one range from the start: those that were named, and the inputs of a `Concat`.

use super::told::Told;
use crate::ErrorKind;
use crate::session::{Arrival, Failure, Kind, Layer, Names, Plan, Start};

/// What is to be tied before anything is looked at.
#[derive(Clone, Debug, Default)]
pub struct Ties {
    /// What was asked for: each is one tie of all activations that it fits.
    pub asked: Vec<Names>,
    /// Whether the inputs of a `Concat` are tied without being asked for.
    pub concats: bool,
}

/// Tensors that are to share one range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Indices of their layers, in order; at least two.
    pub of: Vec<usize>,
    /// The `Concat`s that they are inputs of, as far as those have tied them.
    pub concats: Vec<String>,
}

impl Group {
    /// Why they are tied, as the end of a sentence; `None` where it was only asked for.
    pub fn why(&self) -> Option<String> {
        const NAMED: usize = 3;
        let more = self.concats.len().saturating_sub(NAMED);
        let names = self.concats[..self.concats.len() - more].join(", ");
        match (self.concats.len(), more) {
            (0, _) => None,
            (1, _) => Some(format!("inputs of the Concat {names}")),
            (_, 0) => Some(format!("inputs of the Concats {names}")),
            (_, more) => Some(format!("inputs of the Concats {names} and {more} more")),
        }
    }
}

impl Ties {
    /// The groups among `layers`; those that overlap become one. `concats` are the inputs of each `Concat` with its name.
    /// Behind them, a sentence for each tie that was asked for and cannot be.
    ///
    /// A `Concat` ties what would be quantized alike: inputs that stay in float, have ranges per channel or go to other
    /// integers by a rule of theirs are left out.
    pub fn groups(&self, layers: &[Layer], plan: &Plan, concats: &[(String, Vec<usize>)]) -> (Vec<Group>, Vec<String>) {
        let mut errors = Vec::new();
        let mut groups: Vec<Group> = Vec::new();
        for names in &self.asked {
            let fits = |layer: &Layer| layer.kind() == Kind::Activation && names.fit(&layer.subject());
            let of: Vec<usize> = (0..layers.len()).filter(|&l| fits(&layers[l])).collect();
            let by_channel = of.iter().find(|&&l| plan.start(&layers[l].subject()).axis.is_some());
            match (of.len(), by_channel) {
                (0, _) => errors.push(format!("No activation is called {names}; a tie needs two or more.")),
                (1, _) => errors.push(format!(
                    "Only one activation is called {names}, {}; a tie needs two or more.",
                    layers[of[0]].name()
                )),
                (_, Some(&layer)) => errors.push(format!(
                    "The tie of {names} holds {}, which is to have a range for each channel; leave it out of one of the two.",
                    layers[layer].name()
                )),
                _ => add(&mut groups, Group { of, concats: Vec::new() }),
            }
        }
        for (node, inputs) in concats.iter().filter(|_| self.concats) {
            // What is known of each does not keep them apart.
            let start = |&layer: &usize| {
                let start = plan.start(&layers[layer].subject());
                Start { known: None, imported: Vec::new(), by: None, ..start }
            };
            let plain = |layer: &&usize| start(layer).quantized && start(layer).axis.is_none();
            let Some(first) = inputs.iter().find(plain).map(start) else { continue };
            let mut of: Vec<usize> = inputs.iter().copied().filter(|layer| start(layer) == first).collect();
            of.sort_unstable();
            of.dedup();
            if of.len() > 1 {
                add(&mut groups, Group { of, concats: vec![node.clone()] });
            }
        }
        groups.sort_by_key(|group| group.of[0]);
        (groups, errors)
    }

    /// The same of what was read from `file`, empty where that is several; ties that cannot be are told as failures.
    pub(super) fn told(
        &self,
        (layers, file): (&[Layer], &str),
        plan: &Plan,
        concats: &[(String, Vec<usize>)],
        tell: &dyn Fn(Told),
    ) -> Vec<Group> {
        let (groups, errors) = self.groups(layers, plan, concats);
        for message in errors {
            let result = Err(Failure { kind: ErrorKind::Unfit, file: file.to_owned(), message });
            tell(Told::Arrived(Arrival::Tied { of: Vec::new(), requested: false, result }));
        }
        groups
    }
}

/// Adds a group, and joins it with those that it shares a tensor with.
fn add(groups: &mut Vec<Group>, mut new: Group) {
    let (overlapping, mut apart): (Vec<_>, Vec<_>) =
        groups.drain(..).partition(|group| group.of.iter().any(|layer| new.of.contains(layer)));
    let mut concats = Vec::new();
    for group in overlapping {
        new.of.extend(group.of);
        concats.extend(group.concats);
    }
    concats.append(&mut new.concats);
    new.concats = concats;
    new.of.sort_unstable();
    new.of.dedup();
    apart.push(new);
    *groups = apart;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibrate;
    use crate::quant::Format;
    use crate::session::Key;
    use crate::session::Rules;

    fn layers() -> Vec<Layer> {
        let mut layers: Vec<Layer> =
            ["a", "b", "c", "d", "e"].map(|name| Layer::waiting(Key::activation(name), Vec::new())).into();
        layers.push(Layer::waiting(Key::new(Kind::Weight, "weight"), Vec::new()));
        layers
    }

    fn groups(asked: &[&str], rules: &[&str], concats: &[&[usize]]) -> (Vec<(Vec<usize>, String)>, Vec<String>) {
        let ties = Ties { asked: asked.iter().map(|names| names.parse().unwrap()).collect(), concats: true };
        let rules = rules.iter().fold(Rules::new(), |rules, set| rules.assign(set.parse().unwrap()));
        let plan = Plan {
            methods: calibrate::defaults().into(),
            default_method: 0,
            format: Format::INT8,
            rules,
            overlays: [].into(),
        };
        let concats: Vec<_> = concats.iter().enumerate().map(|(i, of)| (format!("cat{i}"), of.to_vec())).collect();
        let (groups, errors) = ties.groups(&layers(), &plan, &concats);
        (
            groups
                .into_iter()
                .map(|g| {
                    let why = g.why().unwrap_or_default();
                    (g.of, why)
                })
                .collect(),
            errors,
        )
    }

    #[test]
    fn groups_that_overlap_are_one() {
        let none = String::new;
        assert_eq!(groups(&["d,e", "a,c"], &[], &[]), (vec![(vec![0, 2], none()), (vec![3, 4], none())], vec![]));
        assert_eq!(groups(&["a,b", "c,d", "b,c"], &[], &[]).0, [(vec![0, 1, 2, 3], none())]);
        let chain = groups(&[], &[], &[&[1, 0], &[1, 2]]).0;
        assert_eq!(chain, [(vec![0, 1, 2], "inputs of the Concats cat0, cat1".into())]);
        let long = groups(&[], &[], &[&[0, 1], &[1, 2], &[2, 3], &[3, 4]]).0;
        assert_eq!(long, [(vec![0, 1, 2, 3, 4], "inputs of the Concats cat0, cat1, cat2 and 1 more".into())]);
        assert_eq!(groups(&["*"], &[], &[]).0, [(vec![0, 1, 2, 3, 4], none())], "no weight");
        assert_eq!(groups(&[], &[], &[&[3], &[2, 2], &[]]).0, []);
    }

    #[test]
    fn a_concat_ties_what_is_quantized_alike() {
        assert_eq!(groups(&[], &["a=float"], &[&[0, 1, 2]]).0[0].0, [1, 2]);
        assert_eq!(groups(&[], &["b=bits:16"], &[&[0, 1, 2]]).0[0].0, [0, 2]);
        assert_eq!(groups(&[], &["b=axis:1", "c=float"], &[&[0, 1, 2]]).0, []);
    }

    #[test]
    fn what_cannot_be_tied_is_said() {
        let (tied, errors) = groups(&["x*", "e,weight", "a,b", "c,d"], &["d=axis:0"], &[]);
        assert_eq!(tied.len(), 1);
        assert_eq!(errors.len(), 3);
        for (error, word) in errors.iter().zip(["No activation", "weight, e;", "holds d, which"]) {
            assert!(error.contains(word) && error.ends_with('.'), "{error}");
        }
    }
}
