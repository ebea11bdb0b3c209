//! Conditional updates: changes of a document that undo no other change.
//!
//! Run it with `cargo run --example update`.

use serde_json::{Value, json};
use tower_clients::{Error, Resource};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let api = Resource::with_service("http://in.process/documents/", testbed::router())?;
    api.put("counter").json(&json!({"count": 0})).await?;

    // Eight writers at once: whoever is late reads and changes again.
    let writers = (0..8).map(|_| {
        let edit = api.edit("counter").rounds(100);
        tokio::spawn(edit.with(|document: &mut Value| {
            document["count"] = (document["count"].as_u64().unwrap_or(0) + 1).into();
        }))
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.expect("no panic")?;
    }
    let counter: Value = api.get("counter").json().await?;
    println!("after eight writers: {counter}");
    assert_eq!(counter["count"], 8);

    // A document in hand is put only when asked, and only if nobody was faster.
    let mut mine = api.updating::<Value>("counter").await?;
    let mut other = api.updating::<Value>("counter").await?;
    other.value["by"] = "another".into();
    other.put().await?;
    mine.value["by"] = "me".into();
    let error = mine.put().await.expect_err("the other was faster");
    println!("{error}");
    assert_eq!(api.get("counter").json::<Value>().await?["by"], "another");
    Ok(())
}
