// SPDX-License-Identifier: MPL-2.0

//! Paths from times and pictures.

use crate::align::time::desk::Desk;
use crate::align::time::path::Tracker;
use crate::align::time::signature::{CELLS, COLUMNS, ROWS};
use crate::align::time::{
    Aligner, Alignment, AlignmentEvent, Decision, Evidence, Ledger, Pairing, Settings, Signature, Timestamp,
};

const FRAME: i64 = 40_000_000;
const RANGE: u64 = 1_000_000_000;

/// A film of blobs that move over a still background, different for each seed.
struct Film {
    blobs: Vec<[f64; 8]>,
}

impl Film {
    fn new(seed: u64) -> Self {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as f64 / (1_u64 << 31) as f64
        };
        Self { blobs: (0..8).map(|_| std::array::from_fn(|_| random())).collect() }
    }

    /// The picture at a time in frames, shifted by a number of cells.
    fn at(&self, time: f64, moved: [f64; 2]) -> Box<[f32; CELLS]> {
        let mut cells = Box::new([0.0; CELLS]);
        let (columns, rows) = (|x: usize| x as f64 - moved[0], |y: usize| y as f64 - moved[1]);
        let blobs: Vec<_> = self
            .blobs
            .iter()
            .map(|[a, b, c, d, e, f, g, h]| {
                let angle = |speed: f64, phase: f64| (time * (0.03 + 0.12 * speed) + 6.3 * phase).sin();
                let center_x = COLUMNS as f64 * (a + 0.25 * angle(*c, *d) + 0.06 * angle(3.0 * e, *f));
                let center_y = ROWS as f64 * (b + 0.25 * angle(*e, *g) + 0.06 * angle(3.0 * c, *h));
                let bell = |far: f64| (-far * far).exp();
                let across: [f64; COLUMNS] = std::array::from_fn(|x| bell((columns(x) - center_x) / (3.0 + 4.0 * g)));
                let down: [f64; ROWS] = std::array::from_fn(|y| bell((rows(y) - center_y) / (2.0 + 3.0 * h)));
                (f - 0.5, across, down)
            })
            .collect();
        for (at, cell) in cells.iter_mut().enumerate() {
            let (x, y) = (at % COLUMNS, at / COLUMNS);
            let still = 0.45 + 0.1 * (0.2 * columns(x)).sin() * (0.3 * rows(y)).cos();
            let value = blobs.iter().map(|(height, across, down)| height * across[x] * down[y]).sum::<f64>();
            *cell = (still + value) as f32;
        }
        cells
    }

    fn signature(&self, time: f64) -> Signature {
        Signature::from_cells(self.at(time, [0.0; 2]))
    }
}

/// One side's frames.
type Side = Vec<(Timestamp, Signature)>;

fn stamp(running: i64) -> Timestamp {
    Timestamp { running: Some(running), duration: Some(FRAME as u64) }
}

/// `count` frames of what `picture` shows, 40 ms apart.
fn side(count: i64, mut picture: impl FnMut(i64) -> Signature) -> Side {
    (0..count).map(|i| (stamp(i * FRAME), picture(i))).collect()
}

/// The output of an aligner, and the most frames that the caller had to hold.
struct Said {
    events: Vec<AlignmentEvent>,
    decisions: Vec<Decision>,
    held: u64,
}

impl Said {
    /// The offsets found.
    fn offsets(&self) -> Vec<i64> {
        let to = |event: &AlignmentEvent| if let AlignmentEvent::Offset { to, .. } = event { Some(*to) } else { None };
        self.events.iter().filter_map(to).collect()
    }

    /// Distorted frames with a partner: how many are `ahead` of theirs by this much, and how many are not.
    fn pairs(&self, ahead: i64) -> (usize, usize) {
        let partners = self.decisions.iter().filter_map(|d| Some(d.pairing.reference()? as i64 - d.distorted as i64));
        let (right, wrong): (Vec<_>, Vec<_>) = partners.partition(|&by| by == ahead);
        (right.len(), wrong.len())
    }
}

fn settings(range: u64) -> Settings {
    Settings { alignment: Alignment::Auto, offset: 0, search_range: range }
}

