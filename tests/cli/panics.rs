//! A defect in the background: a sentence, an exit code, and nobody waits for ever.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{Ran, tempdir, write};

/// Runs it with a panic at this place, and asks for all that Rust would say of it.
#[track_caller]
fn panicking(folder: &Path, place: &str, args: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_qviz"));
    command.args(args).current_dir(folder).env("QVIZ_TEST_PANIC", place).env("RUST_BACKTRACE", "1");
    let (out, err) = (folder.join("out.txt"), folder.join("err.txt"));
    let file = |path| Stdio::from(fs::File::create(path).unwrap());
    let mut child = command.stdin(Stdio::null()).stdout(file(&out)).stderr(file(&err)).spawn().unwrap();
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if started.elapsed() > Duration::from_secs(60) {
            let _ = child.kill();
            panic!("{args:?} waits for ever");
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let text = |path| fs::read_to_string(path).unwrap();
    let ran = Ran { code: status.code().unwrap(), out: text(&out), err: text(&err) };
    assert!(!ran.err.contains("panicked") && !ran.err.contains("QVIZ_TEST_PANIC"), "{}", ran.err);
    assert!(!ran.err.contains("backtrace"), "{}", ran.err);
    ran
}

#[test]
fn while_files_are_read() {
    let here = tempdir().unwrap();
    write(here.path().join("a.npy"), &[1.0, 2.0, 3.0]);
    let fine = panicking(here.path(), "nowhere", &["report", "a.npy"]);
    assert_eq!((fine.code, fine.err.as_str()), (0, ""));
    let ran = panicking(here.path(), "layer", &["report", "a.npy"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("qviz failed on a.npy: a defect of qviz, please report it"), "{}", ran.err);
    assert!(ran.out.contains("unreadable"), "{}", ran.out);
}

#[cfg(feature = "onnx")]
#[test]
fn while_a_network_is_on_trial() {
    use super::onnx;
    let here = tempdir().unwrap();
    let nodes = [onnx::node("Relu", &["x"], "r", None), onnx::node("Neg", &["r"], "y", None)];
    fs::write(here.path().join("net.onnx"), onnx::model(("x", &[1, 4]), &nodes, ("y", &[1, 4]))).unwrap();
    for (place, said) in [("trial", "qviz failed on net.onnx: a defect"), ("thread", "is not there to be run")] {
        for command in [&["sensitivity"][..], &["tune"], &["report", "--outputs"], &["export", "--skip-worst", "1"]] {
            let ran = panicking(here.path(), place, &[command, &["net.onnx", "--random", "4"]].concat());
            assert_eq!(ran.code, 1, "{command:?} {place}: {}", ran.err);
            let defect = ran.err.contains(said) || ran.err.contains("qviz failed on net.onnx");
            assert!(defect, "{command:?} {place}: {}", ran.err);
        }
    }
}
