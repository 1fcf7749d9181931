// SPDX-License-Identifier: MPL-2.0

//! What an `iqalog` file in the format `json-lines` says about one element's scores.

use anyhow::{Context, Result, bail};
use serde_json::Value;

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
    score: Value,
}

impl Pool {
    /// `mean`, `p5` and so on, if the pool has it.
    pub fn value(&self, statistic: &str) -> Option<f64> {
        self.score.get(statistic)?.as_f64()
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
        let mut lines = text.split_inclusive('\n').enumerate().peekable();
        while let Some((index, line)) = lines.next() {
            if line.trim().is_empty() {
                continue;
            }
            let value: Value = match serde_json::from_str(line) {
                Ok(value) => value,
                Err(error) if error.is_eof() && lines.peek().is_none() && !line.ends_with('\n') => break,
                Err(error) => return Err(error).with_context(|| format!("line {} is not JSON", index + 1)),
            };
            if let Some(pools) = value.get("pool") {
                course.pool = chosen(pools, &mut element).map(|pool| Pool {
                    scored: pool.get("scored").and_then(Value::as_u64).unwrap_or(0),
                    score: pool.get("score").cloned().unwrap_or(Value::Null),
                });
            } else if let Some(scores) = value.get("scores") {
                let Some(score) = chosen(scores, &mut element).and_then(|fields| fields.get("score")?.as_f64()) else {
                    continue;
                };
                let time = ["running-time", "pts"].iter().find_map(|key| value.get(*key)?.as_f64());
                course.points.extend(time.map(|ns| (ns / 1e9, score)));
            } else {
                bail!("line {} has neither \"scores\" nor \"pool\": not a log of iqalog", index + 1);
            }
        }
        Ok(course)
    }
}

/// The fields of the element wanted; the first one seen becomes the one wanted.
fn chosen<'a>(elements: &'a Value, element: &mut Option<String>) -> Option<&'a Value> {
    if element.is_none() {
        *element = elements.as_object()?.keys().next().cloned();
    }
    elements.get(element.as_deref()?)
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
