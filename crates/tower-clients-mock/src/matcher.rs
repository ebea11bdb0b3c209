//! Which requests a rule is for.

use crate::{Call, template::Template};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, uri::Authority};
use serde_json::Value;
use std::{fmt, sync::Arc};

/// All that a rule asks of a request. Nothing asks nothing.
#[derive(Default, Clone)]
pub(crate) struct Matcher {
    pub(crate) method: Option<Method>,
    pub(crate) path: Option<Arc<Template>>,
    pub(crate) host: Option<Authority>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Option<Expected>,
    pub(crate) conditions: Vec<Condition>,
}

#[derive(Clone)]
pub(crate) enum Expected {
    Json(Value),
    Bytes(Bytes),
}

pub(crate) type Condition = Arc<dyn Fn(&Call) -> bool + Send + Sync>;

/// Why a request is not for a rule, and how far it is from it.
#[derive(Default)]
pub(crate) struct Mismatch {
    pub(crate) distance: usize,
    pub(crate) wants: Vec<String>,
}

impl Mismatch {
    fn add(&mut self, distance: usize, wants: impl fmt::Display) {
        self.distance += distance;
        self.wants.push(wants.to_string());
    }
}

impl Matcher {
    /// The request as a call of this rule.
    pub(crate) fn call(&self, request: &Request<Bytes>) -> Result<Call, Mismatch> {
        let mut mismatch = Mismatch::default();
        let mut params = Vec::new();
        if let Some(method) = self.method.as_ref().filter(|method| *method != request.method()) {
            mismatch.add(3, format_args!("the method {method}"));
        }
        if let Some(path) = &self.path {
            match path.captures(request.uri().path()) {
                Ok(captures) => params = captures,
                Err(others) => mismatch.add(4 * others, format_args!("the path {path}")),
            }
        }
        if let Some(host) = self.host.as_ref().filter(|host| !is_host(host, request)) {
            mismatch.add(3, format_args!("the host {host}"));
        }
        let query = request.uri().query().unwrap_or_default();
        for (name, value) in &self.query {
            if !form_urlencoded::parse(query.as_bytes())
                .any(|pair| pair == (name.into(), value.into()))
            {
                mismatch.add(1, format_args!("the parameter {name}={value}"));
            }
        }
        for (name, value) in &self.headers {
            if !request.headers().get_all(name).iter().any(|other| other == value) {
                mismatch.add(1, format_args!("the header {name}: {}", text(value.as_bytes())));
            }
        }
        if let Some(expected) = self.body.as_ref().filter(|body| !body.is(request.body())) {
            mismatch.add(1, format_args!("{expected}, not {}", text(request.body())));
        }
        if !mismatch.wants.is_empty() {
            return Err(mismatch);
        }
        let call = Call::new(request.clone(), params);
        if self.conditions.iter().all(|holds| holds(&call)) {
            return Ok(call);
        }
        mismatch.add(1, "what its condition says");
        Err(mismatch)
    }
}

/// By the URI, or by the header in a request as servers see it.
fn is_host(host: &Authority, request: &Request<Bytes>) -> bool {
    match request.uri().authority() {
        Some(authority) => authority == host,
        None => {
            request.headers().get(http::header::HOST).is_some_and(|other| other == host.as_str())
        }
    }
}

impl Expected {
    fn is(&self, body: &Bytes) -> bool {
        match self {
            Self::Json(value) => {
                serde_json::from_slice(body).is_ok_and(|other: Value| other == *value)
            }
            Self::Bytes(bytes) => body == bytes,
        }
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(value) => write!(f, "the JSON body {value}"),
            Self::Bytes(bytes) => write!(f, "the body {}", text(bytes)),
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Such as `GET /users/{id} of api.example.com with page=2`.
impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.method {
            Some(method) => write!(f, "{method} ")?,
            None => f.write_str("any ")?,
        }
        match &self.path {
            Some(path) => write!(f, "{path}")?,
            None => f.write_str("request")?,
        }
        if let Some(host) = &self.host {
            write!(f, " of {host}")?;
        }
        let query = self.query.iter().map(|(name, value)| format!("{name}={value}"));
        let headers = self.headers.iter().map(|(name, _)| name.to_string());
        let body = self.body.iter().map(|body| match body {
            Expected::Json(_) => "a JSON body".to_owned(),
            Expected::Bytes(_) => "a body".to_owned(),
        });
        let condition = self.conditions.iter().map(|_| "a condition".to_owned());
        let with: Vec<_> = query.chain(headers).chain(body).chain(condition).collect();
        if with.is_empty() { Ok(()) } else { write!(f, " with {}", with.join(", ")) }
    }
}
