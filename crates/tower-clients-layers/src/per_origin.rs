//! What layers keep for each origin.

use crate::url::Origin;
use http::Uri;
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// So many origins are kept whether they are idle or not.
const KEPT: usize = 64;

/// What is kept for one origin.
pub(crate) trait Keep {
    /// Whether it is the same as what would be made anew, while no exchange has it.
    fn is_idle(&self) -> bool;
}

/// A `T` for each origin; idle ones are forgotten. All URIs that have no usable origin, such as those
/// without a host, have one in common.
pub(crate) struct PerOrigin<T> {
    origins: Mutex<Origins<T>>,
}

struct Origins<T> {
    all: HashMap<Option<Origin>, Arc<T>>,
    /// Most clients ask one origin only. To compare a URI costs less than to make an origin of it.
    last: Option<(Origin, Arc<T>)>,
    /// So many are kept before idle ones are looked for.
    room: usize,
}

impl<T> Default for PerOrigin<T> {
    fn default() -> Self {
        let origins = Origins { all: HashMap::new(), last: None, room: KEPT };
        Self { origins: Mutex::new(origins) }
    }
}

impl<T: Keep> PerOrigin<T> {
    /// That of the origin of `uri`, new if there is none.
    pub(crate) fn of(&self, uri: &Uri, new: impl FnOnce() -> T) -> Arc<T> {
        let mut origins = self.lock();
        if let Some((origin, kept)) = &origins.last
            && origin.contains(uri)
        {
            return Arc::clone(kept);
        }
        let origin = Origin::of(uri).ok();
        if origins.all.len() >= origins.room {
            origins.forget_idle();
        }
        let kept = origins.all.entry(origin.clone()).or_insert_with(|| Arc::new(new()));
        let kept = Arc::clone(kept);
        origins.last = origin.map(|origin| (origin, Arc::clone(&kept)));
        kept
    }

    /// Neither a `Keep` nor an `Origin` panics half-way.
    fn lock(&self) -> MutexGuard<'_, Origins<T>> {
        self.origins.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.lock().all.len()
    }
}

impl<T: Keep> Origins<T> {
    fn forget_idle(&mut self) {
        self.last = None;
        self.all.retain(|_, kept| Arc::strong_count(kept) > 1 || !kept.is_idle());
        // Looking at all of them now and then is little for each.
        self.room = KEPT.max(2 * self.all.len());
    }
}

impl<T> fmt::Debug for PerOrigin<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PerOrigin")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

    #[derive(Default)]
    struct Entry {
        busy: AtomicBool,
    }

    impl Keep for Entry {
        fn is_idle(&self) -> bool {
            !self.busy.load(SeqCst)
        }
    }

    fn of(origins: &PerOrigin<Entry>, uri: &str) -> Arc<Entry> {
        origins.of(&uri.parse().unwrap(), Entry::default)
    }

    #[test]
    fn uris_of_one_origin_have_one() {
        let origins = PerOrigin::default();
        let first = of(&origins, "http://h/a");
        for (uri, same) in [
            ("http://H:80/b?c", true),
            ("https://h/a", false),
            ("http://user@h/", true),
            ("http://h:81/a", false),
            ("http://h/", true),
        ] {
            assert_eq!(Arc::ptr_eq(&first, &of(&origins, uri)), same, "{uri}");
        }
    }

    #[test]
    fn uris_without_an_origin_have_one_in_common() {
        let origins = PerOrigin::default();
        let first = of(&origins, "/a");
        assert!(Arc::ptr_eq(&first, &of(&origins, "/b")));
        assert!(!Arc::ptr_eq(&first, &of(&origins, "http://h/")));
    }

    #[test]
    fn idle_origins_are_forgotten_and_others_are_not() {
        let origins = PerOrigin::default();
        let held = of(&origins, "http://held/");
        let busy = Arc::downgrade(&of(&origins, "http://busy/"));
        busy.upgrade().unwrap().busy.store(true, SeqCst);
        for host in 0..10_000 {
            of(&origins, &format!("http://h{host}/"));
        }
        assert!(origins.len() <= KEPT);
        assert!(Arc::ptr_eq(&held, &of(&origins, "http://held/")));
        assert_eq!(busy.as_ptr(), Arc::as_ptr(&of(&origins, "http://busy/")));
    }
}
