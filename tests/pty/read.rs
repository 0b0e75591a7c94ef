//! Reads the screen as a user does.

use vt100::Screen;

use super::terminal::Terminal;

/// The clip's line: column, and the row of its flag (`clip 2.813 ◂┃▸ 1.9 % saturate`).
pub fn line(screen: &Screen) -> Option<(u16, u16)> {
    let (rows, columns) = (screen.size().0.get(), screen.size().1.get());
    let at = |x: u16, y| screen.cell(y, x).map_or("", |c| c.contents());
    let mut cells = (0..rows).flat_map(|y| (0..columns).map(move |x| (x, y)));
    cells.find(|&(x, y)| at(x, y) == "┃" && ((x > 0 && at(x - 1, y) == "◂") || at(x + 1, y) == "▸"))
}

/// The clip as its flag shows it, to the shown digits.
pub fn clip(screen: &Screen) -> Option<String> {
    let (_, y) = line(screen)?;
    let row = screen.rows(0, screen.size().1.get()).nth(usize::from(y))?;
    Some(row.split("clip ").nth(1)?.split(' ').next()?.to_owned())
}

/// Waits until all layers are read; the line's column and its flag's row, and the clip.
pub fn loaded(terminal: &Terminal) -> ((u16, u16), String) {
    terminal.wait("all layers read", |screen| {
        let text = screen.contents();
        let waits = ["reading", "searching", "waiting"].iter().any(|w| text.contains(w));
        Some((line(screen)?, clip(screen)?)).filter(|_| !waits && text.contains(" layer"))
    })
}

/// Waits until the line stands on column `x`; the clip there.
pub fn clip_at(terminal: &Terminal, x: u16) -> String {
    terminal.wait(&format!("the line on column {x}"), |screen| {
        clip(screen).filter(|_| line(screen).map(|l| l.0) == Some(x))
    })
}

/// Waits until the clip reads `clip`.
pub fn wait_clip(terminal: &Terminal, wanted: &str) {
    terminal.wait(&format!("the clip {wanted}"), |screen| (clip(screen)? == wanted).then_some(()));
}

/// Waits until something outside of the screen is so.
pub fn until(what: &str, is: impl Fn() -> bool) {
    let end = std::time::Instant::now() + super::terminal::PATIENCE;
    while !is() {
        assert!(std::time::Instant::now() < end, "waited in vain until {what}");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}
