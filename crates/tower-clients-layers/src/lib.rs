//! Every concern of an HTTP client is one small [`Layer`](tower_layer::Layer) over
//! [`http::Request`].
//!
//! Each layer works alone over any [`HttpService`]: a pooled transport, an `axum::Router`, a mock,
//! another stack. Put together, outermost first, they are a client:
//!
//! | layer | does |
//! |---|---|
//! | [`AnswerErrorsLayer`] | answers errors with responses, as a gateway does |
//! | `ForwardLayer` | makes a request that came in one that goes out (feature `forward`) |
//! | [`DeadlineLayer`] | limits the time of the whole exchange, body included |
//! | [`CheckLayer`] | turns an answer whose body tells of a failure into a typed error |
//! | [`DecodeLayer`] | turns the body into a value: JSON, text, bytes, by content type |
//! | [`CheckStatusLayer`] | turns a status outside of 2xx into an error that keeps the response |
//! | [`HeadOrGetLayer`] | asks by `GET` where `HEAD` is refused |
//! | [`BodyLimitLayer`] | limits the bytes of a body while it is read |
//! | [`JoinUrlLayer`] | joins relative references to a base URL, inside of a boundary |
//! | [`ResumeLayer`] | asks for the rest of a body that breaks off |
//! | [`DefaultQueryLayer`] | adds query parameters that the request lacks |
//! | [`RedirectLayer`] | follows redirects, and leaves behind what is bound to an origin |
//! | [`DefaultHeadersLayer`] | adds headers that the request lacks |
//! | [`AuthorizeLayer`] | adds a bearer token or a password, only for one origin |
//! | [`FetchTokenLayer`] | fetches an access token, keeps it and refreshes it, only for one origin |
//! | `DecompressLayer` | decodes compressed bodies, up to limits (feature `compression`) |
//! | `CookieLayer` | sends the cookies that earlier responses set (feature `cookies`) |
//! | [`RetryLayer`] | sends a request once more that failed, where that is safe |
//! | `TraceLayer` | makes a span of every attempt (feature `tracing`) |
//! | [`MetricsLayer`] | measures every attempt |
//! | [`AttemptTimeoutLayer`] | limits the time until a response begins |
//! | [`IdleTimeoutLayer`] | limits the time in which nothing comes of a response |
//! | `PropagateLayer` | tells the server of which trace a request is a part (feature `opentelemetry`) |
//! | [`BalanceLayer`] | sends each request to one of several upstreams |
//! | [`CoalesceLayer`] | makes one exchange of equal requests at the same time |
//! | [`HedgeLayer`] | sends a request a second time when its answer is late |
//! | [`BreakerLayer`] | does not ask an origin that has failed again and again |
//! | [`RateLimitLayer`] | sends no more requests than a rate, or the server, allows |
//! | [`ConcurrencyLayer`] | limits how many exchanges are under way at once |
//!
//! [`stream`] reads a body piece by piece in place of decoding it: chunks, lines, JSON values.
//! [`validators`] are what makes a change conditional on what was read.
//!
//! What is secret is bound to one [`Origin`](url::Origin) and checked against the request that is
//! really sent, so no order of layers can leak it.
//!
//! ```
//! use axum::{Json as Answer, Router, routing::get};
//! use http::Request;
//! use serde_json::{Value, json};
//! use tower::{ServiceBuilder, ServiceExt};
//! use tower_clients_layers::{
//!     AuthorizeLayer, BaseUrl, Body, CheckStatusLayer, DecodeLayer, JoinUrlLayer, Json,
//! };
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_clients_layers::BoxError> {
//! let server = Router::new().route("/v1/user", get(async || Answer(json!({"id": 7}))));
//!
//! let base = BaseUrl::parse("https://api.example.com/v1")?;
//! let service = ServiceBuilder::new()
//!     .layer(DecodeLayer::<Json<Value>>::new())
//!     .layer(CheckStatusLayer::new())
//!     .layer(JoinUrlLayer::new(base.clone()))
//!     .layer(AuthorizeLayer::bearer(base.origin().clone(), "t0ken")?)
//!     .service(server);
//!
//! let user = service.oneshot(Request::get("/user").body(Body::empty())?).await?;
//! assert_eq!(user.body()["id"], 7);
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! * `charset` (on): text in every encoding of the WHATWG Encoding Standard, not only UTF-8.
//! * `balance` (on): [`BalanceLayer`], on tokio's clock.
//! * `axum`: [`Error`] is an axum response; adds axum-core.
//! * `forward`: `ForwardLayer`; adds hyper.
//! * `limits` (on): [`CoalesceLayer`], [`HedgeLayer`], [`BreakerLayer`], [`RateLimitLayer`] and
//!   [`ConcurrencyLayer`], on tokio's clock; with `retry`.
//! * `compression`: `DecompressLayer` for gzip, deflate, brotli and zstd.
//! * `cookies`: `CookieLayer` and its `CookieJar`, with the public suffix list compiled in.
//! * `observe` (on): [`MetricsLayer`], on tokio's clock.
//! * `metrics`: a recorder for the crate `metrics`; with `observe`.
//! * `opentelemetry`: a recorder for a meter of OpenTelemetry, and `PropagateLayer`; with `observe`.
//! * `resume` (on): [`ResumeLayer`], on tokio's clock.
//! * `retry` (on): [`RetryLayer`], on tokio's clock.
//! * `timeout` (on): [`DeadlineLayer`], [`AttemptTimeoutLayer`] and [`IdleTimeoutLayer`], on tokio's clock.
//! * `tracing`: `TraceLayer`, with `observe`.
//! * `token` (on): [`FetchTokenLayer`], on tokio's clock.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "limits")]
mod clock;
mod collect;
mod copy;
#[cfg(any(feature = "retry", feature = "token"))]
mod exchange;
mod future;
#[cfg(feature = "limits")]
mod later;
mod macros;
#[cfg(feature = "limits")]
mod per_origin;
#[cfg(any(feature = "balance", feature = "forward", feature = "retry"))]
mod random;
#[cfg(all(test, feature = "limits"))]
mod simulation;

pub mod answer_errors;
#[cfg(feature = "timeout")]
#[cfg_attr(docsrs, doc(cfg(feature = "timeout")))]
pub mod attempt_timeout;
pub mod authorize;
#[cfg(feature = "balance")]
#[cfg_attr(docsrs, doc(cfg(feature = "balance")))]
pub mod balance;
pub mod body;
pub mod body_limit;
#[cfg(feature = "limits")]
#[cfg_attr(docsrs, doc(cfg(feature = "limits")))]
pub mod breaker;
pub mod check;
pub mod check_status;
#[cfg(feature = "limits")]
#[cfg_attr(docsrs, doc(cfg(feature = "limits")))]
pub mod coalesce;
#[cfg(feature = "limits")]
#[cfg_attr(docsrs, doc(cfg(feature = "limits")))]
pub mod concurrency;
pub mod content;
#[cfg(feature = "cookies")]
#[cfg_attr(docsrs, doc(cfg(feature = "cookies")))]
pub mod cookies;
#[cfg(feature = "timeout")]
#[cfg_attr(docsrs, doc(cfg(feature = "timeout")))]
pub mod deadline;
pub mod decode;
#[cfg(feature = "compression")]
#[cfg_attr(docsrs, doc(cfg(feature = "compression")))]
pub mod decompress;
pub mod default_headers;
pub mod default_query;
pub mod error;
#[cfg(feature = "token")]
#[cfg_attr(docsrs, doc(cfg(feature = "token")))]
pub mod fetch_token;
#[cfg(feature = "forward")]
#[cfg_attr(docsrs, doc(cfg(feature = "forward")))]
pub mod forward;
pub mod head_or_get;
#[cfg(feature = "limits")]
#[cfg_attr(docsrs, doc(cfg(feature = "limits")))]
pub mod hedge;
#[cfg(feature = "timeout")]
#[cfg_attr(docsrs, doc(cfg(feature = "timeout")))]
pub mod idle_timeout;
pub mod join_url;
pub mod media_type;
#[cfg(feature = "observe")]
#[cfg_attr(docsrs, doc(cfg(feature = "observe")))]
pub mod metrics;
pub mod options;
#[cfg(feature = "opentelemetry")]
#[cfg_attr(docsrs, doc(cfg(feature = "opentelemetry")))]
pub mod propagate;
pub mod query;
#[cfg(feature = "limits")]
#[cfg_attr(docsrs, doc(cfg(feature = "limits")))]
pub mod rate_limit;
pub mod redirect;
#[cfg(feature = "resume")]
#[cfg_attr(docsrs, doc(cfg(feature = "resume")))]
pub mod resume;
#[cfg(feature = "retry")]
#[cfg_attr(docsrs, doc(cfg(feature = "retry")))]
pub mod retry;
pub mod service;
pub mod stream;
#[cfg(feature = "tracing")]
#[cfg_attr(docsrs, doc(cfg(feature = "tracing")))]
pub mod trace;
pub mod url;
pub mod validators;

#[cfg(feature = "timeout")]
pub use self::attempt_timeout::{AttemptTimeout, AttemptTimeoutLayer};
#[cfg(feature = "balance")]
pub use self::balance::{Balance, BalanceLayer};
#[cfg(feature = "limits")]
pub use self::breaker::{Breaker, BreakerLayer};
#[cfg(feature = "limits")]
pub use self::coalesce::{Coalesce, CoalesceLayer};
#[cfg(feature = "limits")]
pub use self::concurrency::{Concurrency, ConcurrencyLayer};
#[cfg(feature = "cookies")]
pub use self::cookies::{CookieJar, CookieLayer, Cookies};
#[cfg(feature = "timeout")]
pub use self::deadline::{Deadline, DeadlineLayer};
#[cfg(feature = "compression")]
pub use self::decompress::{Decompress, DecompressLayer};
#[cfg(feature = "token")]
pub use self::fetch_token::{FetchToken, FetchTokenLayer, Token, TokenSource};
#[cfg(feature = "forward")]
pub use self::forward::{Forward, ForwardLayer};
#[cfg(feature = "limits")]
pub use self::hedge::{Hedge, HedgeLayer};
#[cfg(feature = "timeout")]
pub use self::idle_timeout::{IdleTimeout, IdleTimeoutLayer};
#[cfg(feature = "observe")]
pub use self::metrics::{Metrics, MetricsLayer};
#[cfg(feature = "opentelemetry")]
pub use self::propagate::{Propagate, PropagateLayer};
#[cfg(feature = "limits")]
pub use self::rate_limit::{RateLimit, RateLimitLayer};
#[cfg(feature = "resume")]
pub use self::resume::{Resume, ResumeLayer};
#[cfg(feature = "retry")]
pub use self::retry::{Retry, RetryBudget, RetryLayer};
#[cfg(feature = "tracing")]
pub use self::trace::{Trace, TraceLayer};
pub use self::{
    answer_errors::{AnswerErrors, AnswerErrorsLayer},
    authorize::{Authorize, AuthorizeLayer},
    body::Body,
    body_limit::{BodyLimit, BodyLimitLayer},
    check::{Check, CheckAnswer, CheckLayer, Unchecked},
    check_status::{CheckStatus, CheckStatusLayer},
    content::{Content, ContentError, Form, FromBody, IntoBody, Json, JsonError},
    decode::{Decode, DecodeLayer},
    default_headers::{DefaultHeaders, DefaultHeadersLayer},
    default_query::{DefaultQuery, DefaultQueryLayer},
    error::{
        Attempts, Error, ErrorKind, Failure, NotRetried, Problem, TimeoutError, TooLarge,
        UnavailableError, UrlError,
    },
    head_or_get::{HeadOrGet, HeadOrGetLayer},
    join_url::{JoinUrl, JoinUrlLayer},
    media_type::MediaType,
    options::{RequestOptions, Retries},
    query::Query,
    redirect::{Redirect, RedirectLayer, Redirects},
    service::{BoxError, HttpService, SharedService},
    url::BaseUrl,
    validators::{NoValidator, Validator},
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
