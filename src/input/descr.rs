//! NumPy's names of types.

use super::DType;
use super::error::excerpt;

/// What a type's name (`<f4`, `float32`, `f`) stands for, and whether it is big-endian; for a type that is no plain
/// number, half a sentence that says so. These are the names that `numpy.dtype` takes, on a machine of 64 bits that runs
/// no Windows, and those by which the package ml_dtypes writes its own.
pub(super) fn dtype(descr: &str) -> Result<(DType, bool), String> {
    let (order, code) = match descr.chars().next() {
        Some(order @ ('<' | '>' | '=' | '|')) => (Some(order), &descr[1..]),
        _ => (None, descr),
    };
    let dtype = match code {
        "?" | "b1" => DType::Bool,
        "b" | "i1" => DType::I8,
        "B" | "u1" => DType::U8,
        "h" | "i2" => DType::I16,
        "H" | "u2" => DType::U16,
        "i" | "i4" => DType::I32,
        "I" | "u4" => DType::U32,
        "l" | "q" | "p" | "i8" => DType::I64,
        "L" | "Q" | "P" | "u8" => DType::U64,
        // No type of NumPy's own has this name: it is the float8_e5m2 of ml_dtypes.
        "f1" => DType::F8E5M2,
        "e" | "f2" => DType::F16,
        "f" | "f4" => DType::F32,
        "d" | "f8" => DType::F64,
        // The bfloat16 of ml_dtypes, the only type of two bytes there. Plain bytes have no order (`|V2`).
        "V2" if matches!(order, Some('<' | '>')) => DType::BF16,
        name if order.is_none() => named(name).ok_or_else(|| unusable(code, descr))?,
        _ => return Err(unusable(code, descr)),
    };
    Ok((dtype, if cfg!(target_endian = "big") { order != Some('<') } else { order == Some('>') }))
}

fn named(name: &str) -> Option<DType> {
    Some(match name {
        "bool" | "bool_" => DType::Bool,
        "int8" | "byte" => DType::I8,
        "uint8" | "ubyte" => DType::U8,
        "int16" | "short" => DType::I16,
        "uint16" | "ushort" => DType::U16,
        "int32" | "intc" => DType::I32,
        "uint32" | "uintc" => DType::U32,
        "int64" | "int" | "int_" | "long" | "longlong" | "intp" => DType::I64,
        "uint64" | "uint" | "ulong" | "ulonglong" | "uintp" => DType::U64,
        "float8_e4m3fn" => DType::F8E4M3,
        "float8_e5m2" => DType::F8E5M2,
        "float16" | "half" => DType::F16,
        "bfloat16" => DType::BF16,
        "float32" | "single" => DType::F32,
        "float64" | "double" | "float" | "float_" => DType::F64,
        _ => return None,
    })
}

/// Why an array of this type cannot be calibrated, and how to get one that can.
fn unusable(code: &str, descr: &str) -> String {
    const AS_FLOAT: &str = "dump it as x.astype(np.float32)";
    let descr = excerpt(descr);
    match code.as_bytes() {
        [b'O', ..] => format!("holds pickled Python objects (dtype '{descr}'), not numbers; {AS_FLOAT}."),
        [b'c', ..] | [b'F' | b'D' | b'G'] => {
            format!("holds complex numbers (dtype '{descr}'); dump the real and imaginary parts on their own.")
        }
        [b'S' | b'U' | b'a', ..] | b"str" | b"str_" | b"bytes" => {
            format!("holds text (dtype '{descr}'), not numbers; dump the tensor itself.")
        }
        [b'M' | b'm', ..] | b"datetime64" | b"timedelta64" => {
            format!("holds dates or times (dtype '{descr}'); dump the tensor itself.")
        }
        [b'V', ..] | b"void" => {
            format!(
                "holds raw bytes (dtype '{descr}'), which is how NumPy saves the types of other packages; {AS_FLOAT}."
            )
        }
        [b'f', ..] | [b'g', ..] | b"longdouble" => {
            format!("holds floats of an unusual width (dtype '{descr}'); {AS_FLOAT}.")
        }
        _ => format!("holds an unknown type (dtype '{descr}'); {AS_FLOAT}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_that_numpy_reads() {
        // As `numpy.dtype` has them: name, item size and kind.
        let same = [
            ("? b1 bool bool_", DType::Bool),
            ("b i1 int8 byte", DType::I8),
            ("B u1 uint8 ubyte", DType::U8),
            ("h i2 int16 short", DType::I16),
            ("H u2 uint16 ushort", DType::U16),
            ("i i4 int32 intc", DType::I32),
            ("I u4 uint32 uintc", DType::U32),
            ("l q p i8 int64 int int_ long longlong intp", DType::I64),
            ("L Q P u8 uint64 uint ulong ulonglong uintp", DType::U64),
            ("e f2 float16 half", DType::F16),
            ("f f4 float32 single", DType::F32),
            ("d f8 float64 double float float_", DType::F64),
            ("f1 float8_e5m2", DType::F8E5M2),
            ("float8_e4m3fn", DType::F8E4M3),
            ("bfloat16", DType::BF16),
        ];
        let native = cfg!(target_endian = "big");
        for (names, expected) in same {
            for name in names.split(' ') {
                assert_eq!(dtype(name), Ok((expected, native)), "{name}");
                let short = name.len() < 3;
                for (order, big) in [('<', false), ('>', true), ('=', native), ('|', native)] {
                    let found = dtype(&format!("{order}{name}"));
                    assert_eq!(found.ok(), short.then_some((expected, big)), "{order}{name}");
                }
            }
        }
        assert_eq!(dtype("<V2"), Ok((DType::BF16, false)));
    }

    #[test]
    fn types_without_numbers_say_what_they_hold() {
        let error = |descr: &str| dtype(descr).unwrap_err();
        let as_float = "dump it as x.astype(np.float32).";
        for descr in ["|O", "O"] {
            let expected = format!("holds pickled Python objects (dtype '{descr}'), not numbers; {as_float}");
            assert_eq!(error(descr), expected);
        }
        for descr in ["<c8", "c16", "F", "complex64"] {
            let expected =
                format!("holds complex numbers (dtype '{descr}'); dump the real and imaginary parts on their own.");
            assert_eq!(error(descr), expected);
        }
        assert_eq!(error("<U5"), "holds text (dtype '<U5'), not numbers; dump the tensor itself.");
        assert_eq!(error("<M8[ns]"), "holds dates or times (dtype '<M8[ns]'); dump the tensor itself.");
        for descr in ["|V2", "<V1", "|V8"] {
            let expected = format!(
                "holds raw bytes (dtype '{descr}'), which is how NumPy saves the types of other packages; {as_float}"
            );
            assert_eq!(error(descr), expected);
        }
        for descr in ["<f16", "g", "longdouble"] {
            assert_eq!(error(descr), format!("holds floats of an unusual width (dtype '{descr}'); {as_float}"));
        }
        for descr in ["é", "", "int4", "<", "<float32x"] {
            assert!(error(descr).ends_with(as_float), "{descr}");
        }
        assert_eq!(error("é"), format!("holds an unknown type (dtype 'é'); {as_float}"));
    }
}
