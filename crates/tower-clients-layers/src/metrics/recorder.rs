//! Who gets what is measured.

use super::{Labels, Outcome};
use std::{sync::Arc, time::Duration};

/// Gets what is measured. See the [module docs](super).
///
/// It is called by the task that sends, so it must not block.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot record what is measured",
    label = "no `Recorder`",
    note = "`MetricsCrate` (feature `metrics`) and `OpenTelemetry` (feature `opentelemetry`) are recorders; anything else implements `Recorder`"
)]
pub trait Recorder: Send + Sync + 'static {
    /// A request begins. Exactly one [`end`](Self::end) follows, with the same labels.
    fn begin(&self, request: &Labels<'_>);

    /// The head of its response has come, or it failed, or was dropped, after this time.
    fn end(&self, request: &Labels<'_>, outcome: &Outcome, took: Duration);
}

impl<R: Recorder + ?Sized> Recorder for Arc<R> {
    fn begin(&self, request: &Labels<'_>) {
        (**self).begin(request);
    }

    fn end(&self, request: &Labels<'_>, outcome: &Outcome, took: Duration) {
        (**self).end(request, outcome, took);
    }
}
