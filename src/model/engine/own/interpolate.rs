//! Which old places of an axis a new one is made of.

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Mode {
    Nearest,
    Linear,
    Cubic,
}

/// Where a new place lies among the old ones: ONNX's `coordinate_transformation_mode`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Where {
    HalfPixel,
    HalfPixelSymmetric,
    PytorchHalfPixel,
    AlignCorners,
    Asymmetric,
    TfHalfPixel,
    /// `tf_crop_and_resize`.
    Roi,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Nearest {
    PreferFloor,
    PreferCeil,
    Floor,
    Ceil,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct How {
    pub mode: Mode,
    pub r#where: Where,
    pub nearest: Nearest,
    /// Of the cubic.
    pub a: f32,
    pub exclude_outside: bool,
    pub antialias: bool,
}

/// An axis as it is and as it is to be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub len: usize,
    pub out: usize,
    pub scale: f32,
    /// What of it is taken, of 1.
    pub roi: (f32, f32),
}

impl Line {
    /// Whether nothing happens.
    pub fn is_same(&self) -> bool {
        self.len == self.out && self.scale == 1.0 && self.roi == (0.0, 1.0)
    }

    /// Where a new place lies among the old ones: in 32 bits, as in ONNX Runtime, since a floor may follow.
    fn place(&self, at: usize, r#where: Where) -> f32 {
        let (x, len, out) = (at as f32, self.len as f32, self.out as f32);
        let half_pixel = (x + 0.5) / self.scale - 0.5;
        match r#where {
            _ if self.is_same() => x,
            Where::HalfPixel => half_pixel,
            Where::PytorchHalfPixel => {
                if self.out > 1 {
                    half_pixel
                } else {
                    0.0
                }
            }
            Where::HalfPixelSymmetric => {
                let adjustment = out / (self.scale * len);
                len / 2.0 * (1.0 - adjustment) + half_pixel
            }
            Where::AlignCorners => {
                if self.out > 1 {
                    x * (len - 1.0) / (out - 1.0)
                } else {
                    0.0
                }
            }
            Where::Asymmetric => x / self.scale,
            Where::TfHalfPixel => (x + 0.5) / self.scale,
            Where::Roi => {
                let (start, end) = self.roi;
                match self.out {
                    0 | 1 => 0.5 * (start + end) * (len - 1.0),
                    _ => start * (len - 1.0) + x * (end - start) * (len - 1.0) / (out - 1.0),
                }
            }
        }
    }

    /// Whether a place is outside of the picture, where that means something.
    fn is_outside(&self, place: f32, r#where: Where) -> bool {
        r#where == Where::Roi && !(0.0..=self.len as f32 - 1.0).contains(&place)
    }

    /// The one old place of each new one.
    pub fn nearest(&self, how: &How) -> Vec<Option<usize>> {
        let nearest = |at: usize| {
            let place = self.place(at, how.r#where);
            let whole = match how.nearest {
                Nearest::PreferFloor if place == place.trunc() + 0.5 => place.floor(),
                Nearest::PreferFloor | Nearest::PreferCeil => place.round(),
                Nearest::Floor => place.floor(),
                Nearest::Ceil => place.ceil(),
            };
            (!self.is_outside(place, how.r#where)).then(|| whole.clamp(0.0, self.len as f32 - 1.0) as usize)
        };
        (0..self.out).map(nearest).collect()
    }

    /// The old places of each new one, with their weights; none for one outside.
    pub fn weights(&self, how: &How) -> Vec<Option<Vec<(usize, f32)>>> {
        let weights = |at: usize| {
            let place = self.place(at, how.r#where);
            (!self.is_outside(place, how.r#where)).then(|| self.weights_at(place, how))
        };
        (0..self.out).map(weights).collect()
    }

    fn weights_at(&self, place: f32, how: &How) -> Vec<(usize, f32)> {
        if self.is_same() {
            return vec![(place as usize, 1.0)];
        }
        let last = self.len as i64 - 1;
        // A smaller picture without aliases is made of wider sums.
        let shrunk = if how.antialias { self.scale.min(1.0) } else { 1.0 };
        let reach = if how.mode == Mode::Linear { 1.0 } else { 2.0 } / shrunk;
        let kernel = |distance: f32| match how.mode {
            Mode::Cubic => cubic(distance * shrunk, how.a),
            _ => (1.0 - (distance * shrunk).abs()).max(0.0),
        };
        let (first, end) = ((place - reach).floor() as i64, (place + reach).ceil() as i64);
        let taps = (first..=end).map(|tap| (tap, kernel(tap as f32 - place))).filter(|(_, weight)| *weight != 0.0);
        let inside = how.exclude_outside;
        let mut weights: Vec<(usize, f32)> = taps
            .filter(|(tap, _)| !inside || (0..=last).contains(tap))
            .map(|(tap, weight)| (tap.clamp(0, last) as usize, weight))
            .collect();
        let sum: f32 = weights.iter().map(|(_, weight)| weight).sum();
        if (inside || how.antialias) && sum != 0.0 {
            weights.iter_mut().for_each(|(_, weight)| *weight /= sum);
        }
        weights
    }
}

/// The convolution kernel of cubic interpolation.
fn cubic(x: f32, a: f32) -> f32 {
    let x = x.abs();
    match x {
        ..=1.0 => ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0,
        ..2.0 => ((x - 5.0) * x + 8.0) * x * a - 4.0 * a,
        _ => 0.0,
    }
}
