//! The Python of the pages. `cargo xtask compare` says in the variable `PYTHON` which interpreter has the
//! packages.

use std::{env, process::Command};

const PAGES: [&str; 2] =
    [include_str!("../../../../COMPARE.md"), include_str!("../../../../docs/clients.md")];

/// What stands between the fences.
fn examples(page: &str) -> impl Iterator<Item = &str> {
    page.split("\n```python\n").skip(1).filter_map(|rest| Some(rest.split_once("\n```")?.0))
}

#[test]
#[ignore = "it needs the packages: cargo xtask compare"]
fn runs() -> Result<(), Box<dyn std::error::Error>> {
    let python = env::var("PYTHON")?;
    for page in PAGES {
        assert_ne!(examples(page).count(), 0);
    }
    for example in PAGES.into_iter().flat_map(examples) {
        let program = format!("base = {:?}\n{example}", compare::serve());
        let output = Command::new(&python).args(["-c", &program]).output()?;
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}\nis what comes of\n{example}");
    }
    Ok(())
}
