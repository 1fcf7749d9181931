// SPDX-License-Identifier: MPL-2.0

use super::super::signature::{CELLS, COLUMNS};
use super::*;

const FRAME: i64 = 40_000_000;
const SECOND: i64 = 1_000_000_000;

/// Frame `n` of a film in which each second has a texture of its own, which moves.
fn film(n: i64) -> Signature {
    let mut state = n.div_euclid(25) as u64;
    let mut random = || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z >> 11) as f64 / (1_u64 << 53) as f64
    };
    let waves: [[f64; 3]; 6] = std::array::from_fn(|_| [random() - 0.5, random() - 0.5, 6.0 * random()]);
    let cells = (0..CELLS).map(|at| {
        let (x, y) = ((at % COLUMNS) as f64 + 0.5 * n as f64, (at / COLUMNS) as f64);
        0.5 + waves.iter().map(|[a, b, phase]| 0.06 * (a * x + b * y + phase).sin()).sum::<f64>() as f32
    });
    Signature::from_cells(cells.collect::<Vec<f32>>().try_into().expect("as many as there are"))
}

/// What is found when the streams are fed side by side for `count` frames; the distorted frame `n` is the film's
/// `n + by`.
fn found(
    range: i64,
    count: i64,
    lost: bool,
    reference: impl Fn(i64) -> Signature,
    distorted: impl Fn(i64) -> Signature,
) -> Option<i64> {
    let mut beyond = Beyond::new(range as u64);
    for n in 0..count {
        beyond.push(Of::Reference, n * FRAME, &reference(n), lost);
        beyond.push(Of::Distorted, n * FRAME, &distorted(n), lost);
    }
    assert!(beyond.posts.iter().all(|posts| posts.len() <= POSTS));
    beyond.offset()
}

#[test]
fn an_offset_far_away_is_found_in_both_directions() {
    for by in [85, -85, 62, -200, 200] {
        let offset = found(2 * SECOND, 320, true, film, |n| film(n + by)).unwrap_or_else(|| panic!("nothing at {by}"));
        assert!((offset - by * FRAME).abs() <= 2 * FRAME, "{offset} for {by} frames");
    }
    // 500 s of a search range of 50 s: a picture every 2.5 s.
    let offset = found(50 * SECOND, 2500, true, film, |n| film(n + 1400));
    assert!(offset.is_some_and(|offset| (offset - 56 * SECOND).abs() <= 2 * FRAME), "{offset:?}");
}

#[test]
fn nothing_is_found_where_nothing_says_it() {
    assert_eq!(found(2 * SECOND, 300, false, film, |n| film(n + 85)), None, "nobody has asked");
    assert_eq!(found(2 * SECOND, 300, true, film, |n| film(n + 100_000)), None, "another film");
    assert_eq!(found(2 * SECOND, 300, true, |_| film(0), |_| film(0)), None, "it stands still");
    assert_eq!(found(2 * SECOND, 300, true, |n| film(n % 30), |n| film((n + 12) % 30)), None, "it repeats");
    assert_eq!(found(2 * SECOND, 30, true, film, |n| film(n + 28)), None, "two frames in common");
    let black = |_: i64| Signature::from_cells(Box::new([0.0; CELLS]));
    assert_eq!(found(2 * SECOND, 300, true, black, black), None);
}
