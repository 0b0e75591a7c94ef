//! A document that is taken up again: `--scales FILE`.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use super::{document, normal, npy, qviz, tempdir, tensor, warnings, write};

const ALL: [&str; 3] = ["a.npy", "b.npy", "c.npy"];

/// Three tensors of four channels, each channel wider than the one before.
fn three(seed: u32) -> TempDir {
    let folder = tempdir().unwrap();
    for (at, name) in ALL.into_iter().enumerate() {
        let values = normal(4 * 500, seed + at as u32);
        let data = values.iter().enumerate().map(|(i, x)| x * (1 + i % 4 + at) as f32);
        let data: Vec<u8> = data.flat_map(f32::to_le_bytes).collect();
        fs::write(folder.path().join(name), npy("<f4", &[500, 4], &data)).unwrap();
    }
    folder
}

/// Exports with these options; the file is `scales.json`.
fn export(folder: &Path, options: &[&str]) -> Value {
    let ran = qviz(folder, &[&["export", "-o", "scales.json"], &ALL[..], options].concat());
    assert_eq!(ran.code, 0, "{}", ran.err);
    serde_json::from_slice(&fs::read(folder.join("scales.json")).unwrap()).unwrap()
}

/// Takes `scales.json` up on these files: the document, and what is said of it.
fn taken_up(folder: &Path, options: &[&str]) -> (Value, String) {
    let ran = qviz(folder, &[&["report", "--json", "--scales", "scales.json"], options].concat());
    assert_eq!(ran.code, 0, "{}", ran.err);
    (ran.json(), ran.err)
}

/// Changes the document by hand, as another program would.
fn edit(folder: &Path, change: impl Fn(&mut Value)) {
    let path = folder.join("scales.json");
    let mut document = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    change(&mut document);
    fs::write(path, document.to_string()).unwrap();
}

fn chosen<'a>(document: &'a mut Value, name: &str) -> &'a mut Value {
    let all = document["tensors"].as_array_mut().unwrap();
    &mut all.iter_mut().find(|t| t["name"] == name).unwrap()["chosen"]
}

#[test]
fn what_was_exported_is_chosen_again() {
    let folder = three(1);
    for options in [
        &["--method", "mse"][..],
        &["--set", "a=mse", "--set", "b=e4m3", "--skip", "c"],
        &["--set", "a=axis:1", "--set", "b=uint8 affine", "--set", "c=int4"],
        &["--tie", "a,c", "--format", "uint8 affine"],
        &["--per-channel", "*=1", "--set", "c=bits:4", "--method", "percentile-99.9"],
    ] {
        let _ = fs::remove_file(folder.path().join("scales.json"));
        let before = export(folder.path(), options);
        let (after, said) = taken_up(folder.path(), &ALL);
        for name in ["a", "b", "c"] {
            let (before, after) = (tensor(&before, name), tensor(&after, name));
            assert_eq!(before["chosen"], after["chosen"], "{options:?} {name}");
            assert_eq!(before.get("axis"), after.get("axis"), "{options:?} {name}");
        }
        assert!(said.contains("scales.json: 3 tensors taken up"), "{said}");
    }
}

#[test]
fn a_clip_by_hand_stays_and_a_method_follows_the_data() {
    let folder = three(1);
    let mse = |folder: &Path| document(folder, &[&ALL[..], &["--method", "mse"]].concat());
    export(folder.path(), &["--method", "mse"]);
    edit(folder.path(), |document| {
        let a = chosen(document, "a");
        (a["edited"], a["clip_min"], a["clip_max"], a["amax"]) = (true.into(), (-1.5).into(), 1.5.into(), 1.5.into());
    });
    // The same names hold other values today.
    let today = three(40);
    fs::copy(folder.path().join("scales.json"), today.path().join("scales.json")).unwrap();
    let (taken, _) = taken_up(today.path(), &ALL);
    assert_eq!(tensor(&taken, "a")["chosen"]["clip_max"], 1.5);
    assert_eq!(tensor(&taken, "a")["chosen"]["edited"], true);
    let fresh = mse(today.path());
    assert_eq!(tensor(&taken, "b")["chosen"], tensor(&fresh, "b")["chosen"], "mse on the data at hand");
    // Frozen, it is the clip of the document.
    let (frozen, _) = taken_up(today.path(), &[&ALL[..], &["--frozen"]].concat());
    let of_file = mse(folder.path());
    for (name, document) in [("b", &of_file), ("c", &of_file)] {
        let (is, was) = (&tensor(&frozen, name)["chosen"], &tensor(document, name)["chosen"]);
        assert_eq!((&is["clip_max"], &is["scale"]), (&was["clip_max"], &was["scale"]), "{name}");
        assert_ne!(is["clip_max"], tensor(&fresh, name)["chosen"]["clip_max"], "{name}");
    }
    assert_eq!(tensor(&frozen, "a")["chosen"]["clip_max"], 1.5);
}

#[test]
fn what_is_not_here_is_named_and_kept() {
    let folder = three(1);
    let before = export(folder.path(), &["--set", "a,b=mse"]);
    fs::remove_file(folder.path().join("b.npy")).unwrap();
    write(folder.path().join("new.npy"), &normal(100, 9));
    let (taken, said) = taken_up(folder.path(), &["a.npy", "c.npy", "new.npy"]);
    assert!(said.contains("scales.json: 2 tensors taken up"), "{said}");
    assert!(said.contains("scales.json holds what is not here, kept in an export: b"), "{said}");
    assert!(said.contains("scales.json knows nothing of: new"), "{said}");
    assert_eq!(tensor(&taken, "b"), tensor(&before, "b"), "as it stood, whole");
    let names = |document: &Value| document["tensors"].as_array().unwrap().len();
    assert_eq!(names(&taken), 4);
    let (dropped, said) = taken_up(folder.path(), &["a.npy", "c.npy", "new.npy", "--drop-missing"]);
    assert!(said.contains("left out of an export: b"), "{said}");
    assert_eq!(names(&dropped), 3);
}

