//! What goes on in the background: taken down as it is asked for and as it comes, and stopped.

use core::mem::discriminant;
use core::time::Duration;

use super::super::behind::Reading;
use super::super::model::Model;
use super::super::msg::Cmd;
use super::super::page::Page;
use super::super::work::{Piece, What, pieces};
use crate::jobs::{Request, Stop, Told};
use crate::session::{Arrival, Key};

/// Takes down what is asked of whoever has the values. A newer question of a kind takes the place of the one before.
pub(super) fn asked(model: &mut Model, cmds: &[Cmd]) {
    for cmd in cmds {
        let Cmd::Request(request) = cmd else { continue };
        if matches!(request, Request::Prefer(_) | Request::Trial(_)) {
            continue;
        }
        model.values.retain(|reading| discriminant(&reading.asked) != discriminant(request));
        model.values.push(Reading { asked: request.clone(), share: None, stopping: false });
    }
}

/// How far the reading of a tensor is.
pub(super) fn progress(model: &mut Model, key: &Key, share: f64, left: Option<Duration>) {
    let read = model.session.layer(key).is_some_and(|layer| layer.ready().is_some());
    if let Some(reading) = model.values.iter_mut().find(|reading| read && reading.asked.about() == Some(key)) {
        reading.share = Some((share, left));
    }
}

/// An answer has come, or will not.
pub(super) fn heard(model: &mut Model, told: &Told) {
    let answers = |asked: &Request| match (told, asked) {
        (Told::Fine { key, .. }, Request::Fine { key: of, .. }) => key == of,
        (Told::Arrived(Arrival::Measured { key, .. }), Request::Measure { key: of, .. }) => key == of,
        (Told::Arrived(Arrival::Channels { key, requested: true, .. }), Request::Channels { key: of, .. }) => key == of,
        (Told::Arrived(Arrival::Tied { of: keys, requested: true, .. }), Request::Tie { of, .. }) => keys == of,
        _ => false,
    };
    model.values.retain(|reading| !answers(&reading.asked));
}

/// Shows the list, or the plots again.
pub(super) fn show(model: &mut Model) {
    model.plot.page.toggle(Page::Work);
    model.piece = 0;
}

/// So many rows down.
pub(super) fn step(model: &mut Model, by: isize) {
    let last = pieces(model).len().saturating_sub(1);
    model.piece = (model.piece.min(last) as isize).saturating_add(by).clamp(0, last as isize) as usize;
}

/// Stops the piece under the cursor of the list; elsewhere all that runs, but what the row of outputs is about to say only
/// where it is alone.
pub(super) fn stop(model: &mut Model, cmds: &mut Vec<Cmd>) {
    let all = pieces(model);
    let can = |piece: &&Piece| piece.can_stop(model);
    let chosen: Vec<Piece> = if model.plot.page == Page::Work {
        all.get(model.piece.min(all.len().saturating_sub(1))).filter(can).cloned().into_iter().collect()
    } else {
        let (whole, others): (Vec<&Piece>, _) = all.iter().filter(can).partition(|piece| piece.what == What::Whole);
        let some = if others.is_empty() { whole } else { others };
        some.into_iter().cloned().collect()
    };
    let mut stops: Vec<Stop> = chosen.iter().filter_map(|piece| piece.stop(model)).collect();
    stops.dedup();
    cmds.extend(stops.into_iter().map(Cmd::Stop));
    for piece in &chosen {
        begin_to_stop(model, piece.what, cmds);
    }
    let text = match chosen.first().map(|piece| piece.what) {
        Some(What::Reading) if model.network.is_some() => "stopping after this sample…".to_owned(),
        Some(What::Reading) => "stopping after the layers that are being read…".to_owned(),
        Some(What::Long) => "stopping after this layer…".to_owned(),
        Some(What::Methods) => model.keys.told("stopping; {methods} shows the methods that were measured"),
        Some(_) => format!("stopping: {}…", chosen[0].title),
        None => return model.warn("this has to be waited for"),
    };
    model.say(text);
}

fn begin_to_stop(model: &mut Model, what: What, cmds: &mut Vec<Cmd>) {
    match what {
        What::Reading => model.loading.stopping = true,
        What::Long => model.network.iter_mut().filter_map(|n| n.running.as_mut()).for_each(|r| r.stopping = true),
        // All of them: whoever has the values is told so.
        What::Values(_) => model.values.iter_mut().for_each(|reading| reading.stopping = true),
        What::Writing => {
            cmds.push(Cmd::StopWriting);
            model.writing.iter_mut().for_each(|writing| writing.stopping = true);
        }
        What::Whole => {}
        What::Methods => model.network.iter_mut().for_each(|network| network.methods.stopping = true),
    }
}
