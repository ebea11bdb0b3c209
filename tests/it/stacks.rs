//! Stacks of layers in any order.

use tower::Layer;
use tower_clients::{Body, BoxService, SharedService};

/// A layer without its type.
pub(crate) type Wrap = Box<dyn Fn(BoxService) -> BoxService>;

pub(crate) fn wrap<L>(layer: L) -> Wrap
where
    L: Layer<BoxService> + 'static,
    L::Service: SharedService<Body>,
{
    Box::new(move |inner| BoxService::new(layer.layer(inner)))
}

/// All orders of so many.
pub(crate) fn permutations(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![vec![]];
    }
    let insert = |shorter: Vec<usize>| {
        (0..count).map(move |at| {
            let mut longer = shorter.clone();
            longer.insert(at, count - 1);
            longer
        })
    };
    permutations(count - 1).into_iter().flat_map(insert).collect()
}
