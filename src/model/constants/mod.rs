//! Constants of every element type that ONNX has, wherever their bytes lie.
//!
//! tract has not all of these types. What it lacks is given to it in the next type that holds every value exactly:
//! brain floats and FP8 as float32, integers below 8 bits as 8. The tensor keeps a mark of what it was, so that the list
//! of weights and the sentences say what stands in the file. What lies in another file stays there until it is needed.

mod bytes;
mod decode;
mod element;
mod external;
mod lazy;
mod load;
mod place;
mod quantizers;
mod small;
mod sparse;
mod standard;
mod write;

pub(super) use bytes::bytes;
pub(super) use element::Element;
pub(super) use external::check_locations;
pub(super) use lazy::{FROM_FILE, from_file_op, leave_in_files};
pub(super) use load::{check, files, load};
pub(super) use small::Small;
pub(super) use standard::standardize;
pub(super) use write::write;
