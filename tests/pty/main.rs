//! The real program in a pseudo-terminal: what a user sees, drags, writes and gets back.
#![cfg(feature = "tui")]
#![cfg(unix)]

#[cfg(feature = "statistics")]
mod against;
mod drag;
mod files;
mod learn;
mod leave;
mod looks;
mod many;
#[cfg(feature = "onnx")]
mod network;
#[path = "../support/npy.rs"]
mod npy;
mod open;
mod own;
mod pressed;
mod read;
mod suspend;
mod take_up;
#[path = "../support/terminal.rs"]
mod terminal;
mod typed;
