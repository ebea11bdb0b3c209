//! The part of the contract that is about the body of the response.

use super::{
    probe::{Probe, WHOLE, holds_probe_error, request, trailers},
    ready, shown,
};
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body as HttpBody;
use http_body_util::BodyExt;
use std::{pin::pin, sync::atomic::Ordering::SeqCst};
use tower_clients_layers::{Body, BoxError};
use tower_layer::Layer;
use tower_service::Service;

/// Panics when the response bodies of `layer` break a rule of the [contract](super).
///
/// # Panics
///
/// A rule is broken; the message says which.
pub async fn assert_body_contract<L, R>(layer: L)
where
    L: Layer<Probe>,
    L::Service: Service<Request<Body>, Response = Response<R>, Error: Into<BoxError>>,
    R: HttpBody<Data = Bytes, Error: Into<BoxError>>,
{
    all_frames_come_up(answer(&layer, &Probe::default()).await).await;

    let probe = Probe::default();
    probe.watch.breaks_off.store(true, SeqCst);
    error_comes_up(answer(&layer, &probe).await).await;

    let probe = Probe::default();
    let body = answer(&layer, &probe).await;
    assert_eq!(probe.watch.bodies.load(SeqCst), 1, "the body below is there until it is read");
    drop(body);
    assert_eq!(probe.watch.bodies.load(SeqCst), 0, "a dropped body drops the one below");
}

async fn answer<L, R>(layer: &L, probe: &Probe) -> R
where
    L: Layer<Probe>,
    L::Service: Service<Request<Body>, Response = Response<R>, Error: Into<BoxError>>,
{
    let mut service = layer.layer(probe.clone());
    ready(&mut service).await;
    service.call(request()).await.map_err(shown).expect("it answers").into_body()
}

async fn all_frames_come_up<R>(body: R)
where
    R: HttpBody<Data = Bytes, Error: Into<BoxError>>,
{
    let mut body = pin!(body);
    let (mut bytes, mut end) = (Vec::new(), None);
    while end.is_none() {
        let (left, hint) = ((WHOLE.len() - bytes.len()) as u64, body.size_hint());
        assert!(!body.is_end_stream(), "the body is not at its end before all of it came");
        assert!(hint.lower() <= left, "the size hint promises no more than comes");
        assert!(hint.upper().is_none_or(|upper| upper >= left), "nor less");
        let frame = body.frame().await.expect("trailers come up");
        match frame.map_err(shown).expect("a frame comes up").into_data() {
            Ok(data) => bytes.extend_from_slice(&data),
            Err(other) => end = other.into_trailers().ok(),
        }
        assert!(bytes.len() <= WHOLE.len(), "the body is not longer than it was");
    }
    assert_eq!(bytes, WHOLE, "the bytes come up");
    assert_eq!(end, Some(trailers()), "the trailers come up");
    assert!(body.frame().await.is_none(), "nothing comes after the trailers");
}

async fn error_comes_up<R>(body: R)
where
    R: HttpBody<Data = Bytes, Error: Into<BoxError>>,
{
    let mut body = pin!(body);
    let data = body.frame().await.expect("there is a body").map_err(shown);
    let data = data.expect("what comes before an error arrives").into_data();
    assert_eq!(data.ok().as_deref(), Some(&WHOLE[..2]), "what comes before an error");
    let error = body.frame().await.and_then(Result::err).expect("the error of a body arrives");
    assert!(holds_probe_error(&*error.into()), "the error of a body is in the chain of sources");
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body::{Frame, SizeHint};
    use std::{
        pin::Pin,
        task::{Context, Poll},
    };
    use tower::util::MapResponseLayer;

    async fn check<R>(change: impl Fn(Body) -> R + Clone)
    where
        R: HttpBody<Data = Bytes, Error: Into<BoxError>>,
    {
        let change = move |response: Response<Body>| response.map(&change);
        assert_body_contract(MapResponseLayer::new(change)).await;
    }

    #[tokio::test]
    async fn good_bodies_pass() {
        check(|body| body).await;
        check(|body| http_body_util::Limited::new(body, 4)).await;
    }

    #[tokio::test]
    #[should_panic(expected = "before all of it came")]
    async fn lost_body_is_found() {
        check(|_| Body::empty()).await;
    }

    #[tokio::test]
    #[should_panic(expected = "before all of it came")]
    async fn lost_trailers_are_found() {
        check(|body| {
            Body::new(body.map_frame(|frame| match frame.into_data() {
                Ok(data) => Frame::data(data),
                Err(_) => Frame::data(Bytes::new()),
            }))
        })
        .await;
    }

    #[tokio::test]
    #[should_panic(expected = "in the chain of sources")]
    async fn lost_error_is_found() {
        check(|body| body.map_err(|_| BoxError::from("odd"))).await;
    }

    #[tokio::test]
    #[should_panic(expected = "promises no more than comes")]
    async fn false_size_is_found() {
        struct Hint(Body);
        impl HttpBody for Hint {
            type Data = Bytes;
            type Error = BoxError;

            fn poll_frame(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
            ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
                Pin::new(&mut self.0).poll_frame(cx)
            }

            fn size_hint(&self) -> SizeHint {
                SizeHint::with_exact(4)
            }
        }
        check(Hint).await;
    }
}
