//! What the user wants for layers by name: methods, grids, ranges, and which ones to leave in float.

use std::str::FromStr;
use std::sync::Arc;

use super::known::{KNOWN, Known};
use super::names::{Names, Subject};
use super::{Imported, Overlay};
use crate::calibrate::{self, Calibrator, FP8_METHOD};
use crate::quant::{Format, Scheme};

/// One thing to want for a layer.
#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    /// The method that chooses, or what is offered beside the methods, by its id.
    Method(String),
    /// This format, whatever else was said.
    Format(Format),
    /// Integers of this width, in place of FP8 too.
    Bits(u8),
    /// Signed or unsigned: [`Format::with_signed`].
    Signed(bool),
    /// A fixed zero point of 0, or one that lets the range be where the values are: [`Format::with_symmetric`].
    Symmetric(bool),
    /// Quantized, or left in float.
    Quantized(bool),
    /// A range for each channel along this axis; a negative one counts from the end.
    Axis(i64),
    /// The range that its values do not leave, which chooses.
    Known(Known),
}

impl FromStr for Setting {
    type Err = String;

    fn from_str(text: &str) -> Result<Setting, String> {
        let width = |bits: &str| bits.parse().ok().filter(|b| Scheme::supports(*b)).map(Setting::Bits);
        let setting = match text {
            "signed" => Some(Setting::Signed(true)),
            "unsigned" => Some(Setting::Signed(false)),
            "symmetric" => Some(Setting::Symmetric(true)),
            "affine" | "asymmetric" => Some(Setting::Symmetric(false)),
            "float" => Some(Setting::Quantized(false)),
            "quantized" => Some(Setting::Quantized(true)),
            _ => match text.split_once(':') {
                Some(("bits", bits)) => Some(width(bits).ok_or("the width is 2 to 8, or 16")?),
                Some(("format", words)) => Some(Setting::Format(Format::named(words)?)),
                Some(("axis", axis)) => Some(Setting::Axis(axis.parse().map_err(|_| "an axis is a whole number")?)),
                _ if text == KNOWN => Some(Setting::Method(KNOWN.to_owned())),
                _ => match calibrate::by_id(text) {
                    Ok(method) => Some(Setting::Method(method.id().to_owned())),
                    // A number alone would read as anything.
                    Err(_) if text.starts_with(|c: char| c.is_ascii_digit()) => None,
                    Err(_) => Format::named(text).ok().map(Setting::Format),
                },
            },
        };
        setting.ok_or_else(|| {
            format!(
                "\"{text}\" is neither a method (or known) nor format:F (or F: int8, uint4, e4m3, e5m2), bits:N, axis:N, signed, \
                 unsigned, symmetric, affine, asymmetric, float or quantized"
            )
        })
    }
}

/// What `--set` says: `PATTERNS=SETTINGS`, split at the last `=`; both sides are lists between commas.
#[derive(Clone, Debug)]
pub struct Assignment {
    /// For which layers.
    pub names: Names,
    /// What.
    pub settings: Vec<Setting>,
}

impl FromStr for Assignment {
    type Err = String;

    fn from_str(text: &str) -> Result<Assignment, String> {
        Assignment::among(text, |_| false)
    }
}

impl Assignment {
    /// The same where some words mean what files offer: [`Overlay::id`].
    ///
    /// # Errors
    /// A sentence about what is none.
    pub fn among(text: &str, is_offer: impl Fn(&str) -> bool) -> Result<Assignment, String> {
        let (names, settings) = text.rsplit_once('=').ok_or_else(|| {
            format!("\"{text}\" has no =; write for example '*.hswish=bits:16' or '*.conv1=percentile-99.99'")
        })?;
        let setting = |word: &str| match word.trim() {
            offer if is_offer(offer) => Ok(Setting::Method(offer.to_owned())),
            word => word.parse(),
        };
        let settings = settings.split(',').map(setting).collect::<Result<_, _>>()?;
        Ok(Assignment { names: names.parse()?, settings })
    }
}

type Predicate = Arc<dyn Fn(&Subject) -> bool + Send + Sync>;

/// Rules in the order that they were given; a later one prevails.
#[derive(Clone, Default)]
pub struct Rules(Vec<Rule>);

#[derive(Clone)]
struct Rule {
    who: Predicate,
    what: Setting,
    /// Whether somebody has said it, and not only nobody anything else.
    said: bool,
}

impl Rules {
    /// No rules: every layer is quantized as the session says.
    pub fn new() -> Rules {
        Rules::default()
    }

