use crate::quant::OutputEffect;

/// How a network's outputs depend on one tensor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sensitivity {
    /// Index of the layer.
    pub layer: usize,
    /// Only this one is quantized, everything else is in float.
    pub alone: OutputEffect,
    /// Everything that is chosen is quantized but this one.
    pub without: OutputEffect,
}
