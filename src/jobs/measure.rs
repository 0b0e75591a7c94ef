use std::ops::ControlFlow;

use crate::calibrate::{Measure, Measured};
use crate::input::{InputError, Source};
use crate::quant::{Clip, Format};

/// Reads a layer once more and measures what `clip` costs on its values. `None` when it was cancelled.
///
/// # Errors
/// The first file that cannot be read; a source that can be read only once.
pub fn measure_layer(
    source: &Source,
    clip: Clip,
    format: Format,
    cancelled: &dyn Fn() -> bool,
) -> Result<Option<Measured>, InputError> {
    readable_again(source)?;
    let mut measure = Measure::new(clip, format);
    for part in &source.parts {
        let mut stopped = false;
        part.open()?.read(&mut |chunk| {
            measure.push(chunk);
            stopped = cancelled();
            if stopped { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        if stopped {
            return Ok(None);
        }
    }
    Ok(Some(measure.finish()))
}

/// A pipe's data are gone.
pub(super) fn readable_again(source: &Source) -> Result<(), InputError> {
    match source.parts.iter().find(|part| !part.seekable_twice()) {
        None => Ok(()),
        Some(once) => {
            let file = once.file();
            let message = format!("{file} can be read only once; give a file to look closer.");
            Err(InputError { file, message })
        }
    }
}
