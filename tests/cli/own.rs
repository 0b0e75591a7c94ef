//! What makes a command line feel at home: completions, a manual, examples, slips that are told, a configuration.

use std::fs;
use std::process::Stdio;

use serde_json::Value;

use super::{Command, one, qviz, tempdir};

/// Runs it with this configuration.
fn configured(text: &str, args: &[&str]) -> super::Ran {
    let folder = one();
    fs::write(folder.path().join("own.toml"), text).unwrap();
    qviz(folder.path(), &[args, &["--config", "own.toml"]].concat())
}

#[test]
fn completions_are_scripts_that_know_the_commands() {
    let folder = tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = qviz(folder.path(), &["completions", shell]).fine();
        assert!(ran.out.contains("per-channel") && ran.out.contains("sensitivity"), "{shell}");
    }
    fs::write(folder.path().join("qviz.bash"), qviz(folder.path(), &["completions", "bash"]).out).unwrap();
    let mut bash = Command::new("bash");
    bash.args(["-n", "qviz.bash"]).current_dir(folder.path()).stderr(Stdio::null());
    // Where there is no bash there is nobody to complete for.
    if let Ok(status) = bash.status() {
        assert!(status.success());
    }
}

#[test]
fn the_manual_has_a_page_a_command() {
    let folder = tempdir().unwrap();
    let page = qviz(folder.path(), &["man"]).fine().out;
    assert!(page.starts_with(".ie") || page.contains(".TH qviz 1"), "{}", &page[..80]);
    assert!(page.contains("Takes the last change back."), "the keys of the screen");
    qviz(folder.path(), &["man", "--into", "."]).fine();
    for name in ["qviz.1", "qviz-report.1", "qviz-export.1"] {
        assert!(fs::read_to_string(folder.path().join(name)).unwrap().contains("EXIT CODES"), "{name}");
    }
    assert_eq!(qviz(folder.path(), &["man", "reprot"]).code, 2);
}

#[test]
fn a_slip_is_told_before_anything_is_read() {
    let folder = one();
    let ran = qviz(folder.path(), &["reprot", "acts.npy"]);
    let says = "qviz: reprot is no command, and there is no such file or folder; did you mean report?\n";
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (2, "", says));
    // A folder of that name is a folder.
    fs::create_dir(folder.path().join("reprot")).unwrap();
    fs::copy(folder.path().join("acts.npy"), folder.path().join("reprot/a.npy")).unwrap();
    assert!(qviz(folder.path(), &["reprot"]).fine().out.contains("\na "));
}

#[test]
fn an_option_that_would_do_nothing_is_refused() {
    let folder = one();
    for options in [&["--random", "1"][..], &["--resize", "8x8"], &["--mean", "1,2"], &["--no-tie"], &["--one-pass"]] {
        let ran = qviz(folder.path(), &[&["report", "acts.npy"], options].concat());
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{options:?}");
        assert!(ran.err.starts_with(&format!("qviz: {} does nothing here: ", options[0])), "{}", ran.err);
    }
}

#[test]
fn an_output_is_a_file_or_stdout() {
    let folder = one();
    let plain = qviz(folder.path(), &["export", "acts.npy"]).fine().out;
    assert_eq!(qviz(folder.path(), &["export", "acts.npy", "-o", "-"]).fine().out, plain);
    assert!(!folder.path().join("-").exists());
    for (output, says) in [(".", " is a folder"), ("no/such/x.json", "there is no folder no/such")] {
        let ran = qviz(folder.path(), &["export", "acts.npy", "-o", output]);
        assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{output}");
        assert!(ran.err.contains(says) && !ran.err.contains("--force"), "{}", ran.err);
    }
}

#[test]
fn a_configuration_decides_where_no_option_does() {
    let method = |ran: super::Ran| ran.fine().json()["tensors"][0]["chosen"]["method"].as_str().unwrap().to_owned();
    let text = "[defaults]\nmethod = \"max\"\nplace = \"all\"\n";
    assert_eq!(method(configured(text, &["report", "--json", "acts.npy"])), "max");
    assert_eq!(method(configured(text, &["report", "--json", "acts.npy", "--method", "mse"])), "mse");
    let folder = one();
    assert_eq!(method(qviz(folder.path(), &["report", "--json", "acts.npy", "--no-config"])), "mse");
}

#[test]
fn a_broken_configuration_is_a_sentence_with_its_line() {
    for (text, says) in [
        ("[keys]\nundo = \"x\"\n# both\nredo = \"x\"\n", "own.toml:4: x is given to undo and to redo."),
        ("[look]\ntheme = \"pink\"\n", "own.toml:2: theme is auto, dark and light."),
        ("[look\n", "own.toml:1: "),
    ] {
        for command in ["report", "keys"] {
            let ran = configured(text, &[command]);
            assert_eq!((ran.code, ran.out.as_str()), (2, ""));
            assert!(ran.err.starts_with(&format!("qviz: {says}")), "{}", ran.err);
        }
        // What helps to mend it works all the same.
        assert!(configured(text, &["doctor"]).fine().out.contains(says.trim_end_matches('.')));
        assert_eq!(configured(text, &["config"]).code, 0);
    }
    let folder = one();
    let ran = qviz(folder.path(), &["report", "--config", "nothing.toml"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("nothing.toml, which --config names, is not there"), "{}", ran.err);
}

#[test]
fn the_keys_in_force_are_printed() {
    let text = "[keys]\nundo = \"e\"\nsuspend = \"none\"\n";
    let ran = configured(text, &["keys"]).fine();
    let row = |id: &str| ran.out.lines().find(|row| row.contains(&format!(" {id} "))).unwrap().to_owned();
    assert!(row("undo").starts_with("* e ") && row("suspend").starts_with("* none "), "{}", ran.out);
    assert!(row("export").starts_with("* none "), "its key was taken: {}", row("export"));
    let json: Value = serde_json::from_str(&configured(text, &["keys", "--json"]).fine().out).unwrap();
    let undo = json["commands"].as_array().unwrap().iter().find(|c| c["id"] == "undo").unwrap();
    assert_eq!((undo["keys"][0].as_str(), undo["default"][0].as_str()), (Some("e"), Some("u")));
}

#[test]
fn the_configuration_that_is_printed_changes_nothing() {
    let folder = tempdir().unwrap();
    let printed = qviz(folder.path(), &["config"]).fine().out;
    let with = configured(&printed, &["keys"]).fine().out;
    assert_eq!(with, qviz(folder.path(), &["keys"]).fine().out);
}

#[test]
fn the_doctor_says_what_was_found() {
    let ran = configured("[look]\nglyphs = \"half\"\n", &["doctor"]).fine();
    for known in
        ["colours", "theme", "glyphs", "half  (the configuration)", "locale", "look.glyphs", "octant", "own.toml"]
    {
        assert!(ran.out.contains(known), "{known}\n{}", ran.out);
    }
    assert!(!ran.out.contains('\x1b'), "no colours where nobody looks");
    let json: Value =
        serde_json::from_str(&configured("", &["doctor", "--json", "--theme", "light"]).fine().out).unwrap();
    assert_eq!(json["schema"], "qviz.doctor/1");
    assert_eq!(
        (json["found"]["theme"]["found"].as_str(), json["found"]["theme"]["by"].as_str()),
        (Some("light"), Some("--theme"))
    );
}
