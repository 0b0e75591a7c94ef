//! Values written into a tensor.

use half::f16;
use tract_onnx::pb::TensorProto;
use tract_onnx::pb::tensor_proto::DataType;

/// Writes the values into the tensor itself, in its own type, wherever they lay before.
pub(in crate::model) fn write(tensor: &mut TensorProto, values: impl Iterator<Item = f64>) {
    tensor.raw_data = match DataType::try_from(tensor.data_type) {
        Ok(DataType::Float16) => values.flat_map(|x| f16::from_f64(x).to_le_bytes()).collect(),
        Ok(DataType::Double) => values.flat_map(f64::to_le_bytes).collect(),
        _ => values.flat_map(|x| (x as f32).to_le_bytes()).collect(),
    };
    tensor.float_data.clear();
    tensor.int32_data.clear();
    tensor.double_data.clear();
    tensor.external_data.clear();
    tensor.data_location = None;
}
