//! Which tensors' values have moved between two sets of data.

use std::collections::BTreeMap;

use serde::Serialize;

use super::scales::{FileError, Provenance};
use super::table::{Column, table};
use super::{number, one_word};
use crate::histogram::{Histogram, Stats};
use crate::session::{Key, Kind, Session};

/// How far the values of a tensor have moved, from the set that its clip was chosen on to another.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shifted {
    /// The tensor's name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// The smallest value that the clip keeps which is chosen on A.
    pub clip_min: f32,
    /// The largest one.
    pub clip_max: f32,
    /// The method that has chosen it.
    pub method: String,
    /// How far a value has moved on average (Wasserstein distance of order 1), as a share of the clip's largest magnitude;
    /// `None` where one of the sets has no finite value.
    pub moved: Option<f64>,
    /// The largest difference, at any x, between the shares of values up to x.
    pub ks: Option<f64>,
    /// The set that the clip is chosen on.
    pub a: Side,
    /// The other one.
    pub b: Side,
}

/// What a set of data has of a tensor.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Side {
    /// How many values.
    pub count: u64,
    /// NaN and infinities.
    pub not_finite: u64,
    /// The smallest finite value.
    pub min: Option<f32>,
    /// The largest one.
    pub max: Option<f32>,
    /// The mean.
    pub mean: Option<f64>,
    /// The standard deviation.
    pub std: Option<f64>,
    /// The share of the finite values below the clip.
    pub below: f64,
    /// The share above it.
    pub above: f64,
}

impl Side {
    fn of(histogram: &Histogram, (low, high): (f32, f32)) -> Side {
        let stats: &Stats = &histogram.stats;
        let (below, above) = histogram.beyond(low, high).unwrap_or((0.0, 0.0));
        Side {
            count: stats.count,
            not_finite: stats.count - stats.finite(),
            min: stats.min,
            max: stats.max,
            mean: stats.mean(),
            std: stats.std(),
            below,
            above,
        }
    }

    fn amax(&self) -> f32 {
        self.max.unwrap_or(0.0).max(-self.min.unwrap_or(0.0))
    }

    fn beyond(&self) -> f64 {
        self.below + self.above
    }
}

/// What has moved, the worst first, and what only one of the sets has.
#[derive(Clone, Debug, PartialEq)]
pub struct Shift {
    /// Each tensor that both have.
    pub layers: Vec<Shifted>,
    /// Names of tensors of A alone.
    pub only_a: Vec<String>,
    /// Names of tensors of B alone.
    pub only_b: Vec<String>,
}

/// Holds the tensors of a session, whose clips are chosen on A, against what another set has of them.
pub fn shift(session: &Session, other: &BTreeMap<Key, Histogram>) -> Shift {
    let (mut layers, mut only_a) = (Vec::new(), Vec::new());
    for layer in session.layers() {
        let Some(ready) = layer.ready() else { continue };
        let Some(there) = other.get(&layer.key) else {
            only_a.push(layer.name().to_owned());
            continue;
        };
        let (here, clip) = (ready.histogram(), ready.clip());
        let ends = (clip.min(), clip.max());
        let (a, b) = (Side::of(here, ends), Side::of(there, ends));
        let distance = here.distance(there);
        // Where nothing but zeros was seen, any range is B's.
        let whole = [clip.amax(), a.amax(), b.amax()].into_iter().find(|amax| *amax > 0.0).map_or(1.0, f64::from);
        layers.push(Shifted {
            name: layer.name().to_owned(),
            kind: layer.kind(),
            clip_min: clip.min(),
            clip_max: clip.max(),
            method: ready.decision().method.clone(),
            moved: distance.map(|distance| distance.moved / whole),
            ks: distance.map(|distance| distance.ks),
            a,
            b,
        });
    }
    // What cannot be compared is the worst: one of the sets has nothing of it.
    let moved = |layer: &Shifted| layer.moved.unwrap_or(f64::INFINITY);
    layers.sort_by(|a, b| {
        let by_tails = || b.b.beyond().total_cmp(&a.b.beyond());
        moved(b).total_cmp(&moved(a)).then_with(by_tails).then_with(|| a.name.cmp(&b.name))
    });
    let known = |key: &&Key| !session.layers().iter().any(|layer| layer.key == **key);
    let only_b = other.keys().filter(known).map(|key| key.name().to_owned()).collect();
    Shift { layers, only_a, only_b }
}

