use std::path::PathBuf;

use etcetera::BaseStrategy;

/// The folder for journals: `qviz` in the user's state directory (`$XDG_STATE_HOME`, or `~/.local/state`); where a
/// system has no such directory, in that for the user's data. `None` where there is no home.
pub fn state_folder() -> Option<PathBuf> {
    let strategy = etcetera::choose_base_strategy().ok()?;
    Some(strategy.state_dir().unwrap_or_else(|| strategy.data_dir()).join("qviz"))
}
