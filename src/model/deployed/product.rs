//! An operator whose weight takes in what is done to each of its output channels.

use super::affine::Affine;
use super::uses::Uses;
use crate::model::constants::{Element, load, write};
use crate::model::weights::operands::operands;
use crate::model::weights::trace::{Constants, Moved};
use std::collections::HashMap;
use std::path::Path;
use tract_onnx::pb::{NodeProto, TensorProto};

/// Conv, ConvTranspose, Gemm or MatMul, with a constant that nobody else takes.
pub(super) struct Product<'a> {
    pub weight: Moved<'a>,
    pub bias: Option<Moved<'a>>,
    pub element: Element,
    pub channels: usize,
    /// Of the weight as the node takes it.
    pub rank: usize,
    /// Whether ONNX Runtime folds a Mul and an Add into it as well.
    pub is_convolution: bool,
    /// The axis of the channels, or of those of one group, in the constant.
    axis: usize,
    groups: usize,
    /// What a Gemm multiplies its bias by.
    beta: f64,
}

impl<'a> Product<'a> {
    /// What `node` is, if batch norms can be folded into it. `ranks` are those that are known.
    pub fn of(
        node: &'a NodeProto,
        constants: &Constants<'a>,
        uses: &Uses,
        ranks: &HashMap<&str, usize>,
        folder: &Path,
    ) -> Option<Product<'a>> {
        let own = matches!(&*node.domain, "" | "ai.onnx") && node.output.len() == 1;
        let op = node.op_type.as_str();
        if !own || !matches!(op, "Conv" | "ConvTranspose" | "Gemm" | "MatMul") {
            return None;
        }
        let attribute = |name: &str| node.attribute.iter().find(|attribute| attribute.name == name);
        let operand = operands(node).into_iter().find(|operand| operand.place == 1)?;
        let weight = constants.unconverted(node.input.get(1)?, folder)?;
        let between = weight.way.iter().flat_map(|node| &node.output).map(String::as_str);
        if !between.chain([weight.name]).all(|name| uses.once(name)) {
            return None;
        }
        let rank = weight.shape().len();
        let ranks_fit = match op {
            // The second axis of what comes out has to be that of the columns.
            "MatMul" => rank == 2 && ranks.get(node.input[0].as_str()) == Some(&2),
            "Gemm" => rank == 2,
            _ => rank >= 3,
        };
        let groups = attribute("group").filter(|_| op == "ConvTranspose").map_or(1, |a| a.i.max(1) as usize);
        // The channels of several groups lie along two axes, which moves could part.
        if !ranks_fit || (groups > 1 && !weight.way.is_empty()) {
            return None;
        }
        let axis = operand.axis(rank)?;
        if !weight.shape()[..axis].iter().product::<usize>().is_multiple_of(groups) {
            return None;
        }
        let channels = weight.shape()[axis] * groups;
        let element = Element::of(weight.tensor);
        let is_plain = matches!(element.0, 1 | 10 | 11) && weight.tensor.data_type == element.0;
        let bias = match node.input.get(2).filter(|name| op != "MatMul" && !name.is_empty()) {
            Some(name) => Some(constants.unconverted(name, folder)?),
            None => None,
        };
        let beta = attribute("beta").filter(|_| op == "Gemm").map_or(1.0, |beta| f64::from(beta.f));
        Some(Product {
            axis: weight.axis_of_constant(axis)?,
            is_convolution: op == "Conv",
            weight,
            bias,
            element,
            channels,
            rank,
            groups,
            beta,
        })
        .filter(|product| is_plain && product.bias.as_ref().is_none_or(|bias| product.suits(bias)))
    }

    /// Whether a bias has a number for each channel, or one for all.
    fn suits(&self, bias: &Moved) -> bool {
        let last = bias.shape().last().copied().unwrap_or(1);
        let values: usize = bias.shape().iter().product();
        // Only a Gemm broadcasts its bias.
        let fits = last == self.channels || (last == 1 && self.rank == 2 && !self.is_convolution);
        Element::of(bias.tensor) == self.element && values == last && fits
    }

    /// Weight and bias, called so, with what is done to the channels in them. `None` where these are no numbers that the
    /// type holds.
    pub fn with(&self, affine: &Affine, bias: &str, folder: &Path) -> Option<(TensorProto, TensorProto)> {
        let mut weight = singles(&self.weight, folder)?;
        let shape = &self.weight.shapes[0];
        let (along, inner) = (shape[self.axis], shape[self.axis + 1..].iter().product::<usize>());
        let rows_of_group = shape[..self.axis].iter().product::<usize>() / self.groups;
        for (at, value) in weight.iter_mut().enumerate() {
            let (row, channel) = (at / (along * inner), at / inner % along);
            let group = if self.groups > 1 { row / rows_of_group } else { 0 };
            *value *= affine.scale[group * along + channel];
        }
        let own = match &self.bias {
            Some(bias) => singles(bias, folder)?,
            None => vec![0.0],
        };
        let shifted = |(channel, (scale, shift)): (usize, (&f64, &f64))| {
            // One for all where it is one.
            own[channel % own.len()] * self.beta * scale + shift
        };
        let biases: Vec<f64> = affine.scale.iter().zip(&affine.shift).enumerate().map(shifted).collect();
        let made = |name: &str, dims: Vec<i64>, values: &[f64]| {
            let mut tensor = TensorProto { name: name.into(), dims, ..TensorProto::default() };
            tensor.data_type = self.element.0;
            write(&mut tensor, values.iter().copied());
            let written = load(&tensor, folder).ok()?.cast_to::<f64>().ok()?.into_owned();
            let finite = written.try_as_plain_ram().ok()?.as_slice::<f64>().ok()?.iter().all(|x| x.is_finite());
            finite.then_some(tensor)
        };
        let dims = self.weight.tensor.dims.clone();
        Some((made(self.weight.name, dims, &weight)?, made(bias, vec![self.channels as i64], &biases)?))
    }
}

/// A constant's values, in the order of the file.
pub(super) fn singles(moved: &Moved, folder: &Path) -> Option<Vec<f64>> {
    let loaded = load(moved.tensor, folder).ok()?;
    let doubles = loaded.cast_to::<f64>().ok()?;
    Some(doubles.try_as_plain_ram().ok()?.as_slice::<f64>().ok()?.to_vec()).filter(|values| !values.is_empty())
}