/// Shares from which on more lies beyond the clip than before: a hundredth, as for a clip that saturates, and twice what it
/// was.
const MUCH_BEYOND: f64 = 0.01;

impl Shifted {
    /// What to see to, in a word each. Ranges are compared where both sets have values.
    fn state(&self) -> String {
        let (a, b) = (&self.a, &self.b);
        // What has no values has no range that the other's could be held against.
        let ranges = self.moved.is_some();
        let tags = [
            (!ranges, "no-values"),
            (b.not_finite > 0 && a.not_finite == 0, "not-finite"),
            (b.beyond() > MUCH_BEYOND && b.beyond() > 2.0 * a.beyond(), "saturates"),
            (ranges && b.min.unwrap_or(0.0) < 0.0 && a.min.unwrap_or(0.0) >= 0.0, "negative"),
            (ranges && b.amax() > 2.0 * a.amax(), "wider"),
            (ranges && 2.0 * b.amax() < a.amax(), "narrower"),
        ];
        let tags: Vec<&str> = tags.into_iter().filter_map(|(stands, tag)| stands.then_some(tag)).collect();
        if tags.is_empty() { "ok".to_owned() } else { tags.join(",") }
    }
}

impl Shift {
    /// One row a tensor, the worst first, one word a column; behind them what only one of the sets has.
    pub fn text(&self) -> String {
        let share = |share: f64| number::significant(100.0 * share, 3);
        let optional = |n: Option<f64>, told: &dyn Fn(f64) -> String| n.map_or_else(|| "-".to_owned(), told);
        let columns = [
            Column::left("layer", |layer: &&Shifted| one_word(&layer.name)),
            Column::right("moved_%", |layer: &&Shifted| optional(layer.moved, &share)),
            Column::right("ks", |layer: &&Shifted| optional(layer.ks, &|ks| format!("{ks:.3}"))),
            Column::right("below_a_%", |layer: &&Shifted| share(layer.a.below)),
            Column::right("below_b_%", |layer: &&Shifted| share(layer.b.below)),
            Column::right("above_a_%", |layer: &&Shifted| share(layer.a.above)),
            Column::right("above_b_%", |layer: &&Shifted| share(layer.b.above)),
            Column::right("amax_a", |layer: &&Shifted| number::shortest(layer.a.amax())),
            Column::right("amax_b", |layer: &&Shifted| number::shortest(layer.b.amax())),
            Column::right("clip", |layer: &&Shifted| number::shortest(layer.clip_max.max(-layer.clip_min))),
            Column::left("state", |layer: &&Shifted| layer.state()),
        ];
        let mut out = table(&columns, &self.layers.iter().collect::<Vec<_>>());
        for (set, names) in [("A", &self.only_a), ("B", &self.only_b)] {
            if !names.is_empty() {
                let names: Vec<String> = names.iter().map(|name| one_word(name)).collect();
                out += &format!("# only {set} has {}\n", names.join(" "));
            }
        }
        out
    }

    /// The same as `qviz.shift/1`.
    pub fn json(&self, session: &Session, provenance: Option<&Provenance>, against: &[String]) -> String {
        let error = |(file, message): (&str, &str)| FileError { file: file.into(), message: message.into() };
        super::export::pretty(&Document {
            schema: "qviz.shift/1",
            tool: concat!("qviz ", env!("CARGO_PKG_VERSION")),
            provenance,
            against,
            layers: &self.layers,
            only_a: &self.only_a,
            only_b: &self.only_b,
            errors: session.failures().map(error).collect(),
        })
    }
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    tool: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    provenance: Option<&'a Provenance>,
    against: &'a [String],
    layers: &'a [Shifted],
    only_a: &'a [String],
    only_b: &'a [String],
    errors: Vec<FileError>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibrate;
    use crate::quant::Format;
    use crate::session::{Arrival, Layer, Origin, Ready};
    use std::sync::Arc;

