//! The bundled classifier against ONNX Runtime's tensors, and every tap of it against the graph as it is written.

use super::*;
use crate::quant::{Clip, Decibels, Format, QuantParams};
use serde::Deserialize;
use std::collections::HashMap;
use tract_onnx::prelude::{InferenceFact, InferenceModelExt, IntoTValue, TValue, TypedSimplePlan, tvec};
use tract_onnx::tract_core::internal::OutletId;
use tract_onnx::tract_core::plan;

/// Written by `benches/ort_tensors.py --golden`.
#[derive(Deserialize)]
struct Digest {
    name: String,
    shape: Vec<usize>,
    sum: f64,
    amax: f64,
    values: [f32; 8],
}

fn golden() -> Vec<Digest> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/cls.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The input of the golden run.
fn golden_input(shape: &[usize]) -> Tensor {
    let n: usize = shape.iter().product();
    let value = |i: usize| (f64::from((i as u32).wrapping_mul(2_654_435_761)) / f64::from(1_u32 << 31) - 1.0) as f32;
    tensor(shape, &(0..n).map(value).collect::<Vec<_>>())
}

fn graph(shape: &[usize]) -> Graph {
    Graph::build(&cls(), &shapes(&[("x", shape)])).unwrap()
}

#[test]
fn the_file_is_described() {
    let network = cls();
    assert_eq!(network.inputs().len(), 1);
    assert_eq!(network.inputs()[0].to_string(), "x ?x3x?x?");
    assert_eq!(network.inputs()[0].dtype, Some(DatumType::F32));
    assert_eq!(network.outputs().len(), 1);
}

#[test]
fn the_tensors_are_onnx_runtime_s() {
    let shape = [1, 3, 48, 192];
    let graph = graph(&shape);
    let golden = golden();
    let names = |some: Vec<&str>| some.into_iter().map(str::to_owned).collect::<std::collections::BTreeSet<_>>();
    let expected = names(golden.iter().map(|digest| digest.name.as_str()).collect());
    assert_eq!(names(graph.tensors().iter().map(|tensor| tensor.name.as_str()).collect()), expected);
    let (outputs, seen) = run(&graph, &[golden_input(&shape)]);
    assert_eq!(names(seen.keys().map(String::as_str).collect()), expected);
    for Digest { name, shape, sum, amax, values } in golden {
        let tensor = &seen[&name];
        assert_eq!(tensor.shape(), shape, "{name}");
        let known = graph.tensors().iter().find(|tensor| tensor.name == name).unwrap().shape.clone();
        assert_eq!(known.as_deref(), Some(&shape[..]), "{name}");
        let found = floats(tensor);
        let near = |a: f64, b: f64, scale: f64| (a - b).abs() <= 1e-4 * amax * scale;
        let total: f64 = found.iter().map(|&x| f64::from(x)).sum();
        assert!(near(total, sum, (found.len() as f64).sqrt()), "{name}: sum {total} is not {sum}");
        let largest = found.iter().fold(0.0_f32, |amax, x| amax.max(x.abs()));
        assert!(near(largest.into(), amax, 1.0), "{name}: amax {largest} is not {amax}");
        for (i, value) in values.into_iter().enumerate() {
            let found = found[i * (found.len() - 1) / 7];
            assert!(near(found.into(), value.into(), 1.0), "{name}: {found} is not {value}");
        }
    }
    let output = graph.tensors().iter().find(|tensor| tensor.is_output).unwrap();
    assert_eq!(floats(&outputs[0]), floats(&seen[&output.name]));
    assert!((floats(&outputs[0]).iter().sum::<f32>() - 1.0).abs() < 1e-6, "a softmax");
}

/// The graph as tract types it, nothing optimized and nothing of ours in it.
struct Plain {
    plan: std::sync::Arc<TypedSimplePlan>,
    outlets: HashMap<String, OutletId>,
}

impl Plain {
    fn new(network: &Network, shape: &[usize], names: &[&str]) -> Plain {
        let parsed = tract_onnx::onnx().with_ignore_value_info(true).parse(&network.proto, None).unwrap();
        let mut model = parsed.model;
        model.set_input_fact(0, InferenceFact::dt_shape(DatumType::F32, shape)).unwrap();
        let mut outputs = model.outputs.clone();
        let own = outputs.len();
        outputs.extend(names.iter().map(|name| parsed.outlets_by_name[*name]));
        model.select_output_outlets(&outputs).unwrap();
        let mut model = model.into_typed().unwrap();
        let outlets =
            names.iter().zip(&model.outputs[own..]).map(|(name, outlet)| (name.to_string(), *outlet)).collect();
        model.outputs.truncate(own);
        Plain { plan: TypedSimplePlan::new(model).unwrap(), outlets }
    }

