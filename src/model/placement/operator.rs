//! What an integer runtime makes of an operator.

/// How an operator stands to integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// Takes integers and is worth it: products, average pooling, recurrent layers.
    Integer,
    /// Computes each element from the elements of the same place: it is fused behind what makes its input.
    Pointwise,
    /// Hands values on as they are, or some of them; an `If` what its branch has made.
    Move,
    /// Lays its inputs one behind the other, on one grid.
    Concat,
    /// Everything else: computes in float.
    Float,
}

impl Family {
    pub fn of(op: &str) -> Family {
        match op {
            "Conv" | "ConvTranspose" | "MatMul" | "Gemm" | "FusedMatMul" | "Einsum" | "AveragePool"
            | "GlobalAveragePool" | "LSTM" | "GRU" | "RNN" => Family::Integer,
            "Abs" | "Add" | "BatchNormalization" | "BiasGelu" | "Ceil" | "Celu" | "Clip" | "Div" | "Dropout"
            | "Elu" | "Erf" | "Exp" | "FastGelu" | "Floor" | "Gelu" | "HardSigmoid" | "HardSwish" | "LeakyRelu"
            | "Log" | "Max" | "Min" | "Mish" | "Mul" | "Neg" | "PRelu" | "Pow" | "QuickGelu" | "Reciprocal"
            | "Relu" | "Round" | "Selu" | "Sigmoid" | "Sign" | "Softplus" | "Softsign" | "Sqrt" | "Sub" | "Sum"
            | "Swish" | "Tanh" | "ThresholdedRelu" | "Where" => Family::Pointwise,
            "Cast" | "CenterCropPad" | "DepthToSpace" | "Expand" | "Flatten" | "Gather" | "GatherElements"
            | "GatherND" | "GlobalMaxPool" | "Identity" | "If" | "MaxPool" | "Pad" | "Reshape" | "Resize" | "Slice"
            | "SpaceToDepth" | "Split" | "Squeeze" | "Tile" | "Transpose" | "Unsqueeze" | "Upsample" => Family::Move,
            "Concat" => Family::Concat,
            _ => Family::Float,
        }
    }
}
