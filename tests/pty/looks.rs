//! What stands on the screen, in every look.

use tempfile::tempdir;
use vt100::{Color, Screen};

use super::read::loaded;
use super::terminal::{Start, frames, has, styles};

const LAYERS: [&str; 12] = [
    "00.input",
    "01.conv1",
    "02.conv1.hswish",
    "03.conv3.relu",
    "04.conv3.dw",
    "05.conv9.add",
    "06.conv11.hswish",
    "07.conv12.pool",
    "08.conv12.gate",
    "09.conv12.scaled",
    "10.logits",
    "11.softmax",
];

fn cells(screen: &Screen) -> impl Iterator<Item = &vt100::Cell> {
    let (rows, columns) = (screen.size().0.get(), screen.size().1.get());
    (0..rows).flat_map(move |y| (0..columns).filter_map(move |x| screen.cell(y, x)))
}

#[test]
fn without_arguments_it_opens_the_bundled_activations() {
    let folder = tempdir().unwrap();
    let mut terminal = Start::qviz(folder.path()).run();
    loaded(&terminal);
    let text = terminal.text();
    for known in LAYERS {
        assert!(text.contains(known), "{known}\n{text}");
    }
    // The methods by their marks' labels and by their rows, the plots, the numbers, the keys.
    for known in [
        "12 layers",
        "int8",
        "KL",
        "max",
        "mse",
        "MSE",
        "99",
        "coverage",
        "entropy",
        "percentile-99.99",
        "█",
        "┃",
        "▲",
        "clip ",
        "saturate",
        "scale",
        "SQNR",
        "help",
        "quit",
    ] {
        assert!(text.contains(known), "{known}\n{text}");
    }
    terminal.keys("q");
    assert_eq!(terminal.end().code, 0);
}

#[test]
fn small_windows_show_what_matters() {
    let folder = tempdir().unwrap();
    let mut terminal = Start::qviz(folder.path()).size(80, 24).run();
    loaded(&terminal);
    let text = terminal.text();
    // No room for the list: the title says which layer of how many it is.
    for known in
        ["06.conv11.hswish", "7/12", "█", "┃", "▲", "KL", "clip ", "saturate", "SQNR", "entropy", "help", "quit"]
    {
        assert!(text.contains(known), "{known}\n{text}");
    }
    terminal.keys("j");
    terminal.wait_for("8/12");
    terminal.resize(90, 24);
    terminal.wait_for("layers in order");
    let text = terminal.text();
    for known in ["00.input", "07.conv12.pool", "┃", "▲", "clip ", "SQNR", "help", "quit"] {
        assert!(text.contains(known), "{known}\n{text}");
    }
    terminal.keys("q");
    assert_eq!(terminal.end().code, 0);
}

#[test]
fn no_color_keeps_bold_and_reverse() {
    let folder = tempdir().unwrap();
    // The variable wins over what promises colours.
    let start = Start::qviz(folder.path()).env("NO_COLOR", "1").env("COLORTERM", "truecolor");
    let mut terminal = start.run();
    loaded(&terminal);
    for (key, shown) in [("f", ""), ("m", ""), ("m\t", "clipping"), ("?", "type to search")] {
        terminal.keys(key);
        terminal.wait_for(shown);
        let state = terminal.state();
        assert!(cells(state.screen()).all(|c| c.fgcolor() == Color::Default && c.bgcolor() == Color::Default));
    }
    terminal.keys("\x1b");
    terminal.wait_without("type to search");
    {
        let state = terminal.state();
        assert!(cells(state.screen()).any(|c| c.bold()), "bold");
        assert!(cells(state.screen()).any(|c| c.inverse() && c.has_contents()), "the selected row");
    }
    terminal.keys("q");
    let end = terminal.end();
    assert_eq!(end.code, 0);
    for style in styles(&end.raw) {
        // 39 and 49 are the terminal's own colours.
        let colours = style.iter().any(|p| matches!(p, 30..=38 | 40..=48 | 90..=97 | 100..=107));
        assert!(!colours, "{style:?}");
    }
}

#[test]
fn colours_are_there_otherwise() {
    let folder = tempdir().unwrap();
    for (promise, name, kind) in [("truecolor", "xterm", 2), ("", "xterm-256color", 1), ("", "xterm", 0)] {
        let mut terminal = Start::qviz(folder.path()).env("COLORTERM", promise).env("TERM", name).run();
        loaded(&terminal);
        let state = terminal.state();
        let mut seen = [0; 3];
        for cell in cells(state.screen()) {
            match cell.fgcolor() {
                Color::Rgb(..) => seen[2] += 1,
                Color::Idx(n) if n < 16 => seen[0] += 1,
                Color::Idx(_) => seen[1] += 1,
                Color::Default => {}
            }
        }
        assert!((0..3).all(|i| (seen[i] > 0) == (i == kind)), "{name} {promise}: {seen:?}");
        drop(state);
        terminal.keys("q");
        assert_eq!(terminal.end().code, 0);
    }
}

#[test]
fn ascii_means_ascii() {
    let folder = tempdir().unwrap();
    // One name that is not.
    super::npy::write(folder.path().join("層 1 → 2.npy"), &super::npy::normal(4096, 1));
    super::npy::write(folder.path().join("plain.npy"), &super::npy::normal(4096, 2));
    for (columns, rows) in [(160, 45), (80, 24), (30, 5)] {
        let mut terminal = Start::qviz(folder.path()).args(["--ascii", "."]).size(columns, rows).run();
        if rows > 20 {
            terminal.wait("all layers read", |screen| {
                has(screen, "clip ")
                    .filter(|()| has(screen, "% saturate").is_some() && has(screen, "reading").is_none())
            });
            // Every view, prompt and overlay once; each leaves something of its own on the screen.
            terminal.keys("fm");
            terminal.wait_for("float to int8");
            terminal.keys("m\t");
            terminal.wait_for("= clipping");
            terminal.keys("\taj+zk");
            for (key, shown) in
                [("?", "type to search"), ("=", "clip:"), ("/", "filter:"), ("e", "export to:"), ("hq", "Leave with")]
            {
                terminal.keys(key);
                terminal.wait_for(shown);
                if shown == "Leave with" {
                    break;
                }
                terminal.keys("\x1b[6~\x1b[6~\x1b");
                terminal.wait_without(shown);
            }
            terminal.keys("q");
        } else {
            terminal.wait_for("larger window");
            terminal.keys("q");
        }
        let end = terminal.end();
        assert_eq!(end.code, 0);
        for frame in frames((columns, rows), &end.raw) {
            assert!(frame.is_ascii(), "{:?}\n{frame}", frame.chars().find(|c| !c.is_ascii()));
        }
    }
}

#[test]
fn no_mouse_leaves_the_mouse_to_the_terminal() {
    let folder = tempdir().unwrap();
    let mut terminal = Start::qviz(folder.path()).args(["--no-mouse"]).run();
    loaded(&terminal);
    let mode = |t: &super::terminal::Terminal| t.state().screen().mouse_protocol_mode();
    assert_eq!(mode(&terminal), vt100::MouseProtocolMode::None);
    assert!(has(terminal.state().screen(), "mouse off").is_some());
    terminal.keys("M");
    terminal.wait_for("mouse on");
    assert_eq!(mode(&terminal), vt100::MouseProtocolMode::ButtonMotion);
    terminal.keys("M");
    terminal.wait_for("mouse off");
    assert_eq!(mode(&terminal), vt100::MouseProtocolMode::None);
    terminal.keys("q");
    assert_eq!(terminal.end().code, 0);
}
