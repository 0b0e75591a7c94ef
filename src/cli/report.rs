//! `qviz report`: the numbers in the form that whoever reads them wants.

use std::io::{IsTerminal, stdout};
use std::path::Path;

use super::args::ReportArgs;
use super::by_method;
use super::form::{Drawn, Form};
use super::load::Loaded;
use super::out::{Failed, complain, exists, print, put};
use super::shared::SharedArgs;
use super::trials;
use super::usage::Usage;
use crate::figure::Rise;
use crate::quant::{OutputEffect, OutputEffects};
use crate::report::{self, MethodRow, PlotSize, Shown, visible};
use crate::session::Session;
use crate::tui::look::Ground;
use crate::tui::picture;

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
    let on_screen = output.is_none() && stdout().is_terminal();
    let output = output.filter(|path| path.as_path() != Path::new("-"));
    if exists(output.as_deref(), force) {
        return Ok(1);
    }
    if matches!(form, Form::Html(_) | Form::Plot(..)) && on_screen {
        return Err(Usage("that is for a browser or a viewer, not for a terminal; name a file with -o.".into()).into());
    }
    // Who shows a network wants to see what is lost of it, wherever it can be put on trial.
    let shows = matches!(form, Form::Markdown | Form::Html(_));
    let outputs = outputs || by_method || (shows && shared.runs_model() && shared.data.can_try());
    let loaded = if outputs { trials::network(shared, exact)? } else { trials::loaded(shared, exact)? };
    if outputs && loaded.network == 0 {
        return Ok(complain(&loaded.session).max(1));
    }
    let told = if outputs { trials::whole(&loaded) } else { None };
    if by_method && told.is_none() {
        let code = complain(&loaded.session).max(1);
        return Ok(loaded.exit(code, "no method was tried yet, and nothing written"));
    }
    let methods = told.as_ref().filter(|_| by_method).map(|(effects, check)| by_method::each(&loaded, effects, *check));
    let contents = contents(&form, &loaded, told.as_ref(), methods.as_ref().map(|found| found.rows.as_slice()))?;
    let mut code = complain(&loaded.session).max(u8::from(outputs && told.is_none()));
    let mut what = "the report{} was printed".to_owned();
    if let Some(found) = &methods {
        code = code.max(u8::from(!found.whole));
        what = format!("{} of {} methods{{}} were printed", found.rows.len() - 1, found.all);
    }
    if !put(&contents, output.as_deref(), force)? {
        return Ok(1);
    }
    Ok(loaded.exit(code, &what))
}

fn contents(
    form: &Form,
    loaded: &Loaded,
    told: Option<&(OutputEffects, Option<OutputEffect>)>,
    methods: Option<&[MethodRow]>,
) -> Result<Vec<u8>, Usage> {
    let effects = told.map(|(effects, check)| (effects, check.as_ref()));
    let scales = || {
        let scales = loaded.scales().with_outputs(effects);
        methods.into_iter().fold(scales, |scales, rows| scales.with_methods(rows))
    };
    let outputs = || effects.map_or(String::new(), |(e, check)| report::outputs(e, check));
    let shown = |show: &dyn Fn(&Shown) -> String| {
        let rise = if let Form::Html(rise) = form { *rise } else { Rise::default() };
        show(&Shown { title: &loaded.provenance.title, session: &loaded.session, scales: &scales(), rise })
    };
    let text = match (form, methods) {
        (Form::Json { lean: false }, _) => scales().json(),
        (Form::Json { lean: true }, _) => scales().lean_json(),
        (Form::Markdown, _) => shown(&report::markdown),
        (Form::Html(_), _) => shown(&report::html),
        (Form::Plot(layer, drawn, size, rise), _) => return plot(&loaded.session, layer, *drawn, *size, *rise),
        (Form::Bars(blocks), _) => shown(&|shown| report::bars(shown, *blocks)) + &outputs(),
        (Form::Text, Some(rows)) => report::by_method(rows, by_method::activations(loaded).count()),
        (Form::Text, None) => report::text(&loaded.session) + &outputs(),
    };
    Ok(text.into_bytes())
}

/// The plot of the layer of that name.
fn plot(session: &Session, name: &str, drawn: Drawn, size: PlotSize, rise: Rise) -> Result<Vec<u8>, Usage> {
    let of_name = || session.layers().iter().filter(|layer| layer.name() == name);
    match of_name().find_map(|layer| layer.ready()) {
        Some(ready) => match drawn {
            Drawn::Svg => Ok(report::svg(name, ready, size, rise).into_bytes()),
            Drawn::Png => picture::plot(name, ready, size, rise, Ground::Light).map_err(|why| Usage(format!("{why}."))),
        },
        None => {
            let name = visible(name);
            Err(Usage(match of_name().next() {
                Some(_) => format!("{name} could not be read, so there is no plot of it."),
                None => format!("no layer is called {name}; qviz report lists the names."),
            }))
        }
    }
}
