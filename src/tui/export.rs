//! The document, written to the file that was named, or with the network into one.

use std::path::{Path, PathBuf};

use crate::exchange::{self, Names, Options};
use crate::report::{self, ExportError, Provenance, Scales, Tuning};

use super::model::Model;
use super::msg::{Msg, Unwritten, Written};
use super::writer::Writer;

/// Writes the document, or begins to write the network, which takes a while.
pub(super) fn export(model: &Model, path: &Path, force: bool, writer: &mut Writer) -> Msg {
    let text = path.to_string_lossy();
    let Some((into_network, out)) = model.into_network.as_ref().zip(a_network(&text)) else {
        return Msg::Exported(export_document(model, path, force));
    };
    let out = at_home(Path::new(out));
    let refused = |message: String, exists: bool| Msg::Exported(Err(Unwritten { message, exists }));
    if let Err(why) = report::writable(&out, force) {
        return refused(why.to_string(), why.exists());
    }
    let scales = document(model);
    match writer.begin(into_network.clone(), scales, out, force, tensors(model)) {
        true => Msg::Writing(path.to_owned()),
        false => refused("the network is being written already; wait, or stop that first".to_owned(), false),
    }
}

/// How many tensors a document has.
fn tensors(model: &Model) -> usize {
    model.session.layers().iter().filter(|l| l.ready().is_some()).count()
}

fn export_document(model: &Model, path: &Path, force: bool) -> Result<Written, Unwritten> {
    let (text, tensors) = (path.to_string_lossy(), tensors(model));
    let unwritten = |message: String, exists: bool| Unwritten { message, exists };
    let scales = document(model);
    let (format, path) = exchange::typed(&text).map_err(|why| unwritten(why, false))?;
    let path = &at_home(Path::new(path));
    let written = exchange::write_all(format, &scales, &Names::default(), &Options::default());
    let saved = written.and_then(|written| {
        report::save(path, &written.bytes, force).map_err(ExportError::from)?;
        Ok(written)
    });
    match saved {
        Ok(exchange::Written { said, .. }) => {
            let path = path.to_string_lossy().into_owned();
            Ok(Written { path, tensors, said, keeps_all: format.keeps_all() })
        }
        Err(error) => Err(unwritten(error.to_string(), error.exists())),
    }
}

/// The file, where a network is meant: by its ending, or by `qdq:` in front.
fn a_network(text: &str) -> Option<&str> {
    let ends_so = || Path::new(text).extension().is_some_and(|ending| ending.eq_ignore_ascii_case("onnx"));
    match exchange::word_before(text) {
        Some(("qdq", path)) => Some(path),
        Some(_) => None,
        None => ends_so().then_some(text),
    }
}

/// The document as it is now, with what it was made from and what an earlier one held beyond it.
pub(super) fn document(model: &Model) -> Scales {
    let scales = Scales::of(&model.session);
    let scales = match &model.made_from {
        Some(made_from) => {
            let assumptions = model.network.as_ref().map_or_else(Vec::new, |network| network.assumptions.clone());
            scales.made_from(Provenance { title: model.title.clone(), assumptions, ..made_from() })
        }
        None => scales,
    };
    let biases = model.network.as_ref().and_then(|network| network.biases.as_ref());
    let biases = biases.filter(|(of, _)| *of == model.session.params()).map(|(_, biases)| biases.clone());
    let scales = scales.with_tuning(biases.map(|bias| Tuning { bias: Some(bias), ..Tuning::default() }));
    match &model.kept {
        Some(kept) => scales.keeping(kept),
        None => scales,
    }
}

/// What a shell makes of `~/`.
pub(super) fn at_home(path: &Path) -> PathBuf {
    match (path.strip_prefix("~"), std::env::var_os("HOME")) {
        (Ok(rest), Some(home)) => Path::new(&home).join(rest),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::a_network;

    #[test]
    fn a_network_is_meant_by_its_ending_or_its_word() {
        assert_eq!(
            ["a.onnx", "b/A.ONNX", "qdq:x", "qdq:x.onnx"].map(a_network),
            [Some("a.onnx"), Some("b/A.ONNX"), Some("x"), Some("x.onnx")]
        );
        // Another word is another format, or none.
        assert_eq!(["tensorrt:a.onnx", "json:a.onnx", "a.json", "qdq:"].map(a_network), [None; 4]);
    }
}
