// SPDX-License-Identifier: MPL-2.0

use super::*;

fn at(ms: i64) -> Timestamp {
    Timestamp { running: Some(ms * 1_000_000), duration: None }
}

fn lasting(ms: i64, duration: u64) -> Timestamp {
    Timestamp { duration: Some(duration * 1_000_000), ..at(ms) }
}

fn partners(clock: &mut Clock) -> Vec<Option<u64>> {
    std::iter::from_fn(|| clock.decide()).map(|verdict| verdict.partner).collect()
}

#[test]
fn equal_times_are_decided_at_once() {
    let mut clock = Clock::new(0);
    clock.push_reference(0, at(0));
    clock.push_distorted(0, at(0));
    assert_eq!(clock.decide().map(|v| (v.partner, v.fit)), Some((Some(0), 1.0)));
    clock.push_distorted(1, at(40));
    assert_eq!(partners(&mut clock), []);
    clock.push_reference(1, at(40));
    assert_eq!(partners(&mut clock), [Some(1)]);
}

#[test]
fn half_a_frame_is_the_limit() {
    for (time, expected) in [(79, None), (80, Some(1)), (100, Some(1)), (120, Some(1)), (121, None)] {
        let mut clock = Clock::new(0);
        for (number, ms) in [0, 100, 200].into_iter().enumerate() {
            clock.push_reference(number as u64, lasting(ms, 40));
        }
        clock.push_distorted(0, at(time));
        assert_eq!(partners(&mut clock), [expected], "at {time} ms");
    }
}

#[test]
fn without_duration_the_next_reference_says() {
    let mut clock = Clock::new(0);
    clock.push_reference(0, at(0));
    clock.push_reference(1, at(100));
    clock.push_distorted(0, at(49));
    clock.push_distorted(1, at(90));
    assert_eq!(partners(&mut clock), [Some(0)]);
    // Reference 1 is nearest, but how long it is shown is not known yet.
    clock.push_reference(2, at(115));
    assert_eq!(partners(&mut clock), [None]);
}

#[test]
fn the_last_one_without_duration_has_to_fit_exactly() {
    let mut clock = Clock::new(0);
    clock.push_reference(0, at(0));
    clock.push_distorted(0, at(1));
    clock.push_distorted(1, at(0));
    assert_eq!(partners(&mut clock), []);
    clock.end_reference();
    assert_eq!(partners(&mut clock), [None, Some(0)]);
}

#[test]
fn a_second_claimant_has_no_partner() {
    let mut clock = Clock::new(0);
    for number in 0..4 {
        clock.push_reference(number, lasting(number as i64 * 40, 40));
    }
    for number in 0..6 {
        clock.push_distorted(number, at(number as i64 * 20));
    }
    assert_eq!(partners(&mut clock), [Some(0), None, Some(1), None, Some(2), None]);
}

#[test]
fn frames_of_one_time_are_paired_in_order() {
    let mut clock = Clock::new(0);
    for number in 0..3 {
        clock.push_reference(number, lasting(0, 40));
        clock.push_distorted(number, at(0));
    }
    clock.push_distorted(3, at(0));
    assert_eq!(partners(&mut clock), [Some(0), Some(1), Some(2), None]);
}

#[test]
fn every_pair_of_rates_keeps_to_the_nearest() {
    // Frames a second: reference, distorted.
    for (reference, distorted) in [(25, 25), (25, 30), (30, 25), (50, 25), (25, 50), (24, 60)] {
        let mut clock = Clock::new(0);
        let time = |number: i64, rate: i64| number * 1_000_000_000 / rate;
        let stamp =
            |number, rate| Timestamp { running: Some(time(number, rate)), duration: Some(time(1, rate) as u64) };
        for second in 0..4 {
            (second * reference..(second + 1) * reference)
                .for_each(|n| assert!(!clock.push_reference(n as u64, stamp(n, reference))));
            (second * distorted..(second + 1) * distorted)
                .for_each(|n| assert!(!clock.push_distorted(n as u64, stamp(n, distorted))));
        }
        clock.end_reference();
        let verdicts: Vec<_> = std::iter::from_fn(|| clock.decide()).collect();
        let pairs = verdicts.iter().filter_map(|v| Some((v.frame.running?, v.partner?)));
        for (running, partner) in pairs.clone() {
            let far = running.abs_diff(time(partner as i64, reference));
            assert!(far * 2 <= time(1, reference) as u64, "{reference} to {distorted}");
        }
        assert_eq!(pairs.count() as i64, 4 * reference.min(distorted), "{reference} to {distorted}");
    }
}

