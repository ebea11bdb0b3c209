//! Times cases with criterion.

use crate::Meter;
use criterion::Criterion;
use std::fmt;
use tokio::runtime::Runtime;

/// Times cases with criterion.
pub struct Stopwatch {
    criterion: Criterion,
    runtime: Runtime,
    group: String,
}

/// Times `cases` as the command line says; the whole of a bench's `main`.
pub fn time(cases: impl FnOnce(&mut Stopwatch)) {
    let mut stopwatch = Stopwatch {
        criterion: Criterion::default().configure_from_args(),
        runtime: crate::runtime(),
        group: String::new(),
    };
    cases(&mut stopwatch);
    stopwatch.criterion.final_summary();
}

impl Meter for Stopwatch {
    fn group(&mut self, name: &str) {
        name.clone_into(&mut self.group);
    }

    fn case<F: Future>(&mut self, name: &str, mut run: impl FnMut() -> F) {
        let mut group = self.criterion.benchmark_group(&self.group);
        group.bench_function(name, |bencher| bencher.to_async(&self.runtime).iter(&mut run));
        group.finish();
    }
}

impl fmt::Debug for Stopwatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stopwatch").field("group", &self.group).finish_non_exhaustive()
    }
}
