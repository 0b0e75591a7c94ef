//! A factor for each output channel, and a number added.

/// `x · scale + shift` for each channel.
pub(super) struct Affine {
    pub scale: Vec<f64>,
    pub shift: Vec<f64>,
}

impl Affine {
    pub fn nothing(channels: usize) -> Affine {
        Affine { scale: vec![1.0; channels], shift: vec![0.0; channels] }
    }

    /// This, and behind it the other.
    pub fn then(&mut self, next: &Affine) {
        for ((scale, shift), (by, add)) in
            self.scale.iter_mut().zip(&mut self.shift).zip(next.scale.iter().zip(&next.shift))
        {
            *scale *= by;
            *shift = *shift * by + add;
        }
    }
}
