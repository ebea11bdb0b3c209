//! The layer of compression in a [`Session`](super::Session); without the feature it is not there at
//! all.

super::optional::optional!("compression": decompress::{DecompressLayer, Decompress},
with {
    pub(crate) use tower_clients_layers::decompress::DecompressBody as Body;

    pub(crate) const fn by_default() -> Layer {
        Layer::new()
    }
}
without {
    pub(crate) type Body<B> = B;

    pub(crate) const fn by_default() -> Layer {
        Layer::new()
    }
});
