//! Media types, by the WHATWG MIME Sniffing Standard.
//!
//! Real servers send `Content-Type` lines that strict parsers refuse. This one reads what browsers
//! read, over all lines of the header combined (Fetch Standard, "extract a MIME type").
//!
//! ```
//! use tower_clients_layers::MediaType;
//!
//! let media_type: MediaType = "Application/Problem+JSON ;charset=utf-8".parse()?;
//! assert_eq!(media_type.essence(), "application/problem+json");
//! assert_eq!(media_type.parameter("charset"), Some("utf-8"));
//! assert!(media_type.is_json());
//! # Ok::<(), tower_clients_layers::media_type::InvalidMediaType>(())
//! ```

use http::{HeaderMap, HeaderValue, header::CONTENT_TYPE};
use std::{fmt, str::FromStr};

/// A media type with its parameters. See the [module docs](self).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaType {
    essence: String,
    parameters: Vec<(String, String)>,
}

/// Further ones are ignored: looking for duplicates takes time by their square.
const MAX_PARAMETERS: usize = 64;

/// The text is not a media type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidMediaType;

impl MediaType {
    /// The media type of a message, from all `Content-Type` lines; `None` when there is none that
    /// parses. Bytes above ASCII are read as Latin-1.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let lines = headers.get_all(CONTENT_TYPE);
        // What nearly all messages have needs no copy.
        let mut first_two = lines.iter();
        if let (Some(Ok(only)), None) =
            (first_two.next().map(HeaderValue::to_str), first_two.next())
        {
            return Self::extract(only);
        }
        let mut combined = String::new();
        for (i, value) in lines.iter().enumerate() {
            if i > 0 {
                combined.push_str(", ");
            }
            combined.extend(value.as_bytes().iter().map(|&byte| char::from(byte)));
        }
        Self::extract(&combined)
    }

    /// "Extract a MIME type" of the Fetch Standard, on the combined header value.
    fn extract(combined: &str) -> Option<Self> {
        let mut found: Option<Self> = None;
        for value in split_unquoted(combined) {
            let Ok(mut next) = value.parse::<Self>() else {
                continue;
            };
            if next.essence == "*/*" {
                continue;
            }
            if let Some(before) = &found
                && before.essence == next.essence
                && next.parameter("charset").is_none()
                && let Some(charset) = before.parameter("charset")
            {
                next.parameters.push(("charset".into(), charset.into()));
            }
            found = Some(next);
        }
        found
    }

    /// Type and subtype in lower case, without parameters: `text/html`.
    #[must_use]
    pub fn essence(&self) -> &str {
        &self.essence
    }

    /// The value of a parameter, whatever the letter case of its name.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Whether this is a "JSON MIME type": `application/json`, `text/json`, or any `+json`.
    #[must_use]
    pub fn is_json(&self) -> bool {
        matches!(self.essence.as_str(), "application/json" | "text/json")
            || self.essence.ends_with("+json")
    }

    /// Whether the type is `text`.
    #[must_use]
    pub fn is_text(&self) -> bool {
        self.essence.starts_with("text/")
    }
}

impl FromStr for MediaType {
    type Err = InvalidMediaType;

    fn from_str(text: &str) -> Result<Self, InvalidMediaType> {
        let text = text.trim_matches(is_whitespace);
        let (essence, mut rest) = text.split_once(';').unwrap_or((text, ""));
        let (kind, subtype) = essence.split_once('/').ok_or(InvalidMediaType)?;
        let subtype = subtype.trim_end_matches(is_whitespace);
        if !is_token(kind) || !is_token(subtype) {
            return Err(InvalidMediaType);
        }
        let mut parameters: Vec<(String, String)> = Vec::new();
        while !rest.is_empty() && parameters.len() < MAX_PARAMETERS {
            rest = rest.trim_start_matches(is_whitespace);
            let end = rest.find([';', '=']).unwrap_or(rest.len());
            let name = rest[..end].to_ascii_lowercase();
            rest = &rest[end..];
            let Some(value) = rest.strip_prefix('=') else {
                rest = rest.strip_prefix(';').unwrap_or(rest);
                continue;
            };
            let (value, after) = parameter_value(value);
            rest = after;
            let known = parameters.iter().any(|(key, _)| *key == name);
            if let Some(value) = value
                && is_token(&name)
                && value.chars().all(is_quoted_char)
                && !known
            {
                parameters.push((name, value));
            }
        }
        let mut essence = String::with_capacity(kind.len() + 1 + subtype.len());
        essence.extend([kind, "/", subtype]);
        essence.make_ascii_lowercase();
        Ok(Self { essence, parameters })
    }
}

