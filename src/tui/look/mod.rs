//! What things look like: colours by their role, glyphs by what the terminal can show.
//!
//! | file | what stands there |
//! |---|---|
//! | `depth.rs` | how many colours a terminal is asked for, and how that is found |
//! | `ground.rs` | whether it is dark or light, what may be read on it, and its answer when it is asked |
//! | `theme.rs` | the colours and modifiers of each role |
//! | `glyphs.rs` | the characters that the screen is drawn with |

mod depth;
mod glyphs;
mod ground;
mod theme;

pub use depth::Depth;
pub use glyphs::{Glyphs, Marks};
pub use ground::{Ground, contrast, parse_reply};
pub(super) use theme::of_index;
pub use theme::{Own, Role, Theme, parse_colour};

/// A value and how it was found, in a few words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found<T> {
    /// The value.
    pub value: T,
    /// How it was found: `COLORTERM`, `--theme`.
    pub by: &'static str,
}

impl<T> Found<T> {
    const fn new(value: T, by: &'static str) -> Found<T> {
        Found { value, by }
    }
}

/// A variable of the environment by its name; an empty one counts as none.
pub type Var<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Theme and glyphs together, with what they were made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// Colours and modifiers by role.
    pub theme: Theme,
    /// What the screen is drawn with.
    pub glyphs: Glyphs,
    /// What the colours are made for.
    pub ground: Ground,
    depth: Depth,
    own: Own,
}

impl Look {
    /// What is drawn with so many colours on this ground with these marks.
    pub fn new(depth: Depth, ground: Ground, marks: Marks) -> Look {
        Look::with_own(depth, ground, marks, Own::default())
    }

    /// The same, with the user's own colours for some roles.
    pub fn with_own(depth: Depth, ground: Ground, marks: Marks, own: Own) -> Look {
        Look { theme: Theme::with_own(depth, ground, own), glyphs: Glyphs::of(marks), ground, depth, own }
    }

    /// The same on another ground.
    pub fn on(self, ground: Ground) -> Look {
        Look { theme: Theme::with_own(self.depth, ground, self.own), ground, ..self }
    }

    /// The same for a picture, which has all colours and a ground of its own, and is read where few fonts have octants.
    pub fn for_a_picture(self) -> Look {
        let ground = if self.ground == Ground::Unknown { Ground::Dark } else { self.ground };
        let depth = if self.depth == Depth::Mono { Depth::Mono } else { Depth::True };
        let marks = if self.glyphs.marks == Marks::Octant { Marks::Braille } else { self.glyphs.marks };
        Look::with_own(depth, ground, marks, self.own)
    }
}
