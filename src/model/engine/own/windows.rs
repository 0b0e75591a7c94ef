//! Windows that go over a picture, axis by axis.

use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::internal::*;

/// The windows of a node, by its attributes.
#[derive(Clone, Debug)]
pub(super) struct Windows {
    kernel: Vec<usize>,
    strides: Vec<usize>,
    dilations: Vec<usize>,
    pads: Pads,
    /// Whether a last window may stand out.
    ceil: bool,
}

#[derive(Clone, Debug)]
enum Pads {
    Given(Vec<usize>),
    Valid,
    SameUpper,
    SameLower,
}

/// The windows along one axis.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    /// How long the axis is.
    pub len: usize,
    /// How many windows there are.
    pub out: usize,
    before: usize,
    after: usize,
    kernel: usize,
    stride: usize,
    dilation: usize,
}

impl Windows {
    pub fn of(node: &NodeProto) -> TractResult<Windows> {
        let kernel: Vec<usize> = node.get_attr_vec("kernel_shape")?;
        let rank = kernel.len();
        let each = |name: &str, default: usize, len: usize| -> TractResult<Vec<usize>> {
            let values = node.get_attr_opt_vec(name)?.unwrap_or_else(|| vec![default; len]);
            ensure!(values.len() == len, "{name} has {} numbers, and the kernel {rank} axes", values.len());
            Ok(values)
        };
        let pads = match node.get_attr_opt::<&str>("auto_pad")? {
            None | Some("NOTSET" | "") => Pads::Given(each("pads", 0, 2 * rank)?),
            Some("VALID") => Pads::Valid,
            Some("SAME_UPPER") => Pads::SameUpper,
            Some("SAME_LOWER") => Pads::SameLower,
            Some(other) => bail!("auto_pad is {other}"),
        };
        let (strides, dilations) = (each("strides", 1, rank)?, each("dilations", 1, rank)?);
        ensure!([&kernel, &strides, &dilations].iter().all(|of| !of.contains(&0)), "a window has no size");
        let ceil = node.get_attr_opt::<i64>("ceil_mode")? == Some(1);
        Ok(Windows { kernel, strides, dilations, pads, ceil })
    }

    pub fn axes(&self, sizes: &[usize]) -> TractResult<Vec<Axis>> {
        ensure!(
            sizes.len() == self.kernel.len(),
            "the kernel has {} axes, the picture {}",
            self.kernel.len(),
            sizes.len()
        );
        (0..sizes.len()).map(|i| self.axis(i, sizes[i])).collect()
    }

    fn axis(&self, i: usize, len: usize) -> TractResult<Axis> {
        let (kernel, stride, dilation) = (self.kernel[i], self.strides[i], self.dilations[i]);
        let field = (kernel - 1) * dilation + 1;
        let (before, after) = match &self.pads {
            Pads::Given(pads) => (pads[i], pads[i + pads.len() / 2]),
            Pads::Valid => (0, 0),
            same => {
                // ONNX and ONNX Runtime say different things of both.
                ensure!(
                    dilation == 1,
                    "auto_pad {same:?} with dilations is not computed; export it with explicit pads"
                );
                let needed = (len.div_ceil(stride).max(1) - 1) * stride + field;
                ensure!(
                    needed >= len,
                    "auto_pad {same:?} with strides beyond the kernel is not computed; give the pads"
                );
                let less = (needed - len) / 2;
                let more = needed - len - less;
                if matches!(same, Pads::SameUpper) { (less, more) } else { (more, less) }
            }
        };
        let room = (len + before + after).checked_sub(field);
        let room = room.with_context(|| format!("a window of {field} is larger than the {len} that it goes over"))?;
        let mut out = room / stride + 1;
        let standing_out = room.div_ceil(stride) + 1;
        if self.ceil && standing_out > out {
            ensure!(!matches!(self.pads, Pads::Valid), "auto_pad VALID with ceil_mode is not computed; give the pads");
            // A window that begins behind the picture is none.
            if (standing_out - 1) * stride < len + before {
                out = standing_out;
            }
        }
        Ok(Axis { len, out, before, after, kernel, stride, dilation })
    }
}

impl Axis {
    /// One window that is all.
    pub fn whole(len: usize) -> Axis {
        Axis { len, out: 1, before: 0, after: 0, kernel: len, stride: 1, dilation: 1 }
    }

    /// The places of the axis that window `at` covers.
    pub fn places(&self, at: usize) -> impl Iterator<Item = usize> {
        let (start, before, len) = (at * self.stride, self.before, self.len);
        let place = move |place: usize| place.checked_sub(before).filter(|place| *place < len);
        (0..self.kernel).filter_map(move |k| place(start + k * self.dilation))
    }

    /// How many places window `at` covers, with those that are `padded` or without.
    pub fn counted(&self, at: usize, padded: bool) -> usize {
        if !padded {
            return self.places(at).count();
        }
        let end = self.before + self.len + self.after;
        (0..self.kernel).filter(|k| at * self.stride + k * self.dilation < end).count()
    }
}
