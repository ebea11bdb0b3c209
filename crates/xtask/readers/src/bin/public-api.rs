//! Lists what a crate offers, as its JSON documentation says: `public-api <file>`.

use std::{env, error::Error, path::PathBuf};

/// What nearly every type has, and derived methods: those lines would hide the others.
const LEFT_OUT: [&str; 9] = [
    "core::marker::Freeze for ",
    "core::marker::StructuralPartialEq for ",
    "core::marker::UnsafeUnpin for ",
    "core::panic::unwind_safe::",
    "::clone(&self) -> ",
    "::eq(&self, ",
    "::fmt(&self, ",
    "::hash<",
    "::source(&self) -> ",
];

fn main() -> Result<(), Box<dyn Error>> {
    let file = PathBuf::from(env::args_os().nth(1).ok_or("usage: public-api <file>")?);
    // Impls for all types say nothing about a crate.
    let api = public_api::Builder::from_rustdoc_json(file).omit_blanket_impls(true).build()?;
    for item in api.items().map(ToString::to_string) {
        if !LEFT_OUT.iter().any(|words| item.contains(words)) {
            println!("{item}");
        }
    }
    Ok(())
}
