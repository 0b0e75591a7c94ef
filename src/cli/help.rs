//! What stands at the end of every `--help`: examples, exit codes, and the variables of the environment that matter.

use clap::Command;

/// Examples of a subcommand (of the screen under no name), each with what it is for. Those without a network run on the
/// bundled activations as they stand.
const EXAMPLES: &[(&str, &[(&str, &str)])] = &[
    (
        "",
        &[
            ("qviz", "the screen, on bundled activations of a real network"),
            ("qviz acts/", "on every .npy, .npz and .safetensors below acts"),
            ("qviz net.onnx --data pictures/", "on every activation and weight of a network"),
            ("qviz stats/*.parquet", "on statistics that qviz stats has written"),
            ("qviz report acts/", "a row a layer instead; `qviz help` lists the other commands"),
        ],
    ),
    (
        "report",
        &[
            ("qviz report acts/", "a row a layer"),
            ("qviz report --method max,mse --set '*.conv1=percentile-99.99'", "another method for some layers"),
            ("qviz report acts/ --json > scales.json", "the whole document"),
            ("qviz report net.onnx --data x.npy --by-method", "which method the outputs like best"),
        ],
    ),
    (
        "compare",
        &[
            ("qviz compare acts/", "every method beside every other"),
            ("qviz compare acts/ --method entropy,ort-entropy-128-128", "two of them"),
            ("qviz compare --data calib/ --against production.parquet", "which tensors' values have moved since"),
        ],
    ),
    (
        "sensitivity",
        &[
            ("qviz sensitivity net.onnx --data x.npy", "the layers that cost the outputs most"),
            ("qviz sensitivity net.onnx --data x.npy --samples 4 -o each.json", "a quick pass, written down"),
        ],
    ),
    (
        "tune",
        &[
            ("qviz tune net.onnx --data x.npy -o scales.json", "search, and write what was found"),
            ("qviz tune net.onnx --data x.npy --check y.npy --symmetric", "judged on other samples, for TensorRT"),
            ("qviz tune net.onnx --data x.npy -o - | jq .tuning", "the document on stdout, the words on stderr"),
        ],
    ),
    (
        "verify",
        &[
            ("qviz verify net.onnx --data x.npy", "tract against the installed ONNX Runtime"),
            ("qviz verify net.onnx --random 1 --all", "every tensor, on made-up samples"),
        ],
    ),
    ("methods", &[("qviz methods", "all of them"), ("qviz methods --json | jq -r '.[].id'", "their ids")]),
    (
        "glossary",
        &[
            ("qviz glossary", "all of it"),
            ("qviz glossary infinity", "one idea"),
            ("qviz glossary 饱和 --lang zh", "in Chinese"),
        ],
    ),
    (
        "export",
        &[
            ("qviz export acts/ -o scales.json", "the document"),
            ("qviz export acts/ -o calib.cache", "TensorRT's cache"),
            ("qviz export acts/ --to qnn-overrides -o -", "another tool's file, on stdout"),
        ],
    ),
    (
        "convert",
        &[
            ("qviz convert scales.json --to tensorrt-cache -o calib.cache", "a document for TensorRT"),
            ("qviz convert calib.cache --to csv", "a cache as a table, on stdout"),
        ],
    ),
    ("keys", &[("qviz keys", "every command of the screen with its keys"), ("qviz keys --no-config", "as they come")]),
    ("config", &[("qviz config > ~/.config/qviz/config.toml", "begins a configuration of one's own")]),
    (
        "doctor",
        &[
            ("qviz doctor", "what was found, with a card of colours and glyphs"),
            ("qviz doctor --theme light --glyphs octant", "the card as it would look"),
        ],
    ),
    (
        "check",
        &[
            ("qviz check scales.json", "what no scale may be, and what hints at a mistake"),
            ("qviz check net_int8.onnx", "the same of a quantized model"),
        ],
    ),
    (
        "learn",
        &[
            ("qviz learn", "the lessons, and how far you are"),
            ("qviz learn 3", "the third one"),
            ("qviz learn 3 acts/*.npy", "with its last step on your own data"),
            ("qviz learn 7 m.onnx --data x.npy", "and on your own network"),
            ("qviz learn --file mine.toml", "a lesson of your own"),
            ("qviz learn --check mine.toml", "what is wrong with it, with line numbers"),
        ],
    ),
    (
        "stats",
        &[
            ("qviz stats acts/ -o a.parquet", "what activations hold, in a small file"),
            ("qviz stats net.onnx --data pictures/ -o a.parquet", "the same of a network, run once over its samples"),
            (
                "qviz stats acts/ -o a.parquet --shard 7 --per-channel '*conv*=1'",
                "channels too, as piece 7 of the data",
            ),
        ],
    ),
    (
        "merge",
        &[
            ("qviz merge parts/*.parquet -o all.parquet", "as if all had been counted at once"),
            ("qviz merge monday.parquet tuesday.parquet --runs -o week.parquet", "of two runs"),
        ],
    ),
    ("diff", &[("qviz diff before.json after.json", "which scales differ, the worst first")]),
    (
        "completions",
        &[
            ("qviz completions bash > ~/.local/share/bash-completion/completions/qviz", ""),
            ("qviz completions zsh > \"${fpath[1]}/_qviz\"", ""),
            ("qviz completions fish > ~/.config/fish/completions/qviz.fish", ""),
        ],
    ),
    (
        "man",
        &[
            ("qviz man | man -l -", "reads the page"),
            ("qviz man report | man -l -", "that of a command"),
            ("qviz man --into ~/.local/share/man/man1", "installs all pages"),
        ],
    ),
];

