use std::fmt;

/// How one element lies in a file. Everything becomes f32 on the way in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum DType {
    /// One byte; every value but 0 reads as 1.0.
    Bool,
    /// 8-bit signed integer.
    I8,
    /// 8-bit unsigned integer.
    U8,
    /// 16-bit signed integer.
    I16,
    /// 16-bit unsigned integer.
    U16,
    /// 32-bit signed integer, rounded to the nearest f32.
    I32,
    /// 32-bit unsigned integer, rounded to the nearest f32.
    U32,
    /// 64-bit signed integer, rounded to the nearest f32.
    I64,
    /// 64-bit unsigned integer, rounded to the nearest f32.
    U64,
    /// The OCP's 8-bit float with a mantissa of 3 bits, without infinities (`float8_e4m3fn`).
    F8E4M3,
    /// The OCP's 8-bit float with a mantissa of 2 bits: the upper half of a half.
    F8E5M2,
    /// IEEE half precision.
    F16,
    /// The upper half of an f32.
    BF16,
    /// IEEE single precision: taken as it is.
    F32,
    /// IEEE double precision, rounded to the nearest f32; what overflows becomes infinite and is counted.
    F64,
}

impl DType {
    /// Bytes that one element takes in the file.
    pub const fn size(self) -> usize {
        match self {
            DType::Bool | DType::I8 | DType::U8 | DType::F8E4M3 | DType::F8E5M2 => 1,
            DType::I16 | DType::U16 | DType::F16 | DType::BF16 => 2,
            DType::I32 | DType::U32 | DType::F32 => 4,
            DType::I64 | DType::U64 | DType::F64 => 8,
        }
    }
}

impl fmt::Display for DType {
    /// The name in NumPy and in the package ml_dtypes: `float32`, `bfloat16`, `bool`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            DType::Bool => "bool",
            DType::I8 => "int8",
            DType::U8 => "uint8",
            DType::I16 => "int16",
            DType::U16 => "uint16",
            DType::I32 => "int32",
            DType::U32 => "uint32",
            DType::I64 => "int64",
            DType::U64 => "uint64",
            DType::F8E4M3 => "float8_e4m3fn",
            DType::F8E5M2 => "float8_e5m2",
            DType::F16 => "float16",
            DType::BF16 => "bfloat16",
            DType::F32 => "float32",
            DType::F64 => "float64",
        })
    }
}
