//! Pictures as samples: decoded, resized, scaled.

use super::super::error::{ModelError, one_line, shape_text};
use super::super::network::{Dim, Network};
use super::{Layout, Opened, SampleOptions, dims, range};
use crate::error::{ErrorKind, Predicate};
use image::imageops::FilterType;
use image::{DynamicImage, ImageError, ImageReader, Limits};
use std::path::{Path, PathBuf};
use tract_onnx::prelude::{DatumType, Tensor};

/// The most that one picture may take in memory when it is decoded.
const DECODED: u64 = 512 << 20;

#[derive(Debug)]
pub(super) struct Pictures {
    /// Whole batches.
    paths: Vec<PathBuf>,
    batch: usize,
    shape: Vec<usize>,
    dtype: DatumType,
    layout: Layout,
    channels: usize,
    width: u32,
    height: u32,
    mean: Vec<f32>,
    std: Vec<f32>,
}

impl Pictures {
    pub fn open(
        network: &Network,
        options: &SampleOptions,
        mut paths: Vec<PathBuf>,
    ) -> Result<Opened<Pictures>, ModelError> {
        let [port] = network.inputs() else {
            let n = network.inputs().len();
            return Err(network.error(format!("takes {n} inputs, and a picture is one; give .npz files.")));
        };
        let name = &port.name;
        let wrong = |predicate: String| network.error(predicate);
        let dtype = match port.dtype {
            Some(dtype @ (DatumType::F32 | DatumType::F16 | DatumType::F64 | DatumType::U8)) => dtype,
            _ => {
                return Err(wrong(format!(
                    "takes no picture as {name}: its type is not float or uint8; give .npy files."
                )));
            }
        };
        let dims = dims(network, port, options)?;
        let Some([n, a, b, c]) = dims.as_deref() else {
            return Err(wrong(format!("takes {port}, which is no batch of pictures; give .npy files.")));
        };
        let mut assumptions = Vec::new();
        let is_channels = |dim: &Dim| matches!(dim, Dim::Fixed(1 | 3));
        let layout =
            options.layout.unwrap_or(if !is_channels(a) && is_channels(c) { Layout::Nhwc } else { Layout::Nchw });
        let (channels, height, width) = match layout {
            Layout::Nchw => (a, b, c),
            Layout::Nhwc => (c, a, b),
        };
        let channels = match channels {
            Dim::Fixed(n @ (1 | 3)) => *n,
            Dim::Fixed(n) => {
                return Err(wrong(format!("takes {n} channels as {name}; pictures have 1 or 3. Give .npy files.")));
            }
            _ => 3,
        };
        let extent = |dim: &Dim, resize: Option<u32>| match (dim, resize) {
            (Dim::Fixed(n), Some(wanted)) if wanted as usize != *n => {
                Err(wrong(format!("takes pictures of {n} pixels on one side, and {wanted} were given to resize to.")))
            }
            (Dim::Fixed(n), _) => Ok(*n as u32),
            (_, Some(wanted)) => Ok(wanted),
            (_, None) => {
                let text = format!("takes {port}: give the width and height to resize pictures to.");
                Err(network.error(Predicate::new(ErrorKind::Incomplete, text)))
            }
        };
        let height = extent(height, options.resize.map(|(_, height)| height))?;
        let width = extent(width, options.resize.map(|(width, _)| width))?;
        let batch = if let Dim::Fixed(n) = n { *n } else { 1 };
        if batch == 0 || height == 0 || width == 0 {
            return Err(wrong(format!("takes {port}, which holds no pixel.")));
        }
        let channel = |values: &Option<Vec<f32>>, default: f32| match values.as_deref() {
            None => Ok(vec![default; channels]),
            Some([one]) => Ok(vec![*one; channels]),
            Some(many) if many.len() == channels => Ok(many.to_vec()),
            Some(many) => {
                Err(wrong(format!("takes {channels} channels, and {} numbers were given for mean or std.", many.len())))
            }
        };
        let (mean, std) = (channel(&options.mean, 0.0)?, channel(&options.std, 1.0)?);
        let scaled = match (dtype, &options.mean, &options.std) {
            (DatumType::U8, None, None) => "pictures as they are, 0 to 255".to_owned(),
            (DatumType::U8, ..) => return Err(wrong("takes bytes: mean and std are for float inputs.".into())),
            (_, None, None) => "pictures scaled x/255, no mean/std".to_owned(),
            _ => format!("pictures scaled x/255, then mean {mean:?} and std {std:?}"),
        };
        let order = if layout == Layout::Nchw { "NCHW" } else { "NHWC" };
        let colours = if channels == 3 { "RGB" } else { "grey" };
        assumptions.push(format!("{scaled}, {colours}, {order}, resized to {height}x{width} bilinear"));
        let left_out = paths.len() % batch;
        if left_out == paths.len() {
            return Err(wrong(format!("takes batches of {batch} pictures, and {left_out} were given.")));
        }
        if left_out > 0 {
            assumptions.push(format!("the last {left_out} pictures do not fill a batch of {batch} and are left out"));
        }
        paths.truncate(paths.len() - left_out);
        let (height_, width_) = (height as usize, width as usize);
        let shape = match layout {
            Layout::Nchw => vec![batch, channels, height_, width_],
            Layout::Nhwc => vec![batch, height_, width_, channels],
        };
        let shapes = vec![vec![shape.clone()]];
        let (least, most) = if dtype == DatumType::U8 { (0.0, 255.0) } else { range::behind(&mean, &std) };
        let ranges = vec![(name.clone(), least, most)];
        let maker = Pictures { paths, batch, shape, dtype, layout, channels, width, height, mean, std };
        Ok(Opened { maker, shapes, ranges, assumptions })
    }

