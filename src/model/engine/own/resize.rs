//! Pictures brought to another size: `Resize`, and `Upsample` before it.
//!
//! Each axis is brought to its length by itself: a new place is a weighted sum of some old ones.

use super::interpolate::{How, Line, Mode, Nearest, Where};
use super::{Fact, Function, Given, own, required};
use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_hir::internal::InferenceOp;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Aspect {
    Stretch,
    NotLarger,
    NotSmaller,
}

#[derive(Debug)]
struct Resize {
    how: How,
    axes: Option<Vec<i64>>,
    aspect: Aspect,
    /// Where `roi`, `scales` and `sizes` stand among the inputs.
    inputs: [Option<usize>; 3],
    /// As an attribute, before opset 9.
    scales: Option<Vec<f32>>,
    /// What stands outside of the picture.
    outside: f32,
}

/// The input's values that say how large the result is.
struct Sizes {
    roi: Vec<f32>,
    scales: Vec<f32>,
    sizes: Vec<i64>,
}

impl Function for Resize {
    fn outputs(&self, inputs: &[Option<Given>]) -> TractResult<Vec<Fact>> {
        let x = required(inputs, 0)?;
        // Where a sum of bytes is rounded, runtimes differ.
        let rounds = self.how.mode != Mode::Nearest && !x.dtype.is_float();
        ensure!(!rounds, "weighted sums of whole numbers are not computed; cast them to float before");
        let value = |i: usize| -> TractResult<Option<&Tensor>> {
            inputs.get(i).and_then(Option::as_ref).map(|given| given.value().map(|value| &**value)).transpose()
        };
        let values = [0, 1, 2].map(|i| self.inputs[i].map_or(Ok(None), value));
        let [roi, scales, sizes] = values;
        let lines = self.lines(&x.dims()?, &self.sizes(roi?, scales?, sizes?)?)?;
        Ok(vec![Fact::new(x.dtype, lines.iter().map(|line| line.out))])
    }

    fn eval(&self, inputs: Vec<Option<TValue>>) -> TractResult<Vec<Tensor>> {
        let value = |i: usize| self.inputs[i].and_then(|i| inputs.get(i)).and_then(Option::as_deref);
        let x = required(&inputs, 0)?;
        let lines = self.lines(x.shape(), &self.sizes(value(0), value(1), value(2))?)?;
        if self.how.mode == Mode::Nearest {
            let places: Vec<Vec<Option<usize>>> = lines.iter().map(|line| line.nearest(&self.how)).collect();
            let fill = tensor0(self.outside).cast_to_dt(x.datum_type())?.into_owned();
            return Ok(vec![dispatch_datum!(super::pad::picked(x.datum_type())(x, &places, &fill))?]);
        }
        let mut shape = x.shape().to_vec();
        let mut values = x.cast_to::<f32>()?.try_as_plain_ram()?.as_slice::<f32>()?.to_vec();
        // Last, what is outside along any axis is outside.
        let mut outside = vec![false; 1];
        for (axis, line) in lines.iter().enumerate() {
            let weights = line.weights(&self.how);
            outside = outside.iter().flat_map(|&is| weights.iter().map(move |w| is || w.is_none())).collect();
            if !line.is_same() {
                let inner: usize = shape[axis + 1..].iter().product();
                values = along(&values, shape[axis], inner, &weights);
                shape[axis] = line.out;
            }
        }
        values.iter_mut().zip(outside).filter(|(_, outside)| *outside).for_each(|(value, _)| *value = self.outside);
        Ok(vec![Tensor::from_shape(&shape, &values)?.cast_to_dt(x.datum_type())?.into_owned()])
    }
}

impl Resize {
    fn sizes(&self, roi: Option<&Tensor>, scales: Option<&Tensor>, sizes: Option<&Tensor>) -> TractResult<Sizes> {
        let floats = |tensor: Option<&Tensor>| -> TractResult<Vec<f32>> {
            let Some(tensor) = tensor.filter(|tensor| tensor.len() > 0) else { return Ok(Vec::new()) };
            Ok(tensor.cast_to::<f32>()?.try_as_plain_ram()?.as_slice::<f32>()?.to_vec())
        };
        let sizes = match sizes {
            Some(sizes) => sizes.cast_to::<i64>()?.try_as_plain_ram()?.as_slice::<i64>()?.to_vec(),
            None => Vec::new(),
        };
        let scales = self.scales.clone().map_or_else(|| floats(scales), Ok)?;
        Ok(Sizes { roi: floats(roi)?, scales, sizes })
    }

