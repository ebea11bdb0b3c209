//! Tests across the crates: `it` by topic, `faults` with what goes wrong, `suites` with data of third
//! parties, `interop` with their servers, and the examples of the top-level README as documentation
//! tests. Here is what goes wrong on purpose.

pub mod forward_proxy;
pub mod leaks;
pub mod peer;
pub mod proxy;

pub use self::{
    forward_proxy::{ForwardProxy, Speaks},
    leaks::{alone, without_leaks},
    peer::{Peer, Step},
    proxy::{Fault, Proxy},
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
