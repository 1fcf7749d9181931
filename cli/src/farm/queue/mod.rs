// SPDX-License-Identifier: MPL-2.0

//! Plans, units and results on NATS JetStream.
//!
//! | stream | subjects | holds |
//! |---|---|---|
//! | `IQA_PLANS` | `iqa.plan.PLAN` | the plan |
//! | | `iqa.whole.PLAN.RENDITION` | why a cut rendition must be measured as a whole |
//! | | `iqa.attempt.PLAN.UNIT` | what the latest attempt said |
//! | | `iqa.failed.PLAN.UNIT` | why a unit has failed |
//! | | `iqa.conflict.PLAN.UNIT` | a second result that differs from the first |
//! | `IQA_UNITS` | `iqa.unit.PLAN.UNIT` | what waits or runs; a work queue with a consumer per plan |
//! | `IQA_DONE_PLAN` | `iqa.done.PLAN.UNIT` | the first result of each unit |
//! | `IQA_CLAIMS` | `iqa.claim.PLAN.WORKER` | what each slot of a worker runs now; in memory |
//! | `OBJ_iqa-results` | | results that are too large for a message |
//!
//! Every subject holds one message. "Create" is a message that is refused if its subject has one already: units are
//! published once, and the first result wins.

mod connection;
mod ledger;
mod stored;
mod streams;

pub use connection::{Connection, Queue};
pub use ledger::{Ledger, count, units};
pub use stored::{Attempt, Claim, Conflict, Failed, Given, Result as Stored};

use async_nats::jetstream::ErrorCode;
use std::error::Error;

/// Stream of plans and what was said of their units.
const PLANS: &str = "IQA_PLANS";
/// Stream of units.
const UNITS: &str = "IQA_UNITS";
/// Stream of what runs.
const CLAIMS: &str = "IQA_CLAIMS";
/// Object store of large results.
const OBJECTS: &str = "iqa-results";

/// The server's code, if an error comes from JetStream.
fn code(error: &(dyn Error + 'static)) -> Option<ErrorCode> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<async_nats::jetstream::Error>() {
            return Some(found.error_code());
        }
        next = error.source();
    }
    None
}

/// Whether an error says that a stream, a consumer or a message does not exist.
pub fn is_missing(error: &anyhow::Error) -> bool {
    let missing = [ErrorCode::STREAM_NOT_FOUND, ErrorCode::CONSUMER_NOT_FOUND, ErrorCode::NO_MESSAGE_FOUND];
    error.chain().any(|one| code(one).is_some_and(|code| missing.contains(&code)))
}
