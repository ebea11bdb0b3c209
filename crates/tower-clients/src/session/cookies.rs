//! The layer of cookies in a [`Session`](super::Session); without the feature it is not there at
//! all.

#[cfg(feature = "cookies")]
pub(crate) use self::with::*;
#[cfg(not(feature = "cookies"))]
pub(crate) use self::without::*;

#[cfg(feature = "cookies")]
mod with {
    pub(crate) use tower_clients_layers::cookies::{
        CookieLayer as Layer, Cookies as Layered, ResponseFuture as Future,
    };

    pub(crate) const fn none() -> Layer {
        Layer::none()
    }

    pub(crate) fn get_ref<T>(layered: &Layered<T>) -> &T {
        layered.get_ref()
    }

    pub(crate) fn into_inner<T>(layered: Layered<T>) -> T {
        layered.into_inner()
    }
}

#[cfg(not(feature = "cookies"))]
mod without {
    pub(crate) type Layer = tower_layer::Identity;
    pub(crate) type Layered<T> = T;
    pub(crate) type Future<F> = F;

    pub(crate) const fn none() -> Layer {
        Layer::new()
    }

    pub(crate) const fn get_ref<T>(layered: &T) -> &T {
        layered
    }

    pub(crate) fn into_inner<T>(layered: T) -> T {
        layered
    }
}
