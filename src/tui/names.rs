//! Names shortened so that what tells them apart stays.

use std::collections::HashMap;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::wrap::cut_middle;

/// How many names of a list are looked at to see what they have in common, spread over all of it.
const LOOKED_AT: usize = 256;

/// What the names of a list have in common.
#[derive(Default)]
pub(super) struct Common {
    /// How many begin, and how many end, with a text; at the ends of words.
    beginnings: HashMap<String, u32>,
    endings: HashMap<String, u32>,
    all: u32,
}

impl Common {
    /// Of a whole list, so that a name is the same wherever the list is scrolled to.
    pub fn of<S: AsRef<str>>(names: &[S]) -> Common {
        let mut common = Common::default();
        for name in names.iter().step_by(names.len().div_ceil(LOOKED_AT).max(1)) {
            let name = name.as_ref();
            common.all += 1;
            for (start, end) in words(name) {
                *common.beginnings.entry(name[..end].to_owned()).or_default() += 1;
                *common.endings.entry(name[start..].to_owned()).or_default() += 1;
            }
        }
        common
    }

    /// What each word says of a name, in nats: how many fewer names agree with it behind the word than before it, from
    /// whichever end that is more. A word that all have there says nothing.
    fn told(&self, name: &str, words: &[(usize, usize)]) -> Vec<f64> {
        let count = |of: &HashMap<String, u32>, text: &str| match text {
            "" => f64::from(self.all.max(1)),
            text => f64::from(of.get(text).copied().unwrap_or(1)),
        };
        let front =
            |start: usize, end: usize| count(&self.beginnings, &name[..start]) / count(&self.beginnings, &name[..end]);
        let back = |start: usize, end: usize| count(&self.endings, &name[end..]) / count(&self.endings, &name[start..]);
        words.iter().map(|&(start, end)| front(start, end).max(back(start, end)).ln().max(0.0)).collect()
    }
}

/// The names that stand under each other, in at most `width` columns each. Of one that is too long those words go first that
/// the others have as well; what tells it apart stays, and the columns that are left go to letters of the others.
pub(super) fn shortened(common: &Common, names: &[&str], width: u16, ellipsis: char) -> Vec<String> {
    let mut short: Vec<(String, String)> = names.iter().map(|name| one(common, name, width, ellipsis)).collect();
    // What reads the same still, as names that differ in several places may: the words in which those few differ.
    let same = counted(short.iter().map(|(words, _)| words.as_str()));
    let alike: Vec<usize> = (0..names.len()).filter(|&i| same[short[i].0.as_str()] > 1).collect();
    if !alike.is_empty() {
        let those: Vec<&str> = alike.iter().map(|&i| names[i]).collect();
        let among = Common::of(&those);
        for &i in &alike {
            short[i] = one(&among, names[i], width, ellipsis);
        }
    }
    // Letters that make two names alike say less than none.
    let words = short.iter().filter(|(words, filled)| words != filled).map(|(words, _)| words.as_str());
    let same = counted(short.iter().map(|(_, filled)| filled.as_str()).chain(words));
    let keep: Vec<bool> = short.iter().map(|(_, filled)| same[filled.as_str()] == 1).collect();
    short.into_iter().zip(keep).map(|((words, filled), keep)| if keep { filled } else { words }).collect()
}

/// How often each text is there.
fn counted<'a>(texts: impl Iterator<Item = &'a str>) -> HashMap<&'a str, usize> {
    let mut counted = HashMap::new();
    texts.for_each(|text| *counted.entry(text).or_default() += 1);
    counted
}

/// Words that say less than this are as good as common.
const LITTLE: f64 = 0.05;

/// A name by those of its words that there is room for, and the same with the room filled.
fn one(common: &Common, name: &str, width: u16, ellipsis: char) -> (String, String) {
    if name.width() <= usize::from(width) {
        return (name.to_owned(), name.to_owned());
    }
    let words = words(name);
    let told = common.told(name, &words);
    let mut order: Vec<usize> = (0..words.len()).filter(|&at| told[at] > LITTLE).collect();
    // Of words that say as much the last: names end with what they are.
    order.sort_by(|&a, &b| told[b].total_cmp(&told[a]).then(b.cmp(&a)));
    let mut kept = vec![false; words.len()];
    let text = |kept: &[bool]| shown(name, &words, kept, (usize::MAX, 0), ellipsis);
    let keep = |kept: &mut Vec<bool>, at: usize| {
        kept[at] = true;
        kept[at] = text(kept).width() <= usize::from(width);
        kept[at]
    };
    let wanted: Vec<usize> = order.into_iter().filter(|&at| keep(&mut kept, at)).collect();
    if wanted.is_empty() {
        // One long word, or none that tells it apart.
        let cut = cut_middle(name, width, ellipsis);
        return (cut.clone(), cut);
    }
    // What is left of the room goes to the words beside them: `layers.` says what the number is of.
    let mut rest: Vec<usize> = (0..words.len()).filter(|&at| !kept[at]).collect();
    rest.sort_by_key(|&at| wanted.iter().map(|&one| (one.abs_diff(at), one < at)).min());
    for at in rest {
        let beside = at > 0 && kept[at - 1] || kept.get(at + 1) == Some(&true);
        if beside {
            keep(&mut kept, at);
        }
    }
    // The beginning of a word that goes stands behind one that stays; at the name's beginning, where it says something.
    let left = usize::from(width).saturating_sub(text(&kept).width());
    let follows = |at: usize| !kept[at] && if at == 0 { told[0] > LITTLE } else { kept[at - 1] };
    let gap = (0..words.len()).filter(|&at| follows(at)).max_by(|&a, &b| told[a].total_cmp(&told[b]).then(b.cmp(&a)));
    let mut part = (usize::MAX, 0);
    if let Some(at) = gap {
        let mut used = 0;
        let fits = |c: &char| {
            used += c.width().unwrap_or(0);
            used <= left
        };
        let (start, end) = words[at];
        part = (at, name[start..end].chars().take_while(fits).map(char::len_utf8).sum());
    }
    (text(&kept), shown(name, &words, &kept, part, ellipsis))
}

