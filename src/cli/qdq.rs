//! Models with QuantizeLinear and DequantizeLinear: written, and their scales read.

use std::path::Path;

use super::file::FileArgs;
use super::into_model::{IntoModelArgs, WeightArgs};
use super::out::Failed;
use super::shared::SharedArgs;
use super::usage::Usage;
use crate::exchange::{Range, Read};
use crate::report::MovedBias;
use crate::tui::msg::IntoNetwork;

#[cfg(feature = "onnx")]
mod here {
    use super::*;
    use crate::cli::out::{complain, exists};
    use crate::cli::trials;
    use crate::model::Placement;
    use crate::qdq::{self, Options, QdqError, Weights, Written};
    use crate::report::{Scales, visible};
    use crate::tui::msg::Unwritten;
    use std::sync::Arc;

    /// Formats that have a scale of every tensor, and choose none.
    const UNPLACED: [&str; 3] = ["tensorrt-cache", "tensorrt-ranges", "ort-cache"];

    impl WeightArgs {
        fn weights(self) -> Weights {
            if self.float_weights { Weights::Floats } else { Weights::Integers }
        }
    }

    /// Writes the model that is run, quantized as chosen.
    pub(in crate::cli) fn export(
        file: &FileArgs,
        weights: &WeightArgs,
        exact: bool,
        shared: SharedArgs,
    ) -> Result<u8, Failed> {
        let (true, Some(out)) = (shared.runs_model(), &file.output) else {
            let sentence = "--to qdq writes a model; name the one to run and the file: qviz export MODEL.onnx --data PATH \
                            --to qdq -o OUT.onnx.";
            return Err(Usage(sentence.into()).into());
        };
        if exists(Some(out), file.force) {
            return Ok(1);
        }
        let (model, as_written) = (shared.paths[0].clone(), shared.data.as_written);
        let older = shared.taking.scales.as_ref().map(|document| document.scales.clone());
        let loaded = trials::loaded(shared, exact)?;
        if loaded.network == 0 {
            return Ok(complain(&loaded.session).max(1));
        }
        let ranges = Range::all(&loaded.scales()).map_err(Usage)?;
        let moved = still_moved(older.as_deref(), &ranges)?;
        let options = Options { weights: weights.weights(), as_written, placement: None };
        if !put(file, write(file, &model, &ranges, moved, &options, out)) {
            return Ok(1);
        }
        let what = format!("the model with its scales{{}} was written to {}", visible(&out.to_string_lossy()));
        Ok(loaded.exit(complain(&loaded.session), &what))
    }

    /// The biases of the document that was taken up, where its ranges stand as they were: they fit no others.
    fn still_moved<'a>(older: Option<&'a Scales>, now: &[Range]) -> Result<&'a [MovedBias], Usage> {
        let Some(older) = older.filter(|older| !older.moved_biases().is_empty()) else { return Ok(&[]) };
        let said = |range: &Range| (range.name.clone(), range.axis, range.scales.clone(), range.zero_points.clone());
        let quantized = |all: &[Range]| {
            let all = all.iter().filter(|range| range.in_float.is_none()).map(said);
            let mut all: Vec<_> = all.collect();
            all.sort_by(|a, b| a.0.cmp(&b.0));
            all
        };
        if quantized(&Range::all(older).map_err(Usage)?) == quantized(now) {
            return Ok(older.moved_biases());
        }
        eprintln!(
            "qviz: the document moves biases, which fit its ranges; some are others now, so that every bias stays (--frozen \
             keeps all ranges)."
        );
        Ok(&[])
    }

    /// Puts ranges into a model, and what a document adds to its biases.
    pub(in crate::cli) fn convert(
        file: &FileArgs,
        into: &IntoModelArgs,
        source: &str,
        ranges: &[Range],
        moved: &[MovedBias],
    ) -> Result<u8, Failed> {
        let (Some(model), Some(out)) = (&into.model, &file.output) else {
            return Ok(into.check(file).map(|()| 1).map_err(Usage)?);
        };
        let unplaced = UNPLACED.contains(&source).then(Placement::default);
        let placement = into.place.map(Placement::from).or(unplaced);
        let options = Options { weights: into.weights.weights(), as_written: into.as_written, placement };
        Ok(u8::from(!put(file, write(file, model, ranges, moved, &options, out))))
    }

    fn write(
        file: &FileArgs,
        model: &Path,
        ranges: &[Range],
        moved: &[MovedBias],
        options: &Options,
        out: &Path,
    ) -> Result<Written, QdqError> {
        let (ranges, unmatched) = file.names().rename(ranges);
        let mut written = qdq::write(model, &ranges, moved, options, out)?;
        written.said.extend(unmatched);
        Ok(written)
    }

    /// Saves what was made, and says what there is to say; whether it is there.
    fn put(file: &FileArgs, written: Result<Written, QdqError>) -> bool {
        let saved = written.and_then(|written| written.save(file.force).map(|()| written.said));
        match saved {
            Ok(said) => said.iter().for_each(|sentence| eprintln!("qviz: {}", visible(sentence))),
            Err(error) => {
                eprintln!("qviz: {error}");
                return false;
            }
        }
        true
    }

    /// Writes the network that the screen shows, where it shows one.
    pub(in crate::cli) fn into_network(shared: &SharedArgs) -> Option<IntoNetwork> {
        let model = shared.runs_model().then(|| shared.paths[0].clone())?;
        let options = Options { weights: Weights::Integers, as_written: shared.data.as_written, placement: None };
        Some(Arc::new(move |scales, out, force, stopped| {
            let unwritten = |message: String, exists: bool| Unwritten { message, exists };
            let ranges = Range::all(scales).map_err(|why| unwritten(why, false))?;
            let written = qdq::write(&model, &ranges, scales.moved_biases(), &options, out);
            if stopped() {
                return Err(unwritten(format!("{} was not written", visible(&out.to_string_lossy())), false));
            }
            let saved = written.and_then(|written| written.save(force).map(|()| written.said));
            saved.map_err(|error| unwritten(error.to_string(), error.exists()))
        }))
    }

    /// The scales of a model; `None`, once a sentence on stderr has said why, where it has none.
    pub(in crate::cli) fn read(model: &Path) -> Result<Option<(&'static str, Read)>, Usage> {
        Ok(match qdq::read(model) {
            Ok(read) => Some((qdq::ID, read)),
            Err(error) => {
                eprintln!("qviz: {error}");
                None
            }
        })
    }
}

#[cfg(not(feature = "onnx"))]
mod here {
    use super::*;

    fn built_without() -> Usage {
        Usage("--to qdq and models want the feature onnx, which this qviz was built without.".into())
    }

    pub(in crate::cli) fn export(_: &FileArgs, _: &WeightArgs, _: bool, _: SharedArgs) -> Result<u8, Failed> {
        Err(built_without().into())
    }

    pub(in crate::cli) fn convert(
        _: &FileArgs,
        _: &IntoModelArgs,
        _: &str,
        _: &[Range],
        _: &[MovedBias],
    ) -> Result<u8, Failed> {
        Err(built_without().into())
    }

    pub(in crate::cli) fn read(_: &Path) -> Result<Option<(&'static str, Read)>, Usage> {
        Err(built_without())
    }

    pub(in crate::cli) fn into_network(_: &SharedArgs) -> Option<IntoNetwork> {
        None
    }
}

pub(super) use here::{convert, export, into_network, read};
