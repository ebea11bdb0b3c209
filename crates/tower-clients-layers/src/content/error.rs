//! Why a body is not what was asked for.

use std::fmt;

/// Why a body is not what was asked for: the source of a decode [`Error`](crate::Error).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ContentError {
    /// JSON was asked for and the content type is another one.
    NotJson {
        /// The content type that came.
        content_type: String,
    },
    /// The body has a content coding, such as `gzip`, that nothing below took off.
    Encoded {
        /// The `Content-Encoding`.
        coding: String,
    },
    /// The body is empty and the value cannot be.
    Empty,
    /// The charset is not one that is known here.
    Charset {
        /// The label of the charset.
        label: String,
    },
    /// The bytes are not text in their charset.
    Malformed {
        /// The name of the charset.
        charset: &'static str,
    },
}

impl fmt::Display for ContentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson { content_type } => {
                write!(f, "the content type is `{content_type}`, not JSON")
            }
            Self::Encoded { coding } => {
                write!(f, "the body is still encoded as `{coding}`; ask for the bytes instead")
            }
            Self::Empty => f.write_str("the body is empty"),
            Self::Charset { label } if cfg!(feature = "charset") => {
                write!(f, "the charset `{label}` is not known; ask for the bytes instead")
            }
            Self::Charset { label } => {
                write!(f, "the charset `{label}` needs the feature `charset`; or ask for the bytes")
            }
            Self::Malformed { charset } => {
                write!(f, "the body is not valid {charset}; ask for the bytes instead")
            }
        }
    }
}

impl std::error::Error for ContentError {}

/// Where and why JSON could not be decoded.
///
/// `Display` and `Debug` tell the path, the place and what was expected, and no value of the body:
/// it may be a secret. [`message`](Self::message) and [`snippet`](Self::snippet) do show values.
/// The path shows keys.
#[derive(Clone, PartialEq, Eq)]
pub struct JsonError {
    pub(super) path: String,
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) message: String,
    pub(super) summary: String,
    pub(super) snippet: String,
}

impl JsonError {
    /// The error of a document that is one line of a longer body.
    pub(crate) fn in_line(mut self, line: u64) -> Self {
        self.line = usize::try_from(line).unwrap_or(usize::MAX);
        self
    }

    /// The way to the value, such as `items[3].id`; `.` for the whole document.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The line, from 1; 0 when the place is not known.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// The column in bytes, from 1; 0 before the first byte of a line.
    #[must_use]
    pub fn column(&self) -> usize {
        self.column
    }

    /// The whole message of the decoder. It may show a value of the body.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The text around the place: at most 64 bytes of the body, damaged characters replaced.
    #[must_use]
    pub fn snippet(&self) -> &str {
        &self.snippet
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, column, summary, .. } = self;
        write!(f, "at `{path}`")?;
        if *line > 0 {
            write!(f, ", line {line}, column {column}")?;
        }
        write!(f, ": {summary}")
    }
}

impl fmt::Debug for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsonError")
            .field("path", &self.path)
            .field("line", &self.line)
            .field("column", &self.column)
            .field("summary", &self.summary)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for JsonError {}
