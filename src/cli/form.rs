//! Forms of an answer, as they are asked for.

use std::path::PathBuf;

use clap::Args;

use crate::figure::Rise;
use crate::report::{Blocks, PlotSize};
use crate::tui::look::Marks;

/// Forms of a report; without any, one row a layer and one word a column.
#[derive(Args)]
pub(super) struct FormArgs {
    /// Prints the whole qviz.scales/1 document instead
    #[arg(long, group = "form")]
    json: bool,
    /// Of the document what a consumer of scales needs; --scales reads it again
    #[arg(long, requires = "json")]
    lean: bool,
    /// Prints Markdown for an issue tracker instead; of a network with what is lost at its outputs
    #[arg(long, group = "form")]
    markdown: bool,
    /// Prints a small histogram a layer and the columns that fit beside it instead, for pasting a terminal
    #[arg(long, group = "form", conflicts_with = "by_method")]
    bars: bool,
    /// Prints one page with everything instead, for a browser: the figures of the network on top, a plot and a row of
    /// numbers a layer. It loads nothing from anywhere
    #[arg(long, groups = ["form", "plots"])]
    html: bool,
    /// Prints the plot of one layer as SVG instead
    #[arg(long, groups = ["form", "plots", "one"], value_name = "LAYER", conflicts_with_all = ["by_method", "outputs"])]
    svg: Option<String>,
    /// Prints it as PNG instead, on white
    #[arg(long, groups = ["form", "plots", "one"], value_name = "LAYER", conflicts_with_all = ["by_method", "outputs"])]
    png: Option<String>,
    /// The size of the plot of one layer in pixels
    #[arg(long, requires = "one", value_name = "WxH", default_value = "900x420")]
    size: PlotSize,
    /// The scale of counts in the plots of --html, --svg and --png: log, sqrt or linear
    #[arg(long, requires = "plots", value_name = "SCALE", default_value = "log")]
    y: Rise,
    /// Draws the histograms of --bars with ASCII characters only; so it is where the locale is not UTF-8
    #[arg(long, requires = "bars")]
    ascii: bool,
}

/// A form, chosen.
pub(super) enum Form {
    Text,
    Bars(Blocks),
    Json { lean: bool },
    Markdown,
    Html(Rise),
    Plot(String, Drawn, PlotSize, Rise),
}

/// What a plot is drawn in.
#[derive(Clone, Copy)]
pub(super) enum Drawn {
    Svg,
    Png,
}

impl FormArgs {
    /// The one that was asked for.
    pub fn chosen(self) -> Form {
        match self {
            FormArgs { svg: Some(layer), size, y, .. } => Form::Plot(layer, Drawn::Svg, size, y),
            FormArgs { png: Some(layer), size, y, .. } => Form::Plot(layer, Drawn::Png, size, y),
            FormArgs { html: true, y, .. } => Form::Html(y),
            FormArgs { json: true, lean, .. } => Form::Json { lean },
            FormArgs { markdown: true, .. } => Form::Markdown,
            FormArgs { bars: true, ascii, .. } => {
                let found = Marks::found(&|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
                Form::Bars(if ascii || found.value == Marks::Ascii { Blocks::Ascii } else { Blocks::Unicode })
            }
            _ => Form::Text,
        }
    }
}

/// Where the answer of `tune` goes.
#[derive(Args)]
pub(super) struct TunedArgs {
    /// Prints the qviz.scales/1 document with what the search was worth instead of a summary
    #[arg(long)]
    pub json: bool,
    /// Writes the scales that were found as a qviz.scales/1 document; - is stdout, and the words go to stderr then
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Of the document what a consumer of scales needs; --scales reads it again
    #[arg(long)]
    pub lean: bool,
    /// Replaces FILE if it exists
    #[arg(long)]
    pub force: bool,
}
