//! Where the lines of what lies over the screen stand, and how far a page key goes in them.

use ratatui::layout::Rect;

/// How many lines a page key moves where so many are seen at once: one that was seen stays in view.
pub(super) fn step(rows: u16) -> isize {
    rows.saturating_sub(1).max(1) as isize
}

/// The first line that is seen after a move, where the last one that can be first is `last`.
pub(super) fn moved(first: u16, by: isize, last: usize) -> u16 {
    usize::from(first).min(last).saturating_add_signed(by).min(last).min(u16::MAX.into()) as u16
}

/// The lines of the help, between its search line and its last.
pub(super) fn help(screen: Rect) -> Rect {
    Rect { y: 4, height: screen.height.saturating_sub(6), ..screen }
}

/// The lines of what is read over the screen.
pub(super) fn reading(screen: Rect) -> Rect {
    Rect { y: 3, height: screen.height.saturating_sub(5), ..screen }
}

/// Rows of commands that the palette shows at once where the screen has them.
const FOUND: u16 = 12;

/// The rows of the palette, its title and what is typed among them.
pub(super) fn palette(screen: Rect) -> Rect {
    let height = (FOUND + 2).min(screen.height.saturating_sub(2));
    Rect { y: screen.bottom().saturating_sub(height + 1), height, ..screen }
}

/// Those of them that hold a command.
pub(super) fn found(screen: Rect) -> Rect {
    let area = palette(screen);
    Rect { y: area.y + 2, height: area.height.saturating_sub(2), ..area }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_lie_on_the_screen_and_a_step_is_a_page_less_one() {
        for height in 0..60 {
            let screen = Rect::new(0, 0, 80, height);
            for area in [help(screen), reading(screen), found(screen)] {
                assert!(area.is_empty() || area.bottom() < height, "{height}: {area}");
            }
        }
        assert_eq!([0, 1, 2, 18].map(step), [1, 1, 1, 17]);
    }
}
