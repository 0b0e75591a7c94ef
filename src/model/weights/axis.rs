//! Nodes that only move values: where an axis behind them lies before them.

use tract_onnx::pb::{AttributeProto, NodeProto};

/// The operators that hand on all values of their first input, and no others.
pub(super) fn only_moves(node: &NodeProto) -> bool {
    let own = matches!(&*node.domain, "" | "ai.onnx");
    own && matches!(&*node.op_type, "Identity" | "Cast" | "Transpose" | "Reshape" | "Flatten" | "Squeeze" | "Unsqueeze")
}

/// The shape behind such a node. `integers` are the values of its second input, if it has one.
pub(super) fn shape_behind(node: &NodeProto, before: &[usize], integers: Option<&[i64]>) -> Option<Vec<usize>> {
    let attribute = |name: &str| node.attribute.iter().find(|attribute| attribute.name == name);
    let rank = before.len();
    let axes = |rank: usize| -> Option<Vec<usize>> {
        let given = integers.or(attribute("axes").map(|axes| axes.ints.as_slice()))?;
        given.iter().map(|&axis| from_front(axis, rank)).collect()
    };
    match &*node.op_type {
        "Identity" | "Cast" => Some(before.to_vec()),
        "Transpose" => permutation(node, rank)?.iter().map(|&axis| before.get(axis).copied()).collect(),
        "Flatten" => {
            let axis = attribute("axis").map_or(1, |axis| axis.i);
            let axis = if axis == rank as i64 { rank } else { from_front(axis, rank)? };
            Some(vec![before[..axis].iter().product(), before[axis..].iter().product()])
        }
        "Squeeze" => {
            let gone = match (integers, attribute("axes")) {
                (None, None) => (0..rank).filter(|&axis| before[axis] == 1).collect(),
                _ => axes(rank)?,
            };
            Some((0..rank).filter(|axis| !gone.contains(axis)).map(|axis| before[axis]).collect())
        }
        "Unsqueeze" => {
            let rank = rank + integers.or(attribute("axes").map(|axes| axes.ints.as_slice()))?.len();
            let new = axes(rank)?;
            let mut old = before.iter().copied();
            (0..rank).map(|axis| if new.contains(&axis) { Some(1) } else { old.next() }).collect()
        }
        "Reshape" => reshaped(before, integers?, attribute("allowzero").is_some_and(|zero| zero.i != 0)),
        _ => None,
    }
}

/// Where an axis behind such a node lies before it; `None` where it lies nowhere.
pub(super) fn axis_before(node: &NodeProto, before: &[usize], behind: &[usize], axis: usize) -> Option<usize> {
    match &*node.op_type {
        "Identity" | "Cast" => Some(axis),
        "Transpose" => permutation(node, before.len())?.get(axis).copied(),
        // The same number of steps of the same size.
        _ => {
            let inner = |shape: &[usize], axis: usize| shape[axis + 1..].iter().product::<usize>();
            (0..before.len()).find(|&at| before[at] == behind[axis] && inner(before, at) == inner(behind, axis))
        }
    }
}

fn permutation(node: &NodeProto, rank: usize) -> Option<Vec<usize>> {
    let given: Option<&AttributeProto> = node.attribute.iter().find(|attribute| attribute.name == "perm");
    let Some(given) = given else { return Some((0..rank).rev().collect()) };
    let axes: Option<Vec<usize>> = given.ints.iter().map(|&axis| from_front(axis, rank)).collect();
    axes.filter(|axes| axes.len() == rank)
}

fn reshaped(before: &[usize], wanted: &[i64], allow_zero: bool) -> Option<Vec<usize>> {
    let size = |(at, &n): (usize, &i64)| match n {
        0 if !allow_zero => before.get(at).map(|&n| n as i64),
        n => Some(n),
    };
    let sizes: Vec<i64> = wanted.iter().enumerate().map(size).collect::<Option<_>>()?;
    let known: i64 = sizes.iter().filter(|&&n| n >= 0).product();
    let all = before.iter().product::<usize>() as i64;
    let size = |n: &i64| usize::try_from(if *n >= 0 { *n } else { all.checked_div(known)? }).ok();
    let shape: Vec<usize> = sizes.iter().map(size).collect::<Option<_>>()?;
    (shape.iter().product::<usize>() as i64 == all).then_some(shape)
}

fn from_front(axis: i64, rank: usize) -> Option<usize> {
    let axis = if axis < 0 { axis + rank as i64 } else { axis };
    usize::try_from(axis).ok().filter(|&axis| axis < rank)
}
