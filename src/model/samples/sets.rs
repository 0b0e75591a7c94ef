//! From files to arrays that belong together: one for each input of the model.

use super::super::build::fixed;
use super::super::error::ModelError;
use super::super::network::{Dim, Network, Port};
use super::files::{File, Kind};
use super::pair::pair;
use super::stored::{Stored, model_error, proto};
use crate::error::{ErrorKind, Predicate};
use crate::input::{self, Part};
use std::path::{Component, Path, PathBuf};
use tract_onnx::prelude::DatumType;

/// What the model takes, as far as it is known before there is data.
pub(super) struct Wanted<'a> {
    pub port: &'a Port,
    pub dtype: DatumType,
    pub dims: Option<Vec<Dim>>,
}

/// An array for each input, in the order of the inputs.
pub(super) struct Set {
    /// What messages call it.
    pub file: String,
    pub arrays: Result<Vec<Stored>, ModelError>,
}

/// Sets in the order of the files, and sentences without their full stop about what was assumed.
pub(super) struct Sets {
    pub sets: Vec<Set>,
    pub assumptions: Vec<String>,
}

/// A file of one input.
struct OfInput {
    /// What it has in common with the files that belong to it.
    key: String,
    path: PathBuf,
    arrays: Vec<Stored>,
}

impl Sets {
    /// # Errors
    ///
    /// Files of which is not clear what input they are for, or which has none.
    pub fn of(network: &Network, wanted: &[Wanted], files: &[File]) -> Result<Sets, ModelError> {
        let mut found = Sets { sets: Vec::new(), assumptions: Vec::new() };
        let mut apart = Vec::new();
        for file in files {
            match file.kind {
                Kind::Archive => found.archive(wanted, &file.path),
                _ if wanted.len() == 1 => found.alone(&file.path, file.kind),
                _ => apart.push(file),
            }
        }
        if !apart.is_empty() {
            found.by_input(network, wanted, &apart)?;
        }
        Ok(found)
    }

    fn failed(&mut self, path: &Path, why: ModelError) {
        self.sets.push(Set { file: path.display().to_string(), arrays: Err(why) });
    }

    /// The only input's array, or several one behind the other.
    fn alone(&mut self, path: &Path, kind: Kind) {
        match stored(path, kind) {
            Ok((arrays, said)) => {
                self.say(said);
                let file = path.display().to_string();
                let set = |array| Set { file: file.clone(), arrays: Ok(vec![array]) };
                self.sets.extend(arrays.into_iter().map(set));
            }
            Err(why) => self.failed(path, why),
        }
    }

    /// An archive with an array for each input.
    fn archive(&mut self, wanted: &[Wanted], path: &Path) {
        let found = input::discover(&[path.to_owned()], None);
        if let (true, Some(error)) = (found.sources.is_empty(), found.errors.first()) {
            return self.failed(path, model_error(error.clone()));
        }
        self.say(found.errors.iter().map(|error| error.message.trim_end_matches('.').to_owned()));
        let arrays: Result<Vec<Vec<Part>>, _> = found.sources.iter().map(input::Source::arrays).collect();
        let arrays = match arrays {
            Ok(arrays) => arrays,
            Err(error) => return self.failed(path, model_error(error)),
        };
        let names = found.sources.iter().map(|source| source.parts[0].key().unwrap_or(&source.name));
        let parts: Vec<(&str, &[Part])> = names.zip(arrays.iter().map(Vec::as_slice)).collect();
        let file = path.display().to_string();
        match self.named(wanted, &file, &parts) {
            Ok(arrays) => self.spread(wanted, file, arrays),
            Err(why) => self.failed(path, ModelError::new(file, why)),
        }
    }

    /// Adds the arrays of some files. Of an array that was appended to in its file each part is a batch of its own.
    fn spread(&mut self, wanted: &[Wanted], file: String, arrays: Vec<Vec<Stored>>) {
        let sets = arrays.iter().map(Vec::len).max().unwrap_or(0);
        if let Some(ix) = arrays.iter().position(|parts| parts.len() != 1 && parts.len() != sets) {
            let name = &wanted[ix].port.name;
            let text = format!("holds {} arrays for {name} and {sets} for another input.", arrays[ix].len());
            let why = ModelError::new(arrays[ix][0].file(), text);
            return self.sets.push(Set { file, arrays: Err(why) });
        }
        for set in 0..sets {
            let one = |parts: &Vec<Stored>| parts[if parts.len() == 1 { 0 } else { set }].clone();
            self.sets.push(Set { file: file.clone(), arrays: Ok(arrays.iter().map(one).collect()) });
        }
    }

