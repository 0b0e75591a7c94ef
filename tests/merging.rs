//! Statistics however they are merged: any split of the values, any order, any part again, any grouping, for whatever bins.
//! Table, thresholds and document are those of one pass over all values at the fewest bins.
#![cfg(feature = "statistics")]

use std::collections::BTreeMap;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use qviz::calibrate;
use qviz::histogram::GrowingHistogram;
use qviz::jobs::{StatisticsLoader, StatisticsOrder, Ties, Told};
use qviz::quant::Format;
use qviz::report::Scales;
use qviz::session::{Arrival, Key, Kind, Layer, Origin, Ready, Rules, Session, Setting};
use qviz::statistics::{
    ChannelCounters, Counter, Counts, File, Identity, Merger, Part, Shape, StatisticsError, Table, Tensor, read,
    write_part, write_table,
};
use serde_json::Value;

fn counted(values: &[f32], bins: usize) -> Counts {
    let mut counter = Counter::new(bins);
    counter.push(values);
    counter.finish()
}

/// A tensor of rows of two, its columns counted too; of some batches.
fn tensor(batches: &[&[f32]], bins: usize) -> Tensor {
    let mut columns = ChannelCounters::new(bins, 2);
    let mut shape = None::<Shape>;
    for values in batches {
        let sizes = [values.len() as u64 / 2, 2];
        columns.begin(qviz::histogram::Along::new(&sizes, 1, false));
        columns.push(values);
        let this = Shape::new(&sizes);
        shape = Some(shape.map_or(this.clone(), |before| before.joined(&this)));
    }
    Tensor {
        op: "Relu".into(),
        dtype: "float32".into(),
        samples: batches.len() as u64,
        shape: shape.unwrap_or_else(Shape::unknown),
        channels: [(1, columns.finish())].into(),
        ..Tensor::new(counted(&batches.concat(), bins))
    }
}

/// What a shard holds, and for how many bins it was counted.
#[derive(Clone, Debug)]
struct Shard {
    x: Vec<f32>,
    y: Vec<f32>,
    bins: usize,
}

const WEIGHT: [f32; 6] = [0.5, -0.25, 1.0, -3.0, 0.0, 0.125];

fn part(shard: &str, batches: &[&Shard], bins: usize) -> Part {
    let of = |values: fn(&Shard) -> &[f32]| tensor(&batches.iter().map(|of| values(of)).collect::<Vec<_>>(), bins);
    let mut part = Part::new(Identity::new("run", shard), bins);
    part.tensors.insert(Key::activation("x"), of(|shard| &shard.x));
    part.tensors.insert(Key::activation("y"), of(|shard| &shard.y));
    let weight = Tensor { samples: 0, op: "MatMul".into(), ..tensor(&[&WEIGHT], bins) };
    part.tensors.insert(Key::new(Kind::Weight, "w"), weight);
    part
}

fn merged(files: &[(String, File)]) -> Result<Table, StatisticsError> {
    let mut merger = Merger::new();
    for (name, file) in files {
        merger.add(name, file.clone())?;
    }
    merger.finish()
}

/// The document that follows from a table, on the way that the program takes: each tensor by several methods, one by its
/// channels, two tied. Where the table comes from is left out of it.
fn document(table: &Table) -> Value {
    let methods = ["entropy", "percentile-99.9", "mse", "max", "ort-percentile"];
    let methods = methods.iter().filter_map(|id| calibrate::by_id(id).ok()).collect();
    let rules = Rules::new().with(|tensor| tensor.name == "x", Setting::Axis(-1));
    let mut session = Session::new(methods, "entropy", Format::INT8).with_rules(rules);
    // That bins were made wider is said there, and is no number.
    let table = Table { counted_for: BTreeMap::new(), ..table.clone() };
    let order = StatisticsOrder {
        read: Box::new(move || Ok((table, Vec::new()))),
        plan: session.plan(),
        ties: Ties { asked: vec!["y,x".parse().unwrap()], concats: true },
        threads: 1,
    };
    let (sender, told) = channel();
    let sender = Mutex::new(sender);
    let _loader = StatisticsLoader::start(order, move |what| drop(sender.lock().unwrap().send(what)));
    loop {
        match told.recv().unwrap() {
            Told::Arrived(arrival) => drop(session.receive(arrival)),
            Told::Done => return serde_json::to_value(Scales::of(&session)).unwrap(),
            _ => {}
        }
    }
}

