//! A real network behind the screen: run, tried with another clip, tuned, stopped.

use std::path::Path;

use tempfile::tempdir;
use vt100::Screen;

use super::terminal::{Start, find, has};

#[path = "../support/onnx.rs"]
mod onnx;

/// The row that says what the choices do to the outputs, once both answers of the present choices are there.
fn output(screen: &Screen) -> Option<String> {
    let text = screen.contents();
    let row = text.lines().find(|l| l.contains("this layer alone"))?;
    let fresh = row.contains(" samples") && !row.contains('…');
    fresh.then(|| row.to_owned())
}

#[test]
fn a_clip_is_tried_on_the_outputs_of_the_bundled_network() {
    let folder = tempdir().unwrap();
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/models/ch_ppocr_mobile_v2.0_cls_infer.onnx");
    let args = [model.to_str().unwrap(), "--random", "2", "--shape", "x=1x3x48x96"];
    let mut terminal = Start::qviz(folder.path()).args(args).run();
    terminal.wait("the network's run", |screen| has(screen, "counting").or(has(screen, "this layer alone")));
    let first = terminal.wait("both answers", output);
    assert!(first.contains(" dB") && first.contains("cosine ") && first.contains("2 samples"), "{first}");

    terminal.keys("j");
    let first = terminal.wait("the answers for the next layer", |screen| output(screen).filter(|row| *row != first));
    // A clip far too narrow costs the outputs more.
    terminal.keys("=0.05\r");
    let narrow = terminal.wait("the answers for another clip", |screen| output(screen).filter(|row| *row != first));
    let db =
        |row: &str| -> f64 { row.split("alone").nth(1).unwrap().split_whitespace().next().unwrap().parse().unwrap() };
    assert!(db(&narrow) + 10.0 < db(&first), "{first}\n{narrow}");

    // The search ends with a sentence; what it changed is one step.
    terminal.keys("T");
    let tuned = terminal.wait("the end of the search", |screen| {
        has(screen, " tuned: ").map(|()| true).or(has(screen, "no better clip for").map(|()| false))
    });
    if tuned {
        terminal.wait("the answers for the clip found", |screen| output(screen).filter(|row| *row != narrow));
        terminal.keys("u");
        terminal.wait("the narrow clip", |screen| output(screen).filter(|row| db(row) == db(&narrow)));
    }
    terminal.keys("0");

    terminal.keys("r");
    terminal.wait_for("most sensitive first");
    terminal.keys("S");
    terminal.wait_for("stopped: sensitivity of");
    terminal.keys("O1\r");
    terminal.wait_for("stays in float");
    terminal.keys("qq");
    assert_eq!(terminal.end().code, 0);
}

/// What fails behind the screen is a sentence on it; everything else goes on.
#[test]
fn a_defect_behind_the_screen_is_said_and_the_screen_goes_on() {
    let folder = tempdir().unwrap();
    let nodes = [onnx::node("Relu", &["x"], "r", None), onnx::node("Neg", &["r"], "y", None)];
    std::fs::write(folder.path().join("net.onnx"), onnx::model(("x", &[1, 64]), &nodes, ("y", &[1, 64]))).unwrap();
    let start = Start::qviz(folder.path()).args(["net.onnx", "--random", "2", "--place", "all"]);
    let mut terminal = start.env("QVIZ_TEST_PANIC", "hand").env("RUST_BACKTRACE", "1").run();
    terminal.wait("the sentence", |screen| has(screen, "a defect of qviz"));
    terminal.keys("j=0.05\r");
    terminal.wait("the whole network's answer all the same", |screen| {
        let text = screen.contents();
        let whole = text.lines().find_map(|line| line.split("everything as chosen").nth(1));
        whole.filter(|row| row.contains(" dB")).map(drop)
    });
    terminal.keys("qq");
    let end = terminal.end();
    assert_eq!(end.code, 0);
    assert!(find(&end.raw, b"panicked").is_none(), "{}", end.screen.contents());
}
