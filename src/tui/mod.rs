//! The screen: `event -> Msg -> update(&mut Model, Msg) -> Cmd`, and `view(&Model)`.
//!
//! | file | what stands there |
//! |---|---|
//! | `command/` | every verb of the user's, once, with its keys and its help |
//! | `available.rs` | which of them can run now, and why the others cannot |
//! | `event.rs` | from keys and mouse to messages |
//! | `model.rs` | what the screen shows; `plotted.rs` is how the plots are looked at |
//! | `list.rs` | the list of layers as it is looked at; `formats.rs` is what formats its rows are on |
//! | `mode.rs` | what keys and mouse mean, and what is being asked |
//! | `ask.rs` | title and hint of each prompt; `line.rs` is the text that is typed |
//! | `key.rs` | keys, as they are pressed and written |
//! | `look/` | colours and glyphs: what this terminal can show, and what each role looks like |
//! | `drawn.rs` | the figure of the selected layer, worked out once after a change |
//! | `network.rs` | what was asked of a network on trial, and what it answered |
//! | `notes.rs` | what is to say of the selected layer; `wrap.rs` puts it into lines |
//! | `methods.rs` | every method by what the network's outputs say |
//! | `page.rs` | what stands in the plots' place; `paging.rs` is how far a page key goes |
//! | `clipboard.rs` | a text on its way to the clipboard |
//! | `changes.rs` | each change that was made, in words |
//! | `held.rs` | what is kept in view to be compared with what is looked at |
//! | `find.rs` | the commands that words mean, the best first; `manual.rs` is the help in lines, `reading.rs` what else is read |
//! | `picture/` | a screen as SVG or PNG |
//! | `work.rs` | what goes on in the background: one list of it; `behind.rs` what nobody else knows of that |
//! | `taking.rs` | what an earlier run has left, and how far it is taken up |
//! | `query.rs` | asking the terminal for its ground, and its answer among the keys |
//! | `update/` | how messages change the model |
//! | `learn.rs` | the lessons as they are gone through; `seen.rs` is what they see of the screen |
//! | `taught.rs` | what a lesson says now, in lines; `graph.rs` is the network with Q and DQ as a text |
//! | `layout.rs` | where everything stands, for the view and for the mouse |
//! | `view/` | one file a panel |
//! | `plot/` | bars, dots, labels in cells |
//! | `training.rs` | training with quantization: what was asked for, what it has told |
//! | `app.rs` | the loop; `execute.rs` does what it is asked to outside, `export.rs` writes the document |
//! | `bringer.rs` | who brings layers, other data and training; `teacher.rs` is who opens lessons |
//! | `signals.rs` | what ends it from outside |
//! | `writer.rs` | the network with its scales, written on a thread of its own |
//! | `rehearse.rs` | a lesson played to its end without a screen, for its author |
//! | `pages.rs` | writing down what no file holds; `handed.rs` is what another tool's file holds, and no document |
//! | `backend.rs` | cells to bytes |
//! | `terminal.rs` | the terminal, taken and given back |

pub(crate) mod app;
mod ask;
mod available;
mod backend;
pub mod behind;
mod bringer;
pub mod changes;
mod clipboard;
pub mod command;
mod drawn;
pub mod event;
mod execute;
mod export;
mod find;
mod formats;
mod graph;
pub mod handed;
pub mod held;
pub mod key;
pub mod layout;
pub mod learn;
mod line;
pub mod list;
mod listed;
pub mod look;
mod manual;
pub mod methods;
pub mod mode;
pub mod model;
pub mod msg;
mod names;
pub mod network;
pub mod notes;
pub mod page;
mod pages;
mod paging;
pub mod picture;
mod plot;
pub mod plotted;
pub(crate) mod query;
mod reading;
pub mod rehearse;
pub mod seen;
mod signals;
pub mod taking;
mod taught;
pub(crate) mod teacher;
mod terminal;
pub mod training;
pub mod update;
pub mod view;
pub mod work;
mod wrap;
mod writer;

/// A rising and falling curve in such marks, for a card of glyphs.
pub(crate) fn curve_sample(marks: look::Marks) -> String {
    plot::sample(marks)
}