#[test]
fn without_times_order_of_arrival_decides() {
    let none = Timestamp::default();
    let mut clock = Clock::new(5);
    clock.push_distorted(0, none);
    assert_eq!(partners(&mut clock), []);
    clock.push_reference(0, none);
    clock.push_reference(1, none);
    clock.push_distorted(1, none);
    clock.push_distorted(2, none);
    assert_eq!(partners(&mut clock), [Some(0), Some(1)]);
    clock.end_reference();
    assert_eq!(partners(&mut clock), [None]);
}

#[test]
fn references_without_times_do_not_pile_up() {
    let mut clock = Clock::new(0);
    for number in 0..1000 {
        clock.push_reference(number, Timestamp::default());
    }
    assert_eq!(clock.needed_from(), 1000 - ARRIVALS as u64);
}

#[test]
fn forced_frames_take_what_is_there() {
    let mut clock = Clock::new(0);
    clock.push_reference(0, lasting(0, 40));
    clock.push_distorted(0, at(10));
    clock.push_distorted(1, at(50));
    clock.push_distorted(2, at(90));
    assert_eq!(partners(&mut clock), []);
    clock.force(1);
    assert_eq!(partners(&mut clock), [Some(0), None]);
    clock.push_reference(1, lasting(90, 40));
    assert_eq!(partners(&mut clock), [Some(1)]);
}

#[test]
fn partners_of_the_past_are_let_go() {
    let mut clock = Clock::new(0);
    for number in 0..100_000_u64 {
        clock.push_reference(number, lasting(number as i64 * 40, 40));
        clock.push_distorted(number, at(number as i64 * 40 + 7));
        partners(&mut clock);
        assert!(clock.open.len() <= 2 && clock.waiting.len() <= 1);
        assert!(clock.needed_from() + 1 >= number);
    }
    clock.end_reference();
    clock.end_distorted();
    partners(&mut clock);
    assert_eq!(clock.needed_from(), 100_000);
}

/// Feeds both sides as the caller does; returns the partners of all distorted frames and the most references that were
/// held.
fn fed(clock: &mut Clock, references: &[Timestamp], distorted: &[Timestamp]) -> (Vec<Option<u64>>, usize) {
    let (mut r, mut d, mut held) = (0, 0, 0);
    let mut found = Vec::new();
    while r < references.len() || d < distorted.len() {
        let wanted = match (references.get(r), distorted.get(d)) {
            (Some(reference), Some(distorted)) => reference.running <= distorted.running.map(|t| t + clock.lead()),
            (reference, _) => reference.is_some(),
        };
        if wanted {
            clock.push_reference(r as u64, references[r]);
            r += 1;
            if r == references.len() {
                clock.end_reference();
            }
        } else {
            clock.push_distorted(d as u64, distorted[d]);
            d += 1;
        }
        found.extend(partners(clock));
        held = held.max(r - clock.needed_from() as usize + clock.waiting.len());
    }
    clock.end_distorted();
    found.extend(partners(clock));
    (found, held)
}

#[test]
fn a_lap_is_compared_with_the_same_lap() {
    let lap = |n: i64, first: i64| (0..n).map(move |i| lasting(first + i * 40, 40));
    let references: Vec<_> = (0..5).flat_map(|_| lap(100, 0)).collect();
    for late in [0, -3, 3, 7, -7] {
        // The distorted side's laps begin and end a little elsewhere.
        let distorted: Vec<_> = (0..5).flat_map(|_| lap(100, late * 40)).collect();
        let (found, held) = fed(&mut Clock::new(0), &references, &distorted);
        let expected: Vec<_> =
            (0..500).map(|i: i64| Some(i + late).filter(|p| p.div_euclid(100) == i / 100).map(|p| p as u64)).collect();
        assert_eq!(found, expected, "late by {late}");
        assert!(held < 60, "{held} frames held");
    }
}

