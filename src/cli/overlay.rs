//! `--overlay FILE`: scales of another tool beside the methods.

use std::path::Path;
use std::sync::Arc;

use super::ranges::{Ranges, ranges_of};
use crate::exchange;
use crate::exchange::diff::Side;
use crate::report::visible;
use crate::session::{Overlay, OverlayRange, Setting};

/// Columns of a label on an axis mark.
const MARK: usize = 6;

/// A file of scales, as an argument.
#[derive(Clone)]
pub(super) struct OverlayFile {
    /// The label that was given for it.
    name: Option<String>,
    /// Its own name, without folders.
    file: String,
    ranges: Arc<[OverlayRange]>,
    /// What of it was not read, a sentence each.
    pub said: Arc<[String]>,
}

/// Reads `[NAME=]FILE`. A file whose own name holds a `=` is meant where there is one.
pub(super) fn parse(text: &str) -> Result<OverlayFile, String> {
    let (name, path) = match text.split_once('=') {
        Some((name, path)) if !Path::new(text).exists() => (Some(name.trim().to_owned()), path),
        _ => (None, text),
    };
    if let Some(why) = name.as_deref().and_then(unfit) {
        return Err(why);
    }
    let shown = visible(path);
    if !Path::new(path).exists() {
        return Err(format!("{shown} does not exist; check the path"));
    }
    let Ranges { side: Side { ranges, .. }, said } = ranges_of(Path::new(path), None)?;
    if ranges.is_empty() {
        return Err(format!("{shown} holds no range"));
    }
    let file = Path::new(path).file_name().map_or(shown, |name| visible(&name.to_string_lossy()));
    let said = said.iter().map(|said| format!("{file}: {}", visible(said))).collect();
    Ok(OverlayFile { name, said, ranges: ranges.iter().map(exchange::Range::overlaid).collect(), file })
}

/// Why a word cannot be the label of a file; `None` where it can.
fn unfit(label: &str) -> Option<String> {
    let shown = visible(label);
    if label.is_empty() || label.chars().any(|c| c.is_control() || c.is_whitespace() || c == ',' || c == '=') {
        return Some(format!("\"{shown}\" is no label; one is a word without blanks, commas and ="));
    }
    is_taken(label).then(|| format!("\"{shown}\" means something else already; give the file another label"))
}

/// Whether a word means something to `--method` and `--set`.
fn is_taken(word: &str) -> bool {
    word.parse::<Setting>().is_ok() || word == crate::session::IN_FILE || word.contains(':')
}

/// The files under labels: the one that was given, else the stem of the file's name, with a number where that is taken.
pub(super) fn labelled(files: &[OverlayFile]) -> Vec<Overlay> {
    let mut overlays: Vec<Overlay> = Vec::new();
    for file in files {
        let has = |word: &str| is_taken(word) || overlays.iter().any(|overlay| overlay.id == word);
        let wanted = file.name.clone().unwrap_or_else(|| word(&file.file));
        let numbered = (2..).map(|n| format!("{wanted}-{n}"));
        let id = std::iter::once(wanted.clone()).chain(numbered).find(|id| !has(id)).unwrap_or(wanted);
        let marked = |mark: &str| overlays.iter().any(|overlay| overlay.label == mark);
        let numbered = (2..).map(|n: u32| format!("{}{n}", cut(&id, MARK - n.to_string().len().min(MARK))));
        let label = std::iter::once(cut(&id, MARK)).chain(numbered).find(|mark| !marked(mark)).unwrap_or_default();
        overlays.push(Overlay { id, label, file: file.file.clone(), ranges: file.ranges.to_vec() });
    }
    overlays
}

/// The stem of a file's name as one word.
fn word(file: &str) -> String {
    let stem = Path::new(file).file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    let fits = |c: char| if c.is_whitespace() || matches!(c, ',' | '=' | ':' | '\\') { '_' } else { c };
    let word: String = stem.chars().map(fits).collect();
    if word.is_empty() { "overlay".to_owned() } else { word }
}

fn cut(text: &str, columns: usize) -> String {
    text.chars().take(columns).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: Option<&str>, file: &str) -> OverlayFile {
        let name = name.map(str::to_owned);
        OverlayFile { name, file: file.to_owned(), ranges: [].into(), said: [].into() }
    }

    fn labels(files: &[OverlayFile]) -> Vec<(String, String)> {
        labelled(files).into_iter().map(|overlay| (overlay.id, overlay.label)).collect()
    }

    #[test]
    fn a_label_is_the_stem_made_unique_and_no_word_of_ours() {
        let files = ["calib.cache", "calib.json", "max.cache", "float.csv", "my model,8=b.csv", "file.json", ".cache"];
        let files: Vec<OverlayFile> = files.map(|name| file(None, name)).into();
        let ids: Vec<String> = labels(&files).into_iter().map(|(id, _)| id).collect();
        assert_eq!(ids, ["calib", "calib-2", "max-2", "float-2", "my_model_8_b", "file-2", ".cache"]);
        let all =
            labels(&[file(Some("trt"), "a.cache"), file(None, "calibration1.csv"), file(None, "calibration2.csv")]);
        let marks: Vec<&str> = all.iter().map(|(_, mark)| mark.as_str()).collect();
        assert_eq!(marks, ["trt", "calibr", "calib2"]);
    }

    #[test]
    fn a_label_that_is_given_is_a_word_and_means_nothing_else() {
        for wrong in ["", "a b", "a,b", "max", "percentile-99", "known", "float", "int8", "bits:8", "file"] {
            assert!(unfit(wrong).is_some(), "{wrong}");
        }
        assert_eq!(unfit("trt-10.3"), None);
    }

    #[test]
    fn what_is_no_file_of_scales_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        std::fs::write(path("x.cache"), "TRT-8601-EntropyCalibration2\nx: 3c010a14\n").unwrap();
        std::fs::write(path("a=b.cache"), "TRT-8601-EntropyCalibration2\nx: 3c010a14\n").unwrap();
        std::fs::write(path("empty.cache"), "TRT-8601-EntropyCalibration2\n").unwrap();
        std::fs::write(path("what"), "what").unwrap();
        let read = |text: String| parse(&text).map(|file| (file.name, file.file, file.ranges.len()));
        assert_eq!(read(path("x.cache")), Ok((None, "x.cache".into(), 1)));
        assert_eq!(read(format!("trt={}", path("x.cache"))), Ok((Some("trt".into()), "x.cache".into(), 1)));
        assert_eq!(read(path("a=b.cache")), Ok((None, "a=b.cache".into(), 1)));
        assert!(read(path("gone")).unwrap_err().contains("does not exist"));
        assert!(read(path("empty.cache")).unwrap_err().contains("holds no range"));
        assert!(read(path("what")).unwrap_err().contains("no format"));
        assert!(read(format!("max={}", path("x.cache"))).unwrap_err().contains("another label"));
    }
}