    fn session(tensors: &[(&str, &[f32])]) -> Session {
        let mut session = Session::new(calibrate::defaults(), "max", Format::INT8);
        let waiting = |name: &str| Layer::waiting(Key::activation(name), Vec::new());
        let layers: Vec<Layer> = tensors.iter().map(|(name, _)| waiting(name)).collect();
        session.receive(Arrival::Found { layers, failures: Vec::new() });
        for (name, values) in tensors {
            let histogram = Arc::new(Histogram::of(values, 2048, &[]));
            let ready = Ready::analyse(histogram, &session.plan(), &waiting(name).subject());
            let result = Ok(Box::new((Origin::default(), ready)));
            session.receive(Arrival::Layer { key: Key::activation(*name), result });
        }
        session
    }

    #[test]
    fn what_has_moved_most_comes_first_and_says_what_is_beyond_the_clip() {
        let wave: Vec<f32> = (0..4000).map(|i| (i as f32 * 0.37).sin()).collect();
        let scaled = |by: f32, add: f32| -> Vec<f32> { wave.iter().map(|x| x * by + add).collect() };
        let positive: Vec<f32> = wave.iter().map(|x| x.abs()).collect();
        let a = session(&[("same", &wave), ("wider", &wave), ("sign", &positive), ("gone", &wave), ("nan", &wave)]);
        let of = |values: &[f32]| Histogram::of(values, 2048, &[]);
        let with_nan = [&wave[..], &[f32::NAN]].concat();
        let b = [
            ("same", of(&wave)),
            ("wider", of(&scaled(4.0, 0.0))),
            ("sign", of(&wave)),
            ("new", of(&wave)),
            ("nan", of(&with_nan)),
        ];
        let b: BTreeMap<Key, Histogram> = b.into_iter().map(|(name, h)| (Key::activation(name), h)).collect();
        let found = shift(&a, &b);
        let names: Vec<&str> = found.layers.iter().map(|layer| layer.name.as_str()).collect();
        assert_eq!(names, ["wider", "sign", "nan", "same"]);
        assert_eq!(
            (found.only_a.as_slice(), found.only_b.as_slice()),
            (&["gone".to_owned()][..], &["new".to_owned()][..])
        );
        let wider = &found.layers[0];
        assert!(
            wider.moved.unwrap() > 1.5 && wider.a.above == 0.0 && wider.b.above > 0.4 && wider.b.below > 0.4,
            "{wider:?}"
        );
        assert_eq!((wider.state().as_str(), found.layers[1].state().as_str()), ("saturates,wider", "negative"));
        assert_eq!((found.layers[2].state().as_str(), found.layers[3].state().as_str()), ("not-finite", "ok"));
        assert_eq!((found.layers[3].moved, found.layers[3].ks), (Some(0.0), Some(0.0)));
        let text = found.text();
        assert!(
            text.lines().nth(1).unwrap().starts_with("wider")
                && text.ends_with("# only A has gone\n# only B has new\n"),
            "{text}"
        );
        let json: serde_json::Value = serde_json::from_str(&found.json(&a, None, &["b/".into()])).unwrap();
        assert_eq!(
            (json["schema"].as_str(), json["layers"][0]["name"].as_str()),
            (Some("qviz.shift/1"), Some("wider"))
        );
    }

    #[test]
    fn a_set_without_values_is_the_worst() {
        let a = session(&[("x", &[1.0, 2.0]), ("y", &[0.0, 0.0])]);
        let b = [("x", Histogram::of(&[], 64, &[])), ("y", Histogram::of(&[0.0, 3.0], 64, &[]))];
        let found = shift(&a, &b.into_iter().map(|(name, h)| (Key::activation(name), h)).collect());
        assert_eq!((found.layers[0].name.as_str(), found.layers[0].state().as_str()), ("x", "no-values"));
        assert!(found.layers[1].moved.unwrap() <= 1.0, "{:?}", found.layers[1]);
    }
}
