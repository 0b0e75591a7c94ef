//! Training with quantization, as it is asked for, done, and looked at.

use crate::lessons::qat::{Controls, Epoch, Run, Way};

/// What is to be trained: every way with every seed.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// The ways, in this order.
    pub ways: Vec<Way>,
    /// The seeds that networks are drawn by.
    pub seeds: Vec<u64>,
    /// What all of them have in common.
    pub controls: Controls,
}

/// The words that a way is asked for by.
pub const WAYS: [(&str, Way); 4] =
    [("ptq", Way::PostTraining), ("longer", Way::Longer), ("frozen", Way::NoGradient), ("ste", Way::StraightThrough)];

/// The most seeds that are trained with one after the other.
const MOST_SEEDS: u64 = 20;

impl Order {
    /// What words ask for: `all seeds:5`, `ste rate:0.5`.
    ///
    /// # Errors
    /// The word that says nothing, or a control that is out of its range.
    pub fn of(text: &str) -> Result<Order, String> {
        let mut order = Order { ways: Vec::new(), seeds: vec![0], controls: Controls::default() };
        for word in text.split([' ', ',']).filter(|word| !word.is_empty()) {
            let way = WAYS.iter().find(|(name, _)| *name == word).map(|(_, way)| *way);
            match (way, word.split_once(':')) {
                (Some(way), _) => order.ways.push(way),
                (None, None) if word == "all" => order.ways = Way::ALL.to_vec(),
                (None, Some((name, value))) => order.set(name, value).ok_or_else(|| unknown(word))?,
                _ => return Err(unknown(word)),
            }
        }
        if order.ways.is_empty() {
            return Err("say what to train: ptq, longer, frozen, ste, or all".to_owned());
        }
        order.controls.check().map_err(|why| why.to_string())?;
        Ok(order)
    }

    fn set(&mut self, name: &str, value: &str) -> Option<()> {
        let controls = &mut self.controls;
        match name {
            "bits" => controls.bits = value.parse().ok()?,
            "rate" => controls.rate = value.parse().ok()?,
            "epochs" => controls.epochs = value.parse().ok()?,
            "method" => value.clone_into(&mut controls.method),
            "seed" => self.seeds = vec![value.parse().ok()?],
            "seeds" => self.seeds = (0..value.parse().ok().filter(|n| (1..=MOST_SEEDS).contains(n))?).collect(),
            _ => return None,
        }
        Some(())
    }
}

fn unknown(word: &str) -> String {
    format!("{word:?} says nothing: ptq longer frozen ste all, bits:2 rate:0.1 epochs:30 method:max seed:0 seeds:5")
}

/// What is told while it goes on.
#[derive(Clone, Debug)]
pub enum Trained {
    /// One more epoch; of the float network, which comes first with each seed, without a way.
    Epoch {
        /// The way; none in float.
        way: Option<Way>,
        /// The seed.
        seed: u64,
        /// The epoch.
        epoch: Epoch,
        /// How many there are to be.
        of: u32,
    },
    /// It cannot go on, in a sentence.
    Refused(String),
    /// All is done, or was stopped.
    Done,
}

/// Trains what was ordered, and tells of every epoch, until `tell` wants no more. Some seconds for all ways.
pub fn train(order: &Order, tell: &mut dyn FnMut(Trained) -> bool) {
    for seed in &order.seeds {
        let mut float = Run::float(*seed);
        let of = float.epochs();
        for epoch in float.by_ref() {
            if !tell(Trained::Epoch { way: None, seed: *seed, epoch, of }) {
                return;
            }
        }
        for way in &order.ways {
            let controls = Controls { seed: *seed, ..order.controls.clone() };
            let run = match Run::of(*way, float.network(), &controls) {
                Ok(run) => run,
                Err(why) => {
                    tell(Trained::Refused(why.to_string()));
                    tell(Trained::Done);
                    return;
                }
            };
            let of = run.epochs();
            for epoch in run {
                if !tell(Trained::Epoch { way: Some(*way), seed: *seed, epoch, of }) {
                    return;
                }
            }
        }
    }
    tell(Trained::Done);
}

/// One run, so far as it is.
#[derive(Clone, Debug)]
pub struct Trace {
    /// The way; none in float.
    pub way: Option<Way>,
    /// The seed.
    pub seed: u64,
    /// Its epochs.
    pub epochs: Vec<Epoch>,
    /// How many there are to be.
    pub of: u32,
}

impl Trace {
    /// The accuracy at its end; none while it goes on.
    pub fn accuracy(&self) -> Option<f64> {
        self.epochs.last().filter(|last| last.number == self.of).map(|last| last.accuracy)
    }
}

/// What was trained in a lesson.
#[derive(Clone, Debug, Default)]
pub struct Training {
    /// What was ordered last.
    pub order: Option<Order>,
    /// Its number, so that what an older order tells is told from it.
    pub nth: usize,
    /// Whether it goes on.
    pub running: bool,
    /// What was told of it.
    pub runs: Vec<Trace>,
}

