//! `ConvTranspose`: tract's, with the pads worked out before, which it cannot do of a given shape.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::ops::cnn::{Deconv, KernelFormat, PaddingSpec, PoolSpec};
use tract_onnx::tract_core::ops::nn::DataFormat;
use tract_onnx::tract_hir::internal::*;

#[derive(Clone, Debug)]
struct ConvTranspose {
    pads: Pads,
    strides: Option<Vec<usize>>,
    dilations: Option<Vec<usize>>,
    output_padding: Option<Vec<usize>>,
    output_shape: Option<Vec<usize>>,
    group: usize,
    biased: bool,
}

#[derive(Clone, Debug)]
enum Pads {
    Given(Option<Vec<usize>>),
    /// As many as bring the result to the input's length times the stride; the odd one behind, or before.
    Same {
        upper: bool,
    },
}

/// Along each axis.
struct Sizes {
    before: TVec<usize>,
    after: TVec<usize>,
    /// Behind the last, where only the bias is.
    more: TVec<usize>,
    out: TVec<usize>,
}

impl ConvTranspose {
    fn sizes(&self, x: &[usize], kernel: &[usize]) -> TractResult<Sizes> {
        let rank = kernel.len();
        ensure!(x.len() == rank, "the kernel has {rank} axes, the picture {}", x.len());
        let mut sizes = Sizes { before: tvec!(), after: tvec!(), more: tvec!(), out: tvec!() };
        let of = |list: &Option<Vec<usize>>, i: usize, default: usize| -> TractResult<usize> {
            let Some(list) = list else { return Ok(default) };
            list.get(i).copied().with_context(|| format!("an attribute has {} numbers, too few", list.len()))
        };
        for i in 0..rank {
            let (stride, dilation) = (of(&self.strides, i, 1)?, of(&self.dilations, i, 1)?);
            let mut more = of(&self.output_padding, i, 0)?;
            ensure!(x[i] > 0 && kernel[i] > 0, "there is nothing to convolve");
            let full = stride * (x[i] - 1) + (kernel[i] - 1) * dilation + 1 + more;
            let wanted = match (&self.output_shape, &self.pads) {
                (Some(shape), _) => {
                    // With or without the batch and the channels.
                    let shape = shape.len().checked_sub(rank).map(|first| &shape[first..]);
                    Some(shape.context("output_shape has too few numbers")?[i])
                }
                (None, Pads::Same { .. }) => {
                    // ONNX and ONNX Runtime say different things of it.
                    ensure!(
                        full >= x[i] * stride,
                        "auto_pad with strides beyond the kernel is not computed; give the pads"
                    );
                    Some(x[i] * stride)
                }
                (None, Pads::Given(_)) => None,
            };
            let (before, after) = match (wanted, &self.pads) {
                (Some(wanted), pads) => {
                    more += wanted.saturating_sub(full);
                    let all = full.saturating_sub(wanted);
                    let upper = matches!(pads, Pads::Same { upper: true });
                    if upper { (all / 2, all - all / 2) } else { (all - all / 2, all / 2) }
                }
                (None, Pads::Given(pads)) => (of(pads, i, 0)?, of(pads, i + rank, 0)?),
                (None, Pads::Same { .. }) => unreachable!("its length is known"),
            };
            let full = full.max(wanted.unwrap_or(0));
            let out = full.checked_sub(before + after).context("the pads leave less than nothing")?;
            sizes.before.push(before);
            sizes.after.push(after);
            sizes.more.push(more);
            sizes.out.push(out);
        }
        Ok(sizes)
    }
}

