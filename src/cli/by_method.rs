//! `qviz report --by-method`: every method by what a network's outputs say of it.

use super::args::SharedArgs;
use super::out::{Failed, complain, print};
use super::trials::{failed, hear, network, whole};
use crate::jobs::{ByMethod, MethodEffect, News, Trial};
use crate::report::{self, AS_CHOSEN, MethodRow};
use crate::session::Kind;

/// Prints a row a method, or the document with the same.
pub(super) fn report(shared: SharedArgs, json: bool, exact: bool) -> Result<u8, Failed> {
    let loaded = network(shared, exact)?;
    if loaded.network == 0 {
        return Ok(complain(&loaded.session).max(1));
    }
    let Some((effects, check)) = whole(&loaded) else { return Ok(complain(&loaded.session).max(1)) };
    let activations = || {
        let all = loaded.session.layers().iter().filter(|layer| layer.kind() == Kind::Activation);
        all.filter_map(|layer| layer.ready()).filter(|ready| ready.decision().quantized)
    };
    let stand_ins = activations().filter(|ready| ready.instead_of().is_some()).count();
    let mut rows = vec![MethodRow { name: AS_CHOSEN.to_owned(), stand_ins, effect: effects.all, check }];
    let wanted = ByMethod::of(&loaded.session, 0);
    let (all, mut fine) = (wanted.methods.len(), true);
    hear(&loaded, Trial::ByMethod(wanted), "by method", |news| match news {
        News::Method(MethodEffect { method, stand_ins, effects, check, .. }, _) => {
            rows.push(MethodRow { name: method, stand_ins, effect: effects.all, check });
            false
        }
        News::MethodsEnd { result, .. } => {
            if let Err(why) = result {
                failed(&why);
                fine = false;
            }
            true
        }
        _ => false,
    });
    if json {
        let scales = loaded.scales().with_outputs(Some((&effects, check.as_ref())));
        print(&scales.with_methods(&rows).json())?;
    } else {
        print(&report::by_method(&rows, activations().count()))?;
    }
    let code = complain(&loaded.session).max(u8::from(!fine));
    Ok(loaded.exit(code, &format!("{} of {all} methods{{}} were printed", rows.len() - 1)))
}