    /// Each axis, as it is and as it is to be.
    fn lines(&self, shape: &[usize], given: &Sizes) -> TractResult<Vec<Line>> {
        let rank = shape.len();
        let mut lines: Vec<Line> =
            shape.iter().map(|&len| Line { len, out: len, scale: 1.0, roi: (0.0, 1.0) }).collect();
        let axes = self.axes.clone().unwrap_or_else(|| (0..rank as i64).collect());
        let axes: Vec<usize> =
            axes.iter().map(|&axis| if axis < 0 { axis + rank as i64 } else { axis } as usize).collect();
        ensure!(axes.iter().all(|&axis| axis < rank), "there are no axes {axes:?}");
        let same = |len: usize| len == axes.len();
        if given.sizes.is_empty() {
            ensure!(same(given.scales.len()), "there are {} scales for {} axes", given.scales.len(), axes.len());
            for (&axis, &scale) in axes.iter().zip(&given.scales) {
                lines[axis].scale = scale;
                lines[axis].out = (lines[axis].len as f32 * scale).floor() as usize;
            }
        } else {
            ensure!(same(given.sizes.len()), "there are {} sizes for {} axes", given.sizes.len(), axes.len());
            let scales = axes.iter().zip(&given.sizes).map(|(&axis, &size)| size as f32 / lines[axis].len as f32);
            let kept = match self.aspect {
                Aspect::Stretch => None,
                Aspect::NotLarger => scales.reduce(f32::min),
                Aspect::NotSmaller => scales.reduce(f32::max),
            };
            for (&axis, &size) in axes.iter().zip(&given.sizes) {
                let line = &mut lines[axis];
                line.out = kept.map_or(size as usize, |scale| (scale * line.len as f32).round() as usize);
                line.scale = kept.unwrap_or(size as f32 / line.len as f32);
            }
        }
        if self.how.r#where == Where::Roi {
            let n = axes.len();
            ensure!(given.roi.len() == 2 * n, "there are {} numbers of a region for {n} axes", given.roi.len());
            for (i, &axis) in axes.iter().enumerate() {
                let line = &mut lines[axis];
                line.roi = (given.roi[i], given.roi[i + n]);
                // ONNX and ONNX Runtime say different things of both.
                let is_whole = line.len as f32 * line.scale == line.out as f32;
                let is_plain = is_whole && (line.scale != 1.0 || line.is_same());
                ensure!(is_plain, "a region at this scale is not computed; give sizes that differ from the input's");
            }
        }
        Ok(lines)
    }
}

/// Weighted sums along an axis; zero where there is no weight.
fn along(values: &[f32], len: usize, inner: usize, weights: &[Option<Vec<(usize, f32)>>]) -> Vec<f32> {
    let mut result = vec![0.0; (values.len() / len.max(1)) * weights.len()];
    let outer = values.chunks((len * inner).max(1));
    for (values, result) in outer.zip(result.chunks_mut((weights.len() * inner).max(1))) {
        for (weights, result) in weights.iter().zip(result.chunks_mut(inner.max(1))) {
            for &(place, weight) in weights.iter().flatten() {
                result.iter_mut().zip(&values[place * inner..]).for_each(|(sum, x)| *sum += weight * x);
            }
        }
    }
    result
}

type Built = TractResult<(Box<dyn InferenceOp>, Vec<String>)>;

pub(in crate::model::engine) fn resize(context: &ParsingContext, node: &NodeProto) -> Built {
    let old = context.onnx_operator_set_version < 11;
    let flag = |name: &str| -> TractResult<bool> { Ok(node.get_attr_opt::<i64>(name)?.unwrap_or(0) != 0) };
    let mode = match node.get_attr_opt::<&str>("mode")? {
        None | Some("nearest") => Mode::Nearest,
        Some("linear" | "bilinear") => Mode::Linear,
        Some("cubic") => Mode::Cubic,
        Some(other) => bail!("its mode is {other}"),
    };
    let r#where = match node.get_attr_opt::<&str>("coordinate_transformation_mode")? {
        None if old => Where::Asymmetric,
        None | Some("half_pixel") => Where::HalfPixel,
        Some("asymmetric") => Where::Asymmetric,
        Some("pytorch_half_pixel") => Where::PytorchHalfPixel,
        Some("half_pixel_symmetric") => Where::HalfPixelSymmetric,
        Some("align_corners") => Where::AlignCorners,
        Some("tf_half_pixel_for_nn") => Where::TfHalfPixel,
        Some("tf_crop_and_resize") => Where::Roi,
        Some(other) => bail!("its coordinate_transformation_mode is {other}"),
    };
    let nearest = match node.get_attr_opt::<&str>("nearest_mode")? {
        None if old => Nearest::Floor,
        None | Some("round_prefer_floor") => Nearest::PreferFloor,
        Some("round_prefer_ceil") => Nearest::PreferCeil,
        Some("floor") => Nearest::Floor,
        Some("ceil") => Nearest::Ceil,
        Some(other) => bail!("its nearest_mode is {other}"),
    };
    let aspect = match node.get_attr_opt::<&str>("keep_aspect_ratio_policy")? {
        None | Some("stretch") => Aspect::Stretch,
        Some("not_larger") => Aspect::NotLarger,
        Some("not_smaller") => Aspect::NotSmaller,
        Some(other) => bail!("its keep_aspect_ratio_policy is {other}"),
    };
    let how = How {
        mode,
        r#where,
        nearest,
        a: node.get_attr_opt("cubic_coeff_a")?.unwrap_or(-0.75),
        exclude_outside: flag("exclude_outside")?,
        antialias: flag("antialias")?,
    };
    let inputs = if old { [None, Some(1), None] } else { [Some(1), Some(2), Some(3)] };
    let (axes, scales) = (node.get_attr_opt_vec("axes")?, node.get_attr_opt_vec("scales")?);
    let outside = node.get_attr_opt("extrapolation_value")?.unwrap_or(0.0);
    own(node, Resize { how, axes, aspect, inputs, scales, outside })
}