/// What the methods choose of the values themselves, in one pass that nothing of this room has a hand in.
fn without_a_table(values: &[f32], bins: usize) -> Value {
    let methods = ["entropy", "percentile-99.9", "mse", "max", "ort-percentile"];
    let methods = methods.iter().filter_map(|id| calibrate::by_id(id).ok()).collect();
    let mut session = Session::new(methods, "entropy", Format::INT8);
    let key = Key::activation("y");
    session.receive(Arrival::Found { layers: vec![Layer::waiting(key.clone(), Vec::new())], failures: Vec::new() });
    let mut growing = GrowingHistogram::new(bins);
    growing.push(values);
    let plan = session.plan();
    let ready = Ready::analyse(Arc::new(growing.finish()), &plan, &session.layers()[0].subject());
    session.receive(Arrival::Layer { key, result: Ok(Box::new((Origin::default(), ready))) });
    serde_json::to_value(Scales::of(&session)).unwrap()["tensors"][0].take()
}

/// What each method chooses, and what it costs. The SQNR is of a sum of squares, which a single pass adds up in the order of
/// the values and a table exactly: there they differ in the last digit.
fn thresholds(tensor: &Value) -> Value {
    let mut candidates = tensor["candidates"].clone();
    candidates.as_object_mut().unwrap().values_mut().for_each(|candidate| {
        candidate.as_object_mut().unwrap().remove("sqnr_db").unwrap();
    });
    candidates
}

fn value() -> impl Strategy<Value = f32> {
    prop_oneof![
        8 => -4.0f32..4.0,
        2 => any::<f32>(),
        1 => Just(0.0f32),
        1 => Just(-0.0f32),
        1 => Just(f32::NAN),
        1 => Just(f32::NEG_INFINITY),
        1 => -1e-40f32..1e-40,
        2 => (-140i32..127).prop_map(|e| 2f32.powi(e)),
    ]
}

/// Values that methods have something to say of, hostile ones, or nothing but zeros.
fn values() -> impl Strategy<Value = Vec<f32>> {
    let pairs = |value: BoxedStrategy<f32>| prop::collection::vec((value.clone(), value), 0..60);
    let flat = |pairs: Vec<(f32, f32)>| pairs.into_iter().flat_map(|(a, b)| [a, b]).collect();
    prop_oneof![
        3 => pairs((-2.0f32..2.0).prop_map(|x| x * x * x).boxed()).prop_map(flat),
        3 => pairs(value().boxed()).prop_map(flat),
        1 => pairs(Just(0.0f32).boxed()).prop_map(flat),
    ]
}

/// Most often all shards have the same bins.
fn shards() -> impl Strategy<Value = Vec<Shard>> {
    let some_bins = || prop::sample::select(vec![8usize, 64, 100, 128, 256]);
    let shard = (values(), values(), some_bins()).prop_map(|(x, y, bins)| Shard { x, y, bins });
    (prop::collection::vec(shard, 1..6), prop::option::of(some_bins())).prop_map(|(mut shards, alike)| {
        shards.iter_mut().for_each(|shard| shard.bins = alike.unwrap_or(shard.bins));
        shards
    })
}

