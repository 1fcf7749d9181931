// SPDX-License-Identifier: MPL-2.0

//! Threads that process bands of rows, with their working memory.
//!
//! Meters with the same number of threads share them, so that many streams do not each start their own.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use rayon::prelude::*;

use super::scratch::Scratch;
use crate::simd::Level;

/// Pictures with fewer pixels are measured on the caller's thread: waking other threads would take as long.
const WORTH_THREADS: usize = 1 << 16;

/// Threads, the instructions they use, and their working memory.
pub(super) struct Workers {
    pub level: Level,
    threads: Option<Arc<rayon::ThreadPool>>,
    /// One per thread, locked by that thread only.
    scratch: Vec<Mutex<Scratch>>,
}

impl Workers {
    /// Up to `threads` threads; 0 stands for one per core. With 1, all work is done on the caller's thread.
    pub fn new(threads: usize) -> Self {
        let threads = shared(threads);
        let count = threads.as_ref().map_or(1, |threads| threads.current_num_threads());
        Self { level: Level::best(), threads, scratch: std::iter::repeat_with(Mutex::default).take(count).collect() }
    }

    /// The number of threads.
    pub fn count(&self) -> usize {
        self.scratch.len()
    }

    /// Runs `work` for every band of a picture of that many pixels, on this thread or on all, and returns the results
    /// in order.
    pub fn each<T: Send>(&self, bands: usize, pixels: usize, work: impl Fn(usize, &mut Scratch) -> T + Sync) -> Vec<T> {
        let one = |index| self.with_scratch(|scratch| work(index, scratch));
        match &self.threads {
            Some(threads) if pixels >= WORTH_THREADS => {
                threads.install(|| (0..bands).into_par_iter().map(one).collect())
            }
            _ => (0..bands).map(one).collect(),
        }
    }

    /// Runs `work` for every item, each belonging to a band of a picture of that many pixels, like
    /// [`each`](Self::each).
    pub fn over<I: Send, T: Send>(
        &self,
        items: Vec<I>,
        pixels: usize,
        work: impl Fn(usize, I, &mut Scratch) -> T + Sync,
    ) -> Vec<T> {
        let one = |(index, item)| self.with_scratch(|scratch| work(index, item, scratch));
        match &self.threads {
            Some(threads) if pixels >= WORTH_THREADS => {
                threads.install(|| items.into_par_iter().enumerate().map(one).collect())
            }
            _ => items.into_iter().enumerate().map(one).collect(),
        }
    }

    /// Runs `work` for every piece of `out`, each `piece` long, like [`each`](Self::each).
    pub fn fill(
        &self,
        out: &mut [f32],
        piece: usize,
        pixels: usize,
        work: impl Fn(usize, &mut [f32], &mut Scratch) + Sync,
    ) {
        let one = |(index, out)| self.with_scratch(|scratch| work(index, out, scratch));
        match &self.threads {
            Some(threads) if pixels >= WORTH_THREADS => {
                threads.install(|| out.par_chunks_mut(piece).enumerate().for_each(one));
            }
            _ => out.chunks_mut(piece).enumerate().for_each(one),
        }
    }

    /// Runs `work` with this thread's working memory.
    fn with_scratch<T>(&self, work: impl FnOnce(&mut Scratch) -> T) -> T {
        let index = rayon::current_thread_index().unwrap_or(0) % self.scratch.len();
        work(&mut self.scratch[index].lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Threads, or `None` if the caller's thread does the work.
fn shared(threads: usize) -> Option<Arc<rayon::ThreadPool>> {
    static SHARED: Mutex<Vec<(usize, Weak<rayon::ThreadPool>)>> = Mutex::new(Vec::new());

    let threads = match threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        threads => threads,
    };
    if threads == 1 {
        return None;
    }
    let mut all = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    all.retain(|(_, shared)| shared.strong_count() > 0);
    if let Some(shared) = all.iter().find(|(count, _)| *count == threads).and_then(|(_, shared)| shared.upgrade()) {
        return Some(shared);
    }
    let named = |index| format!("iqa-metrics{index}");
    match rayon::ThreadPoolBuilder::new().num_threads(threads).thread_name(named).build() {
        Ok(started) => {
            let started = Arc::new(started);
            all.push((threads, Arc::downgrade(&started)));
            Some(started)
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
    fn meters_share_threads_by_number() {
        assert!(shared(1).is_none());
        let two = shared(2).unwrap();
        assert!(Arc::ptr_eq(&two, &shared(2).unwrap()));
        assert_eq!(two.current_num_threads(), 2);
        assert!(!Arc::ptr_eq(&two, &shared(3).unwrap()));
    }
}
