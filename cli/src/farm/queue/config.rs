// SPDX-License-Identifier: MPL-2.0

//! Configurations of streams and consumers, and how those that exist differ from them.

use super::{CLAIMS, OBJECTS, PLANS, UNITS};
use crate::farm::plan::Plan;
use async_nats::jetstream::consumer::{self, AckPolicy, pull};
use async_nats::jetstream::object_store;
use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType};
use std::fmt::Debug;
use std::time::Duration;

/// How long plans and results are kept.
const KEPT: Duration = Duration::from_secs(90 * 24 * 3600);

/// How long a claim counts without being renewed; it is renewed every 10 s at most.
const CLAIMED: Duration = Duration::from_secs(30);

/// Maximum number of units that wait, over all plans.
const MOST_UNITS: i64 = 10_000_000;

/// Maximum number of units that run, per plan.
const MOST_RUNNING: i64 = 100_000;

/// Maximum number of slots that wait for a unit, per plan.
const MOST_SLOTS: i64 = 20_000;

/// Maximum number of plans.
const MOST_PLANS: i32 = 10_000;

fn base(name: &str, subjects: &[&str]) -> Config {
    Config {
        name: name.to_owned(),
        subjects: subjects.iter().map(|&subject| subject.to_owned()).collect(),
        max_messages_per_subject: 1,
        storage: StorageType::File,
        allow_direct: true,
        ..Config::default()
    }
}

/// Plans and what was said of their units.
pub fn plans() -> Config {
    let said = ["iqa.plan.*", "iqa.whole.*.*", "iqa.attempt.*.*", "iqa.failed.*.*", "iqa.conflict.*.*"];
    Config { max_age: KEPT, ..base(PLANS, &said) }
}

/// Units.
pub fn units() -> Config {
    Config {
        retention: RetentionPolicy::WorkQueue,
        discard: DiscardPolicy::New,
        max_messages: MOST_UNITS,
        max_consumers: MOST_PLANS,
        ..base(UNITS, &["iqa.unit.*.*"])
    }
}

/// What runs, and which workers there are.
pub fn claims() -> Config {
    Config { storage: StorageType::Memory, max_age: CLAIMED, ..base(CLAIMS, &["iqa.claim.*.*"]) }
}

/// Name of the stream of a plan's results.
pub fn done_stream(plan: &str) -> String {
    format!("IQA_DONE_{plan}")
}

/// Results of a plan.
pub fn done(plan: &str) -> Config {
    Config { max_age: KEPT, ..base(&done_stream(plan), &[&format!("iqa.done.{plan}.*")]) }
}

/// Store of large results.
pub fn objects() -> object_store::Config {
    object_store::Config { bucket: OBJECTS.to_owned(), max_age: KEPT, ..Default::default() }
}

/// The stream of that store, as the library makes it.
pub fn objects_stream() -> Config {
    Config {
        name: format!("OBJ_{OBJECTS}"),
        subjects: vec![format!("$O.{OBJECTS}.C.>"), format!("$O.{OBJECTS}.M.>")],
        discard: DiscardPolicy::New,
        allow_rollup: true,
        allow_direct: true,
        max_age: KEPT,
        ..Config::default()
    }
}

/// The consumer of a plan's units.
pub fn consumer(plan: &Plan) -> pull::Config {
    pull::Config {
        durable_name: Some(plan.id.clone()),
        filter_subject: format!("iqa.unit.{}.*", plan.id),
        ack_wait: Duration::from_nanos(plan.ack_wait),
        max_ack_pending: MOST_RUNNING,
        max_waiting: MOST_SLOTS,
        // The program counts: a unit whose worker is killed while it records the failure would be lost.
        max_deliver: -1,
        ..pull::Config::default()
    }
}

