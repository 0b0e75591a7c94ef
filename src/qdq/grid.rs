//! The numbers of ONNX that a tensor goes to, and its values as such.

use crate::quant::{Format, Fp8, QuantParams};

/// Floats that `QuantizeLinear` takes, by their numbers in ONNX.
pub(super) const FLOAT: i32 = 1;
pub(super) const FLOAT16: i32 = 10;
pub(super) const BFLOAT16: i32 = 16;
/// Which it does not.
pub(super) const DOUBLE: i32 = 11;

const UINT8: i32 = 2;
const INT8: i32 = 3;
const UINT16: i32 = 4;
const INT16: i32 = 5;
const E4M3FN: i32 = 17;
const E5M2: i32 = 19;
const UINT4: i32 = 21;
const INT4: i32 = 22;

/// What a tensor is put on.
#[derive(Clone, Debug)]
pub(super) struct Grid {
    /// The type of the codes, by its number in ONNX.
    pub element: i32,
    /// The type of the floats that they stand for, which is the scale's too.
    pub float: i32,
    /// The axis along which each channel has a scale of its own.
    pub axis: Option<usize>,
    /// One, or one a channel.
    pub params: Vec<QuantParams>,
}

impl Grid {
    /// The first opset that can say it: `axis` came with 13, 8-bit floats and scales of 16 bits with 19, integers of 16 and
    /// of 4 bits with 21.
    pub fn opset(&self) -> i64 {
        let of_codes = match self.element {
            UINT8 | INT8 => 10,
            E4M3FN | E5M2 => 19,
            _ => 21,
        };
        let of_axis = if self.axis.is_some() { 13 } else { 10 };
        let of_float = if self.float == FLOAT { 10 } else { 19 };
        of_codes.max(of_axis).max(of_float)
    }

    /// What makes it need that opset.
    pub fn needs(&self) -> &'static str {
        match (self.opset(), self.element) {
            (21, UINT4 | INT4) => "integers of 4 bits",
            (21, _) => "integers of 16 bits",
            (19, E4M3FN | E5M2) => "8-bit floats",
            (19, _) => "scales of 16-bit floats",
            (13, _) => "a scale for each channel",
            _ => "QuantizeLinear",
        }
    }

    /// Whether a code other than 0 stands for zero, in one of its channels.
    pub fn is_shifted(&self) -> bool {
        self.params.iter().any(|params| params.zero_point() != 0)
    }

    /// The bytes of its scales.
    pub fn scales(&self) -> Vec<u8> {
        let scales: Vec<f32> = self.params.iter().map(QuantParams::scale).collect();
        self.floats(&scales)
    }

    /// The bytes of values in the type of its floats.
    pub fn floats(&self, values: &[f32]) -> Vec<u8> {
        match self.float {
            FLOAT16 => values.iter().flat_map(|x| half::f16::from_f32(*x).to_le_bytes()).collect(),
            BFLOAT16 => values.iter().flat_map(|x| half::bf16::from_f32(*x).to_le_bytes()).collect(),
            _ => values.iter().flat_map(|x| x.to_le_bytes()).collect(),
        }
    }

    /// The bytes of its zero points.
    pub fn zero_points(&self) -> Vec<u8> {
        let codes: Vec<i32> = self.params.iter().map(QuantParams::zero_point).collect();
        packed(self.element, &codes)
    }

    /// The dimensions of both.
    pub fn dims(&self) -> Vec<i64> {
        self.axis.map(|_| self.params.len() as i64).into_iter().collect()
    }

    /// Values as codes, packed as ONNX has them: rounded half to even, what lies beyond the range at its end.
    pub fn codes(&self, values: &[f32], shape: &[usize]) -> Vec<u8> {
        let inner: usize = self.axis.map_or(1, |axis| shape[axis + 1..].iter().product());
        let grid = |at: usize| self.params[if self.axis.is_some() { at / inner.max(1) % self.params.len() } else { 0 }];
        let codes: Vec<i32> = values.iter().enumerate().map(|(at, x)| grid(at).quantize(*x)).collect();
        packed(self.element, &codes)
    }

    /// How many bytes so many values take.
    pub fn bytes(&self, values: u64) -> u64 {
        match self.element {
            UINT4 | INT4 => values.div_ceil(2),
            UINT16 | INT16 => values * 2,
            _ => values,
        }
    }

    /// Its scales as the type of its floats has them, and whether that moved one by more than 1e-4. `None` where one is then
    /// no positive number.
    pub fn rounded(mut self) -> Option<(Grid, bool)> {
        let as_written = |x: f32| match self.float {
            FLOAT16 => half::f16::from_f32(x).to_f32(),
            BFLOAT16 => half::bf16::from_f32(x).to_f32(),
            _ => x,
        };
        let mut moved = false;
        for params in &mut self.params {
            let scale = as_written(params.scale());
            moved |= (scale / params.scale() - 1.0).abs() > 1e-4;
            *params = QuantParams::new(scale, params.zero_point(), params.format())?;
        }
        Some((self, moved))
    }
}

