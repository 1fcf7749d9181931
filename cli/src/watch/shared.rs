// SPDX-License-Identifier: MPL-2.0

//! Serializes `Arc` as its content. (serde's feature `rc` would affect all crates.)

use serde::{Serialize, Serializer};
use std::sync::Arc;

/// A single value.
pub fn one<T: Serialize + ?Sized, S: Serializer>(value: &Arc<T>, serializer: S) -> Result<S::Ok, S::Error> {
    value.as_ref().serialize(serializer)
}

/// A list.
pub fn all<T: Serialize, S: Serializer>(values: &[Arc<T>], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(values.iter().map(Arc::as_ref))
}
