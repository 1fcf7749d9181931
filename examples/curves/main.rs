// SPDX-License-Identifier: MPL-2.0

//! Draws the courses of several `iqalog` files into the terminal, with their pools below.
//!
//! ```sh
//! cargo run --release --example curves -- original=clip.jsonl 're-encoded=hard.jsonl'
//! ```
//!
//! Each argument is a `json-lines` log, with a name for the legend before `=` if the file's is not wanted. A log that
//! several elements wrote is drawn for the first of them, or for the one named by `--element NAME`.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

mod chart;
mod log;

use chart::{Chart, Curve};
use log::Course;

const USAGE: &str = "usage: curves [--element NAME] [NAME=]LOG…";
const WIDTH: usize = 80;
const HEIGHT: usize = 14;

fn main() -> Result<()> {
    let mut element = None;
    let mut courses: Vec<Course> = Vec::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--element" {
            element = Some(arguments.next().context(USAGE)?);
        } else if argument.starts_with("--") {
            bail!(USAGE);
        } else {
            let (name, path) = named(&argument);
            let text =
                std::fs::read_to_string(&path).with_context(|| format!("cannot read the log {}", path.display()))?;
            courses.push(Course::parse(&name, &text, element.as_deref()).with_context(|| path.display().to_string())?);
        }
    }
    if courses.is_empty() {
        bail!(USAGE);
    }
    let out = std::io::stdout();
    let colored = out.is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let mut out = out.lock();
    out.write_all(drawn(&courses, colored).as_bytes())?;
    out.write_all(table(&courses).as_bytes())?;
    Ok(())
}

/// `NAME=PATH`, or a path whose file stem is the name. A path that exists is a path, whatever it contains.
fn named(argument: &str) -> (String, PathBuf) {
    match argument.split_once('=') {
        Some((name, path)) if !Path::new(argument).exists() => (name.to_owned(), PathBuf::from(path)),
        _ => {
            let path = PathBuf::from(argument);
            let stem = path.file_stem().unwrap_or(path.as_os_str());
            (stem.to_string_lossy().into_owned(), path)
        }
    }
}

fn drawn(courses: &[Course], colored: bool) -> String {
    let curves: Vec<Curve<'_>> =
        courses.iter().map(|course| Curve { name: &course.name, points: &course.points }).collect();
    match Chart::new(&curves, WIDTH, HEIGHT) {
        Some(chart) => chart.render(colored),
        None => "no frame has a score: nothing to draw\n".to_owned(),
    }
}

/// The pools as a table. A log that ends without its pool was not closed; its row says so.
fn table(courses: &[Course]) -> String {
    const COLUMNS: [&str; 6] = ["mean", "median", "p5", "p1", "min", "max"];
    let mut text = format!("\n  {:<23}{:>7}", "pool of the scores", "scored");
    for column in COLUMNS {
        text += &format!("{column:>8}");
    }
    text.push('\n');
    for course in courses {
        let name: String = course.name.chars().take(22).collect();
        text += &format!("  {name:<23}");
        match &course.pool {
            Some(pool) => {
                text += &format!("{:>7}", pool.scored);
                for column in COLUMNS {
                    match pool.value(column) {
                        Some(value) => text += &format!("{value:>8.2}"),
                        None => text += &format!("{:>8}", "-"),
                    }
                }
            }
            None => text += &format!("{:>7}  (no pool: the log was not closed)", course.points.len()),
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_stand_before_the_path() {
        assert_eq!(named("hard=/tmp/a.jsonl"), ("hard".to_owned(), PathBuf::from("/tmp/a.jsonl")));
        assert_eq!(named("/tmp/a.jsonl"), ("a".to_owned(), PathBuf::from("/tmp/a.jsonl")));
    }

    #[test]
    fn the_table_shows_the_pool_and_what_it_lacks() {
        let log = r#"{"pool":{"iqascore0":{"scored":2,"score":{"mean":61.5,"p5":60.0,"min":60.0,"max":63.0}}}}"#;
        let open = r#"{"pts":0,"running-time":0,"scores":{"iqascore0":{"state":"scored","score":50.0}}}"#;
        let courses =
            [Course::parse("closed", log, None).unwrap(), Course::parse("open", &format!("{open}\n"), None).unwrap()];
        let text = table(&courses);
        let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
        assert_eq!(lines.len(), 3);
        let row: Vec<&str> = lines[1].split_whitespace().collect();
        assert_eq!(row, ["closed", "2", "61.50", "-", "60.00", "-", "60.00", "63.00"]);
        assert!(lines[2].contains("1  (no pool"), "{}", lines[2]);
        assert!(lines.iter().all(|line| line.chars().count() <= WIDTH), "{text}");
    }

    #[test]
    fn a_log_without_scores_is_said_and_not_drawn() {
        let course = Course::parse("empty", "", None).unwrap();
        assert!(drawn(&[course], false).contains("nothing to draw"));
    }
}
