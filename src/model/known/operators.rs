//! What an operator makes of intervals.

use super::interval::Interval;
use tract_onnx::pb::NodeProto;
use tract_onnx::pb::tensor_proto::DataType;

/// What comes out of a node.
pub(super) struct Made {
    pub interval: Interval,
    /// Whether it is reached where what goes in reaches its ends: not where something is averaged, or where the same
    /// value stands on both sides.
    pub tight: bool,
}

/// What comes out of a node that takes these; `None` where it is not known what such a node does.
///
/// Inputs that are left out, and those that are no floats, are [`Interval::ALL`].
pub(super) fn made(node: &NodeProto, takes: &[Interval]) -> Option<Made> {
    let x = takes.first().copied().unwrap_or(Interval::ALL);
    let tight = |interval| Some(Made { interval, tight: true });
    let loose = |interval| Some(Made { interval, tight: false });
    if !matches!(&*node.domain, "" | "ai.onnx") {
        return None;
    }
    match &*node.op_type {
        "Sigmoid" => tight(x.rising(|x| 1.0 / (1.0 + (-x).exp()))),
        "Tanh" => tight(x.rising(f64::tanh)),
        "HardSigmoid" => {
            let (alpha, beta) = (float(node, "alpha", 0.2), float(node, "beta", 0.5));
            tight(limited(x.mul(Interval::point(alpha)).add(Interval::point(beta)), Interval::UNIT))
        }
        "Softmax" | "Hardmax" => loose(Interval::UNIT),
        "LogSoftmax" => loose(Interval::new(f64::NEG_INFINITY, 0.0)),
        "Sin" | "Cos" | "Erf" => loose(Interval::SIGNED_UNIT),
        "Equal" | "Greater" | "GreaterOrEqual" | "Less" | "LessOrEqual" | "Not" | "And" | "Or" | "Xor" | "IsNaN"
        | "IsInf" => loose(Interval::UNIT),
        "Clip" => tight(limited(x, clip_bounds(node, takes))),
        _ => pointwise(node, x)
            .or_else(|| arithmetic(node, takes))
            .map(|interval| Made { interval, tight: true })
            .or_else(|| moved(node, takes).map(|interval| Made { interval, tight: true }))
            .or_else(|| averaged(node, takes).map(|interval| Made { interval, tight: false })),
    }
}

/// An interval as a clamp leaves it, also where it lies outside.
fn limited(x: Interval, to: Interval) -> Interval {
    x.rising(|x| x.max(to.lo).min(to.hi))
}

/// The bounds of a `Clip`: attributes before opset 11, inputs since.
fn clip_bounds(node: &NodeProto, takes: &[Interval]) -> Interval {
    let given = |at: usize| node.input.get(at).filter(|name| !name.is_empty()).and(takes.get(at));
    let lo = given(1).map_or(float(node, "min", f64::NEG_INFINITY), |min| min.lo);
    let hi = given(2).map_or(float(node, "max", f64::INFINITY), |max| max.hi);
    // Where they cross, the greatest value is the last word.
    Interval::new(lo.min(hi), hi)
}

/// One value of one value.
fn pointwise(node: &NodeProto, x: Interval) -> Option<Interval> {
    let elu = |alpha: f64| x.bent(|below| below.rising(|x| alpha * x.exp_m1()));
    Some(match &*node.op_type {
        "Identity" => x,
        "Relu" => x.max(Interval::point(0.0)),
        "LeakyRelu" => {
            let alpha = Interval::point(float(node, "alpha", 0.01));
            x.bent(|below| below.mul(alpha))
        }
        "Elu" if float(node, "alpha", 1.0) >= 0.0 => elu(float(node, "alpha", 1.0)),
        "ThresholdedRelu" => {
            let alpha = float(node, "alpha", 1.0);
            let zero = Interval::point(0.0);
            if x.hi > alpha { zero.hull(Interval::new(x.lo.max(alpha), x.hi)) } else { zero }
        }
        "HardSwish" => {
            let f = |x: f64| if x <= -3.0 { 0.0 } else { x * (x / 6.0 + 0.5).min(1.0) };
            let ends = Interval::point(f(x.lo)).hull(Interval::point(f(x.hi)));
            // It falls to here and rises from here on.
            if x.holds(-1.5) { ends.hull(Interval::point(-0.375)) } else { ends }
        }
        // Their least values are -0.1700… and -0.3088…; above zero they lie below what goes in.
        "Gelu" => dips(x, -0.171),
        "Mish" => dips(x, -0.309),
        "Softplus" => x.rising(|x| if x > 30.0 { x } else { x.exp().ln_1p() }),
        "Softsign" => x.rising(|x| if x.is_infinite() { x.signum() } else { x / (1.0 + x.abs()) }),
        "Atan" => x.rising(f64::atan),
        "Exp" => x.rising(f64::exp),
        "Log" if x.hi > 0.0 => x.max(Interval::point(0.0)).rising(f64::ln),
        "Sqrt" if x.hi >= 0.0 => x.power(0.5),
        "Neg" => x.neg(),
        "Abs" => x.abs(),
        "Reciprocal" => x.reciprocal(),
        "Sign" => x.rising(|x| if x == 0.0 { 0.0 } else { x.signum() }),
        "Ceil" => x.rising(f64::ceil),
        "Floor" => x.rising(f64::floor),
        "Round" => x.rising(f64::round_ties_even),
        _ => return None,
    })
}

