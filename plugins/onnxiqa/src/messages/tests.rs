// SPDX-License-Identifier: MPL-2.0

//! Every record comes back from its structure.

use super::*;
use onnx_iqa::model::contract::Kind;
use onnx_iqa::record::log::{LoggedFrame, json_lines};
use onnx_iqa::record::{FIELDS, Field, FieldType, PairingState, Partner, Reporter, ReporterSettings, State};

/// A value that the field can have.
fn example(field: &Field) -> Value {
    match (field.name, field.value_type) {
        ("kind", _) => "fr".into(),
        ("state", _) => "scored".into(),
        ("pairing", _) => "matched".into(),
        ("evidence", _) => "picture".into(),
        (_, FieldType::Text) => "metaiqa".into(),
        (_, FieldType::Double) => 62.5.into(),
        (_, FieldType::Unsigned) => (u64::MAX - 1).into(),
        (_, FieldType::Integer) => (-5i64).into(),
        (_, FieldType::Boolean) => true.into(),
        (_, FieldType::Attributes) => Value::Values(vec![("noise".into(), 3.0.into())]),
        // Rows are padded to four bytes.
        (_, FieldType::Map) => Value::Map(Map { width: 3, height: 2, data: vec![0, 1, 2, 253, 254, 255] }.into()),
        other => panic!("a type without an example: {other:?}"),
    }
}

fn full() -> FrameRecord {
    let mut record = FrameRecord::default();
    for field in FIELDS.iter() {
        assert_eq!(field.set(&mut record, example(field)), Ok(()), "{}", field.name);
    }
    record.set("vif", 93.25.into());
    record.set("truth", true.into());
    record
}

fn there_and_back<T: Structured + PartialEq + std::fmt::Debug>(record: &T) -> gst::Structure {
    let structure = record.to_structure();
    assert_eq!(structure.name(), T::NAME);
    assert_eq!(T::from_structure(&structure).as_ref(), Ok(record));
    structure
}

fn names(structure: &gst::StructureRef) -> String {
    structure.fields().map(|name| name.to_string()).collect::<Vec<_>>().join(" ")
}

#[test]
fn every_field_of_a_frame_comes_back_with_its_type() {
    gst::init().expect("GStreamer");
    let record = full();
    let structure = there_and_back(&record);
    for field in FIELDS.iter() {
        let expected = match field.value_type {
            FieldType::Text => glib::Type::STRING,
            FieldType::Double => glib::Type::F64,
            FieldType::Unsigned => glib::Type::U64,
            FieldType::Integer => glib::Type::I64,
            FieldType::Boolean => glib::Type::BOOL,
            FieldType::Attributes => gst::Structure::static_type(),
            FieldType::Map => gst::Sample::static_type(),
            other => panic!("a type without an example: {other:?}"),
        };
        assert_eq!(structure.value(field.name).expect(field.name).type_(), expected, "{}", field.name);
    }
    let in_order: Vec<_> = FIELDS.iter().map(|field| field.name).collect();
    assert_eq!(names(&structure), in_order.join(" ") + " vif truth");
    let without = frame_record(&structure, false);
    assert_eq!((without.map.is_none(), without.score, without.other.len()), (true, record.score, 2));
}

#[test]
fn what_a_frame_carries_that_has_no_form_is_left_out_and_other_types_are_kept() {
    gst::init().expect("GStreamer");
    let entry = gst::Structure::builder("iqa-score")
        .field("model", "metaiqa")
        .field("score", 62.5f32)
        .field("raw", f64::NAN)
        .field("scored-pts", gst::ClockTime::from_seconds(4))
        .field("age", u64::MAX - 1)
        .field("offset", -5i64)
        .field("frames", 3i32)
        .field("attributes", gst::Structure::builder("attributes").field("noise", 3.0).build())
        .field("map", gst::Sample::builder().build())
        .field("caps", gst::Caps::new_any())
        .build();
    let record = FrameRecord::from_structure(&entry).expect("a record");
    assert_eq!((record.score, record.raw, record.scored_pts), (Some(62.5), None, Some(4_000_000_000)));
    assert_eq!((record.age, record.offset), (Some(u64::MAX - 1), Some(-5)));
    assert_eq!((record.attributes.len(), record.map.is_none()), (1, true));
    assert_eq!(record.other, [("frames".to_owned(), Value::Integer(3))]);
}

#[test]
fn a_log_line_has_the_order_of_the_table() {
    gst::init().expect("GStreamer");
    let entry = gst::Structure::builder("iqa-score")
        .field("model", "metaiqa")
        .field("score", 62.5)
        .field("raw", f64::NAN)
        .field("scored-pts", gst::ClockTime::from_seconds(4))
        .field("age", u64::MAX - 1)
        .field("offset", -5i64)
        .field("attributes", gst::Structure::builder("attributes").field("noise", 3.0).build())
        .field("map", gst::Sample::builder().build())
        .build();
    let scores = vec![("s".to_owned(), frame_record(&entry, false))];
    let mut line = Vec::new();
    json_lines::write_frame(&mut line, &LoggedFrame { pts: Some(0), running_time: None, scores }).expect("memory");
    assert_eq!(
        String::from_utf8(line).expect("UTF-8"),
        concat!(
            r#"{"pts":0,"running-time":null,"scores":{"s":{"model":"metaiqa","score":62.5,"scored-pts":4000000000,"#,
            r#""age":18446744073709551614,"attributes":{"noise":3.0},"offset":-5}}}"#,
            "\n"
        )
    );
}

