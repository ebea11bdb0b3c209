//! Makes documentation tests of the pages: each block of Rust becomes an example of its own, inside of the
//! macro `run!`. So the pages show the code alone, wherever they are read.

use std::{env, fs, path::Path};

const PAGES: [(&str, &str); 3] = [
    ("compare.md", "COMPARE.md"),
    ("migrating.md", "docs/migrating.md"),
    ("clients.md", "docs/clients.md"),
];

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let out = env::var("OUT_DIR").expect("Cargo sets it");
    for (name, page) in PAGES {
        let path = root.join(page);
        println!("cargo::rerun-if-changed={}", path.display());
        let text = fs::read_to_string(&path).expect("the page is there");
        fs::write(Path::new(&out).join(name), with_servers(&text)).expect("it can be written");
    }
}

/// A block with a `main` of its own needs no server beside it.
fn with_servers(page: &str) -> String {
    let mut text = String::new();
    let mut blocks = page.split("```rust\n");
    text += blocks.next().unwrap_or_default();
    for block in blocks {
        let (code, rest) = block.split_once("```\n").expect("the block has an end");
        let code = match code.contains("fn main()") {
            true => code.to_owned(),
            false => format!("# compare::run! {{ base;\n{code}# }}\n"),
        };
        text += &format!("```rust\n{code}```\n{rest}");
    }
    text
}
