// SPDX-License-Identifier: MPL-2.0

//! What is written can be read back.

use super::*;
use crate::model::contract::Kind;
use crate::record::{
    Counts, FIELDS, FieldPools, FieldScope, FieldType, FrameRecord, PairingState, State, Value, Verdict,
};
use crate::scorer::Map;

/// A record of a full-reference element in which every field has a value that a log has a form for.
fn full() -> FrameRecord {
    let mut record = FrameRecord::new("a \"quoted\", broken\nname", Kind::FullReference, State::Scored);
    (record.score, record.raw, record.confidence) = (Some(62.5), Some(-0.1), Some(1.0));
    (record.scored_pts, record.age, record.latency) = (Some(u64::MAX - 1), Some(0), Some(1_000_000));
    (record.reference_pts, record.offset, record.depth) = (Some(40_000_000), Some(-5), Some(8));
    record.pairing = Some(PairingState::Duplicate);
    record.alarm = Some(true);
    record.attributes = vec![("noise_level".into(), 3.0), ("score".into(), 97.25)];
    for (index, field) in FIELDS.iter().enumerate() {
        if field.value_type == FieldType::Double && field.get(&record).is_none() {
            record.set(field.name, Value::Double(index as f64 + 0.5));
        }
    }
    record.set("vmaf", 93.25.into());
    record.set("evidence", "picture".into());
    let absent = FIELDS.iter().filter(|field| field.get(&record).is_none());
    let absent: Vec<_> = absent.filter(|field| field.scope != FieldScope::Message).map(|field| field.name).collect();
    assert_eq!(absent, ["map"]);
    record
}

fn frames() -> Vec<LoggedFrame> {
    let skipped = FrameRecord::new("metaiqa", Kind::NoReference, State::Skipped);
    let frame = |pts, scores: &[(&str, &FrameRecord)]| LoggedFrame {
        pts,
        running_time: pts.map(|pts| pts + 7),
        scores: scores.iter().map(|(element, record)| ((*element).to_owned(), (*record).clone())).collect(),
    };
    let full = full();
    // Another frame's.
    let next = FrameRecord { scored_pts: Some(80_000_000), ..full.clone() };
    vec![frame(Some(0), &[("my_compare", &full)]), frame(None, &[("my_compare", &next), ("late", &skipped)])]
}

fn pools() -> Vec<ElementPools> {
    let mut pools = FieldPools::new();
    pools.count(&full());
    pools.count(&full());
    let element = |element: &str| ElementPools {
        element: element.to_owned(),
        model: Some("metaiqa".to_owned()),
        counts: Counts { scored: Some(pools.scored()), skipped: Some(0), dropped: Some(7), ..Counts::default() },
        model_hash: Some("0123456789ab".into()),
        vmaf_model: Some("vmaf_v0.6.1neg".into()),
        vmaf_model_hash: Some("ba9876543210".into()),
        verdict: Some(Verdict::Partly),
        reasons: vec!["first, \"quoted\"".to_owned(), "second".to_owned()],
        fields: pools.pooled_fields(),
        attributes: pools.pooled_attributes(),
    };
    vec![element("my_compare"), element("late")]
}

#[test]
fn json_lines_come_back_whole() {
    let mut text = Vec::new();
    frames().iter().for_each(|frame| json_lines::write_frame(&mut text, frame).expect("memory"));
    json_lines::write_pools(&mut text, &pools()).expect("memory");
    let lines: Vec<_> = json_lines::Reader::new(text.as_slice()).collect::<Result<_, _>>().expect("a log");
    let frames = frames().into_iter().map(json_lines::Line::Frame);
    assert_eq!(lines, frames.chain([json_lines::Line::Pools(pools())]).collect::<Vec<_>>());
    // The writer was stopped in the middle of the last line.
    let cut = &text[..text.len() - 9];
    assert_eq!(json_lines::Reader::new(cut).count(), 2);
}

#[test]
fn maps_are_left_out() {
    let mut record = FrameRecord::new("metaiqa", Kind::NoReference, State::Scored);
    record.map = Some(Map { width: 1, height: 1, data: vec![9] }.into());
    let mut frame = LoggedFrame { scores: vec![("s".into(), record)], ..LoggedFrame::default() };
    let (mut lines, mut rows, mut table) = (Vec::new(), Vec::new(), csv::Table::new());
    json_lines::write_frame(&mut lines, &frame).expect("memory");
    table.write_header(&mut rows, &frame).expect("memory");
    table.write_frame(&mut rows, &frame).expect("memory");
    frame.scores[0].1.map = None;
    let expected =
        r#"{"pts":null,"running-time":null,"scores":{"s":{"model":"metaiqa","kind":"nr","state":"scored"}}}"#;
    assert_eq!(String::from_utf8(lines).expect("UTF-8"), format!("{expected}\n"));
    let read: Vec<_> = csv::Reader::new(rows.as_slice()).expect("a header").collect::<Result<_, _>>().expect("rows");
    assert_eq!(read, [frame]);
}

