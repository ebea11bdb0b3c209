//! Times every layer alone, and whole clients, over a service that does nothing.

use benches::{
    cases::{layers, stacks},
    stopwatch,
};

fn main() {
    stopwatch::time(|stopwatch| {
        layers::layers(stopwatch);
        layers::layers_on_joined_uris(stopwatch);
        layers::five_layers(stopwatch);
        stacks::clients(stopwatch);
        stacks::resources(stopwatch);
    });
}
