// SPDX-License-Identifier: MPL-2.0

//! A claim on the memory of a frame, for sharing what is computed from it.

use std::any::{Any, TypeId};
use std::convert::Infallible;
use std::sync::Arc;

use super::store::STORE;
use crate::sync::atomic::{AtomicBool, Ordering};

/// A claim on a memory, whose holder needs what is computed from it until the lease is [`done`](Self::done).
///
/// While a lease exists, its owner must hold the memory, and nothing may write to it.
///
/// ```
/// use onnx_iqa::sharing::Lease;
///
/// let memory = vec![1u8, 2, 3];
/// let address = [memory.as_ptr() as usize];
/// let (one, two) = (Lease::new(&address), Lease::new(&address));
/// assert!(one.is_same(&two) && one.is_shared());
/// drop((one, two));
/// // The memory may hold something else by now.
/// assert!(!Lease::new(&address).is_shared());
/// ```
pub struct Lease {
    number: u64,
    /// Which part of the content is meant.
    part: Vec<u64>,
    done: AtomicBool,
}

impl Lease {
    /// A lease on a memory, identified by `memory`: for example addresses, and what part of the memory lies there.
    /// Leases with the same identifier that exist at the same time are on the same content.
    #[must_use]
    pub fn new(memory: &[usize]) -> Self {
        Self { number: STORE.lease(memory), part: Vec::new(), done: AtomicBool::new(false) }
    }

    /// Another lease of the same holder, for work that is done later.
    #[must_use]
    pub fn again(&self) -> Self {
        STORE.again(self.number);
        Self { number: self.number, part: self.part.clone(), done: AtomicBool::new(false) }
    }

    /// The same lease on a part of the content, identified by the words.
    pub(crate) fn of_part(&self, words: &[u64]) -> Self {
        let mut lease = self.again();
        lease.part.extend_from_slice(words);
        lease
    }

    /// Whether both are on the same content.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.number == other.number
    }

    /// Whether others have or had a lease on the same content.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        STORE.is_shared(self.number)
    }

    /// Declares that this holder needs nothing more. Dropping the lease has the same effect.
    pub fn done(&self) {
        if !self.done.swap(true, Ordering::AcqRel) {
            STORE.done(self.number, true, false);
        }
    }

    /// Whether it is [`done`](Self::done).
    pub(crate) fn is_done(&self) -> bool {
        self.done.load(Ordering::Acquire)
    }

    /// A number that identifies the content and is never reused.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Waits a moment if other comparisons are far behind.
    pub(crate) fn keep_step(&self) {
        STORE.keep_step(self.number);
    }

    /// The value and its size in bytes that `make` returns, computed once for all callers with this key. Beside the
    /// content and the type, the key must contain everything that affects the value.
    pub(crate) fn get_or_make<T: Any + Send + Sync>(&self, key: &[u64], make: impl FnOnce() -> (T, usize)) -> Arc<T> {
        let made = self.get_or_try(key, || Ok::<_, Infallible>(make()));
        made.unwrap_or_else(|never| match never {})
    }

    /// The same for a computation that may fail; the next caller then tries again.
    pub(crate) fn get_or_try<T: Any + Send + Sync, E>(
        &self,
        key: &[u64],
        make: impl FnOnce() -> Result<(T, usize), E>,
    ) -> Result<Arc<T>, E> {
        let whole = (TypeId::of::<T>(), [&self.part, key].concat().into());
        let found = STORE.get_or_try(self.number, &whole, || {
            let (value, bytes) = make()?;
            Ok((Arc::new(value) as Arc<dyn Any + Send + Sync>, bytes))
        });
        found.map(|found| found.downcast().unwrap_or_else(|_| unreachable!("the key holds the type")))
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        STORE.done(self.number, !self.is_done(), true);
    }
}

impl std::fmt::Debug for Lease {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lease").field("number", &self.number).finish_non_exhaustive()
    }
}
