//! Constants as a file holds them.

use super::trace::Constants;
use crate::model::constants::{self, Element};
use crate::model::error::ModelError;
use crate::model::network::Network;

/// A constant's values as a file holds them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its dimensions.
    pub dims: Vec<i64>,
    /// The type of its elements, by its number in ONNX (`TensorProto.DataType`).
    pub element: i32,
    /// Its values, little-endian and packed.
    pub bytes: Vec<u8>,
}

impl Network {
    /// A constant as it is stored, or as it would be: of the deployed network, with what is folded into it. `None` where no
    /// constant has this name.
    ///
    /// # Errors
    ///
    /// It is cut short, or the file that it lies in is gone.
    pub fn stored(&self, name: &str) -> Result<Option<Stored>, ModelError> {
        let constants = Constants::of(self.graph());
        let Some(tensor) = constants.tensor(name) else { return Ok(None) };
        let bytes = constants::bytes(tensor, &self.folder).map_err(|why| self.error(why))?;
        Ok(Some(Stored { dims: tensor.dims.clone(), element: Element::of(tensor).0, bytes: bytes.into_owned() }))
    }
}