/// Exit codes, each with what it means and the commands that end so; none stands for all.
const CODES: &[(&str, &str, &[&str])] = &[
    ("0", "fine", &[]),
    ("1", "some input could not be read, or a file not written; the rest was done", &[]),
    ("1", "or the engines differ", &["verify"]),
    ("1", "or the scales differ", &["diff"]),
    ("1", "or there is an error among what was found", &["check"]),
    ("2", "wrong usage, or a pattern that fits no layer", &[]),
    ("2", "or there is no ONNX Runtime to verify with", &["verify"]),
    (
        "130",
        "Ctrl-C: what was found is printed and written; a second one leaves at once",
        &["", "report", "compare", "sensitivity", "tune", "export", "verify", "stats"],
    ),
    ("143 ...", "a signal ended the screen: 128 and its number", &[""]),
];

/// Variables, each with what it does and the commands that look at it; none stands for all.
const VARIABLES: &[(&str, &str, &[&str])] = &[
    ("NO_COLOR", "if not empty, no colours; bold and reverse stay", SCREEN),
    ("CLICOLOR, CLICOLOR_FORCE", "0 for no colours; not 0 for colours on a dumb terminal too", SCREEN),
    ("COLORTERM, TERM", "how many colours the terminal shows", SCREEN),
    ("LC_ALL, LC_CTYPE, LANG", "ASCII only, where the first that is set names no UTF-8", SCREEN),
    ("QVIZ_CONFIG", "the configuration file, in place of ~/.config/qviz/config.toml; empty for none", CONFIGURED),
    ("XDG_CONFIG_HOME", "where the configuration is looked for; ~/.config without it", CONFIGURED),
    ("XDG_STATE_HOME", "where changes that no file holds are kept; ~/.local/state without it", &[""]),
    (
        "ORT_DYLIB_PATH",
        "the ONNX Runtime that --engine onnxruntime and verify use",
        &["", "report", "export", "verify", "compare", "stats"],
    ),
];

/// The commands that draw with colours.
const SCREEN: &[&str] = &["", "doctor"];

/// The commands that read the configuration.
const CONFIGURED: &[&str] = &["", "report", "compare", "sensitivity", "tune", "export", "keys", "doctor"];

/// The definition with what stands at the end of each help.
pub(super) fn complete(command: Command) -> Command {
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    let end = ending("");
    names.into_iter().fold(command.after_long_help(end), |command, name| {
        command.mut_subcommand(name.clone(), |sub| {
            let own = sub.get_after_help().map_or(String::new(), |own| format!("{own}\n"));
            sub.after_long_help(own + &ending(&name))
        })
    })
}

/// Examples, exit codes and variables of one command.
fn ending(name: &str) -> String {
    let mut out = String::new();
    let mut block = |title: &str, rows: Vec<(&str, &str)>| {
        let width = rows.iter().map(|(left, _)| left.chars().count()).filter(|n| *n <= 44).max().unwrap_or(0);
        if !rows.is_empty() {
            out += &format!("{}{title}:\n", if out.is_empty() { "" } else { "\n" });
        }
        for (left, right) in rows {
            let row = match left.chars().count() > width && !right.is_empty() {
                // Longer than its column: the words stand below.
                true => format!("  {left}\n      {right}"),
                false => format!("  {left:width$}  {right}"),
            };
            out += row.trim_end();
            out.push('\n');
        }
    };
    let of = |rows: &'static [(&str, &str, &[&str])]| -> Vec<(&str, &str)> {
        let here = rows.iter().filter(|(_, _, of)| of.is_empty() || of.contains(&name));
        here.map(|(left, right, _)| (*left, *right)).collect()
    };
    block("Examples", EXAMPLES.iter().find(|(of, _)| *of == name).map_or(Vec::new(), |(_, rows)| rows.to_vec()));
    block("Exit codes", of(CODES));
    block("Environment", of(VARIABLES));
    out.truncate(out.trim_end().len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_a_command() {
        let command = super::super::parse::definition();
        let is = |name: &str| name.is_empty() || command.find_subcommand(name).is_some();
        let optional = |name: &str| match name {
            "verify" => cfg!(not(feature = "onnxruntime")),
            "stats" | "merge" => cfg!(not(feature = "statistics")),
            _ => false,
        };
        let of_rows = CODES.iter().chain(VARIABLES).flat_map(|(_, _, of)| of.iter());
        for name in EXAMPLES.iter().map(|(name, _)| name).chain(of_rows) {
            assert!(is(name) || optional(name), "{name}");
        }
    }

    #[test]
    fn every_help_ends_with_examples_and_exit_codes() {
        for sub in super::super::parse::definition().get_subcommands_mut() {
            let (name, help) = (sub.get_name().to_owned(), sub.render_long_help().to_string());
            assert!(help.contains("Examples:") && help.contains("Exit codes:\n  0"), "{name}: {help}");
        }
    }

    /// Who tries an example is not told that it is wrong.
    #[test]
    fn examples_are_right_usage() {
        for (example, _) in EXAMPLES.iter().flat_map(|(_, rows)| rows.iter()) {
            let before = example.split(" | ").next().unwrap().split(" > ").next().unwrap();
            let words: Vec<String> = before.split(' ').map(|word| word.trim_matches('\'').to_owned()).collect();
            let parsed = super::super::parse::definition().try_get_matches_from(&words);
            // Of `verify` there is none where the program was built without it.
            let known = match words.get(1).map(String::as_str) {
                Some("verify") => cfg!(feature = "onnxruntime"),
                Some("stats" | "merge") => cfg!(feature = "statistics"),
                Some("compare") => cfg!(feature = "statistics") || !words.iter().any(|word| word == "--against"),
                _ => true,
            };
            assert!(!known || parsed.is_ok(), "{example}: {}", parsed.unwrap_err());
        }
    }
}
