//! Text cut out of a photographed page, as the bundled network is fed it: what `assets/make_activations.py` makes, without
//! Python.

use super::data::npy;

/// scikit-image's page.png, grey, row by row; `assets/activations/README.md` has its origin and licence.
const PAGE: &[u8] = include_bytes!("../../assets/lessons/page.grey");
const PAGE_WIDTH: usize = 384;

/// The shape of one crop: channels, rows, columns.
pub const CROP: [usize; 3] = [3, 48, 192];

/// A word and a line in turn: left, top, right, bottom.
const BOXES: [[u16; 4]; 56] = [
    [206, 105, 235, 119],
    [4, 48, 379, 65],
    [87, 106, 111, 116],
    [4, 65, 379, 84],
    [237, 106, 297, 119],
    [4, 84, 379, 103],
    [5, 115, 69, 133],
    [4, 12, 296, 36],
    [71, 120, 87, 133],
    [4, 100, 379, 120],
    [122, 122, 172, 136],
    [4, 115, 175, 137],
    [88, 123, 120, 137],
    [40, 172, 245, 191],
    [40, 172, 88, 183],
    [4, 48, 162, 64],
    [5, 12, 144, 34],
    [165, 49, 320, 66],
    [149, 13, 294, 35],
    [131, 66, 264, 84],
    [4, 48, 26, 61],
    [178, 86, 339, 103],
    [54, 49, 83, 63],
    [155, 103, 300, 121],
    [355, 49, 378, 62],
    [89, 50, 160, 63],
    [166, 50, 224, 64],
    [323, 50, 350, 64],
    [229, 51, 246, 64],
    [250, 51, 276, 64],
    [282, 51, 318, 64],
    [31, 52, 49, 62],
    [4, 65, 84, 82],
    [347, 66, 378, 80],
    [87, 67, 129, 81],
    [132, 68, 189, 82],
    [219, 69, 261, 85],
    [262, 69, 294, 82],
    [319, 70, 344, 81],
    [191, 71, 216, 82],
    [296, 71, 318, 82],
    [4, 84, 104, 101],
    [343, 85, 378, 98],
    [132, 86, 175, 100],
    [253, 86, 337, 103],
    [180, 87, 225, 103],
    [109, 88, 127, 99],
    [230, 90, 248, 100],
    [4, 99, 27, 112],
    [355, 101, 378, 114],
    [30, 102, 85, 115],
    [338, 102, 354, 115],
    [114, 103, 155, 117],
    [178, 104, 204, 118],
    [300, 104, 336, 120],
    [158, 105, 175, 118],
];

/// How many crops there are: every box, upright and turned by 180 degrees.
pub const CROPS: usize = 2 * BOXES.len();

/// A crop as RapidOCR prepares it: 48 rows, the width by its shape up to 192, bilinear, -1 to 1, zeros at the right. Of the
/// first half every second one is upside down; the second half is the same boxes the other way up.
pub fn crop(at: usize) -> Vec<f32> {
    let (nth, second) = (at % BOXES.len(), at / BOXES.len() % 2 == 1);
    let turned = (nth % 2 == 1) != second;
    let [left, top, right, bottom] = BOXES[nth].map(usize::from);
    let (wide, high) = (right - left, bottom - top);
    let pixel = |row: usize, column: usize| {
        let (row, column) = if turned { (high - 1 - row, wide - 1 - column) } else { (row, column) };
        f64::from(PAGE[(top + row) * PAGE_WIDTH + left + column])
    };
    let [channels, rows, columns] = CROP;
    let new_width = (rows * wide).div_ceil(high).min(columns);
    let mut plane = vec![0.0f32; rows * columns];
    for row in 0..rows {
        let (y, b) = between(row, high, rows);
        for column in 0..new_width {
            let (x, a) = between(column, wide, new_width);
            let upper = pixel(y, x) * (1.0 - a) + pixel(y, x + 1) * a;
            let lower = pixel(y + 1, x) * (1.0 - a) + pixel(y + 1, x + 1) * a;
            let grey = upper * (1.0 - b) + lower * b;
            plane[row * columns + column] = ((grey / 255.0 - 0.5) / 0.5) as f32;
        }
    }
    plane.repeat(channels)
}

/// Some crops as the file that `np.save` would write of them.
pub fn batch(crops: impl ExactSizeIterator<Item = usize>) -> Vec<u8> {
    let [channels, rows, columns] = CROP;
    let shape = [crops.len(), channels, rows, columns];
    npy(&shape, &crops.flat_map(crop).collect::<Vec<f32>>())
}

/// The pixel before the place that the middle of a new pixel falls on, and how far behind it that is; beyond the edge
/// pixels' middles the picture is mirrored there.
fn between(new: usize, old_size: usize, new_size: usize) -> (usize, f64) {
    let last = (old_size - 1) as f64;
    let at = ((new as f64 + 0.5) * old_size as f64 / new_size as f64 - 0.5).abs();
    let at = if at > last { 2.0 * last - at } else { at };
    let before = (at.floor() as usize).min(old_size - 2);
    (before, at - before as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bundled input holds the first two crops, as Python has made them.
    #[test]
    fn crops_are_those_of_the_bundled_input() {
        let bytes = include_bytes!("../../assets/activations/00.input.npy");
        let one = CROP.iter().product::<usize>();
        let values =
            bytes[bytes.len() - 8 * one..].chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
        let ours = crop(0).into_iter().chain(crop(1));
        for (got, wanted) in ours.zip(values) {
            assert!((got - wanted).abs() < 1e-6, "{got} {wanted}");
        }
    }

    #[test]
    fn the_second_half_is_the_other_way_up() {
        assert_eq!((CROPS, PAGE.len() % PAGE_WIDTH), (112, 0));
        let plane = CROP[1] * CROP[2];
        assert_ne!(crop(0), crop(56));
        assert!((0..CROPS).all(|at| crop(at).len() == 3 * plane && crop(at).iter().all(|x| (-1.0..=1.0).contains(x))));
    }
}
