//! Programs that show the clients and layers. Each is a file beside this one:
//! `cargo run --example quickstart`.