    /// The output with one tensor replaced by what `replace` makes of it.
    fn output(&self, input: &Tensor, name: &str, replace: &dyn Fn(&mut [f32])) -> Vec<f32> {
        let outlet = self.outlets[name];
        let mut state = self.plan.spawn().unwrap();
        let input: TValue = input.clone().into_tvalue();
        let outputs = state.run_plan_with_eval(tvec!(input), |ctx, state, node, inputs| {
            let mut results = plan::eval(ctx, state, node, inputs)?;
            if node.id == outlet.node {
                let mut values = (*results[outlet.slot]).clone();
                replace(values.try_as_plain_ram_mut()?.as_slice_mut::<f32>()?);
                results[outlet.slot] = values.into_tvalue();
            }
            tract_onnx::prelude::TractResult::Ok(results)
        });
        floats(&outputs.unwrap()[0])
    }
}

/// Replacing a tensor has, for each of them, the effect that it has in the graph as it is written; and running only what
/// follows has the effect of running all.
#[test]
fn every_tap_has_its_effect() {
    let shape = [1, 3, 32, 32];
    let network = cls();
    let graph = graph(&shape);
    let names: Vec<&str> = graph.tensors().iter().map(|tensor| tensor.name.as_str()).collect();
    let plain = Plain::new(&network, &shape, &names);
    let input = golden_input(&shape);
    let (outputs, seen) = run(&graph, std::slice::from_ref(&input));
    let float = floats(&outputs[0]);
    let mut audible = 0;
    for (tensor, name) in names.iter().enumerate() {
        let amax = floats(&seen[*name]).iter().fold(0.0_f32, |amax, x| amax.max(x.abs()));
        let format = Format::INT8.with_bits(3);
        let grid = QuantParams::from_clip(Clip::symmetric(0.6 * amax), format);
        let expected = plain.output(&input, name, &|values| values.iter_mut().for_each(|x| *x = grid.fake_quant(*x)));

        let mut set = graph.clone();
        set.set(tensor, Some(grid));
        let whole = floats(&run(&set, std::slice::from_ref(&input)).0[0]);
        let tolerance = 2e-3;
        for (a, b) in whole.iter().zip(&expected) {
            assert!((a - b).abs() < tolerance, "{name}: {whole:?} is not {expected:?} (float {float:?})");
        }
        audible += usize::from(expected.iter().zip(&float).any(|(a, b)| (a - b).abs() > tolerance));

        let samples = [vec![input.clone()]];
        let samples = samples.into_iter().map(Ok);
        let effect =
            Effect::new(&graph, &Reference::new(&graph, 0), &[tensor], samples, 0, &|| false).unwrap().unwrap();
        let found = effect.output(&[Some(grid)], 1, &|| false).unwrap().unwrap();
        let (signal, noise) = float.iter().zip(&whole).fold((0.0, 0.0), |(signal, noise), (&a, &b)| {
            (signal + f64::from(a) * f64::from(a), noise + (f64::from(a) - f64::from(b)).powi(2))
        });
        let sqnr_db = if noise == 0.0 { f64::INFINITY } else { 10.0 * (signal / noise).log10() };
        assert_eq!(found.quality().get(), sqnr_db, "{name}");
        assert!(found.top1_agreement.is_some());
        let nothing = effect.output(&[None], 1, &|| false).unwrap().unwrap();
        assert_eq!((nothing.quality(), nothing.top1_agreement), (Decibels::PERFECT, Some(1.0)), "{name}");
    }
    assert!(audible * 2 > names.len(), "only {audible} of {} taps can be heard", names.len());
}

#[test]
fn threads_do_not_change_the_bits() {
    let shape = [2, 3, 48, 192];
    let mut graph = graph(&shape);
    let input = golden_input(&shape);
    let (_, one) = run(&graph, std::slice::from_ref(&input));
    graph.set_threads(3);
    let (_, three) = run(&graph, &[input]);
    for (name, tensor) in one {
        assert_eq!(floats(&tensor), floats(&three[&name]), "{name}");
    }
}
