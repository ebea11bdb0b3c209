//! What a program takes in with `tower-clients`: how many crates, for which feature.
//!
//! The figures stand in `docs/features.md`, between marks; the words there come from the crate.

mod build;

use crate::{
    Result, marks,
    snapshot::Snapshots,
    workspace::{output, published, root},
};
use serde_json::{Map, Value};
use std::{collections::BTreeSet, env, fmt::Write, fs, path::Path, process::Command};

const PACKAGE: &str = "tower-clients";
const PAGE: &str = "docs/features.md";
/// The crates of default features, all included.
const MOST: usize = 105;
/// And without any feature.
const MOST_BARE: usize = 80;
/// The figures are of one platform, wherever they are taken.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

/// Compares the page with what is counted; `--accept` writes it, `--build` measures builds, too.
pub(crate) fn check() -> Result {
    let packages = published()?;
    let package = packages.iter().find(|package| package["name"] == PACKAGE);
    let features = package.and_then(|package| package["features"].as_object());
    let features = features.ok_or("no features in the metadata")?;
    let defaults = enabled(features, "default");
    let (all, bare) = (crates(&defaults)?.len(), crates(&BTreeSet::new())?.len());
    println!("{all} crates with default features, of {MOST}; {bare} without any, of {MOST_BARE}");
    if all > MOST || bare > MOST_BARE {
        return Err("more crates than the budget allows".into());
    }
    let table = table(features, &defaults)?;
    let crates = format!("{all} crates with default features, {bare} without any.\n\n{table}");
    let mut page = fs::read_to_string(root().join(PAGE))?;
    page = marks::replace(&page, "crates", &crates)?;
    if env::args().skip(2).any(|argument| argument == "--build") {
        page = marks::replace(&page, "build", &build::measure()?)?;
        return Ok(fs::write(root().join(PAGE), page)?);
    }
    let mut snapshots = Snapshots::new("budget");
    snapshots.compare(PAGE, &page)?;
    snapshots.finish()
}

/// The features of `name`, and those that they bring, without `default` itself.
fn enabled<'a>(features: &'a Map<String, Value>, name: &'a str) -> BTreeSet<&'a str> {
    let mut open = vec![name];
    let mut found = BTreeSet::new();
    while let Some(feature) = open.pop() {
        let Some((feature, brings)) = features.get_key_value(feature) else { continue };
        if found.insert(feature.as_str()) {
            open.extend(brings.as_array().into_iter().flatten().filter_map(Value::as_str));
        }
    }
    found.remove("default");
    found
}

/// What is built for `PACKAGE` with these features, itself included.
fn crates(features: &BTreeSet<&str>) -> Result<BTreeSet<String>> {
    let features: Vec<_> = features.iter().copied().collect();
    let options =
        format!("--package {PACKAGE} --no-default-features --features={}", features.join(","));
    tree(&root(), &options)
}

/// What is built in `folder`, each crate once.
fn tree(folder: &Path, options: &str) -> Result<BTreeSet<String>> {
    let always = [
        "tree",
        "--locked",
        "--edges=normal,build",
        "--prefix=none",
        "--format={p}",
        "--target",
        PLATFORM,
    ];
    let tree = output(
        Command::new("cargo").args(always).args(options.split_whitespace()).current_dir(folder),
    )?;
    let crates = String::from_utf8(tree.stdout)?;
    // `(*)` stands for what was shown before, other words in brackets for where it comes from.
    let name = |line: &str| Some(line.split(" (").next()?.to_owned());
    Ok(crates.lines().filter(|line| !line.is_empty()).filter_map(name).collect())
}

/// A row for each feature.
fn table(features: &Map<String, Value>, defaults: &BTreeSet<&str>) -> Result<String> {
    let abouts = abouts()?;
    let mut table = "| feature | brings | by default | crates |\n|---|---|---|--:|\n".to_owned();
    for name in features.keys().filter(|name| *name != "default") {
        let about = abouts.iter().find(|(feature, _)| feature == name);
        let (_, about) =
            about.ok_or_else(|| format!("nothing says what the feature {name} brings"))?;
        let is_default = defaults.contains(name.as_str());
        // What is on by default is compared with a build without it, and without what needs it.
        let (without, with) = match is_default {
            true => {
                let others = defaults.iter().copied();
                (
                    others
                        .filter(|other| !enabled(features, other).contains(name.as_str()))
                        .collect(),
                    defaults.clone(),
                )
            }
            false => (defaults.clone(), &enabled(features, name) | defaults),
        };
        let adds = crates(&with)?.difference(&crates(&without)?).count();
        let by_default = if is_default { "yes" } else { "" };
        writeln!(table, "| `{name}` | {about} | {by_default} | +{adds} |")?;
    }
    Ok(table)
}

/// The features with the comments above them in the manifest.
fn abouts() -> Result<Vec<(String, String)>> {
    let manifest = fs::read_to_string(root().join("crates").join(PACKAGE).join("Cargo.toml"))?;
    let mut lines = manifest.lines().peekable();
    let mut abouts = Vec::new();
    while let Some(line) = lines.next() {
        if let Some(about) = line.strip_prefix("## ")
            && let Some((feature, _)) = lines.peek().and_then(|line| line.split_once(" = "))
        {
            abouts.push((feature.to_owned(), about.trim_end_matches('.').to_owned()));
        }
    }
    Ok(abouts)
}
