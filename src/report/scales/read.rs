//! A document read again.

use serde::Deserialize;

use super::exact::Json;
use super::{Per, RangeScales, SCHEMA, Scales, TensorScales};
use crate::quant::{Clip, Format, Fp8};
use crate::report::{one_word, visible};
use crate::session::{Key, Wanted};

/// Why a file is no document that can be taken up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// It is no JSON at all.
    #[error("{file} is no JSON: {reason}. Scales are written by qviz export; export them anew.")]
    NotJson {
        /// The file.
        file: String,
        /// Where and why.
        reason: String,
    },
    /// It is JSON of another kind.
    #[error("{file} holds no scales: its schema is {found}, and {SCHEMA} is read here. qviz export writes it.")]
    Schema {
        /// The file.
        file: String,
        /// The schema that it names.
        found: String,
    },
    /// It lacks what a document has beside its tensors.
    #[error("{file} is damaged: {reason}. Export it anew.")]
    Document {
        /// The file.
        file: String,
        /// What is wrong.
        reason: String,
    },
    /// One of its tensors cannot be.
    #[error("{file}: the tensor {tensor} cannot be taken up: {reason}. Mend it there, or export it anew.")]
    Tensor {
        /// The file.
        file: String,
        /// The tensor's name, made safe to print, or its place where it has none.
        tensor: String,
        /// What is wrong.
        reason: String,
    },
}

impl Scales {
    /// Reads a `qviz.scales/1` document, of this version or a later one: keys that are not known are passed over. Every
    /// tensor of it is [wanted](TensorScales::wanted) without an error. `file_name` is what errors call it.
    ///
    /// ```
    /// use qviz::report::Scales;
    ///
    /// let error = Scales::read(b"{\"schema\": \"other/3\"}", "old.json").unwrap_err();
    /// assert!(error.to_string().starts_with("old.json holds no scales: its schema is \"other/3\""));
    /// ```
    ///
    /// # Errors
    /// [`ReadError`]: no JSON, another schema, a number out of its range, lists of different length.
    pub fn read(bytes: &[u8], file_name: &str) -> Result<Scales, ReadError> {
        let file = || visible(file_name);
        let no_json = |reason: String| ReadError::NotJson { file: file(), reason };
        let text = std::str::from_utf8(bytes).map_err(|e| no_json(format!("{e}")))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut json = Json::parse(text).map_err(|e| no_json(e.to_string()))?;
        match json.text("schema") {
            Some(SCHEMA) => {}
            found => {
                let found = found.map_or("not named".to_owned(), |found| format!("\"{}\"", visible(found)));
                return Err(ReadError::Schema { file: file(), found });
            }
        }
        let damaged = |reason: &str| ReadError::Document { file: file(), reason: visible(reason) };
        let Some(Json::List(tensors)) = json.take("tensors") else { return Err(damaged("it has no list of tensors")) };
        let tensors = tensors.into_iter().enumerate().map(|(at, tensor)| {
            let name = tensor.text("name").map_or_else(|| format!("number {}", at + 1), one_word);
            let bad =
                |reason: String| ReadError::Tensor { file: file(), tensor: name.clone(), reason: visible(&reason) };
            let tensor = TensorScales::deserialize(tensor).map_err(|e| bad(e.to_string()))?;
            tensor.wanted().map_err(bad)?;
            Ok(tensor)
        });
        let tensors = tensors.collect::<Result<Vec<_>, _>>()?;
        Head::deserialize(json).map(|head| head.with(tensors)).map_err(|e| damaged(&e.to_string()))
    }

    /// What it wants for each tensor, in order.
    ///
    /// # Errors
    /// A sentence about the first tensor that cannot be; there is none after [`Scales::read`].
    pub fn wanted(&self) -> Result<Vec<Wanted>, String> {
        self.tensors.iter().map(|t| t.wanted().map_err(|why| format!("{}: {why}", visible(&t.name)))).collect()
    }
}

/// A document without its tensors.
#[derive(Deserialize)]
struct Head {
    schema: String,
    #[serde(default)]
    tool: String,
    #[serde(default)]
    provenance: Option<super::Provenance>,
    #[serde(default)]
    outputs: Option<super::Outputs>,
    #[serde(default)]
    tuning: Option<super::Tuning>,
    #[serde(default)]
    errors: Vec<super::FileError>,
}

impl Head {
    fn with(self, tensors: Vec<TensorScales>) -> Scales {
        let Head { schema, tool, provenance, outputs, tuning, errors } = self;
        Scales { schema, tool, provenance, outputs, tuning, tensors, errors }
    }
}

