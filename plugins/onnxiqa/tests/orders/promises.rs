// SPDX-License-Identifier: MPL-2.0

//! The required output, in order: the common part of the reference models.

use std::fmt::Debug;

/// An item of the output. Frames and events are numbered by the model, each number once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Frame(u64),
    Event(Kind, u32),
    Query,
    Restart,
}

/// An event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    StreamStart,
    Caps,
    Segment,
    Tag,
    Custom,
    Gap,
    Eos,
    FlushStop,
}

impl Kind {
    /// Whether it survives a flush.
    fn outlives_flush(self) -> bool {
        matches!(self, Self::StreamStart | Self::Caps | Self::Tag)
    }

    /// Whether a newly linked pad gets it again.
    pub fn is_sticky(self) -> bool {
        self.outlives_flush() || matches!(self, Self::Segment | Self::Eos)
    }
}

/// Whether an item comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    Must,
    May,
    /// It may have been dropped; if it was, so were all later ones of the same interruption.
    Prefix(u32),
    /// The same, but if it was not dropped, it may come after others that were.
    Kept(u32),
    /// It must come from here on and before the next frame, if it did not come earlier.
    Again,
    /// It may come from here on, if it did not come earlier.
    Late,
}

#[derive(Debug, Clone)]
struct Promise<E> {
    what: What,
    rule: Rule,
    /// What a frame must carry.
    entry: Option<E>,
}

/// The items that are due, in order. `E` is the model's information about a frame's entry.
#[derive(Debug, Clone)]
pub struct Promises<E> {
    due: Vec<Promise<E>>,
    interruptions: u32,
    /// Everything has been waited for: items up to the last required one are removed.
    settled: bool,
}

impl<E> Default for Promises<E> {
    fn default() -> Self {
        Self { due: Vec::new(), interruptions: 0, settled: false }
    }
}

/// The output compared with the items that were due.
pub struct Compared<'a, E> {
    /// The frames that came: position in the log, number, what they must carry.
    pub frames: Vec<(usize, u64, &'a E)>,
    /// Required items that have not come.
    pub missing: Vec<What>,
    /// The position in the log after the last required item.
    pub settled: usize,
}

impl<E: Clone + Debug> Promises<E> {
    /// To be called at the start of each order.
    pub fn next(&mut self) {
        if std::mem::take(&mut self.settled) {
            let done = self.due.iter().rposition(|promise| promise.rule.insists());
            self.due.drain(..done.map_or(0, |last| last + 1));
        }
    }

    pub fn must(&mut self, what: What) {
        self.due.push(Promise { what, rule: Rule::Must, entry: None });
    }

    pub fn frame(&mut self, number: u64, entry: E) {
        self.due.push(Promise { what: What::Frame(number), rule: Rule::Must, entry: Some(entry) });
    }

    /// A query that may be passed on.
    pub fn may_query(&mut self) {
        self.due.push(Promise { what: What::Query, rule: Rule::May, entry: None });
    }

    /// Corrects the information about entries of frames that are due.
    pub fn revise(&mut self, mut revision: impl FnMut(u64, &mut E)) {
        for promise in &mut self.due {
            if let (What::Frame(number), Some(entry)) = (promise.what, &mut promise.entry) {
                revision(number, entry);
            }
        }
    }

    /// A frame that may come.
    pub fn may(&mut self, number: u64, entry: E) {
        self.due.push(Promise { what: What::Frame(number), rule: Rule::May, entry: Some(entry) });
    }

    /// A frame that is part of the last interruption.
    pub fn prefix(&mut self, number: u64, entry: E) {
        let rule = Rule::Prefix(self.interruptions);
        self.due.push(Promise { what: What::Frame(number), rule, entry: Some(entry) });
    }

    /// Whether frames are due.
    pub fn has_frames(&self) -> bool {
        self.due.iter().any(|promise| matches!(promise.what, What::Frame(_)))
    }

    /// Items that have not left are dropped, from some item on; excepted ones come nevertheless.
    pub fn interrupt(&mut self, except: impl Fn(What) -> bool) {
        self.interruptions += 1;
        for promise in self.due.iter_mut().filter(|promise| !except(promise.what)) {
            match promise.rule {
                // Queries are not refused at exactly the same time as frames.
                Rule::Must if promise.what == What::Query => promise.rule = Rule::May,
                Rule::Must => promise.rule = Rule::Prefix(self.interruptions),
                Rule::Again => promise.rule = Rule::Late,
                Rule::May | Rule::Late | Rule::Prefix(_) | Rule::Kept(_) => {}
            }
        }
    }

    /// The same, but sticky events are kept, and may come later than what is dropped before them.
    pub fn interrupt_frames(&mut self) {
        self.interrupt(|_| false);
        for promise in &mut self.due {
            if let (What::Event(kind, _), Rule::Prefix(run)) = (promise.what, promise.rule)
                && run == self.interruptions
                && kind.is_sticky()
            {
                promise.rule = Rule::Kept(run);
            }
        }
    }

    /// Any of the items that have not left may be dropped.
    pub fn loosen(&mut self) {
        for promise in &mut self.due {
            promise.rule = match promise.rule {
                Rule::Again | Rule::Late => Rule::Late,
                Rule::Must | Rule::May | Rule::Prefix(_) | Rule::Kept(_) => Rule::May,
            };
        }
    }

