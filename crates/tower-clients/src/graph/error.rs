//! The errors of a GraphQL response.

use serde_json::{Map, Value};
use std::fmt;

/// The errors of a response, with the data beside them: the source of an
/// [`ErrorKind::Check`](crate::ErrorKind::Check) error.
///
/// `Display` and `Debug` tell how many there are: messages may be what the server echoes.
#[derive(Clone, PartialEq)]
pub struct GraphErrors {
    pub(super) errors: Vec<GraphError>,
    pub(super) data: Option<Value>,
    pub(super) extensions: Map<String, Value>,
}

impl GraphErrors {
    /// The errors; at least one.
    #[must_use]
    pub fn errors(&self) -> &[GraphError] {
        &self.errors
    }

    /// The data that there is in spite of the errors.
    #[must_use]
    pub fn data(&self) -> Option<&Value> {
        self.data.as_ref()
    }

    /// The extensions of the response.
    #[must_use]
    pub fn extensions(&self) -> &Map<String, Value> {
        &self.extensions
    }

    /// The errors, by value.
    #[must_use]
    pub fn into_errors(self) -> Vec<GraphError> {
        self.errors
    }
}

impl fmt::Display for GraphErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let beside = if self.data.is_some() { "partial data and " } else { "" };
        match self.errors.len() {
            1 => write!(f, "the response has {beside}an error"),
            count => write!(f, "the response has {beside}{count} errors"),
        }
    }
}

impl fmt::Debug for GraphErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GraphErrors")
            .field("errors", &self.errors)
            .field("has_data", &self.data.is_some())
            .finish_non_exhaustive()
    }
}

impl std::error::Error for GraphErrors {}

/// One error of a response (GraphQL §7.1.2). Members of the wrong type count as absent.
///
/// `Debug` shows places in the query only.
#[derive(Clone, Default, PartialEq)]
pub struct GraphError {
    message: String,
    path: Vec<PathSegment>,
    locations: Vec<Location>,
    extensions: Map<String, Value>,
}

impl GraphError {
    pub(super) fn read(error: Value) -> Self {
        let mut members = match error {
            Value::Object(members) => members,
            Value::String(message) => return Self { message, ..Self::default() },
            _ => return Self::default(),
        };
        let mut items = |name| match members.remove(name) {
            Some(Value::Array(items)) => items,
            _ => Vec::new(),
        };
        Self {
            path: items("path").into_iter().filter_map(PathSegment::read).collect(),
            locations: items("locations").iter().filter_map(Location::read).collect(),
            message: match members.remove("message") {
                Some(Value::String(message)) => message,
                _ => String::new(),
            },
            extensions: match members.remove("extensions") {
                Some(Value::Object(extensions)) => extensions,
                _ => Map::new(),
            },
        }
    }

    /// The message, as the server wrote it.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The way to the field of the data that failed; empty when the error is not about one field.
    #[must_use]
    pub fn path(&self) -> &[PathSegment] {
        &self.path
    }

    /// The places in the query that the error is about.
    #[must_use]
    pub fn locations(&self) -> &[Location] {
        &self.locations
    }

    /// What the server says besides.
    #[must_use]
    pub fn extensions(&self) -> &Map<String, Value> {
        &self.extensions
    }

    /// The `code` of the extensions, where most servers tell one kind of error from another.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.extensions.get("code")?.as_str()
    }
}

impl fmt::Debug for GraphError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GraphError").field("locations", &self.locations).finish_non_exhaustive()
    }
}

/// A step of the way to a field of the data.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PathSegment {
    /// The name of a field, or its alias.
    Field(String),
    /// The place in a list, from 0.
    Index(u64),
}

impl PathSegment {
    fn read(segment: Value) -> Option<Self> {
        match segment {
            Value::String(name) => Some(Self::Field(name)),
            index => index.as_u64().map(Self::Index),
        }
    }
}

/// A place in a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Location {
    /// The line, from 1.
    pub line: u64,
    /// The column, from 1.
    pub column: u64,
}

impl Location {
    fn read(location: &Value) -> Option<Self> {
        let member = |name| location.get(name)?.as_u64();
        Some(Self { line: member("line")?, column: member("column")? })
    }
}

/// A JSON body that is no GraphQL response: the source of an
/// [`ErrorKind::Decode`](crate::ErrorKind::Decode) error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoResponse;

impl fmt::Display for NoResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the body has no data and no errors")
    }
}

impl std::error::Error for NoResponse {}
