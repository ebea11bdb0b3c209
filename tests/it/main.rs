//! Behaviour of the clients and layers together, one file a topic.
//!
//! | behaviour | in |
//! |---|---|
//! | a client that nobody configures, or a file does | `default_client`, `config` |
//! | what a request builder puts on the wire | `requests` |
//! | one behaviour over every kind of service, in process and over TCP | `same_behaviour` |
//! | the order of the layers | `layer_order` |
//! | content as values, streams, files | `requests`, `streams`, `download`, `compression` |
//! | `exists`, `create`, conditional updates | `exists_create`, `update` |
//! | calls: JSON with a check, JSON-RPC, GraphQL | `remote`, `rpc`, `graph`, `graph_operations` |
//! | redirects, cookies, access tokens | `redirects`, `cookies`, `oauth` |
//! | limits of time; second attempts; bodies that go on | `timeouts`, `retry`, `resume` |
//! | limits of load, breakers, hedges, shared answers | `limits` |
//! | several upstreams, connections, their end | `proxy`, `pool`, `shutdown` |
//! | a backend: what its calls inherit, a gateway | `inherit`, `forward` |
//! | the clients without `async`, of one thread and of many | `blocking`, `blocking_threads` |
//! | spans and metrics, as exporters get them | `spans`, `measurements` |
//!
//! | promise | in |
//! |---|---|
//! | every layer keeps the contract of a middleware | `contracts` |
//! | what is bound to an origin stays there, in any order of layers | `origin_bound` |
//! | no secret in any text | `canary` |
//! | what a request allocates, without and with a connection | `allocations`, `wire_allocations` |
//! | documents name tests and layers that there are | `fault_table`, `documents` |
//!
//! `stacks` puts layers in any order, for others. Servers that play a script are in `tests/src`.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod allocations;
mod blocking;
mod blocking_threads;
mod canary;
mod compression;
mod config;
mod contracts;
mod cookies;
mod default_client;
mod documents;
mod download;
mod exists_create;
mod fault_table;
mod forward;
mod graph;
mod graph_operations;
mod inherit;
mod layer_order;
mod limits;
mod measurements;
mod oauth;
mod origin_bound;
mod pool;
mod proxy;
mod redirects;
mod remote;
mod requests;
mod resume;
mod retry;
mod rpc;
mod same_behaviour;
mod shutdown;
mod spans;
mod stacks;
mod streams;
mod timeouts;
mod update;
mod wire_allocations;
