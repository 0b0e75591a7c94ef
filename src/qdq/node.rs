//! A node of a graph, with the bytes that it stood in.

use super::wire::{Field, fields, put_bytes, put_number, put_text};
use std::borrow::Cow;
use std::ops::Deref;

/// A node: as it stood in the file until it is edited.
#[derive(Clone, Debug)]
pub(super) struct Node<'a> {
    /// Its field in the graph; `None` of what is new or edited.
    raw: Option<&'a [u8]>,
    parts: Parts<'a>,
}

/// What a node says.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts<'a> {
    pub inputs: Vec<Cow<'a, str>>,
    pub outputs: Vec<Cow<'a, str>>,
    pub name: Cow<'a, str>,
    pub op: Cow<'a, str>,
    pub domain: Cow<'a, str>,
    pub attributes: Vec<Attribute<'a>>,
    /// Fields that nothing here changes: documentation, metadata, what came after this was written.
    rest: Vec<&'a [u8]>,
}

impl<'a> Deref for Node<'a> {
    type Target = Parts<'a>;

    fn deref(&self) -> &Parts<'a> {
        &self.parts
    }
}

impl<'a> Node<'a> {
    /// Reads a node out of its field.
    pub fn read(whole: &Field<'a>) -> Result<Node<'a>, String> {
        let mut parts = Parts::default();
        for field in fields(whole.bytes()?) {
            let field: Field<'a> = field?;
            match field.number {
                1 => parts.inputs.push(field.text()?.into()),
                2 => parts.outputs.push(field.text()?.into()),
                3 => parts.name = field.text()?.into(),
                4 => parts.op = field.text()?.into(),
                5 => parts.attributes.push(Attribute::read(field.bytes()?)?),
                7 => parts.domain = field.text()?.into(),
                _ => parts.rest.push(field.raw),
            }
        }
        Ok(Node { raw: Some(whole.raw), parts })
    }

    /// A new one of ONNX's own operators.
    pub fn new(op: &'static str, name: &str, inputs: &[&str], output: &str) -> Node<'a> {
        let owned = |name: &&str| Cow::Owned((*name).to_owned());
        let parts = Parts {
            inputs: inputs.iter().map(owned).collect(),
            outputs: vec![owned(&output)],
            name: owned(&name),
            op: op.into(),
            ..Parts::default()
        };
        Node { raw: None, parts }
    }

    /// The same with one more attribute.
    pub fn with(mut self, attribute: Attribute<'a>) -> Node<'a> {
        self.edit().attributes.push(attribute);
        self
    }

    /// What it says, to be changed.
    pub fn edit(&mut self) -> &mut Parts<'a> {
        self.raw = None;
        &mut self.parts
    }

    /// Its attribute of this name.
    pub fn attribute(&self, name: &str) -> Option<&Attribute<'a>> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    /// Takes an attribute away.
    pub fn take(&mut self, name: &str) -> Option<Attribute<'a>> {
        let at = self.attributes.iter().position(|attribute| attribute.name == name)?;
        Some(self.edit().attributes.remove(at))
    }

    /// Whether it is of ONNX's own domain.
    pub fn is_own(&self) -> bool {
        matches!(&*self.domain, "" | "ai.onnx")
    }

    /// Its name, or its first output's where it has none.
    pub fn called(&self) -> &str {
        if self.name.is_empty() { self.outputs.first().map_or("", |output| output) } else { &self.name }
    }

    /// Writes it as a field of a graph.
    pub fn write(&self, into: &mut Vec<u8>) {
        if let Some(raw) = self.raw {
            return into.extend_from_slice(raw);
        }
        let mut out = Vec::new();
        let parts = &self.parts;
        // An input that is left out is an empty text, and counts.
        parts.inputs.iter().for_each(|input| put_bytes(&mut out, 1, input.as_bytes()));
        parts.outputs.iter().for_each(|output| put_bytes(&mut out, 2, output.as_bytes()));
        put_text(&mut out, 3, &parts.name);
        put_text(&mut out, 4, &parts.op);
        parts.attributes.iter().for_each(|attribute| put_bytes(&mut out, 5, &attribute.content));
        put_text(&mut out, 7, &parts.domain);
        parts.rest.iter().for_each(|raw| out.extend_from_slice(raw));
        put_bytes(into, 1, &out);
    }
}

/// An attribute of a node, as its message.
#[derive(Clone, Debug)]
pub(super) struct Attribute<'a> {
    pub name: Cow<'a, str>,
    pub content: Cow<'a, [u8]>,
    /// Whether there are graphs in it, or tensors that may lie in other files.
    pub is_deep: bool,
}

impl<'a> Attribute<'a> {
    fn read(content: &'a [u8]) -> Result<Attribute<'a>, String> {
        let (mut name, mut is_deep) = ("", false);
        for field in fields(content) {
            let field = field?;
            match field.number {
                1 => name = field.text()?,
                5 | 6 | 10 | 11 => is_deep = true,
                _ => {}
            }
        }
        Ok(Attribute { name: name.into(), content: content.into(), is_deep })
    }

    fn new(name: &'static str, kind: i64, write: impl FnOnce(&mut Vec<u8>)) -> Attribute<'a> {
        let mut content = Vec::new();
        put_text(&mut content, 1, name);
        write(&mut content);
        put_number(&mut content, 20, kind);
        Attribute { name: name.into(), content: content.into(), is_deep: false }
    }

    /// A whole number.
    pub fn number(name: &'static str, value: i64) -> Attribute<'a> {
        Attribute::new(name, 2, |out| put_number(out, 3, value))
    }

    /// A text.
    pub fn text(name: &'static str, value: &str) -> Attribute<'a> {
        Attribute::new(name, 3, |out| put_bytes(out, 4, value.as_bytes()))
    }

    fn fields(&self) -> impl Iterator<Item = Field<'_>> {
        // Read once already.
        fields(&self.content).filter_map(Result::ok)
    }

    /// Its whole number.
    pub fn as_number(&self) -> Option<i64> {
        self.fields().filter(|field| field.number == 3).find_map(|field| field.whole().ok())
    }

    /// Its text.
    pub fn as_text(&self) -> Option<String> {
        let found = self.fields().find(|field| field.number == 4)?;
        Some(found.text().ok()?.to_owned())
    }

    /// Its whole numbers.
    pub fn as_numbers(&self) -> Vec<i64> {
        let mut numbers = Vec::new();
        for field in self.fields().filter(|field| field.number == 8) {
            let _ = field.wholes(&mut numbers);
        }
        numbers
    }

    /// Its float, or its floats.
    pub fn as_floats(&self) -> Vec<f32> {
        let mut floats = Vec::new();
        for field in self.fields().filter(|field| matches!(field.number, 2 | 7)) {
            // The four bytes behind a tag of one, or some that are packed.
            let bytes = field.bytes().unwrap_or_else(|_| field.raw.get(1..).unwrap_or_default());
            floats.extend(bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])));
        }
        floats
    }
}
