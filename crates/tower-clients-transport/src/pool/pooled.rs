//! What can be kept in a pool.

use tokio::time::Instant;

/// What the pool has to know of a connection.
pub(crate) trait Pooled: Sized + Send + 'static {
    /// Whether it may still take a request. It does what there is to do for it meanwhile.
    fn is_open(&mut self) -> bool;

    /// Gets ready to wait in the pool.
    fn rest(&mut self);

    /// When it was made.
    fn born(&self) -> Instant;

    /// The same connection once more, if it carries many requests at once.
    fn share(&self) -> Option<Self>;

    /// Whether it is shared with requests that are not over.
    fn is_busy(&self) -> bool;
}
