//! A round of the search that looks at each layer alone, all others in float.

use super::bench::Bench;
use super::clips::{scaled, tries};
use super::sensitivity::TOGETHER;
use super::standing::Standing;
use crate::jobs::trial::Tried;
use crate::model::ModelError;
use crate::quant::Decibels;

/// A layer whose noise alone lies this many dB below that of the whole network is left as it is.
const QUIETER: f64 = 25.0;

/// The noise that each layer makes with all others in float, as a share of the signal, infinite where the outputs are
/// no numbers; with the clip that makes the least, if it is to `choose`. `None` when it was cancelled.
pub(super) fn alone(search: &mut Standing, choose: bool) -> Result<Option<Vec<f64>>, ModelError> {
    let budget = search.budget.on_first(search.few());
    let float = Bench::new(&search.run.setup, &[], budget)?;
    // A single clip's noise is partly luck.
    let spread: &[f32] = if choose { &[0.97, 1.0, 1.03] } else { &[1.0] };
    let mut noise = vec![0.0; search.layers.len()];
    let mut order: Vec<usize> = (0..search.layers.len()).collect();
    order.sort_by_key(|&i| search.run.tensors.place(&search.layers[i].key).ok());
    for some in order.chunks(TOGETHER) {
        let tensors: Vec<usize> = some.iter().flat_map(|&i| search.tensors[i].clone()).collect();
        let Some(effect) = float.effect(&tensors, &[])? else { return Ok(None) };
        'layers: for &i in some {
            if search.stopped() {
                return Ok(Some(noise));
            }
            let own = search.tensors[i].clone();
            let price = |tried: Tried| -> Result<Option<f64>, ModelError> {
                let mut sum = 0.0;
                for &by in spread {
                    let params = scaled(tried, by).params();
                    let params: Vec<_> = tensors.iter().map(|t| own.contains(t).then_some(params)).collect();
                    let Some(output) = effect.output(&params, budget.threads, budget.cancelled)? else {
                        return Ok(None);
                    };
                    sum += output.quality().noise();
                }
                Ok(Some(sum / spread.len() as f64))
            };
            let Some(base) = price(search.present[i])? else { return Ok(None) };
            noise[i] = base;
            if !choose {
                continue;
            }
            let (mut best, mut best_at) = (base, search.present[i]);
            for tried in tries(&search.layers[i]) {
                if search.stopped() {
                    // What was not tried out is not decided.
                    break 'layers;
                }
                let Some(noise) = price(tried)? else { return Ok(None) };
                if noise < best {
                    (best, best_at) = (noise, tried);
                }
            }
            noise[i] = best;
            search.decide(i, best_at, decibels(base), decibels(best));
        }
        if search.stopped() {
            break;
        }
    }
    Ok(Some(noise))
}

/// The layers that are worth a search among all others, the noisiest first: what is much quieter than everything
/// together can gain nothing worth a change. One that makes the outputs no numbers is always worth it, and says nothing
/// about the others.
pub(super) fn worth_searching(noise: &[f64]) -> Vec<usize> {
    let whole = 10.0 * noise.iter().filter(|noise| noise.is_finite()).sum::<f64>().log10();
    let loud = |&i: &usize| noise[i].is_infinite() || 10.0 * noise[i].log10() > whole - QUIETER;
    let mut order: Vec<usize> = (0..noise.len()).filter(loud).collect();
    order.sort_by(|&a, &b| noise[b].total_cmp(&noise[a]));
    order
}

fn decibels(noise: f64) -> Decibels {
    Decibels::new(if noise.is_finite() { -10.0 * noise.log10() } else { f64::NAN })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_that_makes_nan_is_searched_first_and_drops_no_other() {
        let nan = Decibels::new(f64::NAN).noise();
        assert_eq!(worth_searching(&[1e-3, nan, 1e-2, 1e-9]), [1, 2, 0]);
        assert_eq!(worth_searching(&[1e-3, 1e-2, 1e-9]), [1, 0]);
        assert_eq!(worth_searching(&[0.0, 0.0]), [0; 0]);
        assert!(decibels(nan).get().is_nan() && decibels(0.01).get() == 20.0);
    }
}
