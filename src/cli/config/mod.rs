//! The user's own: keys, looks and a few defaults, in one small file.
//!
//! | file | what stands there |
//! |---|---|
//! | `reader.rs` | from TOML to values, each error with its line |
//! | `template.rs` | the file that says what is anyway, with every setting explained |

mod reader;
mod template;

use std::path::{Path, PathBuf};

use clap::Args;
use etcetera::BaseStrategy;

use crate::lessons::Lang;
use crate::report::visible;
use crate::tui::command::Keymap;
use crate::tui::look::{Depth, Ground, Marks, Own};

pub(super) use template::template;

/// Which configuration is used.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Configuration")]
pub(super) struct ConfigArgs {
    /// The configuration file, in place of ~/.config/qviz/config.toml
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// Reads no configuration file
    #[arg(long, global = true, conflicts_with = "config")]
    pub no_config: bool,
}

/// What the user wants otherwise.
#[derive(Clone, Debug, Default)]
pub(super) struct Config {
    pub keys: Keymap,
    pub look: LookWanted,
    pub defaults: Defaults,
    /// What is set, by section and name, in the file's order.
    pub set: Vec<String>,
}

/// How the screen is to look.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct LookWanted {
    pub depth: Option<Depth>,
    pub ground: Option<Ground>,
    pub marks: Option<Marks>,
    pub mouse: Option<bool>,
    pub own: Own,
}

/// What is chosen by unless an option says otherwise.
#[derive(Clone, Debug, Default)]
pub(super) struct Defaults {
    pub method: Option<super::words::Chooser>,
    pub weights_method: Option<super::words::Method>,
    pub symmetric: Option<bool>,
    pub place: Option<super::data::Place>,
    pub lang: Option<Lang>,
}

/// Where the configuration is, and who says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// There is to be none.
    Off(&'static str),
    /// A file that was named; it must be there.
    Named(PathBuf, &'static str),
    /// The usual file, which may be there.
    Usual(PathBuf),
    /// There is no home folder.
    Nowhere,
}

impl ConfigArgs {
    /// Where the configuration is: what the options say, then `QVIZ_CONFIG` (empty for none), then the usual place.
    pub fn place(&self) -> Place {
        if self.no_config {
            return Place::Off("--no-config");
        }
        if let Some(path) = &self.config {
            return Place::Named(path.clone(), "--config");
        }
        match std::env::var_os("QVIZ_CONFIG") {
            Some(path) if path.is_empty() => Place::Off("QVIZ_CONFIG"),
            Some(path) => Place::Named(path.into(), "QVIZ_CONFIG"),
            None => etcetera::choose_base_strategy()
                .map_or(Place::Nowhere, |base| Place::Usual(base.config_dir().join("qviz").join("config.toml"))),
        }
    }

    /// Reads it.
    ///
    /// # Errors
    /// A sentence that names the file, the line, and what is allowed there.
    pub fn load(&self) -> Result<Config, String> {
        let (path, by) = match self.place() {
            Place::Off(_) | Place::Nowhere => return Ok(Config::default()),
            Place::Named(path, by) => (path, Some(by)),
            Place::Usual(path) => (path, None),
        };
        let text = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if by.is_none() && error.kind() == std::io::ErrorKind::NotFound => return Ok(Config::default()),
            Err(error) => return Err(unreadable(&path, by, &error)),
        };
        let text = String::from_utf8(text).map_err(|_| format!("{} is no UTF-8 text.", shown(&path)))?;
        reader::read(&text).map_err(|error| format!("{}:{}: {}.", shown(&path), error.line, visible(&error.why)))
    }
}

fn unreadable(path: &Path, by: Option<&str>, error: &std::io::Error) -> String {
    let named = by.map_or(String::new(), |by| format!(", which {by} names,"));
    let why = match error.kind() {
        std::io::ErrorKind::NotFound => "is not there; `qviz config` prints one".to_owned(),
        kind => format!("could not be read: {kind}"),
    };
    format!("the configuration {}{named} {why}.", shown(path))
}

fn shown(path: &Path) -> String {
    visible(&path.to_string_lossy())
}
