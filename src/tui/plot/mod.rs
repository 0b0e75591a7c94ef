//! The plot kit: axes, ticks, bars, dots and labels over a [`ratatui::buffer::Buffer`].
//!
//! Pure geometry: nothing here knows a session, a key or a calibrator.

mod axis;
mod bars;
mod dots;
mod labels;
mod lanes;
mod rebin;
mod signed;
mod yscale;

pub use axis::{Axis, ticks};
pub use bars::{BarStyle, bars};
pub use dots::Dots;
pub use labels::{Placed, place};
pub use lanes::Lanes;
pub use rebin::{rebin_magnitude, rebin_signed};
pub use signed::Signed;
pub use yscale::YScale;
