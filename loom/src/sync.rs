// SPDX-License-Identifier: MPL-2.0

//! What the product's module `sync` has, of loom's primitives.
//!
//! loom's condition variable knows no time. Here a timed wait is what can be seen of one: the mutex is released, others
//! run for any while, and the mutex is locked again. If there was no notification in the meantime the wait has timed
//! out, and time has passed. Nothing else lets time pass.

use std::cell::Cell;
use std::marker::PhantomData;
use std::ops::{Add, Deref, DerefMut};
use std::sync::LockResult;
use std::time::Duration;

pub use loom::sync::atomic;
pub use std::sync::PoisonError;

use atomic::{AtomicU64, AtomicUsize, Ordering};

/// What becomes of timed waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timeouts {
    /// They may end at any time.
    Happen,
    /// Only a notification ends them, so that one that is missing is found.
    Never,
}

// All threads of an execution run on one thread of the system.
thread_local! {
    static TIMEOUTS: Cell<Timeouts> = const { Cell::new(Timeouts::Never) };
    static NOTIFICATIONS: Cell<usize> = const { Cell::new(0) };
}

/// Begins an execution.
pub fn begin(timeouts: Timeouts) {
    TIMEOUTS.set(timeouts);
    NOTIFICATIONS.set(0);
}

/// How often a condition variable was notified in this execution.
pub fn notifications() -> usize {
    NOTIFICATIONS.get()
}

#[derive(Debug, Default)]
pub struct Mutex<T>(loom::sync::Mutex<T>);

/// What loom locks: its mutexes are never poisoned.
fn sound<G>(locked: LockResult<G>) -> G {
    locked.unwrap_or_else(|_| unreachable!("a poisoned mutex"))
}

impl<T> Mutex<T> {
    pub fn new(value: T) -> Self {
        Self(loom::sync::Mutex::new(value))
    }

    pub fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        Ok(MutexGuard { mutex: self, held: sound(self.0.lock()) })
    }
}

/// Knows its mutex, to lock it again after a timed wait.
#[derive(Debug)]
pub struct MutexGuard<'a, T> {
    mutex: &'a Mutex<T>,
    held: loom::sync::MutexGuard<'a, T>,
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.held
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.held
    }
}

#[derive(Debug, Default)]
pub struct Condvar {
    waits: loom::sync::Condvar,
    /// How often it was notified, which timed waits look at.
    notified: AtomicUsize,
}

pub struct WaitTimeoutResult(bool);

impl WaitTimeoutResult {
    pub fn timed_out(&self) -> bool {
        self.0
    }
}

impl Condvar {
    pub fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        let MutexGuard { mutex, held } = guard;
        Ok(MutexGuard { mutex, held: sound(self.waits.wait(held)) })
    }

    pub fn wait_while<'a, T>(
        &self,
        mut guard: MutexGuard<'a, T>,
        mut condition: impl FnMut(&mut T) -> bool,
    ) -> LockResult<MutexGuard<'a, T>> {
        while condition(&mut guard) {
            guard = sound(self.wait(guard));
        }
        Ok(guard)
    }

    pub fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        limit: Duration,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
        if TIMEOUTS.get() == Timeouts::Never {
            return Ok((sound(self.wait(guard)), WaitTimeoutResult(false)));
        }
        let (until, before) = (Instant::now() + limit, self.notified.load(Ordering::Relaxed));
        let mutex = guard.mutex;
        drop(guard);
        let guard = sound(mutex.lock());
        let timed_out = self.notified.load(Ordering::Relaxed) == before;
        if timed_out {
            until.has_come();
        }
        Ok((guard, WaitTimeoutResult(timed_out)))
    }

    pub fn wait_timeout_while<'a, T>(
        &self,
        mut guard: MutexGuard<'a, T>,
        limit: Duration,
        mut condition: impl FnMut(&mut T) -> bool,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
        let until = Instant::now() + limit;
        while condition(&mut guard) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok((guard, WaitTimeoutResult(true)));
            }
            guard = sound(self.wait_timeout(guard, left)).0;
        }
        Ok((guard, WaitTimeoutResult(false)))
    }

    /// Timed waits do not take part: a thread in one is never the one that is woken.
    pub fn notify_one(&self) {
        self.notified();
        self.waits.notify_one();
    }

    pub fn notify_all(&self) {
        self.notified();
        self.waits.notify_all();
    }

    fn notified(&self) {
        NOTIFICATIONS.set(NOTIFICATIONS.get() + 1);
        if TIMEOUTS.get() == Timeouts::Happen {
            self.notified.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Of a clock that begins at zero in every execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(Duration);

loom::lazy_static! {
    static ref NANOSECONDS: AtomicU64 = AtomicU64::new(0);
}

impl Instant {
    pub const START: Self = Self(Duration::ZERO);

    pub fn now() -> Self {
        Self(Duration::from_nanos(NANOSECONDS.load(Ordering::Relaxed)))
    }

    pub fn saturating_duration_since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    fn has_come(self) {
        NANOSECONDS.fetch_max(u64::try_from(self.0.as_nanos()).expect("no centuries"), Ordering::Relaxed);
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0 + duration)
    }
}

/// One value in every execution.
pub struct LazyLock<T>(loom::lazy_static::Lazy<T>);

impl<T> LazyLock<T> {
    pub const fn new(init: fn() -> T) -> Self {
        Self(loom::lazy_static::Lazy { init, _p: PhantomData })
    }
}

impl<T: 'static> Deref for LazyLock<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: The product has these in statics only. loom tells them apart by their addresses.
        let this: &'static Self = unsafe { &*std::ptr::from_ref(self) };
        this.0.get()
    }
}
