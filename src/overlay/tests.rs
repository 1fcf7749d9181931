// SPDX-License-Identifier: MPL-2.0

//! What is drawn, and when.

mod formats;

use super::*;
use crate::model::contract::Kind;
use crate::record::State;

const SECOND: u64 = 1_000_000_000;

fn record(score: f64) -> FrameRecord {
    let mut record = FrameRecord::new("metaiqa", Kind::NoReference, State::Scored);
    (record.score, record.age) = (Some(score), Some(0));
    record
}

#[test]
fn nothing_is_drawn_anew_until_something_changes() {
    let mut overlay = Overlay::new(Settings::default());
    let serials = |overlay: &mut Overlay| -> Vec<u64> {
        overlay.layers([640, 360], [2, 2]).iter().map(|layer| layer.serial).collect()
    };
    assert!(serials(&mut overlay).is_empty(), "nothing is known");
    let score = record(50.0);
    overlay.observe(Some(0), [("a", &score)]);
    let first = serials(&mut overlay);
    assert_eq!(first.len(), 1);
    // 40 ms later, without a score of its own: too little to say so.
    overlay.observe(Some(SECOND / 25), []);
    assert_eq!(serials(&mut overlay), first);
    overlay.observe(Some(SECOND / 2), []);
    let older = serials(&mut overlay);
    assert_ne!(older, first, "it says how old the score is");
    // A new score does not cause the map to be redrawn.
    let mut mapped = record(50.0);
    mapped.map = Some(Arc::new(Map { width: 2, height: 1, data: vec![0, 255] }));
    overlay.observe(Some(SECOND), [("a", &mapped)]);
    let with_map = serials(&mut overlay);
    (mapped.score, mapped.age) = (Some(51.0), Some(0));
    overlay.observe(Some(2 * SECOND), [("a", &mapped)]);
    let later = serials(&mut overlay);
    assert_eq!((with_map.len(), later.len()), (2, 2));
    assert!(with_map[0] == later[0] && with_map[1] != later[1], "{with_map:?} {later:?}");
}

/// The rows that are drawn.
fn said(overlay: &mut Overlay) -> String {
    overlay.layers([1280, 720], [2, 2]);
    format!("{:?}", overlay.drawn.rows)
}

#[test]
fn a_score_that_is_carried_on_says_its_age_and_becomes_stale() {
    let mut overlay = Overlay::default();
    overlay.observe(Some(10 * SECOND), [("a", &record(72.4))]);
    assert!(said(&mut overlay).contains("72.4") && !said(&mut overlay).contains("ago"));
    overlay.observe(Some(12 * SECOND), []);
    assert!(said(&mut overlay).contains("2.0 s ago") && !said(&mut overlay).contains("Stale"));
    overlay.observe(Some(12 * SECOND + 1), []);
    assert!(said(&mut overlay).contains("Stale"));
    // As `mode=live` reports it: an older frame's score, and its age.
    let mut carried = record(30.0);
    (carried.state, carried.age) = (Some(State::Skipped), Some(SECOND / 2));
    overlay.observe(Some(13 * SECOND), [("a", &carried)]);
    assert!(said(&mut overlay).contains("30.0") && said(&mut overlay).contains("0.5 s ago"));
    assert_eq!(overlay.tracks[0].history.last(), Some((12 * SECOND + SECOND / 2, 30.0)));
    let mut failed = FrameRecord::new("metaiqa", Kind::NoReference, State::Failed);
    failed.age = None;
    overlay.observe(Some(14 * SECOND), [("a", &failed)]);
    assert!(said(&mut overlay).contains("FAILED") && said(&mut overlay).contains("1.5 s ago"));
}

#[test]
fn a_copy_of_a_frame_says_the_age_of_its_score() {
    let mut overlay = Overlay::default();
    let mut first = record(72.4);
    (first.scored_pts, first.latency) = (Some(0), Some(7));
    // As `videorate` fills a gap: the frame repeated with all its metadata.
    for n in 0..=20 {
        overlay.observe(Some(10 * SECOND + n * SECOND / 10), [("a", &first)]);
    }
    assert!(said(&mut overlay).contains("72.4") && said(&mut overlay).contains("2.0 s ago"));
    assert_eq!(overlay.tracks[0].history.points().collect::<Vec<_>>(), [(10 * SECOND, 72.4)]);
    // `mode=live` carries it on, and such a frame is copied, too.
    let mut carried = first.clone();
    (carried.state, carried.age) = (Some(State::Skipped), Some(3 * SECOND));
    for n in 0..=10 {
        overlay.observe(Some(13 * SECOND + n * SECOND / 10), [("a", &carried)]);
    }
    assert!(said(&mut overlay).contains("4.0 s ago") && said(&mut overlay).contains("Stale"));
    // The next frame, of the same score.
    let mut next = first.clone();
    next.scored_pts = Some(SECOND);
    overlay.observe(Some(15 * SECOND), [("a", &next)]);
    assert!(!said(&mut overlay).contains("ago"));
    assert_eq!(overlay.tracks[0].history.points().len(), 2);
}

#[test]
fn before_the_first_score_it_says_so() {
    let mut overlay = Overlay::default();
    overlay.observe(None, [("a", &FrameRecord::new("metaiqa", Kind::NoReference, State::Skipped))]);
    assert!(said(&mut overlay).contains("no score yet"));
}

