//! Times decoding of JSON documents.

use benches::{cases::decode, stopwatch};

fn main() {
    stopwatch::time(decode::decode);
}
