//! Programs and packages that the steps need, pinned, in folders of their own below the target folder.

use crate::{
    Result,
    workspace::{output, run, target},
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// What is installed, written when it is complete.
const STAMP: &str = "installed.txt";

/// A program of crates.io, as `name` and `version` pin it; gives the folder of its programs.
pub(crate) fn from_crates(name: &str, version: &str) -> Result<PathBuf> {
    let folder = target().join("tools").join(name);
    install("cargo", version, &folder, || {
        // Built to be there soon, not to be fast: unoptimized, with nothing for a debugger, and what it
        // shares with other programs once.
        run(Command::new("cargo")
            .args(["install", name, "--version", version, "--locked", "--debug", "--quiet"])
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .env("CARGO_TARGET_DIR", target().join("tools/build"))
            .arg("--root")
            .arg(&folder))
        .map_err(|error| unreachable("crates.io", name, version, &*error))
    })?;
    Ok(folder.join("bin"))
}

/// A program of `PyPI`, likewise.
pub(crate) fn from_pypi(name: &str, version: &str) -> Result<PathBuf> {
    let folder = target().join("tools").join(name);
    install("python3", version, &folder, || {
        let pin = format!("{name}=={version}");
        virtual_environment(&folder, &["--only-binary=:all:", &pin])
            .map_err(|error| unreachable("PyPI", name, version, &*error))
    })?;
    Ok(folder.join("bin"))
}

/// A virtual environment with the pins of `ours`; gives its interpreter.
pub(crate) fn python(ours: &Path, folder: &Path) -> Result<PathBuf> {
    let pins = ours.join("requirements.txt");
    install("python3", &fs::read_to_string(&pins)?, folder, || {
        virtual_environment(folder, &["-r", &pins.to_string_lossy()])
    })?;
    Ok(folder.join("bin/python"))
}

/// The packages that the lockfile of `ours` pins; gives their folder.
pub(crate) fn node(ours: &Path, folder: &Path) -> Result<PathBuf> {
    const PINS: [&str; 2] = ["package.json", "package-lock.json"];
    let mut pins = String::new();
    for name in PINS {
        pins += &fs::read_to_string(ours.join(name))?;
    }
    install("node", &pins, folder, || {
        for name in PINS {
            fs::copy(ours.join(name), folder.join(name))?;
        }
        let ci = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
        run(Command::new("npm").args(ci).current_dir(folder))
    })?;
    Ok(folder.join("node_modules"))
}

/// Debian's package of nginx, unpacked; gives the program. `None` where there are no such packages, or none
/// can be fetched.
pub(crate) fn nginx(folder: &Path) -> Option<PathBuf> {
    let installed = install("apt-get", "", folder, || {
        run(Command::new("apt-get").args(["download", "--quiet", "nginx"]).current_dir(folder))?;
        let is_package = |path: &PathBuf| path.extension().is_some_and(|name| name == "deb");
        let mut files = fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path()));
        let package = files.find(is_package).ok_or("apt-get has fetched no package")?;
        run(Command::new("dpkg-deb").arg("--extract").arg(package).arg(folder))
    });
    match installed {
        Ok(()) => Some(folder.join("usr/sbin/nginx")),
        Err(error) => {
            println!("skipped: nginx, because {error}");
            None
        }
    }
}

/// Fills `folder`, unless it was filled by the same version of `program` from the same `pins`.
fn install(program: &str, pins: &str, folder: &Path, fill: impl FnOnce() -> Result) -> Result {
    let version = output(Command::new(program).arg("--version"))?;
    let wanted = String::from_utf8_lossy(&version.stdout).into_owned() + pins;
    let stamp = folder.join(STAMP);
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    println!("installing into {}", folder.display());
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    fill()?;
    Ok(fs::write(stamp, wanted)?)
}

fn virtual_environment(folder: &Path, wanted: &[&str]) -> Result {
    run(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    run(Command::new(folder.join("bin/python")).args(pip).args(wanted))
}

fn unreachable(
    index: &str,
    name: &str,
    version: &str,
    error: &dyn std::error::Error,
) -> Box<dyn std::error::Error> {
    format!("{error}\n{name} {version} is not installed yet: that needs {index}, or a mirror of it")
        .into()
}
