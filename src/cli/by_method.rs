//! `qviz report --by-method`: every method by what a network's outputs say of it.

use super::load::Loaded;
use super::trials::{failed, hear};
use crate::jobs::{ByMethod, MethodEffect, News, Trial};
use crate::quant::{OutputEffect, OutputEffects};
use crate::report::{AS_CHOSEN, MethodRow};
use crate::session::{Kind, Ready};

/// What was found of the methods.
pub(super) struct Methods {
    /// What is chosen, and behind it each method that was tried.
    pub rows: Vec<MethodRow>,
    /// How many there are to try.
    pub all: usize,
    /// Whether nothing failed.
    pub whole: bool,
}

/// The activations that are quantized.
pub(super) fn activations(loaded: &Loaded) -> impl Iterator<Item = &Ready> {
    let all = loaded.session.layers().iter().filter(|layer| layer.kind() == Kind::Activation);
    all.filter_map(|layer| layer.ready()).filter(|ready| ready.decision().quantized)
}

/// Tries each method for all activations; what is chosen does to the outputs what `effects` and `check` say.
pub(super) fn each(loaded: &Loaded, effects: &OutputEffects, check: Option<OutputEffect>) -> Methods {
    let stand_ins = activations(loaded).filter(|ready| ready.instead_of().is_some()).count();
    let mut rows = vec![MethodRow { name: AS_CHOSEN.to_owned(), stand_ins, effect: effects.all, check }];
    let wanted = ByMethod::of(&loaded.session, 0);
    let (all, mut whole) = (wanted.methods.len(), true);
    hear(loaded, Trial::ByMethod(wanted), "by method", |news| match news {
        News::Method(MethodEffect { method, stand_ins, effects, check, .. }, _) => {
            rows.push(MethodRow { name: method, stand_ins, effect: effects.all, check });
            false
        }
        News::MethodsEnd { result, .. } => {
            if let Err(why) = result {
                failed(&why);
                whole = false;
            }
            true
        }
        _ => false,
    });
    Methods { rows, all, whole }
}
