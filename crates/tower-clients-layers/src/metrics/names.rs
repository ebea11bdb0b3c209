//! The names of the metrics.

pub(super) const DURATION: &str = "http.client.request.duration";
pub(super) const ACTIVE: &str = "http.client.active_requests";
pub(super) const CANCELLED: &str = "tower_clients.cancelled_requests";
