//! The plot kit: bars, dots and labels in the cells of a [`ratatui::buffer::Buffer`].
//!
//! Nothing here knows a session, a key or a calibrator; what is to be drawn is worked out in [`figure`](crate::figure).

mod bars;
mod dots;
mod labels;
mod large;

pub use bars::{BarStyle, bars, edges};
pub use dots::{Dots, sample};
pub use labels::{Placed, place};
pub use large::large;