    pub fn len(&self) -> usize {
        self.paths.len() / self.batch
    }

    pub fn get(&self, i: usize) -> Result<Vec<Tensor>, ModelError> {
        let paths = &self.paths[i * self.batch..(i + 1) * self.batch];
        let mut values = Vec::with_capacity(self.shape.iter().product());
        for path in paths {
            let picture = decode(path).map_err(|predicate| ModelError::new(path.display().to_string(), predicate))?;
            self.push(picture, &mut values);
        }
        let file = || paths[0].display().to_string();
        let tensor = Tensor::from_shape(&self.shape, &values).and_then(|t| Ok(t.cast_to_dt(self.dtype)?.into_owned()));
        let misfit = |_| ModelError::new(file(), format!("cannot be made {}.", shape_text(&self.shape)));
        Ok(vec![tensor.map_err(misfit)?])
    }

    fn push(&self, picture: DynamicImage, values: &mut Vec<f32>) {
        let picture = picture.resize_exact(self.width, self.height, FilterType::Triangle);
        // Interleaved: all channels of one pixel, then the next pixel.
        let bytes = if self.channels == 1 { picture.into_luma8().into_raw() } else { picture.into_rgb8().into_raw() };
        let value = |channel: usize, byte: u8| {
            if self.dtype == DatumType::U8 {
                return f32::from(byte);
            }
            (f32::from(byte) / 255.0 - self.mean[channel]) / self.std[channel]
        };
        match self.layout {
            Layout::Nhwc => values.extend(bytes.iter().enumerate().map(|(i, &byte)| value(i % self.channels, byte))),
            Layout::Nchw => (0..self.channels).for_each(|channel| {
                let plane = bytes.iter().skip(channel).step_by(self.channels);
                values.extend(plane.map(|&byte| value(channel, byte)));
            }),
        }
    }
}

/// The error is a predicate to the picture's name.
fn decode(path: &Path) -> Result<DynamicImage, Predicate> {
    let reader = ImageReader::open(path).and_then(ImageReader::with_guessed_format);
    let mut reader = reader.map_err(|e| super::super::error::io_predicate(&e))?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(DECODED);
    reader.limits(limits);
    reader.decode().map_err(|e| {
        let kind = match e {
            ImageError::Limits(_) | ImageError::Unsupported(_) => ErrorKind::Unfit,
            _ => ErrorKind::Damaged,
        };
        Predicate::new(kind, format!("is no picture that can be read ({}).", one_line(&e.to_string())))
    })
}
