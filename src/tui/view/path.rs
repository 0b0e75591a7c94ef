//! One value's way through quantization, in a row of arithmetic.

use super::pen::Pen;
use crate::figure::Path;
use crate::quant::{Format, QuantParams};
use crate::report::number;

/// The row in so many columns: with a word for each step where there is room, and only what changes where there is little.
pub(super) fn row(pen: &Pen, path: &Path, params: &QuantParams, columns: u16) -> String {
    let mut rows = [Room::Wide, Room::Some, Room::Little, Room::Least].map(|room| words(path, params, room));
    let fits = rows.iter().position(|row| pen.width(row) <= columns).unwrap_or(3);
    std::mem::take(&mut rows[fits])
}

#[derive(Clone, Copy, PartialEq)]
enum Room {
    Wide,
    Some,
    Little,
    /// Where it begins and ends.
    Least,
}

fn words(path: &Path, params: &QuantParams, room: Room) -> String {
    let n = short;
    let scale = n(f64::from(params.scale()), 4);
    let whole = |x: f64| match params.format() {
        Format::Int(_) => format!("{x}"),
        Format::Fp8(_) => short(x, 4),
    };
    let code = match params.format() {
        Format::Int(_) => path.code.to_string(),
        Format::Fp8(_) => format!("0x{:02x}", path.code),
    };
    if room == Room::Least {
        let (value, back) = (n(f64::from(path.value), 4), n(f64::from(path.back), 4));
        return format!("{value} / {scale} ▸ code {code} ▸ {back}, error {}", n(path.error, 3));
    }
    let mut steps = vec![format!("{} / {scale} = {}", n(f64::from(path.value), 4), n(f64::from(path.scaled), 4))];
    let rounded = whole(path.rounded);
    steps.push(if room == Room::Wide { format!("rounded {rounded}") } else { rounded });
    if !params.format().symmetric() {
        let sign = if params.zero_point() < 0 { '−' } else { '+' };
        let zero = params.zero_point().unsigned_abs();
        let named = if room == Room::Wide { "zero point " } else { "" };
        steps.push(format!("{sign} {named}{zero} = {}", whole(path.shifted)));
    }
    let clamped = whole(path.clamped);
    match room {
        Room::Little if path.clamped == path.shifted => {}
        Room::Some if path.clamped == path.shifted => steps.push(clamped),
        _ => steps.push(format!("clamped {clamped}")),
    }
    steps.push(format!("code {code}"));
    steps.push(match room {
        Room::Wide => format!("× {scale} = {}", n(f64::from(path.back), 4)),
        Room::Some | Room::Little | Room::Least => n(f64::from(path.back), 4),
    });
    let kind = match (room, path.saturates) {
        (Room::Little | Room::Least, _) => "",
        (_, true) => " (clipped)",
        (_, false) => "",
    };
    format!("{}, error {}{kind}", steps.join(" ▸ "), n(path.error, 3))
}

/// A number without zeros at its end.
pub(super) fn short(x: f64, digits: usize) -> String {
    let text = number::significant(x, digits);
    if !text.contains('.') || text.contains('e') {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::super::look::{Depth, Ground, Look, Marks};
    use super::*;
    use crate::quant::Clip;
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;

    fn rows(value: f32, clip: Clip, words: &str) -> Vec<String> {
        let look = Look::new(Depth::Mono, Ground::Unknown, Marks::Braille);
        let pen = Pen { buffer: &mut Buffer::empty(Rect::new(0, 0, 1, 1)), look: &look };
        let params = QuantParams::from_clip(clip, Format::named(words).unwrap());
        let path = Path::of(value, params, clip);
        [200, 66, 60].map(|columns| row(&pen, &path, &params, columns)).into()
    }

    #[test]
    fn every_step_stands_in_one_row() {
        assert_eq!(
            rows(1.37, Clip::symmetric(2.843), "int8"),
            [
                "1.37 / 0.02239 = 61.2 ▸ rounded 61 ▸ clamped 61 ▸ code 61 ▸ × 0.02239 = 1.366, error -0.00446",
                "1.37 / 0.02239 = 61.2 ▸ 61 ▸ 61 ▸ code 61 ▸ 1.366, error -0.00446",
                "1.37 / 0.02239 = 61.2 ▸ 61 ▸ code 61 ▸ 1.366, error -0.00446",
            ]
        );
        let clipped = rows(3.5, Clip::symmetric(2.54), "int8");
        assert_eq!(
            clipped[0],
            "3.5 / 0.02 = 175 ▸ rounded 175 ▸ clamped 127 ▸ code 127 ▸ × 0.02 = 2.54, error -0.96 (clipped)"
        );
        let affine = rows(1.0, Clip::new(0.0, 2.55), "int8 affine");
        assert!(rows(-0.123_4, Clip::new(-0.375, 9.328), "int8 affine").iter().skip(1).all(|row| row.len() < 66));
        assert_eq!(affine[2], "1 / 0.01 = 100 ▸ 100 ▸ − 128 = -28 ▸ code -28 ▸ 1, error 0");
        assert!(rows(600.0, Clip::symmetric(448.0), "e4m3")[0].contains("rounded 576 ▸ clamped 448 ▸ code 0x7e"));
    }
}
