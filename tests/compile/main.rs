//! What the compiler says of the mistakes that users make. A case is a function in `cases`, named after its
//! mistake; what is said of it is in the `.stderr` file beside. `TRYBUILD=overwrite cargo test -p
//! compile-tests` writes these anew. Read them as a user: does the first line say what is wrong, and a note
//! what to do?

use std::{
    env, fs, io,
    path::Path,
    process::{Command, ExitStatus},
};

/// The compiler that the `.stderr` files are from.
const COMPILER: &str = "rustc 1.95.";

/// Folder of cases that are compiled, and not compared with what was said before.
const UNCOMPARED: &str = "UNCOMPARED_CASES";

#[test]
fn mistakes_are_explained() {
    match env::var(UNCOMPARED) {
        Ok(folder) => trybuild::TestCases::new().compile_fail(format!("{folder}/*.rs")),
        Err(_) if is_the_compiler() => trybuild::TestCases::new().compile_fail("cases/*.rs"),
        // Each compiler has its own words. That the cases do not compile is the same for all.
        Err(_) => assert!(uncompared().expect("the cases can be copied").success()),
    }
}

fn is_the_compiler() -> bool {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output().expect("there is a compiler");
    version.stdout.starts_with(COMPILER.as_bytes())
}

/// Runs this test with copies of the cases, where what is said may be written down.
fn uncompared() -> io::Result<ExitStatus> {
    let copies = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cases");
    if copies.exists() {
        fs::remove_dir_all(&copies)?;
    }
    fs::create_dir_all(&copies)?;
    for case in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/cases"))? {
        let case = case?.path();
        if let (Some(name), Some("rs")) =
            (case.file_name(), case.extension().and_then(|e| e.to_str()))
        {
            fs::copy(&case, copies.join(name))?;
        }
    }
    Command::new(env::current_exe()?).env(UNCOMPARED, &copies).env("TRYBUILD", "overwrite").status()
}
