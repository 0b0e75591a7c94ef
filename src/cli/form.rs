//! Forms of an answer, as they are asked for.

use std::path::PathBuf;

use clap::Args;

use crate::report::{Blocks, PlotSize};

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
    #[arg(long, group = "form")]
    html: bool,
    /// Prints the plot of one layer as SVG instead
    #[arg(long, group = "form", value_name = "LAYER", conflicts_with_all = ["by_method", "outputs"])]
    svg: Option<String>,
    /// The size of that plot in pixels
    #[arg(long, requires = "svg", value_name = "WxH", default_value = "900x420")]
    size: PlotSize,
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
    Html,
    Svg(String, PlotSize),
}

impl FormArgs {
    /// The one that was asked for.
    pub fn chosen(self) -> Form {
        match self {
            FormArgs { svg: Some(layer), size, .. } => Form::Svg(layer, size),
            FormArgs { html: true, .. } => Form::Html,
            FormArgs { json: true, lean, .. } => Form::Json { lean },
            FormArgs { markdown: true, .. } => Form::Markdown,
            FormArgs { bars: true, ascii, .. } if ascii || !is_utf8(|name| std::env::var(name).ok()) => {
                Form::Bars(Blocks::Ascii)
            }
            FormArgs { bars: true, .. } => Form::Bars(Blocks::Unicode),
            _ => Form::Text,
        }
    }
}

/// Whether the locale can show more than ASCII; where none is named it is taken to.
fn is_utf8(var: impl Fn(&str) -> Option<String>) -> bool {
    let named = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(var).find(|value| !value.is_empty());
    named.is_none_or(|locale| {
        let locale = locale.to_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

/// Where the answer of `tune` goes.
#[derive(Args)]
pub(super) struct TunedArgs {
    /// Prints the qviz.scales/1 document with what the search was worth instead of a summary
    #[arg(long)]
    pub json: bool,
    /// Writes the scales that were found as a qviz.scales/1 document
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Of the document what a consumer of scales needs; --scales reads it again
    #[arg(long)]
    pub lean: bool,
    /// Replaces FILE if it exists
    #[arg(long)]
    pub force: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_without_utf_8_gets_ascii() {
        let of = |pairs: &'static [(&str, &str)]| {
            is_utf8(move |name| pairs.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned()))
        };
        assert!(of(&[]) && of(&[("LANG", "de_DE.UTF-8")]) && of(&[("LC_ALL", ""), ("LANG", "C.utf8")]));
        assert!(!of(&[("LC_ALL", "C"), ("LANG", "en_US.UTF-8")]) && !of(&[("LC_CTYPE", "POSIX")]));
    }
}
