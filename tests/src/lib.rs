//! Tests across the crates: `it` by topic, `suites` with data of third parties, `interop` with their
//! servers, and the examples of the top-level README as documentation tests.

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
