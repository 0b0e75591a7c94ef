//! Names that other tools give to the same tensor.

/// What quantizers of ONNX Runtime put behind a tensor's name.
const BEHIND: [&str; 7] = [
    "_QuantizeLinear_Input",
    "_QuantizeLinear_Output",
    "_QuantizeLinear",
    "_DequantizeLinear_Input",
    "_DequantizeLinear_Output",
    "_DequantizeLinear",
    "_quantized",
];

/// What two names have in common where they are alike: without `./` or `/` in front, `:0` behind (as TensorFlow has it),
/// and what ONNX Runtime's quantizers put behind; with `.` for `/` (a module's path in PyTorch). The case stays.
pub(super) fn plain(name: &str) -> String {
    let mut name = name;
    while let Some(rest) = name.strip_prefix("./").or_else(|| name.strip_prefix('/')) {
        name = rest;
    }
    while let Some(rest) = name
        .strip_suffix(":0")
        .or_else(|| BEHIND.iter().find_map(|end| name.strip_suffix(end)))
        .filter(|r| !r.is_empty())
    {
        name = rest;
    }
    name.replace('/', ".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tools_put_around_a_name_is_left_out() {
        for (name, is) in [
            ("conv1", "conv1"),
            ("./conv1", "conv1"),
            ("/model/conv1/Conv_output_0", "model.conv1.Conv_output_0"),
            ("model.conv1.Conv_output_0", "model.conv1.Conv_output_0"),
            ("x:0", "x"),
            ("x:1", "x:1"),
            ("x_QuantizeLinear_Input", "x"),
            ("x_DequantizeLinear_Output:0", "x"),
            ("w_quantized", "w"),
            ("Conv1", "Conv1"),
            (":0", ":0"),
            ("", ""),
            ("/", ""),
            ("_quantized", "_quantized"),
        ] {
            assert_eq!(plain(name), is, "{name}");
        }
    }
}
