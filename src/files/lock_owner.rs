//! Finds the owner of a locked report from the system, so that no file has to be written for it.

use std::fmt;
use std::fs;

use jiff::Timestamp;

use crate::text::excerpt;

/// The ticks per second in which Linux measures process start times; the same on every platform that Rust supports
/// (<https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html>).
const TICKS_PER_SECOND: i64 = 100;

/// The number of characters of a host name that are shown.
const LONGEST_HOST: usize = 64;

/// A process that holds a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockOwner {
    /// The process id.
    pub process: u32,
    /// The time at which it was started.
    pub since: Option<Timestamp>,
    /// The machine on which it runs, if that is another one.
    pub host: Option<String>,
}

impl fmt::Display for LockOwner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "process {}", self.process)?;
        if let Some(host) = &self.host {
            write!(formatter, " on `{}`", excerpt(host, LONGEST_HOST))?;
        }
        match self.since {
            Some(since) => write!(formatter, ", since {since:.0}"),
            None => Ok(()),
        }
    }
}

/// The owner of the lock of the file with this inode, if the system reports it.
pub(crate) fn owner_of(inode: u64) -> Option<LockOwner> {
    let process = process_in(&fs::read_to_string("/proc/locks").ok()?, inode)?;
    let started = || {
        let process = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        started_at(&process, &fs::read_to_string("/proc/stat").ok()?)
    };
    Some(LockOwner {
        process,
        since: started(),
        host: None,
    })
}

/// Looks for `1: FLOCK  ADVISORY  WRITE 8450 fe:00:10010641 0 EOF`.
fn process_in(locks: &str, inode: u64) -> Option<u32> {
    locks.lines().find_map(|line| {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let [_, "FLOCK", _, _, process, file, ..] = words[..] else {
            return None;
        };
        let (_, number) = file.rsplit_once(':')?;
        // An owner in another container has no process id here.
        let process = process.parse().ok().filter(|&process| process > 0)?;
        (number.parse() == Ok(inode)).then_some(process)
    })
}

/// Computed from the status of the process and the boot time of the system.
pub(crate) fn started_at(process: &str, system: &str) -> Option<Timestamp> {
    let ticks = start_ticks(process)?;
    let boot = system
        .lines()
        .find_map(|line| line.strip_prefix("btime "))?;
    let boot: i64 = boot.trim().parse().ok()?;
    Timestamp::from_second(boot + ticks / TICKS_PER_SECOND).ok()
}

/// The start of a process in ticks since the boot, from its status.
pub(crate) fn start_ticks(process: &str) -> Option<i64> {
    // The name, in parentheses, can contain anything; the start is the 20th word after it.
    let (_, behind_name) = process.rsplit_once(')')?;
    behind_name.split_ascii_whitespace().nth(19)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_owner_is_read_from_the_system() {
        let locks = "1: POSIX  ADVISORY  WRITE 11 fe:00:77 0 EOF\n\
                     2: FLOCK  ADVISORY  WRITE 0 fe:00:78 0 EOF\n\
                     3: FLOCK  ADVISORY  WRITE 8450 fe:00:77 0 EOF\n";
        for (inode, process) in [(77, Some(8450)), (78, None), (7, None)] {
            assert_eq!(process_in(locks, inode), process, "{inode}");
        }
        assert_eq!(process_in("nothing of it\n", 77), None);
    }

    #[test]
    fn the_start_time_is_counted_from_the_boot() {
        let process =
            "8450 (a ) b) S 1 2 3 0 -1 4194304 5 6 7 8 9 10 11 12 20 0 1 0 86039 16990208 3347";
        let system = "cpu 1 2\nbtime 1795547932\nprocesses 5\n";
        let since = started_at(process, system).unwrap();
        assert_eq!(since.as_second(), 1_795_547_932 + 860);
        let owner = LockOwner {
            process: 8450,
            since: Some(since),
            host: None,
        };
        assert_eq!(
            owner.to_string(),
            "process 8450, since 2026-11-24T19:33:12Z"
        );
        let elsewhere = LockOwner {
            host: Some("web-1".to_owned()),
            ..owner
        };
        assert_eq!(
            elsewhere.to_string(),
            "process 8450 on `web-1`, since 2026-11-24T19:33:12Z"
        );
        assert_eq!(started_at("", system), None);
    }
}
