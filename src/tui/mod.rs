//! The screen: `event -> Msg -> update(&mut Model, Msg) -> Cmd`, and `view(&Model)`.
//!
//! | file | what stands there |
//! |---|---|
//! | `command/` | every verb of the user's, once, with its keys and its help |
//! | `event.rs` | from keys and mouse to messages |
//! | `model.rs` | what the screen shows |
//! | `update/` | how messages change it |
//! | `scene.rs` | what is drawn of the selected layer, worked out once after a change |
//! | `layout.rs` | where everything stands, for the view and for the mouse |
//! | `network.rs` | what was asked of a network on trial, and what it answered |
//! | `view/` | one file a panel |
//! | `plot/` | axes, bars, dots, labels |
//! | `app.rs` | the loop |
//! | `backend.rs` | cells to bytes |
//! | `terminal.rs` | the terminal, taken and given back |

pub mod app;
pub mod backend;
pub mod command;
pub mod event;
pub mod key;
pub mod layout;
pub mod look;
pub mod model;
pub mod msg;
pub mod network;
pub mod plot;
pub mod prompt;
pub mod scene;
pub mod strip;
pub mod svg;
pub mod terminal;
pub mod update;
pub mod view;