    /// A flush: sticky events come after it, if they have not come before.
    pub fn flush(&mut self, stop: u32) {
        self.interrupt(|_| false);
        let again = self.again(Kind::outlives_flush);
        self.must(What::Event(Kind::FlushStop, stop));
        self.due.extend(again);
    }

    /// A pad is linked again: it gets the sticky events, if they have not come before.
    pub fn relink(&mut self) {
        let again = self.again(|kind| kind.outlives_flush() || kind == Kind::Segment);
        // They may come immediately, and must come before anything pushed from here on.
        let at_once = again.iter().map(|promise| Promise { rule: Rule::Late, ..promise.clone() });
        self.due.splice(0..0, at_once.collect::<Vec<_>>());
        self.due.extend(again);
    }

    fn again(&self, which: impl Fn(Kind) -> bool) -> Vec<Promise<E>> {
        let mut again: Vec<(Kind, Promise<E>)> = Vec::new();
        for promise in &self.due {
            let What::Event(kind, _) = promise.what else { continue };
            if which(kind) && again.iter().all(|(_, before)| before.what != promise.what) {
                again.push((kind, Promise { what: promise.what, rule: Rule::Again, entry: None }));
            }
        }
        // A later one of the same kind replaces it, and a new stream replaces everything.
        for index in 0..again.len() {
            let replaces = |kind: Kind| kind == again[index].0 || kind == Kind::StreamStart;
            if again[index + 1..].iter().any(|(kind, _)| replaces(*kind)) {
                again[index].1.rule = Rule::Late;
            }
        }
        again.into_iter().map(|(_, promise)| promise).collect()
    }

    /// The element was in READY.
    pub fn restart(&mut self) {
        self.interrupt(|_| false);
        self.must(What::Restart);
    }

    /// Everything is waited for.
    pub fn settle(&mut self) {
        self.settled = true;
    }

    /// Compares the output with what is due.
    ///
    /// # Errors
    /// If something came that is not due there, or something required before it did not come.
    pub fn compare(&self, log: &[What]) -> Result<Compared<'_, E>, String> {
        let (mut next, mut frames, mut settled) = (0, Vec::new(), 0);
        let (mut dropped, mut owed, mut late) = (None, Vec::new(), Vec::new());
        let last = self.due.iter().rposition(|promise| promise.rule.insists());
        for (place, &what) in log.iter().enumerate() {
            let came_before = |what: What| log[..place].contains(&what);
            if let Some(index) = owed.iter().position(|&owed| owed == what) {
                owed.remove(index);
                settled = settled.max(place + 1);
                continue;
            }
            if let Some(index) = late.iter().position(|&late| late == what) {
                late.remove(index);
                continue;
            }
            loop {
                let Some(promise) = self.due.get(next) else {
                    let again = if came_before(what) { " a second time" } else { "" };
                    return Err(format!("{what:?} came{again}, which is not due; due was {:?}", self.names()));
                };
                next += 1;
                if promise.what == what {
                    if matches!(promise.rule, Rule::Prefix(run) if dropped == Some(run)) {
                        return Err(format!("{what:?} came although something before it was dropped"));
                    }
                    if let (What::Frame(number), Some(entry)) = (what, &promise.entry) {
                        frames.push((place, number, entry));
                    }
                    break;
                }
                match promise.rule {
                    Rule::Must => {
                        return Err(format!("{what:?} came, but not {:?}, which was due first", promise.what));
                    }
                    Rule::Again if !came_before(promise.what) => owed.push(promise.what),
                    Rule::Late if !came_before(promise.what) => late.push(promise.what),
                    Rule::Prefix(run) | Rule::Kept(run) => dropped = Some(run),
                    Rule::Again | Rule::Late | Rule::May => {}
                }
            }
            let describes = matches!(what, What::Event(kind, _) if kind.is_sticky() && kind != Kind::Eos);
            if let (false, Some(lost)) = (describes, owed.first()) {
                return Err(format!("{what:?} came, but {lost:?} was lost before it"));
            }
            if last.is_some_and(|last| next <= last + 1) {
                settled = place + 1;
            }
        }
        let missing = |promise: &Promise<E>| match promise.rule {
            Rule::Must => true,
            Rule::Again => !log.contains(&promise.what),
            Rule::May | Rule::Late | Rule::Prefix(_) | Rule::Kept(_) => false,
        };
        let missing: Vec<_> = self.due[next..].iter().filter(|promise| missing(promise)).map(|due| due.what).collect();
        let missing: Vec<_> = owed.into_iter().chain(missing).collect();
        Ok(Compared { frames, missing, settled })
    }

    /// What is due, for printing.
    pub fn names(&self) -> Vec<String> {
        let name = |promise: &Promise<E>| match promise.rule {
            Rule::Must => format!("{:?}", promise.what),
            rule => format!("{:?} ({rule:?})", promise.what),
        };
        self.due.iter().map(name).collect()
    }
}

impl Rule {
    fn insists(self) -> bool {
        matches!(self, Self::Must | Self::Again)
    }
}
