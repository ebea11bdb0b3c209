//! The layer of cookies in a [`Session`](super::Session); without the feature it is not there at
//! all.

super::optional::optional!("cookies": cookies::{CookieLayer, Cookies});