/// The value at the start of `text`, and what follows its semicolon.
fn parameter_value(text: &str) -> (Option<String>, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let (value, rest) = text.split_once(';').unwrap_or((text, ""));
        let value = value.trim_end_matches(is_whitespace);
        return ((!value.is_empty()).then(|| value.to_owned()), rest);
    };
    let mut value = String::new();
    let mut chars = quoted.chars();
    while let Some(char) = chars.next() {
        match char {
            '"' => break,
            '\\' => value.push(chars.next().unwrap_or('\\')),
            char => value.push(char),
        }
    }
    let rest = chars.as_str();
    (Some(value), rest.split_once(';').map_or("", |(_, rest)| rest))
}

/// Splits at commas outside of quoted strings ("get, decode, and split").
fn split_unquoted(text: &str) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |char| {
        let was_escaped = std::mem::take(&mut escaped);
        match char {
            '"' if !was_escaped => quoted = !quoted,
            '\\' => escaped = quoted && !was_escaped,
            ',' => return !quoted,
            _ => {}
        }
        false
    })
}

/// HTTP whitespace of the Fetch Standard.
fn is_whitespace(char: char) -> bool {
    matches!(char, ' ' | '\t' | '\n' | '\r')
}

fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

fn is_quoted_char(char: char) -> bool {
    matches!(char, '\t' | ' '..='~' | '\u{80}'..='\u{ff}')
}

/// Serialized as the standard says: a value that is no token is quoted.
impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.essence)?;
        for (name, value) in &self.parameters {
            if is_token(value) {
                write!(f, ";{name}={value}")?;
            } else {
                let value = value.replace('\\', r"\\").replace('"', r#"\""#);
                write!(f, ";{name}=\"{value}\"")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for InvalidMediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a media type has the form type/subtype")
    }
}

impl std::error::Error for InvalidMediaType {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sloppy_types_of_real_servers_are_read() {
        for (text, read) in [
            ("text/html; charset = utf-8", "text/html"),
            ("text/plain;;charset=utf-8", "text/plain;charset=utf-8"),
            (" application/json ", "application/json"),
            ("application/json; charset", "application/json"),
            ("text/plain;charset=a;charset=b", "text/plain;charset=a"),
            (r#"text/plain;charset="UTF-8"junk;x=y"#, "text/plain;charset=UTF-8;x=y"),
        ] {
            assert_eq!(text.parse::<MediaType>().unwrap().to_string(), read, "{text}");
        }
    }

    #[test]
    fn text_without_a_slash_or_with_odd_characters_is_refused() {
        for text in ["", "json", "text/", "/html", "te xt/html", "text/html\u{0}"] {
            assert_eq!(text.parse::<MediaType>(), Err(InvalidMediaType), "{text}");
        }
    }

    #[test]
    fn parameters_beyond_the_limit_are_ignored() {
        let many: String = (0..100_000).map(|i| format!(";p{i}=x")).collect();
        let media_type: MediaType = format!("a/b{many};charset=utf-8").parse().unwrap();
        assert_eq!(media_type.parameter("P63"), Some("x"));
        assert_eq!(media_type.parameter("p64"), None);
    }

    #[test]
    fn several_lines_make_one_type() {
        let extract = |value| MediaType::extract(value).map(|found| found.to_string());
        assert_eq!(extract("text/a, text/b;x=1"), Some("text/b;x=1".into()));
        assert_eq!(extract("text/a;charset=x, text/a"), Some("text/a;charset=x".into()));
        assert_eq!(extract("text/a, */*"), Some("text/a".into()));
        assert_eq!(extract(r#"text/a;x="1,2""#), Some(r#"text/a;x="1,2""#.into()));
        assert_eq!(extract("nothing"), None);
    }

    #[test]
    fn json_types_are_known_by_name_or_suffix() {
        for (text, json) in [
            ("application/json", true),
            ("text/json", true),
            ("application/vnd.api+json;v=1", true),
            ("application/jsonp", false),
            ("application/x-ndjson", false),
        ] {
            assert_eq!(text.parse::<MediaType>().unwrap().is_json(), json, "{text}");
        }
    }
}
