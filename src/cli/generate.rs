//! What shells and manuals want to know of the program, made from the definition of its arguments.

use std::io;
use std::path::Path;

use clap::Command;
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::args::ManArgs;
use super::out::{Failed, exists, print};
use super::parse::definition;
use super::usage::Usage;
use crate::report::{self, visible};
use crate::tui::command::{COMMANDS, Command as Verb, Group, Keymap};

/// Prints a shell's completions.
pub(super) fn completions(shell: Shell) -> Result<u8, Failed> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut definition(), "qviz", &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(0)
}

/// Prints a page of the manual, or writes all.
pub(super) fn man(ManArgs { of, into }: &ManArgs) -> Result<u8, Failed> {
    if let Some(folder) = into {
        return write_all(folder);
    }
    let mut whole = definition();
    whole.build();
    let page = match of {
        None => page(&whole, true)?,
        Some(name) => {
            let Some(command) = whole.find_subcommand(name) else {
                let names: Vec<&str> = whole.get_subcommands().map(|sub| sub.get_name()).collect();
                let sentence = format!("{} is no command; there are {}.", visible(name), names.join(", "));
                return Err(Usage(sentence).into());
            };
            page(command, false)?
        }
    };
    print(&page)?;
    Ok(0)
}

fn write_all(folder: &Path) -> Result<u8, Failed> {
    let mut whole = definition();
    whole.build();
    let own = [(&whole, "qviz.1".to_owned())];
    let subs = whole.get_subcommands().map(|sub| (sub, format!("qviz-{}.1", sub.get_name())));
    let mut code = 0;
    for (command, name) in own.into_iter().chain(subs) {
        let path = folder.join(name);
        if exists(Some(&path), true) {
            return Ok(1);
        }
        if let Err(error) = report::save(&path, page(command, command.get_name() == "qviz")?.as_bytes(), true) {
            eprintln!("qviz: {error}");
            code = 1;
        }
    }
    Ok(code)
}

/// One page; that of the whole program has the keys of the screen too.
fn page(command: &Command, whole: bool) -> io::Result<String> {
    let command =
        if whole { command.clone() } else { command.clone().display_name(format!("qviz-{}", command.get_name())) };
    let man = Man::new(command.clone()).manual("qviz").source(format!("qviz {}", env!("CARGO_PKG_VERSION")));
    let mut out = Vec::new();
    man.render_title(&mut out)?;
    man.render_name_section(&mut out)?;
    man.render_synopsis_section(&mut out)?;
    man.render_description_section(&mut out)?;
    man.render_options_section(&mut out)?;
    if whole {
        man.render_subcommands_section(&mut out)?;
        keys().to_writer(&mut out)?;
    }
    let after = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
    ending(&after).to_writer(&mut out)?;
    Ok(String::from_utf8_lossy(&out).into_owned())
}

/// The keys of the screen, as the registry has them.
fn keys() -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["KEYS"]);
    for group in Group::ALL {
        roff.control("SS", [group.title()]);
        for entry in COMMANDS.iter().filter(|entry| entry.group == group) {
            if matches!(entry.command, Verb::Method(_)) && entry.command != Verb::Method(0) {
                continue;
            }
            let keys: Vec<String> = entry.keys.iter().map(ToString::to_string).collect();
            let (keys, help) = match entry.command {
                Verb::Method(_) => ("1 ... 9".to_owned(), "Takes that method's value."),
                _ => (keys.join(" "), entry.help),
            };
            roff.control("TP", []);
            roff.text([bold(keys)]);
            roff.text([roman(Keymap::default().told(help))]);
        }
    }
    roff
}

/// What stands at the end of the help, its headings as sections, its tables as they are.
fn ending(text: &str) -> Roff {
    let mut roff = Roff::new();
    for block in text.split("\n\n").filter(|block| !block.trim().is_empty()) {
        let (title, rows) = block.split_once('\n').unwrap_or((block, ""));
        roff.control("SH", [title.trim_end_matches(':').to_uppercase().as_str()]);
        roff.control("nf", []);
        for row in rows.lines() {
            roff.text([roman(row)]);
        }
        roff.control("fi", []);
    }
    roff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_hold_options_keys_and_exit_codes() {
        let mut whole = definition();
        whole.build();
        let text = page(&whole, true).unwrap();
        for known in [".TH qviz 1", "KEYS", "type the clip", "EXIT CODES", "EXAMPLES", "ENVIRONMENT", "NO_COLOR"] {
            let known = if known == "type the clip" { "Asks for the clip as a number" } else { known };
            assert!(text.contains(known), "{known}\n{text}");
        }
        let text = page(whole.find_subcommand("report").unwrap(), false).unwrap();
        assert!(text.contains(".TH qviz\\-report 1") || text.contains(".TH qviz-report 1"), "{text}");
        assert!(text.contains("\\-\\-by\\-method") && !text.contains("KEYS"), "{text}");
    }
}
