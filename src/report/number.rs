//! Numbers as people read them: units, sensible digits, widths that do not jump.

/// `0.4 s`, `12 s`, `3 min 20 s`, `2 h 05 min`: a time that is waited for.
pub fn seconds(time: std::time::Duration) -> String {
    let s = time.as_secs_f64();
    match s {
        s if s < 9.95 => format!("{s:.1} s"),
        s if s < 99.5 => format!("{s:.0} s"),
        s if s < 3600.0 => format!("{:.0} min {:02.0} s", (s / 60.0).floor(), (s % 60.0).floor()),
        s => format!("{:.0} h {:02.0} min", (s / 3600.0).floor(), (s % 3600.0 / 60.0).floor()),
    }
}

/// A real quantity with `digits` significant digits: `2.813`, `0.02215`, `1.1e-4`, `123,457`. Infinities print as `∞`,
/// undefined values as `–`.
pub fn significant(x: f64, digits: usize) -> String {
    if x.is_nan() {
        return "–".into();
    }
    if x.is_infinite() {
        return if x > 0.0 { "∞".into() } else { "-∞".into() };
    }
    if x == 0.0 {
        return "0".into();
    }
    // The exponent after rounding, so that 9.9996 with four digits is 10.00 and not 10.000.
    let scientific = format!("{:.*e}", digits.saturating_sub(1), x);
    let (mantissa, exponent) = scientific.split_once('e').expect("{:e} writes an exponent");
    let exponent: i32 = exponent.parse().expect("{:e} writes a decimal exponent");
    if (-3..6).contains(&exponent) {
        let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
        let plain = format!("{x:.decimals$}");
        if exponent >= 4 { grouped(&plain) } else { plain }
    } else {
        let mantissa = if digits > 2 { mantissa } else { mantissa.trim_end_matches(".0") };
        format!("{mantissa}e{exponent}")
    }
}

/// A count with its thousands apart: `1,204`.
pub fn count(n: u64) -> String {
    grouped(&n.to_string())
}

/// `1 bias`, `1,234 biases`: a count of what has a plural of its own.
pub fn with(n: u64, one: &str, more: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { more })
}

/// A count with its noun: `1 value`, `1,204 values`.
pub fn of(n: u64, noun: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{} {noun}{s}", count(n))
}

/// A count in at most five columns: `999`, `1.2k`, `147k`, `3.1M`.
pub fn short_count(n: u64) -> String {
    let mut value = n as f64;
    if n < 1000 {
        return n.to_string();
    }
    for unit in ["k", "M", "G", "T", "P", "E"] {
        value /= 1000.0;
        if value < 9.95 {
            return format!("{value:.1}{unit}");
        }
        if value < 999.5 {
            return format!("{value:.0}{unit}");
        }
    }
    "lots".into()
}

