// SPDX-License-Identifier: MPL-2.0

//! HLS playlists: a master or media playlist, and a second one to which the first may refer.

use crate::inputs::hls::variants;
use crate::inputs::place::Place;
use std::sync::LazyLock;
use tempfile::TempDir;

/// What parts the two playlists.
const PART: &[u8] = b"\n#NEXT\n";

/// Segments that are there.
static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = crate::scratch::folder();
    for segment in ["s0.ts", "s1.ts", "k.key"] {
        std::fs::write(folder.path().join(segment), "x").expect("the file can be written");
    }
    folder
});

/// Reads the bytes as a playlist and the one behind `#NEXT`, named `v.m3u8`.
pub fn run(data: &[u8]) {
    let parted = data.windows(PART.len()).position(|window| window == PART);
    let (first, second) = parted.map_or((data, &[][..]), |at| (&data[..at], &data[at + PART.len()..]));
    let folder = FOLDER.path();
    std::fs::write(folder.join("m.m3u8"), first).expect("the file can be written");
    std::fs::write(folder.join("v.m3u8"), second).expect("the file can be written");
    let place = Place::new(folder.join("m.m3u8")).expect("a path");
    match variants(&place) {
        Ok(variants) => assert!(variants.iter().all(|variant| !variant.name.chars().any(char::is_control))),
        Err(error) => assert!(!format!("{error:#}").is_empty()),
    }
}
