// SPDX-License-Identifier: MPL-2.0

//! What an `iqalog` file in the format `json-lines` says about one element's scores.

use anyhow::Result;
use onnx_iqa::record::PooledField;
use onnx_iqa::record::log::ElementPools;
use onnx_iqa::record::log::json_lines::{Line, Reader};

/// One element's scores over a stream.
#[derive(Debug)]
pub struct Course {
    pub name: String,
    /// Seconds of running time and score, in the order of the log; frames without a score or a time are left out.
    pub points: Vec<(f64, f64)>,
    /// The log's last line, if it got that far.
    pub pool: Option<Pool>,
}

/// The pool that `iqalog` wrote.
#[derive(Debug)]
pub struct Pool {
    pub scored: u64,
    score: PooledField,
}

impl Pool {
    /// `mean`, `p5` and so on, if the pool has it.
    pub fn value(&self, statistic: &str) -> Option<f64> {
        self.score.get(statistic)
    }
}

impl From<&ElementPools> for Pool {
    fn from(pools: &ElementPools) -> Self {
        Self { scored: pools.scored(), score: pools.field("score").cloned().unwrap_or_default() }
    }
}

impl Course {
    /// Reads a log for `element`, or for the first element that the log names.
    ///
    /// # Errors
    /// A line that is not a log's, with its number. An unfinished last line is left out: its writer was stopped.
    pub fn parse(name: &str, text: &str, element: Option<&str>) -> Result<Self> {
        let mut element = element.map(str::to_owned);
        let mut course = Self { name: name.to_owned(), points: Vec::new(), pool: None };
        for line in Reader::new(text.as_bytes()) {
            match line? {
                Line::Frame(frame) => {
                    let names = frame.scores.iter().map(|(name, _)| name);
                    let Some(index) = chosen(names, &mut element) else { continue };
                    let time = frame.running_time.or(frame.pts);
                    let score = frame.scores.get(index).and_then(|(_, record)| record.score);
                    course.points.extend(time.zip(score).map(|(ns, score)| (ns as f64 / 1e9, score)));
                }
                Line::Pools(pools) => {
                    let index = chosen(pools.iter().map(|pools| &pools.element), &mut element);
                    course.pool = index.and_then(|index| pools.get(index)).map(Pool::from);
                }
                _ => {}
            }
        }
        Ok(course)
    }
}

/// Which of these elements is wanted, if it is among them; the first one seen becomes the one wanted.
fn chosen<'a>(mut names: impl Iterator<Item = &'a String> + Clone, wanted: &mut Option<String>) -> Option<usize> {
    if wanted.is_none() {
        *wanted = names.clone().next().cloned();
    }
    names.position(|name| Some(name) == wanted.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = r#"{"pts":0,"running-time":0,"scores":{"iqascore0":{"state":"scored","score":60.0,"raw":2.9}}}
{"pts":40000000,"running-time":40000000,"scores":{"iqascore0":{"state":"skipped"}}}
{"pts":80000000,"running-time":null,"scores":{"iqascore0":{"state":"scored","score":61.0},"other":{"score":9.0}}}
{"pts":null,"running-time":null,"scores":{"iqascore0":{"state":"scored","score":62.0}}}
{"pool":{"iqascore0":{"scored":3,"score":{"mean":61.0,"p5":60.0}}}}
"#;

    #[test]
    fn frames_without_score_or_time_are_left_out() {
        let course = Course::parse("a", LOG, None).unwrap();
        assert_eq!(course.points, [(0.0, 60.0), (0.08, 61.0)]);
        let pool = course.pool.unwrap();
        assert_eq!((pool.scored, pool.value("mean"), pool.value("max")), (3, Some(61.0), None));
    }

    #[test]
    fn another_element_can_be_asked_for() {
        let course = Course::parse("a", LOG, Some("other")).unwrap();
        assert_eq!(course.points, [(0.08, 9.0)]);
        assert!(course.pool.is_none());
    }

    #[test]
    fn empty_and_single_lines() {
        assert!(Course::parse("a", "", None).unwrap().points.is_empty());
        let first = LOG.lines().next().unwrap();
        assert_eq!(Course::parse("a", first, None).unwrap().points, [(0.0, 60.0)]);
    }

    #[test]
    fn only_an_unfinished_last_line_is_forgiven() {
        let cut = &LOG[..LOG.len() - 20];
        assert!(Course::parse("a", cut, None).unwrap().pool.is_none());
        let error = Course::parse("a", &format!("{{\"pts\":\n{LOG}"), None).unwrap_err();
        assert!(error.to_string().contains("line 1"), "{error}");
        let error = Course::parse("a", "{\"pts\":1}\n", None).unwrap_err();
        assert!(error.to_string().contains("not a log"), "{error}");
    }
}
