//! `--scales FILE`: a document that is taken up again.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use crate::report::{Scales, number, visible};
use crate::session::{Key, Names, Rules, Session, Setting, Subject, TakenUp, Wanted};

/// Names of tensors that a sentence lists before it counts the rest.
const NAMED: usize = 5;

/// What is taken up, and what becomes of the rest.
#[derive(Args, Clone, Default)]
#[command(next_help_heading = "Taking work up again")]
pub(super) struct ScalesArgs {
    /// Takes the decisions of this qviz.scales/1 document up by the tensors' names: clips made by hand as they are, methods
    /// on the data at hand, formats, ties, axes, and what stays in float
    #[arg(long, value_name = "FILE", value_parser = read)]
    pub scales: Option<Document>,
    /// Keeps every clip of the document, also where its method would choose another one on the data at hand
    #[arg(long, requires = "scales")]
    pub frozen: bool,
    /// Leaves out of an export what the document holds and the data at hand do not
    #[arg(long, requires = "scales")]
    pub drop_missing: bool,
}

/// A document that was read, and what it wants.
#[derive(Clone)]
pub(super) struct Document {
    pub path: PathBuf,
    pub scales: Arc<Scales>,
    wanted: Arc<[Wanted]>,
}

fn read(text: &str) -> Result<Document, String> {
    let path = PathBuf::from(text);
    let name = visible(text);
    let bytes = std::fs::read(&path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("{name} does not exist; check the path"),
        kind => format!("{name} cannot be read: {kind}"),
    })?;
    let scales = Scales::read(&bytes, &name).map_err(|error| error.to_string())?;
    let wanted = scales.wanted().map_err(|error| error.to_string())?;
    Ok(Document { path, scales: Arc::new(scales), wanted: wanted.into() })
}

impl ScalesArgs {
    fn wanted(&self) -> &[Wanted] {
        self.scales.as_ref().map_or(&[], |document| &document.wanted)
    }

    /// The ids of the methods that the document's clips come from, and of those that others stood in for.
    pub fn methods(&self) -> impl Iterator<Item = &str> {
        self.wanted().iter().flat_map(|w| {
            let each = w.methods.iter().flatten().map(String::as_str);
            std::iter::once(w.method.as_str()).chain(each)
        })
    }

    /// The axes along which its tensors have a range for each channel.
    pub fn rules(&self, rules: Rules) -> Rules {
        let along = |rules: Rules, wanted: &Wanted| match wanted.axis {
            None => rules,
            Some(axis) => {
                let key = wanted.key.clone();
                let is_it = move |s: &Subject| s.kind == key.kind() && s.name == key.name();
                rules.by_default(is_it, Setting::Axis(axis as i64))
            }
        };
        self.wanted().iter().fold(rules, along)
    }

    /// The tensors that share one range in it, each tie once.
    pub fn ties(&self) -> Vec<Names> {
        let mut ties: Vec<Vec<&str>> = Vec::new();
        for wanted in self.wanted().iter().filter(|w| !w.tied_with.is_empty()) {
            let mut of: Vec<&str> = wanted.tied_with.iter().map(String::as_str).chain([wanted.key.name()]).collect();
            of.sort_unstable();
            if !ties.contains(&of) {
                ties.push(of);
            }
        }
        ties.into_iter().map(Names::exactly).collect()
    }

    /// Has the session take it up as the tensors come.
    pub fn expect(&self, session: &mut Session) {
        if let Some(document) = &self.scales {
            let label = format!("taking up {}", visible(&document.path.to_string_lossy()));
            session.expect(&label, document.wanted.to_vec(), self.frozen);
        }
    }

    /// The document whose tensors an export keeps where the data at hand do not hold them.
    pub fn kept(&self) -> Option<Arc<Scales>> {
        self.scales.as_ref().filter(|_| !self.drop_missing).map(|document| document.scales.clone())
    }

    /// What became of it, a sentence each, the first one in short.
    pub fn in_words(&self, taken: &TakenUp) -> Vec<String> {
        let Some(document) = &self.scales else { return Vec::new() };
        let name = visible(&document.path.to_string_lossy());
        let mut said = vec![format!("{name}: {} taken up", number::of(taken.taken as u64, "tensor"))];
        if !taken.missing.is_empty() {
            let fate = if self.drop_missing { "left out of an export" } else { "kept in an export" };
            said.push(format!("{name} holds what is not here, {fate}: {}", listed(&taken.missing)));
        }
        if !taken.new.is_empty() {
            said.push(format!("{name} knows nothing of: {}", listed(&taken.new)));
        }
        said.extend(taken.problems.iter().map(|problem| visible(problem)));
        said
    }
}

fn listed(keys: &[Key]) -> String {
    let names: Vec<String> = keys.iter().take(NAMED).map(|key| visible(key.name())).collect();
    match keys.len().saturating_sub(NAMED) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}
