//! What a few rows of the list have to know of all of them. It is kept, for a frame must not take longer where the list is
//! longer.

use unicode_width::UnicodeWidthStr;

use super::names::Common;
use crate::report::{number, visible};
use crate::session::Layer;

/// How many layers are looked at to see how wide a column is.
const LOOKED_AT: usize = 1000;

/// The widest that a column is taken for.
const WIDEST: usize = 200;

/// What is kept of the list.
#[derive(Default)]
pub(super) struct Listed {
    /// The names as they are shown, in their order on the screen.
    pub names: Vec<String>,
    /// What those have in common.
    pub common: Common,
    /// The widest words of its columns.
    pub widths: Widths,
    /// How many layers had arrived when those were looked at.
    at: Option<usize>,
}

/// The widest words of some columns, in columns of the screen.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Widths {
    pub name: u16,
    pub op: u16,
    pub shape: u16,
}

impl Listed {
    /// Of layers in their order on the screen.
    pub fn of<'a>(layers: impl Iterator<Item = &'a Layer>) -> Listed {
        let names: Vec<String> = layers.map(|layer| visible(layer.name())).collect();
        Listed { common: Common::of(&names), names, ..Listed::default() }
    }

    /// Looks at the widths, unless no layer has arrived since: with its values comes its shape.
    pub fn keep_up(&mut self, layers: &[Layer], arrived: usize) {
        if self.at.replace(arrived) != Some(arrived) {
            self.widths = Widths::of(layers);
        }
    }
}

impl Widths {
    fn of(layers: &[Layer]) -> Widths {
        let widest =
            |of: &dyn Fn(&Layer) -> usize| layers.iter().take(LOOKED_AT).map(of).max().unwrap_or(0).min(WIDEST) as u16;
        Widths {
            name: widest(&|layer| visible(layer.name()).width()),
            op: widest(&|layer| layer.op.width()),
            shape: widest(&|layer| match &layer.origin.shape {
                Some(shape) => number::shape(Some(shape)).len(),
                None => 0,
            }),
        }
    }
}
