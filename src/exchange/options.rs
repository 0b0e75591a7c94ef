//! What can be said of a file beside its ranges.

use std::fmt;
use std::str::FromStr;

/// What a writer may be told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The version in the first line of a TensorRT cache.
    pub tensorrt: Option<TensorrtVersion>,
}

/// The first line of TensorRT's calibration cache: `TRT-8601-EntropyCalibration2`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorrtVersion {
    number: u32,
    /// The calibrator that has filled it.
    by: String,
}

/// What fills a cache unless something else is said; the calibrator that TensorRT advises and DLA wants.
const BY: &str = "EntropyCalibration2";

impl Default for TensorrtVersion {
    /// 10.3.0. Public parsers look for `TRT-` alone.
    fn default() -> TensorrtVersion {
        TensorrtVersion { number: 100_300, by: BY.to_owned() }
    }
}

impl TensorrtVersion {
    /// That of a cache's first line; `None` where that is none.
    pub fn of_line(line: &str) -> Option<TensorrtVersion> {
        let (number, by) = line.trim_end().strip_prefix("TRT-")?.split_once('-')?;
        let digits = number.bytes().all(|b| b.is_ascii_digit());
        let number = digits.then(|| number.parse().ok()).flatten()?;
        let word = !by.is_empty() && by.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        word.then(|| TensorrtVersion { number, by: by.to_owned() })
    }

    /// The line, without its end.
    pub fn line(&self) -> String {
        format!("TRT-{}-{}", self.number, self.by)
    }
}

/// `8601`, `8.6.1` or the whole line.
impl FromStr for TensorrtVersion {
    type Err = String;

    fn from_str(text: &str) -> Result<TensorrtVersion, String> {
        let wrong = || format!("\"{text}\" is no version of TensorRT; write for example 8.6.1, 8601 or 10.3.0");
        if let Some(version) = TensorrtVersion::of_line(text) {
            return Ok(version);
        }
        let parts: Vec<Option<u32>> = text.split('.').map(|part| part.parse().ok()).collect();
        let number = match parts.as_slice() {
            [Some(number)] => *number,
            [Some(major), Some(minor), rest @ ..] if *minor < 100 && *major < 1000 => {
                let patch = match rest {
                    [] => 0,
                    [Some(patch), ..] if *patch < 100 => *patch,
                    _ => return Err(wrong()),
                };
                // Two digits for the minor version from 10 on.
                if *major < 10 && *minor < 10 {
                    1000 * major + 100 * minor + patch
                } else {
                    10_000 * major + 100 * minor + patch
                }
            }
            _ => return Err(wrong()),
        };
        (1000..10_000_000).contains(&number).then(|| TensorrtVersion { number, by: BY.to_owned() }).ok_or_else(wrong)
    }
}

/// `TensorRT 8.6.1 (EntropyCalibration2)`.
impl fmt::Display for TensorrtVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n = self.number;
        let (major, minor) = if n < 10_000 { (n / 1000, n / 100 % 10) } else { (n / 10_000, n / 100 % 100) };
        write!(f, "TensorRT {major}.{minor}.{} ({})", n % 100, self.by)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_written_as_nvidia_has_it() {
        for (text, line, shown) in [
            ("8601", "TRT-8601-EntropyCalibration2", "TensorRT 8.6.1 (EntropyCalibration2)"),
            ("8.6.1", "TRT-8601-EntropyCalibration2", "TensorRT 8.6.1 (EntropyCalibration2)"),
            ("8.6.1.6", "TRT-8601-EntropyCalibration2", "TensorRT 8.6.1 (EntropyCalibration2)"),
            ("10.3", "TRT-100300-EntropyCalibration2", "TensorRT 10.3.0 (EntropyCalibration2)"),
            ("10.13.2", "TRT-101302-EntropyCalibration2", "TensorRT 10.13.2 (EntropyCalibration2)"),
            ("TRT-7103-MinMaxCalibration", "TRT-7103-MinMaxCalibration", "TensorRT 7.1.3 (MinMaxCalibration)"),
        ] {
            let version: TensorrtVersion = text.parse().unwrap();
            assert_eq!((version.line().as_str(), version.to_string().as_str()), (line, shown), "{text}");
            assert_eq!(TensorrtVersion::of_line(line), Some(version));
        }
        for wrong in [
            "",
            "8",
            "8.x",
            "8.6.100",
            "-8601",
            "8.600",
            "99999999",
            "TRT-x-y",
            "TRT-8601-",
            "TRT-8601-a b",
            "4294967296",
        ] {
            assert!(wrong.parse::<TensorrtVersion>().is_err(), "{wrong}");
        }
        assert_eq!(TensorrtVersion::default().line(), "TRT-100300-EntropyCalibration2");
    }
}
