//! What is computed of two or more elements at the same place, truth values and types.

use crate::model::engine::own;
use crate::model::engine::row::{MANY, Row, any, int, row, text};

pub(super) const ROWS: &[Row] = &[
    row("Add", 2, 1),
    row("Sub", 2, 1),
    row("Mul", 2, 1),
    row("Div", 2, 1),
    row("Mod", 2, 1).since(10).with(&[any("fmod")]),
    row("Pow", 2, 1),
    row("Sum", MANY, 1),
    row("Max", MANY, 1).own(own::max),
    row("Min", MANY, 1).own(own::min),
    row("Mean", MANY, 1),
    row("BitShift", 2, 1).since(11).with(&[any("direction")]).own(own::bit_shift),
    row("BitwiseAnd", 2, 1).since(18),
    row("BitwiseOr", 2, 1).since(18),
    row("BitwiseXor", 2, 1).since(18),
    row("BitwiseNot", 1, 1).since(18),
    row("Not", 1, 1),
    row("And", 2, 1),
    row("Or", 2, 1),
    row("Xor", 2, 1),
    row("Equal", 2, 1).own(own::equal),
    row("Greater", 2, 1),
    row("Less", 2, 1),
    row("LessOrEqual", 2, 1).since(12),
    row("GreaterOrEqual", 2, 1).since(12),
    row("Where", 3, 1).since(9),
    row("IsNaN", 1, 1).since(9).own(own::is_nan),
    row("IsInf", 1, 1).since(10).with(&[any("detect_negative"), any("detect_positive")]).own(own::is_inf),
    row("Cast", 1, 1).with(&[text("round_mode", "up").since(24), int("saturate", 1).since(19), any("to")]),
    row("CastLike", 2, 1).since(15).with(&[text("round_mode", "up").since(24), int("saturate", 1).since(19)]),
];
