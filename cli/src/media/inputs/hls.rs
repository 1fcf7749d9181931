// SPDX-License-Identifier: MPL-2.0

//! HLS: each variant of a master playlist by its media playlist.

use super::place::Place;
use super::{Input, Source};
use anyhow::{Context as _, Result, bail, ensure};
use m3u8_rs::{Key, KeyMethod, MasterPlaylist, MediaPlaylist, Playlist, VariantStream};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Variants of the master playlist at `place`, in order; a media playlist is a single variant.
///
/// # Errors
/// If the playlist cannot be read, is invalid, or contains no variant.
pub fn variants(place: &Place) -> Result<Vec<Input>> {
    match parse(&place.read()?)? {
        Playlist::MediaPlaylist(playlist) => Ok(vec![media(place, place.stem(), None, Ok(playlist))]),
        Playlist::MasterPlaylist(master) => of_master(place, &master),
    }
}

fn of_master(place: &Place, master: &MasterPlaylist) -> Result<Vec<Input>> {
    let variants: Vec<_> = master.variants.iter().filter(|variant| !variant.is_i_frame && has_video(variant)).collect();
    ensure!(!variants.is_empty(), "the master playlist contains no variant with video");
    let mut heights = BTreeMap::<_, usize>::new();
    for variant in &variants {
        *heights.entry(variant.resolution.map(|size| size.height)).or_default() += 1;
    }
    let inputs = variants.iter().map(|variant| {
        let place = place.join(&variant.uri)?;
        let height = variant.resolution.map(|size| size.height);
        let name = match height {
            Some(lines) if heights.get(&height) == Some(&1) => format!("{lines}p"),
            Some(lines) => format!("{lines}p-{}k", variant.bandwidth.div_ceil(1000)),
            None => place.stem(),
        };
        let read = || {
            // What others wrote may name a pipe, at which reading would wait.
            let regular = place.path().is_none_or(|path| !path.exists() || path.is_file());
            ensure!(regular, "it is not a regular file");
            match parse(&place.read()?)? {
                Playlist::MediaPlaylist(playlist) => Ok(playlist),
                Playlist::MasterPlaylist(_) => bail!("it refers to another master playlist"),
            }
        };
        let playlist = read().with_context(|| format!("the playlist {}", place.shown()));
        let declared = variant.average_bandwidth.unwrap_or(variant.bandwidth);
        Ok(media(&place, name, Some(declared as f64), playlist))
    });
    inputs.collect()
}

/// Whether a variant declares a video codec, or no codecs.
fn has_video(variant: &VariantStream) -> bool {
    let audio = ["mp4a", "ac-3", "ec-3", "ac-4", "opus", "flac", "fLaC"];
    let codecs = variant.codecs.as_deref().unwrap_or_default();
    let mut codecs = codecs.split(',').map(str::trim).filter(|codec| !codec.is_empty()).peekable();
    codecs.peek().is_none() || codecs.any(|codec| !audio.iter().any(|known| codec.starts_with(known)))
}

fn parse(bytes: &[u8]) -> Result<Playlist> {
    // The parser's error contains the whole text it could not parse.
    m3u8_rs::parse_playlist_res(bytes).map_err(|_| anyhow::anyhow!("not an HLS playlist"))
}

/// Creates an input for a media playlist; an error affects only this input.
fn media(place: &Place, name: String, declared_bandwidth: Option<f64>, playlist: Result<MediaPlaylist>) -> Input {
    let source = Source::Uri(place.uri());
    let mut input = Input { name, shown: place.shown(), source, declared_bandwidth, problem: None, files: None };
    match playlist.and_then(|playlist| files(place, &playlist)) {
        Ok(files) => input.files = files,
        Err(error) => input.problem = Some(format!("{error:#}")),
    }
    input
}

/// Location of a segment's key, if it has one; `hlsdemux` uses it to decrypt whole segments.
///
/// # Errors
/// If the encryption method is not supported.
fn key_file(key: &Key) -> Result<Option<&str>> {
    match (&key.method, &key.uri, key.keyformat.as_deref()) {
        (KeyMethod::None, ..) => Ok(None),
        (KeyMethod::AES128, Some(uri), None | Some("identity")) => Ok(Some(uri)),
        (KeyMethod::AES128, None, _) => {
            bail!("it is encrypted (AES-128) and the playlist contains no key: use an unencrypted copy")
        }
        (method, _, format) => {
            let format = format.map_or_else(String::new, |format| format!(", KEYFORMAT={format}"));
            bail!(
                "it is encrypted (#EXT-X-KEY:METHOD={method}{format}); only AES-128 with a key file is supported: \
                 use an unencrypted copy"
            )
        }
    }
}

