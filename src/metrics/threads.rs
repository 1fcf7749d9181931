// SPDX-License-Identifier: MPL-2.0

//! Threads, shared by all meters that want the same number of them: a wall of streams must not have a pool each.

use std::sync::{Arc, Mutex, PoisonError, Weak};

/// A thread pool, or none where one thread does.
pub(super) fn shared(threads: usize) -> Option<Arc<rayon::ThreadPool>> {
    static POOLS: Mutex<Vec<(usize, Weak<rayon::ThreadPool>)>> = Mutex::new(Vec::new());

    let threads = match threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        threads => threads,
    };
    if threads == 1 {
        return None;
    }
    let mut pools = POOLS.lock().unwrap_or_else(PoisonError::into_inner);
    pools.retain(|(_, pool)| pool.strong_count() > 0);
    if let Some(pool) = pools.iter().find(|(count, _)| *count == threads).and_then(|(_, pool)| pool.upgrade()) {
        return Some(pool);
    }
    let named = |index| format!("fidelity{index}");
    match rayon::ThreadPoolBuilder::new().num_threads(threads).thread_name(named).build() {
        Ok(pool) => {
            let pool = Arc::new(pool);
            pools.push((threads, Arc::downgrade(&pool)));
            Some(pool)
        }
        Err(error) => {
            log::warn!("fidelity measures run on one thread: {threads} could not be started: {error}");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meters_share_a_pool_by_size() {
        assert!(shared(1).is_none());
        let two = shared(2).unwrap();
        assert!(Arc::ptr_eq(&two, &shared(2).unwrap()));
        assert_eq!(two.current_num_threads(), 2);
        assert!(!Arc::ptr_eq(&two, &shared(3).unwrap()));
    }
}
