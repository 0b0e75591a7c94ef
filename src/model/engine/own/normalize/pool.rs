//! LpPool and GlobalLpPool: the norm of what a window holds.

use super::{position, sum};
use crate::model::engine::own::formula::{Computed, Formula, Wide};
use crate::model::engine::own::{Fact, Given, own, required};
use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::internal::tract_ndarray::{ArrayD, Axis, IxDyn};
use tract_onnx::tract_core::internal::{IntoTensor, Tensor, ToDim, TractResult, bail, ensure};
use tract_onnx::tract_hir::internal::InferenceOp;

/// The power of an absolute value.
fn power(x: f64, p: i32) -> f64 {
    x.abs().powi(p)
}

fn root(x: f64, p: i32) -> f64 {
    if p == 2 { x.sqrt() } else { x.powf(1.0 / f64::from(p)) }
}

fn exponent(node: &NodeProto) -> TractResult<i32> {
    let p = node.get_attr_opt("p")?.unwrap_or(2);
    ensure!(p > 0, "p is {p}, and there is no such norm");
    Ok(p)
}

/// The norm of each whole channel.
#[derive(Debug)]
struct Global {
    p: i32,
}

impl Formula for Global {
    fn outputs(&self, inputs: &[Option<Given>]) -> TractResult<Vec<Fact>> {
        let x = required(inputs, 0)?;
        position(1, x.shape.len())?;
        let mut fact = x.fact();
        fact.shape[2..].fill(1.to_dim());
        Ok(vec![fact])
    }

    fn compute<T: Wide>(&self, inputs: &[Option<&Tensor>]) -> TractResult<Vec<Tensor>> {
        let x = required(inputs, 0)?.to_plain_array_view::<T>()?;
        let x = x.as_standard_layout();
        let mut shape = x.shape().to_vec();
        let plane: usize = shape[2..].iter().product();
        shape[2..].fill(1);
        let mut y = ArrayD::<T>::zeros(IxDyn(&shape));
        let planes = x.as_slice().expect("it is in standard layout").chunks_exact(plane.max(1));
        for (y, plane) in y.iter_mut().zip(planes) {
            *y = T::nearest(root(sum(plane, |x| power(x, self.p)), self.p));
        }
        Ok(vec![y.into_tensor()])
    }
}

/// The norm of each window.
#[derive(Debug)]
struct Windows {
    p: i32,
    kernel: Vec<usize>,
    strides: Vec<usize>,
    dilations: Vec<usize>,
    padding: Padding,
    ceil: bool,
}

#[derive(Debug)]
enum Padding {
    /// Before each axis, then behind each.
    Explicit(Vec<usize>),
    /// As much as gives each stride a window; of an odd number the larger half comes after, or before.
    Same { upper: bool },
}

/// How windows lie along one axis.
struct Along {
    windows: usize,
    /// How much is padded before; less than nothing where windows begin inside.
    before: i64,
}

impl Windows {
    fn along(&self, i: usize, size: usize) -> TractResult<Along> {
        let (stride, extent) = (self.strides[i] as i64, ((self.kernel[i] - 1) * self.dilations[i] + 1) as i64);
        let size = size as i64;
        let (before, after) = match &self.padding {
            Padding::Explicit(pads) => (pads[i] as i64, pads[i + self.kernel.len()] as i64),
            Padding::Same { upper } => {
                // Less than nothing where windows leave gaps: what is left over is then divided, as ONNX Runtime does.
                let all = ((size + stride - 1) / stride - 1) * stride + extent - size;
                let before = if *upper { all / 2 } else { (all + 1) / 2 };
                (before, all - before)
            }
        };
        let free = size + before + after - extent;
        ensure!(free >= 0, "a window of {extent} does not fit into {}", size + before + after);
        let mut windows = if self.ceil { (free + stride - 1) / stride } else { free / stride } + 1;
        // A window has to begin before the end, and the padding behind it does not count.
        if self.ceil && (windows - 1) * stride >= size + before {
            windows -= 1;
        }
        let windows = windows as usize;
        Ok(Along { windows, before })
    }
}

