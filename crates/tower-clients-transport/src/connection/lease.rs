//! The exchange on a connection.

use super::Connection;
use crate::{
    pool::{Host, InFlight},
    timings::BodyWatch,
    upload::Upload,
};
use std::sync::Arc;
use tower_clients_layers::error::RequestLine;

/// An exchange that has a connection, from the head of its response to its end.
///
/// It lies beside the connection, because a response passes every layer by value.
pub(crate) struct Lease {
    pub(crate) line: RequestLine,
    pub(crate) host: Arc<Host<Connection>>,
    pub(crate) in_flight: InFlight<Connection>,
    pub(crate) upload: Upload,
    /// Whether no other exchange may follow.
    pub(crate) is_last: bool,
    /// Whether what is still sent when the response is over is of use.
    pub(crate) goes_on: bool,
    pub(crate) watch: Option<BodyWatch>,
}

impl Lease {
    /// Whether its connection is good for another exchange. One that still sends is not.
    pub(super) fn may_be_followed(&self) -> bool {
        self.upload.is_over() && !self.is_last
    }

    /// Whether the pool would keep its connection.
    pub(super) fn is_worth_its_connection(&self) -> bool {
        !self.in_flight.pool().is_pressed(&self.host)
    }
}
