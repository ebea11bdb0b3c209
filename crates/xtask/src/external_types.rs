//! Whose types may show in public signatures.
//!
//! A type of another crate in a signature ties our versions to its versions. Each published crate lists
//! those it is tied to in `package.metadata.public-types` of its manifest: `name`, or `name in src/file` when
//! it may show there only.

use crate::{
    Result,
    docs::{self, Described},
    workspace::{PUBLISHED, published},
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Compares the lists with the signatures, both ways.
pub(crate) fn check() -> Result {
    let packages = published()?;
    let mut faults = Vec::new();
    for described in docs::as_json()? {
        let name = described.name;
        let package = packages.iter().find(|package| package["name"] == name);
        let listed = package.map(|package| &package["metadata"]["public-types"]);
        let listed = listed.and_then(Value::as_array).into_iter().flatten();
        let listed: BTreeSet<&str> = listed.filter_map(Value::as_str).collect();
        let mut needed = BTreeSet::new();
        for (krate, file, what) in shown(&described)? {
            let is_allowed = |entry: &&str| match entry.split_once(" in ") {
                None => *entry == krate,
                Some((name, place)) => name == krate && file.contains(place),
            };
            match listed.iter().copied().find(is_allowed) {
                Some(entry) => {
                    needed.insert(entry);
                }
                None => {
                    faults.push(format!("{name} shows {what} ({file}), and does not list {krate}"));
                }
            }
        }
        for entry in listed.difference(&needed) {
            faults.push(format!("{name} lists {entry}, which does not show"));
        }
        let listed: Vec<_> = listed.into_iter().collect();
        println!("{name}: {}", listed.join(", "));
    }
    if faults.is_empty() {
        return Ok(());
    }
    faults.push("keep the type inside, or change `package.metadata.public-types`".to_owned());
    Err(faults.join("\n").into())
}

/// Crates of others whose types and traits show, each with a file that shows it and the name of the first
/// such type there.
fn shown(described: &Described) -> Result<Vec<(String, String, String)>> {
    let json = described.read()?;
    let mut found = BTreeMap::new();
    for item in json["index"].as_object().ok_or("no items in the documentation")?.values() {
        let inner = &item["inner"];
        let imp = &inner["impl"];
        // Items of others come along, and what holds for every type is said by the crate of the trait.
        if item["crate_id"] != 0 || imp["is_synthetic"] == true || imp["blanket_impl"].is_object() {
            continue;
        }
        let mut ids = Vec::new();
        collect(inner, &mut ids);
        for id in ids {
            let summary = &json["paths"][id.to_string()];
            let krate = &json["external_crates"][summary["crate_id"].to_string()]["name"];
            let Some(krate) = krate.as_str().filter(|krate| !is_ours_or_of_rust(krate)) else {
                continue;
            };
            let path = summary["path"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let path = path.collect::<Vec<_>>().join("::");
            // What macros of other crates need of their crates is not meant to be seen.
            if !path.contains("::__private::") {
                let file = item["span"]["filename"].as_str().unwrap_or_default();
                found.insert((krate.to_owned(), file.to_owned()), path);
            }
        }
    }
    Ok(found.into_iter().map(|((krate, file), path)| (krate, file, path)).collect())
}

/// The ids of all types and traits that `value` names: whatever is re-exported, or has a path, an id and
/// arguments.
fn collect<'a>(value: &'a Value, ids: &mut Vec<&'a Value>) {
    match value {
        Value::Object(fields) => {
            if ["path", "id", "args"].iter().all(|name| fields.contains_key(*name)) {
                ids.push(&fields["id"]);
            }
            if let Some(import) = fields.get("use") {
                ids.push(&import["id"]);
            }
            fields.values().for_each(|value| collect(value, ids));
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, ids)),
        _ => {}
    }
}

fn is_ours_or_of_rust(krate: &str) -> bool {
    let rust = ["core", "alloc", "std"];
    rust.contains(&krate) || PUBLISHED.iter().any(|name| name.replace('-', "_") == krate)
}