    /// Each input's array, by its name. The error is a predicate to the file's name.
    fn named(
        &mut self,
        wanted: &[Wanted],
        file: &str,
        parts: &[(&str, &[Part])],
    ) -> Result<Vec<Vec<Stored>>, Predicate> {
        let of = |parts: &[Part]| parts.iter().cloned().map(Stored::Part).collect::<Vec<_>>();
        let find = |name: &str| parts.iter().find(|(key, _)| *key == name).map(|(_, parts)| of(parts));
        let by_name: Vec<Option<Vec<Stored>>> =
            wanted.iter().map(|w| find(&w.port.name).or_else(|| w.nothing().map(|nothing| vec![nothing]))).collect();
        if by_name.iter().all(Option::is_some) {
            let extra: Vec<&str> =
                parts.iter().map(|(key, _)| *key).filter(|key| wanted.iter().all(|w| w.port.name != *key)).collect();
            if !extra.is_empty() {
                self.assumptions.push(format!("{file}: {} is for no input and is left out", list(&extra)));
            }
            return Ok(by_name.into_iter().flatten().collect());
        }
        if let (&[(key, only)], [input]) = (parts, wanted) {
            // As `np.savez` names what it is given without a name.
            if key != "arr_0" {
                let taken = format!("the array {key} is taken for {}, the model's only input", input.port.name);
                // Once, and not of each of thousands of files.
                if !self.assumptions.iter().any(|said| said.ends_with(&taken)) {
                    self.assumptions.push(format!("{file}: {taken}"));
                }
            }
            return Ok(vec![of(only)]);
        }
        // Several without names.
        let numbered = |i: usize| parts.iter().find(|(key, _)| *key == format!("arr_{i}")).map(|(_, parts)| of(parts));
        if parts.len() == wanted.len()
            && let Some(arrays) = (0..wanted.len()).map(numbered).collect::<Option<Vec<_>>>()
        {
            let name = |(i, wanted): (usize, &Wanted)| format!("arr_{i} is {}", wanted.port.name);
            let names: Vec<String> = wanted.iter().enumerate().map(name).collect();
            self.assumptions.push(format!("{file}: {}, in the order of the model's inputs", names.join(", ")));
            return Ok(arrays);
        }
        let missing: Vec<&str> =
            wanted.iter().zip(&by_name).filter(|(_, found)| found.is_none()).map(|(w, _)| &*w.port.name).collect();
        let there: Vec<&str> = parts.iter().map(|(key, _)| *key).collect();
        let ports: Vec<String> = wanted.iter().map(|w| w.port.to_string()).collect();
        let arrays = if missing.len() == 1 { "array" } else { "arrays" };
        let text = format!(
            "holds no {arrays} {}, only {}; the model takes {}: name the arrays like its inputs.",
            list(&missing),
            list(&there),
            list(&ports)
        );
        Err(Predicate::new(ErrorKind::Missing, text))
    }

    /// A file for each input: by its own name, by that of a folder it is in, or as it was said.
    fn by_input(&mut self, network: &Network, wanted: &[Wanted], files: &[&File]) -> Result<(), ModelError> {
        let mut of_input: Vec<Vec<OfInput>> = wanted.iter().map(|_| Vec::new()).collect();
        let mut strangers = Vec::new();
        for file in files {
            let Some((input, key)) = owner(network, wanted, file)? else {
                strangers.push(file.path.display().to_string());
                continue;
            };
            let (arrays, said) = match stored(&file.path, file.kind) {
                Ok(found) => found,
                Err(why) => {
                    self.failed(&file.path, why);
                    continue;
                }
            };
            self.say(said);
            of_input[input].push(OfInput { key, path: file.path.clone(), arrays });
        }
        let names: Vec<&str> = wanted.iter().map(|w| &*w.port.name).collect();
        if let Some(stranger) = strangers.first() {
            let example = format!("{}={stranger}", names[0]);
            if of_input.iter().all(Vec::is_empty) {
                let text = format!(
                    "is not named like one of the model's inputs {}, and neither is a folder that it is in; say what it \
                     is for, such as {example}.",
                    list(&names)
                );
                return Err(ModelError::new(stranger.clone(), text));
            }
            let text = match strangers.len() {
                1 => format!("{stranger} is for no input and is left out"),
                n => format!("{n} files are for no input and are left out, such as {stranger}"),
            };
            self.assumptions.push(text);
        }
        let given = |ix: &usize| !of_input[*ix].is_empty();
        let missing: Vec<&str> =
            (0..names.len()).filter(|ix| !given(ix) && wanted[*ix].nothing().is_none()).map(|ix| names[ix]).collect();
        if !missing.is_empty() {
            let there: Vec<&str> = (0..names.len()).filter(given).map(|ix| names[ix]).collect();
            let files = if missing.len() == 1 { "no file" } else { "no files" };
            let there = if there.is_empty() { String::new() } else { format!(", only for {}", list(&there)) };
            let text = format!("was given {files} for {}{there}; each input needs its own.", list(&missing));
            return Err(network.error(Predicate::new(ErrorKind::Incomplete, text)));
        }
        let keys: Vec<Vec<&str>> =
            of_input.iter().map(|files| files.iter().map(|file| file.key.as_str()).collect()).collect();
        let pairs = pair(&keys).map_err(|(ix, other)| {
            let (n, name) = (of_input[ix].len(), names[ix]);
            let text = format!(
                "was given {n} files for {name} and {} for {}, whose names have nothing in common; name what belongs \
                 together alike.",
                of_input[other].len(),
                names[other]
            );
            network.error(text)
        })?;
        if pairs.by_order {
            self.assumptions.push("the files of the inputs belong together in their order".into());
        }
        for (ix, files) in of_input.iter().enumerate().filter(|(_, files)| pairs.sets.len() > 1 && files.len() == 1) {
            self.assumptions.push(format!("{} is {} for all samples", files[0].path.display(), names[ix]));
        }
        for set in pairs.sets {
            let first = set.iter().zip(&of_input).find_map(|(place, files)| Some(&files[(*place)?].path));
            let file = first.map_or_else(String::new, |path| path.display().to_string());
            let arrays = |(ix, place): (usize, &Option<usize>)| match place {
                Some(place) => Ok(of_input[ix][*place].arrays.clone()),
                None => wanted[ix].nothing().map(|nothing| vec![nothing]).ok_or_else(|| {
                    let text = format!("has no counterpart for {}; each input needs its own.", names[ix]);
                    ModelError::new(file.clone(), Predicate::new(ErrorKind::Missing, text))
                }),
            };
            match set.iter().enumerate().map(arrays).collect() {
                Ok(arrays) => self.spread(wanted, file, arrays),
                Err(why) => self.sets.push(Set { file, arrays: Err(why) }),
            }
        }
        Ok(())
    }

