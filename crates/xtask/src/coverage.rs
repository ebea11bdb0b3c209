//! Which lines of the published crates no test runs.
//!
//! The compiler counts them; a reader of our own reads what it writes, so nothing of LLVM has to be
//! installed. What each crate must reach is `coverage-floor` in the metadata of its manifest, in percent.

use crate::{
    Result,
    workspace::{PUBLISHED, cargo, output, published, readers, root, target},
};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Line numbers of each file, with whether they ran.
type Lines = BTreeMap<PathBuf, Vec<(usize, bool)>>;

/// Runs unit tests, tests over connections and the examples of the documentation; compares with the floors.
pub(crate) fn check() -> Result {
    let folder = target().join("coverage");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let mut files = programs(&folder)?;
    collect(&folder, &mut files)?;
    let lines = covered(&files)?;
    let report = target().join("coverage.txt");
    fs::write(&report, uncovered(&lines)?)?;
    println!("the lines that did not run: {}", report.display());
    compare(&lines)
}

/// Runs everything, with profiles and the programs of examples below `folder`; gives the other programs.
fn programs(folder: &Path) -> Result<Vec<PathBuf>> {
    let wrappers = root().join("crates/xtask/wrappers");
    let profiles = folder.join("%m-%p.profraw");
    let examples = folder.join("examples");
    fs::create_dir_all(&examples)?;
    let rustc = wrappers.join("rustc-coverage");
    let rustdoc = wrappers.join("rustdoc-coverage");
    let variables = [
        ("RUSTC_WORKSPACE_WRAPPER", rustc.as_path()),
        ("RUSTDOC", &rustdoc),
        ("COVERED_EXAMPLES", &examples),
        ("LLVM_PROFILE_FILE", &profiles),
    ];
    let variables: Vec<_> =
        variables.iter().filter_map(|(name, path)| Some((*name, path.to_str()?))).collect();
    let tests = "test --workspace --lib --test it --test faults";
    cargo(&format!("{tests} --quiet"), &variables)?;
    cargo("test --workspace --doc --quiet", &variables)?;

    let messages = Command::new("cargo")
        .args(tests.split(' '))
        .args(["--no-run", "--message-format=json", "--quiet"])
        .envs(variables)
        .stderr(Stdio::inherit())
        .current_dir(root())
        .output()?;
    let messages = String::from_utf8(messages.stdout)?;
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    // Other members have programs, too, some of them with nothing in them that is counted.
    let is_wanted = |manifest: &Path| {
        manifest
            .strip_prefix(root())
            .is_ok_and(|path| crate_of(path).is_some() || path == Path::new("tests/Cargo.toml"))
    };
    let wanted = messages.filter(|message| {
        message["manifest_path"].as_str().is_some_and(|path| is_wanted(Path::new(path)))
    });
    Ok(wanted.filter_map(|message| Some(message["executable"].as_str()?.into())).collect())
}

/// The profiles and programs below `folder`.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        // Beside the program of an example lies what it was made of.
        let is_wanted = path.extension().is_none_or(|extension| extension == "profraw");
        if path.is_dir() {
            collect(&path, files)?;
        } else if is_wanted {
            files.push(path);
        }
    }
    Ok(())
}

/// What profiles and programs tell about the published crates, without the code of their tests.
fn covered(files: &[PathBuf]) -> Result<Lines> {
    let reader = readers()?.join("covered-lines");
    let listed = output(Command::new(reader).arg(root().join("crates")).args(files))?;
    let mut lines = Lines::new();
    for line in String::from_utf8(listed.stdout)?.lines() {
        let mut fields = line.rsplitn(3, ' ');
        let (Some(count), Some(number), Some(path)) = (fields.next(), fields.next(), fields.next())
        else {
            return Err(format!("not a line of the list: {line}").into());
        };
        let path = Path::new(path).strip_prefix(root())?;
        let is_test = path.iter().any(|part| part == "tests" || part == "tests.rs");
        if !is_test && crate_of(path).is_some() {
            lines.entry(path.to_owned()).or_default().push((number.parse()?, count != "0"));
        }
    }
    for (path, lines) in &mut lines {
        let text = fs::read_to_string(root().join(path))?;
        // By the house rules, tests stand at the end of a page.
        let tests = text.lines().position(|line| line == "mod tests {");
        lines.retain(|(number, _)| tests.is_none_or(|tests| *number <= tests));
    }
    Ok(lines)
}

fn crate_of(path: &Path) -> Option<&'static str> {
    let name = path.strip_prefix("crates").ok()?.iter().next()?;
    PUBLISHED.into_iter().find(|published| name == *published)
}

/// The lines that did not run, with what they say.
fn uncovered(lines: &Lines) -> Result<String> {
    let mut report = String::new();
    for (path, lines) in lines {
        let text = fs::read_to_string(root().join(path))?;
        let text: Vec<_> = text.lines().collect();
        for (number, _) in lines.iter().filter(|(_, ran)| !ran) {
            let line = text.get(number - 1).copied().unwrap_or_default();
            // A line of brackets says nothing that the one before it does not.
            if line.chars().any(char::is_alphanumeric) {
                writeln!(report, "{}:{number}: {line}", path.display())?;
            }
        }
    }
    Ok(report)
}

fn compare(lines: &Lines) -> Result {
    let packages = published()?;
    let mut below = Vec::new();
    for name in PUBLISHED {
        let package = packages.iter().find(|package| package["name"] == name);
        let floor = package.and_then(|package| package["metadata"]["coverage-floor"].as_f64());
        let floor = floor.ok_or_else(|| format!("{name} has no `coverage-floor`"))?;
        let of_crate = || {
            let files = lines.iter().filter(|(path, _)| crate_of(path) == Some(name));
            files.flat_map(|(_, lines)| lines)
        };
        let ran = of_crate().filter(|(_, ran)| *ran).count();
        let all = of_crate().count();
        let percent = 100.0 * ran as f64 / all.max(1) as f64;
        println!("{name:<24} {ran:>6} of {all:>6} lines: {percent:.1} %, at least {floor} %");
        if percent < floor {
            below.push(name);
        } else if percent >= floor + 1.0 {
            println!("{:<24} its `coverage-floor` may rise to {}", "", percent.floor());
        }
    }
    if below.is_empty() {
        return Ok(());
    }
    let below = below.join(", ");
    Err(format!("{below}: below the floor; test the new lines, or lower `coverage-floor`").into())
}
