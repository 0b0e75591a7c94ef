//! The element types of ONNX, with those that came after tract's list of them.

use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::{StringStringEntryProto, TensorProto};
use tract_onnx::prelude::DatumType;

/// An element type, by its number in the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::model) struct Element(pub i32);

/// What marks a tensor that was given to tract in another type than the file's.
const MARK: &str = "element type in the file";

impl Element {
    pub const UINT8: Element = Element(2);
    pub const INT8: Element = Element(3);
    pub const UINT16: Element = Element(4);
    pub const INT16: Element = Element(5);
    pub const STRING: Element = Element(8);
    pub const BFLOAT16: Element = Element(16);
    pub const FLOAT8E4M3FN: Element = Element(17);
    pub const FLOAT8E4M3FNUZ: Element = Element(18);
    pub const FLOAT8E5M2: Element = Element(19);
    pub const FLOAT8E5M2FNUZ: Element = Element(20);
    pub const UINT4: Element = Element(21);
    pub const INT4: Element = Element(22);
    pub const FLOAT4E2M1: Element = Element(23);
    pub const FLOAT8E8M0: Element = Element(24);
    pub const UINT2: Element = Element(25);
    pub const INT2: Element = Element(26);

    /// The type that the tensor has in the file.
    pub fn of(tensor: &TensorProto) -> Element {
        let mark = tensor.external_data.iter().find(|entry| entry.key == MARK);
        Element(mark.and_then(|entry| entry.value.parse().ok()).unwrap_or(tensor.data_type))
    }

    /// Takes away what looks like such a mark and comes from the file.
    pub fn unmark(tensor: &mut TensorProto) {
        tensor.external_data.retain(|entry| entry.key != MARK);
    }

    /// Gives the tensor to tract as another type.
    pub fn stand_in(self, tensor: &mut TensorProto, as_type: DataType) {
        tensor.data_type = as_type as i32;
        tensor.external_data.push(StringStringEntryProto { key: MARK.into(), value: self.0.to_string() });
    }

    /// The type, if tract has it.
    pub fn datum_type(self) -> Option<DatumType> {
        DataType::try_from(self.0).ok()?.try_into().ok()
    }

    /// What tract is given in its place, where tract has it not: the type that holds all of its values.
    pub fn wider(self) -> Option<DataType> {
        match self {
            Element::UINT4 | Element::UINT2 => Some(DataType::Uint8),
            Element::INT4 | Element::INT2 => Some(DataType::Int8),
            Element(16..=20 | 23 | 24) => Some(DataType::Float),
            _ => None,
        }
    }

    /// Whether its values are floats.
    pub fn is_float(self) -> bool {
        matches!(self.0, 1 | 10 | 11 | 16..=20 | 23 | 24)
    }

    /// Bits of one value; `None` of strings, and of what is not known.
    pub fn bits(self) -> Option<u64> {
        Some(match self.0 {
            25 | 26 => 2,
            21..=23 => 4,
            2 | 3 | 9 | 17..=20 | 24 => 8,
            4 | 5 | 10 | 16 => 16,
            1 | 6 | 12 => 32,
            7 | 11 | 13 | 14 => 64,
            15 => 128,
            _ => return None,
        })
    }

    /// Bytes that so many values take; `None` where that is not known, or too many to say.
    pub fn bytes(self, values: u64) -> Option<u64> {
        Some(values.checked_mul(self.bits()?)?.div_ceil(8))
    }

    /// The name that NumPy, or ml_dtypes, has for it.
    pub fn name(self) -> String {
        let name = match self.0 {
            1 => "float32",
            2 => "uint8",
            3 => "int8",
            4 => "uint16",
            5 => "int16",
            6 => "int32",
            7 => "int64",
            8 => "string",
            9 => "bool",
            10 => "float16",
            11 => "float64",
            12 => "uint32",
            13 => "uint64",
            14 => "complex64",
            15 => "complex128",
            16 => "bfloat16",
            17 => "float8_e4m3fn",
            18 => "float8_e4m3fnuz",
            19 => "float8_e5m2",
            20 => "float8_e5m2fnuz",
            21 => "uint4",
            22 => "int4",
            23 => "float4_e2m1fn",
            24 => "float8_e8m0fnu",
            25 => "uint2",
            26 => "int2",
            other => return format!("type number {other}"),
        };
        name.to_owned()
    }
}

/// Values that a tensor of these dimensions has; `None` where one is negative, or there are too many to count.
pub(super) fn values(dims: &[i64]) -> Option<u64> {
    let mut sizes = dims.iter().map(|&n| u64::try_from(n).ok());
    sizes.try_fold(1_u64, |all, n| all.checked_mul(n?))
}
