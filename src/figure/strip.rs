use crate::quant::Clip;
use crate::session::{Key, Ready, Session};

use super::lanes::Lanes;

/// The channels of the selected tensor on the plots' columns.
pub struct Strip {
    /// The axis that they lie along.
    pub axis: usize,
    /// How many there are.
    pub channels: usize,
    /// Which columns show which.
    pub lanes: Lanes,
    of: Key,
}

/// A channel, or several on one column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bar {
    /// The smallest and the largest value; `None` where no value is finite.
    pub range: Option<(f32, f32)>,
    /// What is kept: of several channels from the least end to the largest.
    pub clip: Clip,
    /// The SQNR in dB, of several channels the least; NaN where there is none.
    pub sqnr_db: f64,
}

impl Strip {
    /// The strip of the tensor `of`; `None` where it has one range.
    pub fn new(session: &Session, of: &Key, columns: u16) -> Option<Strip> {
        let layer = session.layer(of)?;
        let (axis, channels) = (layer.ready()?.axis()?, layer.channels().len());
        Some(Strip { axis, channels, lanes: Lanes::new(channels, columns), of: of.clone() })
    }

    /// A channel's range.
    pub fn ready<'a>(&self, session: &'a Session, channel: usize) -> Option<&'a Ready> {
        session.layer(&self.of)?.channels().get(channel)
    }

    /// The channel with the least SQNR; the first of equals.
    pub fn worst(&self, session: &Session) -> Option<usize> {
        self.by_sqnr(session).first().copied()
    }

    /// The channels that have an SQNR, the worst first.
    pub fn by_sqnr(&self, session: &Session) -> Vec<usize> {
        let sqnr = |&c: &usize| self.ready(session, c).map_or(f64::NAN, |r| r.metrics().sqnr_db);
        let mut all: Vec<usize> = (0..self.channels).filter(|c| !sqnr(c).is_nan()).collect();
        all.sort_by(|a, b| sqnr(a).total_cmp(&sqnr(b)));
        all
    }

    /// The channel that a press on a column means: the one under the cursor if it is there, else the worst of those
    /// that share the column.
    pub fn pick(&self, session: &Session, column: u16, cursor: usize) -> Option<usize> {
        let here = self.lanes.at(column);
        if here.contains(&cursor) {
            return Some(cursor);
        }
        let sqnr = |&c: &usize| self.ready(session, c).map_or(f64::NAN, |r| r.metrics().sqnr_db);
        here.min_by(|a, b| sqnr(a).total_cmp(&sqnr(b)))
    }

    /// What a column shows; `None` behind the last channel.
    pub fn bar(&self, session: &Session, column: u16) -> Option<Bar> {
        let channels = self.lanes.at(column).filter_map(|c| self.ready(session, c));
        channels.map(bar).reduce(|a, b| Bar {
            range: match (a.range, b.range) {
                (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
                (a, b) => a.or(b),
            },
            clip: a.clip.around(b.clip),
            // `min` leaves NaN out.
            sqnr_db: a.sqnr_db.min(b.sqnr_db),
        })
    }
}

fn bar(ready: &Ready) -> Bar {
    let stats = ready.stats();
    Bar { range: stats.min.zip(stats.max), clip: ready.decision().clip, sqnr_db: ready.metrics().sqnr_db }
}
