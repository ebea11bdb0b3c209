//! The Python of `COMPARE.md`. `cargo xtask compare` says in the variable `PYTHON` which interpreter has the
//! packages.

use std::{env, process::Command};

const TEXT: &str = include_str!("../../../../COMPARE.md");

/// What stands between the fences.
fn examples() -> impl Iterator<Item = &'static str> {
    TEXT.split("\n```python\n").skip(1).filter_map(|rest| Some(rest.split_once("\n```")?.0))
}

#[test]
#[ignore = "it needs the packages: cargo xtask compare"]
fn runs() -> Result<(), Box<dyn std::error::Error>> {
    let python = env::var("PYTHON")?;
    let mut count = 0;
    for example in examples() {
        let program = format!("base = {:?}\n{example}", compare::serve());
        let output = Command::new(&python).args(["-c", &program]).output()?;
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}\nis what comes of\n{example}");
        count += 1;
    }
    assert_ne!(count, 0);
    Ok(())
}