impl Formula for Windows {
    fn outputs(&self, inputs: &[Option<Given>]) -> TractResult<Vec<Fact>> {
        let x = required(inputs, 0)?;
        let axes = self.kernel.len();
        ensure!(x.shape.len() == axes + 2, "the kernel has {axes} axes, and the input {}", x.shape.len());
        let mut fact = x.fact();
        for (i, size) in x.dims()?[2..].iter().enumerate() {
            fact.shape[i + 2] = self.along(i, *size)?.windows.to_dim();
        }
        Ok(vec![fact])
    }

    fn compute<T: Wide>(&self, inputs: &[Option<&Tensor>]) -> TractResult<Vec<Tensor>> {
        let mut sums = required(inputs, 0)?.to_plain_array_view::<T>()?.mapv(|x| power(x.wide(), self.p));
        // The sum over a window is that along one axis after the other.
        for i in 0..self.kernel.len() {
            let axis = Axis(i + 2);
            let size = sums.len_of(axis);
            let along = self.along(i, size)?;
            let mut shape = sums.shape().to_vec();
            shape[axis.0] = along.windows;
            let mut reduced = ArrayD::zeros(IxDyn(&shape));
            for window in 0..along.windows {
                let mut reduced = reduced.index_axis_mut(axis, window);
                for k in 0..self.kernel[i] {
                    let place = (window * self.strides[i] + k * self.dilations[i]) as i64 - along.before;
                    if let Some(place) = usize::try_from(place).ok().filter(|place| *place < size) {
                        reduced += &sums.index_axis(axis, place);
                    }
                }
            }
            sums = reduced;
        }
        Ok(vec![sums.mapv(|x| T::nearest(root(x, self.p))).into_tensor()])
    }
}

pub(in crate::model::engine) fn global_lp_pool(
    _: &ParsingContext,
    node: &NodeProto,
) -> TractResult<(Box<dyn InferenceOp>, Vec<String>)> {
    own(node, Computed(Global { p: exponent(node)? }))
}

pub(in crate::model::engine) fn lp_pool(
    _: &ParsingContext,
    node: &NodeProto,
) -> TractResult<(Box<dyn InferenceOp>, Vec<String>)> {
    let kernel: Vec<usize> = node.get_attr_vec("kernel_shape")?;
    let list = |name: &str, length: usize, default: usize, least: usize| {
        let list = node.get_attr_opt_vec(name)?.unwrap_or_else(|| vec![default; length]);
        let fits = list.len() == length && list.iter().all(|x| *x >= least);
        ensure!(fits, "{name} is {list:?}, where there are {length} numbers of at least {least}");
        TractResult::Ok(list)
    };
    let axes = kernel.len();
    ensure!(kernel.iter().all(|size| *size > 0), "kernel_shape is {kernel:?}");
    let padding = match node.get_attr_opt::<&str>("auto_pad")?.unwrap_or("NOTSET") {
        "NOTSET" => Padding::Explicit(list("pads", 2 * axes, 0, 0)?),
        "VALID" => Padding::Explicit(vec![0; 2 * axes]),
        "SAME_UPPER" => Padding::Same { upper: true },
        "SAME_LOWER" => Padding::Same { upper: false },
        other => bail!("{other:?} is no auto_pad"),
    };
    let (strides, dilations) = (list("strides", axes, 1, 1)?, list("dilations", axes, 1, 1)?);
    let dilated = dilations.iter().any(|dilation| *dilation > 1);
    // Runtimes do not agree on what that is.
    ensure!(!dilated || matches!(padding, Padding::Explicit(_)), "there is auto_pad with dilations");
    let ceil = node.get_attr_opt::<i64>("ceil_mode")? == Some(1);
    own(node, Computed(Windows { p: exponent(node)?, kernel, strides, dilations, padding, ceil }))
}
