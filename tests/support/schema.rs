//! A validator for the part of JSON Schema that `docs/schema` is written in. A keyword that it does not know is an error,
//! so that nothing is passed over.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

/// The schemas of `docs/schema`, by their file's name.
pub struct Schemas(BTreeMap<String, Value>);

const KNOWN: [&str; 21] = [
    "$schema",
    "$id",
    "$defs",
    "$ref",
    "title",
    "description",
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "enum",
    "const",
    "anyOf",
    "minimum",
    "maximum",
    "minItems",
    "maxItems",
    "minLength",
    "maxLength",
    "examples",
];

impl Schemas {
    pub fn read() -> Schemas {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema");
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let read = |path: std::path::PathBuf| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let schema =
                serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap_or_else(|e| panic!("{name}: {e}"));
            (name, schema)
        };
        Schemas(files.map(read).collect())
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// What is wrong with a document. An object whose properties are listed may have no other: a document that has grown a
    /// key has to say so in its schema, though readers pass over what they do not know.
    pub fn faults(&self, file: &str, document: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        let schema = self.0.get(file).unwrap_or_else(|| panic!("there is no schema {file}"));
        self.check(file, schema, document, "", &mut faults);
        faults
    }

    fn check(&self, file: &str, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
        let entries = schema.as_object().unwrap_or_else(|| panic!("{file} at {at}: a schema is an object"));
        for (keyword, says) in entries {
            assert!(KNOWN.contains(&keyword.as_str()), "{file}: the keyword {keyword} is not known");
            match keyword.as_str() {
                "$ref" => {
                    let (of, schema) = self.resolve(file, says.as_str().unwrap());
                    self.check(of, schema, value, at, faults);
                }
                "type" => {
                    let types: Vec<&str> = match says {
                        Value::Array(all) => all.iter().map(|t| t.as_str().unwrap()).collect(),
                        one => vec![one.as_str().unwrap()],
                    };
                    if !types.iter().any(|of| is(of, value)) {
                        faults.push(format!("{at}: {value} is no {}", types.join(" or ")));
                    }
                }
                "properties" => {
                    for (key, schema) in says.as_object().unwrap() {
                        if let Some(value) = value.get(key) {
                            self.check(file, schema, value, &format!("{at}/{key}"), faults);
                        }
                    }
                }
                "required" => {
                    for key in says.as_array().unwrap().iter().map(|key| key.as_str().unwrap()) {
                        if value.is_object() && value.get(key).is_none() {
                            faults.push(format!("{at}: {key} is missing"));
                        }
                    }
                }
                "items" => {
                    for (i, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.check(file, says, item, &format!("{at}/{i}"), faults);
                    }
                }
                "enum" if !says.as_array().unwrap().contains(value) => {
                    faults.push(format!("{at}: {value} is none of {says}"));
                }
                "const" if says != value => faults.push(format!("{at}: {value} is not {says}")),
                "anyOf" => {
                    let fits = |schema: &Value| {
                        let mut faults = Vec::new();
                        self.check(file, schema, value, at, &mut faults);
                        faults.is_empty()
                    };
                    if !says.as_array().unwrap().iter().any(fits) {
                        faults.push(format!("{at}: {value} is none of what it may be"));
                    }
                }
                "minimum" if value.as_f64().is_some_and(|x| x < says.as_f64().unwrap()) => {
                    faults.push(format!("{at}: {value} is below {says}"));
                }
                "maximum" if value.as_f64().is_some_and(|x| x > says.as_f64().unwrap()) => {
                    faults.push(format!("{at}: {value} is above {says}"));
                }
                "minItems" | "maxItems" | "minLength" | "maxLength" => {
                    let length = match value {
                        Value::Array(items) => items.len(),
                        Value::String(text) => text.chars().count(),
                        _ => continue,
                    };
                    let limit = says.as_u64().unwrap() as usize;
                    if (keyword.starts_with("min") && length < limit) || (keyword.starts_with("max") && length > limit)
                    {
                        faults.push(format!("{at}: it has {length}, and {keyword} is {limit}"));
                    }
                }
                _ => {}
            }
        }
        let more = entries.get("additionalProperties");
        let listed = entries.get("properties").and_then(Value::as_object);
        if let (Some(object), true) = (value.as_object(), more.is_some() || listed.is_some()) {
            for (key, value) in object.iter().filter(|(key, _)| listed.is_none_or(|listed| !listed.contains_key(*key)))
            {
                let at = format!("{at}/{key}");
                match more {
                    Some(schema) if schema.is_object() => self.check(file, schema, value, &at, faults),
                    Some(Value::Bool(true)) => {}
                    _ => faults.push(format!("{at} stands in no schema")),
                }
            }
        }
    }

    fn resolve<'a>(&'a self, file: &'a str, reference: &'a str) -> (&'a str, &'a Value) {
        let (other, place) = reference.split_once('#').unwrap_or((reference, ""));
        let file = if other.is_empty() { file } else { other };
        let schema = self.0.get(file).and_then(|schema| schema.pointer(place));
        (file, schema.unwrap_or_else(|| panic!("{reference} leads nowhere")))
    }
}

fn is(of: &str, value: &Value) -> bool {
    match of {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        of => panic!("there is no type {of}"),
    }
}
