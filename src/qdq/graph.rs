//! A graph, in the order of its file.

use super::node::Node;
use super::wire::{Field, fields, put_bytes, put_number, put_text};
use std::borrow::Cow;

/// How deep graphs may stand inside one another.
const DEEPEST: usize = 32;

/// A graph's nodes, constants and ports, with everything else that it holds between them.
#[derive(Clone, Debug)]
pub(super) struct Graph<'a> {
    pub items: Vec<Item<'a>>,
    /// In how many graphs it stands.
    pub depth: usize,
}

/// A field of a graph.
#[derive(Clone, Debug)]
pub(super) enum Item<'a> {
    Node(Node<'a>),
    Initializer(Tensor<'a>),
    Port(Port<'a>),
    /// With its tag and its length.
    Other(Field<'a>),
}

/// An input (field 11), an output (12), or what the file says of a tensor between (13).
#[derive(Clone, Debug)]
pub(super) struct Port<'a> {
    pub field: u32,
    pub name: &'a str,
    content: &'a [u8],
    raw: &'a [u8],
}

pub(super) const INPUT: u32 = 11;
pub(super) const OUTPUT: u32 = 12;
pub(super) const BETWEEN: u32 = 13;

/// A constant, as its message.
#[derive(Clone, Debug)]
pub(super) struct Tensor<'a> {
    pub name: Cow<'a, str>,
    /// Whether its bytes lie in another file.
    pub is_external: bool,
    pub content: Cow<'a, [u8]>,
    /// Its field in the graph, as long as the content is the file's.
    raw: &'a [u8],
}

impl<'a> Graph<'a> {
    /// Reads a graph that stands in so many others.
    pub fn read(bytes: &'a [u8], depth: usize) -> Result<Graph<'a>, String> {
        if depth > DEEPEST {
            return Err(format!("more than {DEEPEST} graphs stand in one another"));
        }
        let mut items = Vec::new();
        for field in fields(bytes) {
            let field = field?;
            items.push(match field.number {
                1 => Item::Node(Node::read(&field)?),
                5 => Item::Initializer(Tensor::read(&field)?),
                INPUT | OUTPUT | BETWEEN => Item::Port(Port::read(field)?),
                _ => Item::Other(field),
            });
        }
        Ok(Graph { items, depth })
    }

    pub fn nodes(&self) -> impl Iterator<Item = &Node<'a>> {
        self.items.iter().filter_map(|item| if let Item::Node(node) = item { Some(node) } else { None })
    }

    pub fn nodes_mut(&mut self) -> impl Iterator<Item = &mut Node<'a>> {
        self.items.iter_mut().filter_map(|item| if let Item::Node(node) = item { Some(node) } else { None })
    }

    pub fn initializers(&self) -> impl Iterator<Item = &Tensor<'a>> {
        self.items.iter().filter_map(|item| if let Item::Initializer(tensor) = item { Some(tensor) } else { None })
    }

    /// The ports of this kind.
    pub fn ports(&self, of: u32) -> impl Iterator<Item = &Port<'a>> {
        let is = move |port: &&Port| port.field == of;
        self.items.iter().filter_map(|item| if let Item::Port(port) = item { Some(port) } else { None }).filter(is)
    }

    /// The names that it gives: what is fed, what is constant, what nodes make.
    pub fn defined(&self) -> impl Iterator<Item = &str> {
        let fed = self.ports(INPUT).map(|port| port.name);
        let constants = self.initializers().map(|tensor| &*tensor.name);
        let made = self.nodes().flat_map(|node| node.outputs.iter().map(|output| &**output));
        fed.chain(constants).chain(made).filter(|name| !name.is_empty())
    }

    /// Its message.
    pub fn write(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for item in &self.items {
            match item {
                Item::Node(node) => node.write(&mut out),
                Item::Initializer(tensor) => tensor.write(&mut out),
                Item::Port(port) => out.extend_from_slice(port.raw),
                Item::Other(field) => out.extend_from_slice(field.raw),
            }
        }
        out
    }
}

impl<'a> Port<'a> {
    fn read(field: Field<'a>) -> Result<Port<'a>, String> {
        let (mut name, content) = ("", field.bytes()?);
        for part in fields(content) {
            let part = part?;
            if part.number == 1 {
                name = part.text()?;
            }
        }
        Ok(Port { field: field.number, name, content, raw: field.raw })
    }

    /// The message of its type, if that is a tensor's.
    fn tensor_type(&self) -> Option<&'a [u8]> {
        inside(inside(self.content, 2)?, 1)
    }

    /// The number of its axes, where the file says it.
    pub fn rank(&self) -> Option<usize> {
        let shape = inside(self.tensor_type()?, 2)?;
        Some(fields(shape).filter_map(Result::ok).filter(|field| field.number == 1).count())
    }
}

/// The message that stands in this field.
fn inside(bytes: &[u8], number: u32) -> Option<&[u8]> {
    fields(bytes).filter_map(Result::ok).filter(|field| field.number == number).last()?.bytes().ok()
}

impl<'a> Tensor<'a> {
    fn read(whole: &Field<'a>) -> Result<Tensor<'a>, String> {
        let (mut name, mut is_external) = ("", false);
        let content = whole.bytes()?;
        for field in fields(content) {
            let field = field?;
            match field.number {
                8 => name = field.text()?,
                14 => is_external = field.whole()? == 1,
                _ => {}
            }
        }
        Ok(Tensor { name: name.into(), is_external, content: content.into(), raw: whole.raw })
    }

    /// A new one, by the bytes of its values.
    pub fn new(name: &str, element: i32, dims: &[i64], raw: &[u8]) -> Tensor<'a> {
        let mut content = head(name, element, dims);
        put_bytes(&mut content, 9, raw);
        Tensor::of(name, false, content)
    }

    /// A new one, whose values lie in another file.
    pub fn external(name: &str, element: i32, dims: &[i64], location: &str, offset: u64, length: u64) -> Tensor<'a> {
        let mut content = head(name, element, dims);
        put_external(&mut content, location, offset, length);
        Tensor::of(name, true, content)
    }

    fn of(name: &str, is_external: bool, content: Vec<u8>) -> Tensor<'a> {
        let (name, content) = (name.to_owned().into(), content.into());
        Tensor { name, is_external, content, raw: &[] }
    }

    fn write(&self, out: &mut Vec<u8>) {
        match &self.content {
            Cow::Borrowed(_) => out.extend_from_slice(self.raw),
            Cow::Owned(content) => put_bytes(out, 5, content),
        }
    }
}

fn head(name: &str, element: i32, dims: &[i64]) -> Vec<u8> {
    let mut content = Vec::new();
    dims.iter().for_each(|n| put_number(&mut content, 1, *n));
    put_number(&mut content, 2, i64::from(element));
    put_text(&mut content, 8, name);
    content
}

/// Says in which file, and where in it, a tensor's bytes lie.
pub(super) fn put_external(content: &mut Vec<u8>, location: &str, offset: u64, length: u64) {
    for (key, value) in [("location", location), ("offset", &offset.to_string()), ("length", &length.to_string())] {
        let mut entry = Vec::new();
        put_text(&mut entry, 1, key);
        put_text(&mut entry, 2, value);
        put_bytes(content, 13, &entry);
    }
    put_number(content, 14, 1);
}
