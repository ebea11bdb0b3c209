//! Every concern of an HTTP client is one small [`Layer`](tower_layer::Layer) over `http::Request`.
//!
//! Each layer works alone over any [`HttpService`]: a pooled transport, an `axum::Router`, a mock, another
//! stack. Put together they are a client:
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
//! | for | look at |
//! |---|---|
//! | a bound on services, in place of five lines | [`HttpService`], [`SharedService`] |
//! | what a request sends | [`Body`]; by value [`IntoBody`]: [`Json`], [`Form`], text, bytes |
//! | what a response becomes | [`Content`], [`Json`], or your own [`FromBody`]; piece by piece [`stream`] |
//! | what went wrong, and whether it was sent | [`Error`], [`ErrorKind`], [`Failure`] |
//! | base URLs, references, origins | [`BaseUrl`], [`url`] |
//! | settings of one request | [`RequestOptions`] |
//! | changes that undo no other change | [`Validator`], [`validators`] |
//! | media types, query parameters | [`MediaType`], [`Query`] |
//! | a client that is made of all that | the crate `tower-clients` |
//!
//! # The layers
//!
//! Outermost first, in the order in which a client has them. The module of each says what it does by default
//! and what it costs.
//!
//! | layer | does |
//! |---|---|
//! | [`AnswerErrorsLayer`] | answers errors with responses, as a gateway does |
//! | [`ForwardLayer`](forward/index.html) | makes a request that came in one that goes out (feature `forward`) |
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
//! | [`DecompressLayer`](decompress/index.html) | decodes compressed bodies, up to limits (feature `compression`) |
//! | [`CookieLayer`](cookies/index.html) | sends the cookies that earlier responses set (feature `cookies`) |
//! | [`RetryLayer`] | sends a request once more that failed, where that is safe |
//! | [`TraceLayer`](trace/index.html) | makes a span of every attempt (feature `tracing`) |
//! | [`MetricsLayer`] | measures every attempt |
//! | [`AttemptTimeoutLayer`] | limits the time until a response begins |
//! | [`IdleTimeoutLayer`] | limits the time in which nothing comes of a response |
//! | [`PropagateLayer`](propagate/index.html) | tells the server of which trace a request is a part (feature `opentelemetry`) |
//! | [`BalanceLayer`] | sends each request to one of several upstreams |
//! | [`CoalesceLayer`] | makes one exchange of equal requests at the same time |
//! | [`HedgeLayer`] | sends a request a second time when its answer is late |
//! | [`BreakerLayer`] | does not ask an origin that has failed again and again |
//! | [`RateLimitLayer`] | sends no more requests than a rate, or the server, allows |
//! | [`ConcurrencyLayer`] | limits how many exchanges are under way at once |
//!
//! What is secret is bound to one [`Origin`](url::Origin) and checked against the request that is really
//! sent, so no order of layers can leak it. Dropping the future of a layer drops the exchange below.
//!
//! Where a stack does not compile, the compiler points at the call of `oneshot` and names no reason. Give it
//! to a function [with the bound](service#a-stack-that-does-not-compile), and it does.
//!
//! # Features
//!
//! Those that are on need tokio for its clock, all but `charset`. `docs/features.md` in the repository has
//! what each costs.
//!
//! | feature | default | brings |
//! |---|---|---|
//! | `charset` | on | text in every encoding of the WHATWG Encoding Standard, not only UTF-8 |
//! | `timeout` | on | [`DeadlineLayer`], [`AttemptTimeoutLayer`], [`IdleTimeoutLayer`] |
//! | `retry` | on | [`RetryLayer`]; with `timeout` |
//! | `resume` | on | [`ResumeLayer`] |
//! | `balance` | on | [`BalanceLayer`] |
//! | `limits` | on | [`CoalesceLayer`], [`HedgeLayer`], [`BreakerLayer`], [`RateLimitLayer`], [`ConcurrencyLayer`]; with `retry` |
//! | `token` | on | [`FetchTokenLayer`] |
//! | `observe` | on | [`MetricsLayer`]; with `timeout` |
//! | `metrics` | | a recorder for the crate `metrics`; with `observe` |
//! | `opentelemetry` | | a recorder for a meter of OpenTelemetry, and [`PropagateLayer`](propagate/index.html); with `observe` |
//! | `tracing` | | [`TraceLayer`](trace/index.html); with `observe` |
//! | `compression` | | [`DecompressLayer`](decompress/index.html) for gzip, deflate, brotli and zstd, whose library is C |
//! | `cookies` | | [`CookieLayer`](cookies/index.html), with the public suffix list compiled in |
//! | `forward` | | [`ForwardLayer`](forward/index.html), with changes of the protocol by hyper |
//! | `axum` | | [`Error`] is a response of axum handlers |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod collect;
mod copy;
#[cfg(any(feature = "retry", feature = "token"))]
mod exchange;
#[cfg(feature = "limits")]
mod far;
#[cfg(feature = "limits")]
mod later;
mod macros;
mod maybe_refused;
#[cfg(feature = "observe")]
mod observe;
#[cfg(feature = "limits")]
mod per_origin;
#[cfg(any(feature = "balance", feature = "forward", feature = "retry"))]
mod random;
#[cfg(all(test, feature = "limits"))]
mod simulation;

