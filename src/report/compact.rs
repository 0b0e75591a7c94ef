//! JSON whose lists of numbers stand on one line.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;

use super::visible;

/// A document in as few lines as can be read.
pub(super) fn compact(document: &impl Serialize) -> String {
    let mut json = Vec::new();
    let written = document.serialize(&mut Serializer::with_formatter(&mut json, Compact::default()));
    written.expect("the document holds nothing that JSON cannot");
    visible::of_json(&String::from_utf8(json).expect("serde_json writes UTF-8"))
}

/// Objects are indented as in any document; a list of anything but objects is one line, however long, which is a third of
/// the bytes where channels have ranges of their own.
#[derive(Default)]
struct Compact {
    depth: usize,
    /// Of each list around, whether it holds objects.
    lists: Vec<bool>,
    /// Whether the object around has an entry.
    filled: bool,
    /// Whether what comes next stands in a list.
    in_list: bool,
}

impl Compact {
    fn line<W: ?Sized + Write>(&self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b"\n")?;
        (0..self.depth).try_for_each(|_| writer.write_all(b"  "))
    }
}

impl Formatter for Compact {
    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.lists.push(false);
        self.depth += 1;
        writer.write_all(b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth -= 1;
        if self.lists.pop() == Some(true) {
            self.line(writer)?;
        }
        writer.write_all(b"]")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.in_list = true;
        if first { Ok(()) } else { writer.write_all(b",") }
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        if std::mem::take(&mut self.in_list) {
            self.lists.last_mut().into_iter().for_each(|objects| *objects = true);
            self.line(writer)?;
        }
        self.depth += 1;
        self.filled = false;
        writer.write_all(b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth -= 1;
        if self.filled {
            self.line(writer)?;
        }
        // What is around holds this one.
        self.filled = true;
        writer.write_all(b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if !first {
            writer.write_all(b",")?;
        }
        self.filled = true;
        self.line(writer)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.in_list = false;
        writer.write_all(b": ")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_of_numbers_stand_on_one_line_and_mean_the_same() {
        let document = json!({ "a": [1, 2.5, null], "b": [{ "c": [] }, { "d": {}, "e": ["x", [1]] }], "f": [] });
        let text = compact(&document);
        let lines = [
            "{",
            "  \"a\": [1,2.5,null],",
            "  \"b\": [",
            "    {",
            "      \"c\": []",
            "    },",
            "    {",
            "      \"d\": {},",
            "      \"e\": [\"x\",[1]]",
            "    }",
            "  ],",
            "  \"f\": []",
            "}",
            "",
        ];
        assert_eq!(text, lines.join("\n"));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), document);
    }
}