/// Feeds both sides as the caller does. `live`: as they come, and frames are forced after the search range.
fn fed(settings: Settings, references: &Side, distorted: &Side, live: bool) -> Said {
    let mut aligner = Aligner::new(settings);
    let mut said = Said { events: vec![], decisions: vec![], held: 0 };
    let mut fed = [0, 0];
    loop {
        said.events.extend(std::iter::from_fn(|| aligner.next_event()));
        said.decisions.extend(std::iter::from_fn(|| aligner.next_decision()));
        let held = fed[0] as u64 - aligner.needed_from() + (fed[1] - said.decisions.len()) as u64;
        said.held = said.held.max(held);
        let lead = if live { 0 } else { aligner.lead() };
        match (references.get(fed[0]), distorted.get(fed[1])) {
            (Some(r), d) if d.is_none_or(|d| r.0.running <= d.0.running.map(|t| t + lead)) => {
                aligner.push_reference(r.0, Some(r.1.clone()));
                fed[0] += 1;
                if fed[0] == references.len() {
                    aligner.end_reference();
                }
            }
            (_, Some(d)) => {
                aligner.push_distorted(d.0, Some(d.1.clone()));
                fed[1] += 1;
                let deadline = d.0.running.map(|t| t - settings.search_range as i64);
                if let Some(late) = distorted[..fed[1]].iter().rposition(|d| live && d.0.running <= deadline) {
                    aligner.force(late as u64);
                }
                if fed[1] == distorted.len() {
                    aligner.end_distorted();
                }
            }
            (_, None) if said.decisions.len() == distorted.len() => break,
            (_, None) => panic!("{} of {} decided", said.decisions.len(), distorted.len()),
        }
    }
    let Ledger { distorted, reference, matched, duplicate, unmatched, dropped, outside } = aligner.ledger();
    assert_eq!(distorted, matched + duplicate + unmatched);
    assert_eq!(reference, matched + dropped + outside);
    assert_eq!(aligner.needed_from(), fed[0] as u64);
    said
}

#[test]
fn offsets_are_exact_to_the_end_of_the_range() {
    let film = Film::new(1);
    for (offset, live) in [(-25, false), (-9, true), (-1, false), (0, true), (1, false), (13, true), (25, false)] {
        let references = side(100, |i| film.signature(i as f64));
        let distorted = side(75, |i| film.signature((i + offset) as f64));
        let said = fed(settings(RANGE), &references, &distorted, live);
        assert_eq!(said.offsets(), [offset * FRAME], "offset {offset}");
        let (right, wrong) = said.pairs(offset);
        let (expected, lost) = ((75 + offset.min(0)) as usize, if live { 8 } else { 0 });
        assert!(right + lost >= expected && wrong == 0, "offset {offset}: {right} of {expected}, {wrong} wrong");
    }
}

#[test]
fn gain_bias_noise_and_shift_do_no_harm() {
    let film = Film::new(2);
    let references = side(90, |i| film.signature(i as f64));
    let mut state = 1_u32;
    let distorted = side(80, |i| {
        let mut cells = film.at((i + 7) as f64, [1.6, -0.9]);
        for cell in cells.iter_mut() {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *cell = 0.6 * *cell + 0.2 + ((state >> 16) as f32 / 65536.0 - 0.5) * 0.02;
        }
        Signature::from_cells(cells)
    });
    let said = fed(settings(RANGE), &references, &distorted, false);
    assert_eq!(said.offsets(), [7 * FRAME]);
    assert_eq!(said.pairs(7), (80, 0));
}

#[test]
fn frame_rates_may_differ() {
    let film = Film::new(3);
    let second = 1_000_000_000_i64;
    // Frames a second of the reference and the distorted side, which shows the nearest reference frame.
    for (reference, rate) in [(25, 30), (30, 25), (50, 25), (25, 50), (24, 60)] {
        let time =
            |i: i64, rate: i64| Timestamp { running: Some(i * second / rate), duration: Some((second / rate) as u64) };
        let references: Side = (0..reference * 4)
            .map(|i| (time(i, reference), film.signature(25.0 * i as f64 / reference as f64)))
            .collect();
        let distorted: Side = (0..rate * 3)
            .map(|i| {
                let source = (2 * (i + rate / 5) * reference + rate) / (2 * rate);
                (time(i, rate), film.signature(25.0 * source as f64 / reference as f64))
            })
            .collect();
        let said = fed(settings(RANGE), &references, &distorted, false);
        let offsets = said.offsets();
        assert!(
            offsets.len() == 1 && (offsets[0] - second / 5).abs() <= second / reference / 2,
            "{reference} {offsets:?}"
        );
        let matched = said.decisions.iter().filter(|d| d.pairing != Pairing::Unmatched).count() as i64;
        assert!(
            matched >= 3 * rate.min(reference) - 2,
            "{reference} to {rate}: {matched} {:?} {:?}",
            said.events,
            said.decisions
        );
    }
}

