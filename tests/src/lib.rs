//! Tests across the crates.
//!
//! | in | stands | with |
//! |---|---|---|
//! | `it` | how clients and layers behave together, one file a topic | a router in process, a mock, loopback |
//! | `faults` | what goes wrong, row by row of `docs/faults.md`, and what it leaves behind | a peer, proxies, a count of tasks and files |
//! | `suites` | test data that others published | the file that `SUITES` names |
//! | `interop` | servers that others wrote | `cargo xtask interop` |
//! | `soak` | a million requests under faults | `cargo xtask soak` |
//! | the examples of the top-level README | as documentation tests | |
//!
//! Tests of one module are in it; those of one crate over connections are in its folder `tests`.
//!
//! Here is what they need to have things go wrong:
//!
//! | | |
//! |---|---|
//! | [`Peer`] | a server that plays [steps](Step), be they HTTP or not |
//! | [`Proxy`] | a wire between client and server, with [faults](Fault) |
//! | [`ForwardProxy`] | a proxy as companies have them, which [speaks](Speaks) HTTP or SOCKS 5 |
//! | [`answer_to`], [`answer_to_expecting`] | a caller that writes its request as text |
//! | [`polled`] | a future that is dropped at its n-th poll |
//! | [`without_leaks`], [`alone`] | what a test leaves behind |

pub mod forward_proxy;
pub mod leaks;
pub mod peer;
pub mod proxy;
pub mod raw;

pub use self::{
    forward_proxy::{ForwardProxy, Speaks},
    leaks::{alone, without_leaks},
    peer::{Peer, Step},
    proxy::{Fault, Proxy},
    raw::{answer_to, answer_to_expecting},
};

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
};

/// Polls a future at most so many times, then drops it.
pub async fn polled<F: Future>(times: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = times;
    poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match future.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../../docs/tour.md")]
struct Tour;

#[cfg(doctest)]
#[doc = include_str!("../../CONTRIBUTING.md")]
struct Contributing;