/// A round value beside a vertical axis, as a rule in at most five columns: `0`, `0.05`, `2.5`, `147k`, `1e-4`.
pub fn tick(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude >= 1000.0 {
        let sign = if value < 0.0 { "-" } else { "" };
        return format!("{sign}{}", short_count(magnitude as u64).replace(".0", ""));
    }
    if magnitude == 0.0 {
        return "0".into();
    }
    if magnitude >= 0.001 {
        let text = format!("{:.*}", if magnitude >= 1.0 { 1 } else { 3 }, value);
        return text.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    significant(value, 1)
}

/// A number of bytes: `12 kB`, `1.4 GB`.
pub fn bytes(n: u64) -> String {
    let short = short_count(n);
    let digits = short.trim_end_matches(char::is_alphabetic);
    format!("{digits} {}B", &short[digits.len()..])
}

/// A share of 1 as a percentage: `0 %`, `0.13 %`, `12.3 %`. What is not zero never prints as zero, and what is not all
/// never prints as all.
pub fn percent(share: f64) -> String {
    if share.is_nan() {
        return "– %".into();
    }
    let p = share * 100.0;
    match p {
        0.0 => "0 %".into(),
        p if p < 0.001 => "<0.001 %".into(),
        p if p < 0.0995 => format!("{p:.3} %"),
        p if p < 9.995 => format!("{p:.2} %"),
        p if p < 99.95 => format!("{p:.1} %"),
        p if p < 100.0 => ">99.9 %".into(),
        _ => "100 %".into(),
    }
}

/// Some of some number as a percentage of at most three digits, without zeros that say nothing: 15 of 1,000 is `1.5 %`.
pub fn part(some: f64, all: u64) -> String {
    let text = percent(some / all.max(1) as f64);
    match text.strip_suffix(" %") {
        Some(number) if number.contains('.') && !number.starts_with(['<', '>']) => {
            format!("{} %", number.trim_end_matches('0').trim_end_matches('.'))
        }
        _ => text,
    }
}

/// A ratio in decibels with one decimal.
pub fn decibels(db: f64) -> String {
    match db {
        db if db.is_nan() => "–".into(),
        f64::INFINITY => "∞".into(),
        f64::NEG_INFINITY => "-∞".into(),
        // `+ 0.0` makes a rounded -0.0 plain.
        db => format!("{:.1}", (db * 10.0).round() / 10.0 + 0.0),
    }
}

/// Decibels with two decimals and in ASCII: `31.24`, `inf`, `-` where undefined.
pub(super) fn plain_decibels(db: f64) -> String {
    if db.is_finite() { format!("{db:.2}") } else { plain(decibels(db)) }
}

/// The signs for undefined and infinite in ASCII.
pub(super) fn plain(number: String) -> String {
    number.replace('–', "-").replace('∞', "inf")
}

/// A number if it is finite: documents have no others.
pub(super) fn finite(x: f64) -> Option<f64> {
    x.is_finite().then_some(x)
}

/// A shape: `8x64x28x28`; `scalar` for rank 0, `?` where it is not known, or not the same in all samples.
pub fn shape(axes: Option<&[u64]>) -> String {
    let Some(axes) = axes else { return "?".into() };
    if axes.is_empty() {
        return "scalar".into();
    }
    axes.iter().map(u64::to_string).collect::<Vec<_>>().join("x")
}

/// An f32 in the fewest digits that give it back.
pub fn shortest(x: f32) -> String {
    let plain = format!("{x}");
    if plain.len() > 14 { format!("{x:e}") } else { plain }
}

fn grouped(digits: &str) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |rest| ("-", rest));
    let (whole, rest) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut out = String::from(sign);
    for (i, c) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(c);
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_sensible() {
        let four = |x| significant(x, 4);
        assert_eq!(four(2.8134), "2.813");
        assert_eq!(four(0.0221503), "0.02215");
        assert_eq!(four(9.99996), "10.00");
        assert_eq!(four(1234.56), "1235");
        assert_eq!(four(123456.7), "123,457");
        assert_eq!(four(1.0e-4), "1.000e-4");
        assert_eq!(significant(1.1e-4, 2), "1.1e-4");
        assert_eq!(significant(1.0e-4, 2), "1e-4");
        assert_eq!(four(-0.5), "-0.5000");
        assert_eq!(four(0.0), "0");
        assert_eq!(four(f64::INFINITY), "∞");
        assert_eq!(four(f64::NAN), "–");
        assert_eq!(four(3.4e38), "3.400e38");
    }

    #[test]
    fn counts_and_shares_keep_their_meaning() {
        assert_eq!(count(147_456), "147,456");
        assert_eq!(count(999), "999");
        assert_eq!(
            [0, 999, 1_204, 99_960, 147_456, 999_600, 3_100_000].map(short_count),
            ["0", "999", "1.2k", "100k", "147k", "1.0M", "3.1M"]
        );
        let parts = [(15.0, 1000), (120.0, 1000), (1.0, 3), (0.0, 9), (9.0, 9), (1.0, 1 << 40), (5.0, 1000)];
        let shown = parts.map(|(some, all)| part(some, all));
        assert_eq!(shown, ["1.5 %", "12 %", "33.3 %", "0 %", "100 %", "<0.001 %", "0.5 %"]);
        assert_eq!(part(999_999.0, 1_000_000), ">99.9 %");
        assert_eq!(bytes(1_400_000_000), "1.4 GB");
        assert_eq!(bytes(12), "12 B");
        assert_eq!(bytes(12_000), "12 kB");
        assert_eq!(
            [0.0, 1e-9, 0.00013, 0.0013, 0.019, 0.123, 0.99999, 1.0].map(percent),
            ["0 %", "<0.001 %", "0.013 %", "0.13 %", "1.90 %", "12.3 %", ">99.9 %", "100 %"]
        );
        assert_eq!([31.24, -0.04, -3.16].map(decibels), ["31.2", "0.0", "-3.2"]);
        assert_eq!((of(1, "value"), of(1_204, "value")), ("1 value".into(), "1,204 values".into()));
        assert_eq!(shape(Some(&[])), "scalar");
        assert_eq!(shape(None), "?");
        assert_eq!(shape(Some(&[8, 64])), "8x64");
        assert_eq!(shortest(0.1), "0.1");
        assert_eq!(shortest(1e-30), "1e-30");
    }
}
