//! What is written for others: the screen as it stands, one plot at any size, the NumPy of what is shown.

use std::path::{Path, PathBuf};

use super::super::mode::{Ask, Mode, Picture};
use super::super::model::Model;
use super::super::msg::{Cmd, Unwritten};
use super::super::picture::{plot, png, svg};
use super::script;
use crate::report::{self, PlotSize};

/// The longest name of a file that is proposed, without its ending.
const LONGEST: usize = 60;

/// The screen was drawn as a picture: asks where to write it. It is the screen as it was when that was asked for.
pub(super) fn drawn(model: &mut Model, picture: Box<Picture>) {
    model.mode = Mode::prompt(Ask::Screen { picture, exists: None }, "qviz.svg");
}

/// Asks where to write the plot that is shown, and how large.
pub(super) fn ask_plot(model: &mut Model) {
    let PlotSize { width, height } = PlotSize::USUAL;
    let proposed = format!("{}.svg {width}x{height}", file_name(&model.name_at()));
    model.mode = Mode::prompt(Ask::Plot { exists: None }, &proposed);
}

/// Asks where to write the NumPy of what is shown.
pub(super) fn ask_script(model: &mut Model) {
    let Some(text) = script::of(model) else { return model.warn("no layer is read yet") };
    let proposed = format!("{}.py", file_name(&model.name_at()));
    model.mode = Mode::prompt(Ask::Script { text, exists: None }, &proposed);
}

/// A tensor's name as a file may have it.
fn file_name(name: &str) -> String {
    let safe = |c: char| if c.is_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' };
    let name: String = name.chars().map(safe).take(LONGEST).collect();
    let name = name.trim_start_matches('.');
    if name.is_empty() { "plot".to_owned() } else { name.to_owned() }
}

/// What is to be written where `text` was typed.
pub(super) fn entered(model: &Model, text: &str) -> Result<Cmd, String> {
    let Mode::Prompt { ask, .. } = &model.mode else { return Err("nothing is asked for".into()) };
    let (path, contents, exists) = match ask {
        Ask::Screen { picture, exists } => {
            let Picture { cells, ground } = &**picture;
            (text, if is_png(text) { png(cells, *ground) } else { svg(cells, *ground).into_bytes() }, exists)
        }
        Ask::Plot { exists } => {
            let (path, size) = named(text)?;
            let ready = model.selected_ready().ok_or("no layer is read yet")?;
            let (name, rise) = (model.name_at(), model.plot.rise);
            let contents = match is_png(path) {
                true => plot(&name, ready, size, rise, model.look.ground)?,
                false => report::svg(&name, ready, size, rise).into_bytes(),
            };
            (path, contents, exists)
        }
        Ask::Script { text: script, exists } => (text.trim(), script.clone().into_bytes(), exists),
        _ => return Err("nothing is to be written".into()),
    };
    let force = exists.as_deref() == Some(text);
    Ok(Cmd::Write { path: PathBuf::from(path), contents, force })
}

/// Pixels are meant.
fn is_png(path: &str) -> bool {
    Path::new(path.trim()).extension().is_some_and(|ending| ending.eq_ignore_ascii_case("png"))
}

/// The file, and the size that may stand behind it: what begins with a digit after the last blank.
fn named(text: &str) -> Result<(&str, PlotSize), String> {
    match text.trim().rsplit_once(' ') {
        Some((path, size)) if size.starts_with(|c: char| c.is_ascii_digit()) && !size.contains('.') => {
            Ok((path.trim_end(), size.parse()?))
        }
        _ => Ok((text.trim(), PlotSize::USUAL)),
    }
}

/// It was written, or not.
pub(super) fn written(model: &mut Model, result: Result<String, Unwritten>) {
    let Mode::Prompt { ask: Ask::Screen { exists, .. } | Ask::Plot { exists } | Ask::Script { exists, .. }, line } =
        &mut model.mode
    else {
        return;
    };
    match result {
        Ok(path) => {
            model.mode = Mode::Normal;
            model.say(format!("wrote {path}"));
        }
        Err(Unwritten { message, exists: there }) => {
            *exists = there.then(|| line.text());
            if there {
                model.notice = None;
            } else {
                model.warn(message);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_may_stand_behind_the_name() {
        let size = |width, height| PlotSize { width, height };
        assert_eq!(named("a.svg 640x300"), Ok(("a.svg", size(640, 300))));
        assert_eq!(named("my plot.svg"), Ok(("my plot.svg", PlotSize::USUAL)));
        assert_eq!(named("run 2.svg"), Ok(("run 2.svg", PlotSize::USUAL)));
        assert!(named("a.svg 9x9").is_err() && named("a.svg 100").is_err());
        assert_eq!(file_name("../net/conv 1:0"), "_net_conv_1_0");
        assert_eq!(file_name(""), "plot");
    }
}
