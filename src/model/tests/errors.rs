//! What can be wrong with a file or a sample, and that it is said in one sentence.

use super::*;
use crate::ErrorKind;
use tract_onnx::pb::StringStringEntryProto;

fn open(bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.onnx");
    std::fs::write(&path, bytes).unwrap();
    let message = Network::open(&path).unwrap_err().message;
    message.replace(&path.display().to_string(), "model.onnx")
}

fn unfit(proto: ModelProto, shapes: &Shapes) -> String {
    Graph::build(&network(proto), shapes).unwrap_err().message
}

fn relu(dims: &[i64]) -> ModelProto {
    model(&[("x", dims)], vec![node("Relu", &["x"], &["y"])], &["y"])
}

#[test]
fn files_that_are_no_models() {
    assert_eq!(open(b""), "model.onnx is not an ONNX model (it holds no nodes).");
    let garbage = open(b"\x93NUMPY and so on");
    assert!(garbage.starts_with("model.onnx is not an ONNX model ("), "{garbage}");
    let whole = std::fs::read(cls_path()).unwrap();
    let cut = open(&whole[..whole.len() / 2]);
    assert!(cut.starts_with("model.onnx is not an ONNX model ("), "{cut}");
    let pointer =
        open(b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22\nsize 12\n");
    assert_eq!(pointer, "model.onnx is a Git LFS pointer, not the file itself; run git lfs pull.");
    let missing = Network::open("no/such.onnx".as_ref()).unwrap_err();
    assert_eq!(missing.message, "no/such.onnx does not exist; check the path.");
    let folder = Network::open(env!("CARGO_MANIFEST_DIR").as_ref()).unwrap_err();
    assert!(folder.message.ends_with("is a directory; give the .onnx file in it."), "{folder}");
}

#[test]
fn each_error_is_of_a_kind() {
    let kind = |path: &Path| Network::open(path).unwrap_err().kind;
    let folder = tempfile::tempdir().unwrap();
    let torn = folder.path().join("model.onnx");
    let whole = std::fs::read(cls_path()).unwrap();
    std::fs::write(&torn, &whole[..whole.len() / 2]).unwrap();
    assert_eq!(kind("no/such.onnx".as_ref()), ErrorKind::Missing);
    assert_eq!(kind(folder.path()), ErrorKind::Unfit);
    assert_eq!(kind(&torn), ErrorKind::Damaged);
    let build = |proto, shapes| Graph::build(&network(proto), &shapes).unwrap_err().kind;
    assert_eq!(build(relu(&[-1, 3]), Shapes::new()), ErrorKind::Incomplete);
    assert_eq!(build(relu(&[-1, 3]), shapes(&[("x", &[2, 4])])), ErrorKind::Unfit);
    let unknown = vec![node("Frobnicate", &["x"], &["y"])];
    assert_eq!(build(model(&[("x", &[1])], unknown, &["y"]), Shapes::new()), ErrorKind::Unfit);
    let dangling = vec![node("Add", &["x", "w"], &["y"])];
    assert_eq!(build(model(&[("x", &[1])], dangling, &["y"]), Shapes::new()), ErrorKind::Failed);
}

/// A weight says whether it is torn, or the file that it lies in is gone.
#[test]
fn weights_that_cannot_be_read_are_of_a_kind() {
    let kind = |change: &dyn Fn(&mut TensorProto)| {
        let mut proto = model(&[("x", &[1, 2])], vec![node("MatMul", &["x", "w"], &["y"])], &["y"]);
        let mut tensor = float_tensor("w", &[2, 2], &[]);
        change(&mut tensor);
        proto.graph.as_mut().unwrap().initializer.push(tensor);
        let network = network(proto);
        network.weight_values(&network.weights()[0]).unwrap_err().kind
    };
    assert_eq!(kind(&|tensor| tensor.raw_data = vec![0; 7]), ErrorKind::Damaged);
    let gone = |tensor: &mut TensorProto| {
        tensor.data_location = Some(tensor_proto::DataLocation::External as i32);
        tensor.external_data.push(StringStringEntryProto { key: "location".into(), value: "gone.bin".into() });
    };
    assert_eq!(kind(&gone), ErrorKind::Missing);
}

#[test]
fn tensors_outside_the_folder_are_refused() {
    let location = |location: &str| {
        let mut proto = relu(&[1]);
        let mut tensor = float_tensor("w", &[1], &[]);
        tensor.data_location = Some(tensor_proto::DataLocation::External as i32);
        tensor.external_data.push(StringStringEntryProto { key: "location".into(), value: location.into() });
        let mut inner = node("Constant", &[], &["c"]);
        inner.attribute.push(AttributeProto {
            name: "value".into(),
            t: Some(tensor.clone()),
            ..AttributeProto::default()
        });
        let graph = GraphProto { node: vec![inner], ..GraphProto::default() };
        let mut outer = node("If", &["x"], &["z"]);
        outer.attribute.push(AttributeProto {
            name: "then_branch".into(),
            g: Some(graph),
            ..AttributeProto::default()
        });
        let mut nested = proto.clone();
        nested.graph.as_mut().unwrap().node.push(outer);
        proto.graph.as_mut().unwrap().initializer.push(tensor);
        [proto, nested].map(|proto| Network::from_proto("a.onnx".into(), PathBuf::new(), proto).map_err(|e| e.message))
    };
    for outside in ["../w.bin", "/etc/passwd", "a/../../w.bin", "", "..\\w.bin"] {
        for refused in location(outside) {
            let expected = format!("a.onnx keeps tensor w in {outside:?}, outside its own folder; that is not read.");
            assert_eq!(refused.unwrap_err(), expected);
        }
    }
    assert!(location("weights/w.bin").iter().all(Result::is_ok));
}

#[test]
fn operators_that_tract_has_not() {
    let proto = model(&[("x", &[1])], vec![node("Frobnicate", &["x"], &["y"])], &["y"]);
    let expected = "made.onnx cannot be run: tract has no operator Frobnicate (node Frobnicate_y).";
    assert_eq!(unfit(proto, &Shapes::new()), expected);
    // In a branch it matters to those who take that branch.
    let inner = if_node(&[node("Frobnicate", &["x"], &["y"])], &[node("Relu", &["x"], &["y"])]);
    let graph = Graph::build(&network(model(&[("x", &[1])], inner, &["y"])), &Shapes::new()).unwrap();
    let run = |x: f32| graph.run(&[tensor(&[1], &[x])], &mut |_, _, _| {}, &|| false);
    assert_eq!(run(1.0).unwrap_err().message, expected);
    assert!(run(-1.0).is_ok());
    let both = if_node(&[node("Frobnicate", &["x"], &["y"])], &[node("Frobnicate", &["x"], &["y"])]);
    assert_eq!(unfit(model(&[("x", &[1])], both, &["y"]), &Shapes::new()), expected);
}

/// A condition that x decides, and a branch of these nodes for either case.
fn if_node(yes: &[NodeProto], no: &[NodeProto]) -> Vec<NodeProto> {
    let sum = ints(node("ReduceSum", &["x"], &["sum"]), "keepdims", &[0]);
    let zero = constant("zero", &[], &[0.0]);
    let chosen = branches(node("If", &["condition"], &["y"]), (yes, &["y"]), (no, &["y"]));
    vec![sum, zero, node("Greater", &["sum", "zero"], &["condition"]), chosen]
}

#[test]
fn only_the_branch_that_is_taken_has_to_fit() {
    let flat = if_node(&[node("Flatten", &["x"], &["y"])], &[node("MatMul", &["x", "x"], &["y"])]);
    let graph = Graph::build(&network(model(&[("x", &[1, 2, 3])], flat, &["y"])), &Shapes::new()).unwrap();
    let (outputs, _) = run(&graph, &[tensor(&[1, 2, 3], &[1.0; 6])]);
    assert_eq!(outputs[0].shape(), [1, 6]);
    let error = graph.run(&[tensor(&[1, 2, 3], &[-1.0; 6])], &mut |_, _, _| {}, &|| false).unwrap_err().message;
    assert!(error.starts_with("made.onnx cannot be prepared (") && error.contains("MatMul_y"), "{error}");
}

#[test]
fn shapes_that_are_missing_or_wrong() {
    let none = Shapes::new();
    assert_eq!(unfit(relu(&[-1, 3]), &none), "made.onnx takes x nx3: give its shape, such as x=1x3.");
    let wrong = unfit(relu(&[-1, 3]), &shapes(&[("x", &[2, 4])]));
    assert_eq!(wrong, "made.onnx takes x nx3, and 2x4 was given.");
    let unknown = unfit(relu(&[1]), &shapes(&[("input", &[1])]));
    assert_eq!(unknown, "made.onnx has no input input; its inputs are x.");
    let inside = model(&[("x", &[2, 3]), ("y", &[4, 5])], vec![node("MatMul", &["x", "y"], &["z"])], &["z"]);
    let inside = unfit(inside, &none);
    assert!(inside.starts_with("made.onnx cannot be prepared (") && inside.contains("MatMul_z"), "{inside}");
    let dangling = unfit(model(&[("x", &[1])], vec![node("Add", &["x", "w"], &["y"])], &["y"]), &none);
    assert!(dangling.contains("no node makes the tensor w"), "{dangling}");
}

#[test]
fn samples_that_do_not_fit() {
    let graph = Graph::build(&network(relu(&[1, 3])), &Shapes::new()).unwrap();
    let fail = |sample: &[Tensor]| graph.run(sample, &mut |_, _, _| {}, &|| false).unwrap_err().message;
    assert_eq!(fail(&[]), "made.onnx takes 1 inputs, and 0 were given.");
    let given = fail(&[tensor(&[3, 1], &[0.0; 3])]);
    assert_eq!(given, "made.onnx takes 1x3 of F32 as x, and 3x1 of F32 was given.");
    let typed = fail(&[Tensor::from_shape(&[1, 3], &[1_i64; 3]).unwrap()]);
    assert_eq!(typed, "made.onnx takes 1x3 of F32 as x, and 1x3 of I64 was given.");
}

#[test]
fn a_node_that_fails_while_it_runs_is_named() {
    let mut index = port("i", Some(&[1]));
    if let Some(type_proto::Value::TensorType(tensor)) = index.r#type.as_mut().and_then(|t| t.value.as_mut()) {
        tensor.elem_type = tensor_proto::DataType::Int64 as i32;
    }
    let mut proto = model(&[("x", &[3, 2])], vec![node("Gather", &["x", "i"], &["y"])], &["y"]);
    proto.graph.as_mut().unwrap().input.push(index);
    let graph = Graph::build(&network(proto), &Shapes::new()).unwrap();
    let run = |i: i64| {
        let sample = [tensor(&[3, 2], &[0.0; 6]), Tensor::from_shape(&[1], &[i]).unwrap()];
        graph.run(&sample, &mut |_, _, _| {}, &|| false)
    };
    assert!(run(2).is_ok());
    let failed = run(7).unwrap_err();
    assert_eq!(failed.kind, ErrorKind::Failed);
    let message = failed.message;
    assert!(message.starts_with("made.onnx cannot be run: node \"Gather_y\" fails ("), "{message}");
}

