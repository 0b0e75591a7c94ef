//! Pooling: the largest, the mean, the norm of each window.
//!
//! Each of them is worked out axis by axis: what a window holds is the product of what it holds of each axis.

use super::windows::{Axis, Windows};
use super::{Fact, Function, Given, own, required};
use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_hir::internal::InferenceOp;

#[derive(Clone, Copy, Debug)]
enum Kind {
    /// With places or without, counted along the first axis first or along the last.
    Max {
        places: bool,
        first_axis_first: bool,
    },
    /// Whether what is padded counts.
    Mean {
        padded: bool,
    },
    Norm {
        p: i32,
    },
}

#[derive(Debug)]
struct Pool {
    kind: Kind,
    /// None where a window is the whole picture.
    windows: Option<Windows>,
}

impl Function for Pool {
    fn outputs(&self, inputs: &[Option<Given>]) -> TractResult<Vec<Fact>> {
        let x = required(inputs, 0)?;
        let mut fact = x.fact();
        let sizes: Vec<usize> = x.dims()?.iter().skip(2).copied().collect();
        for (dim, axis) in fact.shape.iter_mut().skip(2).zip(self.axes(&sizes)?) {
            *dim = axis.out.to_dim();
        }
        let places = matches!(self.kind, Kind::Max { places: true, .. });
        let places = places.then(|| Fact { dtype: DatumType::I64, shape: fact.shape.clone() });
        Ok([fact].into_iter().chain(places).collect())
    }

    fn eval(&self, inputs: Vec<Option<TValue>>) -> TractResult<Vec<Tensor>> {
        let x = required(&inputs, 0)?;
        let axes = self.axes(&x.shape()[2..])?;
        if x.datum_type() == DatumType::F64 {
            return self.pooled::<f64>(x, &axes);
        }
        self.pooled::<f32>(x, &axes)
    }
}

impl Pool {
    fn axes(&self, sizes: &[usize]) -> TractResult<Vec<Axis>> {
        match &self.windows {
            Some(windows) => windows.axes(sizes),
            None => Ok(sizes.iter().map(|&len| Axis::whole(len)).collect()),
        }
    }

    fn pooled<T: Number>(&self, x: &Tensor, axes: &[Axis]) -> TractResult<Vec<Tensor>> {
        let values = x.cast_to::<T>()?;
        let values = values.try_as_plain_ram()?.as_slice::<T>()?;
        let mut shape = x.shape().to_vec();
        let planes: usize = shape[..2].iter().product();
        let sizes = shape[2..].to_vec();
        let mut places = None;
        let pooled: Vec<T> = match self.kind {
            Kind::Max { places: false, .. } => {
                along(values.to_vec(), planes, &sizes, axes, T::LEAST, |a, b| if b > a || b.is_nan() { b } else { a })
            }
            Kind::Max { first_axis_first, .. } => {
                let plane: usize = sizes.iter().product();
                let place = |at: usize| match first_axis_first {
                    false => at,
                    true => at / plane * plane + transposed(at % plane, &sizes),
                };
                let numbered = values.iter().enumerate().map(|(at, &x)| (x, place(at) as i64)).collect();
                let better = |a: (T, i64), b: (T, i64)| {
                    // The first of equals; what is padded is none.
                    let is = b.1 >= 0 && (a.1 < 0 || b.0 > a.0 || (b.0.is_nan() && !a.0.is_nan()));
                    if is { b } else { a }
                };
                let (values, at): (Vec<T>, Vec<i64>) =
                    along(numbered, planes, &sizes, axes, (T::LEAST, -1), better).into_iter().unzip();
                places = Some(at);
                values
            }
            Kind::Mean { padded } => {
                let mut sums = along(values.to_vec(), planes, &sizes, axes, T::ZERO, |a, b| a + b);
                let counts = axes.iter().fold(vec![1], |counts: Vec<usize>, axis| {
                    let of_axis = |n: usize| (0..axis.out).map(move |at| n * axis.counted(at, padded));
                    counts.iter().flat_map(|&n| of_axis(n)).collect()
                });
                sums.iter_mut().zip(counts.iter().cycle()).for_each(|(sum, &n)| *sum = *sum / T::of(n.max(1)));
                sums
            }
            Kind::Norm { p } => {
                let powers = values.iter().map(|x| x.power(p)).collect();
                let mut sums = along(powers, planes, &sizes, axes, T::ZERO, |a, b| a + b);
                sums.iter_mut().for_each(|sum| *sum = sum.root(p));
                sums
            }
        };
        shape.truncate(2);
        shape.extend(axes.iter().map(|axis| axis.out));
        let pooled = Tensor::from_shape(&shape, &pooled)?.cast_to_dt(x.datum_type())?.into_owned();
        let places = places.map(|places| Tensor::from_shape(&shape, &places)).transpose()?;
        Ok([pooled].into_iter().chain(places).collect())
    }
}

