//! Options that would do nothing are refused: whoever gives one believes that it does something.

/// What was typed, and where.
pub(super) struct Here<'a> {
    /// The subcommand; the empty word is the screen.
    pub command: &'a str,
    /// The options that were typed: their names in the definition, and as they are written behind `--`.
    pub options: Vec<(&'a str, &'a str)>,
    /// Whether a model is run.
    pub model: bool,
    /// Whether nothing is named to look at.
    pub bundled: bool,
    /// Whether the installed ONNX Runtime runs it.
    pub runtime: bool,
}

impl Here<'_> {
    fn is(&self, commands: &[&str]) -> bool {
        commands.contains(&self.command)
    }

    fn has(&self, option: &str) -> bool {
        self.options.iter().any(|(id, _)| *id == option)
    }
}

/// Options by their names in the definition, when they do something, and otherwise why not and what helps.
struct Row {
    options: &'static [&'static str],
    works: fn(&Here) -> bool,
    why: &'static str,
}

const ROWS: &[Row] = &[
    Row {
        options: &[
            "random",
            "draw",
            "seed",
            "mean",
            "std",
            "layout",
            "resize",
            "shape",
            "check",
            "place",
            "as_written",
            "skip_worst",
            "one_pass",
            "weights_method",
            "no_tie",
            "engine",
            "onnxruntime",
        ],
        works: |here| here.model || here.is(&["check", "convert", "learn"]),
        why: "only a model is run and placed; name one: qviz MODEL.onnx --data PATH",
    },
    Row {
        options: &["data"],
        works: |here| here.model || here.is(&["check", "convert", "learn"]) || here.has("against"),
        why: "only a model is run on data; name one: qviz MODEL.onnx --data PATH, or name the activations themselves",
    },
    Row {
        options: &["group"],
        works: |here| !here.model && (!here.bundled || here.has("against")),
        why: "it joins files of activations; name some",
    },
    Row {
        options: &["mean", "std", "layout", "resize"],
        works: |here| !here.has("random"),
        why: "made-up samples are no pictures; give --data PATH in place of --random, or their size by --shape",
    },
    Row {
        options: &["seed"],
        works: |here| here.has("random") || here.has("draw") || here.is(&["tune"]),
        why: "it draws what --samples N or --random N asks for; name one of them",
    },
    Row {
        options: &["onnxruntime"],
        works: |here| here.runtime || here.is(&["verify"]),
        why: "tract runs the model; add --engine onnxruntime",
    },
    Row {
        options: &["skip_worst"],
        works: |here| !here.is(&["", "compare"]),
        why: "it is for report, export and tune; the screen has commands for it, sensitivity and then worst in float",
    },
    Row {
        options: &["drop_missing"],
        works: |here| !here.is(&["compare", "sensitivity"]) && (!here.is(&["report"]) || here.has("json")),
        why: "no document is written",
    },
    Row {
        options: &["exact"],
        works: |here| !here.has("by_method") || here.has("json"),
        why: "the table has no column for it; add --json",
    },
    Row { options: &["force"], works: |here| here.has("output"), why: "there is no file to replace; name one with -o" },
];

/// Checks that each option does something.
///
/// # Errors
/// A sentence that names the first that do not, and what helps.
pub(super) fn check(here: &Here) -> Result<(), String> {
    for row in ROWS.iter().filter(|row| !(row.works)(here)) {
        let of_row = |(id, _): &&(&str, &str)| row.options.contains(id);
        let vain: Vec<String> = here.options.iter().filter(of_row).map(|(_, long)| format!("--{long}")).collect();
        let (last, before) = match vain.as_slice() {
            [] => continue,
            [before @ .., last] => (last, before.join(", ")),
        };
        let (names, verb) = match before.is_empty() {
            true => (last.clone(), "does"),
            false => (format!("{before} and {last}"), "do"),
        };
        return Err(format!("{names} {verb} nothing here: {}.", row.why));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An option that is called otherwise now would never be refused.
    #[test]
    fn every_option_of_the_table_is_there() {
        let definition = super::super::parse::definition();
        let of_subcommands = definition.get_subcommands().flat_map(|sub| sub.get_arguments());
        let known: Vec<&str> =
            definition.get_arguments().chain(of_subcommands).map(|arg| arg.get_id().as_str()).collect();
        for option in ROWS.iter().flat_map(|row| row.options) {
            let optional = cfg!(not(feature = "onnxruntime")) && ["engine", "onnxruntime"].contains(option);
            assert!(known.contains(option) || optional, "{option}");
        }
    }
}
