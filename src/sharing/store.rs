// SPDX-License-Identifier: MPL-2.0

//! Stores all kept data, and enforces the bounds.

use std::any::{Any, TypeId};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::{Condvar, Instant, LazyLock, Mutex, MutexGuard, PoisonError};

/// The greatest number of frames for which data is kept.
pub const FRAMES: usize = 8;
/// The greatest total size of kept data, in bytes.
pub const BYTES: usize = 192 << 20;

/// A comparison that is ahead waits if this many older frames have data that others still need.
const STEP: usize = 2;
/// How long it waits.
const PATIENCE: Duration = Duration::from_millis(100);
/// How long no comparison waits after one has waited in vain.
const IMPATIENCE: Duration = Duration::from_secs(2);
/// How long to wait for a value that another comparison computes.
const COMPUTING: Duration = Duration::from_secs(1);

/// What is computed, and how: the type of the value, and words for everything that affects it.
pub(super) type Key = (TypeId, Box<[u64]>);

/// The computed value.
pub(super) type Value = Arc<dyn Any + Send + Sync>;

/// What is kept under a key.
enum Slot {
    /// Being computed.
    Computing,
    Ready(Value, usize),
}

type Slots = Vec<(Key, Slot)>;

/// A memory with leases.
struct Held {
    memory: Box<[usize]>,
    leases: usize,
    /// Leases that are not done.
    wanted: usize,
    /// Holders so far; further leases of the same holder do not count.
    holders: usize,
    slots: Slots,
}

impl Held {
    fn bytes(slots: &Slots) -> usize {
        slots.iter().map(|(_, slot)| if let Slot::Ready(_, bytes) = slot { *bytes } else { 0 }).sum()
    }
}

#[derive(Default)]
struct State {
    numbers: HashMap<Box<[usize]>, u64>,
    /// By number, oldest first.
    held: BTreeMap<u64, Held>,
    last: u64,
    bytes: usize,
    impatient: Option<Instant>,
}

impl State {
    /// Removes the data of a frame, to be dropped outside the lock.
    fn take(&mut self, number: u64) -> Slots {
        let Some(held) = self.held.get_mut(&number) else { return Slots::new() };
        let slots = std::mem::take(&mut held.slots);
        self.bytes -= Held::bytes(&slots);
        slots
    }

    /// The oldest other frame with data, if the bounds are exceeded.
    fn surplus(&self, number: u64) -> Option<u64> {
        let mut kept = self.held.iter().filter(|(_, held)| !held.slots.is_empty());
        let count = kept.clone().count();
        let over = count > FRAMES || self.bytes > BYTES;
        kept.find(|(other, _)| **other != number).map(|(other, _)| *other).filter(|_| over)
    }

    /// The number of older frames with data that others need.
    fn behind(&self, number: u64) -> usize {
        self.held.range(..number).filter(|(_, held)| held.wanted > 0 && !held.slots.is_empty()).count()
    }
}

/// The state that all leases share.
#[derive(Default)]
pub(super) struct Store {
    state: Mutex<State>,
    changed: Condvar,
    /// How often a value was already there.
    pub(super) reused: AtomicU64,
}

/// The store of the process.
pub(super) static STORE: LazyLock<Store> = LazyLock::new(Store::default);

