//! Times a typed JSON GET over loopback, one at a time and sixteen at once.

use benches::{cases::loopback, stopwatch};

fn main() {
    stopwatch::time(|stopwatch| {
        loopback::loopback(stopwatch, 1);
        loopback::loopback(stopwatch, 16);
    });
}
