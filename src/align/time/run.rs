// SPDX-License-Identifier: MPL-2.0

//! References in order of time, and the one nearest to a given time.

use std::collections::VecDeque;

/// A reference frame that may become a partner, or has been one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reference {
    pub number: u64,
    pub running: i64,
    pub duration: Option<u64>,
    /// Whether it has a partner.
    pub taken: bool,
}

/// The reference frame nearest to a time.
pub(super) enum Nearest {
    /// Its index and how well it fits: 1 when the times are equal, ½ at half a frame.
    Found(usize, f64),
    TooFar,
    /// It may still arrive.
    Unknown,
}

/// Drops references that are not nearest to any time from `passed` on.
pub(super) fn release(run: &mut VecDeque<Reference>, passed: i64) {
    if let Some(last) = run.partition_point(|r| r.running <= passed).checked_sub(1) {
        let kept = run[last].running;
        run.drain(..run.partition_point(|r| r.running < kept));
    }
}

/// The reference nearest to `time`, and how well it fits. `complete`: no more will arrive; `shown`: how long a
/// reference with a given duration is shown, if that is known.
pub(super) fn nearest(
    run: &VecDeque<Reference>,
    time: i64,
    complete: bool,
    shown: impl FnOnce(Option<u64>) -> Option<u64>,
) -> Nearest {
    let after = run.partition_point(|r| r.running < time);
    if after == run.len() && !complete {
        return Nearest::Unknown;
    }
    let distance = |place: usize| run.get(place).map(|r| r.running.abs_diff(time));
    let before = after.checked_sub(1);
    let (mut place, far) = match (before.and_then(|b| Some((b, distance(b)?))), distance(after)) {
        (Some((b, near)), Some(far)) if near <= far => (b, near),
        (_, Some(far)) => (after, far),
        (Some((b, near)), None) => (b, near),
        (None, None) => return Nearest::TooFar,
    };
    let found = run[place];
    // Of several with the same time, the first that is free.
    while run[place].taken && run.get(place + 1).is_some_and(|r| r.running == found.running) {
        place += 1;
    }
    if far == 0 {
        return Nearest::Found(place, 1.0);
    }
    let next = || run.get(place + 1).map(|r| r.running.abs_diff(found.running));
    match shown(found.duration).or_else(next) {
        Some(duration) if far.saturating_mul(2) <= duration => {
            Nearest::Found(place, 1.0 - far as f64 / duration as f64)
        }
        None if !complete => Nearest::Unknown,
        _ => Nearest::TooFar,
    }
}
