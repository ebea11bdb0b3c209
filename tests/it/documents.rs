//! What the documents name is there: tests by path and name, layers in all tables, files, and the
//! targets of links.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
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
fn tables_name_all_layers_once_and_in_the_same_order() {
    let source = read("crates/tower-clients-layers/src/lib.rs");
    let exported: BTreeSet<&str> = source
        .lines()
        .filter(|line| !line.starts_with("//!"))
        .flat_map(|line| line.split(|letter: char| !letter.is_alphanumeric()))
        .filter(|word| word.ends_with("Layer") && *word != "Layer")
        .collect();
    let readme = read("README.md");
    let mut in_readme: Vec<_> = readme
        .lines()
        .filter(|line| line.starts_with('|'))
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .filter(|name| name.ends_with("Layer"))
        .collect();
    in_readme.sort_unstable();
    assert_eq!(in_readme, Vec::from_iter(exported.iter().copied()));

    let expected = layers_of_tables(&source);
    let page = read("docs/layers.md");
    for named in [&expected, &layers_of_tables(&page)] {
        assert_eq!(named.iter().copied().collect::<BTreeSet<_>>(), exported);
        assert_eq!(named.len(), exported.len(), "one is there twice: {named:?}");
    }
    // The page has those of every client first.
    let in_every_client = page.split("## In some").next().unwrap();
    let named = layers_of_tables(in_every_client);
    let in_order: Vec<_> = expected.into_iter().filter(|layer| named.contains(layer)).collect();
    assert_eq!(named, in_order);
}

/// All Markdown files of the project, by their paths.
fn documents() -> Vec<String> {
    let root = root();
    let mut open = vec![root.clone()];
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir()
                && !name.starts_with('.')
                && !["target", "node_modules"].contains(&&*name)
            {
                open.push(path);
            } else if name.ends_with(".md") {
                found.push(path.strip_prefix(&root).unwrap().to_string_lossy().into_owned());
            }
        }
    }
    found
}

/// Where the links and pictures of a document lead, but for those to other sites.
fn links(document: &str) -> Vec<&str> {
    let mut is_code = false;
    let prose = document.lines().filter(|line| {
        is_code ^= line.trim_start().starts_with("```");
        !is_code
    });
    let links = prose.flat_map(|line| line.split("](").skip(1));
    links.filter_map(|rest| rest.split(')').next()).filter(|link| !link.contains("://")).collect()
}

/// The fragments by which the headings of a document are found.
fn fragments(document: &str) -> Vec<String> {
    let headings = document.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| {
            let title = line.trim_start_matches('#').trim().to_lowercase();
            let kept = title.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        })
        .collect()
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut broken = Vec::new();
    for name in documents() {
        let document = read(&name);
        let folder = Path::new(&name).parent().unwrap();
        for link in links(&document) {
            let (path, fragment) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() {
                name.clone()
            } else {
                folder.join(path).display().to_string()
            };
            let is_there = root().join(&target).exists();
            let has_fragment = || {
                fragment.is_empty() || fragments(&read(&target)).iter().any(|name| name == fragment)
            };
            if !is_there || !has_fragment() {
                broken.push(format!("{name}: {link}"));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn links_are_found_and_headings_have_fragments() {
    let text =
        "See [a](b.md#c) and ![d](e.svg), not [f](https://g).\n```\n[h](i)\n```\n## A `B`: c, d\n";
    assert_eq!(links(text), ["b.md#c", "e.svg"]);
    assert_eq!(fragments(text), ["a-b-c-d"]);
}

/// The paths of this project that a document names, `a/{b,c}.rs` for two.
fn paths(document: &str) -> Vec<String> {
    const FOLDERS: [&str; 7] =
        ["crates/", "tests/", "docs/", "benches/", "examples/", "fuzz/", ".ci/"];
    let spans = document.split('`').skip(1).step_by(2);
    let spans = spans.filter(|span| FOLDERS.iter().any(|folder| span.starts_with(folder)));
    let paths = spans.filter_map(|span| span.split("::").next());
    let paths = paths.filter(|path| !path.contains([' ', '<', '*', '\n']));
    paths
        .flat_map(|path| match path.split_once('{').zip(path.split_once('}')) {
            Some(((before, _), (list, after))) => {
                let names = list[before.len() + 1..].split(',');
                names.map(|name| format!("{before}{name}{after}")).collect()
            }
            None => vec![path.to_owned()],
        })
        .collect()
}

#[test]
fn files_that_documents_name_are_there() {
    let root = root();
    let named: Vec<_> = documents()
        .into_iter()
        .flat_map(|name| paths(&read(&name)).into_iter().map(move |path| (name.clone(), path)))
        .collect();
    assert!(named.len() >= 100, "{}", named.len());
    let missing: Vec<_> = named.iter().filter(|(_, path)| !root.join(path).exists()).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn named_files_are_found() {
    let text = "See `crates/a/{b.rs,c/}`, `tests/d.rs::e`, `crates/<name>.rs` and `f.rs`.";
    assert_eq!(paths(text), ["crates/a/b.rs", "crates/a/c/", "tests/d.rs"]);
}
