//! What is borrowed. The compiler looks at lifetimes only where all types are right.

use tower_clients::{BoxError, BoxResource, BoxService, Error, Remote};

async fn decoded_as_a_borrow(api: BoxResource) -> Result<(), Error> {
    let _text = api.get("x").json::<&str>().await?;
    Ok(())
}

async fn sent_as_a_borrow(api: BoxResource, text: String) -> Result<(), Error> {
    api.post("x").body(text.as_str()).decode::<()>().await
}

fn check_without_types(remote: Remote<BoxService>) {
    let _ = remote.check(|_, body| Ok::<_, BoxError>(body));
}

fn main() {}
