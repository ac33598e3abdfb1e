//! An error with its causes on one line.

use std::error::Error;
use std::io;

/// The error and its causes, outermost first. An I/O error hides the error it wraps.
pub(crate) fn causes<'e>(
    error: &'e (dyn Error + 'static),
) -> impl Iterator<Item = &'e (dyn Error + 'static)> + 'e {
    std::iter::successors(Some(error), |&error| {
        error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
            .map(|inner| inner as &(dyn Error + 'static))
            .or_else(|| error.source())
    })
}

/// The messages of an error and its causes on one line, each once.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut parts: Vec<String> = Vec::new();
    for cause in causes(error) {
        let text = cause.to_string();
        // The client's outer layers only say that sending failed.
        let is_outer_layer = ["error sending request", "client error ("];
        let is_outer_layer = is_outer_layer.iter().any(|start| text.starts_with(start));
        if is_outer_layer && cause.source().is_some() {
            continue;
        }
        if !parts.iter().any(|part| part.contains(&text)) {
            parts.push(text);
        }
    }
    parts.join(": ")
}
