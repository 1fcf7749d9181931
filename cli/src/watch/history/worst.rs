// SPDX-License-Identifier: MPL-2.0

//! Tracks the worst moments of each camera's last day.

use rusqlite::Connection;
use std::collections::HashMap;
use std::sync::Arc;

/// Maximum number of moments per camera.
pub const MOMENTS: usize = 5;

/// A day, and the minimum distance between two moments, in microseconds.
const DAY: i64 = 24 * 3600 * 1_000_000;
const APART: i64 = 60 * 1_000_000;

/// Worst moments of the last day, by camera: time in microseconds since 1970, and score.
#[derive(Debug, Default)]
pub struct Worst {
    moments: HashMap<Arc<str>, Vec<(i64, f64)>>,
}

impl Worst {
    /// Loads the moments from the database; `now` in seconds since 1970.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn load(database: &Connection, now: i64) -> rusqlite::Result<Self> {
        let mut select = database.prepare("SELECT camera, at, score FROM moment WHERE at > ?1")?;
        let rows = select.query_map([now * 1_000_000 - DAY], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, f64>(2)?))
        })?;
        let mut worst = Self::default();
        for row in rows {
            let (camera, at, score) = row?;
            worst.moments.entry(camera.into()).or_default().push((at, score));
        }
        Ok(worst)
    }

    /// Adds a moment if it is among the worst: lower than those within a minute of it, and than the highest of
    /// [`MOMENTS`] others. Returns the times of the moments it replaces; `None` if it is not added.
    pub fn consider(&mut self, camera: &Arc<str>, at: i64, score: f64) -> Option<Vec<i64>> {
        let moments = self.moments.entry(camera.clone()).or_default();
        // Older ones stay in the history but do not belong to the last day.
        moments.retain(|&(of, _)| of > at - DAY);
        let (mut displaced, others): (Vec<_>, Vec<_>) = moments.iter().partition(|(of, _)| (of - at).abs() < APART);
        if displaced.iter().any(|&(_, of)| of <= score) {
            return None;
        }
        if others.len() >= MOMENTS {
            let highest = others.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1)).filter(|(_, of)| *of > score)?;
            displaced.push(highest);
        }
        moments.retain(|moment| !displaced.contains(moment));
        moments.push((at, score));
        Some(displaced.into_iter().map(|(of, _)| of).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minutes(minutes: i64) -> i64 {
        1_800_000_000_000_000 + minutes * APART
    }

    #[test]
    fn the_lowest_a_minute_apart() {
        let camera: Arc<str> = "yard".into();
        let mut worst = Worst::default();
        assert_eq!(worst.consider(&camera, minutes(0), 70.0), Some(vec![]));
        assert_eq!(worst.consider(&camera, minutes(0) + 1, 70.0), None, "as low, in the same minute");
        assert_eq!(worst.consider(&camera, minutes(0) + 2, 60.0), Some(vec![minutes(0)]));
        for minute in 1..5 {
            assert_eq!(worst.consider(&camera, minutes(minute * 2), 50.0 + minute as f64), Some(vec![]));
        }
        assert_eq!(worst.consider(&camera, minutes(20), 60.0), None, "five are lower or as low");
        assert_eq!(worst.consider(&camera, minutes(20), 59.0), Some(vec![minutes(0) + 2]));
        // Lower than a neighboring moment: it represents the same dip.
        assert_eq!(worst.consider(&camera, minutes(21) - 1, 58.0), Some(vec![minutes(20)]));
    }

    #[test]
    fn a_day_later_all_is_new() {
        let camera: Arc<str> = "yard".into();
        let mut worst = Worst::default();
        for minute in 0..5 {
            assert!(worst.consider(&camera, minutes(minute * 2), 10.0).is_some());
        }
        assert_eq!(worst.consider(&camera, minutes(600), 90.0), None);
        assert_eq!(worst.consider(&camera, minutes(9) + DAY, 90.0), Some(vec![]));
    }
}
