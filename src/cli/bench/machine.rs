//! What the kernel tells of processes: processor time, bytes written, resident memory. Linux's `/proc`, nothing else.

use std::fs;

use serde::Deserialize;
use serde::Serialize;

/// The kernel counts processor time in hundredths of a second.
const TICK: u64 = 10_000;

/// Counters of one moment; only differences mean something.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reading {
    machine: u64,
    client: u64,
    server: u64,
    written: u64,
}

/// What was used between two readings.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Used {
    /// Processor time of the server, in microseconds.
    pub server: u64,
    /// Of the load generator.
    pub client: u64,
    /// Of everybody else, the kernel's own work included.
    pub others: u64,
    /// Bytes that the server caused to be written to the disk.
    pub written: u64,
}

impl Reading {
    /// The counters now, of this process as the client and of `server`, if it is one of ours.
    pub fn take(server: Option<u32>) -> Self {
        let process = |pid: Option<String>| pid.and_then(|pid| processor_time(&pid)).unwrap_or(0);
        Self {
            machine: machine_time(),
            client: process(Some("self".to_owned())),
            server: process(server.map(|pid| pid.to_string())),
            written: server.map_or(0, |pid| number_after(&format!("/proc/{pid}/io"), "write_bytes:")),
        }
    }

    /// The counters now, where this process is what is measured.
    pub fn alone() -> Self {
        Self {
            client: 0,
            ..Self::take(Some(std::process::id()))
        }
    }

    /// What was used since an earlier reading.
    pub fn since(self, earlier: Self) -> Used {
        let server = self.server.saturating_sub(earlier.server);
        let client = self.client.saturating_sub(earlier.client);
        let all = self.machine.saturating_sub(earlier.machine);
        Used {
            server,
            client,
            others: all.saturating_sub(server + client),
            written: self.written.saturating_sub(earlier.written),
        }
    }
}

/// Resident memory of a process, in bytes.
pub fn resident(pid: u32) -> u64 {
    number_after(&format!("/proc/{pid}/status"), "VmRSS:") * 1024
}

/// The most resident memory that a process has had so far, in KiB; 0 once it has ended.
pub fn peak(pid: u32) -> u64 {
    number_after(&format!("/proc/{pid}/status"), "VmHWM:")
}

fn number_after(path: &str, label: &str) -> u64 {
    fs::read_to_string(path)
        .unwrap_or_default()
        .lines()
        .find_map(|line| line.strip_prefix(label))
        .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

/// User and system time of a process. Its name, in brackets, may hold anything.
fn processor_time(pid: &str) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ').skip(11).map(|field| field.parse::<u64>().ok());
    Some((fields.next()?? + fields.next()??) * TICK)
}

/// Time that all processors were not idle: all columns but idle and waiting for disks; guests are counted in user.
fn machine_time() -> u64 {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let columns = stat
        .lines()
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .skip(1)
        .take(8);
    columns
        .enumerate()
        .filter(|(at, _)| ![3, 4].contains(at))
        .map(|(_, column)| column.parse::<u64>().unwrap_or(0) * TICK)
        .sum()
}
