// SPDX-License-Identifier: MPL-2.0

//! What the pictures show of the pairs, and why there may be none: confidence, verdict and warnings, on real clips.

use crate::common::*;
use gst::prelude::*;

const CLIPS: [&str; 3] = ["bikes", "bigbuckbunny", "carphone_pristine"];

/// The result of a pipeline with an `iqacompare` called `c`.
struct Judged {
    summary: gst::Structure,
    warnings: Vec<String>,
    entries: Vec<gst::Structure>,
}

impl Judged {
    fn verdict(&self) -> &str {
        self.summary.get("verdict").unwrap()
    }

    fn reasons(&self) -> String {
        let reasons = self.summary.get::<gst::Array>("reasons").unwrap();
        reasons.iter().map(|reason| reason.get::<String>().unwrap()).collect::<Vec<_>>().join("; ")
    }

    fn share(&self, is: impl Fn(f64, &str) -> bool) -> f64 {
        let paired = self.entries.iter().filter(|entry| entry.has_field("evidence"));
        let said = |entry: &&gst::Structure| is(entry.get("confidence").unwrap(), entry.get("evidence").unwrap());
        let (count, of) = (paired.clone().filter(said).count(), paired.count());
        count as f64 / of.max(1) as f64
    }

    /// The shares of pairs that pictures confirm, and of pairs that they contradict.
    fn shares(&self) -> (f64, f64) {
        let told = self.share(|confidence, evidence| confidence >= 0.9 && evidence == "picture");
        (told, self.share(|confidence, evidence| confidence <= 0.1 && evidence == "time"))
    }
}

/// Runs a pipeline whose distorted stream is delayed by that many nanoseconds.
#[track_caller]
fn judged(description: &str, late: i64) -> Judged {
    let pipeline = launch(description);
    pipeline.by_name("c").unwrap().static_pad("distorted").unwrap().set_offset(late);
    let (sender, receiver) = std::sync::mpsc::channel();
    let source = pipeline.by_name("c").unwrap().static_pad("src").unwrap();
    source.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        let entry = info.buffer().and_then(|buffer| gstonnxiqa::meta::entries(buffer).into_iter().next());
        sender.send(entry.expect("an entry").1).unwrap();
        gst::PadProbeReturn::Ok
    });
    let bus = pipeline.bus().unwrap();
    let (warnings_sender, warnings) = std::sync::mpsc::channel();
    bus.set_sync_handler(move |_, message| {
        let own = message.src().is_some_and(|source| source.name() == "c");
        if let Some(text) = warning_text(message).filter(|_| own) {
            warnings_sender.send(text).unwrap();
        }
        gst::BusSyncReply::Pass
    });
    let (errors, messages) = run(&pipeline);
    assert!(errors.is_empty(), "{description}: {errors:?}");
    let summary = messages.into_iter().find(|message| message.name() == "iqa-summary").expect("a summary");
    Judged { summary, warnings: warnings.try_iter().collect(), entries: receiver.try_iter().collect() }
}

/// Compares the first `count` frames of a clip with the output of a pipeline fragment, delayed by that much.
#[track_caller]
fn compared(clip_name: &str, count: u32, distorted: &str, late: i64, settings: &str) -> Judged {
    let description = format!(
        "filesrc location={} ! decodebin ! videoconvert ! video/x-raw,format=I420 ! identity eos-after={} ! tee name=t \
         t. ! queue max-size-buffers=300 max-size-bytes=0 max-size-time=0 ! c.reference \
         t. ! queue max-size-buffers=300 max-size-bytes=0 max-size-time=0 ! {distorted} queue \
         ! iqacompare name=c measures=psnr {settings} ! fakesink",
        clip(&format!("{clip_name}.mp4")).display(),
        count + 1
    );
    judged(&description, late)
}

fn coded(kilobits: u32) -> String {
    format!("x264enc bitrate={kilobits} speed-preset=veryfast tune=zerolatency threads=1 ! avdec_h264 max-threads=1 ! ")
}

fn quantized(quantizer: u32) -> String {
    format!(
        "x264enc pass=quant quantizer={quantizer} speed-preset=veryfast tune=zerolatency threads=1 ! avdec_h264 \
         max-threads=1 ! "
    )
}

