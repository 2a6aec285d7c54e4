//! CPU time and resident memory of processes, read from /proc. Children are included, since a database consists of many
//! processes.

use anyhow::{Context, bail};
use std::collections::BTreeMap;
use std::fs;
use std::str::FromStr;

/// Unit of CPU times in /proc (`USER_HZ`), 100 on all common Linux systems.
const TICKS_PER_SECOND: f64 = 100.0;
const KIB_PER_MIB: f64 = 1_024.0;

/// A process and its name in the report, written `NAME=PID`.
#[derive(Debug, Clone)]
pub struct Process {
    pub name: String,
    pid: u32,
}

impl FromStr for Process {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let (name, pid) = text.split_once('=').context("expected NAME=PID")?;
        Ok(Self { name: name.to_owned(), pid: pid.parse().context("the pid must be a number")? })
    }
}

/// CPU seconds that each process has used so far, including its living and ended children.
pub fn cpu_seconds(processes: &[Process]) -> anyhow::Result<BTreeMap<String, f64>> {
    let all = Stat::of_all()?;
    let seconds = |process: &Process| {
        let ticks: u32 = tree(&all, process)?.iter().map(|stat| stat.ticks).sum();
        Ok((process.name.clone(), f64::from(ticks) / TICKS_PER_SECOND))
    };
    processes.iter().map(seconds).collect()
}

/// Resident memory in MiB. Memory shared by the processes of a tree is counted once, as the largest share of a process.
pub fn resident_mib(processes: &[Process]) -> anyhow::Result<BTreeMap<String, f64>> {
    let all = Stat::of_all()?;
    let memory = |process: &Process| {
        let (mut own, mut shared) = (0, 0);
        for stat in tree(&all, process)? {
            // The process may have ended since the list was read.
            let status = fs::read_to_string(format!("/proc/{}/status", stat.pid)).unwrap_or_default();
            own += kib(&status, "RssAnon:");
            shared = shared.max(kib(&status, "RssFile:") + kib(&status, "RssShmem:"));
        }
        Ok((process.name.clone(), f64::from(own + shared) / KIB_PER_MIB))
    };
    processes.iter().map(memory).collect()
}

fn kib(status: &str, name: &str) -> u32 {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

#[derive(Debug, PartialEq, Eq)]
struct Stat {
    pid: u32,
    parent: u32,
    /// CPU time of the process and of the ended children that it has waited for.
    ticks: u32,
}

impl Stat {
    fn of_all() -> anyhow::Result<Vec<Self>> {
        let mut all = Vec::new();
        for entry in fs::read_dir("/proc").context("needs /proc")? {
            let path = entry?.path().join("stat");
            // Entries that are not processes, and processes that have just ended, can't be read.
            all.extend(fs::read_to_string(path).ok().as_deref().and_then(Self::parse));
        }
        Ok(all)
    }

    /// Parses `PID (NAME) STATE PPID ...`; the name may contain any character. The fields 14 to 17 are utime, stime,
    /// cutime and cstime.
    fn parse(line: &str) -> Option<Self> {
        let (pid, rest) = line.split_once(" (")?;
        let fields: Vec<&str> = rest.rsplit_once(')')?.1.split_whitespace().collect();
        let ticks = fields.get(11..15)?.iter().filter_map(|field| field.parse::<u32>().ok()).sum();
        Some(Self { pid: pid.parse().ok()?, parent: fields.get(1)?.parse().ok()?, ticks })
    }
}

/// The process and all its descendants.
fn tree<'a>(all: &'a [Stat], root: &Process) -> anyhow::Result<Vec<&'a Stat>> {
    let mut found: Vec<&Stat> = all.iter().filter(|stat| stat.pid == root.pid).collect();
    if found.is_empty() {
        bail!("{} (pid {}) has ended", root.name, root.pid);
    }
    let mut next = 0;
    while let Some(parent) = found.get(next).map(|stat| stat.pid) {
        found.extend(all.iter().filter(|stat| stat.parent == parent));
        next += 1;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_spaces_and_brackets_does_not_shift_the_fields() {
        let line = "41 (post) gres (x) S 7 41 41 0 -1 4194560 1 2 3 4 100 20 3 1 20 0 1 0 99";
        assert_eq!(Stat::parse(line), Some(Stat { pid: 41, parent: 7, ticks: 124 }));
    }

    #[test]
    fn a_tree_is_the_process_and_all_its_descendants() {
        let stat = |pid, parent| Stat { pid, parent, ticks: 1 };
        let all = [stat(1, 0), stat(2, 1), stat(3, 2), stat(4, 2), stat(5, 3), stat(6, 1)];
        let pids = |root: &str| -> Vec<u32> {
            let root = root.parse().expect("a process");
            tree(&all, &root).expect("it exists").iter().map(|stat| stat.pid).collect()
        };
        assert_eq!(pids("postgres=2"), [2, 3, 4, 5]);
        assert_eq!(pids("api=6"), [6]);
        assert!(tree(&all, &"gone=9".parse().expect("a process")).is_err());
    }
}
