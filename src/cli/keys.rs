//! `qviz keys`: the keys of the screen as they are in force.

use serde_json::json;

use super::out::{Failed, print};
use crate::tui::command::{COMMANDS, Group, Keymap};

/// Prints a row a command: its keys as the configuration writes them, its name there, and what it does.
pub(super) fn keys(map: &Keymap, as_json: bool) -> Result<u8, Failed> {
    let names = |command| map.keys(command).iter().map(|key| key.name()).collect::<Vec<_>>();
    if as_json {
        let row = |entry: &crate::tui::command::Entry| {
            json!({
                "id": entry.id,
                "keys": names(entry.command),
                "default": entry.keys.iter().map(|key| key.name()).collect::<Vec<_>>(),
                "group": entry.group.title(),
                "title": entry.title,
                "help": map.told(entry.help),
            })
        };
        let rows: Vec<_> = COMMANDS.iter().map(row).collect();
        print(&format!("{:#}\n", json!({ "schema": "qviz.keys/1", "commands": rows })))?;
        return Ok(0);
    }
    let rows: Vec<(String, &str, String)> = Group::ALL
        .iter()
        .flat_map(|group| COMMANDS.iter().filter(move |entry| entry.group == *group))
        .map(|entry| {
            let keys = names(entry.command);
            // Changed ones are marked, by more than their place.
            let own = if map.keys(entry.command) == entry.keys { "" } else { "* " };
            let keys = if keys.is_empty() { "none".to_owned() } else { keys.join(" ") };
            (format!("{own}{keys}"), entry.id, map.told(entry.help))
        })
        .collect();
    let width = rows.iter().map(|(keys, ..)| keys.chars().count()).max().unwrap_or(0);
    let wide = rows.iter().map(|(_, id, _)| id.len()).max().unwrap_or(0);
    let mut out = String::new();
    for (keys, id, help) in &rows {
        out += &format!("{keys:width$}  {id:wide$}  {help}\n");
    }
    if rows.iter().any(|(keys, ..)| keys.starts_with("* ")) {
        out += "* by the configuration\n";
    }
    print(&out)?;
    Ok(0)
}