/// A place in a plane, counted along the first axis first.
fn transposed(mut at: usize, sizes: &[usize]) -> usize {
    let mut steps = Vec::with_capacity(sizes.len());
    sizes.iter().fold(1, |step, size| {
        steps.push(step);
        step * size
    });
    let mut place = 0;
    for (size, step) in sizes.iter().zip(steps).rev() {
        place += at % size * step;
        at /= size;
    }
    place
}

/// Puts together what each window holds, one axis after the other from the last on.
fn along<T: Copy>(
    mut values: Vec<T>,
    planes: usize,
    sizes: &[usize],
    axes: &[Axis],
    nothing: T,
    together: impl Fn(T, T) -> T,
) -> Vec<T> {
    let mut inner = 1;
    for (i, axis) in axes.iter().enumerate().rev() {
        let outer = planes * sizes[..i].iter().product::<usize>();
        let mut next = vec![nothing; outer * axis.out * inner];
        for (outer, next) in next.chunks_mut((axis.out * inner).max(1)).enumerate() {
            let values = &values[outer * axis.len * inner..][..axis.len * inner];
            for (at, next) in next.chunks_mut(inner.max(1)).enumerate() {
                for place in axis.places(at) {
                    for (next, &x) in next.iter_mut().zip(&values[place * inner..]) {
                        *next = together(*next, x);
                    }
                }
            }
        }
        values = next;
        inner *= axis.out;
    }
    values
}

/// The floats that are pooled.
trait Number: Datum + Copy + PartialOrd + std::ops::Add<Output = Self> + std::ops::Div<Output = Self> {
    const LEAST: Self;
    const ZERO: Self;
    fn is_nan(&self) -> bool;
    fn of(n: usize) -> Self;
    fn power(&self, p: i32) -> Self;
    fn root(&self, p: i32) -> Self;
}

macro_rules! number {
    ($type:ty) => {
        impl Number for $type {
            const LEAST: $type = <$type>::NEG_INFINITY;
            const ZERO: $type = 0.0;
            fn is_nan(&self) -> bool {
                <$type>::is_nan(*self)
            }
            fn of(n: usize) -> $type {
                n as $type
            }
            fn power(&self, p: i32) -> $type {
                self.abs().powi(p)
            }
            fn root(&self, p: i32) -> $type {
                self.powf((p as $type).recip())
            }
        }
    };
}
number!(f32);
number!(f64);

type Built = TractResult<(Box<dyn InferenceOp>, Vec<String>)>;

pub(in crate::model::engine) fn max_pool(_: &ParsingContext, node: &NodeProto) -> Built {
    let first_axis_first = node.get_attr_opt::<i64>("storage_order")? == Some(1);
    let kind = Kind::Max { places: node.output.len() > 1, first_axis_first };
    own(node, Pool { kind, windows: Some(Windows::of(node)?) })
}

pub(in crate::model::engine) fn average_pool(_: &ParsingContext, node: &NodeProto) -> Built {
    let kind = Kind::Mean { padded: node.get_attr_opt::<i64>("count_include_pad")? == Some(1) };
    own(node, Pool { kind, windows: Some(Windows::of(node)?) })
}

pub(in crate::model::engine) fn lp_pool(_: &ParsingContext, node: &NodeProto) -> Built {
    own(node, Pool { kind: norm(node)?, windows: Some(Windows::of(node)?) })
}

pub(in crate::model::engine) fn global_lp_pool(_: &ParsingContext, node: &NodeProto) -> Built {
    own(node, Pool { kind: norm(node)?, windows: None })
}

fn norm(node: &NodeProto) -> TractResult<Kind> {
    Ok(Kind::Norm { p: node.get_attr_opt::<i64>("p")?.unwrap_or(2).try_into()? })
}