#[test]
fn csv_comes_back_whole_with_what_has_no_column() {
    let (mut text, mut table) = (Vec::new(), csv::Table::new());
    let frames = frames();
    table.write_header(&mut text, &frames[0]).expect("memory");
    frames.iter().for_each(|frame| table.write_frame(&mut text, frame).expect("memory"));
    let read: Vec<_> = csv::Reader::new(text.as_slice()).expect("a header").collect::<Result<_, _>>().expect("rows");
    assert_eq!(read, frames, "the second element is in the column `other`");

    let mut text = Vec::new();
    csv::write_pools(&mut text, &pools()).expect("memory");
    assert_eq!(csv::read_pools(text.as_slice()).expect("pools"), pools());
}

#[test]
fn vmaf_json_gives_the_measurements_back() {
    let (mut text, mut writer) = (Vec::new(), vmaf_json::Writer::new());
    writer.write_beginning(&mut text).expect("memory");
    writer.write_frame(&mut text, &LoggedFrame::default()).expect("memory");
    frames().iter().for_each(|frame| writer.write_frame(&mut text, frame).expect("memory"));
    writer.write_end(&mut text, &pools()).expect("memory");
    let document = vmaf_json::read(text.as_slice()).expect("a document");
    assert_eq!(document.version, concat!("onnxiqa ", env!("CARGO_PKG_VERSION")));
    let numbers: Vec<_> = document.frames.iter().map(|(number, metrics)| (*number, metrics.len())).collect();
    // luma-mean, luma-deviation, motion, psnr-y, psnr-cb, psnr-cr, psnr, ssim, ms-ssim, float-ssim, vmaf, cambi and the
    // score.
    let count = 13;
    assert_eq!(numbers, [(1, count), (2, count)], "a frame without measurements is counted and left out");
    // One element came first, then another.
    assert_eq!(document.frames[0].1[0], ("a \"quoted\", broken\nname".to_owned(), 62.5));
    assert_eq!(document.frames[1].1[0], ("my_compare_a \"quoted\", broken\nname".to_owned(), 62.5));
    assert!(document.aggregate.contains(&("late_dropped".to_owned(), 7.0)), "{:?}", document.aggregate);
    assert!(document.fps.is_some_and(|fps| fps >= 0.0));
    let pool = document.pooled.iter().find(|(name, _)| name == "late_ssim").map(|(_, pool)| pool.clone());
    let ours = pools()[1].field("ssim").cloned().expect("a pool");
    for (name, value) in ours.statistics {
        assert_eq!(pool.as_ref().and_then(|pool| pool.get(&name)), Some(value), "{name}");
    }
}

#[test]
fn what_is_no_log_is_an_error_that_says_where() {
    let errors = [
        json_lines::Reader::new(&b"{\"pts\":1}\n"[..]).next().expect("a line").expect_err("no log").to_string(),
        json_lines::Reader::new(&b"\n{\n"[..]).next().expect("a line").expect_err("no JSON").to_string(),
        csv::Reader::new(&b"a,b\n"[..]).expect_err("another table").to_string(),
        csv::read_pools(&b"pts,running-time,other\n"[..]).expect_err("another table").to_string(),
        vmaf_json::read(&b"{}"[..]).expect_err("another document").to_string(),
    ];
    let expected = ["line 1 has neither", "line 2 is not JSON", "line 1 is not", "line 1 is not", "without \"frames\""];
    for (error, expected) in errors.iter().zip(expected) {
        assert!(error.contains(expected), "{error}");
    }
    let mut rows = csv::Reader::new(&b"pts,running-time,other\n1,2\n"[..]).expect("a header");
    let error = rows.next().expect("a row").expect_err("too short").to_string();
    assert!(error.contains("line 2 has 2 cells and not 3"), "{error}");
    assert_eq!(csv::Reader::new(&b""[..]).expect("an empty log").count(), 0);
}

/// Reading takes time in proportion to the length, also of a cell with many lines.
#[test]
fn a_cell_may_have_a_million_lines() {
    let cell = "\n".repeat(1 << 20);
    let text = format!("pts,running-time,a_model,other\n1,2,\"{cell}\",\n");
    let rows: Vec<_> = csv::Reader::new(text.as_bytes()).expect("a header").collect::<Result<_, _>>().expect("a row");
    assert_eq!(rows[0].scores[0].1.model.as_deref(), Some(cell.as_str()));
}

#[test]
fn errors_do_not_repeat_their_cause() {
    let error = Log::open("/nowhere/at/all", LogFormat::JsonLines, Rotation::default()).expect_err("no such folder");
    assert_eq!(error.to_string(), "cannot open /nowhere/at/all for writing");
    let cause = std::error::Error::source(&error).expect("a cause").to_string();
    assert!(cause.contains("No such file"), "{cause}");
}
