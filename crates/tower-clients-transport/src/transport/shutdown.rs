//! The end of a transport.

use crate::Transport;
use std::time::Duration;
use tokio::time::timeout;

impl Transport {
    /// How many exchanges are under way: each from its call to the end of the response body, or until it
    /// fails or is dropped. All clones count together.
    ///
    /// What follows an upgrade, and an upload that goes on behind the end of its response, do not count.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.shared.pool.in_flight()
    }

    /// Lets the exchanges end that are under way, and no other begin; for the end of a program, behind the
    /// graceful shutdown of its server. How many were left when `grace` was over: with 0, all have ended.
    ///
    /// From the first poll on, and for good, new requests of all clones fail with an
    /// [`Unavailable`](tower_clients_layers::ErrorKind::Unavailable) error that was not sent
    /// ([`UnavailableError::is_shut_down`](tower_clients_layers::UnavailableError::is_shut_down)): those of
    /// retries, redirects and hedges, too. Idle connections close at once, the others with their exchanges.
    ///
    /// What is left is not cut off: it goes on while the program does, and ends with its runtime. To cut off
    /// a request, drop its future or body.
    ///
    /// # Cancel safety
    ///
    /// Whoever drops the future no longer waits; the transport stays shut down. Any number may wait.
    ///
    /// # Panics
    ///
    /// If there is something to wait for and no tokio runtime with time enabled.
    ///
    /// ```
    /// use http::Request;
    /// use std::time::Duration;
    /// use tower::ServiceExt;
    /// use tower_clients_layers::Body;
    /// use tower_clients_transport::Transport;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), tower_clients_layers::BoxError> {
    /// let server = testbed::Testbed::http().await?;
    /// let get = || Request::get(format!("{}bytes/100000", server.url())).body(Body::empty());
    /// let transport = Transport::new();
    ///
    /// let response = transport.clone().oneshot(get()?).await?;
    /// assert_eq!(transport.in_flight(), 1);
    /// assert_eq!(transport.shutdown(Duration::ZERO).await, 1);
    ///
    /// let error = transport.clone().oneshot(get()?).await.unwrap_err();
    /// assert!(error.is_unavailable() && !error.may_have_been_sent());
    ///
    /// drop(response);
    /// assert_eq!(transport.shutdown(Duration::from_secs(5)).await, 0);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn shutdown(&self, grace: Duration) -> usize {
        let pool = &self.shared.pool;
        pool.shut_down();
        if pool.in_flight() > 0 {
            // Either way, what is left counts.
            let _ = timeout(grace, pool.drained()).await;
        }
        pool.in_flight()
    }
}
