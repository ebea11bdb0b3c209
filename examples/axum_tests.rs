//! A test of an axum backend, in process: a client calls its handlers, and a mock is what they call.
//!
//! Run it with `cargo run --example axum_tests`.

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::get,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;
use tower_clients::{BoxResource, Client, Error, Resource, RetryLayer};
use tower_clients_mock::{Mock, Reply};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Order {
    id: u32,
    customer: String,
    total: u32,
}

#[derive(Deserialize)]
struct Customer {
    name: String,
}

/// The program: a backend over a service of customers and one of prices.
#[derive(Clone)]
struct Upstreams {
    customers: BoxResource,
    prices: BoxResource,
}

fn app(upstreams: Upstreams) -> Router {
    Router::new().route("/orders/{id}", get(order)).with_state(upstreams)
}

async fn order(
    State(up): State<Upstreams>,
    Path(id): Path<u32>,
) -> Result<Json<Order>, StatusCode> {
    let found = async {
        let customer: Customer = up.customers.get(("customers", id)).json().await?;
        let prices: Vec<u32> = up.prices.get("prices").query(&[("order", id)]).json().await?;
        Ok(Json(Order { id, customer: customer.name, total: prices.iter().sum() }))
    };
    found.await.map_err(|error: Error| match error.status() {
        Some(StatusCode::NOT_FOUND) => StatusCode::NOT_FOUND,
        _ if error.is_timeout() => StatusCode::GATEWAY_TIMEOUT,
        _ => StatusCode::BAD_GATEWAY,
    })
}

/// A client as in production, but for what is below it.
fn upstream(url: &str, mock: &Mock) -> Result<BoxResource, Error> {
    let client = Client::builder(url)
        .bearer_auth("t0ken")
        .attempt_timeout(Duration::from_millis(200))
        .retry(RetryLayer::new().backoff(Duration::ZERO, Duration::ZERO));
    Ok(Resource::from(client.build_over(mock.clone())?).boxed())
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    // One mock is both servers; where they could be confused, a rule names its host.
    let mock = Mock::new();
    mock.get("/customers/{id}").when(|call| call.param::<u32>("id") > 9).reply(Reply::status(404));
    mock.get("/customers/{id}").reply(Reply::json(&json!({"name": "Ada"})));
    let prices = mock.get("/prices").host("prices.example.com").query(&[("order", 7)]);
    let prices = prices.reply(Reply::refuse()).reply(Reply::json(&[30, 12]));
    mock.get("/prices").query(&[("order", 8)]).reply(Reply::hang());

    let backend = app(Upstreams {
        customers: upstream("https://customers.example.com", &mock)?,
        prices: upstream("https://prices.example.com", &mock)?,
    });
    let caller = Resource::with_service("http://backend", backend)?;

    let order: Order = caller.get("orders/7").json().await?;
    assert_eq!(order, Order { id: 7, customer: "Ada".into(), total: 42 });
    println!("{order:?}, after {} calls for prices", prices.calls());
    assert_eq!(prices.requests()[1].headers()["authorization"], "Bearer t0ken");

    for (id, status) in [(8, StatusCode::GATEWAY_TIMEOUT), (10, StatusCode::NOT_FOUND)] {
        let error = caller.get(("orders", id)).await.err();
        assert_eq!(error.and_then(|error| error.status()), Some(status));
        println!("order {id}: {status}");
    }
    mock.verify();
    println!("{} requests in all", mock.requests().len());
    Ok(())
}
