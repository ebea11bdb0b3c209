//! What every client type does with paths and verbs.

/// Children (`at`, `/`, `/=`) and verbs of a client type with `rebase` and `start`.
macro_rules! paths {
    ($client:ident, $name:literal, $reading:ty, $sending:ty) => {
        impl<S: Clone> $client<S> {
            #[doc = concat!("The ", $name, " at another URL, given as a reference to this one, with the same settings.")]
            ///
            /// A string is a reference and may climb: give values from elsewhere as a
            /// [`Segment`](crate::url::Segment) or tuple. When the reference cannot be joined, the
            /// requests of the child fail with the reason.
            #[must_use]
            pub fn at(&self, reference: impl tower_clients_layers::url::ToReference) -> Self {
                let mut child = self.clone();
                child.rebase(reference);
                child
            }
        }

        paths!(@verbs $client, $reading, get GET, head HEAD, options OPTIONS, delete DELETE);
        paths!(@verbs $client, $sending, post POST, put PUT, patch PATCH);

        /// The child at a reference.
        impl<S: Clone, R: tower_clients_layers::url::ToReference> std::ops::Div<R> for &$client<S> {
            type Output = $client<S>;

            fn div(self, reference: R) -> $client<S> {
                self.at(reference)
            }
        }

        /// The child at a reference.
        impl<S, R: tower_clients_layers::url::ToReference> std::ops::Div<R> for $client<S> {
            type Output = Self;

            fn div(mut self, reference: R) -> Self {
                self.rebase(reference);
                self
            }
        }

        impl<S, R: tower_clients_layers::url::ToReference> std::ops::DivAssign<R> for $client<S> {
            fn div_assign(&mut self, reference: R) {
                self.rebase(reference);
            }
        }
    };
    (@verbs $client:ident, $mode:ty, $($verb:ident $method:ident),+) => {
        impl<S: Clone> $client<S> {$(
            #[doc = concat!("A request by `", stringify!($method), "`. See [`request`](Self::request).")]
            pub fn $verb(
                &self,
                reference: impl tower_clients_layers::url::ToReference,
            ) -> crate::RequestBuilder<S, $mode> {
                self.start(http::Method::$method, reference)
            }
        )+}
    };
}

pub(crate) use paths;
