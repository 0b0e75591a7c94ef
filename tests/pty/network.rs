//! A real network behind the screen: run, tried with another clip, tuned, stopped.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;
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
    terminal.wait_for("tune, how:");
    terminal.keys("\r");
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

/// Every tensor of a document, by its name.
fn tensors(document: &Value) -> BTreeMap<&str, &Value> {
    document["tensors"].as_array().unwrap().iter().map(|t| (t["name"].as_str().unwrap(), t)).collect()
}

/// From opening to the file: which method is best by the outputs, it for all, a layer tuned, two in 16 bits.
#[test]
fn the_whole_story_on_the_bundled_network() {
    let folder = tempdir().unwrap();
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/models/ch_ppocr_mobile_v2.0_cls_infer.onnx");
    let args = [model.to_str().unwrap(), "--random", "8", "--shape", "x=1x3x48x96"];
    let mut terminal = Start::qviz(folder.path()).args(args).run();
    terminal.wait("the first figures", output);

    // By which ruler: the table stands when every method was measured.
    terminal.keys("w");
    terminal.wait_for("methods by the outputs");
    terminal.wait("every method measured", |screen| {
        let text = screen.contents();
        (text.contains("as it is chosen") && !text.contains(" measured") && !text.contains('…')).then_some(())
    });
    terminal.keys("B");
    let taken = terminal.wait("the best method taken", |screen| {
        let row = screen.contents().lines().find(|line| line.contains(" for all activations"))?.to_owned();
        row.contains(" at the outputs").then_some(row)
    });
    let method = taken.split_whitespace().next().unwrap().to_owned();
    terminal.keys("w");
    let all = terminal.wait("the figures of this method", output);

    // Somebody clips a layer far too narrow, and has a better clip searched at the next tensors, which is quick.
    terminal.keys("j=0.05\r");
    let narrow = terminal.wait("the figures of the narrow clip", |screen| output(screen).filter(|row| *row != all));
    terminal.keys("T");
    terminal.wait_for("tune, how:");
    terminal.keys("next sixteen\r");
    terminal.wait_for("\"sixteen\" is no way to search");
    terminal.keys("\x15next\r");
    let tuned = terminal.wait("the end of the search", |screen| {
        let row = screen.contents().lines().find(|line| line.contains(" tuned: "))?.to_owned();
        row.contains("u takes it back").then_some(row)
    });
    assert!(tuned.contains(", by next"), "{tuned}");
    terminal.wait("the figures of what was found", |screen| output(screen).filter(|row| *row != narrow));

    // Two layers go to 16 bits.
    for _ in 0..2 {
        terminal.keys("jb\x1516\r");
        terminal.wait_for("int16 affine now");
        terminal.keys("\x1b");
        terminal.wait_without("int16 affine now");
    }
    terminal.keys("e");
    terminal.wait_for("export to:");
    terminal.keys("\x15story.json\r");
    terminal.wait_for("to story.json");

    let read = |name: &str| -> Value { serde_json::from_slice(&fs::read(folder.path().join(name)).unwrap()).unwrap() };
    let document = read("story.json");
    let all = tensors(&document);
    let activations = all.values().filter(|t| t["kind"] == "activation" && t["chosen"]["in_float"].is_null());
    let activations: Vec<&Value> = activations.map(|t| &t["chosen"]).collect();
    let count = |is: &dyn Fn(&Value) -> bool| activations.iter().filter(|chosen| is(chosen)).count();
    assert_eq!(count(&|chosen| chosen["quantized"] == true), activations.len());
    assert_eq!(count(&|chosen| chosen["num_bits"] == 16), 2);
    let by_search: Vec<&&Value> = activations.iter().filter(|chosen| !chosen["tuned"].is_null()).collect();
    let [found] = by_search[..] else { panic!("{by_search:?}") };
    assert!(found["tuned"]["by"] == "next" && found["tuned"]["gain_db"].as_f64().unwrap() > 3.0, "{found}");
    assert!(found["clip_max"].as_f64().unwrap() > 0.2, "{found}");
    // Everything else goes by the method that was taken, but where another one stands in.
    let by_method = count(&|chosen| chosen["method"] == method);
    assert!(10 * by_method > 9 * activations.len(), "{by_method} of {} by {method}", activations.len());

    // Each was one step.
    for step in ["undone: int16", "undone: int16", "undone: tune", "undone: clip"] {
        terminal.keys("u");
        terminal.wait_for(step);
        terminal.keys("\x1b");
        terminal.wait_without(step);
    }
    terminal.keys("qq");
    assert_eq!(terminal.end().code, 0);

    // The document is read again, and exported again to the byte.
    let export = ["export", args[0], args[1], args[2], args[3], args[4], "--scales", "story.json", "-o", "again.json"];
    let again = Start::qviz(folder.path()).args(export).run();
    assert_eq!(again.end().code, 0);
    for (name, tensor) in tensors(&read("again.json")) {
        assert_eq!(tensor["chosen"], all[name]["chosen"], "{name}");
    }
}

/// `e` writes the network itself, too, with its scales inside; what is there is replaced by a second Enter only.
#[test]
fn the_network_is_written_with_its_scales() {
    let folder = tempdir().unwrap();
    let nodes = [onnx::node("Relu", &["x"], "r", None), onnx::node("Neg", &["r"], "y", None)];
    fs::write(folder.path().join("net.onnx"), onnx::model(("x", &[1, 64]), &nodes, ("y", &[1, 64]))).unwrap();
    fs::write(folder.path().join("out.onnx"), "mine").unwrap();
    let start = Start::qviz(folder.path()).args(["net.onnx", "--random", "2", "--place", "all"]);
    let mut terminal = start.run();
    terminal.wait_for("everything as chosen");
    terminal.keys("e");
    terminal.wait_for(".onnx, .cache");
    terminal.keys("\x15out.onnx\r");
    terminal.wait_for("is there already");
    assert_eq!(fs::read_to_string(folder.path().join("out.onnx")).unwrap(), "mine");
    terminal.keys("\r");
    terminal.wait_for("out.onnx: 3 tensors got a scale in qdq");
    terminal.keys("qq");
    assert_eq!(terminal.end().code, 0);
    let back = Start::qviz(folder.path()).args(["convert", "out.onnx", "--to", "csv"]).run().end();
    let text = back.screen.contents();
    assert!(back.code == 0 && text.contains("x,") && text.contains("r,"), "{text}");
}

/// What fails behind the screen is a sentence on it; everything else goes on.
#[test]
fn a_defect_behind_the_screen_is_said_and_the_screen_goes_on() {
    let folder = tempdir().unwrap();
    let nodes = [onnx::node("Relu", &["x"], "r", None), onnx::node("Neg", &["r"], "y", None)];
    fs::write(folder.path().join("net.onnx"), onnx::model(("x", &[1, 64]), &nodes, ("y", &[1, 64]))).unwrap();
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