/// What differs between a stream that exists and the wanted one so that messages could be lost or refused; empty if
/// nothing does. Replicas, placement and larger limits are the operator's choice.
pub fn differences(wanted: &Config, found: &Config) -> Vec<String> {
    let mut all = Vec::new();
    let mut same = |name: &str, found: &dyn Debug, wanted: &dyn Debug| {
        let [found, wanted] = [found, wanted].map(|value| format!("{value:?}").to_lowercase());
        if found != wanted {
            all.push(format!("{name} is {found}, not {wanted}"));
        }
    };
    same("storage", &found.storage, &wanted.storage);
    same("retention", &found.retention, &wanted.retention);
    same("discard", &found.discard, &wanted.discard);
    same("discard_new_per_subject", &found.discard_new_per_subject, &wanted.discard_new_per_subject);
    same("allow_direct", &found.allow_direct, &wanted.allow_direct);
    same("allow_rollup_hdrs", &(found.allow_rollup || !wanted.allow_rollup), &true);
    same("no_ack", &found.no_ack, &false);
    same("sealed", &found.sealed, &false);
    same("deny_delete", &found.deny_delete, &false);
    same("deny_purge", &found.deny_purge, &false);
    same("mirror", &found.mirror.is_some(), &false);
    same("sources", &found.sources.as_ref().is_some_and(|sources| !sources.is_empty()), &false);
    same("subject_transform", &found.subject_transform.is_some(), &false);
    let mut at_least = |name: &str, found: i64, wanted: i64| {
        // Zero and below mean unlimited.
        let limit = |value: i64| if value > 0 { value } else { i64::MAX };
        let shown = |value: i64| if value > 0 { value.to_string() } else { "unlimited".to_owned() };
        if limit(found) < limit(wanted) {
            all.push(format!("{name} is {}, not {}", shown(found), shown(wanted)));
        }
    };
    at_least("max_msgs", found.max_messages, wanted.max_messages);
    at_least("max_bytes", found.max_bytes, wanted.max_bytes);
    at_least("max_msg_size", found.max_message_size.into(), wanted.max_message_size.into());
    at_least("max_consumers", found.max_consumers.into(), wanted.max_consumers.into());
    let limit = |time: Duration| if time.is_zero() { Duration::MAX } else { time };
    // What is in memory is meant to disappear.
    let is_other_age = if wanted.storage == StorageType::Memory {
        found.max_age != wanted.max_age
    } else {
        limit(found.max_age) < limit(wanted.max_age)
    };
    if is_other_age {
        let shown = |time: Duration| if time.is_zero() { "unlimited".to_owned() } else { format!("{time:?}") };
        all.push(format!("max_age is {}, not {}", shown(found.max_age), shown(wanted.max_age)));
    }
    let per_subject = [found, wanted].map(|config| config.max_messages_per_subject.max(0));
    if per_subject[0] != per_subject[1] {
        all.push(format!("max_msgs_per_subject is {}, not {}", per_subject[0], per_subject[1]));
    }
    let lacks = wanted.subjects.iter().filter(|subject| !found.subjects.contains(subject));
    all.extend(lacks.map(|subject| format!("subjects lack {subject}")));
    all
}

/// What differs between a plan's consumer that exists and the wanted one.
pub fn consumer_differences(wanted: &pull::Config, found: &consumer::Config) -> Vec<String> {
    let mut all = Vec::new();
    if found.ack_policy != AckPolicy::Explicit {
        all.push(format!("ack_policy is {:?}, not explicit", found.ack_policy).to_lowercase());
    }
    if found.max_deliver > 0 {
        all.push(format!("max_deliver is {}, not unlimited", found.max_deliver));
    }
    if found.ack_wait != wanted.ack_wait {
        all.push(format!("ack_wait is {:?}, not {:?}", found.ack_wait, wanted.ack_wait));
    }
    if found.filter_subject != wanted.filter_subject {
        all.push(format!("filter_subject is {:?}, not {:?}", found.filter_subject, wanted.filter_subject));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_settings_are_named_and_larger_limits_are_no_matter() {
        for wanted in [plans(), units(), claims(), done("0123456789abcdef"), objects_stream()] {
            assert_eq!(differences(&wanted, &wanted), [""; 0], "{}", wanted.name);
            // As a server returns it.
            let unlimited = |limit: i64| if limit == 0 { -1 } else { limit };
            let found = Config {
                max_messages: unlimited(wanted.max_messages),
                max_bytes: unlimited(wanted.max_bytes),
                num_replicas: 3,
                ..wanted.clone()
            };
            assert_eq!(differences(&wanted, &found), [""; 0], "{}", wanted.name);
        }
        let of = |change: fn(&mut Config)| {
            let mut found = units();
            change(&mut found);
            differences(&units(), &found).join("; ")
        };
        assert_eq!(of(|found| found.storage = StorageType::Memory), "storage is memory, not file");
        assert_eq!(of(|found| found.discard = DiscardPolicy::Old), "discard is old, not new");
        assert_eq!(of(|found| found.retention = RetentionPolicy::Limits), "retention is limits, not workqueue");
        assert_eq!(of(|found| found.max_messages = 5), "max_msgs is 5, not 10000000");
        assert_eq!(of(|found| found.max_messages = -1), "");
        assert_eq!(of(|found| found.max_bytes = 1000), "max_bytes is 1000, not unlimited");
        assert_eq!(of(|found| found.max_age = Duration::from_secs(60)), "max_age is 60s, not unlimited");
        assert_eq!(of(|found| found.max_messages_per_subject = -1), "max_msgs_per_subject is 0, not 1");
        assert_eq!(of(|found| found.subjects.clear()), "subjects lack iqa.unit.*.*");
        assert_eq!(of(|found| found.deny_purge = true), "deny_purge is true, not false");
        let longer = Config { max_age: KEPT * 2, ..plans() };
        assert_eq!(differences(&plans(), &longer), [""; 0]);
        assert!(!differences(&claims(), &Config { max_age: KEPT, ..claims() }).is_empty());
    }
}
