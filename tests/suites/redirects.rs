//! What web-platform-tests say about the method after a redirect and about a `Location`.

use crate::suite::{Case, Difference, Suite};
use http::{Method, Request, Response, header::LOCATION};
use http_body::Body as _;
use libtest_mimic::Failed;
use serde::Deserialize;
use serde_json::Value;
use std::{convert::Infallible, sync::Mutex};
use tokio::runtime::Builder;
use tower::{Layer, ServiceExt, service_fn};
use tower_clients_layers::{Body, Error, RedirectLayer};

pub(crate) const METHODS: Suite<MethodRow, Next> =
    Suite::new(&["redirect/wpt-redirect-method.json"], method_case, judge_method);

pub(crate) const LOCATIONS: Suite<LocationRow, Outcome> =
    Suite::new(&["redirect/wpt-redirect-location.json"], location_case, judge_location).differ(&[
        Difference {
            name: "a redirect without a `Location`",
            reason: "it leads nowhere, and is no answer: the error has its status and headers",
            instead: |row, _| row.location.is_none().then_some(Outcome::Refused),
        },
    ]);

#[derive(Deserialize)]
pub(crate) struct MethodRow {
    status: u16,
    method: String,
    body: u8,
    next_method: String,
    body_kept: u8,
}

/// Method and length of the body of the last request.
#[derive(Debug, PartialEq)]
pub(crate) struct Next(Method, u64);

#[derive(Deserialize)]
pub(crate) struct LocationRow {
    status: u16,
    location: Option<String>,
    follow: String,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Outcome {
    /// The response that redirects is the answer.
    Returned,
    Refused,
}

fn method_case(row: Value) -> serde_json::Result<Option<Case<MethodRow, Next>>> {
    let row: MethodRow = serde_json::from_value(row)?;
    let label = format!("{} {}", row.status, row.method);
    let method = row.next_method.parse().map_err(serde::de::Error::custom)?;
    Ok(Some(Case { label, expected: Next(method, row.body_kept.into()), input: row }))
}

fn judge_method(row: &MethodRow, expected: &Next) -> Result<(), Failed> {
    let mut request = Request::new(Body::from(vec![b'x'; row.body.into()]));
    *request.method_mut() = row.method.parse()?;
    let (_, next) = send(request, row.status, Some("/next"))?;
    if next != *expected {
        return Err(format!("expected {expected:?}\n but is  {next:?}").into());
    }
    Ok(())
}

fn location_case(row: Value) -> serde_json::Result<Option<Case<LocationRow, Outcome>>> {
    let row: LocationRow = serde_json::from_value(row)?;
    let expected = match row.follow.starts_with("error") {
        true => Outcome::Refused,
        false => Outcome::Returned,
    };
    let label = format!("{} {:?}", row.status, row.location);
    Ok(Some(Case { label, expected, input: row }))
}

fn judge_location(row: &LocationRow, expected: &Outcome) -> Result<(), Failed> {
    let request = Request::new(Body::empty());
    let outcome = match send(request, row.status, row.location.as_deref())?.0 {
        Ok(response) if response.status() == row.status => Outcome::Returned,
        Err(error) if error.is_redirect() => Outcome::Refused,
        other => return Err(format!("neither returned nor refused: {other:?}").into()),
    };
    if outcome != *expected {
        return Err(format!("expected {expected:?}\n but is  {outcome:?}").into());
    }
    Ok(())
}

/// Sends a request to a server that redirects what is not for `/next`.
fn send(
    mut request: Request<Body>,
    status: u16,
    location: Option<&str>,
) -> Result<(Result<Response<Body>, Error>, Next), Failed> {
    *request.uri_mut() = "http://web-platform.test/start".parse()?;
    let last = Mutex::new(None);
    let server = service_fn(async |request: Request<Body>| {
        let length = request.body().size_hint().lower();
        *last.lock().expect("no thread panics") = Some(Next(request.method().clone(), length));
        let mut response = Response::new(Body::empty());
        if request.uri().path() != "/next" {
            *response.status_mut() = status.try_into().expect("a status");
            let location = location.map(|location| location.parse().expect("a header value"));
            response.headers_mut().extend(location.map(|location| (LOCATION, location)));
        }
        Ok::<_, Infallible>(response)
    });
    let exchange = RedirectLayer::new().layer(server).oneshot(request);
    let result = Builder::new_current_thread().build()?.block_on(exchange);
    Ok((result, last.into_inner()?.ok_or("nothing was sent")?))
}
