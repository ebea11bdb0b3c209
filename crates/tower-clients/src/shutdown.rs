//! The end of a client, with that of its program.

use crate::Client;
use std::time::Duration;

impl Client {
    /// How many exchanges of the [`Transport`](crate::Transport) are under way, each from its call to the end
    /// of the response body. Clones, children and all other clients over the same transport count together.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.get_ref().get_ref().in_flight()
    }

    /// Lets the exchanges end that are under way, and no other begin, neither of clones nor of retries: see
    /// [`Transport::shutdown`](crate::Transport::shutdown). How many were left when `grace` was over.
    ///
    /// It comes behind the graceful shutdown of a server, whose last requests may need the client. A
    /// [`Resource`](crate::Resource) and the like have it by their `client()`; a client with layers of your
    /// own, by a clone of the transport that it was built over.
    ///
    /// # Cancel safety
    ///
    /// Whoever drops the future no longer waits; the client stays shut down.
    ///
    /// ```
    /// use std::time::Duration;
    /// use tower_clients::Resource;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), tower_clients::Error> {
    /// let api = Resource::new("https://api.example.com")?;
    /// assert_eq!(api.client().in_flight(), 0);
    ///
    /// let left = api.client().shutdown(Duration::from_secs(10)).await;
    /// assert_eq!(left, 0);
    /// let error = api.get("users").await.unwrap_err();
    /// assert!(error.unavailable().unwrap().is_shut_down() && !error.may_have_been_sent());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn shutdown(&self, grace: Duration) -> usize {
        self.get_ref().get_ref().shutdown(grace).await
    }
}
