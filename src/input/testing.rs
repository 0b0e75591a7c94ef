//! Writers of test files: by hand, so that what is read was not written by the same code.

use super::{Array, DType, InputError, Part};
use std::ops::ControlFlow;
use std::path::Path;

/// An `.npy` with any header text.
pub fn npy_with_header(version: u8, header: &str, body: &[u8]) -> Vec<u8> {
    let prefix_len = if version == 1 { 10 } else { 12 };
    let mut text = header.as_bytes().to_vec();
    while !(prefix_len + text.len() + 1).is_multiple_of(64) {
        text.push(b' ');
    }
    text.push(b'\n');
    let mut out = [b"\x93NUMPY".as_slice(), &[version, 0]].concat();
    match version {
        1 => out.extend((text.len() as u16).to_le_bytes()),
        _ => out.extend((text.len() as u32).to_le_bytes()),
    }
    [out, text, body.to_vec()].concat()
}

/// An `.npy` of version 1 as NumPy writes it.
pub fn npy(descr: &str, fortran: bool, shape: &[u64], body: &[u8]) -> Vec<u8> {
    npy_with_header(1, &header(descr, fortran, shape), body)
}

/// NumPy's header text.
pub fn header(descr: &str, fortran: bool, shape: &[u64]) -> String {
    let fortran = if fortran { "True" } else { "False" };
    let dims: Vec<String> = shape.iter().map(u64::to_string).collect();
    let shape = if let [one] = &dims[..] { format!("({one},)") } else { format!("({})", dims.join(", ")) };
    format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}")
}

/// A little-endian f32 `.npy` of one dimension.
pub fn f32s(values: &[f32]) -> Vec<u8> {
    npy("<f4", false, &[values.len() as u64], &f32_bytes(values))
}

/// Little-endian bytes.
pub fn f32_bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|x| x.to_le_bytes()).collect()
}

/// A `.safetensors` file.
pub fn safetensors(header: &str, body: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), body].concat()
}

/// A zip archive of stored or deflated entries.
pub fn zip(entries: &[(&str, &[u8])], deflate: bool) -> Vec<u8> {
    use std::io::Write;
    use zip::write::SimpleFileOptions;
    let method = if deflate { zip::CompressionMethod::Deflated } else { zip::CompressionMethod::Stored };
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        writer.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The type string of NumPy, and what is read from it.
pub const DTYPES: [(&str, DType); 14] = [
    ("b1", DType::Bool),
    ("i1", DType::I8),
    ("u1", DType::U8),
    ("i2", DType::I16),
    ("u2", DType::U16),
    ("i4", DType::I32),
    ("u4", DType::U32),
    ("i8", DType::I64),
    ("u8", DType::U64),
    ("f1", DType::F8E5M2),
    ("V2", DType::BF16),
    ("f2", DType::F16),
    ("f4", DType::F32),
    ("f8", DType::F64),
];

/// An array's values, with every chunk's length checked.
pub fn values(array: Array) -> Result<Vec<f32>, InputError> {
    let (len, mut out) = (array.len(), Vec::new());
    array.read(&mut |chunk| {
        assert_eq!(chunk.len() as u64, (len - out.len() as u64).min(super::CHUNK as u64));
        out.extend_from_slice(chunk);
        ControlFlow::Continue(())
    })?;
    assert_eq!(out.len() as u64, len);
    Ok(out)
}

/// Opens and reads a part.
pub fn read(part: &Part) -> Result<Vec<f32>, InputError> {
    part.open().and_then(values)
}

/// The sentence that a file of these bytes gets, which must start with its name.
pub fn sentence(directory: &Path, name: &str, bytes: &[u8]) -> String {
    let path = directory.join(name);
    std::fs::write(&path, bytes).unwrap();
    let found = super::discover(std::slice::from_ref(&path), None);
    let error = match &found.errors[..] {
        [error] => error.clone(),
        [] => read(&found.sources[0].parts[0]).unwrap_err(),
        more => panic!("{more:?}"),
    };
    assert_eq!(error.file, path.display().to_string());
    error.message.strip_prefix(directory.to_str().unwrap()).unwrap()[1..].to_owned()
}