fn dips(x: Interval, least: f64) -> Interval {
    let lo = if x.lo >= 0.0 { 0.0 } else { least };
    Interval::new(lo, x.hi.max(0.0))
}

/// One value of several.
fn arithmetic(node: &NodeProto, takes: &[Interval]) -> Option<Interval> {
    let two = |f: fn(Interval, Interval) -> Interval| takes.iter().copied().reduce(f);
    match &*node.op_type {
        "Add" | "Sum" => two(Interval::add),
        "Sub" => two(Interval::sub),
        "Mul" => two(Interval::mul),
        "Div" => two(|a, b| a.mul(b.reciprocal())),
        "Max" => two(Interval::max),
        "Min" => two(Interval::min),
        "Pow" => match takes {
            [base, exponent] if exponent.lo == exponent.hi => Some(base.power(exponent.lo)),
            _ => Some(Interval::ALL),
        },
        "PRelu" => match takes {
            [x, slope] => Some(x.bent(|below| below.mul(*slope))),
            _ => None,
        },
        "Where" => match takes {
            [_, yes, no] => Some(yes.hull(*no)),
            _ => None,
        },
        _ => None,
    }
}

/// Values as they are, or some of them, in whatever order.
fn moved(node: &NodeProto, takes: &[Interval]) -> Option<Interval> {
    let x = takes.first().copied()?;
    match &*node.op_type {
        "Compress" | "DepthToSpace" | "Expand" | "Flatten" | "Gather" | "GatherElements" | "GatherND"
        | "GlobalMaxPool" | "MaxPool" | "ReduceMax" | "ReduceMin" | "Reshape" | "ReverseSequence" | "Slice"
        | "SpaceToDepth" | "Split" | "Squeeze" | "Tile" | "TopK" | "Transpose" | "Unsqueeze" => Some(x),
        // With an input that says whether it is being trained it may do more.
        "Dropout" if node.input.get(2).is_none_or(String::is_empty) => Some(x),
        "Concat" => takes.iter().copied().reduce(Interval::hull),
        "Trilu" | "CenterCropPad" => Some(x.hull(Interval::point(0.0))),
        "Pad" => match text(node, "mode").as_str() {
            "" | "constant" => {
                let given = node.input.get(2).filter(|name| !name.is_empty()).and(takes.get(2).copied());
                Some(x.hull(given.unwrap_or(Interval::point(float(node, "value", 0.0)))))
            }
            _ => Some(x),
        },
        "Resize" | "Upsample" => {
            let crops = text(node, "coordinate_transformation_mode") == "tf_crop_and_resize";
            // Cubic interpolation overshoots.
            (!crops && matches!(text(node, "mode").as_str(), "" | "nearest" | "linear")).then_some(x)
        }
        "Cast" => {
            let to = node.attribute.iter().find(|attribute| attribute.name == "to")?.i as i32;
            let floats = [DataType::Float, DataType::Float16, DataType::Double, DataType::Bfloat16];
            match to {
                _ if floats.iter().any(|float| *float as i32 == to) => Some(x),
                _ if to == DataType::Bool as i32 => Some(Interval::UNIT),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Something between the values.
fn averaged(node: &NodeProto, takes: &[Interval]) -> Option<Interval> {
    let x = takes.first().copied()?;
    match &*node.op_type {
        "GlobalAveragePool" | "ReduceMean" => Some(x),
        // Zeros that stand around it may count.
        "AveragePool" => Some(x.hull(Interval::point(0.0))),
        "Mean" => takes.iter().copied().reduce(Interval::hull),
        _ => None,
    }
}

/// An attribute, or what it is where it is not given.
fn float(node: &NodeProto, name: &str, default: f64) -> f64 {
    node.attribute.iter().find(|attribute| attribute.name == name).map_or(default, |found| f64::from(found.f))
}

fn text(node: &NodeProto, name: &str) -> String {
    let found = node.attribute.iter().find(|attribute| attribute.name == name);
    found.map_or_else(String::new, |found| String::from_utf8_lossy(&found.s).into_owned())
}
