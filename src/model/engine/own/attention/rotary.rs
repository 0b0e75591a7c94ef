//! RotaryEmbedding: pairs of numbers, turned by an angle for their position.

use crate::model::engine::own::formula::{Computed, Formula, Wide};
use crate::model::engine::own::{Fact, Given, own, required};
use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::internal::tract_ndarray::{Array3, ArrayViewMut4, Ix2, Ix3, s};
use tract_onnx::tract_core::internal::{IntoTensor, Tensor, TractResult, bail, ensure};
use tract_onnx::tract_hir::internal::InferenceOp;

#[derive(Debug)]
struct Rotary {
    heads: usize,
    /// How many numbers of a head are turned; zero for all.
    turned: usize,
    /// Neighbours are a pair; else those of both halves.
    interleaved: bool,
}

impl Rotary {
    /// The cosines or sines of each batch, position and pair.
    fn angles<T: Wide>(&self, cache: &Tensor, positions: Option<&Tensor>, dims: [usize; 3]) -> TractResult<Array3<T>> {
        let cache = cache.to_plain_array_view::<T>()?;
        let angles = match positions {
            None => cache.into_dimensionality::<Ix3>()?.to_owned(),
            Some(positions) => {
                let cache = cache.into_dimensionality::<Ix2>()?;
                let positions = positions.cast_to::<i64>()?;
                let positions = positions.to_plain_array_view::<i64>()?.into_dimensionality::<Ix2>()?;
                let mut angles = Array3::zeros([positions.nrows(), positions.ncols(), cache.ncols()]);
                for ((batch, i), position) in positions.indexed_iter() {
                    let row = usize::try_from(*position).ok().filter(|row| *row < cache.nrows());
                    let Some(row) = row else { bail!("there is no angle for the position {position}") };
                    angles.slice_mut(s![batch, i, ..]).assign(&cache.row(row));
                }
                angles
            }
        };
        ensure!(angles.shape() == dims, "the angles are {:?}, where they are {dims:?}", angles.shape());
        Ok(angles)
    }
}

impl Formula for Rotary {
    fn outputs(&self, inputs: &[Option<Given>]) -> TractResult<Vec<Fact>> {
        Ok(vec![required(inputs, 0)?.fact()])
    }

    fn compute<T: Wide>(&self, inputs: &[Option<&Tensor>]) -> TractResult<Vec<Tensor>> {
        let mut y = required(inputs, 0)?.to_plain_array_view::<T>()?.as_standard_layout().into_owned();
        // As [batch, position, head, number].
        let mut whole: ArrayViewMut4<T> = match *y.shape() {
            [batch, length, hidden] => {
                ensure!(self.heads > 0 && hidden % self.heads == 0, "{hidden} numbers are not {} heads", self.heads);
                y.view_mut().into_shape_with_order([batch, length, self.heads, hidden / self.heads])?
            }
            [_, _, _, _] => y.view_mut().into_dimensionality()?.permuted_axes([0, 2, 1, 3]),
            _ => bail!("the input has {} axes, where there are three or four", y.ndim()),
        };
        let (batch, length, _, size) = whole.dim();
        let turned = if self.turned == 0 { size } else { self.turned };
        ensure!(turned <= size && turned % 2 == 0, "of {size} numbers {turned} are turned");
        let pairs = turned / 2;
        let angles = |input: usize| {
            let positions = inputs.get(3).copied().flatten();
            self.angles::<T>(required(inputs, input)?, positions, [batch, length, pairs])
        };
        let (cosines, sines) = (angles(1)?, angles(2)?);
        for (b, i) in (0..batch).flat_map(|b| (0..length).map(move |i| (b, i))) {
            let mut heads = whole.slice_mut(s![b, i, .., ..]);
            let (cosines, sines) = (cosines.slice(s![b, i, ..]), sines.slice(s![b, i, ..]));
            for mut head in heads.outer_iter_mut() {
                for pair in 0..pairs {
                    let [first, second] =
                        if self.interleaved { [2 * pair, 2 * pair + 1] } else { [pair, pair + pairs] };
                    let (x, y, cosine, sine) = (head[first], head[second], cosines[pair], sines[pair]);
                    head[first] = cosine * x - sine * y;
                    head[second] = sine * x + cosine * y;
                }
            }
        }
        Ok(vec![y.into_tensor()])
    }
}

pub(in crate::model::engine) fn rotary_embedding(
    _: &ParsingContext,
    node: &NodeProto,
) -> TractResult<(Box<dyn InferenceOp>, Vec<String>)> {
    let heads = node.get_attr_opt("num_heads")?.unwrap_or(0);
    let turned = node.get_attr_opt("rotary_embedding_dim")?.unwrap_or(0);
    let interleaved = node.get_attr_opt::<i64>("interleaved")?.unwrap_or(0) != 0;
    own(node, Computed(Rotary { heads, turned, interleaved }))
}
