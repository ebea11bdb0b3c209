//! The response body that keeps its exchange active.

use super::shared::Exchange;
use crate::macros::tracked_body;

tracked_body! {
    /// A response body whose request counts as active until it ends or is dropped. One that breaks
    /// off counts as an error of its upstream.
    BalanceBody, Exchange
}
