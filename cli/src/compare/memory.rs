// SPDX-License-Identifier: MPL-2.0

//! Number of renditions compared concurrently, and the memory limit of each.

/// Maximum memory of a comparison: the default of `max-bytes`.
const MOST: u64 = 512 << 20;
/// Minimum memory of a comparison that runs concurrently with others.
const LEAST: u64 = 96 << 20;
/// Assumed available memory if it is unknown.
const UNKNOWN: u64 = 1 << 30;

/// Memory plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Renditions per pass over the source.
    pub renditions: usize,
    /// Memory limit of each comparison, in bytes.
    pub max_bytes: u64,
}

/// Total memory for frames, in bytes: as requested, or half of the available memory.
pub fn budget(asked: Option<u64>) -> u64 {
    asked.unwrap_or_else(|| available().map_or(UNKNOWN, |free| free / 2))
}

/// Plans as few passes as possible.
pub fn plan(budget: u64, renditions: usize) -> Plan {
    let fit = usize::try_from(budget / LEAST).unwrap_or(usize::MAX).clamp(1, renditions.max(1));
    // Balances the passes: with room for three, four renditions take two passes of two.
    let passes = renditions.max(1).div_ceil(fit);
    let renditions = renditions.max(1).div_ceil(passes);
    Plan { renditions, max_bytes: (budget / renditions as u64).clamp(1, MOST) }
}

/// Available memory in bytes; limited by the container's limit, if any.
fn available() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let free = line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)?;
    let read = |name: &str| std::fs::read_to_string(format!("/sys/fs/cgroup/{name}")).ok()?.trim().parse::<u64>().ok();
    let limit = read("memory.max").map(|limit| limit.saturating_sub(read("memory.current").unwrap_or(0)));
    Some(limit.map_or(free, |limit| limit.min(free)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_are_few_and_of_one_size() {
        let of = |budget: u64, renditions| {
            let Plan { renditions, max_bytes } = plan(budget << 20, renditions);
            (renditions, max_bytes >> 20)
        };
        assert_eq!(of(8192, 4), (4, 512));
        assert_eq!(of(400, 4), (4, 100));
        assert_eq!(of(300, 4), (2, 150));
        assert_eq!(of(10, 3), (1, 10));
        assert_eq!(of(1000, 1), (1, 512));
    }

    #[test]
    fn something_is_free() {
        assert!(budget(None) > 0);
        assert_eq!(budget(Some(7)), 7);
    }
}
