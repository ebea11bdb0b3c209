//! Which codings a body has.

use http::{HeaderMap, header::CONTENT_ENCODING};

/// As curl has it.
const MOST: usize = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

/// The codings of a body in the order in which they were applied, or what the header says when it
/// cannot be used.
pub(super) fn of(headers: &HeaderMap) -> Result<Vec<Coding>, Box<str>> {
    let lines = headers.get_all(CONTENT_ENCODING).iter();
    let lines: Vec<_> = lines.map(|line| String::from_utf8_lossy(line.as_bytes())).collect();
    let text = lines.join(", ");
    let names = text.split(',').map(|name| name.trim().to_ascii_lowercase());
    let codings = names.filter_map(|name| match &*name {
        // The last one is not registered, but cannot mean anything else.
        "" | "identity" | "none" => None,
        "gzip" | "x-gzip" => Some(Ok(Coding::Gzip)),
        "deflate" => Some(Ok(Coding::Deflate)),
        "br" => Some(Ok(Coding::Brotli)),
        "zstd" => Some(Ok(Coding::Zstd)),
        _ => Some(Err(())),
    });
    match codings.collect::<Result<Vec<_>, ()>>() {
        Ok(codings) if codings.len() <= MOST => Ok(codings),
        _ => Err(text.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Coding::*, *};
    use http::HeaderValue;

    fn codings(lines: &[&'static str]) -> Result<Vec<Coding>, Box<str>> {
        let lines = lines.iter().map(|line| (CONTENT_ENCODING, HeaderValue::from_static(line)));
        of(&lines.collect())
    }

    #[test]
    fn e4_names_have_aliases_and_no_case() {
        for (lines, expected) in [
            (&["gzip"][..], &[Gzip][..]),
            (&["GZIP"], &[Gzip]),
            (&["x-gzip"], &[Gzip]),
            (&["Br"], &[Brotli]),
            (&["zstd , deflate"], &[Zstd, Deflate]),
            (&["gzip", "br"], &[Gzip, Brotli]),
            (&["identity"], &[]),
            (&["none"], &[]),
            (&["", ","], &[]),
            (&["gzip, gzip, gzip, gzip, gzip"], &[Gzip; 5]),
        ] {
            assert_eq!(codings(lines).unwrap(), expected, "{lines:?}");
        }
    }

    #[test]
    fn e4_unknown_and_too_many_are_refused() {
        for lines in [
            &["compress"][..],
            &["gzip, x"],
            &["gzip;q=1"],
            &["gzip, gzip, gzip", "gzip, gzip, gzip"],
        ] {
            assert_eq!(*codings(lines).unwrap_err(), *lines.join(", "));
        }
    }
}