/// Letters or figures, with what stands behind them, by where they begin and end: `layers.`, `10.`, `self_`, `attn`.
fn words(name: &str) -> Vec<(usize, usize)> {
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
            words.push((start, at));
            start = at;
        }
        before = Some(now);
    }
    if start < name.len() {
        words.push((start, name.len()));
    }
    words
}

/// The words that stay, with one ellipsis for all that go between two of them; of one that goes, its first bytes.
fn shown(name: &str, words: &[(usize, usize)], kept: &[bool], part: (usize, usize), ellipsis: char) -> String {
    let (mut out, mut gap) = (String::new(), false);
    for (at, (&(start, end), kept)) in words.iter().zip(kept).enumerate() {
        if part.0 == at && !gap {
            out.push_str(&name[start..start + part.1]);
        }
        match kept {
            true => out.push_str(&name[start..end]),
            false if !gap => out.push(ellipsis),
            false => {}
        }
        gap = !kept;
    }
    out
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn short(names: &[&str], width: u16) -> Vec<String> {
        let short = shortened(&Common::of(names), names, width, '…');
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
        for width in 8..60 {
            let short = short(&names, width);
            assert_eq!(short.iter().collect::<HashSet<_>>().len(), names.len(), "{width}: {short:?}");
        }
        assert_eq!(short(&names, 24)[0], "…layers.0.self_attn.q_p…");
    }

    /// The part that all have goes, never the part in which they differ, also beside names that are built otherwise.
    #[test]
    fn what_the_whole_list_has_in_common_goes() {
        let mut names: Vec<String> = (0..40).map(|i| format!("p2o.pd_op.hardswish.{i}.0")).collect();
        names.extend((0..40).map(|i| format!("p2o.pd_op.batch_norm_.{i}.0")));
        names.extend(["x".to_owned(), "p2o.Add.3".to_owned()]);
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let short = short(&names, 16);
        assert_eq!((short[7].as_str(), short[47].as_str()), ("…hardswish.7.0", "…batch_norm_.7.0"));
        assert_eq!((short[80].as_str(), short[81].as_str()), ("x", "p2o.Add.3"));
        assert_eq!(short.iter().collect::<HashSet<_>>().len(), names.len());
    }

    /// No column stays blank beside a name that is cut, where letters of it could stand there.
    #[test]
    fn what_is_left_of_the_room_goes_to_letters() {
        let mut names: Vec<String> = (0..30).map(|i| format!("hardswish_{i}.tmp_0")).collect();
        names.extend((0..30).map(|i| format!("batch_norm_{i}.tmp_2")));
        names.extend((0..9).map(|i| format!("elementwise_add_{i}")));
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let short = short(&names, 16);
        assert_eq!([&short[0], &short[63]], ["hardswish_0.tm…0", "elementwise_ad…3"]);
        assert!(short.iter().all(|name| name.width() == 16), "{short:?}");
        assert_eq!(short.iter().collect::<HashSet<_>>().len(), names.len());
    }

    #[test]
    fn wide_characters_count_as_two_columns() {
        let names = ["骨干网络.卷积层.1.输出", "骨干网络.卷积层.2.输出", "骨干网络.池化层.1.输出"];
        for width in 4..24 {
            let short = short(&names, width);
            assert!(width < 9 || short.iter().collect::<HashSet<_>>().len() == 3, "{width} {short:?}");
        }
        assert_eq!(short(&names, 15)[1], "…卷积层.2.输出");
    }

    #[test]
    fn a_name_that_fits_stays_and_one_long_word_is_cut_in_its_middle() {
        assert_eq!(short(&["conv1", "conv1"], 12), ["conv1", "conv1"]);
        assert_eq!(
            short(&["abcdefghijklmnopqrstuvwxyz", "x"], 9),
            [cut_middle("abcdefghijklmnopqrstuvwxyz", 9, '…'), "x".into()]
        );
        assert_eq!(short(&["", "a"], 0), ["", ""]);
    }

    #[test]
    fn names_of_other_lengths_keep_what_is_not_common() {
        let names = ["encoder.block.attention.output.value", "encoder.block.1.mlp.attention.output.value"];
        let short = short(&names, 14);
        assert_ne!(short[0], short[1]);
    }

    #[test]
    fn words_are_letters_or_figures_with_what_follows() {
        let of = |name: &'static str| words(name).into_iter().map(|(a, b)| &name[a..b]).collect::<Vec<_>>();
        assert_eq!(of("model.layers.10.self_attn"), ["model.", "layers.", "10.", "self_", "attn"]);
        assert_eq!(of("/conv2d/x::y"), ["/", "conv", "2", "d/", "x::", "y"]);
        assert!(of("").is_empty());
    }

    proptest! {
        #[test]
        fn any_names_fit_any_width(names in prop::collection::vec("\\PC{0,30}", 1..20), width in 0u16..20) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            for (name, short) in names.iter().zip(shortened(&Common::of(&names), &names, width, '…')) {
                prop_assert!(short.width() <= usize::from(width), "{name:?} {short:?}");
                prop_assert!(short == **name || name.width() > usize::from(width));
            }
        }
    }
}
