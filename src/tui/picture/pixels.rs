/// Three bytes a pixel, row by row.
pub(super) struct Pixels {
    width: usize,
    height: usize,
    bytes: Vec<u8>,
}

impl Pixels {
    pub fn new(width: usize, height: usize, ground: [u8; 3]) -> Pixels {
        Pixels { width, height, bytes: ground.repeat(width * height) }
    }

    /// Mixes in a colour, by the share of each pixel of a rectangle. What lies outside of the picture is left out.
    pub fn fill(
        &mut self,
        (x, y): (usize, usize),
        (width, height): (usize, usize),
        share: impl Fn(usize, usize) -> f64,
        ink: [u8; 3],
    ) {
        for py in 0..height.min(self.height.saturating_sub(y)) {
            for px in 0..width.min(self.width.saturating_sub(x)) {
                let share = share(px, py);
                if share > 0.0 {
                    let at = 3 * ((y + py) * self.width + x + px);
                    let under = [self.bytes[at], self.bytes[at + 1], self.bytes[at + 2]];
                    self.bytes[at..at + 3].copy_from_slice(&mixed(under, ink, share));
                }
            }
        }
    }

    pub fn encoded(self) -> Vec<u8> {
        let mut out = Vec::new();
        // Sizes of screens are u16 cells, those of plots u16 pixels: the picture's fit u32, and memory does not refuse to be
        // written to.
        let mut encoder = png::Encoder::new(&mut out, self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(&self.bytes));
        debug_assert!(written.is_ok(), "{written:?}");
        out
    }
}

/// A share of `over` on the rest of `under`.
pub(super) fn mixed(under: [u8; 3], over: [u8; 3], share: f64) -> [u8; 3] {
    std::array::from_fn(|i| {
        (f64::from(under[i]) + (f64::from(over[i]) - f64::from(under[i])) * share).round().clamp(0.0, 255.0) as u8
    })
}
