//! The machine that is measured on.

use crate::Result;
use std::{fs, process::Command, thread};

/// Lines of a list.
pub(crate) fn describe() -> Result<String> {
    let cores = thread::available_parallelism()?;
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cpu = cpu.map_or("unknown", |(_, name)| name);
    let kernel = told("uname", &["-sr"])?;
    let rustc = told("rustc", &["--version"])?;
    Ok(format!("* {cores} cores: {cpu}\n* {kernel}\n* {rustc}\n"))
}

fn told(program: &str, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program).args(arguments).output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
