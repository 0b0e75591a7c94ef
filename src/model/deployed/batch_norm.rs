//! What a batch norm does to each output channel of the product before it, and a Mul or an Add with constants.

use super::affine::Affine;
use super::product::{Product, singles};
use crate::model::constants::Element;
use crate::model::weights::trace::{Constants, Moved};
use std::path::Path;
use tract_onnx::pb::NodeProto;

/// What `node` does to `input`, which `product` makes, with the constant that it adds. `None` where that is nothing of the
/// kind, or where ONNX Runtime would not fold it.
pub(super) fn of<'a>(
    node: &NodeProto,
    input: &str,
    product: &Product,
    constants: &Constants<'a>,
    (opset, folder): (i64, &Path),
) -> Option<(Affine, Option<Moved<'a>>)> {
    let own = matches!(&*node.domain, "" | "ai.onnx") && opset >= 7;
    // A constant that stands first is left alone there.
    if !own || node.input.first().is_none_or(|first| first != input) || node.output.is_empty() {
        return None;
    }
    let constant = |place: usize| {
        let moved = constants.unconverted(node.input.get(place)?, folder)?;
        (Element::of(moved.tensor) == product.element).then_some(moved)
    };
    let of_channels = |moved: &Moved| -> Option<Vec<f64>> {
        let is_row = moved.shape() == [product.channels];
        singles(moved, folder).filter(|_| is_row)
    };
    match &*node.op_type {
        "BatchNormalization" if is_inference(node) => {
            let given = [constant(1)?, constant(2)?, constant(3)?, constant(4)?];
            let [scale, shift, mean, variance] = given.each_ref().map(of_channels);
            let (scale, shift, mean, variance) = (scale?, shift?, mean?, variance?);
            let epsilon = node.attribute.iter().find(|attribute| attribute.name == "epsilon").map_or(1e-5, |a| a.f);
            let factor = |(scale, variance): (&f64, &f64)| scale / (variance + f64::from(epsilon)).sqrt();
            let scale: Vec<f64> = scale.iter().zip(&variance).map(factor).collect();
            let shift =
                shift.iter().zip(&mean).zip(&scale).map(|((shift, mean), scale)| shift - mean * scale).collect();
            let [_, shift_of, ..] = given;
            Some((Affine { scale, shift }, Some(shift_of)))
        }
        "Mul" if product.is_convolution => {
            let moved = constant(1)?;
            let by = per_channel(&moved, product, true, folder)?;
            Some((Affine { shift: vec![0.0; by.len()], scale: by }, None))
        }
        "Add" if product.is_convolution => {
            let moved = constant(1)?;
            let add = per_channel(&moved, product, false, folder)?;
            Some((Affine { scale: vec![1.0; add.len()], shift: add }, Some(moved)))
        }
        _ => None,
    }
}

/// A number for each channel, in a shape that broadcasts along nothing else: as ONNX Runtime takes them, of the weight's
/// rank or without the batch; where `one` is allowed, a single number without axes.
fn per_channel(moved: &Moved, product: &Product, one: bool, folder: &Path) -> Option<Vec<f64>> {
    let shape = moved.shape();
    let values = || singles(moved, folder);
    if shape.is_empty() {
        return values().filter(|_| one).map(|values| vec![values[0]; product.channels]);
    }
    let axis = (shape.len() + 1).checked_sub(product.rank).filter(|axis| *axis < 2)?;
    let fits = shape.iter().enumerate().all(|(at, &n)| n == if at == axis { product.channels } else { 1 });
    values().filter(|_| fits)
}

fn is_inference(node: &NodeProto) -> bool {
    let attribute = |name: &str| node.attribute.iter().find(|attribute| attribute.name == name).map(|a| a.i);
    let trains = attribute("training_mode").is_some_and(|training| training != 0);
    let by_pixel = attribute("spatial") == Some(0);
    !trains && !by_pixel && node.output[1..].iter().all(String::is_empty)
}
