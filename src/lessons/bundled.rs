//! The lessons that travel inside the program.

macro_rules! lessons {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../../assets/lessons/", $name, ".toml")))),+]
    };
}

/// The lessons in their order, each with its id and its file.
const BUNDLED: &[(&str, &str)] = lessons![
    "01-one-number",
    "02-one-outlier",
    "03-saturate-on-purpose",
    "04-99-percent",
    "05-kl-by-hand",
    "06-kl-curve",
    "07-which-ruler",
    "08-where-to-quantize",
    "09-ptq-alone",
    "10-qat-live",
    "11-ten-questions",
];

/// Every lesson's id and the text of its file, in their order.
pub fn bundled() -> &'static [(&'static str, &'static str)] {
    BUNDLED
}
