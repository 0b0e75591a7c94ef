use crate::input::{Discovered, Part, Source};

macro_rules! bundle {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_bytes!(concat!("../../assets/activations/", $name, ".npy")))),+]
    };
}

/// The activations that travel inside the program, in the network's order; `assets/activations/README.md` says where
/// they come from and what each one teaches.
const BUNDLED: &[(&str, &[u8])] = bundle![
    "00.input",
    "01.conv1",
    "02.conv1.hswish",
    "03.conv3.relu",
    "04.conv3.dw",
    "05.conv9.add",
    "06.conv11.hswish",
    "07.conv12.pool",
    "08.conv12.gate",
    "09.conv12.scaled",
    "10.logits",
    "11.softmax",
];

/// The layer that shows best what a clip does.
pub(super) const BEST_FIRST: &str = "06.conv11.hswish";

/// The bundled activations as sources.
pub fn bundled() -> Discovered {
    let source = |(name, bytes): &(&'static str, &'static [u8])| Source {
        name: (*name).to_owned(),
        parts: vec![Part::memory(name, bytes)],
    };
    Discovered { sources: BUNDLED.iter().map(source).collect(), errors: Vec::new() }
}
