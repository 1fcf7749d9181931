// SPDX-License-Identifier: MPL-2.0

//! `/metrics`: state of all cameras in Prometheus format.
//!
//! Generated from the wall for each request, so that removed cameras have no series. Labels come from the configuration
//! or from closed lists: `source`, `model`, `tag`, and `state`, `reason`, `kind`, `to`.

#[cfg(test)]
mod tests;

use super::alarm::AlarmKind;
use super::status::{Histogram, Reason, State, Status};
use prometheus::proto::{self, Bucket, LabelPair, Metric, MetricFamily, MetricType};
use prometheus::{Encoder as _, TextEncoder};
use std::collections::BTreeSet;

/// Internal counters of the program.
#[derive(Debug, Clone, Default)]
pub struct Own {
    /// Whether the last write to the history succeeded.
    pub history_up: bool,
    /// Number of failed writes to the history.
    pub history_errors: u64,
    /// Number of camera seconds lost from the history.
    pub history_lost: u64,
    /// For each receiver of notifications.
    pub notifications: Vec<Notified>,
}

/// Messages to one receiver.
#[derive(Debug, Clone, Copy, Default)]
pub struct Notified {
    /// `webhook` or `mqtt`.
    pub to: &'static str,
    /// Number of delivered messages.
    pub sent: u64,
    /// Number of failed attempts; each is retried.
    pub failed: u64,
    /// Number of dropped messages.
    pub lost: u64,
}

