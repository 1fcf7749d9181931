// SPDX-License-Identifier: MPL-2.0

//! Inputs that this worker cannot read, for example because a share is not mounted here.
//!
//! Such a worker fails faster than others succeed. It hands the unit back, which counts as an attempt only if no other
//! worker can read that file either, as far as they have announced, and takes no unit of the plan for a while.

use crate::farm::queue::{Present, Unread};
use crate::media::lock;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Longest pause before units of a plan are taken again.
const LONGEST: Duration = Duration::from_secs(60);

/// How often a unit may be handed back: a worker that hangs may never take it, although it announces itself.
const MOST: i64 = 1000;

/// What this worker cannot read, by plan.
#[derive(Debug, Default)]
pub struct Unreads(Mutex<BTreeMap<String, Known>>);

#[derive(Debug, Default)]
struct Known {
    unread: Unread,
    /// Number of pauses in a row.
    pauses: u32,
    /// End of the current one.
    until: Option<Instant>,
}

impl Unreads {
    /// Notes that a file of a plan cannot be read.
    pub fn note(&self, plan: &str, file: usize, reason: &str) {
        let mut plans = lock(&self.0);
        let known = plans.entry(plan.to_owned()).or_default();
        known.unread.files.insert(file);
        known.unread.reason = crate::secret::redact(reason);
    }

    /// Notes that files of a plan were read. Returns whether that changes something.
    pub fn read(&self, plan: &str, files: &[usize]) -> bool {
        let mut plans = lock(&self.0);
        let Some(known) = plans.get_mut(plan) else { return false };
        (known.pauses, known.until) = (0, None);
        let before = known.unread.files.len();
        known.unread.files.retain(|file| !files.contains(file));
        let is_less = known.unread.files.len() < before;
        if known.unread.files.is_empty() {
            plans.remove(plan);
        }
        is_less
    }

    /// Begins a pause, in which no unit of the plan is taken. The slots of a worker share it: the units that they had
    /// taken already do not make it longer.
    pub fn pause(&self, plan: &str) -> Duration {
        self.pause_at(plan, Instant::now())
    }

    fn pause_at(&self, plan: &str, now: Instant) -> Duration {
        let mut plans = lock(&self.0);
        let known = plans.entry(plan.to_owned()).or_default();
        if let Some(left) = known.until.map(|until| until.saturating_duration_since(now)).filter(|left| !left.is_zero())
        {
            return left;
        }
        known.pauses = known.pauses.saturating_add(1);
        let pause = Duration::from_secs(1).saturating_mul(1 << known.pauses.min(6)).min(LONGEST);
        known.until = Some(now + pause);
        pause
    }

    /// Whether a file of the plan could not be read.
    pub fn is_known(&self, plan: &str) -> bool {
        lock(&self.0).contains_key(plan)
    }

    /// Whether no unit of the plan is taken now.
    pub fn is_paused(&self, plan: &str) -> bool {
        lock(&self.0).get(plan).and_then(|known| known.until).is_some_and(|until| until > Instant::now())
    }

    /// Forgets all plans but these.
    pub fn retain(&self, plans: &[String]) {
        lock(&self.0).retain(|plan, _| plans.contains(plan));
    }

    /// What is announced, by plan.
    pub fn announced(&self) -> BTreeMap<String, Unread> {
        lock(&self.0).iter().map(|(plan, known)| (plan.clone(), known.unread.clone())).collect()
    }
}

/// Whether it counts as an attempt that worker `own` could not read a file of a plan. `present`: the workers that have
/// announced themselves; `returned`: how often the unit was handed back.
pub fn counts(present: &[Present], own: &str, class: &str, (plan, file): (&str, usize), returned: i64) -> bool {
    if returned >= MOST {
        return true;
    }
    // A server that was started again knows nobody until all have announced themselves anew.
    let is_known = present.iter().any(|worker| worker.name == own);
    let may_read = |worker: &Present| {
        let is_unread = worker.unread.get(plan).is_some_and(|unread| unread.files.contains(&file));
        worker.name != own && worker.class == class && !worker.left.contains_key(plan) && !is_unread
    };
    is_known && !present.iter().any(may_read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn worker(name: &str, class: &str, unread: &[usize]) -> Present {
        let known = Unread { files: unread.iter().copied().collect(), reason: "no such file".to_owned() };
        let unread = if unread.is_empty() { BTreeMap::new() } else { BTreeMap::from([("p".to_owned(), known)]) };
        Present { name: name.to_owned(), class: class.to_owned(), slots: 1, left: BTreeMap::new(), unread }
    }

    #[test]
    fn an_attempt_counts_once_no_other_worker_is_known_that_may_read_the_file() {
        let of = |present: &[Present]| counts(present, "a", "cpu", ("p", 2), 0);
        let own = worker("a", "cpu", &[2]);
        assert!(of(std::slice::from_ref(&own)));
        assert!(!of(&[own.clone(), worker("b", "cpu", &[])]));
        // It cannot read another file, or one of another plan.
        assert!(!of(&[own.clone(), worker("b", "cpu", &[0, 1])]));
        assert!(!counts(&[own.clone(), worker("b", "cpu", &[2])], "a", "cpu", ("q", 2), 0));
        assert!(of(&[own.clone(), worker("b", "cpu", &[2]), worker("c", "cuda", &[])]));
        let left = Present { left: BTreeMap::from([("p".into(), "another model".into())]), ..worker("b", "cpu", &[]) };
        assert!(of(&[own.clone(), left]));
        assert!(!of(&[own.clone(), worker("b", "cpu", &[2]), worker("c", "cpu", &[])]));
        // The list has just begun anew.
        assert!(!of(&[]) && !of(&[worker("b", "cpu", &[2])]));
        // It is not handed back without end.
        assert!(counts(&[own, worker("b", "cpu", &[])], "a", "cpu", ("p", 2), MOST));
    }

    #[test]
    fn pauses_grow_up_to_a_minute_and_end_with_the_first_file_that_is_read() {
        let (unreads, mut now) = (Unreads::default(), Instant::now());
        let pauses = [(); 7].map(|()| {
            let pause = unreads.pause_at("p", now);
            // Another slot.
            assert_eq!(unreads.pause_at("p", now), pause);
            now += pause;
            pause.as_secs()
        });
        assert_eq!(pauses, [2, 4, 8, 16, 32, 60, 60]);
        unreads.note("p", 0, "no such file");
        unreads.note("p", 3, "no such file");
        assert_eq!(unreads.announced()["p"].files, BTreeSet::from([0, 3]));
        unreads.pause("p");
        assert!(unreads.is_paused("p") && !unreads.is_paused("q"));
        assert!(unreads.read("p", &[0, 1]) && !unreads.is_paused("p"));
        assert!(!unreads.read("p", &[0, 1]) && unreads.read("p", &[3]));
        assert!(unreads.announced().is_empty() && !unreads.read("p", &[3]));
        unreads.note("p", 0, "no such file");
        unreads.retain(&["q".to_owned()]);
        assert!(unreads.announced().is_empty());
    }
}
