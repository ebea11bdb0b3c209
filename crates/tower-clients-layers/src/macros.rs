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

pub(crate) use inner_service_accessors;