/// Content type of [`text`].
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Formats the metrics.
///
/// # Errors
/// If they cannot be encoded, which is a bug in this program.
pub fn text(cameras: &[Status], own: &Own) -> prometheus::Result<String> {
    let mut families: Vec<_> = of_cameras(cameras).into_iter().chain(of_program(cameras, own)).collect();
    // Families without series are omitted.
    families.retain(|family| !family.get_metric().is_empty());
    let mut text = Vec::new();
    TextEncoder::new().encode(&families, &mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

fn of_cameras(cameras: &[Status]) -> Vec<MetricFamily> {
    let each = |kind, name, help, value: fn(&Status) -> Option<f64>| {
        let series = cameras.iter().filter_map(|camera| Some((labels(camera), value(camera)?)));
        family(kind, name, help, series)
    };
    let counter = |name, help, value| each(MetricType::COUNTER, name, help, value);
    let gauge = |name, help, value| each(MetricType::GAUGE, name, help, value);
    vec![
        counter("iqa_frames_total", "Decoded frames.", |camera| Some(camera.counters.frames as f64)),
        counter("iqa_scored_total", "Scored frames.", |camera| Some(camera.counters.scored as f64)),
        counter("iqa_dropped_total", "Frames due for scoring that were not scored.", |camera| {
            Some(camera.counters.dropped as f64)
        }),
        counter("iqa_packets_lost_total", "Lost RTP packets.", |camera| Some(camera.counters.packets_lost as f64)),
        by(cameras, MetricType::COUNTER, "iqa_reconnects_total", "Reconnections by reason.", "reason", |camera| {
            let counts = &camera.counters.reconnects;
            Reason::ALL.iter().map(|reason| (reason.name(), counts.get(reason).map_or(0.0, |n| *n as f64))).collect()
        }),
        gauge("iqa_score", "Latest score, 0 to 100, higher is better.", |camera| camera.score?.score),
        gauge("iqa_score_age_seconds", "Age of the latest score.", |camera| Some(camera.score?.at.age().as_secs_f64())),
        gauge(
            "iqa_last_frame_timestamp_seconds",
            "Arrival time of the latest frame, in seconds since 1970.",
            |camera| Some(camera.last_frame?.wall.as_millisecond() as f64 / 1e3),
        ),
        by(cameras, MetricType::GAUGE, "iqa_source_state", "1 for the current state.", "state", |camera| {
            State::ALL.iter().map(|state| (state.name(), f64::from(u8::from(*state == camera.state)))).collect()
        }),
        by(
            cameras,
            MetricType::GAUGE,
            "iqa_alarm_active",
            "1 while an alarm of this kind is active.",
            "kind",
            |camera| {
                let active = |kind| camera.alarms.iter().any(|alarm| alarm.kind == kind);
                AlarmKind::ALL.iter().map(|kind| (kind.name(), f64::from(u8::from(active(*kind))))).collect()
            },
        ),
        inference(cameras),
    ]
}

fn of_program(cameras: &[Status], own: &Own) -> Vec<MetricFamily> {
    let alone = |value| [(Vec::new(), value)];
    let counter = MetricType::COUNTER;
    let gauge = MetricType::GAUGE;
    let version = vec![label("version", env!("CARGO_PKG_VERSION"))];
    let models: BTreeSet<_> = cameras
        .iter()
        .filter_map(|camera| Some((camera.about.model.as_deref()?, camera.about.model_hash.as_deref()?)))
        .collect();
    let models = models.iter().map(|(model, hash)| (vec![label("model", model), label("hash", hash)], 1.0));
    let sent = |count: fn(&Notified) -> u64| {
        own.notifications.iter().map(move |one| (vec![label("to", one.to)], count(one) as f64))
    };
    vec![
        family(gauge, "iqa_build_info", "Version of this program.", [(version, 1.0)]),
        family(gauge, "iqa_model_info", "Models with the first 12 digits of their SHA-256.", models),
        family(
            gauge,
            "iqa_history_up",
            "1 while writing the history succeeds.",
            alone(f64::from(u8::from(own.history_up))),
        ),
        family(counter, "iqa_history_errors_total", "Failed writes to the history.", alone(own.history_errors as f64)),
        family(
            counter,
            "iqa_history_lost_seconds_total",
            "Camera seconds lost from the history.",
            alone(own.history_lost as f64),
        ),
        family(counter, "iqa_notifications_total", "Delivered notifications.", sent(|one| one.sent)),
        family(
            counter,
            "iqa_notification_failures_total",
            "Failed delivery attempts, which are retried.",
            sent(|one| one.failed),
        ),
        family(counter, "iqa_notifications_lost_total", "Dropped notifications.", sent(|one| one.lost)),
    ]
}

/// One series per camera and member of a closed list.
fn by(
    cameras: &[Status],
    kind: MetricType,
    name: &str,
    help: &str,
    by: &str,
    values: fn(&Status) -> Vec<(&'static str, f64)>,
) -> MetricFamily {
    let series = cameras.iter().flat_map(|camera| {
        values(camera).into_iter().map(|(member, value)| {
            let mut labels = labels(camera);
            labels.push(label(by, member));
            (labels, value)
        })
    });
    family(kind, name, help, series)
}

fn inference(cameras: &[Status]) -> MetricFamily {
    let series = cameras.iter().filter(|camera| camera.about.model.is_some()).map(|camera| {
        let mut sum = 0;
        let buckets = Histogram::BOUNDS.iter().zip(camera.inference.counts).map(|(&bound, count)| {
            sum += count;
            let mut bucket = Bucket::default();
            bucket.set_upper_bound(bound);
            bucket.set_cumulative_count(sum);
            bucket
        });
        let mut histogram = proto::Histogram::default();
        histogram.set_bucket(buckets.collect());
        histogram.set_sample_count(camera.inference.count());
        histogram.set_sample_sum(camera.inference.sum);
        let mut metric = Metric::from_label(labels(camera));
        metric.set_histogram(histogram);
        metric
    });
    let mut family = heading(MetricType::HISTOGRAM, "iqa_inference_seconds", "Time to score a frame.");
    family.set_metric(series.collect());
    family
}

fn family(
    kind: MetricType,
    name: &str,
    help: &str,
    series: impl IntoIterator<Item = (Vec<LabelPair>, f64)>,
) -> MetricFamily {
    let series = series.into_iter().map(|(labels, value)| {
        let mut metric = Metric::from_label(labels);
        if kind == MetricType::COUNTER {
            let mut counter = proto::Counter::default();
            counter.set_value(value);
            metric.set_counter(counter);
        } else {
            let mut gauge = proto::Gauge::default();
            gauge.set_value(value);
            metric.set_gauge(gauge);
        }
        metric
    });
    let mut family = heading(kind, name, help);
    family.set_metric(series.collect());
    family
}

fn heading(kind: MetricType, name: &str, help: &str) -> MetricFamily {
    let mut family = MetricFamily::default();
    family.set_name(name.to_owned());
    family.set_help(help.to_owned());
    family.set_field_type(kind);
    family
}

/// Labels that identify a camera.
fn labels(camera: &Status) -> Vec<LabelPair> {
    let about = &camera.about;
    let tags: Vec<_> = about.tags.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut labels = vec![label("source", &about.name)];
    labels.extend(about.model.as_deref().map(|model| label("model", model)));
    labels.extend((!tags.is_empty()).then(|| label("tag", &tags.join(","))));
    labels
}

fn label(name: &str, value: &str) -> LabelPair {
    let mut label = LabelPair::default();
    label.set_name(name.to_owned());
    label.set_value(value.to_owned());
    label
}
