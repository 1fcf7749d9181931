// SPDX-License-Identifier: MPL-2.0

//! Which of the scores that frames carry count, and what they come to.

use super::logged::ElementPools;
use crate::record::{FieldPools, FrameRecord, State};

/// What has been counted of one element.
pub(super) struct ElementCount {
    name: String,
    pools: FieldPools,
    last: Option<ScoreId>,
}

/// Tells one finished score from the next. Scores have no number; two in a row that agree in all of this are taken
/// for one.
#[derive(PartialEq)]
struct ScoreId {
    scored_pts: Option<u64>,
    raw: Option<u64>,
    latency: Option<u64>,
}

impl ElementCount {
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), pools: FieldPools::new(), last: None }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Counts the frame if it brings a score that has not been counted.
    pub fn count(&mut self, pts: Option<u64>, record: &FrameRecord) {
        let id = ScoreId {
            scored_pts: record.scored_pts,
            raw: record.raw.or(record.score).map(f64::to_bits),
            latency: record.latency,
        };
        match record.state {
            // Its own score, whatever the one before was.
            Some(State::Scored) => self.last = Some(ScoreId { scored_pts: id.scored_pts.or(pts), ..id }),
            // An older one that it carries along.
            Some(State::Skipped) if id.raw.is_some() => {
                if self.last.as_ref() == Some(&id) {
                    return;
                }
                self.last = Some(id);
            }
            _ => return,
        }
        self.pools.count(record);
    }

    pub fn pools(&self) -> ElementPools {
        ElementPools {
            element: self.name.clone(),
            scored: self.pools.scored(),
            fields: self.pools.pooled_fields(),
            attributes: self.pools.pooled_attributes(),
        }
    }
}
