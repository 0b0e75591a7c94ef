//! What a command asks of the world outside: the reader, the terminal, files.

use std::io::{self, Write};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::jobs::Feed;
use crate::report::{self, visible};

use super::clipboard::Clipboard;
use super::export::{at_home, document, export};
use super::mode::Picture;
use super::model::Model;
use super::msg::{Cmd, Msg, Unwritten};
use super::terminal::{self, Screen};
use super::view::view;
use super::writer::Writer;

/// Does what a command asks for; answers what came of it, where somebody waits for that.
///
/// # Errors
/// When the terminal cannot be written to.
pub(super) fn execute(
    cmd: Cmd,
    model: &mut Model,
    feed: &dyn Feed,
    terminal: &mut Screen,
    writer: &mut Writer,
) -> io::Result<Option<Msg>> {
    match cmd {
        // The loop ends by some; lessons are for the teacher, where there is one.
        Cmd::Quit | Cmd::Open(_) | Cmd::Lesson { .. } | Cmd::Keep(_) | Cmd::Train(..) | Cmd::Against(_) => {}
        Cmd::Request(request) => feed.request(request),
        Cmd::Stop(what) => feed.stop(what),
        Cmd::StopWriting => writer.stop(),
        Cmd::Mouse(on) => terminal::set_mouse(on)?,
        Cmd::Export { path, force } => return Ok(Some(export(model, &path, force, writer))),
        Cmd::Copy { what, text } => {
            let text = text.unwrap_or_else(|| document(model).json());
            let clipboard = Clipboard::found(&|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
            terminal.backend_mut().write_all(clipboard.sequence(&text).as_bytes())?;
            terminal.backend_mut().flush()?;
            return Ok(Some(Msg::Copied { what, way: clipboard.way(text.len()) }));
        }
        Cmd::Draw => {
            let mut cells = Buffer::empty(Rect::new(0, 0, model.size.0, model.size.1));
            let look = model.look;
            model.look = look.for_a_picture();
            view(model, &mut cells);
            let picture = Picture { cells, ground: model.look.ground };
            model.look = look;
            return Ok(Some(Msg::Drawn(Box::new(picture))));
        }
        Cmd::Write { path, contents, force } => {
            let path = at_home(&path);
            let saved = report::save(&path, &contents, force);
            return Ok(Some(Msg::Written(match saved {
                Ok(()) => Ok(visible(&path.to_string_lossy())),
                Err(error) => Err(Unwritten { exists: error.exists(), message: error.to_string() }),
            })));
        }
        Cmd::Suspend => {
            terminal.backend_mut().flush()?;
            terminal::suspend(model.mouse)?;
            // Draws everything anew. `Terminal::clear` would ask where the cursor is, and the answer would go to the
            // thread that listens.
            let size = terminal.size()?;
            terminal.resize(size.into())?;
            return Ok(Some(Msg::Resize(size.width, size.height)));
        }
    }
    Ok(None)
}
