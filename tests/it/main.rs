//! Behaviour of the clients and layers together, one file a topic.

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
