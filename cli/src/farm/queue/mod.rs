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
pub use stored::{Attempt, Claim, Failed, Given, UnitResult};

use async_nats::jetstream::context::{ConsumerInfoError, ConsumerInfoErrorKind, GetStreamError, GetStreamErrorKind};
use async_nats::jetstream::stream::{ConsumerError, ConsumerErrorKind};
use async_nats::jetstream::{self, ErrorCode};
use std::error::Error;

/// Stream of plans and what was said of their units.
const PLANS: &str = "IQA_PLANS";
/// Stream of units.
const UNITS: &str = "IQA_UNITS";
/// Stream of what runs.
const CLAIMS: &str = "IQA_CLAIMS";
/// Object store of large results.
const OBJECTS: &str = "iqa-results";

/// What the server says is wrong, if an error comes from JetStream.
fn code(error: &(dyn Error + 'static)) -> Option<ErrorCode> {
    let mut next = Some(error);
    while let Some(error) = next {
        let of_kind = error.downcast_ref::<GetStreamError>().map(GetStreamError::kind);
        match of_kind {
            Some(GetStreamErrorKind::JetStream(error)) => return Some(error.error_code()),
            Some(_) => {}
            None => {
                if let Some(found) = error.downcast_ref::<jetstream::Error>() {
                    return Some(found.error_code());
                }
            }
        }
        match error.downcast_ref::<ConsumerInfoError>().map(ConsumerInfoError::kind) {
            Some(ConsumerInfoErrorKind::NotFound) => return Some(ErrorCode::CONSUMER_NOT_FOUND),
            Some(ConsumerInfoErrorKind::StreamNotFound) => return Some(ErrorCode::STREAM_NOT_FOUND),
            Some(ConsumerInfoErrorKind::JetStream(error)) => return Some(error.error_code()),
            _ => {}
        }
        if let Some(ConsumerErrorKind::JetStream(error)) =
            error.downcast_ref::<ConsumerError>().map(ConsumerError::kind)
        {
            return Some(error.error_code());
        }
        next = error.source();
    }
    None
}

/// Whether an error says that a stream or a consumer does not exist.
pub fn is_missing(error: &anyhow::Error) -> bool {
    let missing = [ErrorCode::STREAM_NOT_FOUND, ErrorCode::CONSUMER_NOT_FOUND];
    error.chain().any(|one| code(one).is_some_and(|code| missing.contains(&code)))
}
