//! What the user of the screen waits for, measured on the real program in a pseudo-terminal: the first frame, the frame
//! after a drag, rest, and memory. Asserts nothing; prints a table.
//!
//! `cargo bench --bench terminal` (Linux: the figures come from /proc)

#[path = "../tests/support/npy.rs"]
mod npy;
#[path = "../tests/support/terminal.rs"]
mod terminal;

fn main() {
    // `cargo test --benches` runs this too, to see that it starts.
    if std::env::args().any(|a| a == "--bench") {
        #[cfg(target_os = "linux")]
        measure::all();
        #[cfg(not(target_os = "linux"))]
        println!("These measurements read /proc, which only Linux has.");
    }
}

#[cfg(target_os = "linux")]
mod measure {
    use std::fs;
    use std::path::Path;
    use std::time::{Duration, Instant};

    use tempfile::{TempDir, tempdir};

    use super::npy;
    use super::terminal::{Start, Terminal, has};

    pub fn all() {
        first_frames();
        drags();
        rest();
        memory();
    }

    fn heading(text: &str, columns: &str) {
        println!("\n{text:<44}{columns}");
    }

    /// Median and 95th percentile.
    fn spread(values: &mut [f64]) -> (f64, f64) {
        values.sort_by(f64::total_cmp);
        let at = |share: f64| values[((values.len() - 1) as f64 * share).round() as usize];
        (at(0.5), at(0.95))
    }

    fn ms(duration: Duration) -> f64 {
        duration.as_secs_f64() * 1e3
    }

    /// So many files with so many values.
    fn folder(files: usize, values: usize) -> TempDir {
        let folder = tempdir().unwrap();
        for i in 0..files {
            // A few different ones, so that no two neighbours are the same.
            fs::write(folder.path().join(format!("layer{i}.npy")), npy::floats(&npy::normal(values, i as u32 % 7)))
                .unwrap();
        }
        folder
    }

    /// A file of zeros that takes no space.
    fn sparse(folder: &Path, bytes: u64) {
        let header = npy::header("<f4", &[(bytes / 4) as usize]);
        let path = folder.join("huge.npy");
        fs::write(&path, &header).unwrap();
        fs::File::options().write(true).open(&path).unwrap().set_len(header.len() as u64 + bytes).unwrap();
    }

    /// Waits until everything is read.
    fn loaded(terminal: &Terminal) {
        let busy = ["reading", "searching", "waiting"];
        terminal.wait("everything read", |screen| {
            has(screen, " layer").filter(|()| busy.iter().all(|b| has(screen, b).is_none()))
        });
    }

    fn quit(mut terminal: Terminal) -> f64 {
        let asked = Instant::now();
        terminal.keys("q");
        terminal.end();
        ms(asked.elapsed())
    }

    fn first_frames() {
        heading("milliseconds after the start, median of 9", "first frame   names   q to the end");
        let bundled = tempdir().unwrap();
        let many = folder(10_000, 128);
        let huge = tempdir().unwrap();
        sparse(huge.path(), 10 << 30);
        let cases = [
            ("bundled", &bundled, "12 layers"),
            ("10,000 files", &many, "10,000 layers"),
            ("one file of 10 GB", &huge, "1 layer"),
        ];
        for (name, folder, listed) in cases {
            let (mut first, mut names, mut ends) = (Vec::new(), Vec::new(), Vec::new());
            for _ in 0..9 {
                let start = Start::qviz(folder.path()).size(200, 60);
                let terminal = if name == "bundled" { start } else { start.args(["."]) }.run();
                terminal.wait_for(listed);
                names.push(ms(terminal.started.elapsed()));
                first.push(ms(terminal.state().frames[0].0 - terminal.started));
                ends.push(quit(terminal));
            }
            let [first, names, ends] = [first, names, ends].map(|mut v| spread(&mut v).0);
            println!("{name:<44}{first:>11.1}{names:>8.1}{ends:>17.1}");
        }
    }

    /// One event, one frame: the time from the one to the other's last byte, and its bytes.
    fn frame(terminal: &mut Terminal, keys: &str) -> (f64, f64) {
        let (seen, bytes) = {
            let state = terminal.state();
            (state.frames.len(), state.frames.last().map_or(0, |f| f.1))
        };
        let sent = Instant::now();
        terminal.keys(keys);
        let (at, end) = terminal.wait_state("a frame", |state| state.frames.get(seen).copied());
        (ms(at.saturating_duration_since(sent)), (end - bytes) as f64)
    }

