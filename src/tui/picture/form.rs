/// Whether a point of a cell is inked by one of the characters that are forms and not letters; `x` and `y` go from 0 to 1,
/// to the right and down. `None` for all other characters.
pub(super) fn inked(c: char, x: f64, y: f64) -> Option<bool> {
    let across = |at: f64, thick: f64| (y - at).abs() < thick / 2.0;
    let down = |at: f64, thick: f64| (x - at).abs() < thick / 2.0;
    // A cell is about twice as high as wide.
    let round = |radius: f64| (x - 0.5).powi(2) + ((y - 0.5) * 2.0).powi(2) < radius.powi(2);
    Some(match c {
        '▁'..='█' => y >= 1.0 - f64::from(c as u32 - '▁' as u32 + 1) / 8.0,
        '▀' => y < 0.5,
        '▔' => y < 0.125,
        '▌' => x < 0.5,
        '▐' => x >= 0.5,
        '░' => ((x * 4.0) as u32 + (y * 8.0) as u32).is_multiple_of(2) && ((x * 8.0) as u32).is_multiple_of(2),
        '▒' => ((x * 4.0) as u32 + (y * 8.0) as u32).is_multiple_of(2),
        '⠀'..='⣿' => dot(c as u32 - 0x2800, x, y),
        '─' => across(0.5, 0.05),
        '━' => across(0.5, 0.12),
        '═' => across(0.42, 0.05) || across(0.58, 0.05),
        '│' => down(0.5, 0.1),
        '┃' => down(0.5, 0.24),
        '┊' => down(0.5, 0.1) && ((y * 8.0) as u32).is_multiple_of(2),
        '┬' => across(0.5, 0.05) || (down(0.5, 0.1) && y > 0.5),
        '└' => (across(0.5, 0.05) && x > 0.5) || (down(0.5, 0.1) && y < 0.5),
        '◆' | '♦' => (x - 0.5).abs() + (y - 0.5).abs() * 2.0 < 0.45,
        '▲' => (0.25..0.75).contains(&y) && (x - 0.5).abs() < (y - 0.25),
        '▸' | '►' => (0.1..0.9).contains(&x) && (y - 0.5).abs() < (0.9 - x) * 0.4,
        '◂' | '◄' => (0.1..0.9).contains(&x) && (y - 0.5).abs() < (x - 0.1) * 0.4,
        '●' => round(0.42),
        '•' => round(0.25),
        '○' => round(0.42) && !round(0.28),
        '■' => (0.1..0.9).contains(&x) && (0.28..0.7).contains(&y),
        '≡' => [0.35, 0.5, 0.65].into_iter().any(|at| across(at, 0.06)) && (0.1..0.9).contains(&x),
        '↓' => (down(0.5, 0.1) && (0.2..0.75).contains(&y)) || head(y - 0.75, x - 0.5),
        '↑' => (down(0.5, 0.1) && (0.25..0.8).contains(&y)) || head(0.25 - y, x - 0.5),
        '→' => (across(0.5, 0.05) && (0.05..0.9).contains(&x)) || head((x - 0.95) * 0.5, (y - 0.5) * 2.0),
        '←' => (across(0.5, 0.05) && (0.1..0.95).contains(&x)) || head((0.05 - x) * 0.5, (y - 0.5) * 2.0),
        '–' | '−' => across(0.52, 0.06) && (0.1..0.9).contains(&x),
        '—' => across(0.52, 0.06),
        '…' => (0.72..0.8).contains(&y) && [0.15, 0.5, 0.85].into_iter().any(|at| down(at, 0.15)),
        '∞' => {
            let ring = |at: f64| (((x - at) * 2.0).powi(2) + ((y - 0.52) * 4.0).powi(2)).sqrt();
            [0.27, 0.73].into_iter().any(|at| (0.32..0.55).contains(&ring(at)))
        }
        _ => return None,
    })
}

/// The head of an arrow: its tip at 0, growing backwards.
fn head(back: f64, aside: f64) -> bool {
    (-0.2..0.0).contains(&back) && aside.abs() < -back * 1.8
}

/// Dots are numbered down the left column, then the right, then the bottom row.
fn dot(bits: u32, x: f64, y: f64) -> bool {
    let column = if x < 0.5 { 0 } else { 1 };
    let row = ((y * 4.0) as usize).min(3);
    let bit = [[0, 1, 2, 6], [3, 4, 5, 7]][column][row];
    let (dx, dy) = ((x * 2.0).fract() - 0.5, (y * 4.0).fract() - 0.5);
    bits >> bit & 1 == 1 && dx * dx + dy * dy < 0.16
}