/// Whatever is wrong with the bytes of a file is said in a sentence, or is not wrong: the classifier, cut short and with
/// bytes changed at 200 places. Most of it is weights, so that half of the places are among the nodes' own bytes.
#[test]
fn damaged_files_never_panic() {
    let whole = std::fs::read(cls_path()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.onnx");
    let start = std::time::Instant::now();
    let (mut refused, mut opened, mut built) = (0, 0, 0);
    for i in 0..200_usize {
        // Spread over the file, and over the bytes that a name or tag lies in.
        let at = if i % 2 == 0 { whole.len() / 200 * i + i } else { 13 * i };
        let bytes = match i % 4 {
            0 => whole[..at].to_vec(),
            kind => {
                let mut bytes = whole.clone();
                bytes[at] ^= [0, 0x01, 0x80, 0xff][kind];
                bytes
            }
        };
        std::fs::write(&path, bytes).unwrap();
        match Network::open(&path) {
            Err(error) => {
                assert!(error.message.ends_with('.') && !error.message.contains('\n'), "{error}");
                refused += 1;
            }
            Ok(network) => {
                opened += 1;
                network.weights().iter().for_each(|weight| drop(network.weight_values(weight)));
                // Preparing takes longer than all the rest.
                if i % 3 == 0 && start.elapsed().as_secs() < 4 {
                    match Graph::build(&network, &shapes(&[("x", &[1, 3, 48, 192])])) {
                        Err(error) => assert!(error.message.ends_with('.'), "{error}"),
                        Ok(_) => built += 1,
                    }
                }
            }
        }
    }
    assert!(refused > 50 && opened > 50 && built > 0, "{refused} {opened} {built}");
}
