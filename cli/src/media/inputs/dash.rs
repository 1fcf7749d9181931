// SPDX-License-Identifier: MPL-2.0

//! DASH: a manifest with absolute URLs for each video representation.

use super::place::Place;
use super::{Input, Source};
use anyhow::{Context as _, Result, bail, ensure};
use quick_xml::Reader;
use quick_xml::Writer;
use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event};
use std::path::Path;

/// Most bytes of all manifests that are made of one. Each representation gets a copy of nearly all of it.
const LARGEST: usize = 1 << 30;

/// A video representation.
#[derive(Debug, Clone, PartialEq)]
struct Representation {
    id: String,
    height: Option<u64>,
    bandwidth: Option<f64>,
    encrypted: bool,
}

/// Video representations of the manifest at `place`, in document order. Their manifests are written to `folder`,
/// numbered from `first`.
///
/// # Errors
/// If the manifest cannot be read, is invalid, is for a live stream, or contains no video.
pub fn representations(place: &Place, folder: &Path, first: usize) -> Result<Vec<Input>> {
    let bytes = place.read()?;
    let text = std::str::from_utf8(&bytes).context("not a DASH manifest: not UTF-8 text")?;
    let found = find(text).context("not a DASH manifest")?;
    ensure!(!found.is_empty(), "the manifest has no video representation");
    let (count, size) = (found.len(), text.len() >> 20);
    let small = text.len().saturating_mul(count) <= LARGEST;
    ensure!(small, "the manifest has {count} video representations in {size} MiB: that is too much");
    let height = |lines| found.iter().filter(|one| one.height == lines).count();
    let inputs = found.iter().enumerate().map(|(number, one)| {
        let manifest = alone(text, &one.id, place)?;
        let path = folder.join(format!("{}.mpd", first + number));
        std::fs::write(&path, manifest).with_context(|| path.display().to_string())?;
        let name = match one.height {
            Some(lines) if height(one.height) == 1 => format!("{lines}p"),
            _ => one.id.clone(),
        };
        let encrypted = "it is encrypted (ContentProtection in the manifest): use an unencrypted copy";
        Ok(Input {
            name,
            shown: format!("{} (representation {})", place.shown(), one.id),
            source: Source::Uri(Place::new(&path)?.uri()),
            declared_bandwidth: one.bandwidth,
            problem: one.encrypted.then(|| encrypted.to_owned()),
            files: None,
        })
    });
    inputs.collect()
}

/// Value of an attribute, with entities resolved.
fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = element.try_get_attribute(name).ok()??;
    Some(attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0).ok()?.into_owned())
}

fn is_video(element: &BytesStart<'_>) -> bool {
    let says = |name, word: &str| attribute(element, name).is_some_and(|value| value.starts_with(word));
    says("contentType", "video") || says("mimeType", "video")
}

/// Video representations; each is listed once, although it appears in every period.
fn find(text: &str) -> Result<Vec<Representation>> {
    let mut reader = Reader::from_str(text);
    let mut found: Vec<Representation> = Vec::new();
    let (mut is_mpd, mut video_set, mut set_encrypted, mut inside) = (false, false, false, None::<usize>);
    // Open elements Representation; one within another is not listed, because it goes where that goes.
    let mut depth = 0usize;
    loop {
        let event = reader.read_event()?;
        let empty = matches!(event, Event::Empty(_));
        match &event {
            Event::Start(element) | Event::Empty(element) => match element.local_name().as_ref() {
                b"MPD" => {
                    is_mpd = true;
                    ensure!(attribute(element, "type").as_deref() != Some("dynamic"), "live streams are not supported");
                }
                b"AdaptationSet" => (video_set, set_encrypted) = (is_video(element) && !empty, false),
                b"ContentProtection" => match inside.and_then(|index| found.get_mut(index)) {
                    Some(one) => one.encrypted = true,
                    None => set_encrypted = true,
                },
                b"Representation" if depth == 0 && (video_set || is_video(element)) => {
                    let id = attribute(element, "id").context("a Representation has no id")?;
                    let index = found.iter().position(|known| known.id == id).unwrap_or_else(|| {
                        let height = attribute(element, "height").and_then(|height| height.parse().ok());
                        let bandwidth = attribute(element, "bandwidth").and_then(|rate| rate.parse().ok());
                        found.push(Representation { id, height, bandwidth, encrypted: set_encrypted });
                        found.len() - 1
                    });
                    inside = (!empty).then_some(index);
                }
                _ => {}
            },
            Event::End(element) => match element.local_name().as_ref() {
                b"AdaptationSet" => (video_set, set_encrypted) = (false, false),
                b"Representation" => depth = depth.saturating_sub(1),
                _ => {}
            },
            Event::Eof => break,
            _ => {}
        }
        if matches!(&event, Event::Start(element) if element.local_name().as_ref() == b"Representation") {
            depth += 1;
        }
        inside = inside.filter(|_| depth > 0);
    }
    ensure!(is_mpd, "no MPD element");
    Ok(found)
}

