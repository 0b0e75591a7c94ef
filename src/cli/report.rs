//! `qviz report`: the numbers in the form that whoever reads them wants.

use std::io::{IsTerminal, stdout};
use std::path::PathBuf;

use clap::Args;

use super::args::SharedArgs;
use super::by_method;
use super::load::Loaded;
use super::out::{Failed, complain, exists, print, put};
use super::source::Usage;
use super::trials;
use crate::quant::{OutputEffect, OutputEffects};
use crate::report::{self, Blocks, Json, MethodRow, PlotSize, Shown, visible};
use crate::session::Session;

/// What is reported, and how.
#[derive(Args)]
pub(super) struct ReportArgs {
    #[command(flatten)]
    form: FormArgs,
    /// Measures the chosen clips on the values too, not only on bins; takes one more reading
    #[arg(long)]
    exact: bool,
    /// Runs MODEL.onnx quantized as chosen as well, and says what that does to its outputs
    #[arg(long)]
    outputs: bool,
    /// Prints a row a method instead: what each does to the outputs of MODEL.onnx where it chooses for every quantized
    /// activation, the best first, beside what is chosen
    #[arg(long)]
    by_method: bool,
    /// Writes to FILE instead of stdout
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replaces FILE if it exists
    #[arg(long, requires = "output")]
    force: bool,
    #[command(flatten)]
    pub shared: SharedArgs,
}

/// Forms of a report; without any, one row a layer and one word a column.
#[derive(Args)]
struct FormArgs {
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
enum Form {
    Text,
    Bars(Blocks),
    Json { lean: bool },
    Markdown,
    Html,
    Svg(String, PlotSize),
}

impl FormArgs {
    fn chosen(self) -> Form {
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

/// What is reported where nothing else was asked for.
pub(super) fn plainly(shared: SharedArgs) -> Result<u8, Failed> {
    let loaded = trials::loaded(shared, false)?;
    print(&report::text(&loaded.session))?;
    Ok(loaded.exit(complain(&loaded.session), "the report{} was printed"))
}

/// Reads, puts on trial what is to be, and prints or writes.
pub(super) fn report(args: ReportArgs) -> Result<u8, Failed> {
    let ReportArgs { form, exact, outputs, by_method, output, force, shared } = args;
    let form = form.chosen();
    if exists(output.as_deref(), force) {
        return Ok(1);
    }
    let on_screen = output.is_none() && stdout().is_terminal();
    if matches!(form, Form::Html | Form::Svg(..)) && on_screen {
        return Err(Usage("a page is for a browser, not for a terminal; name a file: -o report.html.".into()).into());
    }
    // Who shows a network wants to see what is lost of it, wherever it can be put on trial.
    let shows = matches!(form, Form::Markdown | Form::Html);
    let outputs = outputs || by_method || (shows && shared.runs_model() && shared.data.can_try());
    let loaded = if outputs { trials::network(shared, exact)? } else { trials::loaded(shared, exact)? };
    if outputs && loaded.network == 0 {
        return Ok(complain(&loaded.session).max(1));
    }
    let told = if outputs { trials::whole(&loaded) } else { None };
    if by_method && told.is_none() {
        return Ok(complain(&loaded.session).max(1));
    }
    let methods = told.as_ref().filter(|_| by_method).map(|(effects, check)| by_method::each(&loaded, effects, *check));
    let text = text(&form, &loaded, told.as_ref(), methods.as_ref().map(|found| found.rows.as_slice()))?;
    let mut code = complain(&loaded.session).max(u8::from(outputs && told.is_none()));
    let mut what = "the report{} was printed".to_owned();
    if let Some(found) = &methods {
        code = code.max(u8::from(!found.whole));
        what = format!("{} of {} methods{{}} were printed", found.rows.len() - 1, found.all);
    }
    if !put(&text, output.as_deref(), force)? {
        return Ok(1);
    }
    Ok(loaded.exit(code, &what))
}

fn text(
    form: &Form,
    loaded: &Loaded,
    told: Option<&(OutputEffects, Option<OutputEffect>)>,
    methods: Option<&[MethodRow]>,
) -> Result<String, Usage> {
    let effects = told.map(|(effects, check)| (effects, check.as_ref()));
    let scales = || {
        let scales = loaded.scales().with_outputs(effects);
        methods.into_iter().fold(scales, |scales, rows| scales.with_methods(rows))
    };
    let outputs = || effects.map_or(String::new(), |(e, check)| report::outputs(&e.all, e.several(), check));
    let shown = |show: &dyn Fn(&Shown) -> String| {
        show(&Shown { title: &loaded.provenance.title, session: &loaded.session, scales: &scales() })
    };
    Ok(match (form, methods) {
        (Form::Json { lean: false }, _) => Json::text(&scales()),
        (Form::Json { lean: true }, _) => scales().lean_json(),
        (Form::Markdown, _) => shown(&report::markdown),
        (Form::Html, _) => shown(&report::html),
        (Form::Svg(layer, size), _) => plot(&loaded.session, layer, *size)?,
        (Form::Bars(blocks), _) => shown(&|shown| report::bars(shown, *blocks)) + &outputs(),
        (Form::Text, Some(rows)) => report::by_method(rows, by_method::activations(loaded).count()),
        (Form::Text, None) => report::text(&loaded.session) + &outputs(),
    })
}

/// The plot of the layer of that name.
fn plot(session: &Session, name: &str, size: PlotSize) -> Result<String, Usage> {
    let of_name = || session.layers().iter().filter(|layer| layer.name() == name);
    match of_name().find_map(|layer| layer.ready()) {
        Some(ready) => Ok(report::svg(name, ready, size)),
        None => {
            let name = visible(name);
            Err(Usage(match of_name().next() {
                Some(_) => format!("{name} could not be read, so there is no plot of it."),
                None => format!("no layer is called {name}; qviz report lists the names."),
            }))
        }
    }
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
