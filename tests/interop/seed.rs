//! Tests that are written once for both forms of the clients.

use bytes::Bytes;
use http::Request;
use http_body_util::BodyExt;
use std::sync::{Arc, Mutex};
use tower::{ServiceExt, service_fn};
use tower_clients::{Body, BoxClient, BoxError, ClientBuilder, Transport};

/// A test in each form. In its body, `open!` makes a client one of that form, `wait!` finishes a
/// request, `call!` is for what the blocking form gives at once, and `each!` collects a stream.
macro_rules! seed {
    ($name:ident, $body:block) => {
        mod $name {
            use super::*;

            #[tokio::test]
            #[ignore = "needs the servers of cargo xtask interop"]
            async fn awaited() {
                use crate::seed::awaited::*;
                $body
            }

            #[test]
            #[ignore = "needs the servers of cargo xtask interop"]
            fn blocking() {
                use crate::seed::blocking::*;
                $body
            }
        }
    };
}

/// What the async form has in place of the macros and types.
pub(crate) mod awaited {
    macro_rules! open {
        ($client:expr) => {
            $client
        };
    }
    macro_rules! wait {
        ($request:expr) => {
            $request.await
        };
    }
    macro_rules! each {
        ($stream:expr) => {
            futures_util::TryStreamExt::try_collect::<Vec<_>>($stream).await
        };
    }
    pub(crate) use {each, open, wait, wait as call};

    /// What lies below a client.
    pub(crate) type Form<S> = S;
}

/// The same of the blocking form.
pub(crate) mod blocking {
    macro_rules! open {
        ($client:expr) => {
            $client.blocking().unwrap()
        };
    }
    macro_rules! wait {
        ($request:expr) => {
            $request.wait()
        };
    }
    macro_rules! call {
        ($result:expr) => {
            $result
        };
    }
    macro_rules! each {
        ($iterator:expr) => {
            $iterator.collect::<Result<Vec<_>, _>>()
        };
    }
    pub(crate) use {call, each, open, wait};

    /// What lies below a client.
    pub(crate) use tower_clients::blocking::Blocking as Form;
}

/// The last request that a client sent.
#[derive(Clone, Default)]
pub(crate) struct Sent(Arc<Mutex<Request<Bytes>>>);

impl Sent {
    /// A client over the network whose last request is kept.
    pub(crate) fn by(builder: ClientBuilder) -> (Self, BoxClient) {
        let sent = Self::default();
        let (kept, transport) = (sent.clone(), Transport::new());
        let service = service_fn(move |request: Request<Body>| {
            let (kept, transport) = (kept.clone(), transport.clone());
            async move {
                let (head, body) = request.into_parts();
                let body = body.collect().await?.to_bytes();
                *kept.0.lock().unwrap() = Request::from_parts(head.clone(), body.clone());
                let request = Request::from_parts(head, Body::from(body));
                Ok::<_, BoxError>(transport.oneshot(request).await?)
            }
        });
        (sent, builder.build_over(service).unwrap().boxed())
    }

    pub(crate) fn last(&self) -> Request<Bytes> {
        self.0.lock().unwrap().clone()
    }
}