    fn drags() {
        heading("one frame an event, 100 events on 200x60", "ms median    p95   bytes median    p95");
        for (name, keys) in [
            ("drag", ""),
            ("drag, MSE curve", "\t"),
            ("drag, fake-quantized", "f"),
            ("drag, mapping", "m"),
            ("drag, signed", "a"),
        ] {
            let folder = tempdir().unwrap();
            let mut terminal = Start::qviz(folder.path()).size(200, 60).run();
            loaded(&terminal);
            for key in keys.chars() {
                frame(&mut terminal, &key.to_string());
            }
            let (x, y) = terminal.wait("the line", |screen| {
                let cells = (0..60).flat_map(|y| (0..200).map(move |x| (x, y)));
                cells.into_iter().find(|&(x, y)| screen.cell(y, x).is_some_and(|c| c.contents() == "┃"))
            });
            frame(&mut terminal, &format!("\x1b[<0;{};{}M", x + 1, y + 3));
            row(name, (0..100).map(|i| frame(&mut terminal, &format!("\x1b[<32;{};{}M", 80 + i, y + 3))).collect());
            terminal.keys("\x1b");
            terminal.wait_for("put back");
            quit(terminal);
        }
        let folder = tempdir().unwrap();
        let mut terminal = Start::qviz(folder.path()).size(200, 60).run();
        loaded(&terminal);
        row("one bin by key", (0..100).map(|_| frame(&mut terminal, ",")).collect());
        row(
            "another layer by key",
            (0..100).map(|i| frame(&mut terminal, if i % 10 < 5 { "j" } else { "k" })).collect(),
        );
        row(
            "zoom by wheel",
            (0..100)
                .map(|i| frame(&mut terminal, &format!("\x1b[<{};120;20M", if i % 10 < 5 { 64 } else { 65 })))
                .collect(),
        );
        terminal.keys("qq");
        terminal.end();
    }

    fn row(name: &str, frames: Vec<(f64, f64)>) {
        let (mut times, mut bytes): (Vec<f64>, Vec<f64>) = frames.into_iter().unzip();
        let ((t50, t95), (b50, b95)) = (spread(&mut times), spread(&mut bytes));
        println!("{name:<44}{t50:>9.2}{t95:>7.2}{b50:>15.0}{b95:>7.0}");
    }

    /// The sum over all threads of the lines of `/proc/PID/task/*/status` that end in `_ctxt_switches`.
    fn context_switches(pid: u32) -> u64 {
        let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
        let status = tasks.map(|t| fs::read_to_string(t.unwrap().path().join("status")).unwrap());
        let lines = status.flat_map(|s| s.lines().map(str::to_owned).collect::<Vec<_>>());
        lines
            .filter(|l| l.contains("_ctxt_switches"))
            .map(|l| l.split_whitespace().last().unwrap().parse::<u64>().unwrap())
            .sum()
    }

    fn rest() {
        heading("2 seconds at rest", "bytes   wake-ups");
        let folder = tempdir().unwrap();
        let terminal = Start::qviz(folder.path()).size(200, 60).run();
        loaded(&terminal);
        std::thread::sleep(Duration::from_millis(500));
        let before = (terminal.state().raw.len(), context_switches(terminal.pid()));
        std::thread::sleep(Duration::from_secs(2));
        let after = (terminal.state().raw.len(), context_switches(terminal.pid()));
        println!("{:<44}{:>5}{:>11}", "bundled", after.0 - before.0, after.1 - before.1);
        quit(terminal);
    }

    /// Peak and present memory in KB.
    fn memory_of(terminal: &Terminal) -> (f64, f64) {
        let status = fs::read_to_string(format!("/proc/{}/status", terminal.pid())).unwrap();
        let field = |name: &str| {
            let line = status.lines().find(|l| l.starts_with(name)).unwrap();
            line.split_whitespace().nth(1).unwrap().parse().unwrap()
        };
        (field("VmHWM:"), field("VmRSS:"))
    }

    fn memory() {
        heading("memory in KB when all is read", "peak    now   per layer");
        let mut one = None;
        for layers in [1, 100, 1000] {
            let folder = folder(layers, 16 << 10);
            let terminal = Start::qviz(folder.path()).args(["."]).size(200, 60).run();
            loaded(&terminal);
            let (peak, now) = memory_of(&terminal);
            let base = *one.get_or_insert(peak);
            let slope = if layers > 1 { format!("{:.0}", (peak - base) / (layers - 1) as f64) } else { "-".into() };
            println!("{:<44}{peak:>4}{now:>7}{slope:>12}", format!("{layers} of 64 KB"));
            quit(terminal);
        }
        for (name, bytes) in [("one of 1 MB", 1 << 20), ("one of 1 GB", 1 << 30)] {
            let folder = tempdir().unwrap();
            sparse(folder.path(), bytes);
            let terminal = Start::qviz(folder.path()).args(["."]).size(200, 60).run();
            loaded(&terminal);
            let (peak, now) = memory_of(&terminal);
            println!("{name:<44}{peak:>4}{now:>7}{:>12}", "-");
            quit(terminal);
        }
    }
}