impl Store {
    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is consistent at every step: no code of a caller runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a change or the given time; false if the time has passed.
    fn wait<'a>(&self, state: MutexGuard<'a, State>, until: Instant) -> (MutexGuard<'a, State>, bool) {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return (state, false);
        }
        let (state, _) = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner);
        (state, true)
    }

    /// Adds a lease on that memory; returns its number.
    pub(super) fn lease(&self, memory: &[usize]) -> u64 {
        let mut state = self.lock();
        if let Some(&number) = state.numbers.get(memory)
            && let Some(held) = state.held.get_mut(&number)
        {
            held.leases += 1;
            held.wanted += 1;
            held.holders += 1;
            return number;
        }
        state.last += 1;
        let number = state.last;
        state.numbers.insert(memory.into(), number);
        let held = Held { memory: memory.into(), leases: 1, wanted: 1, holders: 1, slots: Slots::new() };
        state.held.insert(number, held);
        number
    }

    /// Adds another lease of a holder.
    pub(super) fn again(&self, number: u64) {
        if let Some(held) = self.lock().held.get_mut(&number) {
            held.leases += 1;
            held.wanted += 1;
        }
    }

    /// Marks a lease as done, and removes it if it `ends`.
    pub(super) fn done(&self, number: u64, waited: bool, ends: bool) {
        let mut state = self.lock();
        let Some(held) = state.held.get_mut(&number) else { return };
        held.wanted -= usize::from(waited);
        held.leases -= usize::from(ends);
        let (wanted, leases) = (held.wanted, held.leases);
        let slots = if wanted == 0 { state.take(number) } else { Slots::new() };
        if leases == 0
            && let Some(held) = state.held.remove(&number)
        {
            state.numbers.remove(&held.memory);
        }
        drop(state);
        self.changed.notify_all();
        drop(slots);
    }

    /// Whether there are or were several holders.
    pub(super) fn is_shared(&self, number: u64) -> bool {
        self.lock().held.get(&number).is_some_and(|held| held.holders > 1)
    }

    /// Waits a moment for comparisons that are behind.
    pub(super) fn keep_step(&self, number: u64) {
        let now = Instant::now();
        let until = now + PATIENCE;
        let mut state = self.lock();
        while state.behind(number) >= STEP && state.impatient.is_none_or(|until| until <= now) {
            let (after, in_time) = self.wait(state, until);
            state = after;
            if !in_time {
                state.impatient = Some(until + IMPATIENCE);
            }
        }
    }

    /// The value under that key, computed first if it is missing.
    pub(super) fn get_or_try<E>(
        &self,
        number: u64,
        key: &Key,
        make: impl FnOnce() -> Result<(Value, usize), E>,
    ) -> Result<Value, E> {
        let until = Instant::now() + COMPUTING;
        let mut state = self.lock();
        while let Some(held) = state.held.get_mut(&number) {
            match held.slots.iter().find(|(kept, _)| kept == key) {
                Some((_, Slot::Ready(value, _))) => {
                    self.reused.fetch_add(1, Ordering::Relaxed);
                    return Ok(value.clone());
                }
                Some((_, Slot::Computing)) => {
                    let (after, in_time) = self.wait(state, until);
                    state = after;
                    if !in_time {
                        break;
                    }
                }
                None if held.wanted == 0 => break,
                None => {
                    held.slots.push((key.clone(), Slot::Computing));
                    drop(state);
                    let unfinished = Unfinished { store: self, number, key };
                    let (value, bytes) = make()?;
                    std::mem::forget(unfinished);
                    self.keep(number, key, value.clone(), bytes);
                    return Ok(value);
                }
            }
        }
        drop(state);
        make().map(|(value, _)| value)
    }

    /// Keeps a computed value if it is still needed, and drops what exceeds the bounds.
    fn keep(&self, number: u64, key: &Key, value: Value, bytes: usize) {
        let mut state = self.lock();
        let mut dropped = Vec::new();
        let slot = state.held.get_mut(&number).and_then(|held| held.slots.iter_mut().find(|(kept, _)| kept == key));
        if let Some((_, slot)) = slot {
            *slot = Slot::Ready(value, bytes);
            state.bytes += bytes;
            while let Some(oldest) = state.surplus(number) {
                dropped.push(state.take(oldest));
            }
            if state.bytes > BYTES {
                dropped.push(state.take(number));
            }
        }
        drop(state);
        self.changed.notify_all();
        drop(dropped);
    }

    #[cfg(test)]
    pub(super) fn is_impatient(&self) -> bool {
        self.lock().impatient.is_some()
    }

    #[cfg(test)]
    pub(super) fn bytes_of(&self, number: u64) -> usize {
        self.lock().held.get(&number).map_or(0, |held| Held::bytes(&held.slots))
    }
}

/// A computation in progress. If it fails or panics, the next caller computes.
struct Unfinished<'a> {
    store: &'a Store,
    number: u64,
    key: &'a Key,
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if let Some(held) = self.store.lock().held.get_mut(&self.number) {
            held.slots.retain(|(kept, _)| kept != self.key);
        }
        self.store.changed.notify_all();
    }
}
