//! What is shown to others: Markdown, bars, a comparison as JSON.

use std::fs;

use serde_json::Value;

use super::{normal, qviz, qviz_with, tempdir, write};

#[test]
fn markdown_is_a_table_that_no_name_breaks() {
    let folder = tempdir().unwrap();
    let names = ["conv", "a|b", "x`y", "<img src=x onerror=alert(1)>"];
    for (at, name) in names.into_iter().enumerate() {
        let name = name.replace('/', "_");
        write(folder.path().join(format!("{name}.npy")), &normal(500, at as u32));
    }
    write(folder.path().join("nan.npy"), &[1.0, f32::NAN]);
    fs::write(folder.path().join("bad.npy"), "no array").unwrap();
    let ran = qviz(folder.path(), &["report", "--markdown", "."]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines[0], "### .");
    assert!(ran.out.contains("* **tensors**: 5 quantized, 1 unreadable\n"), "{}", ran.out);
    let table: Vec<&&str> = lines.iter().filter(|line| line.starts_with('|')).collect();
    assert_eq!(table.len(), 2 + 6);
    // As many cells in each row, whatever a name holds.
    let cells = |line: &str| line.replace("\\|", "").matches('|').count();
    assert!(table.iter().all(|line| cells(line) == 8), "{}", ran.out);
    let row =
        |name: &str| table.iter().find(|line| line.contains(name)).unwrap_or_else(|| panic!("{name}\n{}", ran.out));
    assert!(row("`a\\|b`").contains("| int8 | mse |") && row("`` x`y ``").contains("| ok |"), "{}", ran.out);
    assert!(row("`nan`").contains("wrong:NaN"));
    assert!(lines.iter().any(|line| line.starts_with("* `nan`: 1 NaN left out")), "{}", ran.out);
    assert!(lines.iter().any(|line| line.starts_with("* `bad`: ")), "{}", ran.out);
}

#[test]
fn bars_hold_the_clip_and_ascii_is_ascii() {
    let folder = tempdir().unwrap();
    write(folder.path().join("a.npy"), &normal(4000, 1));
    let of = |more: &[&str]| {
        let ran = qviz(folder.path(), &[&["report", "--bars", "a.npy"], more].concat()).fine();
        ran.out.lines().nth(1).unwrap().to_owned()
    };
    let row = of(&["--method", "mse"]);
    assert!(row.starts_with("a ") && row.contains('█') && row.matches('┃').count() == 1, "{row}");
    let affine = of(&["--affine", "--ascii"]);
    assert!(affine.is_ascii() && affine.matches('|').count() == 2 && affine.contains('#'), "{affine}");
    let ran = qviz(folder.path(), &["report", "--ascii", "a.npy"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "without --bars it would change nothing");
}

#[test]
fn one_plot_is_svg_or_png_of_the_size_that_was_asked_for() {
    let folder = tempdir().unwrap();
    write(folder.path().join("a.npy"), &normal(4000, 1));
    let svg = qviz(folder.path(), &["report", "--svg", "a", "--size", "640x300", "a.npy"]).fine().out;
    assert!(svg.contains("viewBox=\"0 0 640 300\"") && svg.contains(">a</text>"), "{svg}");
    qviz(folder.path(), &["report", "--png", "a", "--size", "640x300", "a.npy", "-o", "a.png"]).fine();
    let png = fs::read(folder.path().join("a.png")).unwrap();
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"));
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    assert_eq!((number(16), number(20)), (640, 300));
    let much = qviz(folder.path(), &["report", "--png", "a", "--size", "9000x9000", "a.npy", "-o", "b.png"]);
    assert!(much.code == 2 && much.err.contains("16 million pixels"), "{}", much.err);
    let both = qviz(folder.path(), &["report", "--png", "a", "--svg", "a", "a.npy"]);
    assert_eq!(both.code, 2, "one form at a time");
    let none = qviz(folder.path(), &["report", "--png", "b", "a.npy"]);
    assert!(none.code == 2 && none.err.contains("no layer is called b"), "{}", none.err);
}

#[test]
fn names_of_wide_letters_stand_in_their_column() {
    let folder = tempdir().unwrap();
    for name in ["conv", "卷积层"] {
        write(folder.path().join(format!("{name}.npy")), &normal(400, 1));
    }
    let ran = qviz(folder.path(), &["report", "."]).fine();
    let shape = |line: &str| {
        let name: String = line.chars().take_while(|c| *c != ' ').collect();
        let wide = name.chars().filter(|c| !c.is_ascii()).count();
        line.find("400").unwrap_or_else(|| line.find("shape").unwrap()) + wide - (name.len() - name.chars().count())
    };
    let at: Vec<usize> = ran.out.lines().map(shape).collect();
    assert_eq!((at.len(), at[0], at[1]), (3, at[1], at[2]), "{}", ran.out);
}

#[test]
fn a_report_goes_to_a_file_whole_or_not_at_all() {
    let folder = tempdir().unwrap();
    write(folder.path().join("a.npy"), &normal(400, 1));
    let printed = qviz(folder.path(), &["report", "--markdown", "a.npy"]).fine().out;
    assert_eq!(qviz(folder.path(), &["report", "--markdown", "a.npy", "-o", "-"]).fine().out, printed);
    let written = || fs::read_to_string(folder.path().join("r.md")).unwrap();
    assert_eq!(qviz(folder.path(), &["report", "--markdown", "a.npy", "-o", "r.md"]).fine().out, "");
    assert_eq!(written(), printed);
    let again = qviz(folder.path(), &["report", "a.npy", "-o", "r.md"]);
    assert!(again.code == 1 && again.err.contains("r.md exists; it was kept. --force replaces it."), "{}", again.err);
    assert_eq!(written(), printed);
    qviz(folder.path(), &["report", "a.npy", "-o", "r.md", "--force"]).fine();
    assert!(written().starts_with("layer "));
    let nowhere = qviz(folder.path(), &["report", "a.npy", "-o", "no/such.md"]);
    assert!(nowhere.code == 1 && nowhere.err.contains("could not be written"), "{}", nowhere.err);
}

#[test]
fn a_comparison_is_json_too() {
    let folder = tempdir().unwrap();
    write(folder.path().join("a.npy"), &normal(4000, 1));
    fs::write(folder.path().join("bad.npy"), "no array").unwrap();
    let ran = qviz(folder.path(), &["compare", "--json", "--method", "max,mse", "a.npy", "bad.npy"]);
    assert_eq!(ran.code, 1);
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(document["schema"], "qviz.compare/1");
    assert_eq!(document["methods"][1]["id"], "mse");
    let layer = &document["layers"][0];
    assert_eq!((&layer["chosen"], &layer["best"]), (&"max".into(), &"mse".into()));
    // The numbers are those of the exported document.
    let report = qviz_with(folder.path(), &["report", "--json", "--method", "max,mse", "a.npy"], b"").fine().json();
    assert_eq!(layer["candidates"], report["tensors"][0]["candidates"]);
    assert_eq!(document["errors"][0]["file"], "bad.npy");
}