#[test]
fn a_frame_without_a_score_says_no_more_than_it_knows() {
    gst::init().expect("GStreamer");
    let mut record = FrameRecord::new("none", Kind::FullReference, State::Unmatched);
    assert_eq!(names(&there_and_back(&record)), "model kind state");
    let partner = Partner {
        pairing: PairingState::Unmatched,
        confidence: 0.5,
        evidence: None,
        reference_pts: None,
        offset: Some(0),
    };
    record.set_partner(partner);
    assert_eq!(names(&there_and_back(&record)), "model kind state offset pairing confidence");
}

/// Two frames in two windows, the second of which is bad enough for an alarm.
fn messages(ledger: Option<Ledger>) -> (Vec<Message>, StreamStats) {
    let mut settings = ReporterSettings::default();
    settings.alarm_below = Some(40.0);
    let mut reporter = Reporter::new(settings);
    let mut messages = Vec::new();
    for (seconds, score) in [(0, 80.0), (1, 20.0)] {
        let mut record = full();
        record.score = Some(score);
        reporter.arrived();
        messages.extend(reporter.scored(Some(seconds * 1_000_000_000), &record));
    }
    let stats = reporter.stats(ledger);
    messages.extend(reporter.finish("metaiqa", Kind::NoReference, ledger));
    // Warnings are the element's own, and have no structure.
    messages.retain(|message| !matches!(message, Message::Warning(_)));
    (messages, stats)
}

#[test]
fn messages_come_back() {
    gst::init().expect("GStreamer");
    let ledger = Ledger { distorted: 2, matched: 1, unmatched: 1, reference: 3, outside: 2, ..Ledger::default() };
    let mut kinds = Vec::new();
    for ledger in [None, Some(ledger)] {
        let (messages, stats) = messages(ledger);
        there_and_back(&stats);
        for message in &messages {
            let structure = super::message(message).expect("every message has a structure");
            kinds.push(structure.name().to_string());
            match message {
                Message::Window(window) => {
                    there_and_back(window);
                }
                Message::Alarm(alarm) => {
                    there_and_back(alarm);
                }
                Message::Summary(summary) => {
                    let mut summary = summary.clone();
                    // Messages do not say the counts.
                    let pools = summary.fields.iter_mut().chain(&mut summary.attributes);
                    pools.for_each(|(_, pooled)| pooled.count = None);
                    assert!(summary.fields.len() > 5 && summary.attributes.len() == 1);
                    there_and_back(&summary);
                }
                other => panic!("a message without a test: {other:?}"),
            }
        }
    }
    assert_eq!(kinds[..4], ["iqa-window", "iqa-window", "iqa-alarm", "iqa-summary"]);
}

#[test]
fn summaries_of_several_elements_come_back_from_the_end_of_the_stream() {
    gst::init().expect("GStreamer");
    let mut eos = gst::event::Eos::builder().seqnum(gst::Seqnum::next()).build();
    let (seqnum, upstream) = (eos.seqnum(), eos.clone());
    let ledger = Ledger { distorted: 2, matched: 2, reference: 2, ..Ledger::default() };
    let mut summary = Summary::default();
    summary.ledger = Some(ledger);
    summary.verdict = Some(onnx_iqa::record::Verdict::Partly);
    summary.reasons = vec!["one, two".to_owned(), "three".to_owned()];
    add_summary(&mut eos, "c", &summary);
    add_summary(&mut eos, "s", &Summary::default());
    assert_eq!((eos.type_(), eos.seqnum()), (gst::EventType::Eos, seqnum));
    assert_eq!(summaries(&eos), [("c".to_owned(), summary), ("s".to_owned(), Summary::default())]);
    assert!(summaries(&upstream).is_empty(), "the event that others hold is not changed");
}

#[test]
fn statistics_have_names_and_order_of_the_property() {
    gst::init().expect("GStreamer");
    let (_, stats) = messages(None);
    let tail = "scored skipped failed mean min p5 last latency-mean latency-p99";
    assert_eq!(names(&stats.to_structure()), format!("frames {tail}"));
    let (_, stats) = messages(Some(Ledger::default()));
    let ledger = "distorted matched duplicate unmatched reference dropped outside";
    assert_eq!(names(&stats.to_structure()), format!("{ledger} {tail}"));
}

#[test]
fn alignment_events_come_back() {
    gst::init().expect("GStreamer");
    let changes = [
        (AlignmentChange::Found { to: -4, confidence: 0.9 }, "event to confidence pts"),
        (AlignmentChange::Changed { from: -4, to: 4, confidence: 0.9 }, "event to confidence from pts"),
        (AlignmentChange::Lost, "event pts"),
        (AlignmentChange::NotFound, "event pts"),
        (AlignmentChange::Shrunk { window: 5 }, "event window pts"),
    ];
    for (change, fields) in changes {
        let mut event = AlignmentEvent::new(change);
        event.pts = Some(7);
        assert_eq!(names(&there_and_back(&event)), fields);
    }
}

#[test]
fn another_structure_is_an_error_that_says_which() {
    gst::init().expect("GStreamer");
    let other = gst::Structure::builder("iqa-alarm").field("active", 1i32).build();
    let error = Window::from_structure(&other).expect_err("an alarm").to_string();
    assert_eq!(error, "expected a structure iqa-window, got iqa-alarm");
    let error = Alarm::from_structure(&other).expect_err("no truth value").to_string();
    assert!(error.contains("iqa-alarm: field active"), "{error}");
    let event = gst::Structure::builder("iqa-alignment").field("event", "dreamt").build();
    let error = AlignmentEvent::from_structure(&event).expect_err("no such event").to_string();
    assert!(error.contains("dreamt"), "{error}");
}
