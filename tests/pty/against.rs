//! Two sets of data over each other on the screen, statistics on either side.

use std::path::Path;
use std::process::Command;

use tempfile::tempdir;
use vt100::Screen;

use super::npy::{normal, write};
use super::read::loaded;
use super::terminal::{QVIZ, Start};

/// Two layers in two sets: the second set is wider.
fn sets(folder: &Path) {
    for (set, scale, bins) in [("a", 1.0, "2048"), ("b", 2.5, "256")] {
        std::fs::create_dir(folder.join(set)).unwrap();
        for (seed, layer) in ["conv1", "conv2"].iter().enumerate() {
            let values: Vec<f32> = normal(6000, seed as u32).iter().map(|x| x * scale).collect();
            write(folder.join(set).join(format!("{layer}.npy")), &values);
        }
        let part = format!("{set}.parquet");
        let ran = Command::new(QVIZ).args(["stats", set, "-o", &part, "--bins", bins]).current_dir(folder).output();
        assert!(ran.unwrap().status.success());
    }
}

/// Cells of the outline that lies over the bars: Braille, in the rows of the plot.
fn outlined(screen: &Screen) -> usize {
    let braille = |c: &char| ('\u{2801}'..='\u{28ff}').contains(c);
    let text = screen.contents();
    let plot = text.lines().skip_while(|line| !line.contains("clip ")).take_while(|line| !line.contains('└'));
    plot.flat_map(str::chars).filter(braille).count()
}

#[test]
fn both_histograms_lie_over_each_other_whichever_side_is_statistics() {
    let folder = tempdir().unwrap();
    sets(folder.path());
    for (ours, other) in [("a.parquet", "b.parquet"), ("a", "b.parquet"), ("b.parquet", "a")] {
        for (size, least) in [((160, 45), 40), ((80, 24), 20)] {
            let mut alone = Start::qviz(folder.path()).args([ours]).size(size.0, size.1).run();
            loaded(&alone);
            let before = outlined(alone.state().screen());
            alone.keys("q");
            assert_eq!(alone.end().code, 0);
            let mut terminal = Start::qviz(folder.path()).args([ours, "--against", other]).size(size.0, size.1).run();
            terminal.wait_for(&format!("stand beside those of {other}"));
            loaded(&terminal);
            // What the clip of ours costs there.
            terminal.wait_for(&format!("on {other}"));
            terminal.wait("the outline of the other set", |screen| (outlined(screen) >= before + least).then_some(()));
            terminal.keys("|");
            terminal.wait_for("conv1 is held as it is");
            terminal.keys("j");
            terminal.wait_for("held: conv1");
            terminal.keys("|q");
            assert_eq!(terminal.end().code, 0);
        }
    }
}