pub mod answer_errors;
#[cfg(feature = "timeout")]
pub mod attempt_timeout;
pub mod authorize;
#[cfg(feature = "balance")]
pub mod balance;
pub mod body;
pub mod body_limit;
#[cfg(feature = "limits")]
pub mod breaker;
pub mod check;
pub mod check_status;
#[cfg(feature = "limits")]
pub mod coalesce;
#[cfg(feature = "limits")]
pub mod concurrency;
pub mod content;
#[cfg(feature = "cookies")]
pub mod cookies;
#[cfg(feature = "timeout")]
pub mod deadline;
pub mod decode;
#[cfg(feature = "compression")]
pub mod decompress;
pub mod default_headers;
pub mod default_query;
pub mod error;
#[cfg(feature = "token")]
pub mod fetch_token;
#[cfg(feature = "forward")]
pub mod forward;
pub mod head_or_get;
#[cfg(feature = "limits")]
pub mod hedge;
#[cfg(feature = "timeout")]
pub mod idle_timeout;
pub mod join_url;
pub mod media_type;
#[cfg(feature = "observe")]
pub mod metrics;
pub mod options;
#[cfg(feature = "opentelemetry")]
pub mod propagate;
pub mod query;
#[cfg(feature = "limits")]
pub mod rate_limit;
pub mod redirect;
#[cfg(feature = "resume")]
pub mod resume;
#[cfg(feature = "retry")]
pub mod retry;
pub mod service;
pub mod stream;
#[cfg(feature = "tracing")]
pub mod trace;
pub mod url;
pub mod validators;

#[cfg(feature = "timeout")]
#[doc(inline)]
pub use self::attempt_timeout::{AttemptTimeout, AttemptTimeoutLayer};
#[cfg(feature = "balance")]
#[doc(inline)]
pub use self::balance::{Balance, BalanceLayer};
#[cfg(feature = "limits")]
#[doc(inline)]
pub use self::breaker::{Breaker, BreakerLayer};
#[cfg(feature = "limits")]
#[doc(inline)]
pub use self::coalesce::{Coalesce, CoalesceLayer};
#[cfg(feature = "limits")]
#[doc(inline)]
pub use self::concurrency::{Concurrency, ConcurrencyLayer};
#[cfg(feature = "cookies")]
#[doc(inline)]
pub use self::cookies::{CookieJar, CookieLayer, Cookies};
#[cfg(feature = "timeout")]
#[doc(inline)]
pub use self::deadline::{Deadline, DeadlineLayer};
#[cfg(feature = "compression")]
#[doc(inline)]
pub use self::decompress::{Decompress, DecompressLayer};
#[cfg(feature = "token")]
#[doc(inline)]
pub use self::fetch_token::{FetchToken, FetchTokenLayer, Token, TokenSource};
#[cfg(feature = "forward")]
#[doc(inline)]
pub use self::forward::{Forward, ForwardLayer};
#[cfg(feature = "limits")]
#[doc(inline)]
pub use self::hedge::{Hedge, HedgeLayer};
#[cfg(feature = "timeout")]
#[doc(inline)]
pub use self::idle_timeout::{IdleTimeout, IdleTimeoutLayer};
#[cfg(feature = "observe")]
#[doc(inline)]
pub use self::metrics::{Metrics, MetricsLayer};
#[cfg(feature = "opentelemetry")]
#[doc(inline)]
pub use self::propagate::{Propagate, PropagateLayer};
#[cfg(feature = "limits")]
#[doc(inline)]
pub use self::rate_limit::{RateLimit, RateLimitLayer};
#[cfg(feature = "resume")]
#[doc(inline)]
pub use self::resume::{Resume, ResumeLayer};
#[cfg(feature = "retry")]
#[doc(inline)]
pub use self::retry::{Retry, RetryBudget, RetryLayer};
#[cfg(feature = "tracing")]
#[doc(inline)]
pub use self::trace::{Trace, TraceLayer};
#[doc(inline)]
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
