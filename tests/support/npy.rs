//! Arrays in .npy files, written byte by byte: the tests do not trust the crate that they test to write them.
#![allow(dead_code)] // every test program uses its part

use std::path::Path;

/// A whole file: header of version 1.0, padded as numpy pads it, and the data.
pub fn npy(descr: &str, shape: &[usize], data: &[u8]) -> Vec<u8> {
    let mut out = header(descr, shape);
    out.extend_from_slice(data);
    out
}

/// The header alone.
pub fn header(descr: &str, shape: &[usize]) -> Vec<u8> {
    let axes: Vec<String> = shape.iter().map(|n| format!("{n},")).collect();
    let mut text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({}), }}", axes.join(" "));
    while (10 + text.len() + 1) % 64 != 0 {
        text.push(' ');
    }
    text.push('\n');
    let mut out = b"\x93NUMPY\x01\x00".to_vec();
    out.extend_from_slice(&(text.len() as u16).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
    out
}

/// A file of one axis of float32.
pub fn floats(values: &[f32]) -> Vec<u8> {
    let data: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
    npy("<f4", &[values.len()], &data)
}

/// Writes such a file.
pub fn write(path: impl AsRef<Path>, values: &[f32]) {
    std::fs::write(&path, floats(values)).unwrap_or_else(|e| panic!("{}: {e}", path.as_ref().display()));
}

/// Roughly normal values with a deviation of about 1, the same for the same seed.
pub fn normal(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut uniform = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32 - 0.5
    };
    (0..count).map(|_| (0..12).map(|_| uniform()).sum()).collect()
}
