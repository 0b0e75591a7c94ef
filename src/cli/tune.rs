//! `qviz tune`: a search for better clips, and what it was worth.

use std::collections::BTreeMap;

use super::form::TunedArgs;
use super::load::Loaded;
use super::out::{Failed, aside, complain, exists, print};
use super::shared::SharedArgs;
use super::trials::{failed, hear, network};
use super::tuning::TuneArgs;
use super::usage::Usage;
use super::words::is_stdout;
use crate::jobs::{BudgetPoint, Jittered, News, Trial, Tune, TuneLayer, TuneSet, TuneStep, Tuned, UNCHANGED};
use crate::quant::Decibels;
use crate::report::{self, AloneScales, MovedBias, MovedBiases, TunedSet, Tuning, Widened, visible};
use crate::session::{Key, Session, Target};

/// How many layers are named that cost the outputs most.
const NAMED: usize = 5;

/// The share of an error that is worth a word where it is one offset.
const OFFSET: f64 = 0.25;

/// Searches better clips, prints what they are worth, and writes them.
pub(super) fn tune(shared: SharedArgs, asked: &TuneArgs, answer: TunedArgs) -> Result<u8, Failed> {
    let TunedArgs { json, output, lean, force } = answer;
    let output = output.as_deref();
    if lean && !json && output.is_none() {
        return Err(Usage("--lean is for the document; name a file with -o, or print it with --json.".into()).into());
    }
    if exists(output, force) {
        return Ok(1);
    }
    let seed = shared.data.samples.seed();
    let mut loaded = network(shared, false)?;
    if loaded.network == 0 {
        return Ok(complain(&loaded.session).max(1));
    }
    let layers = TuneLayer::all(&loaded.session);
    let all = layers.len();
    let wanted = Tune {
        rounds: asked.rounds,
        objective: asked.objective(),
        allow: asked.allow(),
        seed,
        correct_bias: asked.correct_bias,
        ..Tune::new(loaded.session.params(), layers)
    };
    let (steps, tuned) = searched(&loaded, wanted);
    let Some(tuned) = tuned else {
        let code = complain(&loaded.session).max(1);
        return Ok(loaded.exit(code, "nothing was decided yet, and nothing written"));
    };
    // A layer that is gone over twice ends with its last decision.
    let decided: BTreeMap<&Key, &TuneStep> = steps.iter().map(|s| (&s.key, s)).collect();
    let changed = decided.values().filter(|step| step.by != UNCHANGED).count();
    let mut what = format!("the search changed {changed} of {all} layers");
    let decisions = decided.into_iter().filter_map(|(key, step)| {
        let decision = loaded.session.layer(key)?.decision()?;
        Some((Target::Tensor(key.clone()), step.applied(decision)))
    });
    let decisions = decisions.collect();
    loaded.session.apply("tune", decisions);
    let means: Vec<Option<f64>> = tuned.alone.iter().map(|(key, _)| mean_error(&loaded.session, key)).collect();
    let document = || {
        let scales = loaded.scales().with_tuning(Some(tuning(&tuned, &means, seed)));
        if lean { scales.lean_json() } else { scales.json() }
    };
    let told = || summary(&tuned) + &remarks(&tuned, &means, seed) + &bias(&tuned, asked.correct_bias);
    match json {
        true => print(&document())?,
        false => aside(&told(), output)?,
    }
    if let Some(path) = output {
        if is_stdout(output) {
            // With --json it is there already.
            print(&if json { String::new() } else { document() })?;
            what += "; scales{} were printed";
        } else if let Err(error) = report::save(path, document().as_bytes(), force) {
            eprintln!("qviz: {error}");
            return Ok(1);
        } else {
            what += &format!("; scales{{}} were written to {}", visible(&path.to_string_lossy()));
        }
    }
    Ok(loaded.exit(complain(&loaded.session), &what))
}

/// Searches, and answers each decision with what they are worth; nothing where it was stopped before there was one.
fn searched(loaded: &Loaded, wanted: Tune) -> (Vec<TuneStep>, Option<Box<Tuned>>) {
    let (mut steps, mut tuned) = (Vec::new(), None);
    hear(loaded, Trial::Tune(wanted), "tuning", |news| match news {
        News::Step(step, _) => {
            steps.push(step);
            false
        }
        News::Tuned(result) => {
            match result {
                Ok(result) => tuned = result,
                Err(why) => failed(&why),
            }
            true
        }
        _ => false,
    });
    (steps, tuned)
}

/// The mean of a layer's error as it is chosen now, as a share of its size.
fn mean_error(session: &Session, key: &Key) -> Option<f64> {
    session.layer(key)?.ready()?.mean_error().map(|(_, share)| share)
}

/// One row a kind of samples.
fn summary(tuned: &Tuned) -> String {
    let mut rows = vec![("searched on", tuned.before, tuned.after)];
    rows.extend(tuned.unseen.map(|(before, after)| ("kept aside", before, after)));
    rows.extend(tuned.check.map(|(before, after)| ("check", before, after)));
    let mut out = "samples      count    before_db     after_db  before_cosine  after_cosine".to_owned();
    // Of outputs that are integers or booleans, where there are such.
    let agreement = |of: &Jittered| of.effect.agreement;
    let agree = rows.iter().any(|(_, before, after)| agreement(before).or(agreement(after)).is_some());
    out += if agree { "  before_agreement  after_agreement\n" } else { "\n" };
    for (name, before, after) in rows {
        let fraction = report::fraction;
        out += &format!(
            "{:<11}  {:>5}  {:>11}  {:>11}  {:>13}  {:>12}",
            name.replace(' ', "-"),
            before.effect.samples,
            with_spread(&before),
            with_spread(&after),
            fraction(before.effect.cosine),
            fraction(after.effect.cosine)
        );
        if agree {
            out += &format!("  {:>16}  {:>15}", fraction(agreement(&before)), fraction(agreement(&after)));
        }
        out.push('\n');
        if let Some(of) = before.effect.cut_from() {
            out += &format!("# {name}: {} of {of} samples\n", before.effect.samples);
        }
    }
    out
}

