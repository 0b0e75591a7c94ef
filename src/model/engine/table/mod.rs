//! Every operator that is run, a row each, by family. `docs/architecture.md` says how one is added.

mod arithmetic;
mod elementwise;
mod foreign;
mod layers;
mod products;
mod reduce;
mod shapes;
mod signal;

use super::row::Row;
use std::collections::HashMap;
use std::sync::LazyLock;

const FAMILIES: &[&[Row]] = &[
    elementwise::ROWS,
    arithmetic::ROWS,
    reduce::ROWS,
    shapes::ROWS,
    products::ROWS,
    layers::ROWS,
    signal::ROWS,
    foreign::ROWS,
];

pub(super) fn rows() -> impl Iterator<Item = &'static Row> {
    FAMILIES.iter().copied().flatten()
}

/// The row of an operator of a domain.
pub(super) fn row(domain: &str, op: &str) -> Option<&'static Row> {
    static ROWS: LazyLock<HashMap<(&'static str, &'static str), &'static Row>> =
        LazyLock::new(|| rows().map(|row| ((row.domain, row.op), row)).collect());
    let domain = if domain == "ai.onnx" { "" } else { domain };
    ROWS.get(&(domain, op)).copied()
}
