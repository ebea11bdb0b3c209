//! What every type over a [`Client`](crate::Client) has.

/// `new` and `with_service` of a type that is made from a `Client`.
macro_rules! constructors {
    ($over:ident, $name:literal) => {
        impl $over {
            #[doc = concat!("A ", $name, " over a new [`Transport`](crate::Transport) with default settings.")]
            ///
            #[doc = concat!("For other settings, convert a built client: `", stringify!($over), "::from(client)`.")]
            ///
            /// # Errors
            ///
            /// [`ErrorKind::Url`](crate::ErrorKind::Url) when `url` cannot be a base URL.
            pub fn new(
                url: impl TryInto<crate::BaseUrl, Error: Into<crate::Error>>,
            ) -> Result<Self, crate::Error> {
                crate::Client::new(url).map(Self::from)
            }
        }

        impl<S> $over<S> {
            #[doc = concat!("A ", $name, " over any service, with no layer but the base URL.")]
            ///
            /// For headers, credentials or `authorize`, which are layers of a
            /// [`Session`](crate::Session), build a client with
            /// [`build_over`](crate::ClientBuilder::build_over) and convert it.
            ///
            /// # Errors
            ///
            /// [`ErrorKind::Url`](crate::ErrorKind::Url) when `url` cannot be a base URL.
            pub fn with_service(
                url: impl TryInto<crate::BaseUrl, Error: Into<crate::Error>>,
                service: S,
            ) -> Result<Self, crate::Error>
            where
                S: crate::HttpService<crate::Body>,
            {
                crate::Client::with_service(url, service).map(Self::from)
            }
        }
    };
}

/// The way back to the `client` of a type, and what it shows: the base URL.
macro_rules! shows_client {
    ($over:ident) => {
        impl<S> $over<S> {
            /// The client below, whose requests give responses.
            pub fn client(&self) -> &crate::Client<S> {
                &self.client
            }
        }

        impl<S> From<$over<S>> for crate::Client<S> {
            fn from(over: $over<S>) -> Self {
                over.client
            }
        }

        impl<S> std::fmt::Display for $over<S> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.client.fmt(f)
            }
        }

        impl<S> std::fmt::Debug for $over<S> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let base = format_args!("{}", self.client);
                f.debug_struct(stringify!($over)).field("base_url", &base).finish_non_exhaustive()
            }
        }
    };
}

/// `authorize` of a type with a `client` over a session.
macro_rules! authorizes {
    ($over:ident $(, $other:ident)?) => {
        impl<T: crate::SharedService<crate::Body> $(, $other)?> $over<crate::Session<T> $(, $other)?> {
            /// Authorizes all requests by access tokens of an OAuth 2 token endpoint, and fetches the
            /// first one. See [`Client::authorize`](crate::Client::authorize).
            ///
            /// # Errors
            ///
            /// As [`Client::authorize`](crate::Client::authorize).
            ///
            /// # Cancel safety
            ///
            /// As [`Client::authorize`](crate::Client::authorize).
            pub async fn authorize(
                mut self,
                reference: impl crate::url::ToReference,
                grant: crate::oauth::Grant,
            ) -> Result<Self, crate::Error> {
                self.client = self.client.authorize(reference, grant).await?;
                Ok(self)
            }

            /// Like [`authorize`](Self::authorize), but fetches the first token when a request needs
            /// it. For clients that are made outside of a runtime.
            ///
            /// # Errors
            ///
            /// As [`Client::authorize_lazily`](crate::Client::authorize_lazily).
            pub fn authorize_lazily(
                mut self,
                reference: impl crate::url::ToReference,
                grant: crate::oauth::Grant,
            ) -> Result<Self, crate::Error> {
                self.client = self.client.authorize_lazily(reference, grant)?;
                Ok(self)
            }
        }
    };
}

/// `blocking` and `blocking_on` of a type over a client, and its other fields.
macro_rules! blocking_forms {
    ($over:ident $(<$check:ident>)? { $($field:ident),* }) => {
        impl<S $(, $check)?> $over<S $(, $check)?> {
            /// The blocking form of this, with runtimes of its own. See [`blocking`](crate::blocking).
            ///
            /// # Errors
            ///
            /// [`ErrorKind::Config`](crate::ErrorKind::Config) when the system allows no runtime.
            pub fn blocking(
                self,
            ) -> Result<$over<crate::blocking::Blocking<S> $(, $check)?>, crate::Error> {
                let Self { client, $($field),* } = self;
                Ok($over { client: client.blocking()?, $($field),* })
            }

            /// The blocking form of this, for a runtime that runs elsewhere. See
            /// [`Client::blocking_on`](crate::Client::blocking_on).
            #[must_use]
            pub fn blocking_on(
                self,
                runtime: tokio::runtime::Handle,
            ) -> $over<crate::blocking::Blocking<S> $(, $check)?> {
                let Self { client, $($field),* } = self;
                $over { client: client.blocking_on(runtime), $($field),* }
            }
        }

        impl<T $(, $check)?> $over<crate::blocking::Blocking<crate::Session<T>> $(, $check)?>
        where
            T: crate::SharedService<crate::Body>,
        {
            /// Authorizes all requests by access tokens of an OAuth 2 token endpoint, and waits for
            /// the first one: the blocking form of the async `authorize`.
            ///
            /// # Errors
            ///
            /// Those of the async form, and [`ErrorKind::Blocking`](crate::ErrorKind::Blocking)
            /// inside of an async task.
            pub fn authorize(
                mut self,
                reference: impl crate::url::ToReference,
                grant: crate::oauth::Grant,
            ) -> Result<Self, crate::Error> {
                self.client = self.client.authorize(reference, grant)?;
                Ok(self)
            }
        }
    };
}

pub(crate) use authorizes;
pub(crate) use blocking_forms;
pub(crate) use constructors;
pub(crate) use shows_client;