/// `42.31±0.4`, without a blank so that it is one word of a row.
fn with_spread(figure: &Jittered) -> String {
    let db = report::ratio(figure.effect.sqnr_db);
    if figure.effect.sqnr_db.is_none() { db } else { db + &spread(figure.spread_db) }
}

fn spread(db: f64) -> String {
    if db.is_finite() { format!("±{db:.1}") } else { "±nan".into() }
}

/// What was judged and taken, and where the loss sits; a line each, behind a `#`.
fn remarks(tuned: &Tuned, means: &[Option<f64>], seed: u64) -> String {
    let mut out = String::new();
    let on = match &tuned.unseen {
        Some((before, _)) => format!("{} samples kept aside (seed {seed})", before.effect.samples),
        None => "the samples searched, as there are none to keep aside".into(),
    };
    let stopped = if tuned.stopped { "stopped; " } else { "" };
    out += &format!("# {stopped}judged by {on}, the mean size of errors in dB:\n");
    for (i, set) in tuned.sets.iter().enumerate() {
        let by = if set.by == UNCHANGED { "as it was" } else { set.by };
        let taken = if i == tuned.taken { "  taken" } else { "" };
        let mean = report::ratio(Some(Decibels::new(set.judged.mean_db)));
        out += &format!("#   {by:<9}  {mean}{}{taken}\n", spread(set.judged.spread_db));
    }
    if tuned.taken == 0 {
        out += "# no set gains more than the noise on these and loses nothing on those searched: every clip stays as it was\n";
    }
    if !tuned.budget.is_empty() {
        out += "# wider formats, a layer at a time:\n#   float  16bit  db  mean_db  layer\n";
        for (k, point) in tuned.budget.iter().enumerate() {
            let name = point.key.as_ref().map_or("-".into(), |key| visible(key.name()));
            let (db, mean) = (report::ratio(point.effect.sqnr_db), report::ratio(Some(Decibels::new(point.mean_db))));
            let taken = if k == tuned.widened { "  taken" } else { "" };
            out += &format!("#   {:>5}  {:>5}  {db}  {mean}  {name}{taken}\n", point.float, point.sixteen);
        }
    }
    if !tuned.alone.is_empty() {
        out += "# where the loss sits, each layer alone, all others in float:\n";
        for ((key, db), mean) in tuned.alone.iter().zip(means).take(NAMED) {
            let offset = mean.filter(|mean| mean.abs() >= OFFSET);
            let offset =
                offset.map_or(String::new(), |m| format!("  (its error has a mean: {:.0} % of its size)", 100.0 * m));
            out += &format!("#   {}  {}{offset}\n", report::ratio(Some(*db)), visible(key.name()));
        }
    }
    out
}

/// What moving means into biases is worth, where that was asked for; a line behind a `#`.
fn bias(tuned: &Tuned, asked: bool) -> String {
    match &tuned.bias {
        None if asked && !tuned.stopped => {
            "# no bias can be moved: no Conv or Gemm has a constant weight and bias\n".into()
        }
        None => String::new(),
        Some(set) => {
            let mean = report::ratio(Some(Decibels::new(set.judged.mean_db)));
            let (n, figure) = (set.moved.len(), mean + &spread(set.judged.spread_db));
            let biases = if n == 1 {
                "1 bias takes in the mean of its"
            } else {
                &format!("{n} biases take in the means of their")
            };
            let fate = if set.taken {
                "taken; a runtime has it only with these biases (tuning.bias; convert --to qdq writes them)"
            } else {
                "no gain, not taken"
            };
            format!("# {biases} errors: {figure}  {fate}\n")
        }
    }
}

/// The same for the document.
fn tuning(tuned: &Tuned, means: &[Option<f64>], seed: u64) -> Tuning {
    let figure = report::figure;
    let set = |set: &TuneSet| TunedSet {
        by: set.by.into(),
        effect: (&set.judged.effect).into(),
        mean_db: figure(set.judged.mean_db),
        spread_db: figure(set.judged.spread_db),
    };
    let widened = |point: &BudgetPoint| Widened {
        name: point.key.as_ref().map(|key| key.name().to_owned()),
        float: point.float,
        sixteen: point.sixteen,
        effect: (&point.effect).into(),
        mean_db: figure(point.mean_db),
    };
    let alone = |((key, db), mean_error): (&(Key, Decibels), &Option<f64>)| {
        let (name, kind) = (key.name().to_owned(), key.kind());
        AloneScales { name, kind, mean_db: figure(db.get()), mean_error: *mean_error }
    };
    Tuning {
        seed,
        stopped: tuned.stopped,
        sets: tuned.sets.iter().map(set).collect(),
        taken: tuned.taken,
        budget: tuned.budget.iter().map(widened).collect(),
        widened: tuned.widened,
        bias: tuned.bias.as_ref().map(|set| MovedBiases {
            taken: set.taken,
            effect: (&set.judged.effect).into(),
            mean_db: figure(set.judged.mean_db),
            spread_db: figure(set.judged.spread_db),
            nodes: set.moved.iter().map(|of| MovedBias { node: of.node.clone(), add: of.by.clone() }).collect(),
        }),
        alone: tuned.alone.iter().zip(means).map(alone).collect(),
    }
}