/// The manifest with only this representation, without adaptation sets that become empty.
fn alone(text: &str, id: &str, place: &Place) -> Result<Vec<u8>> {
    let mut reader = Reader::from_str(text);
    let mut out = Writer::new(Vec::new());
    // The events of an adaptation set are held until it is known whether it contains the representation.
    let (mut set, mut wanted, mut skipped): (Option<Vec<Event<'_>>>, bool, usize) = (None, false, 0);
    let mut path: Vec<Vec<u8>> = Vec::new();
    let (mut based, mut joined) = (false, false);
    loop {
        let event = reader.read_event()?;
        let name = match &event {
            Event::Start(element) | Event::Empty(element) => element.local_name().as_ref().to_vec(),
            Event::End(element) => element.local_name().as_ref().to_vec(),
            _ => Vec::new(),
        };
        let other =
            |element: &BytesStart<'_>| name == b"Representation" && attribute(element, "id").as_deref() != Some(id);
        match &event {
            Event::Eof => break,
            Event::Start(_) if skipped > 0 => skipped += 1,
            Event::End(_) if skipped > 0 => skipped -= 1,
            _ if skipped > 0 => {}
            Event::Start(element) if other(element) => skipped = 1,
            Event::Empty(element) if other(element) => {}
            _ => {
                let in_root = path.len() == 1;
                if in_root && !based && matches!(&event, Event::Start(_) | Event::Empty(_)) {
                    based = true;
                    if name != b"BaseURL" {
                        base(&mut out, &place.uri())?;
                    }
                }
                // A top-level base URL becomes absolute; those below it are relative to it.
                let event = match event {
                    Event::Text(text)
                        if !joined && path.len() == 2 && path.last().is_some_and(|name| name == b"BaseURL") =>
                    {
                        // An entity starts a new text event.
                        joined = true;
                        let relative = text.decode()?.trim().to_owned();
                        Event::Text(BytesText::new(&place.join(&relative)?.uri()).into_owned())
                    }
                    event => event,
                };
                match &event {
                    Event::Start(_) => path.push(name.clone()),
                    Event::End(_) => drop(path.pop()),
                    _ => {}
                }
                wanted |= name == b"Representation";
                if name == b"AdaptationSet" && matches!(event, Event::Start(_)) {
                    (set, wanted) = (Some(Vec::new()), false);
                }
                match &mut set {
                    Some(events) => events.push(event.into_owned()),
                    None => out.write_event(event)?,
                }
                let ends = name == b"AdaptationSet" && path.last().is_none_or(|name| name != b"AdaptationSet");
                if let Some(events) = set.take_if(|_| ends).filter(|_| wanted) {
                    events.into_iter().try_for_each(|event| out.write_event(event))?;
                }
            }
        }
    }
    if !path.is_empty() {
        bail!("the manifest is truncated");
    }
    Ok(out.into_inner())
}

fn base(out: &mut Writer<Vec<u8>>, uri: &str) -> Result<()> {
    out.write_event(Event::Start(BytesStart::new("BaseURL")))?;
    out.write_event(Event::Text(BytesText::new(uri)))?;
    out.write_event(Event::End(BytesEnd::new("BaseURL")))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = r#"<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static">
<ProgramInformation/>
<Period><AdaptationSet contentType="video">
<Representation id="0" bandwidth="900000" height="720"><SegmentTemplate media="$RepresentationID$-$Number$.m4s"/></Representation>
<Representation id="1" bandwidth="300000" height="360"><ContentProtection/></Representation>
</AdaptationSet><AdaptationSet mimeType="audio/mp4"><Representation id="2" bandwidth="64000"/></AdaptationSet></Period>
</MPD>"#;

    #[test]
    fn video_representations_are_found() {
        let found = find(MANIFEST).unwrap();
        let of = |id: &str, height, bandwidth, encrypted| Representation {
            id: id.into(),
            height: Some(height),
            bandwidth: Some(bandwidth),
            encrypted,
        };
        assert_eq!(found, [of("0", 720, 9e5, false), of("1", 360, 3e5, true)]);
        assert!(find("<html/>").is_err());
    }

    /// It would be left out together with the one around it.
    #[test]
    fn a_representation_within_another_is_not_listed() {
        let text = "<MPD><Period><AdaptationSet contentType=\"video\"><Representation id=\"0\">\
            <Representation id=\"1\"><Representation id=\"2\"/></Representation><ContentProtection/></Representation>\
            <Representation id=\"3\"/></AdaptationSet></Period></MPD>";
        let found = find(text).unwrap();
        let ids: Vec<_> = found.iter().map(|one| (one.id.as_str(), one.encrypted)).collect();
        assert_eq!(ids, [("0", true), ("3", false)]);
    }

    /// What an adaptation set says applies to what is in it.
    #[test]
    fn a_representation_outside_the_adaptation_set_is_not_of_it() {
        for set in ["<AdaptationSet contentType=\"video\"></AdaptationSet>", "<AdaptationSet contentType=\"video\"/>"] {
            let text = format!("<MPD><Period>{set}<Representation id=\"0\"/></Period></MPD>");
            assert_eq!(find(&text).unwrap(), []);
        }
    }

    /// Each representation gets a manifest of its own, which is nearly as long as all of it.
    #[test]
    fn more_than_can_be_written_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let one = |id: usize| format!("<Representation id=\"{id}\" mimeType=\"video/mp4\"/>");
        let many: String = (0..1100).map(one).collect();
        let text =
            format!("<MPD><!--{}--><Period><AdaptationSet>{many}</AdaptationSet></Period></MPD>", "x".repeat(1 << 20));
        let path = folder.path().join("m.mpd");
        std::fs::write(&path, text).unwrap();
        let error = representations(&Place::new(&path).unwrap(), folder.path(), 0).unwrap_err().to_string();
        assert!(error.contains("1100 video representations in 1 MiB"), "{error}");
    }

    #[test]
    fn one_stands_alone_with_an_absolute_address() {
        let place = Place::new("https://host/a/x.mpd?t=1&u=2").unwrap();
        let text = String::from_utf8(alone(MANIFEST, "0", &place).unwrap()).unwrap();
        assert!(text.contains("<BaseURL>https://host/a/x.mpd?t=1&amp;u=2</BaseURL><ProgramInformation/>"), "{text}");
        assert!(text.contains("id=\"0\"") && !text.contains("id=\"1\"") && !text.contains("audio"), "{text}");
        assert_eq!(find(&text).unwrap().len(), 1);
        let based = MANIFEST.replace("<ProgramInformation/>", "<BaseURL>../v/</BaseURL>");
        let text = String::from_utf8(alone(&based, "1", &place).unwrap()).unwrap();
        assert!(text.contains("<BaseURL>https://host/v/</BaseURL>"), "{text}");
        assert_eq!(text.matches("BaseURL").count(), 2);
    }
}
