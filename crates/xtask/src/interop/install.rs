//! Packages of other languages, in folders of their own.

use crate::Result;
use std::{
    fs,
    io::{Error, ErrorKind},
    path::{Path, PathBuf},
    process::Command,
};

/// What is installed, written when it is complete.
const STAMP: &str = "installed.txt";

/// A virtual environment with the pins of `ours`; gives its interpreter.
pub(super) fn python(ours: &Path, folder: &Path) -> Result<PathBuf> {
    let interpreter = folder.join("bin/python");
    let pins = ours.join("requirements.txt");
    install("python3", &[&pins], folder, || {
        run(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"];
        run(Command::new(&interpreter).args(pip).arg(&pins))
    })?;
    Ok(interpreter)
}

/// The packages that the lockfile of `ours` pins; gives their folder.
pub(super) fn node(ours: &Path, folder: &Path) -> Result<PathBuf> {
    let pins = ["package.json", "package-lock.json"];
    install("node", &pins.map(|name| ours.join(name)).each_ref(), folder, || {
        for name in pins {
            fs::copy(ours.join(name), folder.join(name))?;
        }
        let ci = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
        run(Command::new("npm").args(ci).current_dir(folder))
    })?;
    Ok(folder.join("node_modules"))
}

/// Debian's package of nginx, unpacked; gives the program. `None` where there are no such packages, or none
/// can be fetched.
pub(super) fn nginx(folder: &Path) -> Option<PathBuf> {
    let installed = install("apt-get", &[], folder, || {
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
fn install(
    program: &str,
    pins: &[&PathBuf],
    folder: &Path,
    fill: impl FnOnce() -> Result,
) -> Result {
    let mut wanted = version(program)?;
    for pins in pins {
        wanted += &fs::read_to_string(pins)?;
    }
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

fn version(program: &str) -> Result<String> {
    match Command::new(program).arg("--version").output() {
        Ok(output) => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        Err(error) => Err(explain(program, &error).into()),
    }
}

fn run(command: &mut Command) -> Result {
    let name = command.get_program().to_string_lossy().into_owned();
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(format!("{command:?} failed").into()),
        Err(error) => Err(explain(&name, &error).into()),
    }
}

fn explain(program: &str, error: &Error) -> String {
    let needed = "the servers need Python 3.10 with venv, and Node 18 with npm";
    match error.kind() {
        ErrorKind::NotFound => format!("`{program}` is not installed: {needed}"),
        _ => format!("`{program}`: {error}"),
    }
}
