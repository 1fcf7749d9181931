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
//! | | `iqa.claim.workers.WORKER` | which workers there are |
//! | `OBJ_iqa-results` | | results that are too large for a message |
//!
//! Every subject holds one message. "Create" is a message that is refused if its subject has one already: units are
//! published once, and the first result wins.

mod config;
mod connection;
mod ledger;
mod outage;
mod stored;
mod streams;

pub use connection::{Connection, Queue};
pub use ledger::{Group, Ledger, count, failures, grouped, units};
pub use outage::{denied, is_away};
pub use stored::{Attempt, Claim, Failed, Given, Present, UnitResult, Unread};

use async_nats::jetstream::context::{
    ConsumerInfoError, ConsumerInfoErrorKind, GetStreamError, GetStreamErrorKind, PublishError, PublishErrorKind,
};
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

/// What is known of a plan that is no longer stored.
pub fn gone(plan: &str) -> String {
    format!(
        "the server no longer has plan {plan}: it was removed (`iqa farm remove`), or the server has lost what it had \
         stored; if it is still wanted, submit it again"
    )
}

/// Why the server stores something not now, or never.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Its storage, or that of the account or the stream, is full.
    Full,
    /// It is larger than the server or the stream accepts.
    TooLarge,
}

/// What an error of the server says of storing.
pub fn refusal(error: &anyhow::Error) -> Option<Refusal> {
    const FULL: [ErrorCode; 6] = [
        ErrorCode::ACCOUNT_RESOURCES_EXCEEDED,
        ErrorCode::INSUFFICIENT_RESOURCES,
        ErrorCode::STORAGE_RESOURCES_EXCEEDED,
        ErrorCode::MEMORY_RESOURCES_EXCEEDED,
        ErrorCode::STREAM_STORE_FAILED,
        ErrorCode::STREAM_MAX_STREAM_BYTES_EXCEEDED,
    ];
    const LARGE: [ErrorCode; 2] = [ErrorCode::STREAM_MESSAGE_EXCEEDS_MAXIMUM, ErrorCode::STREAM_HEADER_EXCEEDS_MAXIMUM];
    error.chain().find_map(|one| {
        let kind = one.downcast_ref::<PublishError>().map(PublishError::kind);
        // The object store's errors only have the text of their cause.
        let text = one.to_string();
        let says = |known: &[ErrorCode]| {
            let is =
                |known: &ErrorCode| code(one) == Some(*known) || text.contains(&format!("error code {})", known.0));
            known.iter().any(is)
        };
        if kind == Some(PublishErrorKind::MaxPayloadExceeded) || says(&LARGE) || text.contains("max payload size") {
            Some(Refusal::TooLarge)
        } else {
            says(&FULL).then_some(Refusal::Full)
        }
    })
}

const TOO_LARGE: &str =
    ": it is larger than the server accepts: raise max_payload of the server, or max_msg_size of the stream";

/// Why a result can never be stored, without its name, so that equal reasons are equal.
pub fn too_large(error: &anyhow::Error) -> String {
    format!("its result cannot be stored{TOO_LARGE} ({})", error.root_cause())
}

/// An error of storing, with what to do if the server is full.
fn storing(error: impl Into<anyhow::Error>, what: &str) -> anyhow::Error {
    let error = error.into();
    let advice = match refusal(&error) {
        Some(Refusal::Full) => {
            ": the server has no room for it: remove plans that are no longer needed (`iqa farm remove`), or raise the \
             limits of its storage, of the account or of the stream"
        }
        Some(Refusal::TooLarge) => TOO_LARGE,
        None => "",
    };
    error.context(format!("{what}{advice}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_server_is_told_from_one_that_is_away() {
        let server = |code: u64| {
            let text = format!(r#"{{"code": 503, "err_code": {code}, "description": "it says so"}}"#);
            let error: jetstream::Error = serde_json::from_str(&text).unwrap();
            PublishError::with_source(PublishErrorKind::Other, error)
        };
        let of = |error: PublishError| refusal(&storing(error, "cannot store x"));
        assert_eq!([10_023, 10_047, 10_077].map(|code| of(server(code))), [Some(Refusal::Full); 3]);
        assert_eq!(of(server(10_054)), Some(Refusal::TooLarge));
        assert_eq!(of(PublishError::new(PublishErrorKind::MaxPayloadExceeded)), Some(Refusal::TooLarge));
        assert_eq!(of(PublishError::new(PublishErrorKind::TimedOut)), None);
        assert_eq!(of(server(10_059)), None);
        let of_object = anyhow::anyhow!("failed chunk publish: {}", server(10_047));
        assert_eq!(refusal(&of_object), Some(Refusal::Full));
        let text = format!("{:#}", storing(server(10_023), "cannot store x"));
        assert!(text.starts_with("cannot store x: the server has no room for it: remove plans"), "{text}");
    }
}
