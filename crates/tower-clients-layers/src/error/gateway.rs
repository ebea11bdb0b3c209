//! The answer of a gateway whose upstream failed.

use super::{Error, ErrorKind, Failure};
use crate::Body;
use http::{
    HeaderValue, Response, StatusCode,
    header::{CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER},
};
use serde_json::json;

impl Error {
    /// The status with which a server answers that needed what failed (RFC 9110 §15.6).
    ///
    /// | what failed | status |
    /// |---|---|
    /// | a [time limit](Self::is_timeout) passed | 504 |
    /// | a limit [kept the request back](Self::is_unavailable), or the status was 429 or 503 | 503 |
    /// | a [URL](ErrorKind::Url) leads where it may not, mostly by what a caller put into it | 400 |
    /// | the program: [`Config`](ErrorKind::Config), [`Request`](ErrorKind::Request), [`Blocking`](ErrorKind::Blocking), [`Io`](ErrorKind::Io) | 500 |
    /// | a [`ForwardLayer`](crate::ForwardLayer) refused a request: one that came back, else one for the gateway itself | 508, 501 |
    /// | everything else: the upstream | 502 |
    #[must_use]
    pub fn gateway_status(&self) -> StatusCode {
        use ErrorKind::{Blocking, Config, Io, Request, Timeout, Unavailable, Url};
        #[cfg(feature = "forward")]
        if let Some(refused) = self.find_source::<crate::forward::ForwardError>() {
            return refused.status();
        }
        match self.kind() {
            Timeout => StatusCode::GATEWAY_TIMEOUT,
            Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Url => StatusCode::BAD_REQUEST,
            Config | Request | Blocking | Io => StatusCode::INTERNAL_SERVER_ERROR,
            _ => match self.status() {
                Some(StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) => {
                    StatusCode::SERVICE_UNAVAILABLE
                }
                _ => StatusCode::BAD_GATEWAY,
            },
        }
    }

    /// A response with the [status](Self::gateway_status) for this error, and problem details (RFC 9457) that
    /// say no more than it does; with `Retry-After` when it is known, in seconds.
    ///
    /// ```
    /// use std::time::Duration;
    /// use tower_clients_layers::{Error, ErrorKind, UnavailableError};
    ///
    /// let error = UnavailableError::breaker(Duration::from_millis(1200));
    /// let response = Error::new(ErrorKind::Unavailable, error).to_gateway_response();
    /// assert_eq!((response.status(), &response.headers()["retry-after"]), (503.try_into()?, &"2".try_into()?));
    /// assert_eq!(response.headers()["content-type"], "application/problem+json");
    /// # Ok::<(), tower_clients_layers::BoxError>(())
    /// ```
    #[must_use]
    pub fn to_gateway_response(&self) -> Response<Body> {
        let status = self.gateway_status();
        let problem = json!({"status": status.as_u16(), "title": status.canonical_reason()});
        let mut response = Response::new(Body::from(problem.to_string()));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(value) =
            self.retry_after_value().filter(|_| status == StatusCode::SERVICE_UNAVAILABLE)
        {
            headers.insert(RETRY_AFTER, value);
        }
        response
    }

    /// The [response that was not accepted](Self::failure), with its status, content type and coding,
    /// `Retry-After` and body, if all of the body was kept; else as
    /// [`to_gateway_response`](Self::to_gateway_response). For servers whose callers may see what the
    /// upstream says.
    ///
    /// ```
    /// use http::Response;
    /// use tower_clients_layers::{Error, Failure};
    ///
    /// let failure = Response::builder().status(404).header("content-type", "text/plain");
    /// let failure = Failure::new(failure.body("no such user".into())?);
    /// let response = Error::status_failure(failure).to_relayed_response();
    /// assert_eq!((response.status(), &response.headers()["content-type"]), (404.try_into()?, &"text/plain".try_into()?));
    /// # Ok::<(), tower_clients_layers::BoxError>(())
    /// ```
    #[must_use]
    pub fn to_relayed_response(&self) -> Response<Body> {
        let whole = self.failure().filter(|failure| !failure.is_truncated());
        let Some(failure) = whole else { return self.to_gateway_response() };
        let mut response = Response::new(Body::from(failure.bytes().clone()));
        *response.status_mut() = failure.status();
        for name in [CONTENT_TYPE, CONTENT_ENCODING, RETRY_AFTER] {
            if let Some(value) = failure.headers().get(&name) {
                response.headers_mut().insert(name, value.clone());
            }
        }
        response
    }

    fn retry_after_value(&self) -> Option<HeaderValue> {
        if let Some(error) = self.unavailable() {
            let seconds = error.retry_after().as_millis().div_ceil(1000).max(1);
            return HeaderValue::try_from(seconds.to_string()).ok();
        }
        self.failure().map(Failure::headers)?.get(RETRY_AFTER).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TimeoutError;
    use http_body_util::BodyExt;
    use std::time::Duration;

    fn failure(status: u16) -> Error {
        let response = Response::builder().status(status).header("retry-after", "7");
        let response = response.header("content-encoding", "x-own");
        let response = response.header("x-secret", "CANARY").body("CANARY".into()).unwrap();
        Error::status_failure(Failure::new(response))
    }

    #[tokio::test]
    async fn each_failure_has_its_status() {
        let timeout = TimeoutError::connect(Duration::from_secs(1));
        let timeout = Error::new(ErrorKind::Timeout, timeout);
        for (error, status) in [
            (Error::new(ErrorKind::Connect, "CANARY"), 502),
            (Error::new(ErrorKind::Transport, "CANARY"), 502),
            (Error::new(ErrorKind::Authorize, "CANARY"), 502),
            (Error::new(ErrorKind::Decode, "CANARY"), 502),
            (Error::new(ErrorKind::Url, "CANARY"), 400),
            (Error::new(ErrorKind::Config, "CANARY"), 500),
            (timeout, 504),
            (failure(404), 502),
            (failure(429), 503),
            (failure(503), 503),
        ] {
            let response = error.to_gateway_response();
            assert_eq!(response.status(), status, "{error}");
            assert_eq!(response.headers().contains_key(RETRY_AFTER), status == 503, "{error}");
            let body = response.into_body().collect().await.unwrap().to_bytes();
            assert!(!String::from_utf8_lossy(&body).contains("CANARY"));
        }
    }

    #[test]
    fn response_is_relayed_without_its_other_headers() {
        let response = failure(429).to_relayed_response();
        assert_eq!(
            (response.status().as_u16(), &response.headers()[RETRY_AFTER]),
            (429, &"7".parse().unwrap())
        );
        assert_eq!(
            (&response.headers()["content-encoding"], response.headers().len()),
            (&"x-own".parse().unwrap(), 2)
        );
        let refused = Error::new(ErrorKind::Connect, "refused").to_relayed_response();
        assert_eq!(refused.status(), 502);
    }
}
