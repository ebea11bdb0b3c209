//! The response body that tells the breaker when it breaks off.

use super::circuit::Exchange;
use crate::macros::tracked_body;

tracked_body! {
    /// A response body that is a success of its origin when it ends or is dropped, and a failure when it
    /// breaks off.
    BreakerBody, Exchange
}
