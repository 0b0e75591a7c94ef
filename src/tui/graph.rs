//! The network as a text: its first operators in the order of the data, with Q and DQ where they stand now.

use unicode_width::UnicodeWidthStr;

use super::model::Model;
use super::wrap::cut;
use crate::lessons::{Ink, Run};
use crate::report::visible;
use crate::session::{Kind, Layer};

/// Operators with what is between them and the ones before.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    /// The tensor that the first of them takes.
    tensor: String,
    /// Whether it goes through Q and DQ.
    quantized: bool,
    /// The operators; between them values are in float.
    ops: Vec<String>,
    /// The weights that the first of them takes, and whether these go through Q and DQ.
    weights: Option<(String, bool)>,
}

/// The first `count` rows of the network, each of at most `width` columns.
pub(super) fn lines(model: &Model, count: usize, width: usize) -> Vec<Vec<Run>> {
    let mut rows = rows(model.session.layers());
    rows.truncate(count);
    let (ascii, ellipsis) = (model.look.glyphs.ascii, model.look.glyphs.ellipsis);
    let names = rows.iter().map(|row| row.tensor.width()).max().unwrap_or(0);
    // Names of tensors stand where there is room for them beside everything else.
    let names = if width >= WITH_NAMES { names.min(20) } else { 0 };
    rows.iter().map(|row| line(row, (names, width), (ascii, ellipsis))).collect()
}

/// Columns from which on there is room for tensors' names.
const WITH_NAMES: usize = 60;

fn line(row: &Row, (names, width): (usize, usize), (ascii, ellipsis): (bool, char)) -> Vec<Run> {
    let pair = |there: bool, back: bool| match (there, back, ascii) {
        (true, false, false) => "─Q─DQ→",
        (true, true, false) => "←DQ─Q─",
        (false, false, false) => "─────→",
        (false, true, false) => "←─────",
        (true, false, true) => "-Q-DQ>",
        (true, true, true) => "<DQ-Q-",
        (false, false, true) => "----->",
        (false, true, true) => "<-----",
    };
    let ink = |there: bool| if there { Ink::Number } else { Ink::Plain };
    let mut line: Vec<(String, Ink)> = Vec::new();
    if names > 0 {
        let name = cut(&row.tensor, names as u16, ellipsis);
        let gap = names - name.width() + 1;
        line.push((format!("{name}{}", " ".repeat(gap)), Ink::Plain));
    }
    line.push((pair(row.quantized, false).to_owned(), ink(row.quantized)));
    let between = if ascii { " > " } else { " → " };
    line.push((format!(" {}", row.ops.join(between)), Ink::Plain));
    if let Some((weights, quantized)) = &row.weights {
        line.push((" ".to_owned(), Ink::Plain));
        line.push((pair(*quantized, true).to_owned(), ink(*quantized)));
        line.push((format!(" {weights}"), Ink::Plain));
    }
    let mut left = width;
    let runs = line.into_iter().map(|(text, ink)| {
        let text = cut(&text, left as u16, ellipsis);
        left -= text.width();
        Run { text, ink }
    });
    runs.filter(|run| !run.text.is_empty()).collect()
}

/// The way of the data from the network's first input on, as far as each tensor is taken by an operator that makes one.
/// Where several take it the first one is gone on with.
fn rows(layers: &[Layer]) -> Vec<Row> {
    let is = |kind: Kind| move |layer: &&Layer| layer.kind() == kind;
    let quantized = |layer: &Layer| layer.decision().is_some_and(|decision| decision.quantized);
    let mut rows: Vec<Row> = Vec::new();
    let Some(mut at) = layers.iter().position(|layer| layer.kind() == Kind::Activation) else { return rows };
    // What is made comes behind what it is made of, so that this ends.
    loop {
        let layer = &layers[at];
        let next = layer.takers.iter().find_map(|taker| {
            let makes = |layer: &&Layer| layer.node == taker.node && !taker.node.is_empty();
            let behind = layers[at + 1..].iter().filter(is(Kind::Activation)).position(|layer| makes(&layer));
            behind.map(|behind| (taker, at + 1 + behind))
        });
        let Some((taker, next)) = next else { return rows };
        let takes = |layer: &&Layer| layer.takers.iter().any(|other| other.node == taker.node);
        let weights = layers.iter().filter(is(Kind::Weight)).find(takes);
        let weights = weights.map(|weights| (visible(weights.name()), quantized(weights)));
        match rows.last_mut() {
            // What is neither quantized nor multiplied with weights belongs to the row before.
            Some(row) if !quantized(layer) && weights.is_none() && row.weights.is_none() => {
                row.ops.push(taker.op.clone());
            }
            _ => rows.push(Row {
                tensor: visible(layer.name()),
                quantized: quantized(layer),
                ops: vec![taker.op.clone()],
                weights,
            }),
        }
        at = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{Key, Taker};

    fn taker(node: &str, op: &str) -> Taker {
        Taker { node: node.into(), op: op.into(), is_layer: false }
    }

    #[test]
    fn the_data_are_followed_and_what_is_in_float_stands_together() {
        let made = |name: &str, node: &str, takers: &[(&str, &str)]| {
            let takers = takers.iter().map(|(node, op)| taker(node, op)).collect();
            Layer::waiting(Key::activation(name), Vec::new()).with_node(node).with_takers(takers)
        };
        let layers = [
            made("x", "", &[("shape", "Shape"), ("c1", "Conv")]),
            made("a", "c1", &[("add", "Add"), ("mul", "Mul")]),
            made("b", "add", &[("mul", "Mul")]),
            made("c", "mul", &[("c2", "Conv")]),
            made("d", "c2", &[]),
            Layer::waiting(Key::new(Kind::Weight, "w1"), Vec::new()).with_takers(vec![taker("c1", "Conv")]),
            Layer::waiting(Key::new(Kind::Weight, "w2"), Vec::new()).with_takers(vec![taker("c2", "Conv")]),
        ];
        let row = |tensor: &str, ops: &[&str], weights: Option<&str>| Row {
            tensor: tensor.into(),
            quantized: false,
            ops: ops.iter().map(|op| (*op).to_owned()).collect(),
            weights: weights.map(|name| (name.to_owned(), false)),
        };
        let wanted =
            [row("x", &["Conv"], Some("w1")), row("a", &["Add", "Mul"], None), row("c", &["Conv"], Some("w2"))];
        assert_eq!(rows(&layers), wanted);
        assert_eq!(rows(&layers[4..5]), []);
        assert_eq!(rows(&[]), []);
    }

    #[test]
    fn pairs_are_drawn_where_they_stand_and_nothing_is_too_wide() {
        let row = Row {
            tensor: "x".into(),
            quantized: true,
            ops: vec!["Conv".into()],
            weights: Some(("conv1_weights".into(), false)),
        };
        let text = |size, ascii| {
            line(&row, size, (ascii, if ascii { '~' } else { '…' }))
                .iter()
                .map(|run| run.text.as_str())
                .collect::<String>()
        };
        assert_eq!(text((4, 78), false), "x    ─Q─DQ→ Conv ←───── conv1_weights");
        assert_eq!(text((0, 34), true), "-Q-DQ> Conv <----- conv1_weights");
        assert_eq!(text((0, 30), false), "─Q─DQ→ Conv ←───── conv1_weig…", "what is cut off is told");
        for width in 0..40 {
            assert!(text((4, width), false).width() <= width);
        }
    }
}
