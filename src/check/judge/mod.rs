//! The rules at work: each file here looks for one kind of trouble.

mod channels;
mod checkpoint;
mod each;
mod graph;
mod names;
mod seen;
mod siblings;

use std::collections::HashSet;

use super::Seen;
use super::fact::Fact;
use super::finding::Findings;
use super::graph::Graph;
use super::read::Read;
use super::rule;

/// Whatever can be said of a file from what stands in it.
pub(super) fn file(read: &Read, findings: &mut Findings) {
    if read.facts.is_empty() && findings.all.iter().all(|finding| *finding.rule != rule::FILE_UNREAD) {
        findings.file(&rule::FILE_EMPTY, "it has no scale");
    }
    let facts: Vec<_> = read.facts.iter().filter(|fact| !fact.float).collect();
    for fact in &facts {
        each::judge(fact, findings);
        channels::judge(fact, findings);
    }
    names::judge(&read.format, &facts, findings);
    siblings::judge(&facts, findings);
    if read.format == "checkpoint" || read.format == "kv-scales" {
        checkpoint::judge(&facts, &read.stored, findings);
    }
}

/// What can be said beside the model. `own`: the file is the model.
pub(super) fn beside_model(read: &Read, graph: &Graph, own: bool, findings: &mut Findings) {
    // A file that says nothing has been told so once.
    if !read.facts.is_empty() {
        graph::judge(read, graph, own, findings);
    }
}

/// What can be said beside activations; constants of the model are none.
pub(super) fn beside_data(read: &Read, seen: &[Seen], graph: Option<&Graph>, findings: &mut Findings) {
    let constants = graph.map_or(&[][..], |graph| &graph.constants);
    let constants: HashSet<&str> = constants.iter().map(String::as_str).collect();
    let flows = |fact: &&Fact| !fact.float && !constants.contains(fact.name.as_str());
    let facts: Vec<&Fact> = read.facts.iter().filter(flows).collect();
    seen::judge(&facts, seen, findings);
}
