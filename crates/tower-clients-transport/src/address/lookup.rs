//! The addresses of a host.

use super::{Name, NotAccepted};
use hyper_util::client::legacy::connect::dns::GaiResolver;
use std::{
    collections::HashMap,
    error::Error,
    fmt,
    future::{Future, poll_fn},
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
};
use tower_clients_layers::BoxError;
use tower_service::Service;

/// Where the addresses of a host are from, and which of them count.
#[derive(Debug, Clone)]
pub(crate) struct Addresses {
    resolver: Resolver,
    /// By names in lower case.
    given: HashMap<String, Vec<SocketAddr>>,
    filter: Option<Filter>,
}

#[derive(Clone)]
struct Resolver(Arc<dyn Fn(Name) -> Resolving + Send + Sync>);

type Resolving = Pin<Box<dyn Future<Output = Result<Vec<SocketAddr>, BoxError>> + Send>>;

#[derive(Clone)]
struct Filter(Arc<dyn Fn(IpAddr) -> bool + Send + Sync>);

impl Addresses {
    pub(crate) fn of_the_system() -> Self {
        let resolver = Resolver::new(GaiResolver::new());
        Self { resolver, given: HashMap::new(), filter: None }
    }

    pub(crate) fn resolve_by<R>(&mut self, resolver: R)
    where
        R: Service<Name, Error: Into<BoxError>, Future: Send> + Clone + Send + Sync + 'static,
        R::Response: IntoIterator<Item = SocketAddr>,
    {
        self.resolver = Resolver::new(resolver);
    }

    pub(crate) fn give(&mut self, host: &str, addresses: Vec<SocketAddr>) {
        self.given.insert(host.to_ascii_lowercase(), addresses);
    }

    pub(crate) fn filter(&mut self, accepts: impl Fn(IpAddr) -> bool + Send + Sync + 'static) {
        self.filter = Some(Filter(Arc::new(accepts)));
    }

    #[cfg(feature = "proxy")]
    pub(crate) fn are_filtered(&self) -> bool {
        self.filter.is_some()
    }

    /// A port of 0 is any.
    pub(crate) async fn of(&self, host: &str) -> Result<Vec<SocketAddr>, BoxError> {
        let written = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let mut addresses = if let Ok(address) = written.unwrap_or(host).parse::<IpAddr>() {
            vec![(address, 0).into()]
        } else if let Some(addresses) = self.given.get(&host.to_ascii_lowercase()) {
            addresses.clone()
        } else {
            self.resolver.0(host.parse()?).await.map_err(Unresolved)?
        };
        if let Some(Filter(accepts)) = &self.filter
            && !addresses.is_empty()
        {
            addresses.retain(|address| accepts(address.ip()));
            if addresses.is_empty() {
                return Err(NotAccepted(()).into());
            }
        }
        Ok(addresses)
    }
}

impl Resolver {
    fn new<R>(resolver: R) -> Self
    where
        R: Service<Name, Error: Into<BoxError>, Future: Send> + Clone + Send + Sync + 'static,
        R::Response: IntoIterator<Item = SocketAddr>,
    {
        Self(Arc::new(move |name| {
            let mut resolver = resolver.clone();
            Box::pin(async move {
                poll_fn(|cx| resolver.poll_ready(cx)).await.map_err(Into::into)?;
                let addresses = resolver.call(name).await.map_err(Into::into)?;
                Ok(addresses.into_iter().collect())
            })
        }))
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Resolver")
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Filter")
    }
}

#[derive(Debug)]
struct Unresolved(BoxError);

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of the host cannot be resolved")
    }
}

impl Error for Unresolved {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::is_public;

    /// What a host has that was given such addresses, of which those of the internet count.
    async fn accepted(host: &str, addresses: &[&str]) -> Result<Vec<SocketAddr>, String> {
        let mut all = Addresses::of_the_system();
        all.give("Known", addresses.iter().map(|address| address.parse().unwrap()).collect());
        all.filter(is_public);
        all.of(host).await.map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn c4_addresses_are_left_out_and_none_left_is_an_error() {
        let public = accepted("known", &["10.0.0.1:80", "1.1.1.1:80"]).await;
        assert_eq!(public.unwrap(), ["1.1.1.1:80".parse().unwrap()]);
        let private = accepted("KNOWN", &["10.0.0.1:80", "[::1]:80"]).await;
        assert!(private.unwrap_err().contains("filter"));
        assert!(accepted("known", &[]).await.unwrap().is_empty());
        for written in ["[::1]", "127.0.0.1", "localhost"] {
            assert!(accepted(written, &[]).await.unwrap_err().contains("filter"), "{written}");
        }
        assert_eq!(accepted("1.1.1.1", &[]).await.unwrap(), ["1.1.1.1:0".parse().unwrap()]);
    }
}
