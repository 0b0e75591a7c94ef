//! The columns, as docs/statistics.md has them.

use parquet::errors::ParquetError;
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::Type;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    Text,
    Int32,
    Int64,
    Float,
}

/// A column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub name: &'static str,
    pub holds: Holds,
    /// Whether each row has it.
    pub required: bool,
}

const fn column(name: &'static str, holds: Holds, required: bool) -> Column {
    Column { name, holds, required }
}

/// All columns, in the order in which they are written.
pub(super) const COLUMNS: [Column; 26] = [
    column("run", Holds::Text, true),
    column("shard", Holds::Text, true),
    column("tensor", Holds::Text, true),
    column("kind", Holds::Text, true),
    column("op", Holds::Text, true),
    column("axis", Holds::Int32, false),
    column("channel", Holds::Int32, false),
    column("row", Holds::Text, true),
    column("sign", Holds::Int32, false),
    column("exp", Holds::Int32, false),
    column("idx", Holds::Int32, false),
    column("n", Holds::Int64, true),
    column("zeros", Holds::Int64, false),
    column("nan", Holds::Int64, false),
    column("pos_inf", Holds::Int64, false),
    column("neg_inf", Holds::Int64, false),
    column("min", Holds::Float, false),
    column("max", Holds::Float, false),
    column("samples", Holds::Int64, false),
    column("shape", Holds::Text, false),
    column("dtype", Holds::Text, false),
    column("s0", Holds::Int64, false),
    column("s1", Holds::Int64, false),
    column("q0", Holds::Int64, false),
    column("q1", Holds::Int64, false),
    column("q2", Holds::Int64, false),
];

/// The places of columns that are looked at by themselves.
pub(super) mod at {
    pub const RUN: usize = 0;
    pub const SHARD: usize = 1;
    pub const TENSOR: usize = 2;
    pub const KIND: usize = 3;
    pub const OP: usize = 4;
    pub const AXIS: usize = 5;
    pub const CHANNEL: usize = 6;
    pub const ROW: usize = 7;
    pub const SIGN: usize = 8;
    pub const EXP: usize = 9;
    pub const IDX: usize = 10;
    pub const N: usize = 11;
    pub const ZEROS: usize = 12;
    pub const NAN: usize = 13;
    pub const POS_INF: usize = 14;
    pub const NEG_INF: usize = 15;
    pub const MIN: usize = 16;
    pub const MAX: usize = 17;
    pub const SAMPLES: usize = 18;
    pub const SHAPE: usize = 19;
    pub const DTYPE: usize = 20;
    pub const S0: usize = 21;
    pub const Q0: usize = 23;
}

/// The schema in Parquet's own words.
pub(super) fn schema() -> Result<Type, ParquetError> {
    let mut text = "message statistics {".to_owned();
    for Column { name, holds, required } in COLUMNS {
        let (physical, logical) = match holds {
            Holds::Text => ("binary", " (STRING)"),
            Holds::Int32 => ("int32", ""),
            Holds::Int64 => ("int64", ""),
            Holds::Float => ("float", ""),
        };
        let repetition = if required { "required" } else { "optional" };
        text += &format!(" {repetition} {physical} {name}{logical};");
    }
    parse_message_type(&(text + " }"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_the_names() {
        let places = [
            (at::RUN, "run"),
            (at::SHARD, "shard"),
            (at::TENSOR, "tensor"),
            (at::KIND, "kind"),
            (at::OP, "op"),
            (at::AXIS, "axis"),
            (at::CHANNEL, "channel"),
            (at::ROW, "row"),
            (at::SIGN, "sign"),
            (at::EXP, "exp"),
            (at::IDX, "idx"),
            (at::N, "n"),
            (at::ZEROS, "zeros"),
            (at::NAN, "nan"),
            (at::POS_INF, "pos_inf"),
            (at::NEG_INF, "neg_inf"),
            (at::MIN, "min"),
            (at::MAX, "max"),
            (at::SAMPLES, "samples"),
            (at::SHAPE, "shape"),
            (at::DTYPE, "dtype"),
            (at::S0, "s0"),
            (at::Q0, "q0"),
        ];
        for (place, name) in places {
            assert_eq!(COLUMNS[place].name, name);
        }
        assert!(schema().is_ok());
    }
}
