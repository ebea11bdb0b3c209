//! Which upstream is the best for a request.

use super::{Rank, Snapshot};
use http::{Method, Uri};

/// Ranks the upstreams for a request.
///
/// Every closure `Fn(&Method, &Uri, &Snapshot) -> Option<impl Ord>` is one; implement it for a type
/// of your own when you want to name the type of the whole stack.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot rank upstreams",
    label = "no `Priority`",
    note = "it must be a `Priority` or a `Fn(&Method, &Uri, &Snapshot<'_>) -> Option<impl Ord>`; a closure names the types of its parameters"
)]
pub trait Priority {
    /// What the upstreams are compared by; the least one is chosen, by chance among equals.
    type Rank: Ord;

    /// The rank of an upstream for a request, given with its URI before it is carried over. `None`
    /// rules the upstream out.
    fn rank(&self, method: &Method, uri: &Uri, upstream: &Snapshot<'_>) -> Option<Self::Rank>;
}

impl<F, R> Priority for F
where
    F: Fn(&Method, &Uri, &Snapshot<'_>) -> Option<R>,
    R: Ord,
{
    type Rank = R;

    fn rank(&self, method: &Method, uri: &Uri, upstream: &Snapshot<'_>) -> Option<R> {
        self(method, uri, upstream)
    }
}

/// The default [`Priority`]: that of [`Snapshot::rank`], which rules nothing out.
#[derive(Debug, Clone, Copy, Default)]
pub struct FewestFaults;

impl Priority for FewestFaults {
    type Rank = Rank;

    fn rank(&self, _: &Method, _: &Uri, upstream: &Snapshot<'_>) -> Option<Rank> {
        Some(upstream.rank())
    }
}
