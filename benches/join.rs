//! Times joining a reference to a base URL.

use benches::{cases::join, stopwatch};

fn main() {
    stopwatch::time(join::join);
}
