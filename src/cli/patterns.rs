//! Patterns that fit nothing are wrong usage: a scale would silently not be what was asked for.

use crate::report::visible;
use crate::session::{Layer, Names, Subject};

/// Patterns as they were given, each with its option.
pub(super) type Asked = Vec<(&'static str, Names)>;

/// How many names are told.
const TOLD: usize = 3;

/// Checks that each pattern, between commas, fits a layer. Where nothing was found there is nothing to hold them
/// against.
///
/// # Errors
/// One sentence that names the option, the pattern, and what is called nearly so.
pub(super) fn check(asked: &Asked, layers: &[Layer]) -> Result<(), String> {
    if layers.is_empty() {
        return Ok(());
    }
    let subjects: Vec<Subject> = layers.iter().map(Layer::subject).collect();
    for (option, names) in asked {
        let missed = names.each_fits(&subjects).find(|(_, fits)| !fits);
        if let Some((word, _)) = missed {
            let why = deployed(&word, layers).unwrap_or_else(|| instead(&word, layers));
            return Err(format!("{option} {word} fits no layer; {why}."));
        }
    }
    Ok(())
}

/// What became of the tensor of the file that is called so, where the network is looked at as it is deployed.
fn deployed(word: &str, layers: &[Layer]) -> Option<String> {
    let names: Names = word.parse().ok()?;
    let fits = |layer: &Layer, name: &str| names.fit(&Subject { name, op: "", ..layer.subject() });
    let mut absorbed = layers.iter().flat_map(|layer| layer.deployed.absorbed.iter().map(move |of| (layer, of)));
    let (_, (name, how)) = absorbed.find(|(layer, (name, _))| fits(layer, name))?;
    Some(visible(&format!("{name} {how} (--as-written has the file's own tensors)")))
}

/// What there is, the nearest first.
fn instead(word: &str, layers: &[Layer]) -> String {
    let takers = || layers.iter().flat_map(|layer| &layer.takers);
    let (what, wanted, names): (_, _, Vec<&str>) = match word.split_once(':') {
        Some(("op", op)) => ("operators", op, layers.iter().map(|layer| layer.op.as_str()).collect()),
        Some(("in", op)) => ("operators", op, takers().map(|taker| taker.op.as_str()).collect()),
        Some(("node", node)) => ("nodes", node, takers().map(|taker| taker.node.as_str()).collect()),
        Some(("kind", kind)) => ("kinds", kind, layers.iter().map(|layer| layer.kind().word()).collect()),
        _ => ("layers", word, layers.iter().map(Layer::name).collect()),
    };
    let names = each_once(names);
    // A layer's name is a pattern as well.
    let nodes = takers().filter(|taker| what == "layers" && taker.is_layer).map(|taker| taker.node.as_str());
    let nodes = each_once(nodes.collect());
    let plain = wanted.replace("\\,", ",").replace(['*', '?', '[', ']'], "").to_lowercase();
    // The whole name, or a part of it: `hswsh` is near `02.conv1.hswish`.
    let nearest = |name: &str| {
        let name = name.to_lowercase();
        let parts = name.split(['.', '/', '_', ':']).chain([name.as_str()]);
        parts.filter(|part| !part.is_empty()).map(|part| distance(&plain, part)).min().unwrap_or(usize::MAX)
    };
    let mut near: Vec<(usize, &str)> = names.iter().chain(&nodes).map(|name| (nearest(name), *name)).collect();
    near.sort();
    let close = |(distance, _): &(usize, &str)| *distance <= (plain.chars().count() / 3).max(1);
    // As they are to be typed: with their commas and brackets protected.
    let typed = |name: &str| visible(&Names::exactly([name]).to_string());
    let told: Vec<String> = near.iter().filter(|n| close(n)).take(TOLD).map(|(_, name)| typed(name)).collect();
    if !told.is_empty() {
        return format!("nearly so are called {}", told.join(", "));
    }
    let told: Vec<String> = names.iter().take(TOLD).map(|name| typed(name)).collect();
    match names.len().saturating_sub(TOLD) {
        _ if names.is_empty() => format!("no {what} are known here"),
        0 => format!("the {what} are {}", told.join(", ")),
        more => format!("the {what} are {} and {more} more", told.join(", ")),
    }
}

fn each_once(mut names: Vec<&str>) -> Vec<&str> {
    names.retain(|name| !name.is_empty());
    names.sort_unstable();
    names.dedup();
    names
}

/// How many characters have to be changed, left out or put in to make one of the other; 0 where the other holds it.
pub(super) fn distance(a: &str, b: &str) -> usize {
    if a.is_empty() || b.is_empty() {
        return a.chars().count().max(b.chars().count());
    }
    if b.contains(a) {
        return 0;
    }
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, a) in a.chars().enumerate() {
        let mut before = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in b.iter().enumerate() {
            let changed = before + usize::from(a != *b);
            before = row[j + 1];
            row[j + 1] = changed.min(before + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{Deployed, Key, Taker};

    fn layers() -> Vec<Layer> {
        let named = |name: &str| Layer::waiting(Key::activation(name), Vec::new()).with_op("Conv");
        ["conv10", "conv11", "head/fc", "softmax.0", "stem"].map(named).into()
    }

    fn checked(text: &str) -> Result<(), String> {
        check(&vec![("--skip", text.parse().unwrap())], &layers())
    }

    #[test]
    fn each_alternative_must_fit() {
        assert_eq!(checked("conv10, head*,op:Conv"), Ok(()));
        let why = checked("conv10,conv1").unwrap_err();
        assert_eq!(why, "--skip conv1 fits no layer; nearly so are called conv10, conv11.");
        assert_eq!(checked("hed/fc").unwrap_err(), "--skip hed/fc fits no layer; nearly so are called head/fc.");
        assert_eq!(checked("sofmax").unwrap_err(), "--skip sofmax fits no layer; nearly so are called softmax.0.");
        let far = "--skip xyz fits no layer; the layers are conv10, conv11, head/fc and 2 more.";
        assert_eq!(checked("xyz").unwrap_err(), far);
        assert_eq!(checked("op:Gemm").unwrap_err(), "--skip op:Gemm fits no layer; the operators are Conv.");
        assert_eq!(check(&vec![("--tie", "nothing".parse().unwrap())], &[]), Ok(()), "nothing was found");
    }

    #[test]
    fn nodes_and_what_takes_a_tensor_are_told_as_well() {
        let taker = |node: &str, op: &str, is_layer| Taker { node: node.into(), op: op.into(), is_layer };
        let x = Layer::waiting(Key::activation("x"), Vec::new());
        let x = x.with_takers(vec![taker("stem/conv", "Conv", true), taker("stem/relu", "Relu", false)]);
        let checked = |text: &str| check(&vec![("--skip", text.parse().unwrap())], std::slice::from_ref(&x));
        assert_eq!(checked("stem/conv,in:Relu,node:stem/relu,kind:activation"), Ok(()));
        for (word, instead) in [
            ("stem/cnv", "nearly so are called stem/conv"),
            ("stem/relu", "the layers are x"),
            ("in:Cnv", "nearly so are called Conv"),
            ("in:MatMul", "the operators are Conv, Relu"),
            ("node:fc", "the nodes are stem/conv, stem/relu"),
            ("kind:weight", "the kinds are activation"),
        ] {
            assert_eq!(checked(word).unwrap_err(), format!("--skip {word} fits no layer; {instead}."));
        }
    }

    #[test]
    fn a_name_of_the_file_is_told_where_it_went() {
        let absorbed = vec![("conv".to_owned(), "is folded into w, and bn is what comes out".to_owned())];
        let deployed = Deployed { absorbed, ..Deployed::default() };
        let layers = [Layer::waiting(Key::activation("bn"), Vec::new()).with_deployed(deployed)];
        for word in ["conv", "con*"] {
            let why = check(&vec![("--skip", word.parse().unwrap())], &layers).unwrap_err();
            let said = "conv is folded into w, and bn is what comes out (--as-written has the file's own tensors).";
            assert_eq!(why, format!("--skip {word} fits no layer; {said}"));
        }
        assert_eq!(check(&vec![("--skip", "bn".parse().unwrap())], &layers), Ok(()));
    }

    #[test]
    fn a_name_is_told_as_it_is_to_be_typed() {
        let layers = ["a,b", "x[0]\u{1b}"].map(|name| Layer::waiting(Key::activation(name), Vec::new()));
        let checked = |text: &str| check(&vec![("--skip", text.parse().unwrap())], &layers);
        assert_eq!(checked("a\\,c").unwrap_err(), "--skip a\\,c fits no layer; nearly so are called a\\,b.");
        assert_eq!(checked("a\\,b"), Ok(()));
        let far = checked("nothing").unwrap_err();
        assert!(far.contains("a\\,b, x[[]0[]]") && !far.contains('\u{1b}'), "{far}");
    }

    #[test]
    fn the_distance_is_the_number_of_edits() {
        for (a, b, n) in
            [("kitten", "sitting", 3), ("abc", "abc", 0), ("bc", "abcd", 0), ("", "ab", 2), ("ax", "xa", 2)]
        {
            assert_eq!(distance(a, b), n, "{a} {b}");
        }
    }
}
