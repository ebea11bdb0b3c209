//! What came of a request.

use crate::{Error, ErrorKind};
use http::{Response, StatusCode, Version};
use tokio::time::Instant;

/// What came of a request: a response, an error, or neither, since nobody waited for it any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    status: Option<StatusCode>,
    version: Option<Version>,
    error: Option<ErrorKind>,
}

impl Outcome {
    pub(crate) fn of<R>(result: &Result<Response<R>, Error>) -> Self {
        match result {
            Ok(response) => Self {
                status: Some(response.status()),
                version: Some(response.version()),
                error: None,
            },
            Err(error) => Self { status: error.status(), version: None, error: Some(error.kind()) },
        }
    }

    /// That of a future that is dropped. When the deadline above has come, this is why.
    pub(crate) fn dropped(deadline: Option<Instant>) -> Self {
        let is_late = deadline.is_some_and(|deadline| deadline <= Instant::now());
        Self { status: None, version: None, error: is_late.then_some(ErrorKind::Timeout) }
    }

    /// `http.response.status_code`.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.status
    }

    /// `network.protocol.version`: `1.0`, `1.1`, `2` or `3`.
    #[must_use]
    pub fn protocol_version(&self) -> Option<&'static str> {
        Some(match self.version? {
            Version::HTTP_09 => "0.9",
            Version::HTTP_10 => "1.0",
            Version::HTTP_11 => "1.1",
            Version::HTTP_2 => "2",
            Version::HTTP_3 => "3",
            _ => return None,
        })
    }

    /// `error.type`: the status if it is 4xx or 5xx, or the [name](ErrorKind::name) of the kind of an error.
    #[must_use]
    pub fn error_type(&self) -> Option<&str> {
        let refused = || {
            let status = self.status.as_ref();
            status.filter(|status| status.is_client_error() || status.is_server_error())
        };
        match self.error {
            None => refused().map(StatusCode::as_str),
            Some(ErrorKind::Status) => Some(refused().map_or("status", StatusCode::as_str)),
            Some(kind) => Some(kind.name()),
        }
    }

    /// Whether nobody waited for it any more: the future was dropped, and no
    /// [deadline](crate::deadline) was the reason. This is no error.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.status.is_none() && self.error.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Failure;

    #[test]
    fn type_of_an_error_is_the_status_or_the_kind() {
        let answered =
            |status| Outcome::of(&Ok(Response::builder().status(status).body(()).unwrap()));
        assert_eq!(answered(302).error_type(), None);
        assert_eq!(answered(404).error_type(), Some("404"));
        assert_eq!(answered(599).error_type(), Some("599"));

        let failed = |error| Outcome::of::<()>(&Err(error));
        let response = |status| Response::builder().status(status).body("".into()).unwrap();
        let refused = failed(Error::status_failure(Failure::new(response(500))));
        assert_eq!((refused.error_type(), refused.status().unwrap().as_u16()), (Some("500"), 500));
        let error = Error::new(ErrorKind::Decode, "no JSON");
        let decoded = failed(error.with_failure(Failure::new(response(404))));
        assert_eq!(decoded.error_type(), Some("decode"));
    }

    #[tokio::test(start_paused = true)]
    async fn drop_is_a_timeout_once_the_deadline_has_come() {
        assert!(Outcome::dropped(None).is_cancelled());
        let later = Instant::now() + std::time::Duration::from_secs(1);
        assert!(Outcome::dropped(Some(later)).is_cancelled());
        tokio::time::sleep_until(later).await;
        let late = Outcome::dropped(Some(later));
        assert!(!late.is_cancelled());
        assert_eq!(late.error_type(), Some("timeout"));
    }
}
