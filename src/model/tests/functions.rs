//! Functions that a file defines itself.

use super::*;
use tract_onnx::pb::FunctionProto;

fn function(name: &str, inputs: &[&str], outputs: &[&str], nodes: Vec<NodeProto>) -> FunctionProto {
    let texts = |texts: &[&str]| texts.iter().map(|text| text.to_string()).collect();
    FunctionProto {
        name: Some(name.into()),
        domain: Some("my.domain".into()),
        input: texts(inputs),
        output: texts(outputs),
        opset_import: vec![OperatorSetIdProto { domain: String::new(), version: 13 }],
        node: nodes,
        ..FunctionProto::default()
    }
}

fn call(name: &str, inputs: &[&str], outputs: &[&str]) -> NodeProto {
    NodeProto { domain: "my.domain".into(), ..node(name, inputs, outputs) }
}

fn with(functions: Vec<FunctionProto>, nodes: Vec<NodeProto>) -> ModelProto {
    ModelProto { functions, ..model(&[("x", &[2])], nodes, &["y"]) }
}

fn outcome(proto: ModelProto) -> (Vec<f32>, Vec<String>) {
    let graph = Graph::build(&network(proto), &Shapes::new()).unwrap();
    let (outputs, seen) = run(&graph, &[tensor(&[2], &[-1.0, 2.0])]);
    (floats(&outputs[0]), seen.into_keys().collect())
}

fn refusal(proto: ModelProto) -> String {
    Network::from_proto("made.onnx".into(), PathBuf::new(), proto).unwrap_err().message
}

fn twice() -> FunctionProto {
    function("Relu", &["a"], &["b"], vec![node("Add", &["a", "a"], &["b"])])
}

#[test]
fn a_function_is_what_the_file_says_whatever_its_name() {
    let (y, _) = outcome(with(vec![twice()], vec![call("Relu", &["x"], &["y"])]));
    assert_eq!(y, [-2.0, 4.0]);
    // ONNX's own beside it.
    let (y, _) = outcome(with(vec![twice()], vec![node("Relu", &["x"], &["z"]), call("Relu", &["z"], &["y"])]));
    assert_eq!(y, [0.0, 4.0]);
}

#[test]
fn what_is_inside_is_seen_under_the_call_s_name() {
    let inner = vec![call("Relu", &["a"], &["t"]), node("Neg", &["t"], &["u"]), call("Relu", &["u"], &["b"])];
    let outer = function("Outer", &["a"], &["b"], inner);
    let nodes = vec![call("Outer", &["x"], &["m"]), call("Outer", &["m"], &["y"])];
    let (y, seen) = outcome(with(vec![twice(), outer], nodes));
    assert_eq!(y, [-16.0, 32.0]);
    assert_eq!(seen, ["Outer_m/t", "Outer_m/u", "Outer_y/t", "Outer_y/u", "m", "x", "y"]);
}

#[test]
fn attributes_of_a_call_reach_the_nodes_inside() {
    let mut elu = node("Elu", &["a"], &["b"]);
    elu.attribute.push(AttributeProto {
        name: "alpha".into(),
        ref_attr_name: "slope".into(),
        r#type: attribute_proto::AttributeType::Float as i32,
        ..AttributeProto::default()
    });
    let function = function("Bend", &["a"], &["b"], vec![elu]);
    let mut bend = call("Bend", &["x"], &["y"]);
    let (y, _) = outcome(with(vec![function.clone()], vec![bend.clone()]));
    assert!((y[0] - (-1_f32).exp_m1()).abs() < 1e-6, "{y:?}");
    bend.attribute.push(AttributeProto {
        name: "slope".into(),
        f: 3.0,
        r#type: attribute_proto::AttributeType::Float as i32,
        ..AttributeProto::default()
    });
    let (y, _) = outcome(with(vec![function], vec![bend]));
    assert!((y[0] - 3.0 * (-1_f32).exp_m1()).abs() < 1e-6, "{y:?}");
}

#[test]
fn inputs_handed_on_and_left_out() {
    let through = function("Through", &["a", "lowest"], &["c", "b"], vec![node("Clip", &["a", "lowest"], &["b"])]);
    let through = FunctionProto { output: vec!["a".into(), "b".into()], ..through };
    let nodes = vec![call("Through", &["x"], &["same", "clipped"]), node("Sub", &["same", "clipped"], &["y"])];
    assert_eq!(outcome(with(vec![through], nodes)).0, [0.0, 0.0]);
}

#[test]
fn functions_inside_branches() {
    let condition = vec![
        ints(node("ReduceSum", &["x"], &["sum"]), "keepdims", &[0]),
        constant("zero", &[], &[0.0]),
        node("Greater", &["sum", "zero"], &["condition"]),
    ];
    let twice_inside = call("Relu", &["x"], &["y"]);
    let chosen = branches(
        node("If", &["condition"], &["y"]),
        (&[twice_inside], &["y"]),
        (&[node("Neg", &["x"], &["y"])], &["y"]),
    );
    let (y, _) = outcome(with(vec![twice()], [condition, vec![chosen]].concat()));
    assert_eq!(y, [-2.0, 4.0]);
}

#[test]
fn functions_that_cannot_be_written_out() {
    let itself = function("Relu", &["a"], &["b"], vec![call("Relu", &["a"], &["b"])]);
    let recursive = refusal(with(vec![itself], vec![call("Relu", &["x"], &["y"])]));
    assert_eq!(recursive, "made.onnx defines a function Relu that calls itself.");
    let two = refusal(with(vec![twice(), twice()], vec![call("Relu", &["x"], &["y"])]));
    assert!(two.contains("defines several functions Relu, and which of them node Relu_y calls is not read"), "{two}");
    let mut older = function("Old", &["a"], &["b"], vec![node("Softmax", &["a"], &["b"])]);
    older.opset_import[0].version = 11;
    let older = refusal(with(vec![older], vec![call("Old", &["x"], &["y"])]));
    assert!(older.contains("defines a function Old with Softmax of opset 11, which means something else"), "{older}");
}
