//! Base URLs, references and origins: pure values, no service.
//!
//! A [`BaseUrl`] joins references as RFC 3986 says, and every result is checked against its
//! [`Boundary`] before it becomes a `Uri`. How a reference is read:
//!
//! | reference | with base `https://h/v1` | |
//! |---|---|---|
//! | `"user"` | `https://h/v1/user` | below the base: a base always acts as a directory |
//! | `""` | `https://h/v1` | the base itself, as it was written |
//! | `"?q=1"` | `https://h/v1?q=1` | the same, with a query |
//! | `"/user"` | `https://h/user` | from the root |
//! | `"../v2/user"` | `https://h/v2/user` | normalised |
//! | `("users", "a/b", 7)`, `[..]` | `https://h/v1/users/a%2Fb/7` | each item is one encoded segment |
//! | `Segment("a/b")` | `https://h/v1/a%2Fb` | one encoded segment |
//! | `"./users:batch"` | `https://h/v1/users:batch` | a colon early on would end a scheme |
//! | `"//other/x"`, `"https://other/x"` | error | unless that origin is allowed |
//!
//! Give values as segments and write references yourself: a segment cannot climb or add a query.
//!
//! ```
//! use tower_clients_layers::{BaseUrl, url::Boundary};
//!
//! let base = BaseUrl::parse("https://api.example.com/v1")?.with_boundary(Boundary::Path);
//! assert_eq!(base.join("users?page=2")?, "https://api.example.com/v1/users?page=2");
//! assert_eq!(base.join(("users", "a/b?c"))?.path(), "/v1/users/a%2Fb%3Fc");
//! assert!(base.join(("users", "../admin")).is_err());
//! # Ok::<(), tower_clients_layers::Error>(())
//! ```

mod base;
mod join;
mod location;
mod origin;
mod redact;
mod reference;
mod rules;

pub use self::{
    base::{BaseUrl, Boundary},
    location::location,
    origin::{CrossedOrigin, Origin},
    redact::redact,
    reference::{Reference, Segment, ToReference},
};
