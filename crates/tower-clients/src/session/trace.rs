//! The layers of spans in a [`Session`](super::Session); without the feature they are not there at
//! all.

#[cfg(feature = "tracing")]
pub(crate) use self::with::*;
#[cfg(not(feature = "tracing"))]
pub(crate) use self::without::*;

#[cfg(feature = "tracing")]
mod with {
    pub(crate) use tower_clients_layers::trace::{
        ResponseFuture as Future, Trace as Layered, TraceLayer as Layer,
    };

    pub(crate) const fn none() -> Layer {
        Layer::none()
    }

    pub(crate) fn get_ref<T>(layered: &Layered<T>) -> &T {
        layered.get_ref()
    }

    pub(crate) fn get_mut<T>(layered: &mut Layered<T>) -> &mut T {
        layered.get_mut()
    }

    pub(crate) fn into_inner<T>(layered: Layered<T>) -> T {
        layered.into_inner()
    }
}

#[cfg(not(feature = "tracing"))]
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

    pub(crate) const fn get_mut<T>(layered: &mut T) -> &mut T {
        layered
    }

    pub(crate) fn into_inner<T>(layered: T) -> T {
        layered
    }
}