/// An earlier mistake: a name that holds a comma or a star was several names, or all.
#[test]
fn a_tensor_is_taken_up_by_its_name_whatever_it_holds() {
    let folder = tempdir().unwrap();
    for (at, name) in ["a,b", "a", "b", "x[0]", "*"].into_iter().enumerate() {
        write(folder.path().join(format!("{name}.npy")), &normal(300, at as u32));
    }
    let files = ["a,b.npy", "a.npy", "b.npy", "x[0].npy", "*.npy"];
    let export = [&["export", "-o", "scales.json"], &files[..], &["--tie", "a\\,b,[*]", "--skip", "x[[]0]"]].concat();
    let ran = qviz(folder.path(), &export);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let before: Value = serde_json::from_slice(&fs::read(folder.path().join("scales.json")).unwrap()).unwrap();
    assert_eq!(tensor(&before, "a,b")["chosen"]["tied_with"], serde_json::json!(["*"]));
    assert_eq!(tensor(&before, "x[0]")["chosen"]["quantized"], false);
    let (taken, _) = taken_up(folder.path(), &files);
    for name in ["a,b", "a", "b", "x[0]", "*"] {
        assert_eq!(tensor(&taken, name)["chosen"], tensor(&before, name)["chosen"], "{name}");
    }
}

#[test]
fn a_document_that_cannot_be_taken_up_is_a_sentence() {
    let folder = three(1);
    export(folder.path(), &[]);
    let says = |options: &[&str], code: i32, words: &[&str]| {
        let ran = qviz(folder.path(), &[&["report"], options].concat());
        assert_eq!(ran.code, code, "{}", ran.err);
        assert!(words.iter().all(|word| ran.err.contains(word)), "{}", ran.err);
    };
    says(&["a.npy", "--scales", "none.json"], 2, &["none.json does not exist"]);
    fs::write(folder.path().join("text.json"), "amax = 3").unwrap();
    says(&["a.npy", "--scales", "text.json"], 2, &["text.json is no JSON"]);
    fs::write(folder.path().join("other.json"), "{}").unwrap();
    says(&["a.npy", "--scales", "other.json"], 2, &["other.json holds no scales", "qviz export writes it"]);
    says(&["a.npy", "--frozen"], 2, &["--scales"]);
    // What is typed beside it is not passed over in silence.
    let both = ["a.npy", "--scales", "scales.json", "--method", "mse", "--set", "a=int4"];
    says(&both, 0, &["scales.json decides for the tensors that it holds, for the others --method and --set"]);
    // A format that cannot hold what the document says: options do not change that, and one is told so.
    export(folder.path(), &["--affine", "--force"]);
    let cache = ["export", "--scales", "scales.json", "--symmetric", "-o", "s.cache"];
    let ran = qviz(folder.path(), &[&cache, &ALL[..]].concat());
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(
        ran.err.contains("scales.json holds stands, whatever options say; choose anew without --scales"),
        "{}",
        ran.err
    );
    // A method that is not known any more is named, and the rest is taken up.
    edit(folder.path(), |document| chosen(document, "a")["method"] = "gone".into());
    let ran = qviz(folder.path(), &[&["report", "--json", "--scales", "scales.json"], &ALL[..]].concat());
    assert!(ran.err.contains("gone") && ran.err.contains('a'), "{}", ran.err);
    assert!(warnings(tensor(&ran.json(), "b")).is_empty());
}

#[test]
fn the_clip_of_one_channel_and_the_clip_of_a_tie_stay() {
    let folder = three(1);
    export(folder.path(), &["--set", "a=axis:1", "--tie", "b,c", "--method", "mse"]);
    edit(folder.path(), |document| {
        let a = chosen(document, "a");
        (a["edited"], a["edited_channels"]) = (true.into(), serde_json::json!([2]));
        (a["clip_min"][2], a["clip_max"][2], a["amax"][2]) = ((-1.5).into(), 1.5.into(), 1.5.into());
        for name in ["b", "c"] {
            let tied = chosen(document, name);
            assert_eq!(tied["tied_with"].as_array().unwrap().len(), 1);
            (tied["edited"], tied["clip_min"], tied["clip_max"], tied["amax"]) =
                (true.into(), (-2.5).into(), 2.5.into(), 2.5.into());
        }
    });
    let today = three(40);
    fs::copy(folder.path().join("scales.json"), today.path().join("scales.json")).unwrap();
    let (taken, said) = taken_up(today.path(), &ALL);
    let fresh = document(today.path(), &[&ALL[..], &["--set", "a=axis:1", "--method", "mse"]].concat());
    let (a, fresh) = (&tensor(&taken, "a")["chosen"], &tensor(&fresh, "a")["chosen"]);
    for channel in 0..4 {
        let is = &a["clip_max"][channel];
        assert_eq!(*is, if channel == 2 { 1.5.into() } else { fresh["clip_max"][channel].clone() }, "{said}");
    }
    assert_eq!(a["edited_channels"], serde_json::json!([2]));
    for name in ["b", "c"] {
        let tied = &tensor(&taken, name)["chosen"];
        assert_eq!((&tied["clip_max"], &tied["edited"]), (&2.5.into(), &true.into()), "{name} {said}");
        assert!(tied["tied_with"].is_array());
    }
}