/// Local files of a playlist; `None` if some are not local.
///
/// # Errors
/// If the encryption method is not supported, or a segment is missing.
fn files(place: &Place, playlist: &MediaPlaylist) -> Result<Option<Vec<PathBuf>>> {
    ensure!(!playlist.segments.is_empty(), "the playlist contains no segment");
    let mut uris = Vec::new();
    for segment in &playlist.segments {
        if let Some(key) = &segment.key {
            uris.extend(key_file(key)?);
        }
        uris.extend(segment.map.iter().map(|map| map.uri.as_str()));
        uris.push(&segment.uri);
    }
    ensure!(playlist.end_list, "the playlist has no #EXT-X-ENDLIST: live streams are not supported");
    uris.dedup();
    let mut files = vec![place.path()];
    for uri in uris {
        let path = place.join(uri)?.path();
        if let Some(path) = &path {
            ensure!(path.is_file(), "the segment or key {} is missing", path.display());
        }
        files.push(path);
    }
    Ok(files.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MASTER: &str = "#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"en\",URI=\"a.m3u8\"
#EXT-X-STREAM-INF:BANDWIDTH=5000000,RESOLUTION=1920x1080,CODECS=\"avc1.640028,mp4a.40.2\"
hi/1.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=3000000,RESOLUTION=1280x720
720a.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=2000000,RESOLUTION=1280x720
720b.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=64000,CODECS=\"mp4a.40.2\"
audio.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=90000,URI=\"i.m3u8\"
";
    const MEDIA: &str = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\ns0.ts\n#EXTINF:4,\ns1.ts\n#EXT-X-ENDLIST\n";

    fn write(folder: &std::path::Path, name: &str, text: &str) {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    #[test]
    fn every_variant_stands_by_itself() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        write(root, "master.m3u8", MASTER);
        write(root, "hi/1.m3u8", MEDIA);
        for segment in ["hi/s0.ts", "hi/s1.ts", "s0.ts"] {
            write(root, segment, "x");
        }
        write(root, "720a.m3u8", MEDIA);
        let key = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"skd://k\"\n#EXTINF:4,\ns0.ts\n";
        write(root, "720b.m3u8", key);
        let inputs = variants(&Place::new(root.join("master.m3u8").to_str().unwrap()).unwrap()).unwrap();
        let names: Vec<_> = inputs.iter().map(|input| input.name.as_str()).collect();
        assert_eq!(names, ["1080p", "720p-3000k", "720p-2000k"]);
        assert_eq!((inputs[0].declared_bandwidth, inputs[0].problem.as_ref()), (Some(5e6), None));
        assert_eq!(inputs[0].files.as_ref().map(Vec::len), Some(3));
        let problem = |n: usize| inputs[n].problem.clone().unwrap();
        assert!(problem(1).contains("s1.ts is missing"), "{}", problem(1));
        assert!(problem(2).contains("encrypted") && problem(2).contains("SAMPLE-AES"), "{}", problem(2));
    }

    /// A playlist may come from elsewhere.
    #[test]
    fn what_never_ends_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let master = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nfile:///dev/zero\n";
        write(folder.path(), "master.m3u8", master);
        let inputs = variants(&Place::new(folder.path().join("master.m3u8")).unwrap()).unwrap();
        let problem = inputs[0].problem.clone().unwrap();
        assert!(problem.contains("not a regular file"), "{problem}");
        let error = variants(&Place::new("/dev/zero").unwrap()).unwrap_err().to_string();
        assert!(error.contains("larger than"), "{error}");
    }

    #[test]
    fn a_live_playlist_is_a_problem() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "live.m3u8", &MEDIA.replace("#EXT-X-ENDLIST\n", ""));
        let place = Place::new(folder.path().join("live.m3u8").to_str().unwrap()).unwrap();
        let problem = variants(&place).unwrap()[0].problem.clone().unwrap();
        assert!(problem.contains("#EXT-X-ENDLIST"), "{problem}");
    }

    #[test]
    fn what_is_no_playlist_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "x.m3u8", "hello");
        let place = Place::new(folder.path().join("x.m3u8").to_str().unwrap()).unwrap();
        assert_eq!(variants(&place).unwrap_err().to_string(), "not an HLS playlist");
    }
}
