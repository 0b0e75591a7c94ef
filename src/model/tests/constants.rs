//! Constants of every type, inside the file and beside it.

use super::*;
use tract_onnx::pb::{SparseTensorProto, StringStringEntryProto};

fn raw(name: &str, data_type: i32, dims: &[i64], raw: &[u8]) -> TensorProto {
    TensorProto { name: name.into(), dims: dims.to_vec(), data_type, raw_data: raw.to_vec(), ..TensorProto::default() }
}

/// `y = x + Cast(c)`, with what `c` comes to.
fn added(constant: TensorProto, dims: &[i64]) -> Result<Vec<f32>, String> {
    let nodes = vec![ints(node("Cast", &["c"], &["f"]), "to", &[1]), node("Add", &["x", "f"], &["y"])];
    added_in(PathBuf::new(), constant, dims, nodes)
}

fn added_in(folder: PathBuf, constant: TensorProto, dims: &[i64], nodes: Vec<NodeProto>) -> Result<Vec<f32>, String> {
    let mut proto = model(&[("x", dims)], nodes, &["y"]);
    proto.opset_import[0].version = 21;
    proto.graph.as_mut().unwrap().initializer.push(constant);
    let network = Network::from_proto("made.onnx".into(), folder, proto).map_err(|e| e.message)?;
    let graph = Graph::build(&network, &Shapes::new()).map_err(|e| e.message)?;
    let shape: Vec<usize> = dims.iter().map(|&n| n as usize).collect();
    let zeros = vec![0.0; shape.iter().product()];
    Ok(floats(&run(&graph, &[tensor(&shape, &zeros)]).0[0]))
}

#[test]
fn types_that_tract_has_not_run_with_their_values() {
    assert_eq!(added(raw("c", 16, &[2], &[0x80, 0x3f, 0x20, 0xc0]), &[2]).unwrap(), [1.0, -2.5]);
    assert_eq!(added(raw("c", 17, &[2], &[0x38, 0xb8]), &[2]).unwrap(), [1.0, -1.0]);
    assert_eq!(added(raw("c", 22, &[3], &[0x8f, 0x07]), &[3]).unwrap(), [-1.0, -8.0, 7.0]);
    assert_eq!(added(raw("c", 25, &[4], &[0b11_10_01_00]), &[4]).unwrap(), [0.0, 1.0, 2.0, 3.0]);
    let in_fields = TensorProto { int32_data: vec![0x3f80, 0xc020], ..raw("c", 16, &[2], &[]) };
    assert_eq!(added(in_fields, &[2]).unwrap(), [1.0, -2.5]);
}

#[test]
fn what_cannot_be_a_constant_is_named() {
    let refused = added(raw("c", 16, &[3], &[0; 4]), &[3]).unwrap_err();
    assert_eq!(refused, "made.onnx holds a tensor c of 4 bytes, where 3 of bfloat16 takes 6; export it again.");
    assert!(added(raw("c", 16, &[i64::MAX, 9], &[0; 4]), &[1]).unwrap_err().contains("tensor c"));
    assert!(added(raw("c", 16, &[-1], &[0; 4]), &[1]).unwrap_err().contains("tensor c"));
    let texts = TensorProto { string_data: vec![b"cat".to_vec()], ..raw("c", 8, &[1], &[]) };
    assert!(added(texts.clone(), &[1]).unwrap_err().contains("holds a constant c of text"));
    // Labels that nobody computes with are in nobody's way.
    let unused = added_in(PathBuf::new(), texts, &[1], vec![node("Relu", &["x"], &["y"])]);
    assert_eq!(unused.unwrap(), [0.0]);
    assert!(added(raw("c", 14, &[1], &[0; 8]), &[1]).unwrap_err().contains("constant c of values of complex64"));
}

#[test]
fn sparse_tensors_have_their_zeros() {
    let indices = |dims: &[i64], at: &[i64]| TensorProto {
        dims: dims.to_vec(),
        data_type: 7,
        int64_data: at.to_vec(),
        ..TensorProto::default()
    };
    let sum = |dims: &[i64], indices: TensorProto| {
        let mut proto = model(&[("x", dims)], vec![node("Add", &["x", "c"], &["y"])], &["y"]);
        let values = Some(float_tensor("c", &[2], &[5.0, 7.0]));
        let sparse = SparseTensorProto { dims: dims.to_vec(), values, indices: Some(indices) };
        proto.graph.as_mut().unwrap().sparse_initializer.push(sparse);
        let network = Network::from_proto("made.onnx".into(), PathBuf::new(), proto).map_err(|e| e.message)?;
        let graph = Graph::build(&network, &Shapes::new()).map_err(|e| e.message)?;
        Ok::<_, String>(floats(&run(&graph, &[tensor(&[2, 2], &[0.0; 4])]).0[0]))
    };
    assert_eq!(sum(&[2, 2], indices(&[2], &[1, 2])).unwrap(), [0.0, 5.0, 7.0, 0.0]);
    assert_eq!(sum(&[2, 2], indices(&[2, 2], &[0, 1, 1, 1])).unwrap(), [0.0, 5.0, 0.0, 7.0]);
    for (dims, at) in [
        (&[2_i64, 2][..], indices(&[2], &[1, 4])),
        (&[2, 2], indices(&[2], &[-1, 0])),
        (&[2, 2], indices(&[1], &[1])),
        (&[1 << 40, 1 << 40], indices(&[2], &[1, 2])),
        (&[1 << 20, 1 << 20], indices(&[2], &[1, 2])),
    ] {
        assert!(sum(dims, at).unwrap_err().contains("sparse tensor c"));
    }
}

