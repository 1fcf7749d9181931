// SPDX-License-Identifier: MPL-2.0

//! What a process has used, for benchmarks; Linux only.

use std::io::{Error, Result};

/// A clock tick of /proc, in seconds: Linux has had 100 a second on every architecture for 20 years.
const TICK: f64 = 0.01;

/// Seconds that all threads of the process (a number, or `self`) have run for, in steps of 10 ms.
///
/// # Errors
/// When there is no such process, or its `stat` does not read as the kernel writes it.
pub fn processor_time(process: &str) -> Result<f64> {
    let path = format!("/proc/{process}/stat");
    let text = std::fs::read_to_string(&path)?;
    let times = text.rsplit_once(')').map(|(_, fields)| fields.split_whitespace().skip(11).take(2));
    let ticks = times.map(|times| times.map(|one| one.parse::<f64>()).sum::<std::result::Result<f64, _>>());
    match ticks {
        Some(Ok(ticks)) => Ok(ticks * TICK),
        _ => Err(Error::other(format!("{path} has no times: {text}"))),
    }
}

/// What the process (a number, or `self`) holds in memory, in KiB.
///
/// # Errors
/// When there is no such process, or it has no memory of its own (a kernel thread, one that has ended).
pub fn resident_kib(process: &str) -> Result<u64> {
    let path = format!("/proc/{process}/status");
    let text = std::fs::read_to_string(&path)?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    kib.ok_or_else(|| Error::other(format!("{path} has no VmRSS")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    #[test]
    fn a_process_that_works_is_seen_to_work() {
        let (before, begin) = (processor_time("self").expect("a time"), Instant::now());
        while begin.elapsed() < Duration::from_secs(5) {
            if processor_time("self").expect("a time") > before {
                return;
            }
        }
        panic!("five seconds of work are no time");
    }

    #[test]
    fn what_is_held_is_resident() {
        let before = resident_kib("self").expect("some memory");
        let held = std::hint::black_box(vec![1u8; 64 << 20]);
        assert!(resident_kib("self").expect("some memory") > before + (32 << 10), "{} bytes held", held.len());
    }
}
