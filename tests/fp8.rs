//! FP8 to the last bit, against ml_dtypes, and what a layer on FP8 is from the command line to the document.
//!
//! `tests/reference/fp8.json` is made by `fp8.py` beside it.

use std::collections::BTreeMap;
use std::path::Path;

use qviz::quant::{Clip, Fp8, QuantParams};
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    x: Vec<u32>,
    normal: Vec<u32>,
    formats: BTreeMap<String, One>,
}

#[derive(Deserialize)]
struct One {
    /// The value of each byte; `null` where it is not finite.
    values: Vec<Option<u32>>,
    /// The byte of each `x`, saturated.
    bytes: Vec<u8>,
    /// `normal` there and back, by amax.
    fake_quant: BTreeMap<String, Vec<u32>>,
}

fn reference() -> Reference {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/fp8.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The byte, without the negative zero that qviz does not write.
fn plain(byte: u8) -> u8 {
    if byte == 0x80 { 0 } else { byte }
}

#[test]
fn every_byte_and_every_tie_is_the_peer_s() {
    let reference = reference();
    assert!(reference.x.len() > 1000);
    for fp8 in [Fp8::E4m3, Fp8::E5m2] {
        let peer = &reference.formats[fp8.type_name()];
        let mut finite = 0;
        for (byte, value) in (0..=255).zip(&peer.values) {
            if let Some(value) = value.map(f32::from_bits) {
                assert_eq!(fp8.from_bits(byte), value, "{fp8} {byte:#x}");
                assert_eq!(fp8.to_bits(value), plain(byte), "{fp8} {value}");
                finite += 1;
            }
        }
        assert_eq!(finite, 2 * fp8.magnitudes().len());
        for (&x, &byte) in reference.x.iter().zip(&peer.bytes) {
            let x = f32::from_bits(x);
            assert_eq!(fp8.to_bits(x), plain(byte), "{fp8} {x:e}");
            assert_eq!(fp8.round(x), fp8.from_bits(byte), "{fp8} {x:e}");
        }
    }
}

#[test]
fn fake_quantization_is_the_peer_s_cast_of_scaled_values() {
    let reference = reference();
    for fp8 in [Fp8::E4m3, Fp8::E5m2] {
        for (amax, expected) in &reference.formats[fp8.type_name()].fake_quant {
            let params = QuantParams::from_clip(Clip::symmetric(amax.parse().unwrap()), fp8);
            let mut values: Vec<f32> = reference.normal.iter().map(|x| f32::from_bits(*x)).collect();
            params.fake_quant_all(&mut values);
            let expected: Vec<f32> = expected.iter().map(|x| f32::from_bits(*x)).collect();
            assert_eq!(values, expected, "{fp8} at {amax}");
        }
    }
}
