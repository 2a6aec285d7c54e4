//! What processes cost, read from /proc: CPU seconds and resident memory, each with its children, since a database is
//! many processes.

use anyhow::{Context, bail};
use std::collections::BTreeMap;
use std::fs;
use std::str::FromStr;

/// /proc counts in these, on every Linux that we run on.
const TICKS_PER_SECOND: f64 = 100.0;
const KIB_PER_MIB: f64 = 1_024.0;

/// `NAME=PID`: what a process is called in the report.
#[derive(Debug, Clone)]
pub struct Process {
    pub name: String,
    pid: u32,
}

impl FromStr for Process {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let (name, pid) = text.split_once('=').context("NAME=PID is wanted")?;
        Ok(Self { name: name.to_owned(), pid: pid.parse().context("a pid is a number")? })
    }
}

/// CPU seconds that each has used so far, those of its ended and living children included.
pub fn cpu_seconds(processes: &[Process]) -> anyhow::Result<BTreeMap<String, f64>> {
    let all = Stat::of_all()?;
    let seconds = |process: &Process| {
        let ticks: u32 = tree(&all, process)?.iter().map(|stat| stat.ticks).sum();
        Ok((process.name.clone(), f64::from(ticks) / TICKS_PER_SECOND))
    };
    processes.iter().map(seconds).collect()
}

/// Resident memory in MiB. What the processes of a tree share counts once, as its largest share.
pub fn resident_mib(processes: &[Process]) -> anyhow::Result<BTreeMap<String, f64>> {
    let all = Stat::of_all()?;
    let memory = |process: &Process| {
        let (mut own, mut shared) = (0, 0);
        for stat in tree(&all, process)? {
            // It may have ended meanwhile.
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
    /// Its own, and those of children that it has waited for.
    ticks: u32,
}

impl Stat {
    fn of_all() -> anyhow::Result<Vec<Self>> {
        let mut all = Vec::new();
        for entry in fs::read_dir("/proc").context("needs /proc")? {
            let path = entry?.path().join("stat");
            // Not a process, or one that has just ended.
            all.extend(fs::read_to_string(path).ok().as_deref().and_then(Self::parse));
        }
        Ok(all)
    }

    /// `PID (NAME) STATE PPID ...`, where the name may hold anything: utime, stime, cutime and cstime are the fields 14 to
    /// 17.
    fn parse(line: &str) -> Option<Self> {
        let (pid, rest) = line.split_once(" (")?;
        let fields: Vec<&str> = rest.rsplit_once(')')?.1.split_whitespace().collect();
        let ticks = fields.get(11..15)?.iter().filter_map(|field| field.parse::<u32>().ok()).sum();
        Some(Self { pid: pid.parse().ok()?, parent: fields.get(1)?.parse().ok()?, ticks })
    }
}

/// The process and all that descend from it.
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
    fn a_name_with_spaces_and_brackets_moves_no_field() {
        let line = "41 (post) gres (x) S 7 41 41 0 -1 4194560 1 2 3 4 100 20 3 1 20 0 1 0 99";
        assert_eq!(Stat::parse(line), Some(Stat { pid: 41, parent: 7, ticks: 124 }));
    }

    #[test]
    fn a_tree_is_the_process_and_all_below_it() {
        let stat = |pid, parent| Stat { pid, parent, ticks: 1 };
        let all = [stat(1, 0), stat(2, 1), stat(3, 2), stat(4, 2), stat(5, 3), stat(6, 1)];
        let pids = |root: &str| -> Vec<u32> {
            let root = root.parse().expect("a process");
            tree(&all, &root).expect("it lives").iter().map(|stat| stat.pid).collect()
        };
        assert_eq!(pids("postgres=2"), [2, 3, 4, 5]);
        assert_eq!(pids("api=6"), [6]);
        assert!(tree(&all, &"gone=9".parse().expect("a process")).is_err());
    }
}