impl TensorScales {
    /// What the document wants for this tensor, as a session takes it up.
    ///
    /// # Errors
    /// In a phrase what cannot be: a format that is not known, a clip that is missing, not finite or without 0, lists
    /// that do not go together.
    pub fn wanted(&self) -> Result<Wanted, String> {
        let chosen = &self.chosen;
        let format = self.format()?;
        let channels = chosen.range.clip_min.channels();
        match (self.axis, channels) {
            (None, Some(n)) => return Err(format!("clip_min is a list of {n}, and no axis says along which")),
            (Some(axis), None) => return Err(format!("axis {axis} is given, and clip_min is no list along it")),
            (Some(_), Some(0)) => return Err("clip_min is an empty list".into()),
            _ => {}
        }
        self.same_lengths(channels)?;
        let low = numbers(&chosen.range.clip_min, "clip_min")?;
        let high = numbers(&chosen.range.clip_max, "clip_max")?;
        let clips = low.into_iter().zip(high).map(|(low, high)| clip(low, high)).collect::<Result<_, _>>()?;
        scales_fit(&chosen.range, format)?;
        Ok(Wanted {
            key: Key::new(self.kind, self.name.as_str()),
            method: chosen.method.clone(),
            instead_of: chosen.instead_of.clone(),
            edited: chosen.edited,
            edited_channels: chosen.edited_channels.clone().unwrap_or_default(),
            quantized: chosen.quantized,
            format,
            axis: self.axis,
            clips,
            methods: chosen.methods.clone(),
            tuned: chosen.tuned.as_ref().map(|tuned| (tuned.by.clone(), tuned.gain_db)),
            tied_with: chosen.tied_with.clone().unwrap_or_default(),
        })
    }

    fn format(&self) -> Result<Format, String> {
        let chosen = &self.chosen;
        match chosen.format.as_deref() {
            None => {
                let (bits, signed, symmetric) = (chosen.num_bits, chosen.signed, chosen.symmetric);
                Format::int(bits, signed, symmetric)
                    .ok_or_else(|| format!("integers of {bits} bits are not known; the width is 2 to 8, or 16"))
            }
            Some(name) => [Fp8::E4m3, Fp8::E5m2]
                .into_iter()
                .find(|fp8| fp8.type_name() == name)
                .map(Format::Fp8)
                .ok_or_else(|| format!("the format \"{name}\" is not known")),
        }
    }

    /// Every list is as long as clip_min, and none is where that is none.
    fn same_lengths(&self, channels: Option<usize>) -> Result<(), String> {
        let told = |n: Option<usize>| n.map_or("one number".to_owned(), |n| format!("a list of {n}"));
        let mut lists: Vec<(&str, Option<usize>)> = Vec::new();
        let candidates = self.candidates.iter().map(|(_, c)| (&c.range, &c.errors));
        for (range, errors) in std::iter::once((&self.chosen.range, &self.chosen.errors)).chain(candidates) {
            let singles = [
                ("clip_min", &range.clip_min),
                ("clip_max", &range.clip_max),
                ("amax", &range.amax),
                ("scale", &range.scale),
            ];
            lists.extend(singles.map(|(name, per)| (name, length(per, channels))));
            lists.push(("zero_point", length(&range.zero_point, channels)));
            let doubles = [
                ("kl", &errors.kl),
                ("mse", &errors.mse),
                ("clipping_error", &errors.clipping_error),
                ("rounding_error", &errors.rounding_error),
                ("sqnr_db", &errors.sqnr_db),
                ("saturated", &errors.saturated),
            ];
            lists.extend(doubles.map(|(name, per)| (name, length(per, channels))));
        }
        lists.extend(self.chosen.methods.iter().map(|methods| ("methods", Some(methods.len()))));
        match lists.into_iter().find(|(_, n)| *n != channels) {
            Some((name, n)) => Err(format!("clip_min is {} and {name} is {}", told(channels), told(n))),
            None => Ok(()),
        }
    }
}

/// How long a list is; what is absent is as long as it should be.
fn length<T>(per: &Per<Option<T>>, wanted: Option<usize>) -> Option<usize> {
    if matches!(per, Per::Tensor(None)) { wanted } else { per.channels() }
}

fn numbers(per: &Per<Option<f32>>, name: &str) -> Result<Vec<f32>, String> {
    let finite = |x: &Option<f32>| match x {
        None => Err(format!("{name} is missing")),
        Some(x) if x.is_finite() => Ok(*x),
        Some(x) => Err(format!("{name} is {x}")),
    };
    per.each().iter().map(finite).collect()
}

fn clip(low: f32, high: f32) -> Result<Clip, String> {
    match (low > 0.0, high < 0.0) {
        (true, _) => Err(format!("clip_min is {low}, and a range has to hold 0")),
        (_, true) => Err(format!("clip_max is {high}, and a range has to hold 0")),
        _ => Ok(Clip::new(low, high)),
    }
}

fn scales_fit(range: &RangeScales, format: Format) -> Result<(), String> {
    if let Some(scale) = range.scale.each().iter().flatten().find(|scale| !(**scale > 0.0 && scale.is_finite())) {
        return Err(format!("scale is {scale}, and it has to be positive"));
    }
    let fits = |zero: i32| match format.symmetric() {
        true => zero == 0,
        false => (format.qmin()..=format.qmax()).contains(&zero),
    };
    match range.zero_point.each().iter().flatten().find(|zero| !fits(**zero)) {
        Some(zero) => Err(format!("zero_point is {zero}, which {format} does not have")),
        None => Ok(()),
    }
}
