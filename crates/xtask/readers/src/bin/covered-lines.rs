//! Lists how often which line ran: `covered-lines <folder of sources> <profiles and programs…>`.
//!
//! A line of the list is a file, a line in it, and how often that ran, for each line that can run.

use llvm_profparser::{CoverageMapping, CoverageResult, merge_profiles};
use std::{
    collections::{BTreeMap, HashMap},
    env,
    error::Error,
    ffi::OsStr,
    fs, io,
    path::PathBuf,
};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args_os().skip(1).map(PathBuf::from);
    let sources = arguments.next().ok_or("usage: covered-lines <folder> <file>…")?;
    let is_profile = |path: &PathBuf| path.extension() == Some(OsStr::new("profraw"));
    let (profiles, programs): (Vec<_>, Vec<_>) = arguments.partition(is_profile);
    let profile = merge_profiles(&whole(profiles)?)?;
    // So a program that cannot be read is an error, wherever it stands in the list.
    let mapping = CoverageMapping::new(&programs, &profile, true)?;
    let report =
        mapping.generate_subreport(|paths| paths.iter().any(|path| path.starts_with(&sources)))?;
    for (path, result) in report.files.iter().filter(|(path, _)| path.starts_with(&sources)) {
        for (line, count) in lines(result) {
            println!("{} {line} {count}", path.display());
        }
    }
    Ok(())
}

/// Those that were written to their end: a process that was ended while it wrote leaves less than another of
/// the same program. The name of a program is what stands before the first hyphen.
fn whole(mut profiles: Vec<PathBuf>) -> io::Result<Vec<PathBuf>> {
    let mut sizes = HashMap::new();
    let program = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.split('-').next().unwrap_or_default().to_owned()
    };
    for path in &profiles {
        let size = fs::metadata(path)?.len();
        let largest = sizes.entry(program(path)).or_insert(size);
        *largest = size.max(*largest);
    }
    profiles
        .retain(|path| fs::metadata(path).is_ok_and(|file| file.len() == sizes[&program(path)]));
    Ok(profiles)
}

/// The counts of the lines that a region of the code starts or ends on or goes through. That of the innermost
/// region counts, or of the one that ran most of those that start on the line.
fn lines(result: &CoverageResult) -> BTreeMap<usize, usize> {
    let mut counts = BTreeMap::new();
    // Sorted by their starts: what starts later lies inside, or behind.
    for (region, count) in &result.hits {
        for line in region.line_start..=region.line_end {
            let starts_here = line == region.line_start;
            counts
                .entry(line)
                .and_modify(|(old, started)| {
                    *old = if starts_here && *started { *count.max(old) } else { *count };
                    *started = starts_here;
                })
                .or_insert((*count, starts_here));
        }
    }
    counts.into_iter().map(|(line, (count, _))| (line, count)).collect()
}
