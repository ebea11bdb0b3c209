//! A client certificate that is renewed while the client is used.
//!
//! Run it with `cargo run --example mutual_tls`.

use testbed::Testbed;
use tower_clients::{
    BoxError, Client, Resource, Transport,
    tls::{Tls, TlsHandle},
};

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    // A server that turns away whoever has no certificate of its authority.
    let server = Testbed::https_with_client_auth().await?;
    let (certificate, key) = server.client_identity_pem().ok_or("it makes one")?;
    let roots = Tls::roots_pem(server.ca_pem().ok_or("it has one")?)?;

    let tls = TlsHandle::new(roots.clone());
    let transport = Transport::builder().tls(&tls).build()?;
    let api = Resource::from(Client::builder(server.url()).build_over(transport)?);
    let error = api.get("get").await.expect_err("it is turned away");
    println!("without a certificate: {error}");

    // What a program does when its files have changed.
    tls.set(roots.clone().client_identity_pem(certificate, key)?)?;
    api.get("get").await?;
    let connections = server.connections();

    // Connections that are open go on; the next new one has the new certificate.
    tls.set(roots.client_identity_pem(certificate, key)?)?;
    for _ in 0..3 {
        api.get("get").await?;
    }
    println!("{} more connections after the renewal", server.connections() - connections);
    assert_eq!(server.connections(), connections);
    Ok(())
}
