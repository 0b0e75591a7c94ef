//! The grid that a node of the file puts a tensor on.

use crate::model::constants::{Element, load};
use crate::model::weights::Constants;
use crate::quant::{Clip, Format, Fp8, QuantParams};
use std::path::Path;
use tract_onnx::pb::NodeProto;

/// A grid as a file has it: one for the whole tensor, or one for each index along an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct FileGrid {
    /// One, or one a channel.
    pub params: Vec<QuantParams>,
    /// The axis, from the front or from the back; `None` where there is one for all.
    pub axis: Option<i64>,
}

impl FileGrid {
    /// What a `QuantizeLinear` or `DequantizeLinear` says, whose integers are of this type. `None` where its scales are
    /// computed, lie in blocks, or are of numbers that are not quantized to here.
    pub(super) fn of(node: &NodeProto, element: Element, constants: &Constants, folder: &Path) -> Option<FileGrid> {
        let attribute = |name: &str| node.attribute.iter().find(|attribute| attribute.name == name).map(|a| a.i);
        if attribute("block_size").unwrap_or(0) != 0 {
            return None;
        }
        let scales = numbers(node.input.get(1)?, constants, folder)?;
        let zeros = match node.input.get(2).filter(|name| !name.is_empty()) {
            Some(name) => numbers(name, constants, folder)?,
            None => vec![0.0; scales.len()],
        };
        if zeros.len() != scales.len() {
            return None;
        }
        let axis = (scales.len() > 1).then(|| attribute("axis").unwrap_or(1));
        let formats = formats(element, zeros.iter().all(|zero| *zero == 0.0));
        let on = |format: Format| -> Option<Vec<QuantParams>> {
            let all = scales.iter().zip(&zeros).map(|(scale, zero)| QuantParams::new(*scale, *zero as i32, format));
            all.collect()
        };
        let exact = |params: &Vec<QuantParams>| params.iter().all(|params| params.exact_clip().is_some());
        let all: Vec<Vec<QuantParams>> = formats.into_iter().filter_map(on).collect();
        let params = all.iter().find(|params| exact(params)).or(all.last())?.clone();
        Some(FileGrid { params, axis })
    }

    /// The same with its steps below the lowest of a symmetric grid, which the file's integers have.
    pub(super) fn with_lowest(self) -> FileGrid {
        let affine = |params: &QuantParams| {
            let format = params.format().with_symmetric(false);
            QuantParams::new(params.scale(), params.zero_point(), format).unwrap_or(*params)
        };
        FileGrid { params: self.params.iter().map(affine).collect(), ..self }
    }

    /// The format of its numbers.
    pub fn format(&self) -> Format {
        self.params.first().map_or(Format::INT8, QuantParams::format)
    }

    /// The range of each: the one that leads back to its very scale, if there is one.
    pub fn clips(&self) -> Vec<Clip> {
        self.params.iter().map(|params| params.exact_clip().unwrap_or_else(|| params.range())).collect()
    }

    /// Its axis in a tensor of so many.
    pub fn axis_of(&self, rank: usize) -> Option<usize> {
        let axis = self.axis?;
        usize::try_from(if axis < 0 { axis + rank as i64 } else { axis }).ok().filter(|axis| *axis < rank)
    }
}

/// The formats that such integers may be of, the plainest first.
fn formats(element: Element, around_zero: bool) -> Vec<Format> {
    let int = |bits: u8, signed: bool| {
        let symmetric = (signed && around_zero).then(|| Format::int(bits, signed, true));
        symmetric.into_iter().chain([Format::int(bits, signed, false)]).flatten().collect()
    };
    match element {
        Element::INT8 => int(8, true),
        Element::UINT8 => int(8, false),
        Element::INT16 => int(16, true),
        Element::UINT16 => int(16, false),
        Element::INT4 => int(4, true),
        Element::UINT4 => int(4, false),
        Element::INT2 => int(2, true),
        Element::UINT2 => int(2, false),
        Element::FLOAT8E4M3FN => vec![Fp8::E4m3.into()],
        Element::FLOAT8E5M2 => vec![Fp8::E5m2.into()],
        _ => Vec::new(),
    }
}

/// A constant's values.
pub(super) fn numbers(name: &str, constants: &Constants, folder: &Path) -> Option<Vec<f32>> {
    let loaded = load(constants.tensor(name)?, folder).ok()?;
    let singles = loaded.cast_to::<f32>().ok()?;
    Some(singles.try_as_plain_ram().ok()?.as_slice::<f32>().ok()?.to_vec())
}
