//! What stands for a layer that only a feature brings.

/// The `Layer` of a module of the layers, what it makes, and its future; without the feature an identity in
/// their place. What else a session needs of it is given for both.
macro_rules! optional {
    (
        $feature:literal: $module:ident::{$layer:ident, $layered:ident}
        $(, with { $($with:item)* } without { $($without:item)* })?
    ) => {
        #[cfg(feature = $feature)]
        pub(crate) use self::with::*;
        #[cfg(not(feature = $feature))]
        pub(crate) use self::without::*;

        #[cfg(feature = $feature)]
        mod with {
            pub(crate) use tower_clients_layers::$module::{
                $layer as Layer, $layered as Layered, ResponseFuture as Future,
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

            $($($with)*)?
        }

        #[cfg(not(feature = $feature))]
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

            $($($without)*)?
        }
    };
}

pub(crate) use optional;