    /// Adds a setting for the layers that `who` says yes to.
    ///
    /// ```
    /// use qviz::session::{Kind, Rules, Setting, Subject};
    ///
    /// // Whatever ends the network stays in float.
    /// let rules = Rules::new().with(|s: &Subject| s.op == "Softmax", Setting::Quantized(false));
    /// let kind = Kind::Activation;
    /// let prob = Subject { name: "prob", kind, op: "Softmax", takers: &[], known: None, imported: &[], placed: true };
    /// assert!(rules.settings(&prob).count() == 1);
    /// ```
    pub fn with(mut self, who: impl Fn(&Subject) -> bool + Send + Sync + 'static, what: Setting) -> Rules {
        self.0.push(Rule { who: Arc::new(who), what, said: true });
        self
    }

    /// Adds what holds for these layers where nobody says anything: the scales of a file that is quantized already prevail
    /// over it.
    pub fn by_default(mut self, who: impl Fn(&Subject) -> bool + Send + Sync + 'static, what: Setting) -> Rules {
        self.0.push(Rule { who: Arc::new(who), what, said: false });
        self
    }

    /// Adds what one `--set` says.
    pub fn assign(mut self, assignment: Assignment) -> Rules {
        for setting in assignment.settings {
            let names = assignment.names.clone();
            self = self.with(move |s| names.fit(s), setting);
        }
        self
    }

    /// Leaves these in float.
    pub fn skip(self, names: Names) -> Rules {
        self.with(move |s| names.fit(s), Setting::Quantized(false))
    }

    /// Quantizes exactly these, whatever the placement, and leaves all others in float.
    pub fn only(self, names: Names) -> Rules {
        let others = names.clone();
        let rules = self.with(move |s| names.fit(s), Setting::Quantized(true));
        rules.with(move |s| !others.fit(s), Setting::Quantized(false))
    }

    /// What is wanted for a layer, the last word last.
    pub fn settings<'a>(&'a self, subject: &'a Subject) -> impl Iterator<Item = &'a Setting> {
        self.0.iter().filter(|rule| (rule.who)(subject)).map(|rule| &rule.what)
    }

    /// Whether somebody has said how a layer is quantized: by which method, on what format, range or axis. Whether it is
    /// quantized at all is another thing.
    pub fn say_how(&self, subject: &Subject) -> bool {
        let says_how = |rule: &&Rule| rule.said && !matches!(rule.what, Setting::Quantized(_));
        self.0.iter().filter(says_how).any(|rule| (rule.who)(subject))
    }
}

/// What turns a histogram into a ready layer; see [`Ready::analyse`](super::Ready::analyse).
#[derive(Clone)]
pub struct Plan {
    /// The methods to try, in order.
    pub methods: Arc<[Arc<dyn Calibrator>]>,
    /// Index of the method whose answer is chosen first.
    pub default_method: usize,
    /// The format of numbers.
    pub format: Format,
    /// What is wanted otherwise for some layers.
    pub rules: Rules,
    /// The files of scales that are laid over the layers.
    pub overlays: Arc<[Overlay]>,
}

/// How one layer begins.
#[derive(Clone, Debug, PartialEq)]
pub struct Start {
    /// Index of the method that chooses.
    pub method: usize,
    /// Whether somebody has asked for that method: it chooses whatever it answers. One that nobody has asked for gives way
    /// to another where every value would saturate at its clip.
    pub named: bool,
    /// The range that is known beforehand, on offer beside the methods.
    pub known: Option<Known>,
    /// What files say, each on offer beside the methods.
    pub imported: Vec<Imported>,
    /// The id of the offer that chooses and is no method's; the method does only where that has no answer.
    pub by: Option<String>,
    /// The format of numbers.
    pub format: Format,
    /// Whether it is quantized.
    pub quantized: bool,
    /// The axis along which each channel has a range of its own, from the end where it is negative; `None` for one
    /// range per tensor.
    pub axis: Option<i64>,
}

