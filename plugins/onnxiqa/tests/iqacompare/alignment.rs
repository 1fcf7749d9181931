// SPDX-License-Identifier: MPL-2.0

//! What is reported about an alignment found from the pictures.

use crate::common::*;
use gst::prelude::*;

fn messages_of(reference: &str, distorted: &str, delay: i64, properties: &str) -> Vec<gst::Structure> {
    let decoded = |name: &str| {
        let location = clip(name);
        format!(
            "filesrc location={} ! decodebin ! videoconvert ! videoscale ! \
             video/x-raw,format=I420,width=160,height=120 ! queue",
            location.display()
        )
    };
    let pipeline = launch(&format!(
        "{} ! c.reference {} ! iqacompare name=c {properties} ! fakesink",
        decoded(reference),
        decoded(distorted)
    ));
    pipeline.by_name("c").unwrap().static_pad("distorted").unwrap().set_offset(delay);
    let (errors, messages) = run(&pipeline);
    assert!(errors.is_empty(), "{errors:?}");
    messages
}

fn named<'a>(messages: &'a [gst::Structure], name: &str) -> Vec<&'a gst::Structure> {
    messages.iter().filter(|message| message.name() == name).collect()
}

#[test]
fn a_found_offset_is_posted_and_on_every_frame() {
    let delay = 10 * FRAME.nseconds() as i64;
    let messages = messages_of("bikes.mp4", "bikes.mp4", delay, "frame-messages=true");
    let told = named(&messages, "iqa-alignment");
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].get::<&str>("event"), Ok("found"));
    assert_eq!(told[0].get("to"), Ok(-delay));
    assert!((0.0..=1.0).contains(&told[0].get::<f64>("confidence").unwrap()) && !told[0].has_field("from"), "{told:?}");
    let scores = named(&messages, "iqa-score");
    assert!(scores.len() >= 200, "{} scores", scores.len());
    for score in scores {
        assert_eq!(score.get("offset"), Ok(-delay), "{score}");
        near(score.get("psnr-y").unwrap(), 100.0, 1e-9);
    }
}

#[test]
fn another_film_matches_nothing_and_is_in_no_pool() {
    let messages = messages_of("bigbuckbunny.mp4", "bikes.mp4", 0, "search-range=500000000");
    let summary = named(&messages, "iqa-summary")[0];
    let count = |field: &str| summary.get::<u64>(field).unwrap();
    assert_eq!((count("matched"), count("scored")), (0, 0), "{summary}");
    assert_eq!(count("unmatched"), count("distorted"));
    assert!(!summary.has_field("psnr-y"), "{summary}");
    let told: Vec<_> = named(&messages, "iqa-alignment").iter().filter_map(|m| m.get::<String>("event").ok()).collect();
    assert_eq!(told.iter().filter(|event| *event == "not-found").count(), 1, "{told:?}");
}

#[test]
fn memory_that_runs_out_is_posted() {
    // Memory for fewer frames of both sides than the offset needs.
    let messages = messages_of("bikes.mp4", "bikes.mp4", 0, "max-bytes=200000");
    let told = named(&messages, "iqa-alignment");
    let shrunk: Vec<_> = told.iter().filter(|message| message.get::<&str>("event") == Ok("shrunk")).collect();
    assert!(!shrunk.is_empty(), "{told:?}");
    assert!(shrunk[0].get::<u64>("window").unwrap() < 2_000_000_000);
    assert_eq!(named(&messages, "iqa-summary")[0].get::<u64>("distorted"), Ok(250));
}
