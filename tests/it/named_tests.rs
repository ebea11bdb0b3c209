//! What the documents name is there: tests by path and name, layers in all tables.

use std::{collections::BTreeSet, fs, path::Path};

fn read(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The tests that a document names, as `path.rs::name`.
fn named_tests(document: &str) -> Vec<(String, String)> {
    let spans = document.split('`').skip(1).step_by(2);
    let named = spans.filter_map(|span| span.split_once(".rs::"));
    named.map(|(path, name)| (format!("{path}.rs"), name.to_owned())).collect()
}

/// Whether a source has a test of this name.
fn has_test(source: &str, name: &str) -> bool {
    let mut above = "";
    source.lines().map(str::trim).any(|line| {
        let function = line.trim_start_matches("async ").strip_prefix("fn ");
        let is_it = function.and_then(|rest| rest.strip_prefix(name)).is_some_and(|rest| {
            rest.starts_with('(')
                && (above.starts_with("#[test") || above.starts_with("#[tokio::test"))
        });
        above = line;
        is_it
    })
}

#[test]
fn tests_that_prove_the_promises_are_there() {
    let named = named_tests(&read("SECURITY.md"));
    assert!(named.len() >= 50, "{}", named.len());
    for (path, name) in named {
        assert!(has_test(&read(&path), &name), "{path} has no test {name}");
    }
}

#[test]
fn what_is_no_test_is_told_from_one() {
    let source = "#[tokio::test]\nasync fn one() {\n}\nfn two() {}\n#[test]\nfn three() {}";
    let found = ["one", "two", "three", "thre"].map(|name| has_test(source, name));
    assert_eq!(found, [true, false, true, false]);
    let text = "See `a/b.rs::c`, `d::e` and\n`f.rs::g`.";
    assert_eq!(named_tests(text), [("a/b.rs".into(), "c".into()), ("f.rs".into(), "g".into())]);
}

/// The layers at the beginning of a row of a table.
fn layers_of_tables(document: &str) -> Vec<&str> {
    let rows =
        document.lines().filter_map(|line| line.trim_start_matches("//! ").strip_prefix("| "));
    let names = rows.map(|row| row.trim_start_matches(['[', '`']));
    let names = names.filter_map(|row| row.split(['`', '<']).next());
    names.filter(|name| name.ends_with("Layer")).collect()
}

#[test]
fn tables_name_all_layers_in_the_same_order() {
    let source = read("crates/tower-clients-layers/src/lib.rs");
    let exported: BTreeSet<&str> = source
        .lines()
        .filter(|line| !line.starts_with("//!"))
        .flat_map(|line| line.split(|letter: char| !letter.is_alphanumeric()))
        .filter(|word| word.ends_with("Layer") && *word != "Layer")
        .collect();
    let readme = read("README.md");
    let expected = layers_of_tables(&readme);
    for document in [&source, &read("docs/layers.md")] {
        let named = layers_of_tables(document);
        assert_eq!(named.iter().copied().collect::<BTreeSet<_>>(), exported);
        assert_eq!(named.len(), exported.len(), "one is there twice: {named:?}");
    }
    assert_eq!(layers_of_tables(&source), expected);
    // The page has those of every client first.
    let page = read("docs/layers.md");
    let in_every_client = page.split("## In some").next().unwrap();
    let named = layers_of_tables(in_every_client);
    let in_order: Vec<_> = expected.into_iter().filter(|layer| named.contains(layer)).collect();
    assert_eq!(named, in_order);
}
