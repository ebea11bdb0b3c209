//! Which addresses are connected to.
//!
//! A name is resolved by the operating system, or by a resolver of your own
//! ([`TransportBuilder::resolver`](crate::TransportBuilder::resolver)), or it has the addresses that it was
//! given ([`TransportBuilder::resolve`](crate::TransportBuilder::resolve)). Of several addresses each is
//! tried a quarter of a second after the one before, or as soon as that has failed, by turns of IPv6 and
//! IPv4; the first one that answers is used, and the others are given up (RFC 8305 §4 and §5).
//!
//! A service that requests URLs of its users can be asked for what only the machine itself or its
//! network should reach. [`TransportBuilder::public_only`](crate::TransportBuilder::public_only) and
//! [`filter_addresses`](crate::TransportBuilder::filter_addresses) judge the addresses that a host
//! really has, wherever they are from, each time a connection is made: after a redirect, and when a name has
//! other addresses than before, too. Addresses that are refused are left out; when none is left, the request
//! fails with a [`Connect`](tower_clients_layers::ErrorKind::Connect) error and was not sent; its source is
//! [`NotAccepted`].
//!
//! ```
//! use tower_clients_transport::address::is_public;
//!
//! assert!(is_public("93.184.215.14".parse()?));
//! assert!(!is_public("169.254.169.254".parse()?));
//! assert!(!is_public("::ffff:127.0.0.1".parse()?));
//! # Ok::<(), std::net::AddrParseError>(())
//! ```

mod lookup;
mod public;

pub(crate) use self::lookup::Addresses;
pub use self::public::is_public;
#[doc(no_inline)]
pub use hyper_util::client::legacy::connect::dns::Name;

use std::{error::Error, fmt};

/// No address of a host is one that the transport may connect to: the source of a
/// [`Connect`](tower_clients_layers::ErrorKind::Connect) error. See the [module docs](self).
#[derive(Debug, Clone)]
pub struct NotAccepted(());

impl fmt::Display for NotAccepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the filter of the transport refuses every address of the host")
    }
}

impl Error for NotAccepted {}
