//! What stands beside a text that is being typed: its title, and a hint until something else is to be said.

use std::borrow::Cow;

use crate::figure::Handle;
use crate::report::number;

use super::learn::Learn;
use super::mode::Ask;
use super::model::Model;
use super::taught;

impl Ask {
    /// What is asked for, before the text.
    pub fn title(&self, model: &Model) -> &'static str {
        match self {
            Ask::Filter { .. } => "filter",
            Ask::Clip { .. } => match (model.format().symmetric(), model.plot.handle) {
                (true, _) => "clip",
                (false, Handle::Min) => "clip_min",
                (false, Handle::Max) => "clip_max",
            },
            Ask::Format => "format",
            Ask::Axis => "a range for each channel along axis",
            Ask::Tie => "share one range with",
            Ask::Worst => "leave how many of the worst in float",
            Ask::Tune { all: false } => "tune, how",
            Ask::Tune { all: true } => "tune all, how",
            Ask::Screen { .. } => "screen to",
            Ask::Plot { .. } => "plot to",
            Ask::Script { .. } => "NumPy of the screen to",
            Ask::Open => "open",
            Ask::Train => "train",
            Ask::Answer => model.learn.as_ref().map_or("answer", |learn| learn.say("your answer", "你的回答")),
            Ask::Export { .. } => "export to",
        }
    }

    /// What may be typed and what the keys do, behind the `text` that was typed so far.
    pub(super) fn hint(&self, model: &Model, text: &str) -> Cow<'static, str> {
        match self {
            Ask::Filter { .. } => "a text, op:Conv, in:Conv, !saturates · Enter keeps it · Esc shows all".into(),
            Ask::Clip { .. } => "a number, or 50% of amax · Enter sets it · Esc leaves it".into(),
            Ask::Format => "int8, uint4 affine, 16, e4m3 · Enter · Esc leaves it".into(),
            Ask::Axis => {
                let layer = model.session.layers().get(model.list.selected);
                let shape = number::shape(layer.and_then(|l| l.origin.shape.as_deref()));
                format!("of {shape}: 0, 1, -1 … · none or nothing: per tensor · Enter · Esc leaves it").into()
            }
            Ask::Tie => "a, head*, op:Conv · none or nothing: a range of its own · Enter · Esc leaves it".into(),
            Ask::Worst => {
                let known = model.network.as_ref().map_or(0, |n| n.sensitivity.len());
                format!("of the {known} layers whose sensitivity is known · Enter · Esc leaves it").into()
            }
            Ask::Tune { all } => how_to_tune(*all, model.size.0).into(),
            Ask::Open => "PATH… · MODEL.onnx --data PATH · learn 3, as in a shell · Enter · Esc stays here".into(),
            Ask::Train => "ptq longer frozen ste all · bits:2 rate:0.1 epochs:30 method:max seeds:5 · Enter".into(),
            Ask::Answer => {
                // A presentation puts the lesson's text away.
                if model.present.is_some() {
                    return taught::question(model).into();
                }
                let hint = |learn: &Learn| learn.say("Enter · Esc to look around first", "Enter 确认 · Esc 先去看看");
                model.learn.as_ref().map_or("", |learn| hint(learn)).to_owned().into()
            }
            Ask::Export { exists, .. }
            | Ask::Screen { exists, .. }
            | Ask::Plot { exists }
            | Ask::Script { exists, .. }
                if exists.as_deref() == Some(text) =>
            {
                "is there already · Enter replaces it · or type another name".into()
            }
            Ask::Screen { .. } => "Enter writes the screen, .svg or .png by its ending · Esc".into(),
            Ask::Script { .. } => model.keys.told("Enter writes the script · Esc · {copy} s copies it instead").into(),
            Ask::Plot { .. } => "a name, .svg or .png, and a size if you like · Enter writes it · Esc".into(),
            Ask::Export { .. } if model.into_network.is_some() => {
                "Enter writes it: .json, .onnx, .cache, .alls, .csv or FORMAT:name · Esc".into()
            }
            Ask::Export { .. } => "Enter writes it: .json, .cache, .alls, .csv, .table or FORMAT:name · Esc".into(),
        }
    }
}

/// From this width on there is room for what the words of a search are for.
const ROOMY: u16 = 150;

/// What Enter alone does, and which words make it another search, in a line of so many columns: what a layer's format may
/// become, what its clip is judged by, the rest.
fn how_to_tune(all: bool, columns: u16) -> &'static str {
    match (all, columns) {
        (false, ROOMY..) => {
            "Enter alone: its format stays · may become: affine unsigned · judged by: outputs or next-tensors, else both · \
             rounds:2 bias · Esc"
        }
        (true, ROOMY..) => {
            "Enter alone: formats stay · may become: affine unsigned 16bit:2 float:1 · judged by: outputs or next-tensors · \
             rounds:2 bias · Esc"
        }
        (false, _) => "Enter alone: its format stays · affine unsigned outputs next-tensors rounds:2 bias · Esc",
        (true, _) => "Enter alone: formats stay · affine 16bit:2 float:1 outputs next-tensors rounds:2 bias · Esc",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::How;

    #[test]
    fn every_word_of_the_hint_is_one_that_a_search_takes() {
        for (all, columns) in [(false, 80), (true, 80), (false, 200), (true, 200)] {
            let hint = how_to_tune(all, columns);
            let rest = hint.split_once(" · ").map_or("", |(_, rest)| rest);
            let told = ["may", "become:", "judged", "by:", "or", "else", "both", "·", "Esc"];
            let words: Vec<&str> =
                rest.split([' ', ',']).filter(|word| !word.is_empty() && !told.contains(word)).collect();
            assert!(words.len() >= 6, "{words:?}");
            for word in words {
                assert!(word.parse::<How>().is_ok(), "{word}");
            }
            // With its title it fits where it is shown.
            let title = if all { " tune all, how:    " } else { " tune, how:    " };
            assert!(columns < ROOMY || hint.chars().count() + title.len() <= usize::from(ROOMY), "{hint}");
        }
    }
}
