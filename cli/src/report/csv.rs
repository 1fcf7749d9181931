// SPDX-License-Identifier: MPL-2.0

//! `frames.csv`: one row per frame of every rendition.

use super::data::Report;
use super::frames::Frames;
use anyhow::Result;
use std::io::Write;

/// Writes the frames of the renditions with valid results, one rendition after the other. Times are in seconds and
/// offsets in milliseconds of running time; missing values are empty.
///
/// # Errors
/// If `out` cannot be written.
pub fn write(out: &mut impl Write, report: &Report, frames: &[Option<&Frames>]) -> Result<()> {
    write!(out, "rendition,frame,time,source-time,offset-ms,pairing")?;
    for measure in &report.measures {
        write!(out, ",{}", measure.name)?;
    }
    writeln!(out)?;
    for (rendition, frames) in report.all_renditions().zip(frames) {
        let Some(frames) = frames else { continue };
        let name = quoted(&rendition.media.name);
        let columns: Vec<_> = report.measures.iter().map(|measure| frames.field(&measure.name)).collect();
        let rows = frames.times.iter().zip(&frames.offsets).zip(&frames.pairings).enumerate();
        for (number, ((time, offset), pairing)) in rows {
            write!(out, "{name},{number},")?;
            let source = time.zip(*offset).map(|(time, offset)| i128::from(time) + i128::from(offset));
            number_or_nothing(out, time.map(|time| time as f64 / 1e9))?;
            number_or_nothing(out, source.map(|time| time as f64 / 1e9))?;
            number_or_nothing(out, offset.map(|offset| offset as f64 / 1e6))?;
            write!(out, "{}", pairing.name())?;
            for column in &columns {
                match column.and_then(|values| values.get(number).copied().flatten()) {
                    Some(value) => write!(out, ",{value}")?,
                    None => write!(out, ",")?,
                }
            }
            writeln!(out)?;
        }
    }
    Ok(())
}

fn number_or_nothing(out: &mut impl Write, value: Option<f64>) -> Result<()> {
    match value {
        Some(value) => write!(out, "{value},")?,
        None => write!(out, ",")?,
    }
    Ok(())
}

/// Quotes a cell according to RFC 4180.
fn quoted(text: &str) -> String {
    let plain = !text.contains([',', '"', '\n', '\r']);
    if plain { text.to_owned() } else { format!("\"{}\"", text.replace('"', "\"\"")) }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn names_are_quoted_where_they_must_be() {
        assert_eq!(quoted("720p"), "720p");
        assert_eq!(quoted("a,\"b\""), "\"a,\"\"b\"\"\"");
    }
}