#[test]
fn right_times_are_confirmed_by_pictures_that_move() {
    let mut failures = Vec::new();
    // Much of bigbuckbunny moves less than an encoder with too few bits preserves.
    for name in CLIPS {
        let small = "videoscale add-borders=false ! video/x-raw,width=192,height=108 ! ".to_owned();
        let encoders = [(1000, 0.9), (150, 0.65), (60, 0.5)].map(|(kilobits, least)| (coded(kilobits), least));
        for (distorted, least) in encoders.into_iter().chain([(small, 0.9)]) {
            let judged = compared(name, 120, &distorted, 0, "alignment=pts");
            let (told, contradicted) = judged.shares();
            println!("{name} {distorted} {told:.3} told, {contradicted:.3} contradicted");
            if told < least || contradicted > 0.0 || judged.verdict() != "aligned" || !judged.warnings.is_empty() {
                failures
                    .push(format!("{name} {distorted} {told} told, {contradicted} contradicted, {}", judged.summary));
            }
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn wrong_times_are_contradicted_and_the_right_offset_is_named() {
    for name in CLIPS {
        for frames in [1, 3, 12] {
            // Much of this clip is still for half a second.
            if (name, frames) == ("bigbuckbunny", 12) {
                continue;
            }
            let late = frames * 40_000_000i64;
            let distorted = coded(400);
            let judged = compared(name, 120, &distorted, late, "alignment=pts");
            let (told, contradicted) = judged.shares();
            println!(
                "{name}, {frames} frames late: {told:.3} told, {contradicted:.3} contradicted {:?}",
                judged.warnings
            );
            assert!(contradicted > 0.5 && told < 0.02, "{name} {frames}: {told} told, {contradicted} contradicted");
            assert_eq!(judged.verdict(), "not-aligned");
            assert!(!judged.warnings.is_empty() && !judged.reasons().is_empty());
            let cured = compared(name, 120, &distorted, late, &format!("alignment=offset offset=-{late}"));
            assert!(cured.shares().0 >= 0.9, "{name} {frames}: {:?}", cured.shares());
            assert_eq!(cured.warnings, Vec::<String>::new());
        }
    }
}

#[test]
fn an_offset_beyond_the_search_range_is_named() {
    let (distorted, late) = (coded(400), 3_400_000_000);
    for alignment in ["auto", "track"] {
        let judged = compared("bikes", 240, &distorted, late, &format!("alignment={alignment}"));
        let parts = ["the search range is 2 s", "about -3.4", "search-range=4000000000"];
        assert!(!judged.warnings.is_empty(), "{alignment}");
        for warning in &judged.warnings {
            parts.iter().for_each(|part| assert!(warning.contains(part), "{part} is not in {warning}"));
        }
        assert_eq!(judged.verdict(), "not-aligned");
        let cured = format!("alignment={alignment} search-range=4000000000");
        let cured = compared("bikes", 240, &distorted, late, &cured);
        assert!(cured.warnings.iter().all(|warning| !warning.contains("search range is")), "{:?}", cured.warnings);
        assert!(cured.summary.get::<u64>("matched").unwrap() > 100, "{}", cured.summary);
    }
}

#[test]
fn rotated_or_mirrored_pictures_are_reported_with_the_cure() {
    for name in CLIPS {
        for direction in ["90r", "180", "90l", "horiz", "vert", "ul-lr", "ur-ll"] {
            for alignment in ["auto", "pts"] {
                let flip = |direction: &str| format!("videoflip video-direction={direction} ! ");
                let judged = compared(name, 75, &flip(direction), 0, &format!("alignment={alignment}"));
                let cure = "put `videoflip video-direction=";
                let warnings: Vec<_> =
                    judged.warnings.iter().filter(|text| !text.contains("display aspect ratios")).collect();
                println!("{name} {direction} {alignment}: {} {:?} {warnings:?}", judged.verdict(), judged.shares());
                assert!(
                    !warnings.is_empty() && warnings.iter().all(|text| text.contains(cure)),
                    "{name} {direction} {alignment}: {warnings:?}"
                );
                assert!(judged.reasons().contains(cure));
                assert_eq!(judged.verdict(), "not-aligned", "{name} {direction} {alignment}");
                let method = warnings[0].split(cure).nth(1).and_then(|rest| rest.split('`').next()).unwrap();
                if alignment == "pts" {
                    let both = flip(direction) + &flip(method);
                    let cured = compared(name, 75, &both, 0, "alignment=pts");
                    assert_eq!(
                        (cured.verdict(), &cured.warnings),
                        ("aligned", &Vec::new()),
                        "{name} {direction} {method}"
                    );
                }
            }
        }
    }
}

/// Reported once: at the first sign in a long stream, at the end of a short one. With `bikes`, x264 leaves more noise
/// than detail.
#[test]
fn swapped_streams_are_reported_by_the_detail_of_their_pictures() {
    for name in &CLIPS[1..] {
        for frames in [60, 120] {
            let side =
                |coder: &str| format!("t. ! queue max-size-buffers=300 max-size-bytes=0 max-size-time=0 ! {coder}");
            let of = |reference: &str, distorted: &str| {
                let description = format!(
                    "filesrc location={} ! decodebin ! videoconvert ! video/x-raw,format=I420 \
                     ! identity eos-after={} ! tee name=t {} c.reference {} queue \
                     ! iqacompare name=c measures=psnr alignment=pts ! fakesink",
                    clip(&format!("{name}.mp4")).display(),
                    frames + 1,
                    side(reference),
                    side(distorted)
                );
                judged(&description, 0)
            };
            // An encoder's time stamps would differ from those of streams that are not encoded.
            let (coarse, fine) = (quantized(36), quantized(1));
            let right = of(&fine, &coarse);
            assert_eq!((right.verdict(), &right.warnings), ("aligned", &Vec::new()), "{name}, {frames} frames");
            let swapped = of(&coarse, &fine);
            assert_eq!(swapped.verdict(), "aligned", "{name}, {frames} frames");
            let parts = ["detail that the reference lacks", "were not swapped"];
            assert_one(&swapped.warnings, &parts);
            assert!(parts.iter().all(|part| swapped.reasons().contains(part)), "{}", swapped.reasons());
        }
    }
}

#[test]
fn with_still_pictures_time_decides() {
    for pattern in ["smpte75", "black", "white", "circular"] {
        let description = format!(
            "videotestsrc pattern={pattern} num-buffers=60 ! video/x-raw,format=I420,width=320,height=180 \
             ! tee name=t t. ! queue ! c.reference t. ! queue ! {} iqacompare name=c measures=psnr alignment=pts \
             ! fakesink",
            coded(200)
        );
        let judged = judged(&description, 0);
        assert_eq!(judged.share(|confidence, evidence| confidence == 0.4 && evidence == "time"), 1.0, "{pattern}");
        assert_eq!((judged.verdict(), &judged.warnings), ("aligned-by-time", &Vec::new()), "{pattern}");
    }
}

#[test]
fn other_films_are_contradicted_without_a_false_cause() {
    for (reference, distorted) in
        [("bikes", "bigbuckbunny"), ("bigbuckbunny", "carphone_pristine"), ("carphone_pristine", "bikes")]
    {
        for alignment in ["pts", "auto"] {
            let side = |name: &str| {
                format!(
                    "filesrc location={} ! decodebin ! videoconvert ! video/x-raw,format=I420 ! identity eos-after=121 \
                     ! videoscale ! video/x-raw,width=320,height=180,pixel-aspect-ratio=1/1 ! queue ",
                    clip(&format!("{name}.mp4")).display()
                )
            };
            let description = format!(
                "{} ! c.reference {} ! iqacompare name=c measures=psnr alignment={alignment} ! fakesink",
                side(reference),
                side(distorted)
            );
            let judged = judged(&description, 0);
            println!("{reference} {distorted} {alignment}: {:?} {:?}", judged.shares(), judged.warnings);
            assert_eq!(judged.verdict(), "not-aligned");
            let expected = if alignment == "pts" { "the pictures contradict" } else { "no frame was matched" };
            let causes = ["search range is", "the pictures agree at", "videoflip"];
            assert!(judged.warnings.iter().any(|text| text.contains(expected)), "{:?}", judged.warnings);
            assert!(causes.iter().all(|cause| !judged.reasons().contains(cause)), "{}", judged.reasons());
            assert!(!judged.warnings.iter().any(|text| causes.iter().any(|cause| text.contains(cause))));
        }
    }
}

/// Caps may contain a time base, 1/24000 s, instead of a frame rate.
#[test]
fn caps_with_a_time_base_as_frame_rate_do_not_narrow_what_matches() {
    let caps = "video/x-raw,format=GRAY8,width=16,height=16,framerate=24000/1";
    for alignment in ["pts", "offset"] {
        let harness = Compare::started(iqacompare().property_from_str("alignment", alignment).build().unwrap(), caps);
        // 7 of 10 frames at 24000/1001 per second, and the same rounded to milliseconds.
        let times: Vec<u64> = (0..100).filter(|n| n * 7 % 10 < 7).map(|n| n * 1_001_000_000_000 / 24_000).collect();
        let at = |time: u64, value: u8| {
            let mut buffer = flat(0, value);
            let fields = buffer.get_mut().unwrap();
            fields.set_pts(gst::ClockTime::from_nseconds(time));
            fields.set_duration(None);
            buffer
        };
        let milliseconds = |time: u64| (time + 500_000) / 1_000_000 * 1_000_000;
        harness.feed(times.iter().map(|&time| at(time, 100)), times.iter().map(|&time| at(milliseconds(time), 103)));
        let frames = harness.finish_both();
        assert_eq!(frames.len(), 70);
        harness.assert_ledger(&[("matched", 70), ("reference", 70)]);
        for (frame, &time) in frames.iter().zip(&times) {
            assert_eq!(entry(frame).get("reference-pts"), Ok(time), "{alignment}");
        }
    }
}