impl Expansion for ConvTranspose {
    fn name(&self) -> StaticName {
        "ConvTranspose".into()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        s: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        check_input_arity(inputs, 2 + usize::from(self.biased))?;
        check_output_arity(outputs, 1)?;
        s.equals(&inputs[0].datum_type, &outputs[0].datum_type)?;
        s.equals(&inputs[0].datum_type, &inputs[1].datum_type)?;
        s.equals(&inputs[0].rank, &inputs[1].rank)?;
        s.equals(&inputs[0].rank, &outputs[0].rank)?;
        s.given_2(&inputs[0].shape, &inputs[1].shape, move |s, x, kernel| {
            let number = |dim: &TDim| Ok(dim.to_usize()?);
            let geometry = |shape: &[TDim]| shape.iter().skip(2).map(number).collect::<TractResult<Vec<_>>>();
            let (Ok(x_sizes), Ok(kernel_sizes)) = (geometry(&x), geometry(&kernel)) else { return Ok(()) };
            let out = self.sizes(&x_sizes, &kernel_sizes)?.out;
            let channels = kernel[1].clone() * self.group as i64;
            let shape: TVec<TDim> =
                [x[0].clone(), channels].into_iter().chain(out.into_iter().map(|n| n.to_dim())).collect();
            s.equals(&outputs[0].shape, shape)
        })
    }

    fn wire(&self, prefix: &str, model: &mut TypedModel, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        // ONNX keeps what goes in first, tract what comes out.
        let kernel = AxisOp::wire_split_axis(model, format!("{prefix}.split"), inputs[1], 0, self.group)?;
        let kernel = model.wire_node(format!("{prefix}.reorder"), AxisOp::Move(1, 2), &kernel)?;
        let kernel = AxisOp::wire_collapse_axis(model, format!("{prefix}.merge"), kernel[0], 0)?[0];
        let bias = match self.biased {
            true => inputs[2],
            false => {
                let zero = Tensor::zero_scalar_dt(model.outlet_fact(inputs[0])?.datum_type)?;
                model.add_const(format!("{prefix}.bias"), zero)?
            }
        };
        let concrete = |outlet: OutletId| -> TractResult<TVec<usize>> {
            let shape = model.outlet_fact(outlet)?.shape.iter().map(|dim| Ok(dim.to_usize()?));
            shape.skip(2).collect::<TractResult<TVec<usize>>>().context("the shape of a picture has to be known")
        };
        let (x, geometry) = (concrete(inputs[0])?, concrete(kernel)?);
        let sizes = self.sizes(&x, &geometry)?;
        let shape = model.outlet_fact(kernel)?.shape.as_concrete().context("the kernel's shape is not known")?;
        let inside = KernelFormat::OIHW.input_channels(shape, self.group).into_owned();
        let outside = KernelFormat::OIHW.output_channels(shape, self.group).into_owned();
        let each = |list: &Option<Vec<usize>>| list.as_ref().map(|list| list.iter().copied().collect());
        let pool = PoolSpec::new(
            DataFormat::NCHW,
            geometry,
            PaddingSpec::Explicit(sizes.before, sizes.after),
            each(&self.dilations),
            each(&self.strides),
            inside,
            outside,
        );
        let deconv = Deconv::new(pool, KernelFormat::OIHW, sizes.more, self.group);
        model.wire_node(prefix, deconv, &[inputs[0], kernel, bias])
    }
}

pub(in crate::model::engine) fn conv_transpose(
    _: &ParsingContext,
    node: &NodeProto,
) -> TractResult<(Box<dyn InferenceOp>, Vec<String>)> {
    let pads = match node.get_attr_opt::<&str>("auto_pad")? {
        None | Some("NOTSET" | "") => Pads::Given(node.get_attr_opt_vec("pads")?),
        Some("VALID") => Pads::Given(None),
        Some("SAME_UPPER") => Pads::Same { upper: true },
        Some("SAME_LOWER") => Pads::Same { upper: false },
        Some(other) => bail!("auto_pad is {other}"),
    };
    let op = ConvTranspose {
        pads,
        strides: node.get_attr_opt_vec("strides")?,
        dilations: node.get_attr_opt_vec("dilations")?,
        output_padding: node.get_attr_opt_vec("output_padding")?,
        output_shape: node.get_attr_opt_vec("output_shape")?,
        group: node.get_attr_opt("group")?.unwrap_or(1),
        biased: node.input.get(2).is_some_and(|name| !name.is_empty()),
    };
    Ok((expand(op), Vec::new()))
}
