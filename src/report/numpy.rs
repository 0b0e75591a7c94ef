//! What a tensor's quantization does, as NumPy has it.

use crate::quant::{Format, Fp8, QuantParams};

/// A few lines of Python that quantize an array `x` as `params` say and come back, to the bits that
/// [`QuantParams::fake_quant`] gives; `along` is an axis, how many axes there are, and the params of each channel. FP8 needs
/// the package ml_dtypes.
pub fn numpy(name: &str, method: &str, params: QuantParams, along: Option<(usize, usize, &[QuantParams])>) -> String {
    let format = params.format();
    let (scale, zero_point) = match along {
        None => (format!("np.float32({})", params.scale()), params.zero_point().to_string()),
        Some((axis, axes, channels)) => {
            let shape: Vec<&str> = (0..axes.max(axis + 1)).map(|at| if at == axis { "-1" } else { "1" }).collect();
            let shape = format!(".reshape({})", shape.join(", "));
            let list = |of: fn(&QuantParams) -> String| channels.iter().map(of).collect::<Vec<_>>().join(", ");
            let scales = format!("np.array([{}], np.float32){shape}", list(|p| p.scale().to_string()));
            let zeros = channels.iter().any(|p| p.zero_point() != 0);
            let zeros = zeros.then(|| format!("np.array([{}]){shape}", list(|p| p.zero_point().to_string())));
            (scales, zeros.unwrap_or_else(|| "0".into()))
        }
    };
    // A line of its own for each thing that a name could break out of: names are those of a file.
    let name: String = name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let head = format!("# {name}: {format}, {method}; x is a float32 array\nimport numpy as np\n");
    match format {
        Format::Int(scheme) => {
            let (sign, bits) = (if scheme.signed() { "" } else { "u" }, if scheme.num_bits() > 8 { 16 } else { 8 });
            let (low, high) = (scheme.qmin(), scheme.qmax());
            format!(
                "{head}scale, zero_point = {scale}, {zero_point}\n\
                 q = np.clip(np.rint(x / scale).astype(np.int64) + zero_point, {low}, {high}).astype(np.{sign}int{bits})\n\
                 y = (q.astype(np.int32) - zero_point).astype(np.float32) * scale\n"
            )
        }
        Format::Fp8(fp8) => {
            let (name, most) = (if fp8 == Fp8::E4m3 { "float8_e4m3fn" } else { "float8_e5m2" }, fp8.max());
            format!(
                "{head}from ml_dtypes import {name}\nscale = {scale}\n\
                 q = np.clip(x / scale, -{most}, {most}).astype({name})\n\
                 y = q.astype(np.float32) * scale\n"
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_hold_every_number_of_the_params() {
        let params = |scale, zero, format| QuantParams::new(scale, zero, format).unwrap();
        let int8 = params(0.1, 0, Format::INT8);
        let text = numpy("a\nimport os", "mse", int8, None);
        assert!(text.starts_with("# a import os: int8 symmetric, mse;"), "{text}");
        assert!(
            text.contains("scale, zero_point = np.float32(0.1), 0\n") && text.contains(".astype(np.int8)"),
            "{text}"
        );
        let affine = Format::int(4, false, false).unwrap();
        let text =
            numpy("w", "max", params(0.5, 3, affine), Some((1, 3, &[params(0.5, 3, affine), params(0.25, 4, affine)])));
        assert!(text.contains("np.array([0.5, 0.25], np.float32).reshape(1, -1, 1)"), "{text}");
        assert!(
            text.contains("np.array([3, 4]).reshape(1, -1, 1)") && text.contains("0, 15).astype(np.uint8)"),
            "{text}"
        );
        let text = numpy("x", "max", params(2.0, 0, Fp8::E5m2.into()), None);
        assert!(text.contains("import float8_e5m2") && text.contains("-57344, 57344"), "{text}");
    }
}
