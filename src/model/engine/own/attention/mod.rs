//! Attention, and the rotation of what goes into it.

mod bias;
mod contrib;
mod heads;
mod operator;
mod rotary;

pub(in crate::model::engine) use contrib::{multi_head, packed};
pub(in crate::model::engine) use operator::attention;
pub(in crate::model::engine) use rotary::rotary_embedding;
