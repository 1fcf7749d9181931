// SPDX-License-Identifier: MPL-2.0

//! How what is shared is serialized: as what it is. (serde does so by its feature `rc`, which would be everybody's.)

use serde::{Serialize, Serializer};
use std::sync::Arc;

/// One.
pub fn one<T: Serialize + ?Sized, S: Serializer>(value: &Arc<T>, serializer: S) -> Result<S::Ok, S::Error> {
    value.as_ref().serialize(serializer)
}

/// A list.
pub fn all<T: Serialize, S: Serializer>(values: &[Arc<T>], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(values.iter().map(Arc::as_ref))
}
