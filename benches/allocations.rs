//! Prints how often each case allocates, on the thread of the client.

use allocation_counter::measure;
use benches::{
    Meter,
    cases::{decode, join, layers, loopback, stacks},
};
use tokio::runtime::Runtime;

/// Enough that pools, buffers and lazily made values are there.
const WARM_UP: u64 = 200;
const RUNS: u64 = 100;

fn main() {
    let mut counter = Counter { runtime: benches::runtime(), first: None };
    layers::layers(&mut counter);
    layers::layers_on_joined_uris(&mut counter);
    layers::five_layers(&mut counter);
    stacks::clients(&mut counter);
    stacks::resources(&mut counter);
    join::join(&mut counter);
    decode::decode(&mut counter);
    loopback::loopback(&mut counter, 1);
}

struct Counter {
    runtime: Runtime,
    /// The count of the first case of the group.
    first: Option<u64>,
}

impl Counter {
    fn count<F: Future>(&self, runs: u64, run: &mut impl FnMut() -> F) -> u64 {
        let counted = measure(|| {
            self.runtime.block_on(async {
                for _ in 0..runs {
                    run().await;
                }
            });
        });
        counted.count_total
    }
}

impl Meter for Counter {
    fn group(&mut self, name: &str) {
        println!("\n{name:<40} {:>11} {:>8}", "allocations", "on top");
        self.first = None;
    }

    fn case<F: Future>(&mut self, name: &str, mut run: impl FnMut() -> F) {
        self.count(WARM_UP, &mut run);
        // The difference of two lengths leaves out what blocking on the runtime costs by itself.
        let once = self.count(RUNS, &mut run);
        let twice = self.count(2 * RUNS, &mut run);
        let counted = twice - once;
        assert_eq!(counted % RUNS, 0, "{name}: {counted} in {RUNS} runs is no steady state");

        let each = counted / RUNS;
        let first = *self.first.get_or_insert(each);
        println!("  {name:<38} {each:>11} {:>+8}", each.cast_signed() - first.cast_signed());
    }
}
