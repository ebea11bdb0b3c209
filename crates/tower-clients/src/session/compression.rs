//! The layer of compression in a [`Session`](super::Session); without the feature it is not there at
//! all.

#[cfg(feature = "compression")]
pub(crate) use self::with::*;
#[cfg(not(feature = "compression"))]
pub(crate) use self::without::*;

#[cfg(feature = "compression")]
mod with {
    pub(crate) use tower_clients_layers::decompress::{
        Decompress as Layered, DecompressBody as Body, DecompressLayer as Layer,
        ResponseFuture as Future,
    };

    pub(crate) const fn none() -> Layer {
        Layer::none()
    }

    pub(crate) const fn by_default() -> Layer {
        Layer::new()
    }

    pub(crate) fn get_ref<T>(layered: &Layered<T>) -> &T {
        layered.get_ref()
    }

    pub(crate) fn into_inner<T>(layered: Layered<T>) -> T {
        layered.into_inner()
    }
}

#[cfg(not(feature = "compression"))]
mod without {
    pub(crate) type Layer = tower_layer::Identity;
    pub(crate) type Layered<T> = T;
    pub(crate) type Body<B> = B;
    pub(crate) type Future<F> = F;

    pub(crate) const fn none() -> Layer {
        Layer::new()
    }

    pub(crate) const fn by_default() -> Layer {
        Layer::new()
    }

    pub(crate) const fn get_ref<T>(layered: &T) -> &T {
        layered
    }

    pub(crate) fn into_inner<T>(layered: T) -> T {
        layered
    }
}
