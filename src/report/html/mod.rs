//! One page that holds everything: figures, a plot and a row of numbers a layer. It loads nothing, works as a plain table
//! where scripts do not run, and is sorted and searched where they do.

mod layers;

use std::fmt::Write;

use super::by_method::MethodOutputs;
use super::compare::offers;
use super::effect::in_words;
use super::plot::{HATCH, escaped};
use super::shown::{Shown, figures, made_from};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// The page. Its size is bounded by the number of layers: all plots together have at most 100,000 columns, and at most
/// 2,000 layers have one, which the page says.
pub fn html(shown: &Shown) -> String {
    let title = escaped(shown.title);
    let tool = escaped(&shown.scales.tool);
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"generator\" content=\"{tool}\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
         script-src 'unsafe-inline'\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <svg class=\"defs\" width=\"0\" height=\"0\" aria-hidden=\"true\">{HATCH}</svg>\n\
         <header>\n<h1>{title}</h1>\n<p>Calibration report, {tool}</p>\n</header>\n<main>\n"
    );
    out += "<dl class=\"figures\">\n";
    for (label, said) in figures(shown) {
        let _ = writeln!(out, "<div><dt>{}</dt><dd>{}</dd></div>", escaped(&label), unbroken(&said));
    }
    out += "</dl>\n";
    if let Some(methods) = shown.scales.outputs.as_ref().map(|o| &o.by_method).filter(|methods| !methods.is_empty()) {
        by_method(&mut out, methods);
    }
    layers::table(&mut out, shown, &key(shown));
    out.push_str("</main>\n<footer>\n<h2>Made from</h2>\n<dl class=\"from\">\n");
    for (label, said) in made_from(shown) {
        let _ = writeln!(out, "<div><dt>{label}</dt><dd>{}</dd></div>", escaped(&said));
    }
    out.push_str("</dl>\n<p>This page loads nothing from anywhere.</p>\n</footer>\n");
    let _ = write!(out, "<script>\n{SCRIPT}</script>\n</body>\n</html>\n");
    out
}

/// Escaped text whose units stay with their numbers.
fn unbroken(text: &str) -> String {
    escaped(text).replace(" %", "\u{a0}%").replace(" dB", "\u{a0}dB")
}

/// What the signs of the plots mean.
fn key(shown: &Shown) -> String {
    let methods: Vec<String> = offers(shown.session)
        .iter()
        .enumerate()
        .map(|(i, (id, _))| format!("<b>{}</b> {}", i + 1, escaped(id)))
        .collect();
    format!(
        "<p class=\"key\">Bars: how many values, on a {} scale, exact zeros left out; magnitudes, or signed values where \
         the format has a zero point. <span class=\"k clip\">Line</span>: the chosen clip. <span class=\"k over\">Hatched\
         </span>: beyond it, saturates. <span class=\"k mark\">Triangles</span>: what each method would choose, filled the \
         one that did: {}.</p>\n",
        shown.rise.word(),
        methods.join(", ")
    )
}

fn by_method(out: &mut String, methods: &[MethodOutputs]) {
    let checked = methods.iter().any(|m| m.check.is_some());
    let check = if checked { "<th scope=\"col\">On the check samples</th>" } else { "" };
    let _ = write!(
        out,
        "<h2>One method for all activations</h2>\n<table class=\"methods\">\n<thead><tr><th scope=\"col\">Method</th>\
         <th scope=\"col\">Outputs</th>{check}</tr></thead>\n<tbody>\n"
    );
    for m in methods {
        let best = if m.best { " <b>best</b>" } else { "" };
        let _ = write!(
            out,
            "<tr><th scope=\"row\">{}{best}</th><td>{}</td>",
            escaped(&m.method),
            unbroken(&in_words(&m.effect))
        );
        if checked {
            let _ = write!(out, "<td>{}</td>", m.check.as_ref().map_or("–".into(), |check| unbroken(&in_words(check))));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table>\n");
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::calibrate;
    use crate::figure::Rise;
    use crate::histogram::Histogram;
    use crate::quant::Format;
    use crate::report::Scales;
    use crate::session::{Arrival, Key, Layer, Origin, Ready, Session};

    const HOSTILE: [&str; 4] =
        ["<script>alert(1)</script>", "\" onload=\"x", "a&amp;b", "]]>--><!--\u{202e}\u{1b}[31m"];

    /// A session with these tensors of a few values each.
    fn session(names: impl Iterator<Item = String>) -> Session {
        let mut session = Session::new(calibrate::defaults(), "mse", Format::INT8);
        let keys: Vec<Key> = names.map(Key::activation).collect();
        let layers = keys.iter().map(|key| Layer::waiting(key.clone(), vec!["x.npy".into()])).collect();
        session.receive(Arrival::Found { layers, failures: Vec::new() });
        let values: Vec<f32> = (1..400).map(|i| (i as f32 * 0.7).sin() * (400.0 / i as f32).ln()).collect();
        let histogram = Arc::new(Histogram::of(&values, 256, &[]));
        for key in keys {
            let layer = Layer::waiting(key.clone(), Vec::new());
            let ready = Ready::analyse(histogram.clone(), &session.plan(), &layer.subject());
            session.receive(Arrival::Layer { key, result: Ok(Box::new((Origin::default(), ready))) });
        }
        session
    }

    fn page(session: &Session, title: &str) -> String {
        html(&Shown { title, session, scales: &Scales::of(session), rise: Rise::Log })
    }

    #[test]
    fn no_name_is_markup_and_nothing_is_loaded() {
        let session = session(HOSTILE.iter().map(|name| (*name).to_owned()));
        for title in HOSTILE {
            let page = page(&session, title);
            assert_eq!(page.matches("<script>").count(), 1);
            assert_eq!(page.matches("</script>").count(), 1);
            assert!(!page.contains("\" onload=\"") && !page.contains('\u{202e}') && !page.contains('\u{1b}'));
            assert_eq!(page.matches("<tr data-").count(), HOSTILE.len());
            for outside in ["http://", "https://", "src=", "@import", "url(h", "fetch(", "<link"] {
                assert!(!page.contains(outside), "{outside}");
            }
        }
    }

    #[test]
    fn thousands_of_layers_stay_small_and_the_page_says_how() {
        let few = page(&session((0..10).map(|i| format!("x{i}"))), "few");
        assert!(!few.contains("class=\"bounded\"") && few.matches("<svg class=\"plot\"").count() == 10);
        let many = page(&session((0..3000).map(|i| format!("x{i}"))), "many");
        assert_eq!(many.matches("<svg class=\"plot\"").count(), layers::MOST_PLOTS);
        assert!(many.contains("class=\"bounded\"") && many.matches("<tr data-").count() == 3000);
        assert!(many.len() < 12_000_000, "{}", many.len());
    }
}
