//! What every middleware repeats.

/// `get_ref`, `get_mut` and `into_inner` for a middleware with a field `inner`.
macro_rules! inner_service_accessors {
    () => {
        /// The service below.
        pub fn get_ref(&self) -> &S {
            &self.inner
        }

        /// The service below, to change.
        pub fn get_mut(&mut self) -> &mut S {
            &mut self.inner
        }

        /// The service below, without this middleware.
        pub fn into_inner(self) -> S {
            self.inner
        }
    };
}

/// `Debug` for a type that has nothing to show: what it holds belongs to others, or is secret.
macro_rules! opaque_debug {
    ([$($generics:tt)*] $name:ident<$($arguments:ident),*>) => {
        impl<$($generics)*> std::fmt::Debug for $name<$($arguments),*> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    };
}

/// A response body that has an exchange until it ends or is dropped, and tells it when it breaks off.
#[cfg(any(feature = "balance", feature = "limits"))]
macro_rules! tracked_body {
    ($(#[$docs:meta])* $name:ident, $exchange:ty) => {
        pin_project_lite::pin_project! {
            $(#[$docs])*
            #[derive(Debug)]
            pub struct $name<B> {
                #[pin]
                body: B,
                exchange: Option<$exchange>,
            }
        }

        impl<B> $name<B> {
            /// The body; its exchange counts as over.
            pub fn into_inner(self) -> B {
                self.body
            }
        }

        impl<B: http_body::Body> $name<B> {
            fn new(body: B, exchange: Option<$exchange>) -> Self {
                let exchange = exchange.filter(|_| !body.is_end_stream());
                Self { body, exchange }
            }
        }

        impl<B: http_body::Body> http_body::Body for $name<B> {
            type Data = B::Data;
            type Error = B::Error;

            fn poll_frame(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<Option<Result<http_body::Frame<B::Data>, B::Error>>> {
                let mut this = self.project();
                let frame = std::task::ready!(this.body.as_mut().poll_frame(cx));
                match &frame {
                    // A reader may stop at the last frame, without asking for the end.
                    Some(Ok(_)) if !this.body.is_end_stream() => {}
                    Some(Ok(_)) | None => *this.exchange = None,
                    Some(Err(_)) => {
                        if let Some(exchange) = this.exchange.take() {
                            exchange.broke_off();
                        }
                    }
                }
                std::task::Poll::Ready(frame)
            }

            fn is_end_stream(&self) -> bool {
                self.body.is_end_stream()
            }

            fn size_hint(&self) -> http_body::SizeHint {
                self.body.size_hint()
            }
        }

        const _: () = {
            const fn body_stays_movable<T: Send + Sync + Unpin>() {}
            body_stays_movable::<$name<crate::Body>>();
        };
    };
}

pub(crate) use inner_service_accessors;
pub(crate) use opaque_debug;
#[cfg(any(feature = "balance", feature = "limits"))]
pub(crate) use tracked_body;