/// A constant in a file beside the model.
fn beside(data_type: i32, dims: &[i64], entries: &[(&str, &str)]) -> TensorProto {
    let entry = |(key, value): &(&str, &str)| StringStringEntryProto { key: (*key).into(), value: (*value).into() };
    TensorProto {
        data_location: Some(tensor_proto::DataLocation::External as i32),
        external_data: entries.iter().map(entry).collect(),
        ..raw("c", data_type, dims, &[])
    }
}

#[test]
fn constants_in_other_files_are_held_against_them() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    write("c.bin", &[9, 9, 0x80, 0x3f, 0x20, 0xc0]);
    write("lfs.bin", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12345\n");
    let nodes = || vec![ints(node("Cast", &["c"], &["f"]), "to", &[1]), node("Add", &["x", "f"], &["y"])];
    let of = |data_type, entries: &[(&str, &str)]| {
        added_in(folder.path().to_owned(), beside(data_type, &[2], entries), &[2], nodes())
    };
    let at = |offset| [("location", "c.bin"), ("offset", offset), ("length", "4")];
    assert_eq!(of(16, &at("2")).unwrap(), [1.0, -2.5]);
    for (entries, said) in [
        (&at("3")[..], "in 4 bytes from byte 3 on, and the file ends at byte 6; copy it again"),
        (&at("18446744073709551615"), "the file ends at byte 6"),
        (&at("-1"), "with the offset \"-1\", which is none"),
        (&at("99999999999999999999"), "which is none"),
        (&[("location", "c.bin"), ("length", "5")], "in 5 bytes of c.bin, where its shape takes 4"),
        (&[("location", "lfs.bin")], "keeps tensor c in lfs.bin, which is a Git LFS pointer"),
        (
            &[("location", "gone.bin")],
            "keeps tensor c in gone.bin, which is not there; put that file beside the model.",
        ),
    ] {
        let refused = of(16, entries).unwrap_err();
        assert!(refused.starts_with("made.onnx keeps tensor c in ") && refused.contains(said), "{refused}");
        // Of a type that tract has as well.
        let refused = of(10, entries).unwrap_err();
        assert!(refused.contains(said), "{refused}");
    }
}

#[cfg(unix)]
#[test]
fn links_do_not_lead_out_of_the_folder() {
    let (folder, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(outside.path().join("c.bin"), [0; 8]).unwrap();
    std::os::unix::fs::symlink(outside.path().join("c.bin"), folder.path().join("c.bin")).unwrap();
    let constant = beside(1, &[2], &[("location", "c.bin")]);
    let nodes = vec![node("Add", &["x", "c"], &["y"])];
    let refused = added_in(folder.path().to_owned(), constant, &[2], nodes).unwrap_err();
    assert_eq!(refused, "made.onnx keeps tensor c in \"c.bin\", outside its own folder; that is not read.");
}

#[test]
fn large_constants_may_stay_in_their_file() {
    const SIDE: usize = 1024;
    let folder = tempfile::tempdir().unwrap();
    // Brain floats: halves of 1, 2, 3 … by turns.
    let bits = |i: usize| half::bf16::from_f32((i % 7) as f32 / 2.0).to_bits();
    let bytes: Vec<u8> = (0..SIDE * SIDE).flat_map(|i| bits(i).to_le_bytes()).collect();
    std::fs::write(folder.path().join("c.bin"), &bytes).unwrap();
    let nodes = vec![
        ints(node("Cast", &["c"], &["w"]), "to", &[1]),
        node("MatMul", &["x", "w"], &["h"]),
        node("Relu", &["h"], &["y"]),
    ];
    let mut proto = model(&[("x", &[2, SIDE as i64])], nodes, &["y"]);
    let constant = beside(16, &[SIDE as i64, SIDE as i64], &[("location", "c.bin")]);
    proto.graph.as_mut().unwrap().initializer.push(constant);
    let packed = Network::from_proto("made.onnx".into(), folder.path().to_owned(), proto).unwrap();
    let left = packed.clone().leaving_in_files(0);
    assert!(super::super::constants::leave_in_files(&left.proto, 0).is_some());
    assert!(super::super::constants::leave_in_files(&left.proto, 1 << 30).is_none());
    let sample = [tensor(&[2, SIDE], &(0..2 * SIDE).map(|i| (i % 5) as f32 - 2.0).collect::<Vec<_>>())];
    let graph = |network: &Network| Graph::build(network, &Shapes::new()).unwrap();
    let (packed, left) = (run(&graph(&packed), &sample), run(&graph(&left), &sample));
    assert_eq!(floats(&packed.0[0]), floats(&left.0[0]));
    assert_eq!(packed.1.keys().collect::<Vec<_>>(), left.1.keys().collect::<Vec<_>>());
}
