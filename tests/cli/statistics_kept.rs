//! `qviz stats` that is interrupted or killed: what was counted is kept, and the same command goes on to the same file.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::{Ran, normal, npy, qviz, tempdir};

/// More pipes than threads count: whoever comes to one waits until the test writes into it.
const PIPES: usize = 8;

const LONG: Duration = Duration::from_secs(60);

/// A count that cannot end: one file, then pipes that nobody writes into, then one more file.
struct Waiting {
    child: Child,
    pipes: Vec<File>,
}

fn names() -> Vec<String> {
    let pipes = (0..PIPES).map(|i| format!("pipe{i}.npy"));
    std::iter::once("a.npy".to_owned()).chain(pipes).chain(["z.npy".to_owned()]).collect()
}

/// The command that counts all of them.
fn words() -> Vec<String> {
    let mut words: Vec<String> = ["stats", "-o", "part.parquet", "--save-every", "0"].map(String::from).to_vec();
    words.extend(names());
    words
}

fn start(folder: &Path) -> Waiting {
    let mut pipes = Vec::new();
    for name in names() {
        let path = folder.join(&name);
        if !name.starts_with("pipe") {
            npy::write(path, &normal(300, name.len() as u32));
            continue;
        }
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success(), "every Unix has mkfifo");
        // Open for both, so that nobody waits for the other end to be opened.
        pipes.push(OpenOptions::new().read(true).write(true).open(path).unwrap());
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_qviz"));
    command.args(words()).current_dir(folder).env("QVIZ_CONFIG", "").stdin(Stdio::null());
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // What was counted is written before anything else is.
    let begun = Instant::now();
    while !folder.join("part.parquet").exists() {
        assert!(begun.elapsed() < LONG, "it writes what it has counted");
        std::thread::sleep(Duration::from_millis(10));
    }
    Waiting { child, pipes }
}

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_raw(child.id() as i32).unwrap(), signal).unwrap();
}

/// The pipes become files, and the same command counts what is left: the file is that of one that was never interrupted.
fn goes_on(folder: &Path) {
    for name in names().iter().filter(|name| name.starts_with("pipe")) {
        fs::remove_file(folder.join(name)).unwrap();
        npy::write(folder.join(name), &normal(200, 3 + name.as_bytes()[4] as u32));
    }
    let words = words();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let out = qviz(folder, &words).fine().out;
    assert_eq!(out, "part.parquet: 10 tensors, 1 of them counted before, shard part of run run\n");
    let gone_on = fs::read(folder.join("part.parquet")).unwrap();
    fs::remove_file(folder.join("part.parquet")).unwrap();
    qviz(folder, &words).fine();
    assert!(gone_on == fs::read(folder.join("part.parquet")).unwrap(), "to the byte");
}

#[test]
fn ctrl_c_keeps_what_was_counted() {
    let folder = tempdir().unwrap();
    let Waiting { mut child, mut pipes } = start(folder.path());
    signal(&child, Signal::INT);
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert_eq!(line, "stopping, and keeping what was counted; once more leaves\n");
    // What comes now is not counted any more.
    pipes.iter_mut().for_each(|pipe| pipe.write_all(&npy::floats(&[1.0, 2.0])).unwrap());
    drop(pipes);
    let mut out = String::new();
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    line.clear();
    said.read_to_string(&mut line).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{line}");
    assert_eq!(line, "interrupted: what was counted is in part.parquet; the same command goes on\n");
    assert_eq!(out, "part.parquet: 1 tensor, shard part of run run\n");
    goes_on(folder.path());
}

/// Nobody can see to that: what was written before is there, whole.
#[test]
fn a_count_that_is_killed_goes_on() {
    let folder = tempdir().unwrap();
    let Waiting { mut child, pipes } = start(folder.path());
    signal(&child, Signal::KILL);
    assert_eq!(child.wait().unwrap().code(), None);
    drop(pipes);
    // One that was killed while it was writing leaves this behind: half a file, under a name that nobody looks for.
    let written = fs::read(folder.path().join("part.parquet")).unwrap();
    fs::write(folder.path().join(".qviz-Xd81bc"), &written[..written.len() / 2]).unwrap();
    fs::write(folder.path().join(".qviz-torn.parquet"), &written[..written.len() / 2]).unwrap();
    fs::create_dir(folder.path().join("only")).unwrap();
    fs::write(folder.path().join("only/.qviz-torn.parquet"), &written[..written.len() / 2]).unwrap();
    fs::write(folder.path().join("only/part.parquet"), &written).unwrap();
    for parts in ["only", "only/*.parquet", "./*.parquet"] {
        let ran = qviz(folder.path(), &["merge", parts, "-o", "all.parquet", "--force"]).fine();
        assert!(ran.out.starts_with("all.parquet: 1 tensor of 1 piece of the data, "), "{parts}: {}", ran.out);
        fs::remove_file(folder.path().join("all.parquet")).unwrap();
    }
    goes_on(folder.path());
}

