// SPDX-License-Identifier: MPL-2.0

//! Pictures small enough to be embedded in the page.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use std::collections::BTreeMap;
use std::path::{Component, Path};

/// Maximum size of all pictures in the page's HTML, in bytes. A page has at most 20 MB; the rest is for curves and
/// script.
const BUDGET: usize = 13 << 20;
/// Longer side in pixels and JPEG quality, from best to smallest.
const LEVELS: [(u32, u8); 5] = [(1280, 84), (1280, 70), (1024, 65), (800, 60), (480, 50)];

/// Data URIs by picture name. Unreadable pictures are omitted.
pub struct Embedded(BTreeMap<String, String>);

impl Embedded {
    /// Reads the pictures with these names from `folder`.
    pub fn new<'a>(folder: &Path, names: impl Iterator<Item = &'a str>) -> Self {
        let names: Vec<_> = names.collect();
        Self::within(folder, &names, BUDGET)
    }

    /// Embeds all pictures at the best level that fits into `budget`; at the lowest level, as many as fit.
    fn within(folder: &Path, names: &[&str], budget: usize) -> Self {
        let mut found = BTreeMap::new();
        for (side, quality) in LEVELS {
            found.clear();
            let mut bytes = 0;
            for name in names {
                if !found.contains_key(*name)
                    && let Some(uri) = embed(folder, name, side, quality)
                {
                    bytes += uri.len();
                    if bytes > budget {
                        break;
                    }
                    found.insert((*name).to_owned(), uri);
                }
            }
            if bytes <= budget {
                break;
            }
        }
        Self(found)
    }

    /// Data URI of a picture.
    pub fn uri(&self, name: Option<&String>) -> Option<String> {
        self.0.get(name?).cloned()
    }
}

/// Encodes a file: a small PNG unchanged, otherwise as JPEG.
fn embed(folder: &Path, name: &str, side: u32, quality: u8) -> Option<String> {
    let inside = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    if !inside {
        return None;
    }
    let file = std::fs::read(folder.join(name)).ok()?;
    let picture = image::load_from_memory(&file).ok()?.to_rgb8();
    let longer = picture.width().max(picture.height());
    let picture = if longer > side {
        let scaled = |length: u32| (f64::from(length) * f64::from(side) / f64::from(longer)).round().max(1.0) as u32;
        image::imageops::resize(&picture, scaled(picture.width()), scaled(picture.height()), FilterType::Triangle)
    } else {
        picture
    };
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, quality).encode_image(&picture).ok()?;
    let png = file.starts_with(b"\x89PNG") && longer <= side && file.len() <= jpeg.len();
    let (kind, bytes) = if png { ("png", &file) } else { ("jpeg", &jpeg) };
    Some(format!("data:image/{kind};base64,{}", STANDARD.encode(bytes)))
}

#[cfg(test)]
mod tests {
    use super::{Embedded, STANDARD};
    use base64::Engine;

    #[test]
    fn large_pictures_become_jpeg_and_stay_within_the_budget() {
        let folder = tempfile::tempdir().expect("a folder");
        let noise = image::RgbImage::from_fn(1920, 1080, |x, y| {
            let value = (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(2_246_822_519)).wrapping_mul(3_266_489_917);
            image::Rgb([(value >> 24) as u8, (value >> 16) as u8, (value >> 8) as u8])
        });
        noise.save(folder.path().join("large.png")).expect("written");
        image::RgbImage::new(4, 2).save(folder.path().join("small.png")).expect("written");
        let names = ["large.png", "small.png", "missing.png", "../large.png", "large.png"];
        let decode = |budget: usize| {
            let embedded = Embedded::within(folder.path(), &names, budget);
            let small = embedded.uri(Some(&"small.png".to_owned())).expect("the small one");
            assert!(small.starts_with("data:image/png;base64,"));
            assert_eq!(embedded.0.len(), 2, "neither what is missing nor what lies outside");
            assert!(embedded.0.values().map(String::len).sum::<usize>() <= budget);
            let uri = embedded.uri(Some(&"large.png".to_owned())).expect("the large one");
            let data = STANDARD.decode(uri.strip_prefix("data:image/jpeg;base64,").expect("a JPEG")).expect("base64");
            let picture = image::load_from_memory(&data).expect("a picture");
            (picture.width(), picture.height())
        };
        assert_eq!(decode(10 << 20), (1280, 720));
        assert!(decode(400_000).0 < 1280, "smaller where there is less room");
    }
}
