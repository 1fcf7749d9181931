// SPDX-License-Identifier: MPL-2.0

//! Recycles the memory for data of a reference. For 1080 lines it is about 40 MB, which would cost ten thousand page
//! faults per reference if it came from the system.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::plane::Plane;
use super::{adm, vif};

/// Unused memory of at most one reference; it exists as long as one of its users.
#[derive(Default)]
pub struct Spares {
    pub planes: Arc<Spare<Plane>>,
    pub vif: Arc<Spare<vif::Reference>>,
    pub adm: Arc<Spare<adm::Reference>>,
}

impl Spares {
    /// The spares of the process.
    pub fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Spares>> = Mutex::new(Weak::new());

        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let spares = Arc::new(Self::default());
            *shared = Arc::downgrade(&spares);
            spares
        })
    }
}

/// One unused value.
#[derive(Default)]
pub struct Spare<T>(Mutex<Option<T>>);

impl<T: Default> Spare<T> {
    /// The spare value in its last state, or a new one.
    pub fn take(self: &Arc<Self>) -> Recycled<T> {
        let value = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        Recycled { value: value.unwrap_or_default(), home: Arc::downgrade(self) }
    }
}

/// A value whose memory returns to the spares.
pub struct Recycled<T: Default> {
    value: T,
    home: Weak<Spare<T>>,
}

impl<T: Default> Deref for Recycled<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: Default> DerefMut for Recycled<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

impl<T: Default> Drop for Recycled<T> {
    fn drop(&mut self) {
        let Some(home) = self.home.upgrade() else { return };
        let before = home.0.lock().unwrap_or_else(PoisonError::into_inner).replace(std::mem::take(&mut self.value));
        drop(before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_recycled_and_freed_with_its_last_user() {
        let spare = Arc::new(Spare::<Vec<u8>>::default());
        let [mut first, mut second] = [spare.take(), spare.take()];
        first.extend([1, 2]);
        second.extend([3, 4]);
        let place = first.as_ptr();
        drop((second, first));
        let again = spare.take();
        assert_eq!((again.as_ptr(), &again[..]), (place, &[1, 2][..]), "the last one that was let go");
        assert!(spare.take().is_empty(), "there is one at most");
        let home = Arc::downgrade(&spare);
        drop(spare);
        drop(again);
        assert!(home.upgrade().is_none());
    }
}