#[test]
fn time_may_jump() {
    let mut overlay = Overlay::default();
    (0..100).for_each(|n| overlay.observe(Some(n * SECOND / 10), [("a", &record(40.0 + n as f64 / 10.0))]));
    assert_eq!(overlay.tracks[0].history.points().len(), 100);
    // Out of order by less than a second: a frame like the others.
    overlay.observe(Some(9 * SECOND), []);
    assert!(overlay.tracks[0].headline().is_some());
    // Back: the score is of a time that has not come yet.
    overlay.observe(Some(SECOND), []);
    assert_eq!((overlay.tracks[0].history.points().len(), overlay.tracks[0].headline()), (0, None));
    overlay.observe(Some(2 * SECOND), [("a", &record(10.0))]);
    // Forward, far: old, and no line across.
    overlay.observe(Some(u64::MAX), []);
    assert!(said(&mut overlay).contains("h ago"));
    overlay.clear();
    overlay.observe(Some(0), []);
    assert!(overlay.layers([640, 360], [2, 2]).is_empty());
}

#[test]
fn measures_stand_for_a_comparison_without_a_model() {
    let mut compared = FrameRecord::new("none", Kind::FullReference, State::Scored);
    compared.measures = vec![("psnr-y", 38.25), ("psnr-cb", 41.0), ("psnr", 39.0), ("ssim", 0.9531)];
    let mut overlay = Overlay::default();
    overlay.observe(Some(0), [("c", &compared)]);
    let text = said(&mut overlay);
    assert!(text.contains(r#"Title("psnr-y")"#) && text.contains(r#"number: "38.2""#), "{text}");
    assert!(
        text.contains(r#"Value("ssim", "0.953")"#) && !text.contains("psnr-cb") && !text.contains("39.0"),
        "{text}"
    );
    compared.measures.push(("vmaf", 81.0));
    overlay.observe(Some(SECOND), [("c", &compared)]);
    let text = said(&mut overlay);
    assert!(text.contains(r#"Title("vmaf")"#) && text.contains(r#"Value("psnr-y", "38.2 dB")"#), "{text}");
    // A model that scores some pairs stands for those between, too.
    let mut scored = record(66.0);
    scored.measures = compared.measures.clone();
    overlay.observe(Some(2 * SECOND), [("c", &scored)]);
    overlay.observe(Some(3 * SECOND), [("c", &compared)]);
    let text = said(&mut overlay);
    assert!(text.contains(r#"number: "66.0""#) && text.contains("1.0 s ago"), "{text}");
}

#[test]
fn only_the_chosen_elements_and_parts_are_drawn() {
    let mut overlay = Overlay::default();
    let (one, two) = (record(11.0), record(22.0));
    overlay.observe(Some(0), [("a", &one), ("b", &two)]);
    assert!(said(&mut overlay).contains("a: metaiqa") && said(&mut overlay).contains("22.0"));
    overlay.set_settings(Settings { elements: vec!["b".into()], ..Settings::default() });
    assert!(said(&mut overlay).contains("22.0") && !said(&mut overlay).contains("11.0"));
    let none = Show { score: false, history: false, map: false, values: false, alarm: false };
    overlay.set_settings(Settings { show: none, ..Settings::default() });
    assert!(overlay.layers([1280, 720], [2, 2]).is_empty());
}

#[test]
fn names_from_outside_do_not_fill_the_memory() {
    let mut overlay = Overlay::default();
    let score = record(1.0);
    for n in 0..1000 {
        overlay.observe(Some(n), [(n.to_string().as_str(), &score)]);
    }
    assert_eq!(overlay.tracks.len(), TRACKS);
}

#[test]
fn boxes_are_in_their_places_at_every_size() {
    use Position::*;
    let all = [TopLeft, Top, TopRight, Left, Center, Right, BottomLeft, Bottom, BottomRight];
    for size in [[320, 240], [1280, 720], [1080, 1920], [3840, 2160]] {
        for position in all {
            let mut overlay = Overlay::new(Settings { position, ..Settings::default() });
            overlay.observe(Some(0), [("a", &record(50.0))]);
            let rect = overlay.layers(size, [2, 2]).first().map(|layer| layer.rect).unwrap();
            let middle = [rect.x + rect.width / 2, rect.y + rect.height / 2];
            let third = |index: usize| middle[index] * 3 / size[index];
            let expected = all.iter().position(|&other| other == position).unwrap() as u32;
            assert_eq!(third(1) * 3 + third(0), expected, "{position:?} of {size:?}: {rect}");
            assert!(rect.right() <= size[0] && rect.bottom() <= size[1]);
            assert!(rect.width * rect.height * 5 < size[0] * size[1], "{rect} covers too much of {size:?}");
        }
    }
}

#[test]
fn scale_makes_boxes_larger() {
    let width = |scale| {
        let mut overlay = Overlay::new(Settings { scale, ..Settings::default() });
        overlay.observe(Some(0), [("a", &record(50.0))]);
        f64::from(overlay.layers([1920, 1080], [2, 2])[0].rect.width)
    };
    assert!((width(2.0) / width(1.0) - 2.0).abs() < 0.05, "{} {}", width(1.0), width(2.0));
    assert!((width(0.5) / width(1.0) - 0.5).abs() < 0.05);
    for scale in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e300] {
        assert!(width(scale) <= 1920.0);
    }
}