impl Plan {
    /// How a layer begins: as the session says, but for the rules that fit it. A rule for a method that is not among
    /// the plan's methods is left out.
    ///
    /// What a file says and a tensor [begins](Imported::begins) with prevails where nobody [says how](Rules::say_how).
    ///
    /// A known range chooses where no rule names a method, if it is of a [reason](super::Reason) that does.
    ///
    /// Where no rule names a method and the layer goes to FP8, or the plan's own method is not defined for its format
    /// ([`Calibrator::suits`]), `max` chooses.
    pub fn start(&self, subject: &Subject) -> Start {
        let mut start = Start {
            method: self.default_method,
            named: false,
            known: subject.known,
            imported: self.imported(subject),
            by: subject.known.filter(|known| known.reason.chooses()).map(|_| KNOWN.to_owned()),
            format: self.format,
            quantized: subject.placed,
            axis: None,
        };
        for setting in self.rules.settings(subject) {
            match setting {
                Setting::Method(id) if id == KNOWN || self.overlays.iter().any(|overlay| overlay.id == *id) => {
                    (start.by, start.named) = (Some(id.clone()), true);
                }
                Setting::Method(id) => {
                    if let Some(method) = self.position(id) {
                        (start.method, start.named, start.by) = (method, true, None);
                    }
                }
                Setting::Known(known) => {
                    (start.known, start.by, start.named) = (Some(*known), Some(KNOWN.to_owned()), true);
                }
                Setting::Format(format) => start.format = *format,
                Setting::Bits(bits) => start.format = start.format.with_bits(*bits),
                Setting::Signed(signed) => start.format = start.format.with_signed(*signed),
                Setting::Symmetric(symmetric) => start.format = start.format.with_symmetric(*symmetric),
                Setting::Quantized(quantized) => start.quantized = *quantized,
                Setting::Axis(axis) => start.axis = Some(*axis),
            }
        }
        if let Some(own) = start.imported.iter().find(|offer| offer.begins) {
            (start.by, start.named) = (Some(own.id.clone()), true);
            start.format = own.format.unwrap_or(start.format);
        }
        let fp8 = matches!(start.format, Format::Fp8(_));
        if !start.named && (fp8 || !self.methods[start.method].suits(start.format)) {
            start.method = self.position(FP8_METHOD).unwrap_or(start.method);
        }
        start
    }

    /// How layers begin that share one range: as the first of them, with a range that is known of all of them.
    pub fn start_together<'a>(&self, subjects: impl IntoIterator<Item = Subject<'a>>) -> Option<Start> {
        let mut starts = subjects.into_iter().map(|subject| self.start(&subject));
        let first = starts.next()?;
        Some(starts.fold(first, |all, next| {
            let of_both = |ours: &Imported| {
                let theirs = next.imported.iter().find(|theirs| theirs.id == ours.id)?;
                Some(ours.around(theirs))
            };
            Start {
                known: all.known.zip(next.known).map(|(a, b)| a.around(b)),
                imported: all.imported.iter().filter_map(of_both).collect(),
                by: all.by.filter(|by| next.by.as_ref() == Some(by)),
                ..all
            }
        }))
    }

    /// What files say of a layer, with a reason in the place of what they do not.
    fn imported(&self, subject: &Subject) -> Vec<Imported> {
        let of_layer = subject.imported;
        let offer = |overlay: &Overlay| of_layer.iter().find(|offer| offer.id == overlay.id).cloned();
        let everywhere = self.overlays.iter().map(|overlay| offer(overlay).unwrap_or_else(|| overlay.nothing()));
        let of_layer = of_layer.iter().filter(|offer| !offer.everywhere).cloned();
        let said = self.rules.say_how(subject);
        everywhere.chain(of_layer).map(|offer| Imported { begins: offer.begins && !said, ..offer }).collect()
    }

    /// The method with this id among the plan's.
    fn position(&self, id: &str) -> Option<usize> {
        self.methods.iter().position(|m| m.id() == id)
    }
}

