//! A request that is measured.

use super::{Labels, Outcome, Recorder};
use crate::{Error, observe::Observer, url::redact};
use http::{Request, Uri};
use std::{fmt, sync::Arc};
use tokio::time::Instant;

/// Tells a recorder of one request.
pub(super) struct Measured {
    recorder: Arc<dyn Recorder>,
    method: &'static str,
    template: Option<&'static str>,
    uri: Uri,
    since: Instant,
}

impl Measured {
    pub(super) fn begin<B>(recorder: &Arc<dyn Recorder>, request: &Request<B>) -> Self {
        let labels = Labels::of(request);
        recorder.begin(&labels);
        Self {
            recorder: Arc::clone(recorder),
            method: labels.method,
            template: labels.template,
            uri: request.uri().clone(),
            since: Instant::now(),
        }
    }
}

impl Observer for Measured {
    fn end(&self, outcome: &Outcome, _: Option<&Error>) {
        let labels = Labels::new(self.method, &self.uri, self.template);
        self.recorder.end(&labels, outcome, self.since.elapsed());
    }
}

impl fmt::Debug for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Measured").field("uri", &redact(&self.uri)).finish_non_exhaustive()
    }
}
