//! Arguments of `learn`.

use std::path::PathBuf;

use clap::Args;

use super::look::LookArgs;

/// Which lesson, in which language, on what.
#[derive(Args)]
pub(super) struct LearnArgs {
    /// The number or the name of a lesson; without one the list of them
    #[arg(value_name = "LESSON")]
    pub lesson: Option<String>,
    /// Your own data, .npy, .npz and .safetensors, or a network, .onnx, with its samples: the last step of a lesson is
    /// about them
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// The same, where a shell's glob is not wanted behind the lesson
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pub data: Vec<PathBuf>,
    /// Plays a lesson of your own
    #[arg(long, value_name = "FILE", conflicts_with_all = ["lesson", "check"])]
    pub file: Option<PathBuf>,
    /// Plays a lesson of your own without a screen, and says what is wrong with it, with line numbers
    #[arg(long, value_name = "FILE", conflicts_with_all = ["lesson", "list"])]
    pub check: Option<PathBuf>,
    /// Prints the lessons, and how far you are
    #[arg(long)]
    pub list: bool,
    #[command(flatten)]
    pub look: LookArgs,
    /// Leaves the mouse to the terminal
    #[arg(long)]
    pub no_mouse: bool,
}
