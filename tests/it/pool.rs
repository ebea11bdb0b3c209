//! Connections are shared.

use http::Version;
use testbed::Testbed;
use tower_clients::{Client, Content, Resource, Transport, tls::Tls};

#[tokio::test]
async fn client_and_its_children_use_one_connection() {
    let server = Testbed::http().await.unwrap();
    let api = Resource::new(server.url()).unwrap();
    let child = &api / "anything";
    for resource in
        [&api.at("get"), &child, &(&child / "deeper"), &api.clone().at("html"), &child, &child]
    {
        resource.get("").await.unwrap();
    }
    assert_eq!((server.requests(), server.connections()), (6, 1));
}

#[tokio::test]
async fn refused_responses_give_their_connection_back() {
    let server = Testbed::http().await.unwrap();
    let api = Resource::new(server.url()).unwrap();
    for _ in 0..3 {
        assert!(api.get("status/404").await.unwrap_err().is_status());
        assert!(api.get("problem/409").await.unwrap_err().is_status());
    }
    assert_eq!((server.requests(), server.connections()), (6, 1));
}

#[tokio::test]
async fn tls_speaks_http_2_on_one_connection() {
    let server = Testbed::https().await.unwrap();
    let tls = Tls::roots_pem(server.ca_pem().unwrap()).unwrap();
    let transport = Transport::builder().tls(tls).build().unwrap();
    let client = Client::builder(server.url()).build_over(transport).unwrap();

    let response = client.get("get").await.unwrap();
    assert_eq!(response.version(), Version::HTTP_2);
    let api = Resource::from(client);
    let (a, b) = tokio::join!(api.get("get").send(), api.get("html").send());
    assert!(matches!((a.unwrap(), b.unwrap()), (Content::Json(_), Content::Text(_))));
    assert_eq!((server.requests(), server.connections()), (3, 1));
}

#[tokio::test]
async fn c3_unknown_certificate_authority_is_refused_before_anything_is_sent() {
    let server = Testbed::https().await.unwrap();
    let error = Client::new(server.url()).unwrap().get("get").await.unwrap_err();
    assert!(error.is_connect() && !error.may_have_been_sent(), "{error:#}");
    assert_eq!(server.requests(), 0);
}
