//! Which version of ONNX's operators a file is written by, and which of them mean something else in another.

use tract_onnx::pb::OperatorSetIdProto;

/// The version of ONNX's own operators; 1 where the file gives none.
pub(in crate::model) fn opset(imports: &[OperatorSetIdProto]) -> i64 {
    let own = imports.iter().find(|import| matches!(&*import.domain, "" | "ai.onnx"));
    own.map_or(1, |import| import.version)
}

/// The versions that changed what an operator means, or how it is written. Those that only allow more are not among them.
const CHANGES: &[(&str, &[i64])] = &[
    ("Add", &[6, 7]),
    ("And", &[7]),
    ("ArgMax", &[12]),
    ("ArgMin", &[12]),
    ("Attention", &[24, 25]),
    ("AveragePool", &[7, 10, 11, 19]),
    ("BatchNormalization", &[6, 7, 9, 14]),
    ("Cast", &[6, 9]),
    ("Clip", &[6, 11]),
    ("Concat", &[4]),
    ("ConvTranspose", &[11]),
    ("DFT", &[20]),
    ("Div", &[6, 7]),
    ("Dropout", &[6, 7, 10, 12]),
    ("Equal", &[7]),
    ("GRU", &[3, 7]),
    ("Gemm", &[6, 7, 9, 11]),
    ("Greater", &[7]),
    ("GridSample", &[20]),
    ("GroupNormalization", &[21]),
    ("Hardmax", &[13]),
    ("LSTM", &[7]),
    ("Less", &[7]),
    ("LogSoftmax", &[13]),
    ("Loop", &[11]),
    ("LpPool", &[2, 11, 18]),
    ("Max", &[6, 8]),
    ("MaxPool", &[8, 10, 11, 12]),
    ("Mean", &[6, 8]),
    ("Min", &[6, 8]),
    ("Mul", &[6, 7]),
    ("Or", &[7]),
    ("PRelu", &[6, 7]),
    ("Pad", &[2, 11]),
    ("Pow", &[7]),
    ("QuantizeLinear", &[13]),
    ("RNN", &[7]),
    ("ReduceL1", &[18]),
    ("ReduceL2", &[18]),
    ("ReduceLogSum", &[18]),
    ("ReduceLogSumExp", &[18]),
    ("ReduceMax", &[18]),
    ("ReduceMean", &[18]),
    ("ReduceMin", &[18]),
    ("ReduceProd", &[18]),
    ("ReduceSum", &[13]),
    ("ReduceSumSquare", &[18]),
    ("Reshape", &[5, 14]),
    ("Resize", &[11, 13, 18, 19]),
    ("RoiAlign", &[16]),
    ("Scan", &[9]),
    ("Selu", &[6]),
    ("Slice", &[10]),
    ("Softmax", &[13]),
    ("Split", &[2, 13, 18]),
    ("Squeeze", &[13]),
    ("Sub", &[6, 7]),
    ("Sum", &[6, 8]),
    ("Tile", &[6]),
    ("TopK", &[10]),
    ("Unsqueeze", &[13]),
    ("Upsample", &[7, 9, 10]),
    ("Xor", &[7]),
];

/// Whether an operator means the same in both versions.
pub(super) fn same(op: &str, a: i64, b: i64) -> bool {
    let (older, newer) = (a.min(b), a.max(b));
    let changes = CHANGES.iter().find(|(name, _)| *name == op).map_or(&[][..], |(_, changes)| changes);
    !changes.iter().any(|change| (older + 1..=newer).contains(change))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operator_is_the_same_between_its_changes() {
        assert!(same("Softmax", 13, 21) && same("Softmax", 11, 9) && same("Relu", 1, 28));
        assert!(!same("Softmax", 12, 13) && !same("ReduceMean", 18, 17));
    }
}
