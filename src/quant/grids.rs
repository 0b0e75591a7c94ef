use super::QuantParams;
use std::ops::Deref;

/// What a tensor is quantized with: one grid, or one for each index along an axis. None leaves it in float.
///
/// It is read as the slice of its grids; an axis alone would say nothing of how they lie where two axes are equally long.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Grids {
    params: Vec<QuantParams>,
    axis: Option<usize>,
}

impl Grids {
    /// No grid: in float.
    pub const FLOAT: Grids = Grids { params: Vec::new(), axis: None };

    /// One for the whole tensor.
    pub fn one(params: QuantParams) -> Grids {
        Grids { params: vec![params], axis: None }
    }

    /// One for each index along `axis`, from the front.
    pub fn along(axis: usize, params: Vec<QuantParams>) -> Grids {
        Grids { params, axis: Some(axis) }
    }

    /// The axis along which there is one for each index; `None` where one is for all.
    pub fn axis(&self) -> Option<usize> {
        self.axis
    }

    /// Whether it stays in float.
    pub fn is_empty(&self) -> bool {
        self.params.is_empty()
    }
}

impl Deref for Grids {
    type Target = [QuantParams];

    fn deref(&self) -> &[QuantParams] {
        &self.params
    }
}

impl From<QuantParams> for Grids {
    fn from(params: QuantParams) -> Grids {
        Grids::one(params)
    }
}
