//! What one sample alone would choose, long before all of them were counted: for a first figure of the outputs.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::begin::{Begin, begin};
use super::run::Run;
use crate::jobs::recipe::Recipe;
use crate::jobs::told::Told;
use crate::jobs::trial::Params;
use crate::model::Draw;
use crate::session::{Arrival, Layer, Plan, Session};

/// What would be chosen for everything that is quantized, were a sample drawn by chance the only one; `run` is of that sample
/// then. `None` where a pass over all samples takes no longer than `worth`, where the sample cannot be used, or when it was cancelled.
///
/// It is the beginning itself, with less to do: one sample, only what is quantized, only the methods that choose.
pub(in crate::jobs) fn first(all: &Begin, run: &mut Run, worth: Duration) -> Option<Params> {
    let of = run.setup.samples.len();
    // Sentinels are told from all values, in a run of their own.
    if of < 2 || all.ignore_sentinels {
        return None;
    }
    let sample = Draw::shuffled(of, 0)[0];
    let plan = choosing(all.plan, &run.tensors.layers);
    let recipe = Recipe::new(all.recipe.bins, plan.methods.iter().map(AsRef::as_ref));
    let mut session = Session::of_plan(plan.clone());
    session.receive(Arrival::Found { layers: plan.laid_over(run.setup.layers()), failures: Vec::new() });
    let session = Mutex::new(session);
    let (began, soon) = (Mutex::new(None::<Instant>), AtomicBool::new(false));
    let tell = |told| match told {
        Told::Arrived(arrival) => drop(session.lock().unwrap_or_else(PoisonError::into_inner).receive(arrival)),
        Told::Running { done, .. } => {
            let mut began = began.lock().unwrap_or_else(PoisonError::into_inner);
            let began = *began.get_or_insert_with(Instant::now);
            if done == 1 && began.elapsed().mul_f64(of as f64) < worth {
                soon.store(true, Ordering::Relaxed);
            }
        }
        _ => {}
    };
    let with_one = Begin {
        recipe: &recipe,
        plan: &plan,
        samples: &[sample],
        quantized_only: true,
        measure: false,
        tell: &tell,
        every: Duration::ZERO,
        cancelled: &|| soon.load(Ordering::Relaxed) || (all.cancelled)(),
        stopped: &|| false,
        ..*all
    };
    if !begin(&with_one, run) || run.samples.is_empty() {
        return None;
    }
    let params = session.into_inner().unwrap_or_else(PoisonError::into_inner).params();
    (!params.is_empty()).then_some(params)
}

/// The plan with no method but those that choose for some tensor that is quantized.
fn choosing(plan: &Plan, layers: &[Layer]) -> Plan {
    let chooses = |at: usize| {
        let mut starts = layers.iter().map(|layer| plan.start(&layer.subject()));
        at == plan.default_method || starts.any(|start| start.quantized && start.method == at)
    };
    let kept: Vec<usize> = (0..plan.methods.len()).filter(|&at| chooses(at)).collect();
    let default_method = kept.iter().position(|&at| at == plan.default_method).unwrap_or(0);
    let methods = kept.iter().map(|&at| plan.methods[at].clone()).collect();
    Plan { methods, default_method, ..plan.clone() }
}