#[test]
fn a_jump_of_one_side_alone_is_got_over() {
    let run = |first: i64, n: i64| (0..n).map(move |i| lasting(first + i * 40, 40));
    let steady: Vec<_> = run(0, 1000).collect();
    let jumping: Vec<_> = run(0, 500).chain(run(400 * 40, 600)).collect();
    // The distorted side repeats earlier material, for which no partner is left, then continues.
    let (found, held) = fed(&mut Clock::new(0), &steady, &jumping);
    assert_eq!(found.iter().filter(|p| p.is_some()).count(), 1000);
    assert_eq!(found.last(), Some(&Some(999)));
    assert!(held < 220, "{held} frames held");
    // The reference does.
    let (found, held) = fed(&mut Clock::new(0), &jumping, &steady);
    assert!(found.iter().filter(|p| p.is_some()).count() >= 950);
    assert_eq!(found.last(), Some(&Some(1099)));
    assert!(held < 220, "{held} frames held");
}

#[test]
fn disorder_is_put_in_order() {
    let order = [0, 40, 120, 80, 160, 240, 200, 280];
    let references: Vec<_> = order.iter().map(|&ms| lasting(ms, 40)).collect();
    let mut clock = Clock::new(0);
    for (number, stamp) in references.iter().enumerate() {
        clock.push_reference(number as u64, *stamp);
    }
    for number in 0..8 {
        clock.push_distorted(number, at(number as i64 * 40));
    }
    assert_eq!(partners(&mut clock), [0, 1, 3, 2, 4, 6, 5, 7].map(Some));
}

#[test]
fn extreme_times_do_no_harm() {
    let times = [i64::MIN, i64::MAX, 0, i64::MIN + 1, i64::MAX - 1, -1, 1];
    let mut clock = Clock::new(i64::MAX);
    let mut count = 0;
    for (number, &running) in times.iter().cycle().take(700).enumerate() {
        let stamp = Timestamp { running: Some(running), duration: Some(u64::MAX) };
        clock.push_reference(number as u64, stamp);
        clock.push_distorted(number as u64, stamp);
        count += partners(&mut clock).len();
        let _ = (clock.lead(), clock.held(), clock.needed_from());
        clock.set_offset([i64::MIN, 0, i64::MAX][number % 3]);
    }
    clock.end_reference();
    assert_eq!(count + partners(&mut clock).len(), 700);
}

/// 7 of 10 frames at 24000/1001 per second whose caps state 24000/1, against their copy in Matroska, which rounds to
/// milliseconds.
#[test]
fn a_time_base_is_no_duration() {
    let time = |n: i64| n * 1_001_000_000_000 / 24_000;
    let kept: Vec<i64> = (0..200).filter(|n| n * 7 % 10 < 7).map(time).collect();
    let base = |running: i64| Timestamp { running: Some(running), duration: Some(41_666) };
    let rounded = |running: i64| at((running + 500_000) / 1_000_000);
    for late in [0, 1, -1] {
        let references: Vec<_> = kept.iter().map(|&running| base(running)).collect();
        let distorted: Vec<_> = kept.iter().map(|&running| rounded(running + late * 1_000_000)).collect();
        let (found, held) = fed(&mut Clock::new(0), &references, &distorted);
        let expected: Vec<_> = (0..kept.len() as u64).map(Some).collect();
        assert_eq!(found, expected, "late by {late} ms");
        assert!(held < 8, "{held} frames held");
    }
    // Half of the usual distance is the limit all the same.
    let mut clock = Clock::new(0);
    for (number, ms) in (0..).zip([0, 40, 80, 200]) {
        clock.push_reference(number, base(ms * 1_000_000));
    }
    for (number, ms) in (0..).zip([60, 100, 101]) {
        clock.push_distorted(number, at(ms));
    }
    assert_eq!(partners(&mut clock), [Some(1), Some(2), None]);
}

#[test]
fn a_gap_after_the_first_reference_is_no_frame_interval() {
    let mut clock = Clock::new(0);
    let times: Vec<_> = (0..=10).map(|n| lasting(n * 40, 40)).collect();
    let (partners, _) = fed(&mut clock, &[times[0], times[10]], &times);
    let expected: Vec<_> = (0..=10).map(|n| (n % 10 == 0).then_some(n / 10)).collect();
    assert_eq!(partners, expected);
}