fn through_a_file(name: &str, part: &Part) -> File {
    read(name, write_part(part, None).unwrap().into()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]
    #[test]
    fn table_thresholds_and_document_are_those_of_one_pass(
        shards in shards(), order in any::<u64>(), again in any::<prop::sample::Index>(), groups in 1usize..4,
        files in any::<bool>()
    ) {
        let fewest = shards.iter().map(|shard| shard.bins.next_power_of_two()).min().unwrap();
        let whole = part("all", &shards.iter().collect::<Vec<_>>(), fewest);
        let whole = merged(&[("all".into(), whole.into())]).unwrap();

        let mut parts: Vec<(String, File)> = shards.iter().enumerate().map(|(i, shard)| {
            let (name, part) = (format!("{i}"), part(&format!("s{i}"), &[shard], shard.bins));
            let file = if files { through_a_file(&name, &part) } else { part.into() };
            (name, file)
        }).collect();
        let straight = merged(&parts).unwrap();
        prop_assert_eq!(&straight.tensors, &whole.tensors);
        prop_assert_eq!((straight.bins, straight.holds.len()), (fewest, shards.len()));

        // In any order, with a part again; then in groups that are merged by themselves, and groups twice.
        parts.push(parts[again.index(parts.len())].clone());
        parts.sort_by_key(|(name, _)| name.bytes().fold(order, |at, byte| at.rotate_left(7) ^ u64::from(byte).wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        let shuffled = merged(&parts).unwrap();
        prop_assert_eq!(write_table(&shuffled).unwrap(), write_table(&straight).unwrap());
        let mut seen = std::collections::BTreeSet::new();
        parts.retain(|(name, _)| seen.insert(name.clone()));
        let mut grouped: Vec<(String, File)> = parts.chunks(parts.len().div_ceil(groups)).enumerate().map(|(i, group)| {
            let name = format!("group{i}");
            let file = read(&name, write_table(&merged(group).unwrap()).unwrap().into()).unwrap();
            (name, file)
        }).collect();
        grouped.extend(grouped.clone());
        grouped.reverse();
        let grouped = merged(&grouped).unwrap();
        prop_assert_eq!(write_table(&grouped).unwrap(), write_table(&straight).unwrap());

        // A table that is brought to fewer bins later is the one that was counted for them.
        let mut later = merged(&[("all".into(), part("all", &shards.iter().collect::<Vec<_>>(), 256).into())]).unwrap();
        later.coarsen(fewest);
        prop_assert_eq!((&later.tensors, later.bins), (&whole.tensors, fewest));

        let one = document(&whole);
        prop_assert_eq!(&document(&straight), &one);
        prop_assert_eq!(&document(&grouped), &one);
        let y: Vec<f32> = shards.iter().flat_map(|shard| shard.y.iter().copied()).collect();
        let direct = without_a_table(&y, fewest);
        let tensor = one["tensors"].as_array().unwrap().iter().find(|tensor| tensor["name"] == "y").unwrap();
        prop_assert_eq!(thresholds(tensor), thresholds(&direct));
    }
}

#[test]
fn the_documents_hold_what_they_are_compared_by() {
    let shard = |seed: f32, bins| {
        let x: Vec<f32> = (0..400).map(|i| (i as f32 * 0.37 + seed).sin() * (1.0 + seed)).collect();
        Shard { y: x.iter().map(|x| x.max(0.0)).collect(), x, bins }
    };
    let files = [("fine", shard(0.0, 256)), ("rough", shard(1.0, 64))];
    let files = files.map(|(name, shard)| (name.to_owned(), File::from(part(name, &[&shard], shard.bins))));
    let table = merged(&files).unwrap();
    assert_eq!(
        table.coarsened().unwrap(),
        "rough was counted for 64 bins and others for up to 256: all are brought to 64."
    );
    assert_eq!(merged(&files[..1]).unwrap().coarsened(), None);
    let document = document(&table);
    let tensors = document["tensors"].as_array().unwrap();
    assert_eq!(tensors.iter().map(|t| t["name"].as_str().unwrap()).collect::<Vec<_>>(), ["x", "y", "w"]);
    let amax = tensors[1]["candidates"]["max"]["amax"].as_f64().unwrap();
    assert!((1.9..2.1).contains(&amax) && tensors[1]["candidates"].as_object().unwrap().len() >= 4, "{document}");
    assert_ne!(document, self::document(&merged(&files[..1]).unwrap()));
    // Two sets are told apart by their bins only where both hold the same piece.
    let same = ("again".to_owned(), File::from(part("fine", &[&shard(0.0, 64)], 64)));
    let why = merged(&[files[0].clone(), same]).unwrap_err().message;
    let sentence = "again holds the shard fine of the run run, and so does fine; one was counted for 64 bins and the \
                    other for 256: leave one of the two out.";
    assert_eq!(why, sentence);
}

/// An engine writes files without a row, and no metadata: they say nothing of bins.
#[test]
fn a_file_without_rows_makes_nothing_wider() {
    let fine = File::from(part("fine", &[&Shard { x: vec![1.0, 2.0], y: vec![0.0; 4], bins: 256 }], 256));
    let empty = File { bins: 64, holds: None, sources: None, parts: Vec::new() };
    for files in [
        ["a", "b"].map(String::from).into_iter().zip([fine.clone(), empty.clone()]).collect::<Vec<_>>(),
        ["a", "b"].map(String::from).into_iter().zip([empty.clone(), fine.clone()]).collect(),
    ] {
        assert_eq!(merged(&files).unwrap().bins, 256);
    }
    assert!(merged(&[("a".into(), empty)]).unwrap().tensors.is_empty());
}

/// Whether weights go together does not depend on what came before them.
#[test]
fn weights_for_different_bins_are_held_against_each_other() {
    let with = |shard: &str, bins: usize, weight: &[f32]| -> (String, File) {
        let x = vec![1.0, 2.0];
        let mut part = part(shard, &[&Shard { y: x.clone(), x, bins }], bins);
        part.tensors.insert(Key::new(Kind::Weight, "w"), tensor(&[weight], bins));
        (shard.to_owned(), part.into())
    };
    let (a, b, c) = (with("a", 256, &WEIGHT), with("b", 64, &WEIGHT), with("c", 8, &WEIGHT));
    let table = merged(&[a.clone(), b.clone(), c.clone()]).unwrap();
    assert_eq!(table.tensors, merged(&[c.clone(), b.clone(), a.clone()]).unwrap().tensors);
    assert_eq!(table.tensors[&Key::new(Kind::Weight, "w")], tensor(&[&WEIGHT], 8));
    let mut other = WEIGHT;
    other[0] = 0.25;
    let trio = [with("a", 256, &WEIGHT), with("b", 64, &other), with("c", 8, &WEIGHT)];
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [2, 0, 1]] {
        let why = merged(&order.map(|i| trio[i].clone())).unwrap_err().message;
        assert!(why.contains("(w) has other values than in"), "{why}");
    }
}