/// The type of ONNX that holds the codes of a format; of weights that are stored as codes, narrower integers are held by
/// wider ones.
///
/// # Errors
///
/// Half a sentence with the remedy.
pub(super) fn element_of(format: Format, is_stored: bool, name: &str) -> Result<i32, String> {
    let scheme = match format {
        Format::Fp8(Fp8::E4m3) => return Ok(E4M3FN),
        Format::Fp8(Fp8::E5m2) => return Ok(E5M2),
        Format::Int(scheme) => scheme,
    };
    let of = |signed: i32, unsigned: i32| if scheme.signed() { signed } else { unsigned };
    match scheme.num_bits() {
        8 => Ok(of(INT8, UINT8)),
        16 => Ok(of(INT16, UINT16)),
        4 => Ok(of(INT4, UINT4)),
        _ if is_stored => Ok(of(INT8, UINT8)),
        _ => Err(format!("it goes to {format}, and ONNX has integers of 4, 8 and 16 bits; --set '{name}=bits:8'")),
    }
}

fn packed(element: i32, codes: &[i32]) -> Vec<u8> {
    match element {
        UINT4 | INT4 => codes
            .chunks(2)
            .map(|pair| (pair[0] & 0xf) as u8 | pair.get(1).map_or(0, |high| ((high & 0xf) << 4) as u8))
            .collect(),
        UINT16 | INT16 => codes.iter().flat_map(|code| (*code as u16).to_le_bytes()).collect(),
        _ => codes.iter().map(|code| *code as u8).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(format: Format, axis: Option<usize>, scales: &[f32]) -> Grid {
        let params = scales.iter().map(|scale| QuantParams::new(*scale, 0, format).unwrap()).collect();
        Grid { element: element_of(format, true, "w").unwrap(), float: FLOAT, axis, params }
    }

    #[test]
    fn codes_lie_as_onnx_has_them() {
        let int = |bits: u8, signed: bool| Format::int(bits, signed, true).unwrap();
        let values = [0.5, 1.5, -2.5, 900.0, -900.0];
        let codes = |format: Format| grid(format, None, &[1.0]).codes(&values, &[5]);
        assert_eq!(codes(int(8, true)), [0, 2, 0xfe, 127, 0x81]);
        assert_eq!(codes(int(8, false)), [0, 2, 0, 255, 0]);
        assert_eq!(codes(int(4, true)), [0x20, 0x7e, 0x09], "two a byte, the low bits first");
        assert_eq!(codes(int(16, true)), [0, 0, 2, 0, 0xfe, 0xff, 0x84, 3, 0x7c, 0xfc]);
        assert_eq!(codes(int(3, true)), [0, 2, 0xfe, 3, 0xfd]);
        assert_eq!(codes(Fp8::E4m3.into()), [0x30, 0x3c, 0xc2, 0x7e, 0xfe]);
        // The middle axis of three.
        let middle = grid(int(8, true), Some(1), &[1.0, 0.5]);
        assert_eq!(middle.codes(&[1.0; 8], &[2, 2, 2]), [1, 1, 2, 2, 1, 1, 2, 2]);
        for format in [int(8, true), int(4, true), int(16, false)] {
            let grid = grid(format, None, &[1.0]);
            assert_eq!(grid.codes(&values, &[5]).len() as u64, grid.bytes(5), "{format}");
        }
    }

    #[test]
    fn what_onnx_has_not_is_an_error_with_a_remedy() {
        let why = element_of(Format::int(6, true, false).unwrap(), false, "conv1").unwrap_err();
        assert!(why.contains("int6 affine") && why.ends_with("--set 'conv1=bits:8'"), "{why}");
        assert_eq!(element_of(Format::int(6, true, true).unwrap(), true, "w"), Ok(INT8));
    }

    #[test]
    fn scales_of_half_floats_are_what_they_will_be() {
        let half = Grid { float: FLOAT16, ..grid(Format::INT8, None, &[0.1]) };
        let (half, moved) = half.rounded().unwrap();
        assert!(moved && half.params[0].scale() == half::f16::from_f32(0.1).to_f32() && half.opset() == 19);
        assert!(!Grid { float: FLOAT16, ..grid(Format::INT8, None, &[0.125]) }.rounded().unwrap().1);
        assert!(Grid { float: FLOAT16, ..grid(Format::INT8, None, &[1e-9]) }.rounded().is_none());
        assert!(Grid { float: BFLOAT16, ..grid(Format::INT8, None, &[0.1]) }.rounded().unwrap().1);
    }
}