    fn say(&mut self, said: impl IntoIterator<Item = String>) {
        self.assumptions.extend(said);
    }
}

impl Wanted<'_> {
    /// An input that holds no element needs no data.
    fn nothing(&self) -> Option<Stored> {
        self.dims.as_deref().and_then(fixed).filter(|shape| shape.contains(&0)).map(Stored::Nothing)
    }
}

/// The arrays of a file that is no archive, and what is to be said of it.
fn stored(path: &Path, kind: Kind) -> Result<(Vec<Stored>, Vec<String>), ModelError> {
    if kind == Kind::Proto {
        return Ok((vec![Stored::Proto(path.to_owned())], Vec::new()));
    }
    let found = input::discover(&[path.to_owned()], None);
    let said = found.errors.iter().map(|error| error.message.trim_end_matches('.').to_owned()).collect();
    match (found.sources.into_iter().next(), found.errors.into_iter().next()) {
        (Some(source), _) => {
            let arrays = source.arrays().map_err(model_error)?;
            Ok((arrays.into_iter().map(Stored::Part).collect(), said))
        }
        (None, Some(error)) => Err(model_error(error)),
        (None, None) => Err(ModelError::new(path.display().to_string(), "holds no array.")),
    }
}

/// Which input a file is for, and what it has in common with the files that belong to it.
fn owner(network: &Network, wanted: &[Wanted], file: &File) -> Result<Option<(usize, String)>, ModelError> {
    let path = &file.path;
    if let Some((input, key)) = &file.input {
        return Ok(Some((*input, key.clone())));
    }
    let place = |name: &str| wanted.iter().position(|w| w.port.name == name);
    let text = |path: &Path| path.with_extension("").display().to_string();
    let folder = path.parent().map_or_else(String::new, |folder| folder.display().to_string());
    if file.kind == Kind::Proto {
        if let Some(input) = place(&proto(path)?.0) {
            return Ok(Some((input, folder)));
        }
        let number = path.file_stem().and_then(|stem| stem.to_str()?.strip_prefix("input_")?.parse::<usize>().ok());
        // Numbered are all inputs of the graph, also those that are constants.
        let name = number.and_then(|number| network.graph().input.get(number));
        if let Some(input) = name.and_then(|port| place(&port.name)) {
            return Ok(Some((input, folder)));
        }
    }
    if let Some(input) = path.file_stem().and_then(|stem| place(stem.to_str()?)) {
        return Ok(Some((input, folder)));
    }
    let components: Vec<Component> = path.components().collect();
    let above = components.iter().enumerate().rev().skip(1);
    let found = above.filter_map(|(at, component)| Some((at, place(component.as_os_str().to_str()?)?))).next();
    Ok(found.map(|(at, input)| {
        let others = components.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, component)| component);
        (input, text(&others.collect::<PathBuf>()))
    }))
}

/// `a, b and c`.
fn list(names: &[impl AsRef<str>]) -> String {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    match names.as_slice() {
        [some @ .., last] if !some.is_empty() => format!("{} and {last}", some.join(", ")),
        _ => names.concat(),
    }
}
