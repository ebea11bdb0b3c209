//! `docs/faults.md` names tests that there are, and all that are named after a row.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The Rust sources of the workspace, by their path in it.
fn sources(folder: &Path, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            sources(&path, found);
        } else if name.ends_with(".rs") {
            let text = fs::read_to_string(&path).unwrap();
            let name = path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/");
            found.insert(name, text);
        }
    }
}

/// The names of the functions below an attribute that makes them tests.
fn tests(source: &str) -> impl Iterator<Item = &str> {
    let below = source.split("#[test]").skip(1).chain(source.split("#[tokio::test").skip(1));
    below.filter_map(|below| below.split_once("fn ")?.1.split(['(', '<']).next())
}

/// The rows that a test is named after: `W1` and `W2` for `w1_w2_cut_at_every_byte`.
fn rows(test: &str) -> impl Iterator<Item = String> {
    test.split('_').map_while(|word| {
        let number = word.get(1..)?.trim_end_matches('s');
        let is_row = word.starts_with(|letter: char| letter.is_ascii_lowercase())
            && !number.is_empty()
            && number.bytes().all(|digit| digit.is_ascii_digit());
        is_row.then(|| word[..1].to_uppercase() + &word[1..])
    })
}

/// Row and file or test, of all lines of the tables.
fn table(text: &str) -> BTreeSet<(String, String)> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let entries = lines.flat_map(|line| {
        let cells: Vec<_> = line.split(" | ").collect();
        let row = cells[0].to_owned();
        // Between backquotes.
        let named = cells[cells.len() - 1].split('`').skip(1).step_by(2);
        named.map(move |name| (row.clone(), name.to_owned())).collect::<Vec<_>>()
    });
    entries.filter(|(_, name)| name.contains(".rs")).collect()
}

#[test]
fn table_of_faults_and_tests_agree() {
    let mut files = BTreeMap::new();
    sources(&root(), &mut files);
    let table = table(&fs::read_to_string(root().join("docs/faults.md")).unwrap());
    assert!(table.len() > 100, "it is not read");

    let mut faults = Vec::new();
    for (row, entry) in &table {
        let (path, test) = entry.split_once("::").unwrap_or((entry, ""));
        let exists = files
            .get(path)
            .is_some_and(|text| test.is_empty() || tests(text).any(|name| name == test));
        if !exists {
            faults.push(format!("{row}: there is no {entry}"));
        }
    }
    for (path, text) in &files {
        for test in tests(text) {
            for row in rows(test) {
                let entry = (row, format!("{path}::{test}"));
                if !table.contains(&entry) {
                    faults.push(format!("{}: {} is not in the table", entry.0, entry.1));
                }
            }
        }
    }
    assert!(faults.is_empty(), "docs/faults.md:\n{}", faults.join("\n"));
}

#[test]
fn rows_are_read_from_names() {
    let all = |name| rows(name).collect::<Vec<_>>();
    assert_eq!(all("w1_w2_cut"), ["W1", "W2"]);
    assert_eq!(all("f2s_status"), ["F2s"]);
    assert_eq!(all("r10_clock"), ["R10"]);
    assert!(all("http2_is_spoken").is_empty() && all("a_b1").is_empty());
}
