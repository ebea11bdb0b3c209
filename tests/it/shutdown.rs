//! The end of a client is that of all clients over its transport.

use std::time::Duration;
use testbed::Testbed;
use tower_clients::Resource;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn all_clients_over_one_transport_are_shut_down() {
    let server = Testbed::http().await.unwrap();
    let api = Resource::new(server.url()).unwrap();
    let child = &api / "anything";
    child.get("x").await.unwrap();
    assert_eq!(api.client().shutdown(SECOND).await, 0);
    for error in [api.get("get").await.unwrap_err(), child.get("x").await.unwrap_err()] {
        assert!(error.unavailable().unwrap().is_shut_down(), "{error:?}");
        assert_eq!(error.gateway_status(), 503);
    }
    assert_eq!((server.requests(), api.client().in_flight()), (1, 0));
}