impl Start {
    /// How one of so many channels along an axis begins.
    pub fn channel(&self, axis: usize, channel: usize, channels: usize) -> Start {
        let imported: Vec<Imported> =
            self.imported.iter().map(|offer| offer.channel(axis, channel, channels)).collect();
        // What a file says of other channels is an offer, and chooses only where somebody has asked for it.
        let begins = |id: &String| self.imported.iter().any(|offer| offer.begins && offer.id == *id);
        let still = |id: &String| imported.iter().any(|offer| offer.begins && offer.id == *id);
        let by = self.by.clone().filter(|id| !begins(id) || still(id));
        Start { imported, by, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Kind, Reason};
    use super::*;

    fn subject<'a>(name: &'a str, op: &'a str) -> Subject<'a> {
        Subject { name, kind: Kind::Activation, op, takers: &[], known: None, imported: &[], placed: true }
    }

    fn plan(rules: Rules) -> Plan {
        Plan {
            methods: calibrate::defaults().into(),
            default_method: 2,
            format: Format::INT8,
            rules,
            overlays: [].into(),
        }
    }

    #[test]
    fn the_last_word_prevails() {
        let set = |text: &str| text.parse::<Assignment>().unwrap();
        let rules = Rules::new()
            .assign(set("*=bits:16"))
            .assign(set("fc*=bits:4,unsigned,percentile-99.99"))
            .assign(set("fc2=float"))
            .skip("op:Softmax".parse().unwrap());
        let plan = plan(rules);
        let of = |name, op| plan.start(&subject(name, op));
        assert_eq!((of("conv", "").format.num_bits(), of("conv", "").method), (16, 2));
        let fc = of("fc1", "MatMul");
        assert_eq!((fc.format.num_bits(), fc.format.signed(), fc.method, fc.quantized), (4, false, 4, true));
        assert!(!of("fc2", "").quantized && !of("p", "Softmax").quantized);
        // A name may hold an equals sign.
        assert!(set("a=b=affine").names.fit(&subject("a=b", "")));
    }

    #[test]
    fn a_layer_goes_to_fp8_and_back_and_begins_with_a_method_that_answers() {
        let set = |text: &str| text.parse::<Assignment>().unwrap();
        let rules = Rules::new()
            .with(|_| true, Setting::Signed(true))
            .assign(set("a*=e4m3"))
            .assign(set("b=format:e5m2,symmetric"))
            .assign(set("a16=bits:16"))
            .assign(set("named=fp8,entropy"))
            .assign(set("u=e4m3,uint4 affine,mse"))
            .assign(set("z=asymmetric"));
        let plan = plan(rules);
        let of = |name| plan.start(&subject(name, ""));
        let told = |name| (of(name).format.to_string(), plan.methods[of(name).method].id().to_owned());
        for (name, format, method) in [
            ("x", "int8 symmetric", "entropy"),
            ("a", "fp8 e4m3", "max"),
            ("b", "fp8 e5m2", "max"),
            ("a16", "int16 symmetric", "entropy"),
            ("named", "fp8 e4m3", "entropy"),
            ("u", "uint4 affine", "mse"),
            ("z", "int8 affine", "entropy"),
        ] {
            assert_eq!(told(name), (format.to_owned(), method.to_owned()), "{name}");
        }
    }

    #[test]
    fn what_is_known_chooses_where_no_method_is_named() {
        let known = |reason| Known { min: -1.0, max: 2.0, reason };
        let set = |text: &str| text.parse::<Assignment>().unwrap();
        let given = Known { min: 0.0, max: 6.0, reason: Reason::Given };
        let rules = Rules::new()
            .assign(set("named*=percentile-99.99"))
            .with(|s| s.name.ends_with("given"), Setting::Known(given))
            .assign(set("asked=known"))
            .assign(set("max given=max"));
        let plan = plan(rules);
        let of = |name, known| {
            let start = plan.start(&Subject { known, ..subject(name, "") });
            (start.by.is_some(), start.known.map(|known| known.max), start.method)
        };
        assert_eq!(of("x", Some(known(Reason::Input))), (true, Some(2.0), 2));
        assert_eq!(of("x", Some(known(Reason::Graph))), (false, Some(2.0), 2), "an offer and no more");
        assert_eq!(of("named", Some(known(Reason::Input))), (false, Some(2.0), 4));
        assert_eq!(of("named given", Some(known(Reason::Input))), (true, Some(6.0), 4));
        assert_eq!(of("asked", Some(known(Reason::Graph))), (true, Some(2.0), 2));
        assert_eq!(of("asked", None), (true, None, 2), "so that one is told that there is none");
        assert_eq!(of("max given", None), (false, Some(6.0), 0));
        let input = Subject { known: Some(known(Reason::Input)), ..subject("x", "") };
        let bounded = Subject { known: Some(Known { min: 0.0, max: 3.0, reason: Reason::Graph }), ..subject("y", "") };
        let together = plan.start_together([input, bounded]).unwrap();
        assert_eq!(together.known, Some(Known { min: -1.0, max: 3.0, reason: Reason::Graph }));
        assert!(together.by.is_none() && plan.start_together([input, input]).unwrap().by.is_some());
        assert_eq!(plan.start_together([input, subject("z", "")]).unwrap().known, None);
    }

    #[test]
    fn how_is_another_thing_than_whether_and_a_default_is_nobodys_word() {
        let rules = Rules::new()
            .by_default(|s| s.op == "Conv", Setting::Symmetric(true))
            .skip("a".parse().unwrap())
            .assign("b=bits:16,float".parse().unwrap())
            .assign("c=max".parse().unwrap());
        let says = |name, op| rules.say_how(&subject(name, op));
        assert_eq!([says("a", "Conv"), says("b", ""), says("c", "Conv"), says("d", "")], [false, true, true, false]);
        assert_eq!(rules.settings(&subject("c", "Conv")).count(), 2, "it holds all the same");
    }

    #[test]
    fn only_leaves_the_others_in_float() {
        let plan = plan(Rules::new().only("conv*".parse().unwrap()));
        assert!(plan.start(&subject("conv1", "")).quantized && !plan.start(&subject("fc", "")).quantized);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, word) in [
            ("fc", "="),
            ("fc=bits:9", "width"),
            ("fc=fast", "neither"),
            ("fc=16", "neither"),
            ("=bits:8", "pattern"),
            ("fc=format:float8", "float8"),
            ("fc=format:e4m3 affine", "symmetric"),
        ] {
            let error = text.parse::<Assignment>().unwrap_err();
            assert!(error.contains(word), "{text}: {error}");
        }
    }
}
