use crate::tui::command::{COMMANDS, Group};
use crate::tui::look::{Depth, Ground, Marks, Role};

/// A configuration that changes nothing: every setting stands there behind `#`, with what it means and what it may be.
pub(in crate::cli) fn template() -> String {
    let words = |all: &[&str]| all.join(", ");
    let mut out = String::from(
        "# The configuration of qviz. `qviz config > ~/.config/qviz/config.toml` begins one; a line counts without its #.\n\
         # `qviz doctor` says which file is read and what it changes.\n\n",
    );
    out += "[look]\n";
    out += &format!(
        "# How many colours: auto, {}. NO_COLOR and the terminal decide otherwise.\n",
        words(&Depth::ALL.map(Depth::word))
    );
    out += "#colours = \"auto\"\n";
    out += &format!(
        "# For which ground: auto, {}. Otherwise the terminal is asked.\n",
        words(&Ground::ALL.map(Ground::word))
    );
    out += "#theme = \"auto\"\n";
    out += &format!("# What curves and bars are drawn with: auto, {}.\n", words(&Marks::ALL.map(Marks::word)));
    out +=
        "#glyphs = \"auto\"\n# Whether the mouse drags the clip; false leaves it to the terminal.\n#mouse = true\n\n";
    out += "[colours]\n# Colours of your own: \"#2c6aac\", a number of the terminal's 256, or one of the sixteen (\"blue\").\n";
    for role in Role::ALL {
        out += &format!("#{} = \"{}\"\n", role.word(), example(role));
    }
    out += "\n[defaults]\n# What is chosen by where no option says otherwise: a method as --method and --weights-method name it,\n\
            # whether a network's activations go without a zero point (--symmetric), and --place.\n\
            #method = \"mse\"\n#weights-method = \"max\"\n#symmetric = false\n#place = \"fused\"\n\
            # The language of glossary and lessons: en, zh. Otherwise the locale's.\n#lang = \"en\"\n\n";
    out += "[keys]\n# A key, a list of keys, or \"none\". A key that is given to one command is taken from the other that has it.\n";
    for group in Group::ALL {
        out += &format!("\n# {}\n", group.title());
        for entry in COMMANDS.iter().filter(|entry| entry.group == group) {
            let keys: Vec<String> = entry.keys.iter().map(|key| quoted(&key.name())).collect();
            let keys = if let [one] = keys.as_slice() { one.clone() } else { format!("[{}]", keys.join(", ")) };
            out += &format!("#{} = {keys}\n", entry.id);
        }
    }
    out
}

/// A text between quotation marks, as TOML has it.
pub(in crate::cli) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A colour for each role that can be read on a dark ground.
fn example(role: Role) -> &'static str {
    match role {
        Role::Bar | Role::Rounding => "light-blue",
        Role::Beyond => "light-red",
        Role::Clip | Role::Warning => "light-yellow",
        Role::Mark | Role::Chosen => "light-green",
        Role::Curve => "light-cyan",
        Role::Quantized | Role::Fit | Role::Inspect => "light-magenta",
        Role::Dim => "244",
    }
}

#[cfg(test)]
mod tests {
    use super::super::reader::read;
    use super::*;
    use crate::tui::command::Keymap;

    #[test]
    fn it_changes_nothing_and_every_line_of_it_is_right() {
        let text = template();
        assert!(read(&text).unwrap().set.is_empty());
        let on: Vec<&str> =
            text.lines().map(|l| l.strip_prefix('#').filter(|l| !l.starts_with(' ')).unwrap_or(l)).collect();
        let config = read(&on.join("\n")).unwrap_or_else(|wrong| panic!("{wrong:?}"));
        assert_eq!(config.keys, Keymap::default());
        assert_eq!(config.set.len(), COMMANDS.len() + Role::ALL.len() + 9);
    }
}
