//! The layers of spans in a [`Session`](super::Session); without the feature they are not there at
//! all.

super::optional::optional!("tracing": trace::{TraceLayer, Trace},
with {
    pub(crate) fn get_mut<T>(layered: &mut Layered<T>) -> &mut T {
        layered.get_mut()
    }
}
without {
    pub(crate) const fn get_mut<T>(layered: &mut T) -> &mut T {
        layered
    }
});
