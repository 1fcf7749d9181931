// SPDX-License-Identifier: MPL-2.0

use super::super::signature::{CELLS, COLUMNS};
use super::*;

/// Frame `n` of a texture of waves that moves on by `speed` cells a frame, with noise of its own from `seed`.
fn picture(n: f64, speed: f64, noise: f32, seed: u64) -> Signature {
    let mut state = seed;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 40) as f32 / (1 << 24) as f32) - 0.5
    };
    let cells = (0..CELLS).map(|at| {
        let (x, y) = ((at % COLUMNS) as f64 + n * speed, (at / COLUMNS) as f64);
        let wave = (0.31 * x + 0.2 * y).sin() + (0.17 * x - 0.43 * y).cos() + (0.71 * x).sin() * (0.6 * y).cos();
        0.5 + 0.1 * wave as f32 + noise * random()
    });
    Signature::from_cells(cells.collect::<Vec<f32>>().try_into().expect("as many as there are"))
}

/// Pairs `n` with `n`, after the next reference has arrived if `ahead`, or at once; the distorted frame `n` shows
/// `shows(n)`. Returns the judgment of each.
fn judged(
    count: u64,
    ahead: bool,
    reference: impl Fn(u64) -> Signature,
    shows: impl Fn(u64) -> Signature,
) -> Vec<(f64, Evidence)> {
    let mut witness = Witness::default();
    if ahead {
        witness.push_reference(Some(&reference(0)));
    }
    let mut judge = |n: u64| {
        let next = if ahead { n + 1 } else { n };
        witness.push_reference(Some(&reference(next)));
        witness.push_distorted(Some(&shows(n)));
        let said = witness.judge(Some(n), 1.0);
        witness.release(n + 1);
        assert!(witness.references.len() <= BEHIND as usize + 3 && witness.frames.is_empty());
        said
    };
    (0..count).map(&mut judge).collect()
}

fn moving(n: u64) -> Signature {
    picture(n as f64, 0.7, 0.0, 0)
}

#[test]
fn right_pairs_that_move_are_told_by_the_pictures() {
    for ahead in [true, false] {
        let noisy = |n| picture(n as f64, 0.7, 0.04, n + 1);
        for said in &judged(60, ahead, moving, noisy)[3..] {
            assert!(said.0 >= 0.9 && said.1 == Evidence::Picture, "{said:?}, ahead {ahead}");
        }
    }
}

#[test]
fn pairs_beside_the_right_ones_are_contradicted() {
    for ahead in [true, false] {
        for by in [-10, -4, -2, -1, 1, 2, 4, 10] {
            let beside = |n: u64| picture(n as f64 + f64::from(by), 0.7, 0.02, n + 1);
            for said in &judged(60, ahead, moving, beside)[WINDOW..] {
                assert!(said.0 <= CONTRADICTED && said.1 == Evidence::Time, "{said:?} by {by}, ahead {ahead}");
            }
        }
    }
}

#[test]
fn still_pictures_leave_it_to_the_time() {
    let still = |seed: u64| move |n: u64| picture(0.0, 0.0, 0.04, seed + n);
    for said in judged(60, true, still(1), still(1000)) {
        assert_eq!(said, (BY_TIME, Evidence::Time), "grain of its own on both sides");
    }
    for said in judged(60, true, |_| picture(0.0, 0.0, 0.0, 0), |_| picture(0.0, 0.0, 0.0, 0)) {
        assert_eq!(said, (BY_TIME, Evidence::Time), "the same picture again and again");
    }
    let black = |_: u64| Signature::from_cells(Box::new([0.0; CELLS]));
    assert!(judged(60, true, black, black).iter().all(|said| *said == (BY_TIME, Evidence::Time)));
}

#[test]
fn a_stranger_is_contradicted_and_does_not_spoil_its_neighbors() {
    let odd = |n: u64| if n == 30 { picture(0.0, 0.0, 3.0, 7) } else { moving(n) };
    let said = judged(60, true, moving, odd);
    assert!(said[30].0 <= CONTRADICTED, "{:?}", said[30]);
    assert!((20..60).filter(|&n| n != 30).all(|n| said[n].0 >= 0.9), "{said:?}");
}

#[test]
fn without_pictures_the_times_are_all_that_is_known() {
    let mut witness = Witness::default();
    witness.push_reference(None);
    witness.push_distorted(Some(&moving(0)));
    witness.push_distorted(Some(&moving(1)));
    assert_eq!(witness.judge(Some(0), 0.5), (BY_TIME * 0.5, Evidence::Time));
    assert_eq!(witness.judge(None, 0.0), (0.0, Evidence::Time));
}

#[test]
fn what_is_kept_is_bounded() {
    let mut witness = Witness::default();
    for n in 0..2 * KEPT as u64 {
        witness.push_reference(Some(&moving(n % 5)));
        witness.push_distorted(Some(&moving(n % 5)));
    }
    assert_eq!(witness.references.len(), KEPT);
    assert_eq!(witness.frames.iter().flatten().count(), KEPT);
}