#[test]
fn another_film_has_no_partner() {
    for (seed, live) in [(4, false), (5, true), (6, false)] {
        let (one, other) = (Film::new(seed), Film::new(seed + 100));
        let references = side(200, |i| one.signature(i as f64));
        let distorted = side(200, |i| other.signature(i as f64));
        let said = fed(settings(RANGE), &references, &distorted, live);
        assert!(said.offsets().is_empty(), "{:?}", said.events);
        let paired: Vec<_> = said.decisions.iter().filter(|d| d.pairing != Pairing::Unmatched).collect();
        assert!(paired.is_empty(), "{paired:?}");
        assert!(said.held < 110, "{} held", said.held);
    }
}

#[test]
fn what_stands_still_is_aligned_by_time_until_it_moves() {
    let film = Film::new(7);
    let time = |i: i64| (i - 80).max(0) as f64;
    let references = side(200, |i| film.signature(time(i)));
    let distorted = side(180, |i| film.signature(time(i + 5)));
    let said = fed(settings(RANGE), &references, &distorted, false);
    assert_eq!(said.offsets(), [0, 5 * FRAME]);
    assert!(said.decisions.iter().all(|d| d.pairing != Pairing::Unmatched));
    let (still, moving) = said.decisions.split_at(70);
    assert!(still.iter().all(|d| d.evidence == Evidence::Time && d.confidence < 0.5));
    let right = |d: &&Decision| d.pairing == Pairing::Matched(d.distorted + 5) && d.evidence == Evidence::Picture;
    assert!(moving.iter().skip(8).filter(right).count() >= 100, "{moving:?}");
}

#[test]
fn where_there_is_black_or_flashes_of_the_whole_picture_time_decides() {
    let film = Film::new(8);
    let flashing = |i: i64, still: bool| {
        let mut cells = film.at(if still { 3.0 } else { i as f64 }, [0.0; 2]);
        let light = if i % 4 < 2 { 1.0 } else { 0.4 };
        cells.iter_mut().for_each(|cell| *cell *= light);
        Signature::from_cells(cells)
    };
    let black = |_| Signature::from_cells(Box::new([0.0; CELLS]));
    let by_time = |said: &Said| said.decisions.iter().all(|d| d.evidence == Evidence::Time && d.confidence < 0.5);
    let said = fed(settings(RANGE), &side(120, black), &side(120, black), false);
    assert!((said.offsets(), said.pairs(0)) == (vec![0], (120, 0)) && by_time(&said));
    let still = |i| flashing(i, true);
    let said = fed(settings(RANGE), &side(120, still), &side(120, |i| still(i + 1)), false);
    // Flashes are the same on both sides when the offset is right.
    assert!(said.decisions.iter().all(|d| d.pairing != Pairing::Unmatched));
    // What moves under the flashes does.
    let moving = |i| flashing(i, false);
    let said = fed(settings(RANGE), &side(120, moving), &side(110, |i| moving(i + 3)), false);
    assert_eq!((said.offsets(), said.pairs(3)), (vec![3 * FRAME], (110, 0)));
}

#[test]
fn what_repeats_within_the_range_is_aligned_at_the_offset_nearest_to_time() {
    let film = Film::new(9);
    let looped = |i: i64| film.signature((i % 15) as f64);
    let said = fed(settings(RANGE), &side(150, looped), &side(140, |i| looped(i + 2)), false);
    assert_eq!((said.offsets(), said.pairs(2)), (vec![2 * FRAME], (140, 0)));
}

#[test]
fn another_film_in_between_is_left_out() {
    let (film, other) = (Film::new(10), Film::new(11));
    let references = side(300, |i| film.signature(i as f64));
    for live in [false, true] {
        let distorted = side(300, |i| match i {
            100..180 => other.signature(i as f64),
            _ => film.signature(i as f64),
        });
        let said = fed(settings(RANGE), &references, &distorted, live);
        let inside = |d: &&Decision| (100..180).contains(&d.distorted) && d.pairing != Pairing::Unmatched;
        let inside: Vec<_> = said.decisions.iter().filter(inside).collect();
        assert!(inside.is_empty(), "{inside:?}");
        assert!(said.events.contains(&AlignmentEvent::Lost { distorted: 100 }), "{:?}", said.events);
        let (right, wrong) = said.pairs(0);
        assert!(right >= 210 && wrong == 0, "{right} {wrong}");
    }
}

