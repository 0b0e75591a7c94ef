//! Attention, and the rotation of what goes into it.

mod bias;
mod heads;
mod operator;
mod rotary;

pub(in crate::model::engine) use operator::attention;
pub(in crate::model::engine) use rotary::rotary_embedding;
