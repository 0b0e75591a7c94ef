//! Names cut so that what tells them apart stays.

use std::collections::HashMap;

use unicode_width::UnicodeWidthStr;

use super::pen::cut_middle;

/// The names that stand under each other, in at most `width` columns each. Where two that are cut in the middle would
/// read the same, the words in which they differ stay, and of the others those next to them.
pub(super) fn shortened(names: &[String], width: u16, ellipsis: char) -> Vec<String> {
    let mut short: Vec<String> = names.iter().map(|name| cut_middle(name, width, ellipsis)).collect();
    let mut same: HashMap<&str, usize> = HashMap::new();
    short.iter().for_each(|name| *same.entry(name).or_default() += 1);
    let alike: Vec<usize> = (0..names.len()).filter(|&i| same[short[i].as_str()] > 1).collect();
    let all: Vec<Vec<&str>> = alike.iter().map(|&i| words(&names[i])).collect();
    for (i, words) in alike.iter().zip(&all) {
        // Names of as many words are taken to be built alike.
        let built_alike: Vec<&Vec<&str>> = all.iter().filter(|other| other.len() == words.len()).collect();
        let others = if built_alike.len() > 1 { built_alike } else { all.iter().collect() };
        let kept = kept(words, &others, width, ellipsis);
        short[*i] = cut_middle(&shown(words, &kept, ellipsis), width, ellipsis);
    }
    short
}

/// Letters or figures, with what stands behind them: `layers.`, `10.`, `self_`, `attn`.
fn words(name: &str) -> Vec<&str> {
    let class = |c: char| {
        if c.is_ascii_digit() {
            0
        } else if c.is_alphanumeric() {
            1
        } else {
            2
        }
    };
    let (mut words, mut start, mut before) = (Vec::new(), 0, None);
    for (at, c) in name.char_indices() {
        let now = class(c);
        if before.is_some_and(|before| before != now && now != 2) {
            words.push(&name[start..at]);
            start = at;
        }
        before = Some(now);
    }
    words.push(&name[start..]);
    words
}

/// Which words of a name stay: those in which it differs from others, and of the rest as many as there is room for, the
/// nearest first.
fn kept(words: &[&str], others: &[&Vec<&str>], width: u16, ellipsis: char) -> Vec<bool> {
    let everywhere = |at: usize| others.iter().all(|other| other.get(at) == Some(&words[at]));
    let from_end = |at: usize| others.iter().all(|other| other.iter().rev().nth(at) == words.iter().rev().nth(at));
    let even = others.iter().all(|other| other.len() == words.len());
    let shortest = others.iter().map(|other| other.len()).min().unwrap_or(0);
    let head = (0..shortest).take_while(|&at| everywhere(at)).count();
    let tail = (0..shortest - head).take_while(|&at| from_end(at)).count();
    let differs = |at: usize| (head..words.len() - tail).contains(&at) && !(even && everywhere(at));
    let mut kept: Vec<bool> = (0..words.len()).map(differs).collect();
    let wanted: Vec<usize> = (0..kept.len()).filter(|&at| kept[at]).collect();
    let mut rest: Vec<usize> = (0..kept.len()).filter(|&at| !kept[at]).collect();
    // Before what comes behind: `layers.` says what the number is of.
    rest.sort_by_key(|&at| wanted.iter().map(|&one| (one.abs_diff(at), one < at)).min());
    for at in rest {
        kept[at] = true;
        kept[at] = shown(words, &kept, ellipsis).width() <= usize::from(width);
    }
    kept
}

/// The words that stay, with one ellipsis for all that go between two of them.
fn shown(words: &[&str], kept: &[bool], ellipsis: char) -> String {
    let (mut out, mut gap) = (String::new(), false);
    for (word, kept) in words.iter().zip(kept) {
        match kept {
            true => out.push_str(word),
            false if !gap => out.push(ellipsis),
            false => {}
        }
        gap = !kept;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn short(names: &[&str], width: u16) -> Vec<String> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let short = shortened(&names, width, '…');
        assert!(short.iter().all(|name| name.width() <= usize::from(width)), "{short:?}");
        short
    }

    #[test]
    fn names_of_transformers_differ_in_the_middle() {
        let mut names = Vec::new();
        for layer in 0..12 {
            for part in ["q", "k", "v", "o"] {
                names.push(format!("model.layers.{layer}.self_attn.{part}_proj.output_activation"));
            }
        }
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        for width in 9..60 {
            let short = short(&names, width);
            assert_eq!(short.iter().collect::<HashSet<_>>().len(), names.len(), "{width}: {short:?}");
        }
        assert_eq!(short(&names, 24)[0], "…layers.0.self_attn.q_…");
    }

    #[test]
    fn names_that_differ_when_they_are_cut_are_cut_in_the_middle() {
        let names = ["features.0.conv.weight", "features.1.norm.bias"];
        assert_eq!(short(&names, 12), names.map(|name| cut_middle(name, 12, '…')));
        assert_eq!(short(&["conv1", "conv1"], 12), ["conv1", "conv1"]);
    }

    #[test]
    fn names_of_other_lengths_keep_what_is_not_common() {
        let names = ["encoder.block.attention.output.value", "encoder.block.1.mlp.attention.output.value"];
        let short = short(&names, 14);
        assert_ne!(short[0], short[1]);
    }

    #[test]
    fn words_are_letters_or_figures_with_what_follows() {
        assert_eq!(words("model.layers.10.self_attn"), ["model.", "layers.", "10.", "self_", "attn"]);
        assert_eq!(words("/conv2d/x::y"), ["/", "conv", "2", "d/", "x::", "y"]);
        assert_eq!(words(""), [""]);
    }
}
