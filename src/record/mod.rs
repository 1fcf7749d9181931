// SPDX-License-Identifier: MPL-2.0

//! Results as data: a [`FrameRecord`] per frame, [`Window`]s and [`Alarm`]s for parts of a stream, a [`Summary`] for
//! all of it, and an [`AlignmentEvent`] whenever the alignment of two streams changes.
//!
//! [`FIELDS`] is the only list of a record's fields: logs, metadata, pools and alarms take names, types and ranges from
//! it, in its order. A new field is a row there, and a member of [`FrameRecord`] if its value has a type of its own;
//! the results of measures are rows only. [`Reporter`] derives windows, alarms, warnings and the summary from the
//! records of one element, [`log`] writes and reads files, and a [`Strip`] shows where in time two streams correspond.

mod access;
mod alignment_event;
mod counts;
mod doubts;
mod field;
mod field_pools;
mod finding;
mod frame;
mod ledger;
pub mod log;
mod names;
mod pair_doubts;
mod place;
mod reporter;
pub(crate) mod score_id;
mod strip;
mod summary;
mod value;
mod verdict;
mod warning;
mod window;

pub use alignment_event::{AlignmentChange, AlignmentEvent};
pub use counts::Counts;
pub use field::{FIELDS, Field, FieldScope, FieldType};
pub use field_pools::FieldPools;
pub use finding::{Cure, Finding};
pub use frame::{FrameRecord, Partner};
pub use ledger::{ledger_counts, set_ledger_count};
pub use names::{Named, PairingState, State};
pub use place::Place;
pub use reporter::{Message, Reporter, ReporterSettings};
pub use strip::{Cell, Strip, StripFrame};
pub use summary::{PooledField, StreamStats, Summary};
pub use value::Value;
pub use verdict::Verdict;
pub use warning::Warning;
pub use window::{Alarm, Window};
