// SPDX-License-Identifier: MPL-2.0

//! Formats GStreamer errors as one line: what failed, where, and what to do.

use super::inputs::shown;
use super::remarks::in_words;
use crate::secret::redact;
use gst::prelude::*;
use gstonnxiqa::messages::Structured as _;
use onnx_iqa::record::Finding;

/// GStreamer texts that contain no specific information.
const VAGUE: [&str; 6] = [
    "Internal data stream error",
    "GStreamer encountered",
    "Could not",
    "File not found",
    "Resource not found",
    "Unhandled error",
];

/// Formats an error message, without passwords and signatures of URIs. If the text is not specific, the end of its
/// debug text is used.
pub fn text(error: &gst::message::Error) -> String {
    redact(&specific(error))
}

fn specific(error: &gst::message::Error) -> String {
    if let Some(finding) = error.details().and_then(|details| Finding::from_structure(details).ok()) {
        return in_words(&finding);
    }
    let said = error.error();
    let source = error.src().and_then(|source| source.downcast_ref::<gst::Element>());
    let message = said.message();
    if said.matches(gst::StreamError::TypeNotFound) && source.is_some_and(|source| is_made_by(source, "typefind")) {
        return "it is no video, picture or playlist of a kind that GStreamer knows: check that it is the right file, \
                and whole"
            .to_owned();
    }
    if message.contains("text file") {
        return "it is a text file, not a video: check that it is the right file".to_owned();
    }
    let address = source.filter(|source| is_network(source)).map(address);
    if let Some(address) = &address
        && message.starts_with("Internal data stream error")
    {
        return format!("no data from {address}: check the address, and that the server is running and reachable");
    }
    let text = plain(message, error.debug().as_deref());
    let advice = if said.matches(gst::ResourceError::NotFound) || text.starts_with("No such file") {
        "; check that it exists"
    } else {
        ""
    };
    match address {
        Some(address) if !text.contains(&address) => format!("{address}: {text}{advice}"),
        _ => format!("{text}{advice}"),
    }
}

/// Text of a message without GStreamer's source locations and element paths.
fn plain(message: &str, debug: Option<&str>) -> String {
    let last = |text: &str| {
        let line = text.lines().map(str::trim).rfind(|line| !line.is_empty());
        // The address, which may have a signature, is said in front of it.
        let line = line.map(|line| line.split(", URL: ").next().unwrap_or(line));
        line.map(|line| line.trim_end_matches('.').to_owned())
    };
    let text = message.lines().next().unwrap_or_default().trim();
    // Demuxers forward the error of their source, including its debug text.
    let passed_on = message.contains(".c(").then(|| last(message)).flatten();
    let text = text.split(": ..").next().unwrap_or(text).trim_end_matches(['.', ':']).to_owned();
    let vague = VAGUE.iter().any(|start| text.starts_with(start));
    let detail = passed_on.or_else(|| debug.filter(|_| vague).and_then(last)).filter(|detail| !detail.contains(".c("));
    match detail {
        Some(detail) if vague || detail.starts_with(&text) => detail,
        Some(detail) => format!("{text}: {detail}"),
        None => text,
    }
}

/// Location an element reads from, without a password.
fn address(element: &gst::Element) -> String {
    let uri = element.dynamic_cast_ref::<gst::URIHandler>().and_then(|handler| handler.uri());
    uri.map_or_else(|| "its server".to_owned(), |uri| shown(uri.as_str()))
}

/// Whether an element reads from the network.
pub fn is_network(element: &gst::Element) -> bool {
    ["Source", "Network"].iter().all(|word| is_of_class(element, word))
}

/// Whether an element's class contains a word, as in `Source/Network`.
pub fn is_of_class(element: &gst::Element, word: &str) -> bool {
    let factory = element.factory();
    let class = factory.as_ref().and_then(|factory| factory.metadata("klass"));
    class.is_some_and(|class| class.split('/').any(|part| part == word))
}

fn is_made_by(element: &gst::Element, factory: &str) -> bool {
    element.factory().is_some_and(|made| made.name() == factory)
}

/// Why nothing can be decoded, from the caps of the streams.
pub fn no_video(undecoded: &[String]) -> String {
    let name = |caps: &String| caps.split(',').next().unwrap_or_default().to_owned();
    let names = undecoded.iter().map(name).collect::<Vec<_>>().join(", ");
    if undecoded.iter().any(|caps| caps.contains("cenc") || caps.contains("protection-system")) {
        return format!("it is encrypted ({names}): use an unencrypted copy");
    }
    if undecoded.iter().all(|caps| !caps.starts_with("video/") && !caps.starts_with("image/")) {
        let there = if names.is_empty() { String::new() } else { format!(", only {names}") };
        return format!("it has no video{there}");
    }
    format!("no decoder for {names} is installed: install a GStreamer plugin that has one")
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn places_in_other_programs_are_left_out() {
        let passed_on = "Resource not found.: ../plugins/elements/gstfilesrc.c(553): gst_file_src_start (): \
                         /GstPipeline:pipeline1/GstFileSrc:filesrc0:\nNo such file \"/films/2.m4s\"";
        assert_eq!(plain(passed_on, None), "No such file \"/films/2.m4s\"");
        let debug = "../x.c(1): f (): /GstPipeline:p/GstX:x:\nNot enough data";
        assert_eq!(plain("Could not decode stream.", Some(debug)), "Not enough data");
        assert_eq!(
            plain("Could not decode stream.", Some("../x.c(1): f (): /GstPipeline:p")),
            "Could not decode stream"
        );
        assert_eq!(plain("Not Found", Some(debug)), "Not Found");
        let answer = "../gst/rtsp/gstrtspsrc.c(1): gst_rtspsrc_send (): /GstPipeline:p/GstRTSPSrc:s:\n\
                      Service Unavailable (503)";
        assert_eq!(plain("Unhandled error", Some(answer)), "Service Unavailable (503)");
    }
}
