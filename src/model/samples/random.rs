//! Made-up samples: for a look at a model when there is no data.

use super::super::error::ModelError;
use super::super::network::{Dim, Network};
use super::axis::Axis;
use super::chance::Chance;
use super::{Opened, SampleOptions, dims};
use crate::error::{ErrorKind, Predicate};
use tract_onnx::prelude::{DatumType, Tensor};

#[derive(Debug)]
pub(super) struct Random {
    n: usize,
    seed: u64,
    inputs: Vec<(DatumType, Vec<usize>)>,
}

impl Random {
    pub fn open(network: &Network, options: &SampleOptions, n: usize, seed: u64) -> Result<Opened<Random>, ModelError> {
        if n == 0 {
            let none = "has no samples to run on: 0 random ones were asked for.";
            return Err(network.error(Predicate::new(ErrorKind::Incomplete, none)));
        }
        let samples = if n == 1 { "sample" } else { "samples" };
        let mut assumptions = vec![format!(
            "{n} random {samples} (seed {seed}): standard normal floats, integers from 0 to 9; ranges are not those of real data"
        )];
        let mut inputs = Vec::new();
        for port in network.inputs() {
            let unknown = || network.error(port.ask());
            let mut dims = dims(network, port, options)?.ok_or_else(unknown)?;
            if let Some(batch @ (Dim::Named(_) | Dim::Unknown)) = dims.first_mut()
                && Axis::of(batch) != Axis::Inner
            {
                *batch = Dim::Fixed(1);
                assumptions.push(format!("a batch of 1 for {}", port.name));
            }
            let shape = super::super::build::fixed(&dims).ok_or_else(unknown)?;
            let dtype = port.dtype.ok_or_else(|| network.error(port.unfit()))?;
            // Asked for now, so that no sample can fail later.
            if Tensor::zero::<f32>(&[1]).and_then(|one| Ok(one.cast_to_dt(dtype)?.into_owned())).is_err() {
                return Err(network.error(format!("takes {port} of {dtype:?}, which cannot be made up.")));
            }
            inputs.push((dtype, shape));
        }
        let shapes = vec![inputs.iter().map(|(_, shape)| shape.clone()).collect()];
        Ok(Opened { maker: Random { n, seed, inputs }, shapes, ranges: Vec::new(), assumptions })
    }

    pub fn len(&self) -> usize {
        self.n
    }

    pub fn get(&self, i: usize) -> Vec<Tensor> {
        let mut noise = Noise::new(self.seed, i as u64);
        let tensor = |(dtype, shape): &(DatumType, Vec<usize>)| {
            let n = shape.iter().product();
            let values: Vec<f32> = if dtype.is_float() {
                (0..n).map(|_| noise.normal()).collect()
            } else {
                let most = if *dtype == DatumType::Bool { 2 } else { 10 };
                (0..n).map(|_| (noise.next() % most) as f32).collect()
            };
            let tensor = Tensor::from_shape(shape, &values).expect("as many values as the shape has");
            tensor.cast_to_dt(*dtype).expect("tried when it was opened").into_owned()
        };
        self.inputs.iter().map(tensor).collect()
    }
}

/// Numbers by chance, and normal variates by Box and Muller.
pub(super) struct Noise {
    chance: Chance,
    spare: Option<f32>,
}

impl Noise {
    /// A stream of its own for each sample.
    pub fn new(seed: u64, sample: u64) -> Noise {
        let own = Chance::new(seed).draw() ^ sample.wrapping_mul(0xD1B5_4A32_D192_ED03);
        Noise { chance: Chance::new(own), spare: None }
    }

    pub fn next(&mut self) -> u64 {
        self.chance.draw()
    }

    /// Uniform in (0, 1].
    fn unit(&mut self) -> f64 {
        ((self.next() >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f32 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        let radius = (-2.0 * self.unit().ln()).sqrt();
        let angle = std::f64::consts::TAU * self.unit();
        self.spare = Some((radius * angle.sin()) as f32);
        (radius * angle.cos()) as f32
    }
}