impl Training {
    /// Something is ordered. Runs of the same controls stay beside it; others go, as they cannot be compared.
    pub fn begin(&mut self, order: Order) -> usize {
        if self.order.as_ref().is_none_or(|before| before.controls != order.controls) {
            self.runs.clear();
        }
        self.runs.retain(|run| run.way.is_some_and(|way| !order.ways.contains(&way)));
        self.nth += 1;
        (self.order, self.running) = (Some(order), true);
        self.nth
    }

    /// Takes in what was told.
    pub fn hear(&mut self, told: Trained) {
        let Trained::Epoch { way, seed, epoch, of } = told else {
            self.running = false;
            return;
        };
        match self.runs.iter_mut().find(|run| (run.way, run.seed) == (way, seed)) {
            Some(run) if epoch.number > 0 => run.epochs.push(epoch),
            Some(run) => run.epochs = vec![epoch],
            None => self.runs.push(Trace { way, seed, epochs: vec![epoch], of }),
        }
    }

    /// The mean accuracy over the runs of a way that have ended, and how many these are.
    pub fn accuracy(&self, way: Option<Way>) -> (f64, usize) {
        let ended = Spread::of(self.runs.iter().filter(|run| run.way == way).filter_map(Trace::accuracy));
        ended.map_or((f64::NAN, 0), |ended| (ended.mean, ended.runs))
    }

    /// How far the runs of a way that have ended are from each other.
    pub fn spread(&self, way: Option<Way>) -> Option<Spread> {
        Spread::of(self.runs.iter().filter(|run| run.way == way).filter_map(Trace::accuracy))
    }

    /// The same of each epoch that a run of the way has told of, with its share of all epochs; in order.
    pub fn course(&self, way: Option<Way>) -> Vec<(f64, Spread)> {
        let runs: Vec<&Trace> = self.runs.iter().filter(|run| run.way == way).collect();
        let (last, of) = (
            runs.iter().filter_map(|run| run.epochs.last()).map(|epoch| epoch.number).max(),
            runs.iter().map(|run| run.of.max(1)).max().unwrap_or(1),
        );
        let at = |number: u32| {
            let epochs = runs.iter().filter_map(|run| run.epochs.iter().find(|epoch| epoch.number == number));
            Some((f64::from(number) / f64::from(of), Spread::of(epochs.map(|epoch| epoch.accuracy))?))
        };
        last.map_or_else(Vec::new, |last| (0..=last).filter_map(at).collect())
    }
}

/// Accuracies of several seeds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The least of them.
    pub low: f64,
    /// Their mean.
    pub mean: f64,
    /// The best of them.
    pub high: f64,
    /// How many there are.
    pub runs: usize,
}

impl Spread {
    fn of(all: impl Iterator<Item = f64>) -> Option<Spread> {
        let all: Vec<f64> = all.collect();
        let (low, high) = all.iter().fold((f64::INFINITY, 0.0_f64), |(low, high), x| (low.min(*x), high.max(*x)));
        let mean = all.iter().sum::<f64>() / all.len() as f64;
        (!all.is_empty()).then_some(Spread { low, mean, high, runs: all.len() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_say_what_to_train() {
        let order = Order::of("all seeds:2 rate:0.5, bits:3").unwrap();
        assert_eq!((order.ways.len(), order.seeds, order.controls.rate, order.controls.bits), (4, vec![0, 1], 0.5, 3));
        for wrong in ["", "bits:2", "sté", "ste bits:1", "ste seeds:0", "ste seeds:99", "ste rate:x", "ste rate:-1"] {
            assert!(Order::of(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn seeds_are_told_by_their_mean_and_how_far_they_lie_apart() {
        let mut training = Training::default();
        let order = Order::of("longer seeds:2 epochs:2").unwrap();
        training.begin(order.clone());
        train(&order, &mut |told| {
            training.hear(told);
            true
        });
        let course = training.course(Some(Way::Longer));
        assert_eq!(course.iter().map(|(x, _)| *x).collect::<Vec<_>>(), [0.0, 0.5, 1.0]);
        let end = training.spread(Some(Way::Longer)).unwrap();
        assert_eq!((course[2].1, end.runs), (end, 2));
        assert!(end.low < end.mean && end.mean < end.high, "{end:?}");
        assert_eq!(end.mean, training.accuracy(Some(Way::Longer)).0);
        assert_eq!((training.spread(Some(Way::StraightThrough)), training.accuracy(None).1), (None, 2));
    }

    #[test]
    fn runs_of_other_controls_go() {
        let mut training = Training::default();
        let mut go = |text: &str| {
            let order = Order::of(text).unwrap();
            training.begin(order.clone());
            train(&order, &mut |told| {
                training.hear(told);
                true
            });
            (training.runs.len(), training.running, training.accuracy(Some(Way::PostTraining)).1)
        };
        assert_eq!(go("ptq epochs:1"), (2, false, 1));
        assert_eq!(go("longer epochs:1"), (3, false, 1), "with the float network it began from");
        assert_eq!(go("ptq epochs:1 bits:3"), (2, false, 1));
    }
}