/// Killed at any time, while it is writing most of the time: the file is whole or absent.
#[test]
fn a_count_that_is_killed_leaves_a_whole_file_or_none() {
    let folder = tempdir().unwrap();
    fs::create_dir(folder.path().join("acts")).unwrap();
    for i in 0..50 {
        npy::write(folder.path().join(format!("acts/t{i}.npy")), &normal(500, i));
    }
    let words = ["stats", "acts", "-o", "part.parquet", "--save-every", "0"];
    let mut kept = 0;
    for wait in (0..12).map(|i| 15 * i) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_qviz"));
        command.args(words).current_dir(folder.path()).env("QVIZ_CONFIG", "").stdin(Stdio::null());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(wait));
        let _ = child.kill();
        child.wait().unwrap();
        if folder.path().join("part.parquet").exists() {
            let ran = qviz(folder.path(), &["merge", "part.parquet", "-o", "all.parquet", "--force"]).fine();
            let tensors: usize = ran.out.split(' ').nth(1).unwrap().parse().unwrap();
            assert!(tensors >= kept, "nothing is lost again: {tensors} after {kept}");
            kept = tensors;
        }
    }
    let words = &words[..words.len() - 2];
    let out = qviz(folder.path(), words).fine().out;
    assert!(kept == 0 || out.starts_with(&format!("part.parquet: 50 tensors, {kept} of them counted before")), "{out}");
    let gone_on = fs::read(folder.path().join("part.parquet")).unwrap();
    fs::remove_file(folder.path().join("part.parquet")).unwrap();
    qviz(folder.path(), words).fine();
    assert!(gone_on == fs::read(folder.path().join("part.parquet")).unwrap(), "to the byte");
}

/// A network's samples: those that were seen are not run again.
#[cfg(feature = "onnx")]
#[test]
fn ctrl_c_keeps_the_samples_that_were_seen() {
    use super::onnx::{constant, model_with, node};

    const SAMPLES: usize = 20_000;
    let folder = tempdir().unwrap();
    let nodes = [node("MatMul", &["x", "w"], "h", None), node("Relu", &["h"], "y", None)];
    let constants = [constant("w", &[64, 32], &normal(64 * 32, 5))];
    let model = model_with(("x", &[1, 64]), &nodes, &constants, ("y", &[1, 32]));
    fs::write(folder.path().join("net.onnx"), model).unwrap();
    let data: Vec<u8> = normal(SAMPLES * 64, 1).into_iter().flat_map(f32::to_le_bytes).collect();
    fs::write(folder.path().join("x.npy"), npy::npy("<f4", &[SAMPLES, 64], &data)).unwrap();
    let words = ["stats", "net.onnx", "--data", "x.npy", "-o", "part.parquet"];
    let mut command = Command::new(env!("CARGO_BIN_EXE_qviz"));
    command.args(words).current_dir(folder.path()).env("QVIZ_CONFIG", "").stdin(Stdio::null());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    // The network is told just before it runs.
    said.read_line(&mut line).unwrap();
    assert!(line.contains("net.onnx"), "{line}");
    std::thread::sleep(Duration::from_millis(100));
    signal(&child, Signal::INT);
    said.read_to_string(&mut line).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{line}");
    assert!(line.ends_with("interrupted: what was counted is in part.parquet; the same command goes on\n"), "{line}");

    let ran = qviz(folder.path(), &words);
    let seen = |ran: &Ran| -> Option<usize> {
        let line = ran.err.lines().find(|line| line.ends_with("samples were counted before"))?;
        line.split_whitespace().next()?.parse().ok()
    };
    let before = seen(&ran).expect("it goes on");
    assert!(ran.code == 0 && (1..SAMPLES).contains(&before), "{before} {}", ran.err);
    let gone_on = fs::read(folder.path().join("part.parquet")).unwrap();
    assert_eq!(seen(&qviz(folder.path(), &words)), Some(SAMPLES));
    fs::remove_file(folder.path().join("part.parquet")).unwrap();
    let whole = qviz(folder.path(), &words);
    assert_eq!((whole.code, seen(&whole)), (0, None), "{}", whole.err);
    assert!(gone_on == fs::read(folder.path().join("part.parquet")).unwrap(), "to the byte");

    // Written after each sample it is the same.
    fs::write(folder.path().join("x.npy"), npy::npy("<f4", &[5, 64], &data[..5 * 64 * 4])).unwrap();
    let count = |more: &[&str]| {
        let ran = qviz(folder.path(), &[&words[..], &["--force"], more].concat());
        assert_eq!(ran.code, 0, "{}", ran.err);
        fs::read(folder.path().join("part.parquet")).unwrap()
    };
    assert!(count(&["--save-every", "0"]) == count(&[]), "to the byte");
}