#[test]
fn single_spoilt_frames_keep_their_partners() {
    let (film, other) = (Film::new(12), Film::new(13));
    let references = side(200, |i| film.signature(i as f64));
    let distorted = side(200, |i| match i {
        100..104 => other.signature(i as f64),
        _ => film.signature(i as f64),
    });
    let said = fed(settings(RANGE), &references, &distorted, false);
    assert_eq!((said.offsets(), said.pairs(0)), (vec![0], (200, 0)));
    let confidence = |i: usize| said.decisions[i].confidence;
    assert!(confidence(101) < 0.6 * confidence(99) && confidence(105) > 0.9 * confidence(99));
}

#[test]
fn a_jump_is_found_and_told() {
    let film = Film::new(14);
    let references = side(400, |i| film.signature(i as f64));
    for (jump, live) in [(1, false), (-2, true), (6, false), (-20, false), (20, true)] {
        let distorted = side(350, |i| film.signature((if i < 150 { i } else { i + jump }) as f64));
        let said = fed(settings(RANGE), &references, &distorted, live);
        assert_eq!(said.offsets().last(), Some(&(jump * FRAME)), "{:?}", said.events);
        let after = said.decisions.iter().filter(|d| d.distorted >= 230);
        let right = after.filter(|d| d.pairing == Pairing::Matched((d.distorted as i64 + jump) as u64)).count();
        assert_eq!(right, 120, "jump {jump}: {:?}", said.events);
    }
}

#[test]
fn a_year_takes_no_more_memory_than_a_minute() {
    let film = Film::new(15);
    let pictures: Vec<_> = (0..500).map(|i| film.signature(i as f64)).collect();
    let mut tracker = Tracker::new(settings(RANGE));
    let mut desk = Desk::default();
    let picture = |i: i64| Some(pictures[(i % 500) as usize].clone());
    for i in 0..6000 {
        tracker.push_reference(stamp(i * FRAME), picture(i), &mut desk);
        if i < 5 {
            continue;
        }
        tracker.push_distorted(i as u64 - 5, stamp((i - 5) * FRAME), picture(i), &mut desk);
        while desk.next_decision().is_some() {}
        assert!(tracker.references.len() < 120 && tracker.rows.len() < 80, "{i}");
    }
    assert!(tracker.needed_from() > 5980);
}

#[test]
fn frames_without_times_follow_one_another() {
    let film = Film::new(16);
    let timeless = |count, first: i64| -> Side {
        let stamp = Timestamp { running: None, duration: Some(FRAME as u64) };
        (0..count).map(|i| (stamp, film.signature((i + first) as f64))).collect()
    };
    let (references, distorted) = (timeless(90, 0), timeless(80, 6));
    let mut aligner = Aligner::new(settings(RANGE));
    for (i, (stamp, signature)) in references.into_iter().enumerate() {
        aligner.push_reference(stamp, Some(signature));
        if let Some(frame) = distorted.get(i) {
            aligner.push_distorted(frame.0, Some(frame.1.clone()));
        }
    }
    aligner.end_reference();
    aligner.end_distorted();
    let decisions: Vec<_> = std::iter::from_fn(|| aligner.next_decision()).collect();
    assert_eq!(decisions.len(), 80);
    assert!(decisions.iter().all(|d| d.pairing == Pairing::Matched(d.distorted + 6)));
}

#[test]
fn memory_that_runs_out_narrows_the_search() {
    let film = Film::new(17);
    let mut aligner = Aligner::new(settings(RANGE));
    for i in 0..20 {
        aligner.push_reference(stamp(i * FRAME), Some(film.signature(0.0)));
        aligner.push_distorted(stamp(i * FRAME), Some(film.signature(0.0)));
    }
    let lead = aligner.lead();
    aligner.shrink();
    assert!(
        std::iter::from_fn(|| aligner.next_event())
            .any(|e| matches!(e, AlignmentEvent::Shrunk { window } if window < RANGE))
    );
    assert!(aligner.lead() <= lead);
    for _ in 0..100 {
        aligner.shrink();
    }
    // In the end every frame is decided or released.
    let decisions = std::iter::from_fn(|| aligner.next_decision()).count();
    assert!(decisions == 20 && aligner.needed_from() == 20, "{decisions}");
}

#[test]
fn a_new_offset_is_searched_around() {
    let film = Film::new(18);
    let references = side(200, |i| film.signature(i as f64));
    let distorted = side(100, |i| film.signature((i + 60) as f64));
    let said = fed(settings(RANGE), &references, &distorted, false);
    assert!(said.offsets().is_empty());
    let around = Settings { offset: 50 * FRAME, ..settings(RANGE) };
    let said = fed(around, &references, &distorted, false);
    assert_eq!((said.offsets(), said.pairs(60)), (vec![60 * FRAME], (100, 0)));
}
