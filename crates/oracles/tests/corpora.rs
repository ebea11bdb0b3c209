//! What the fuzzer has collected is checked without it.

use std::{fs, path::Path};

#[test]
fn every_collected_input_holds() {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    for (name, check) in oracles::TARGETS {
        let folder = corpora.join(name);
        let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
        let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
        paths.sort();
        assert!(!paths.is_empty(), "{folder:?} is empty");
        for path in paths {
            // Shown when it fails.
            println!("{}", path.display());
            check(&fs::read(&path).expect("a file that can be read"));
        }
    }
}
